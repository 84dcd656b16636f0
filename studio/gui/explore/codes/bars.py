"""Q(c|x) of one picture: a bar for each value of a category, a place on a line for each number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolTip, QWidget

from studio.explore.codes import REACH, Dial, readings
from studio.gui import theme
from studio.models.core.latents import Prior

BAR = 56
"""Height of the bars of a category; below them are the names of its values."""
LINE = 26
"""Height of the line of a number."""
NAME = 28
MOST_BARS = 40
HIGHEST = 240
"""Pixels beyond which it scrolls."""


@dataclass(frozen=True, eq=False)
class _Row:
    dial: Dial
    read: npt.NDArray[np.float32]
    at: float | None
    """What the dial is set to; None: nothing is set, as for a real picture."""

    @property
    def text(self) -> str:
        if not self.dial.categorical:
            read = f"{self.dial.name}: read mean {_number(float(self.read[0]))}"
            return read if self.at is None else f"{read}, set to {_number(self.at)}"
        best = int(self.read.argmax())
        said = f"{self.dial.name}: Q says {self.dial.label(best)} with probability {self.read[best]:.2f}"
        if self.at is None:
            return said
        return f"{said}; the value that is set, {self.dial.label(self.at)}, has {self.read[int(self.at)]:.2f}"


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")


class Bars(QScrollArea):
    """See the module. A frame or a ring marks what is set; what is filled was read. Scrolls where there are many."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.chart = _Chart(name)
        self.setWidget(self.chart)
        self.setFixedHeight(0)

    def show_read(
        self,
        prior: Prior,
        read: npt.NDArray[np.float32] | None,
        dials: tuple[Dial, ...],
        z: npt.NDArray[np.float32] | None,
    ) -> None:
        """Show Q(c|x) (codes,) beside what is set in ``z`` (size,), which None leaves out; no ``read``: nothing."""
        self.chart.show_read(prior, read, dials, z)
        self.setFixedHeight(min(self.chart.sizeHint().height(), HIGHEST))


class _Chart(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.rows: list[_Row] = []
        self.setAccessibleName(name)
        theme.theme.changed.connect(self.update)

    def show_read(
        self,
        prior: Prior,
        read: npt.NDArray[np.float32] | None,
        dials: tuple[Dial, ...],
        z: npt.NDArray[np.float32] | None,
    ) -> None:
        high = self.sizeHint().height()
        by_name = {} if read is None else readings(prior, read)
        self.rows = [_Row(d, by_name[d.name], None if z is None else d.value(z)) for d in dials if d.name in by_name]
        self.setAccessibleDescription("; ".join(r.text for r in self.rows))
        if self.sizeHint().height() != high:
            self.setMinimumHeight(self.sizeHint().height())
        self.update()

    @property
    def _label(self) -> int:
        return QFontMetrics(theme.text_font(theme.SMALL_PIXELS)).height() + 2

    def _height(self, row: _Row) -> int:
        return BAR + self._label + theme.SPACE // 2 if row.dial.categorical else LINE

    def sizeHint(self) -> QSize:
        return QSize(200, sum(self._height(r) for r in self.rows))

    def _at(self, y: float) -> _Row | None:
        top = 0
        for row in self.rows:
            top += self._height(row)
            if y < top:
                return row
        return None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._at(event.pos().y())
            QToolTip.showText(event.globalPos(), row.text if row else "", self)
            return True
        return super().event(event)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        top = 0.0
        for row in self.rows:
            room = QRectF(NAME, top, self.width() - NAME, self._height(row))
            painter.setPen(QColor(theme.palette().text))
            high = BAR if row.dial.categorical else LINE
            side = QRectF(0, top, NAME - 4, high)
            painter.drawText(side, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.dial.name)
            (self._bars if row.dial.categorical else self._line)(painter, room, row)
            top += self._height(row)

    def _bars(self, painter: QPainter, room: QRectF, row: _Row) -> None:
        colours = theme.palette()
        shown = min(len(row.read), MOST_BARS)
        pitch = room.width() / shown
        names = [row.dial.label(i) for i in range(shown)]
        metrics = painter.fontMetrics()
        apart = max(1, math.ceil(min(max(map(metrics.horizontalAdvance, names)) + 4, 96) / pitch))
        ground = QColor(theme.blend(colours.quiet, colours.window, 0.18))
        for i in range(shown):
            slot = QRectF(room.left() + i * pitch + 1, room.top() + 2, max(pitch - 2, 1), BAR - 4)
            share = min(max(float(row.read[i]), 0.0), 1.0)
            painter.fillRect(slot, ground)
            filled = QRectF(slot.left(), slot.bottom() - share * slot.height(), slot.width(), share * slot.height())
            painter.fillRect(filled, QColor(colours.accent))
            here = row.at is not None and int(row.at) == i
            if here:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.text), 1.5))
                painter.drawRect(slot.adjusted(0.5, 0.5, -0.5, -0.5))
            if i % apart == 0 or here:
                wide = pitch * apart
                under = QRectF(slot.center().x() - wide / 2, room.top() + BAR - 1, wide, self._label)
                painter.setPen(QColor(colours.text if here else colours.quiet))
                text = metrics.elidedText(names[i], Qt.TextElideMode.ElideRight, int(wide))
                painter.drawText(under, Qt.AlignmentFlag.AlignCenter, text)

    def _line(self, painter: QPainter, room: QRectF, row: _Row) -> None:
        colours = theme.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        number = QRectF(room.right() - 44, room.top(), 44, room.height())
        left, wide = room.left() + 6, room.width() - 44 - 16
        middle = room.top() + room.height() / 2

        def x(value: float) -> float:
            return left + (min(max(value, -REACH), REACH) + REACH) / (2 * REACH) * wide

        painter.setPen(QPen(QColor(theme.blend(colours.quiet, colours.window, 0.5)), 1))
        painter.drawLine(QPointF(left, middle), QPointF(left + wide, middle))
        for tick in (-2, -1, 0, 1, 2):
            high = 5 if tick else 7
            painter.drawLine(QPointF(x(tick), middle - high / 2), QPointF(x(tick), middle + high / 2))
        if row.at is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.text), 1.5))
            painter.drawEllipse(QPointF(x(row.at), middle), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(QPointF(x(float(row.read[0])), middle), 3.5, 3.5)
        painter.setPen(QColor(colours.text))
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(number, side, _number(float(row.read[0])))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
