"""The codes, to be turned by hand or played: buttons for the values of a category, a slider for a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from studio.explore.codes import REACH, Dial
from studio.gui import icons, theme
from studio.gui.explore.choices import Choices
from studio.gui.explore.codes.desk import Desk
from studio.gui.explore.codes.state import FILM_FRAMES, Codes
from studio.gui.explore.parts import button, quiet, row, tool
from studio.gui.glossary import hover_card
from studio.gui.shortcuts import bind
from studio.gui.widgets.slider import Slider
from studio.gui.widgets.spin import SpinBox

LABEL = 40


class Turn(QWidget):
    """Reset, one row for each code, the player, and the way to the latent's own sliders."""

    latent_wanted = Signal(object, str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.dials: dict[str, Slider | Choices] = {}
        self.players: dict[str, QToolButton] = {}
        self.playing = ""
        """The name of the code that plays; empty while none does."""
        self._turns = 0
        self._latest = ""
        self._tour = np.zeros(1)
        self._frame = self._ticks = 0
        self._stay = 1
        self.reset_button = button(
            "Reset", "arrow-counter-clockwise", "Codes back to their first values, and 0; the noise stays", self.reset
        )
        self.edit_button = button(
            "Edit latent", "sliders", "Open this latent in the panel that steers every dimension", self._hand_over
        )
        self.fps = SpinBox()
        self.fps.setRange(1, 60)
        self.fps.setSuffix(" frames/s")
        self.fps.setKeyboardTracking(False)
        self.fps.setToolTip("Speed of the player and of the exported film; slower where the model needs longer")
        self.fps.setAccessibleName("speed of the player")
        self.fps.valueChanged.connect(self._set_fps)
        self.about = quiet(wrap=True)

        self._rows = QVBoxLayout()
        self._rows.setSpacing(theme.SPACE)
        inside = QWidget()
        list_ = QVBoxLayout(inside)
        list_.setContentsMargins(0, 0, theme.SPACE, 0)
        list_.setSpacing(theme.SPACE)
        list_.addLayout(self._rows)
        list_.addLayout(row(QLabel("Play at"), self.fps, 1))
        list_.addWidget(self.about)
        list_.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(self.reset_button, self.edit_button, 1))
        whole.addWidget(scroll, 1)

        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tick)
        bind(self, "Explore", {"play": self.play_latest})
        desk.run_shown.connect(self._show_anew)
        desk.changed.connect(self._show)

    # --- hands

    def reset(self) -> None:
        self.stop()
        self.desk.edit("Reset the codes", self.desk.state.reset())

    def _hand_over(self) -> None:
        if self.desk.view is not None:
            self.latent_wanted.emit(self.desk.state.z.copy(), "the latent of the codes")

    def _turn(self, dial: Dial, value: float) -> None:
        self.stop()
        self._latest = dial.name
        part = self.dials[dial.name]
        gesture = part.gesture if isinstance(part, Slider) else None
        merge = ("code", id(part), gesture) if gesture is not None else None
        self.desk.edit(f"Turn {dial.name}", self.desk.state.turned(dial, value), merge)

    def _set_fps(self, fps: int) -> None:
        if self.desk.view is not None:
            self.desk.edit("Speed of the player", replace(self.desk.state, fps=fps), "speed of the codes")

    # --- what is shown

    def _show_anew(self) -> None:
        self.stop()
        while (item := self._rows.takeAt(0)) is not None:
            gone = item.widget()
            if gone is not None:
                gone.hide()
                gone.deleteLater()
        self.dials, self.players = {}, {}
        for dial in self.desk.state.dials:
            self._rows.addWidget(self._row(dial))
        first = next(iter(self.dials), "")
        self._latest = next((d.name for d in self.desk.state.dials if not d.categorical), first)
        uniform = any(d.part.kind == "uniform" for d in self.desk.state.dials)
        prior = "The mark on a slider is −1..1, over which the model was trained. " if uniform else ""
        self.about.setText(f"{prior}P plays the code that was turned last; a click on a tile goes there.")
        self._show()

    def _row(self, dial: Dial) -> QWidget:
        made = QWidget()
        play = tool("play", f"Play {dial.name} (again: stop)", lambda: self.toggle(dial.name))
        self.players[dial.name] = play
        if dial.categorical:
            choices = self.dials[dial.name] = Choices(dial.name, dial.part.labels)
            choices.chosen.connect(lambda index: self._turn(dial, index))
            name = QLabel(dial.name)
            hover_card(name, "code")
            head = row(play, name, quiet(f"{dial.part.size} values"), 1)
            head.setSpacing(theme.SPACE // 2)
            inside = QVBoxLayout(made)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.setSpacing(theme.SPACE // 2)
            inside.addLayout(head)
            inside.addWidget(choices)
            return made
        slider = self.dials[dial.name] = Slider(
            dial.name,
            -REACH,
            REACH,
            step=0.05,
            tooltip=f"Code {dial.name}, a number; its prior is "
            + ("−1..1, marked on the slider" if dial.part.kind == "uniform" else "N(0, 1)"),
        )
        if dial.part.kind == "uniform":
            slider.set_band(-1.0, 1.0)
        slider.set_label_width(LABEL)
        slider.value_changed.connect(lambda value: self._turn(dial, value))
        line = row(play, slider)
        line.setSpacing(theme.SPACE // 2)
        made.setLayout(line)
        return made

    def _show(self, before: Codes | None = None) -> None:
        state = self.desk.state
        played = state.dial(self.playing)
        if played is not None and before is not None:
            was, now = played.value(before.z), played.value(state.z)
            if now != was and abs(now - self._tour[self._frame]) > 1e-4:
                self.stop()  # a click on a tile, or an undo, has put it elsewhere: it stays there
        for dial in state.dials:
            part, value = self.dials[dial.name], dial.value(state.z)
            if isinstance(part, Slider):
                part.set_value(value)
            else:
                part.show_choice(int(value))
        self.fps.blockSignals(True)
        self.fps.setValue(state.fps)
        self.fps.blockSignals(False)
        self._clock.setInterval(round(1000 / state.fps))
        self.reset_button.setEnabled(not np.array_equal(state.reset().z, state.z))

    # --- the player

    def play_latest(self) -> None:
        """Play the code that was turned last, or stop."""
        if self._latest in self.players:
            self.toggle(self.playing or self._latest)

    def toggle(self, name: str) -> None:
        if self.playing == name:
            self.stop()
            return
        self.stop()
        dial = self.desk.state.dial(name) if self.desk.view is not None else None
        if dial is None:
            return
        self._turns += 1
        self._latest = self.playing = name
        self._tour = dial.tour(FILM_FRAMES)
        away = np.abs(self._tour - dial.value(self.desk.state.z))
        self._frame = int(away.argmin())
        # A category stays for a moment, or its values could not be told apart.
        self._stay = max(1, round(self.desk.state.fps / 2)) if dial.categorical else 1
        self._ticks = 0
        self._clock.start()
        self.players[name].setIcon(icons.icon("stop"))

    def stop(self) -> None:
        self._clock.stop()
        if self.playing in self.players:
            self.players[self.playing].setIcon(icons.icon("play"))
        self.playing = ""

    def _tick(self) -> None:
        dial = self.desk.state.dial(self.playing) if self.desk.view is not None else None
        if dial is None or not self.isVisible():
            self.stop()
            return
        if self.desk.busy:
            return  # as fast as the model can
        self._ticks += 1
        if self._ticks % self._stay:
            return
        self._frame = (self._frame + 1) % len(self._tour)
        turned = self.desk.state.turned(dial, float(self._tour[self._frame]))
        self.desk.edit(f"Play {dial.name}", turned, ("play", id(self), self._turns))

    def hideEvent(self, event: object) -> None:
        self.stop()
