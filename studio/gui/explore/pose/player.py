"""A film of poses played and scrubbed: the keyframes, and what is interpolated between them."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from studio.data.skeleton import Joints
from studio.explore.pose_films import pose_at
from studio.gui import icons
from studio.gui.explore.parts import button, row, tool
from studio.gui.explore.pose.poser import Poser
from studio.gui.explore.pose.state import Posing
from studio.gui.widgets.slider import Slider

TICK = 40
"""Milliseconds from frame to frame."""


class Player(QWidget):
    """See the module."""

    frame_shown = Signal(object)
    """Joints of the film that are shown in place of the pose; None: the pose again."""
    changed = Signal()
    """It plays, or has stopped; or another frame is shown by hand."""

    def __init__(self, poser: Poser) -> None:
        super().__init__()
        self.poser = poser
        self.at = 0.0
        """Seconds from the beginning, where the film stands."""
        self.shown = False
        """A frame of the film is shown."""
        self._last = 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(TICK)
        self._clock.timeout.connect(self._tick)
        self.play = tool("play", "", self.toggle)
        self.scrub = Slider("Film", 0.0, 1.0, value=0.0, step=0.1, decimals=2, unit="s")
        self.scrub.set_tooltip("Where the film stands, in seconds; drag to scrub")
        self.scrub.value_changed.connect(self._scrubbed)
        self.take = button("Take", "", "Make the frame that is shown the pose, to go on from", self.take_frame)
        line = row(self.play, self.scrub, self.take)
        line.setStretch(1, 1)
        self.setLayout(line)
        poser.run_shown.connect(self._show_anew)
        poser.changed.connect(self._changed)
        self._show()

    # --- what is shown

    def _show_anew(self) -> None:
        self._clock.stop()
        self.at, self.shown = 0.0, False
        self._show()

    def _changed(self, before: Posing) -> None:
        state = self.poser.state
        if self.shown and not self.playing:
            self.shown = False
            self.frame_shown.emit(None)
        if self.playing and state.duration == 0:
            self.stop()
        self._show()

    def _show(self) -> None:
        whole = self.poser.state.duration if self.poser.view is not None else 0.0
        for part in (self.play, self.scrub):
            part.setEnabled(whole > 0)
        self.take.setEnabled(self.shown)
        self.at = min(self.at, whole)
        if whole > 0:
            self.scrub.set_range(0.0, whole)
        self.scrub.set_value(self.at)
        self.play.setIcon(icons.icon("stop" if self.playing else "play"))
        words = "Stop the film (P)" if self.playing else "Play the film (P)"
        self.play.setToolTip(words)
        self.play.setAccessibleName(words)

    # --- the player

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    def toggle(self) -> None:
        """Play from where it stands, from its end from the beginning; or stop."""
        if self.playing:
            self.stop()
        elif self.poser.view is not None and self.poser.state.duration > 0:
            if not self.poser.state.loop and self.at >= self.poser.state.duration:
                self.at = 0.0
            self._last = time.monotonic()
            self._clock.start()
            self._go()
            self.changed.emit()

    def stop(self) -> None:
        """The frame stays, until the pose is edited or :meth:`leave`."""
        if self.playing:
            self._clock.stop()
            self._show()
            self.changed.emit()

    def leave(self) -> None:
        """The pose again, in place of the film."""
        self.stop()
        if self.shown:
            self.shown = False
            self.frame_shown.emit(None)
            self.poser.show_frame(None)
            self._show()
            self.changed.emit()

    def _tick(self) -> None:
        if self.poser.view is None:
            self.stop()
            return
        now = time.monotonic()
        passed, self._last = min(now - self._last, 0.2), now
        state = self.poser.state
        whole = state.duration
        at = self.at + passed
        self.at = at % whole if state.loop and whole > 0 else min(at, whole)
        self._go()
        if not state.loop and self.at >= whole:
            self.stop()

    def _scrubbed(self, value: float) -> None:
        self.stop()
        self.at = value
        self._go()
        self.changed.emit()

    def frame(self) -> Joints:
        """The pose where the film stands, 18×3."""
        state = self.poser.state
        return pose_at([k.joints for k in state.keyframes], state.seconds, self.at, loop=state.loop)

    def _go(self) -> None:
        joints = self.frame()
        self.shown = True
        self._show()
        self.frame_shown.emit(joints)
        self.poser.show_frame(joints)

    def take_frame(self) -> None:
        """The frame that is shown is the pose from now on."""
        if self.shown:
            joints = self.frame()
            self.stop()
            self.poser.edit("Take a frame of the film", self.poser.state.moved(joints))

    def hideEvent(self, event: Any) -> None:
        self.leave()
