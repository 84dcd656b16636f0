"""One control for each type of field: whole number, number, yes or no, choice, text."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLineEdit, QWidget

from studio.gui.words import amount
from studio.models.core.recipe import FieldInfo, Value


class NumberBox(QAbstractSpinBox):
    """A number that is typed as a person types it (2e-4, 50,000) and stepped as its scale asks.

    Out of range is let in and shown as a problem, rather than bent into something that was not meant. Arrows step a
    linear value by a round hundredth of its size or range, a logarithmic one through 1, 2, 5, 10; Page keys by ten
    steps. The wheel moves it only while it has the focus.
    """

    edited = Signal(object)

    def __init__(self, *, whole: bool, low: float | None, high: float | None, log: bool, unit: str = "") -> None:
        super().__init__()
        self._whole, self._low, self._high, self._log = whole, low, high, log
        self._unit = unit
        self._value: float = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.lineEdit().setTextMargins(5, 0, 0, 0)
        self.lineEdit().textEdited.connect(self._typed)
        self.editingFinished.connect(self._tidy)

    def value(self) -> float:
        return self._value

    def set_value(self, value: Value) -> None:
        """Show a value, without a signal; text under the cursor that means the same stays as it is typed."""
        number = float(value) if not isinstance(value, bool | str) else math.nan
        if isinstance(value, int) and not isinstance(value, bool):
            number = value
        self._value = number
        if not (self.hasFocus() and self._parse(self.lineEdit().text()) == number):
            self.lineEdit().setText(amount(said(value), self._unit, value))

    def _parse(self, text: str) -> float | None:
        for unit in (amount("", self._unit, 1), self._unit):
            text = text.removesuffix(unit).strip()
        plain = text.replace(",", "").replace(" ", "").replace("−", "-")
        try:
            number = float(plain)
        except ValueError:
            return None
        if not math.isfinite(number) or (self._whole and number != int(number)):
            return None
        return int(number) if self._whole else number

    def _typed(self, text: str) -> None:
        number = self._parse(text)
        if number is not None and number != self._value:
            self._value = number
            self.edited.emit(number)

    def _tidy(self) -> None:
        """Typing is over: what was no number goes back to the last one that was."""
        value: Value = int(self._value) if self._whole and math.isfinite(self._value) else self._value
        self.lineEdit().setText(amount(said(value), self._unit, value))

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        state = QValidator.State.Acceptable if self._parse(text) is not None else QValidator.State.Intermediate
        return state, text, position

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flags = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self.isReadOnly():
            return flags
        if self._low is None or self._value > self._low:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        if self._high is None or self._value < self._high:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        return flags

    def stepBy(self, steps: int) -> None:
        value = self._value
        for _ in range(abs(steps)):
            value = self._next(value, 1 if steps > 0 else -1)
        value = max(self._low if self._low is not None else -math.inf, value)
        value = min(self._high if self._high is not None else math.inf, value)
        value = int(value) if self._whole else float(f"{value:.12g}")
        if value != self._value:
            self._value = value
            self.lineEdit().setText(amount(said(value), self._unit, value))
            self.edited.emit(value)

    def _next(self, value: float, way: int) -> float:
        if self._log and value > 0:
            found = ladder(value, way)
            return found if not self._whole else (max(found, value + 1) if way > 0 else min(found, value - 1))
        return value + way * self._linear_step(value)

    def _linear_step(self, value: float) -> float:
        """A round number near a twentieth of the value, or of the range where that is smaller."""
        if self._whole and (self._high is None or self._low is None or self._high - self._low <= 1000):
            return 1.0
        size = abs(value) / 10 or 0.1
        if self._low is not None and self._high is not None:
            size = min(size, (self._high - self._low) / 20)
        step = 10.0 ** math.floor(math.log10(size))
        return max(1.0, step) if self._whole else step

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def said(value: Value) -> str:
    """A value as a person reads and types it: 20,000 · 0.5 · 2e-4 · yes."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if value and (abs(value) < 1e-3 or abs(value) >= 1e6):
        mantissa, _, exponent = f"{value:.10e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.10g}"


def ladder(value: float, way: int) -> float:
    """The next of 1, 2, 5, 10, 20, 50, ... above or below a positive value."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    rungs = [m * power for m in (0.2, 0.5, 1, 2, 5, 10, 20)]
    if way > 0:
        return float(f"{next(r for r in rungs if r > value * (1 + 1e-9)):.6g}")
    return float(f"{next(r for r in reversed(rungs) if r < value * (1 - 1e-9)):.6g}")


class QuietCombo(QComboBox):
    """A choice that leaves the wheel to the page unless it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Editor(QObject):
    """The control of one field: ``widget`` to lay out, ``edited`` with the new value, ``show`` for one from outside."""

    edited = Signal(object)

    def __init__(self, field: FieldInfo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._set: Callable[[Value], None]
        self.widget = self._make()
        self.widget.setAccessibleName(field.label)
        self.widget.setToolTip(tip(field))

    def show_value(self, value: Value) -> None:
        self._set(value)

    def show_problem(self, words: str) -> None:
        """Mark the control; the form shows the words below it."""
        wrong = "true" if words else "false"
        if self.widget.property("wrong") != wrong:
            self.widget.setProperty("wrong", wrong)
            self.widget.style().unpolish(self.widget)
            self.widget.style().polish(self.widget)
        self.widget.setToolTip(f"{tip(self.field)}\n{words}" if words else tip(self.field))
        self.widget.setAccessibleDescription(words or self.field.help)

    def _make(self) -> QWidget:
        field = self.field
        match field.type:
            case "int" | "float":
                box = NumberBox(
                    whole=field.type == "int",
                    low=field.low,
                    high=field.high,
                    log=field.scale == "log",
                    unit=field.unit,
                )
                box.edited.connect(self.edited)
                self._set = box.set_value
                return box
            case "bool":
                check = QCheckBox(field.help[:1].upper() + field.help[1:] if len(field.help) <= 24 else "")
                check.toggled.connect(lambda on: self.edited.emit(on))
                self._set = lambda value: _silently(check, lambda: check.setChecked(value is True))
                return check
            case "choice":
                combo = QuietCombo()
                combo.addItems(list(field.choices))
                combo.currentTextChanged.connect(lambda text: self.edited.emit(text))
                self._set = lambda value: _silently(combo, lambda: combo.setCurrentIndex(combo.findText(str(value))))
                return combo
            case "text":
                line = QLineEdit()
                line.textEdited.connect(lambda text: self.edited.emit(text))
                self._set = lambda value: None if line.text() == value else line.setText(str(value))
                return line


def _silently(widget: QWidget, act: Callable[[], object]) -> None:
    widget.blockSignals(True)
    act()
    widget.blockSignals(False)


def tip(field: FieldInfo) -> str:
    """Help, range and default in a few lines."""
    lines = [field.help[:1].upper() + field.help[1:]]
    unit = f" {field.unit}" if field.unit else ""
    if field.low is not None and field.high is not None:
        lines.append(f"{field.low:g} to {field.high:g}{unit}")
    elif field.low is not None or field.high is not None:
        lines.append(f"at least {field.low:g}{unit}" if field.low is not None else f"at most {field.high:g}{unit}")
    lines.append(amount(f"default {field.default}", field.unit, field.default))
    return "\n".join(lines)
