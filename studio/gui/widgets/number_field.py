"""The number of a :class:`studio.gui.widgets.slider.Slider`: shown with its unit, typed over by hand."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit


class NumberField(QLineEdit):
    """The number with its unit, to be typed over; Escape takes back what was typed."""

    entered = Signal(float)

    def __init__(self, unit: str, at_high: str, decimals: int) -> None:
        super().__init__()
        self.unit, self.at_high, self.decimals = unit, at_high, decimals
        self.high = math.inf
        self._shown = 0.0
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setStyleSheet("QLineEdit { padding: 1px 4px; min-height: 18px; }")
        self.editingFinished.connect(self._finish)

    def show_value(self, value: float) -> None:
        self._shown = value
        text = self.text_of(value)
        if text != self.text():
            self.setText(text)

    def text_of(self, value: float) -> str:
        if self.at_high and value >= self.high:
            return self.at_high
        text = f"{value + 0.0:.{self.decimals}f}"
        if float(text) == 0:
            text = text.removeprefix("-")
        return f"{text} {self.unit}".strip()

    def _finish(self) -> None:
        value = self._read() if self.text() != self.text_of(self._shown) else None
        if value is not None:
            self.entered.emit(value)
        self.show_value(self._shown)

    def _read(self) -> float | None:
        """The number typed, without its unit, with a comma as well as a point; None when it is none."""
        plain = self.text().strip().removesuffix(self.unit).strip().replace(",", ".").replace("−", "-")
        if self.at_high and plain == self.at_high:
            return self.high
        try:
            value = float(plain)
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self.text_of(self._shown):
            self.show_value(self._shown)
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.selectAll()
