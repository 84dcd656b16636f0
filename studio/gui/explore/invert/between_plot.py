"""Bits/dim along the way between two examples: a curve, the place that is looked at, and the levels of both ends."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.gui import theme
from studio.gui.widgets.plot import plain

Numbers = npt.NDArray[np.float64]
HIGH = 88
STEEP = 4.0
"""From this ratio of the greatest value to the least on the axis is logarithmic."""
LEFT, BELOW, ABOVE, RIGHT = 52, 18, 18, 10
"""Pixels around the curve."""


class WayPlot(QWidget):
    """See the module. A press or a drag in it chooses a place; keys belong to the slider beside it."""

    chosen = Signal(float, bool)
    """t, and whether the mouse was just pressed: a new gesture."""

    def __init__(self) -> None:
        super().__init__()
        self.t: Numbers = np.zeros(0)
        self.bits: Numbers = np.zeros(0)
        self.at = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HIGH)
        self.setAccessibleName("bits per dimension along the way")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, HIGH)

    def show_way(self, t: Numbers, bits: Numbers) -> None:
        """Show bits/dim at N places t; none for nothing."""
        self.t, self.bits = t, bits
        self.setAccessibleDescription(self.words)
        self.update()

    def show_place(self, t: float) -> None:
        """Mark the place that is looked at."""
        self.at = t
        self.update()

    @property
    def words(self) -> str:
        """The curve in a sentence."""
        known = np.isfinite(self.bits)
        if not known.any():
            return ""
        worst = int(np.nanargmax(np.where(known, self.bits, np.nan)))
        best = int(np.nanargmin(np.where(known, self.bits, np.nan)))
        return (
            f"{plain(float(self.bits[0]))} at A, {plain(float(self.bits[-1]))} at B bits/dim; least likely at t = "
            f"{self.t[worst]:.2f} ({plain(float(self.bits[worst]))}), likeliest at {self.t[best]:.2f} "
            f"({plain(float(self.bits[best]))})"
        )

    # --- where things are

    @property
    def span(self) -> tuple[float, float]:
        """Least and greatest value."""
        known = self.bits[np.isfinite(self.bits)]
        if not len(known):
            return 0.0, 1.0
        low, high = float(known.min()), float(known.max())
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    @property
    def log(self) -> bool:
        """Whether the axis is logarithmic: where the way leads through what the model holds for next to impossible."""
        low, high = self.span
        return low > 0 and high > STEEP * low

    def _x(self, t: float) -> float:
        return LEFT + t * (self.width() - LEFT - RIGHT)

    def _y(self, bits: float) -> float:
        low, high = self.span
        if self.log:
            low, high, bits = math.log(low), math.log(high), math.log(bits)
        return ABOVE + 4 + (high - bits) / (high - low) * (self.height() - ABOVE - BELOW - 8)

    def t_at(self, x: float) -> float:
        """The place under a pixel, 0..1."""
        return min(max((x - LEFT) / max(self.width() - LEFT - RIGHT, 1), 0.0), 1.0)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.base))
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        metrics = painter.fontMetrics()
        floor = self.height() - BELOW
        painter.setPen(QColor(colours.line))
        painter.drawLine(QPointF(LEFT, floor), QPointF(self.width() - RIGHT, floor))
        known = np.isfinite(self.bits)
        if not known.any():
            painter.setPen(QColor(colours.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "bits/dim along the way")
            return
        self._draw_ticks(painter, metrics, floor)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for end, bits in ((0, self.bits[0]), (1, self.bits[-1])):
            if math.isfinite(bits):  # a level from each end, to see whether the way dips below it
                pen = QPen(QColor(colours.quiet), 1)
                pen.setDashPattern([2.0, 3.0] if end else [5.0, 3.0])
                painter.setPen(pen)
                painter.drawLine(QPointF(LEFT, self._y(bits)), QPointF(self.width() - RIGHT, self._y(bits)))
        colour = QColor(theme.curve_pen(0)[0])
        painter.setPen(QPen(colour, 1.5))
        points = [QPointF(self._x(t), self._y(b)) for t, b in zip(self.t[known], self.bits[known], strict=True)]
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.width() / max(len(points), 1) > 8:
            for point in points:
                painter.drawEllipse(point, 2.0, 2.0)
        here = float(np.interp(self.at, self.t[known], [point.y() for point in points]))
        painter.setPen(QPen(QColor(colours.text), 1))
        painter.drawLine(QPointF(self._x(self.at), ABOVE), QPointF(self._x(self.at), floor))
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(QPointF(self._x(self.at), here), 4.5, 4.5)

    def _draw_ticks(self, painter: QPainter, metrics: QFontMetrics, floor: int) -> None:
        painter.setPen(QColor(theme.palette().quiet))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        low, high = self.span
        for value in (high, low):
            painter.drawText(QRectF(0, self._y(value) - 8, LEFT - 6, 16), right, plain(value))
        painter.drawText(
            QRectF(LEFT, 0, self.width() - LEFT, ABOVE),
            Qt.AlignmentFlag.AlignLeft,
            f"bits/dim{', logarithmic' if self.log else ''} · lower: likelier",
        )
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        for text, t in (("A", 0.0), ("t = 0.5", 0.5), ("B", 1.0)):
            wide = metrics.horizontalAdvance(text) + 4
            painter.drawText(QRectF(self._x(t) - wide / 2, floor + 2, wide, BELOW), middle, text)

    # --- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and len(self.t):
            self.chosen.emit(self.t_at(event.position().x()), True)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and len(self.t):
            self.chosen.emit(self.t_at(event.position().x()), False)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.words, self)
            return True
        return super().event(event)
