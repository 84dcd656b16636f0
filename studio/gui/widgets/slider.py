"""A slider for a real number: track, number field, unit, reset and lock in one row.

``set_value`` is for whoever already knows and says nothing; ``value_changed`` speaks only when a person moved it, at
every step of the way and at once. One *gesture* is a drag from press to release, one number typed, or keys and wheel
in quick succession: undo merges what has the same :attr:`Slider.gesture`, and ``edited`` tells of a whole one.
"""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from studio.gui import icons, theme
from studio.gui.widgets.number_field import NumberField
from studio.gui.widgets.track import Track

PAUSE = 0.8
"""Seconds of quiet after which keys or wheel begin a new gesture."""


class Slider(QWidget):
    """One labelled number between ``low`` and ``high``.

    Arrow keys move by ``step``, with Shift by a tenth of it, Page keys by ten; Home and End go to the ends; Delete or
    a double click resets. The wheel moves it only while it has the focus. A value set from outside may lie beyond the
    range: the number shows it as it is, the handle stands at the end.

    Args:
        default: what reset goes back to; ``value`` when None.
        unit: behind the number, e.g. "σ".
        step: of an arrow key; a hundredth of the range when None.
        at_high: shown in place of the number at the high end, where that end means "off".
        lockable: show a lock; a locked slider takes no edits (see :meth:`set_locked`).
        bend: logarithmic beyond about this value on both sides of 0, which stays within reach; keys and wheel then move
            along the track, a hundredth of it for an arrow key. 0: even throughout.
    """

    value_changed = Signal(float)
    edited = Signal(float, float)
    """(before, after) at the end of a gesture that changed something."""
    locked_changed = Signal(bool)
    LOCK, UNLOCK = "Lock: hold this while other sliders move and at Randomise", "Unlock: let it be moved again"

    def __init__(
        self,
        label: str,
        low: float,
        high: float,
        *,
        value: float = 0.0,
        default: float | None = None,
        unit: str = "",
        step: float | None = None,
        decimals: int = 2,
        lockable: bool = False,
        at_high: str = "",
        tooltip: str = "",
        bend: float = 0.0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._value = value
        self._default = value if default is None else default
        self._step = step
        self._unit = unit
        self._decimals = decimals
        self._before: float | None = None
        self._gesture = 0
        self._last_move = -math.inf
        self._dragging = False

        self.label = QLabel(label)
        self.label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.track = Track(low, high)
        self.track.set_bend(bend)
        self._bend = bend
        self.number = NumberField(unit, at_high, decimals)
        self.lock = QToolButton()
        self.lock.setCheckable(True)
        self.lock.setAutoRaise(True)
        self.lock.setFixedSize(24, 24)
        self.lock.setIconSize(QSize(14, 14))
        self.lock.setVisible(lockable)

        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.label)
        row.addWidget(self.track, 1)
        row.addWidget(self.number)
        row.addWidget(self.lock)
        self.setFixedHeight(28)
        self.setFocusProxy(self.track)
        self.track.installEventFilter(self)

        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(int(PAUSE * 1000))
        self._settle.timeout.connect(self._end)
        self.number.entered.connect(self._typed)
        self.lock.toggled.connect(self._lock_toggled)
        self.set_range(low, high)
        self.set_tooltip(tooltip)
        self._show_lock()
        self._show()

    # --- what it holds

    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show a value without a signal; it may lie beyond the range."""
        self._value = value
        self._show()

    def default(self) -> float:
        return self._default

    def set_default(self, value: float) -> None:
        self._default = value
        self.track.set_default(value)

    def range(self) -> tuple[float, float]:
        return self.track.low, self.track.high

    def set_range(self, low: float, high: float) -> None:
        if not low < high:
            raise ValueError(f"a slider needs low < high, not {low} and {high}")
        self.track.set_range(low, high)
        self.track.set_default(self._default)
        self.number.high = high
        widest = max(len(f"{v:.{self._decimals}f}") for v in (low, high, -9.0))
        digits = self.number.fontMetrics().horizontalAdvance("0" * widest + f" {self._unit}")
        self.number.setFixedWidth(digits + 2 * theme.SPACE)
        self._show()

    def set_band(self, low: float, high: float) -> None:
        """Mark the values that are usual, where the range goes beyond them."""
        self.track.set_band(low, high)

    def set_unit(self, unit: str) -> None:
        self._unit = self.number.unit = unit
        self.set_range(*self.range())

    def step(self) -> float:
        return self._step if self._step is not None else (self.track.high - self.track.low) / 100

    def locked(self) -> bool:
        return self.lock.isChecked()

    def set_locked(self, locked: bool) -> None:
        """Silent, like :meth:`set_value`."""
        self.lock.blockSignals(True)
        self.lock.setChecked(locked)
        self.lock.blockSignals(False)
        self._show_lock()

    @property
    def gesture(self) -> int:
        """Number of the gesture that the latest ``value_changed`` belongs to."""
        return self._gesture

    def reset(self) -> None:
        """Back to the default, as one gesture."""
        if self._value != self._default and not self.locked():
            self._begin()
            self._move(self._default)
            self._end()

    # --- how it looks

    def set_label(self, text: str) -> None:
        self.label.setText(text)
        self._name()

    def set_label_width(self, pixels: int) -> None:
        """Line up the tracks of sliders that stand below each other."""
        self.label.setFixedWidth(pixels)

    def set_tooltip(self, text: str) -> None:
        for part in (self, self.label, self.track, self.number):
            part.setToolTip(text)
        self._name()

    def _name(self) -> None:
        name = self.label.text()
        self.setAccessibleName(name)
        self.track.setAccessibleName(name)
        self.number.setAccessibleName(f"{name}, number")
        self.lock.setAccessibleName(f"lock {name}")

    def value_text(self) -> str:
        """The value as a screen reader says it: number and unit."""
        return self.number.text_of(self._value)

    def _show(self) -> None:
        self.track.set_value(self._value)
        self.track.setAccessibleDescription(self.value_text())
        self.number.show_value(self._value)

    def _show_lock(self) -> None:
        locked = self.lock.isChecked()
        self.lock.setIcon(icons.icon("lock" if locked else "lock-open"))
        self.lock.setToolTip(self.UNLOCK if locked else self.LOCK)
        self.track.setEnabled(not locked)
        self.number.setEnabled(not locked)

    # --- gestures

    def _begin(self) -> None:
        self._settle.stop()
        self._end()
        self._gesture += 1
        self._before = self._value

    def _continue(self) -> None:
        """Keys and wheel: join the gesture under way, or begin one."""
        now = time.monotonic()
        if self._before is None or now - self._last_move > PAUSE:
            self._begin()
        self._last_move = now
        self._settle.start()

    def _end(self) -> None:
        before, self._before = self._before, None
        if before is not None and before != self._value:
            self.edited.emit(before, self._value)

    def _move(self, value: float) -> None:
        value = min(max(value, self.track.low), self.track.high)
        if value != self._value:
            self._value = value
            self._show()
            self.value_changed.emit(value)

    def _nudge(self, steps: float) -> None:
        self._continue()
        if self._bend:
            low, high = self.range()
            self._move(self.track.moved(min(max(self._value, low), high), steps / 100))
        else:
            self._move(self._value + steps * self.step())

    def _go(self, value: float) -> None:
        self._continue()
        self._move(value)

    def _typed(self, value: float) -> None:
        self._begin()
        self._move(value)
        self._end()

    def _lock_toggled(self, locked: bool) -> None:
        self._show_lock()
        self.locked_changed.emit(locked)

    # --- what hands do on the track

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if self.locked():
            return False
        match event:
            case QMouseEvent():
                return self._mouse(event)
            case QKeyEvent() if event.type() == QEvent.Type.KeyPress:
                return self._key(event)
            case QWheelEvent():
                if not self.track.hasFocus():
                    event.ignore()  # the list around it scrolls
                    return True
                turned = event.angleDelta().y() or event.angleDelta().x()
                if turned:
                    self._nudge(turned / 120)
                event.accept()
                return True
            case _:
                return False

    def _mouse(self, event: QMouseEvent) -> bool:
        kind = event.type()
        left = Qt.MouseButton.LeftButton
        if kind == QEvent.Type.MouseButtonDblClick and event.button() == left:
            self._dragging = False
            self.reset()
        elif kind == QEvent.Type.MouseButtonPress and event.button() == left:
            self._begin()
            self._dragging = True
            self._move(self.track.press(event.position().x()))
        elif kind == QEvent.Type.MouseMove and self._dragging:
            self._move(self.track.value_at(event.position().x()))
        elif kind == QEvent.Type.MouseButtonRelease and event.button() == left and self._dragging:
            self._dragging = False
            self._end()
        else:
            return False
        event.accept()
        return True

    def _key(self, event: QKeyEvent) -> bool:
        fine = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        key = Qt.Key
        match event.key():
            case key.Key_Left | key.Key_Down:
                self._nudge(-fine)
            case key.Key_Right | key.Key_Up:
                self._nudge(fine)
            case key.Key_PageDown:
                self._nudge(-10)
            case key.Key_PageUp:
                self._nudge(10)
            case key.Key_Home:
                self._go(self.track.low)
            case key.Key_End:
                self._go(self.track.high)
            case key.Key_Delete | key.Key_Backspace:
                self.reset()
            case _:
                return False
        event.accept()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        shown = self.label.fontMetrics().horizontalAdvance(self.label.text()) <= self.label.width()
        self.label.setToolTip(self.track.toolTip() if shown else f"{self.label.text()}. {self.track.toolTip()}")
