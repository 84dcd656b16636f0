"""The track of a :class:`studio.gui.widgets.slider.Slider`: groove, tick at zero, mark at the default, handle.

A QSlider underneath, so that screen readers know what it is; the float is what counts, the handle follows it.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QSlider

from studio.gui import theme

RADIUS = 7.0
_FINE = 10_000


class Track(QSlider):
    """Shows one number between ``low`` and ``high``; takes no input of its own."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.low, self.high = low, high
        self._value = low
        self._default: float | None = None
        self._band: tuple[float, float] | None = None
        self._grip = 0.0
        self._bend = 0.0
        self.setRange(0, _FINE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(24)

    def set_range(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.update()

    def set_value(self, value: float) -> None:
        self._value = value
        self.setValue(round(self._share(value) * _FINE))
        self.update()

    def set_default(self, value: float) -> None:
        self._default = value
        self.update()

    def set_band(self, low: float, high: float) -> None:
        """Mark a part of the groove, and its ends: the values that are usual."""
        self._band = low, high
        self.update()

    def set_bend(self, bend: float) -> None:
        """Even up to about this value on both sides of 0, logarithmic beyond it; 0: even throughout."""
        self._bend = bend
        self.set_value(self._value)

    def moved(self, value: float, share: float) -> float:
        """The value that lies so far along the groove from another one; ``share`` of the whole, of either sign."""
        return self._at(min(max(self._share(value) + share, 0.0), 1.0))

    def value_at(self, x: float) -> float:
        """The number under the pointer, with the grip of the press kept."""
        width = max(self.width() - 2 * RADIUS, 1.0)
        share = (x - self._grip - RADIUS) / width
        return self._at(min(max(share, 0.0), 1.0))

    def press(self, x: float) -> float:
        """The number after a press at ``x``: unchanged on the handle, else that of the place."""
        at = self._x(self._value)
        self._grip = x - at if abs(x - at) <= RADIUS else 0.0
        return self._value if self._grip or x == at else self.value_at(x)

    def _share(self, value: float) -> float:
        low, high, at = (self._bent(v) for v in (self.low, self.high, value))
        return min(max((at - low) / (high - low), 0.0), 1.0)

    def _at(self, share: float) -> float:
        if share in (0.0, 1.0):
            return self.high if share else self.low  # to the last bit
        low, high = self._bent(self.low), self._bent(self.high)
        along = low + share * (high - low)
        return self._bend * math.sinh(along) if self._bend else along

    def _bent(self, value: float) -> float:
        return math.asinh(value / self._bend) if self._bend else value

    def _x(self, value: float) -> float:
        return RADIUS + self._share(value) * (self.width() - 2 * RADIUS)

    def sizeHint(self) -> QSize:
        return QSize(120, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        live = self.isEnabled()
        handle = colours.accent if live else theme.blend(colours.quiet, colours.window, 0.6)

        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.blend(colours.quiet, colours.window, 0.35)))
        painter.drawRoundedRect(QRectF(RADIUS, middle - 2, self.width() - 2 * RADIUS, 4), 2, 2)
        if self._band is not None:
            first, last = (self._x(v) for v in self._band)
            painter.setBrush(QColor(theme.blend(colours.quiet, colours.window, 0.7)))
            painter.drawRoundedRect(QRectF(first, middle - 2, last - first, 4), 2, 2)
            for end in (first, last):
                painter.drawRect(QRectF(end - 0.75, middle - 5, 1.5, 10))
        from_zero = self.low < 0 < self.high
        start, end = sorted((self._x(0.0 if from_zero else self.low), self._x(self._value)))
        painter.setBrush(QColor(handle))
        painter.drawRoundedRect(QRectF(start, middle - 2, end - start, 4), 2, 2)
        if from_zero:
            painter.setPen(QPen(QColor(colours.quiet), 1))
            zero = round(self._x(0.0)) + 0.5
            painter.drawLine(QPointF(zero, middle + 5), QPointF(zero, middle + 10))
        if self._default is not None and self._default != self._value and self.low <= self._default <= self.high:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.quiet))
            painter.drawEllipse(QPointF(self._x(self._default), middle), 3.5, 3.5)

        painter.setPen(QPen(QColor(colours.base), 1.5))
        painter.setBrush(QColor(handle))
        painter.drawEllipse(QPointF(self._x(self._value), middle), RADIUS - 1, RADIUS - 1)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 1.5))
            painter.drawEllipse(QPointF(self._x(self._value), middle), RADIUS + 1.5, RADIUS + 1.5)
        painter.end()
