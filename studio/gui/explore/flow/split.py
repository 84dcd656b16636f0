"""The log-density of one point as a sum: the prior's, and what each step adds, as bars below one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.gui import theme
from studio.gui.explore.flow.state import kind_of
from studio.gui.widgets.plot import plain

ROW = 20
GAP = 8
NUMBER = 58
"""Pixels of a number."""


class Split(QWidget):
    """Each bar begins where the one above it ends: the last one is the whole. Nats."""

    def __init__(self) -> None:
        super().__init__()
        self.names: Sequence[str] = ()
        self.values: npt.NDArray[np.float64] = np.zeros(0)
        self.current = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("log-density by step, in nats")

    def show_density(self, names: Sequence[str], log_density: npt.NDArray[np.float64]) -> None:
        """Of the K + 1 stations; none: nothing is shown."""
        self.names = names
        self.values = np.diff(log_density, prepend=0.0) if len(log_density) else np.zeros(0)
        self.current = min(self.current, len(self.values))
        self.setAccessibleDescription("; ".join(self.tell(i) for i in range(len(self.values) + bool(len(self.values)))))
        self.setFixedHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()

    @property
    def whole(self) -> float:
        return float(self.values.sum())

    def tell(self, index: int) -> str:
        """A row in words."""
        if index == len(self.values):
            return f"log-density of the point: {plain(self.whole)} nats"
        if index == 0:
            return f"log-density of the latent under the prior: {plain(float(self.values[0]))} nats"
        so_far = float(self.values[: index + 1].sum())
        own = "" if self.names[index] == f"step {index}" else f", in the model's own count {self.names[index]},"
        return f"step {index}{own} adds {plain(float(self.values[index]))} nats; {plain(so_far)} so far"

    def sizeHint(self) -> QSize:
        return QSize(200, (len(self.values) + 1) * ROW if len(self.values) else 0)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        count = len(self.values)
        if not count:
            return
        colours, painter = theme.palette(), QPainter(self)
        font = theme.text_font(theme.SMALL_PIXELS)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        labels = ["prior", *(f"{i} {kind_of(n)}".strip() for i, n in enumerate(self.names) if i), "log p"]
        wide = min(max(metrics.horizontalAdvance(t) for t in labels), self.width() // 3)
        left, room = wide + GAP, max(self.width() - wide - 2 * GAP - NUMBER, 20)
        ends = np.concatenate([[0.0], np.cumsum(self.values)])
        low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
        scale = room / max(high - low, 1e-9)

        def x(value: float) -> float:
            return left + (value - low) * scale if np.isfinite(value) else left

        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(round(x(0.0)), 0, round(x(0.0)), self.height())
        for i, text in enumerate(labels):
            top, last = i * ROW, i == count
            start, end = (0.0, self.whole) if last else (float(ends[i]), float(ends[i + 1]))
            ink = colours.accent if last else colours.quiet if i == 0 else theme.curve_pen(0 if end >= start else 1)[0]
            bar = QRectF(min(x(start), x(end)), top + 4, max(abs(x(end) - x(start)), 1.5), ROW - 8)
            painter.fillRect(bar, QColor(ink))
            if not last:
                painter.setPen(QPen(QColor(colours.quiet), 1))
                painter.drawLine(round(x(end)), top + ROW - 4, round(x(end)), top + ROW + 4)
            painter.setPen(QColor(colours.text if last or i == self.current else colours.quiet))
            middle = Qt.AlignmentFlag.AlignVCenter
            words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(QRectF(0, top, wide, ROW), middle | Qt.AlignmentFlag.AlignLeft, words)
            value = self.whole if last else float(self.values[i])
            sign = "+" if value > 0 and 0 < i < count else ""
            place = QRectF(self.width() - NUMBER, top, NUMBER, ROW)
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, sign + plain(value))
            if self.hasFocus() and i == self.current:
                painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
                painter.drawRect(QRectF(0.5, top + 0.5, self.width() - 1, ROW - 1))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = event.pos().y() // ROW
            QToolTip.showText(event.globalPos(), self.tell(index) if index <= len(self.values) else "", self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if len(self.values) and event.key() in moves:
            self.current = min(max(self.current + moves[Qt.Key(event.key())], 0), len(self.values))
            QToolTip.showText(self.mapToGlobal(self.rect().topLeft()), self.tell(self.current), self)
            self.update()
        else:
            super().keyPressEvent(event)
