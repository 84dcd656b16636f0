"""Below the plane: how far the points are, and the player."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from studio.gui import icons
from studio.gui.explore.flow.state import PACES
from studio.gui.explore.parts import row, tool
from studio.gui.train.editors import NumberBox
from studio.gui.widgets.slider import Slider

TICK = 40
"""Milliseconds from frame to frame."""


class Scrubber(QWidget):
    """``moved`` tells where a person wants to be, or the player; ``merge`` is the same for all of one gesture."""

    moved = Signal(float, object)
    paced = Signal(float)
    """Steps a second."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.at, self.pace = 1, 1.0, 1.0
        self._turns = 0
        self._last = 0.0
        self.play = tool("play", "", self.toggle)
        self.slider = Slider(
            "Step",
            0.0,
            1.0,
            value=1.0,
            step=1.0,
            decimals=2,
            tooltip="After how many of the flow's steps; between two of them points are on straight lines. "
            "Arrows: a step, with Shift a tenth",
        )
        self.slider.value_changed.connect(self._slid)
        self.speed = NumberBox(whole=False, low=PACES[0], high=PACES[1], log=True, unit="steps/s")
        self.speed.setFixedWidth(112)
        self.speed.setToolTip("Speed of the player, and of the exported film, in steps a second")
        self.speed.setAccessibleName("speed of the player in steps a second")
        self.speed.edited.connect(self._paced)
        self.setLayout(row(self.play, self.slider, self.speed))
        self._clock = QTimer(self)
        self._clock.setInterval(TICK)
        self._clock.timeout.connect(self._tick)
        self._show()

    def show_place(self, at: float, steps: int, pace: float) -> None:
        """Where the flow is; 0 steps: nothing is known yet."""
        self.setEnabled(steps > 0)
        if max(steps, 1) != self.steps:
            self.steps = max(steps, 1)
            self.slider.set_range(0.0, float(self.steps))
            self.slider.set_default(float(self.steps))
        self.at, self.pace = at, pace
        self.slider.set_value(at)
        self.speed.set_value(pace)

    def step(self, by: int) -> None:
        """To the next whole step in that direction."""
        self.stop()
        whole = int(self.at)
        target = whole + by if by > 0 or whole == self.at else whole + by + 1
        self.moved.emit(float(min(max(target, 0), self.steps)), None)

    def _slid(self, value: float) -> None:
        self.stop()
        self.moved.emit(value, ("flow slider", self.slider.gesture))

    def _paced(self, value: object) -> None:
        if isinstance(value, int | float) and PACES[0] <= value <= PACES[1]:
            self.paced.emit(float(value))

    # --- the player

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    def toggle(self) -> None:
        """Play from here to the last step, from its end from the beginning; or stop."""
        if self.playing:
            self.stop()
            return
        if not self.isEnabled():
            return
        self._turns += 1
        self._last = time.monotonic()
        if self.at >= self.steps:
            self.moved.emit(0.0, ("flow player", self._turns))
        self._clock.start()
        self._show()

    def stop(self) -> None:
        if self.playing:
            self._clock.stop()
            self._show()

    def _tick(self) -> None:
        now = time.monotonic()
        passed, self._last = min(now - self._last, 0.2), now
        target = min(self.at + self.pace * passed, float(self.steps))
        if target >= self.steps:
            self.stop()
        self.moved.emit(target, ("flow player", self._turns))

    def _show(self) -> None:
        self.play.setIcon(icons.icon("stop" if self.playing else "play"))
        words = "Stop (P)" if self.playing else "Play: samples flow from the prior to the data (P)"
        self.play.setToolTip(words)
        self.play.setAccessibleName(words)

    def hideEvent(self, event: object) -> None:
        self.stop()
