"""How far something is that comes step by step, and the player: a flow, a drawing."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from studio.gui import icons
from studio.gui.explore.parts import row, tool
from studio.gui.train.editors import NumberBox
from studio.gui.widgets.slider import Slider

TICK = 40
"""Milliseconds from frame to frame."""


class Scrubber(QWidget):
    """``moved`` tells where a person wants to be, or the player; ``merge`` is the same for all of one gesture.

    Args:
        name: of a step, singular ("Step").
        about: what the slider says of itself.
        plays: what playing does, in words.
        unit: of the speed ("steps/s"); paces: the slowest and the fastest.
        decimals: of the place; 0: there is nothing between two steps.
    """

    moved = Signal(float, object)
    paced = Signal(float)
    """Steps a second."""

    def __init__(
        self, name: str, about: str, plays: str, unit: str, paces: tuple[float, float], *, decimals: int = 2
    ) -> None:
        super().__init__()
        self.steps, self.at, self.pace = 1, 1.0, 1.0
        self.begin = 0.0
        """Where playing begins anew: what comes before it was there from the start."""
        self._plays, self._paces, self._whole = plays, paces, decimals == 0
        self._turns = 0
        self._last = 0.0
        self._exact = 1.0
        """Where the player is, between two steps as well."""
        self.play = tool("play", "", self.toggle)
        self.slider = Slider(name, 0.0, 1.0, value=1.0, step=1.0, decimals=decimals, tooltip=about)
        self.slider.value_changed.connect(self._slid)
        self.speed = NumberBox(whole=False, low=paces[0], high=paces[1], log=True, unit=unit)
        self.speed.setFixedWidth(112)
        self.speed.setToolTip(f"Speed of the player, and of the exported film, in {unit}")
        self.speed.setAccessibleName(f"speed of the player in {unit}")
        self.speed.edited.connect(self._paced)
        self.setLayout(row(self.play, self.slider, self.speed))
        self._clock = QTimer(self)
        self._clock.setInterval(TICK)
        self._clock.timeout.connect(self._tick)
        self._show()

    def show_place(self, at: float, steps: int, pace: float) -> None:
        """Where it stands; 0 steps: nothing is known yet."""
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
        self.moved.emit(round(value) if self._whole else value, ("slider", self.slider.gesture))

    def _paced(self, value: object) -> None:
        if isinstance(value, int | float) and self._paces[0] <= value <= self._paces[1]:
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
        self._exact = self.at
        if self.at >= self.steps:
            self._exact = self.begin
            self.moved.emit(self.begin, ("player", self._turns))
        self._clock.start()
        self._show()

    def stop(self) -> None:
        if self.playing:
            self._clock.stop()
            self._show()

    def _tick(self) -> None:
        now = time.monotonic()
        passed, self._last = min(now - self._last, 0.2), now
        self._exact = min(self._exact + self.pace * passed, float(self.steps))
        if self._exact >= self.steps:
            self.stop()
        target = float(int(self._exact)) if self._whole else self._exact
        if target != self.at:
            self.moved.emit(target, ("player", self._turns))

    def _show(self) -> None:
        self.play.setIcon(icons.icon("stop" if self.playing else "play"))
        words = "Stop (P)" if self.playing else f"Play: {self._plays} (P)"
        self.play.setToolTip(words)
        self.play.setAccessibleName(words)

    def hideEvent(self, event: object) -> None:
        self.stop()
