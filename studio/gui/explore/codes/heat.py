"""A table of counts as a heat map with its numbers: codes down, classes across."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.gui import theme

LEAST, MOST = 18, 56
"""Pixels a cell may be high."""
GAP = 2
WIDEST = 120


class Heat(QWidget):
    """Each cell is coloured by its share of its row. Arrow keys go from cell to cell and say what is there."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.counts: npt.NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self.row_names: Sequence[str] = ()
        self.column_names: Sequence[str] = ()
        self.marked: frozenset[tuple[int, int]] = frozenset()
        """Cells with a ring: where the assignment says that a row belongs."""
        self.current = (0, 0)
        self.empty_text = ""
        self.setMinimumSize(160, 120)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        theme.theme.changed.connect(self.update)

    def show_counts(
        self,
        counts: npt.NDArray[np.int64],
        row_names: Sequence[str],
        column_names: Sequence[str],
        marked: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        """Show R×C counts with names for the rows and the columns."""
        self.counts, self.row_names, self.column_names, self.marked = counts, row_names, column_names, marked
        rows, columns = counts.shape if counts.size else (0, 0)
        self.current = min(self.current[0], max(rows - 1, 0)), min(self.current[1], max(columns - 1, 0))
        self._say()

    def clear(self, text: str) -> None:
        """Nothing to show, and why."""
        self.empty_text = text
        self.show_counts(np.zeros((0, 0), np.int64), (), ())

    def told(self, row: int, column: int) -> str:
        """One cell in words."""
        count, whole = int(self.counts[row, column]), max(int(self.counts[row].sum()), 1)
        ring = ", the class that the row is assigned to" if (row, column) in self.marked else ""
        share = f"{count:,} of {whole:,} ({100 * count / whole:.1f} %)"
        return f"{self.row_names[row]}: {share} are {self.column_names[column]}{ring}"

    # --- where things are

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme.text_font(theme.SMALL_PIXELS))

    def _field(self) -> tuple[float, float, float, float]:
        """Left, top, and a cell's width and height."""
        metrics = self._metrics()
        side = min(max((metrics.horizontalAdvance(n) for n in self.row_names), default=0) + 2, WIDEST) + theme.SPACE
        total = metrics.horizontalAdvance("00,000") + theme.SPACE
        head = metrics.height() + 6
        rows, columns = self.counts.shape
        wide = max((self.width() - side - total) / columns, 4.0)
        high = min(max((self.height() - head - 2) / rows, 4.0), MOST)
        wide = min(wide, 2.4 * MOST if columns > 1 else 260)
        return float(side), float(head), wide, high

    def cell(self, row: int, column: int) -> QRectF:
        left, top, wide, high = self._field()
        return QRectF(left + column * wide, top + row * high, wide - GAP, high - GAP)

    def at(self, place: QPointF) -> tuple[int, int] | None:
        if not self.counts.size:
            return None
        left, top, wide, high = self._field()
        row, column = int((place.y() - top) // high), int((place.x() - left) // wide)
        rows, columns = self.counts.shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours, metrics = theme.palette(), self._metrics()
        middle = Qt.AlignmentFlag.AlignVCenter
        if not self.counts.size:
            painter.setPen(QColor(colours.quiet))
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), wrap, self.empty_text)
            return
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        left, top, wide, _ = self._field()
        whole = np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        shares = self.counts / (whole if self.counts.shape[1] > 1 else max(int(self.counts.sum()), 1))
        rows, columns = self.counts.shape
        painter.setPen(QColor(colours.text))
        for column in range(columns):
            room = QRectF(left + column * wide, 0, wide - GAP, top)
            text = metrics.elidedText(self.column_names[column], Qt.TextElideMode.ElideRight, int(wide))
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | middle, text)
        painter.setPen(QColor(colours.quiet))
        total = QRectF(left + columns * wide, 0, self.width() - left - columns * wide, top)
        if columns > 1:
            painter.drawText(total.adjusted(4, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | middle, "all")
        for row in range(rows):
            line = self.cell(row, 0)
            painter.setPen(QColor(colours.text))
            text = metrics.elidedText(self.row_names[row], Qt.TextElideMode.ElideRight, int(left - theme.SPACE))
            painter.drawText(
                QRectF(0, line.top(), left - theme.SPACE, line.height()), Qt.AlignmentFlag.AlignRight | middle, text
            )
            for column in range(columns):
                self._cell(painter, row, column, float(shares[row, column]))
            painter.setPen(QColor(colours.quiet))
            if columns > 1:
                room = QRectF(total.left() + 4, line.top(), total.width() - 4, line.height())
                painter.drawText(room, Qt.AlignmentFlag.AlignLeft | middle, f"{int(self.counts[row].sum()):,}")

    def _cell(self, painter: QPainter, row: int, column: int, share: float) -> None:
        colours, room = theme.palette(), self.cell(row, column)
        ground = theme.blend(colours.accent, colours.base, 0.04 + 0.96 * min(share, 1.0)) if share else colours.base
        painter.fillRect(room, QColor(ground))
        text = f"{int(self.counts[row, column]):,}"
        if (
            painter.fontMetrics().horizontalAdvance(text) <= room.width()
            and painter.fontMetrics().height() <= room.height()
        ):
            ink = max(("#000000", "#ffffff"), key=lambda c: theme.contrast(c, ground))
            painter.setPen(QColor(ink if share else colours.quiet))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if (row, column) in self.marked:
            painter.setPen(QPen(QColor(colours.text), 1.5))
            painter.drawRect(room.adjusted(1, 1, -1, -1))
        if self.hasFocus() and (row, column) == self.current:
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(room.adjusted(-1, -1, 1, 1))

    # --- hands

    def _say(self) -> None:
        self.setAccessibleDescription(self.told(*self.current) if self.counts.size else self.empty_text)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.told(*found) if found else "", self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.at(event.position())
        if found is not None:
            self.current = found
            self._say()
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self.counts.size:
            super().keyPressEvent(event)
            return
        rows, columns = self.counts.shape
        self.current = (
            min(max(self.current[0] + step[0], 0), rows - 1),
            min(max(self.current[1] + step[1], 0), columns - 1),
        )
        self._say()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._say()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
