"""Between two real examples on the inversion panel: the way through latent space, played, scrubbed and scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QSpinBox, QVBoxLayout, QWidget

from studio.explore.questions import Real, Scored, Unfolded
from studio.gui import icons, theme
from studio.gui.explore.film import NOTHING, Film, Picture
from studio.gui.explore.invert.between_course import Course
from studio.gui.explore.invert.between_plot import WayPlot
from studio.gui.explore.invert.between_state import FPS, FRAMES, places, turned, whole
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.state import Between, Inversion, one
from studio.gui.explore.parts import button, choose, heading, quiet, row, tool, way_box
from studio.gui.glossary import hover_card
from studio.gui.widgets.plot import plain
from studio.gui.widgets.slider import Slider
from studio.gui.widgets.spin import SpinBox

END, MIDDLE, SIDE = 64, 96, 44
"""Pixels of the two ends, of what is looked at, and of a picture of the film."""


class BetweenBox(QWidget):
    """See the module."""

    latent_wanted = Signal(object, str)
    """The latent (size,) that is looked at is to be edited by hand, and what it is."""

    def __init__(self, inverter: Inverter) -> None:
        super().__init__()
        self.inverter = inverter
        self.course = Course(inverter, self)
        self.at: Scored | None = None
        """Of the place that is looked at."""
        self._t = 0.5
        self._way = 1
        self._pulls = 0

        title = heading("Between two examples")
        hover_card(title, "interpolation")
        self.reset = button("Reset", "arrow-counter-clockwise", "No ends, and the way as it comes", self._reset)
        theme.role(self.reset, "quiet")
        self.pictures = {"start": Picture("the example at A", END), "end": Picture("the example at B", END)}
        self.middle = Picture("what lies between", MIDDLE)
        self.set_buttons = {
            name: button(f"Set {letter}", "", f"Go {word} the example that is looked at", partial(self._set, name))
            for name, letter, word in (("start", "A", "from"), ("end", "B", "to"))
        }
        self.swap = tool("swap", "Exchange the two ends", self._swap)
        self.caption = quiet()
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE // 2)
        for column, name in ((0, "start"), (2, "end")):
            self.pictures[name].setFixedSize(END, END)
            self.set_buttons[name].setFixedWidth(END)
            self.set_buttons[name].setStyleSheet("padding: 4px 2px;")
            grid.addWidget(self.pictures[name], 0, column)
            grid.addWidget(self.set_buttons[name], 1, column)
        self.middle.setFixedSize(MIDDLE, MIDDLE)
        grid.addWidget(self.middle, 0, 1, 2, 1)
        grid.setColumnStretch(1, 1)

        self.slider = Slider(
            "t", 0.0, 1.0, value=0.5, default=0.5, step=0.02, tooltip="The place on the way: 0 is A, 1 is B"
        )
        self.slider.value_changed.connect(lambda value: self._scrub(value, self.slider.gesture))
        self.play_button = tool("play", "Play the way (again: stop)", self.toggle)
        self.film = Film("pictures on the way", SIDE, captions=False)
        self.film.set_empty("Choose an example and set A, then another and set B.")
        self.film.picked.connect(self._picked)
        self.plot = WayPlot()
        self.plot.chosen.connect(self._pulled)
        hover_card(self.caption, "bits-per-dim")
        self.way = way_box(lambda kind: self._change("Way between two", kind=kind))
        self.count = _spin(FRAMES, " frames", "Pictures on the way, both ends included", self._set_count)
        self.fps = _spin(FPS, " /s", "Pictures a second, in the player and in the exported animation", self._set_fps)
        self.back = QCheckBox("There and back")
        self.back.setToolTip("The player goes back from B to A and on, and so does an exported animation")
        self.back.clicked.connect(lambda on: self._change("There and back" if on else "One way", loop=on))
        self.edit_button = button("Edit latent", "sliders", "Steer what is looked at in the latent panel", self._edit)

        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.SPACE)
        box.addLayout(row(title, 1, self.reset))
        box.addLayout(grid)
        caption = row(self.caption, self.swap)
        caption.setStretch(0, 1)
        box.addLayout(caption)
        player = row(self.play_button, self.slider)
        player.setStretch(1, 1)
        box.addLayout(player)
        box.addWidget(self.film)
        box.addWidget(self.plot)
        box.addLayout(row(self.way, 1, self.back))
        box.addLayout(row(self.count, self.fps, 1))
        box.addLayout(row(self.edit_button, 1))
        box.addStretch(1)

        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tick)
        self.course.ends_came.connect(self._show_ends)
        self.course.frames_came.connect(self._frames_came)
        self.course.one_came.connect(self._one_came)
        self.course.failed.connect(self._failed)
        inverter.run_shown.connect(self._show_anew)
        inverter.changed.connect(self._changed)
        inverter.found.connect(self._weights_moved)

    def forget(self) -> None:
        """No run is shown; nothing that is under way is wanted any more."""
        self.stop()
        self.course.forget()

    # --- what is set

    @property
    def state(self) -> Between:
        return self.inverter.state.between

    def _change(self, text: str, merge: object = None, **parts: Any) -> None:
        self._put(text, replace(self.state, **parts), merge)

    def _put(self, text: str, new: Between, merge: object = None) -> None:
        self.inverter.edit(text, replace(self.inverter.state, between=new), merge)

    def _set(self, name: str) -> None:
        state: Inversion = self.inverter.state
        example = one(state.real, state.current)
        if len(example):
            self._change(f"Set {'A' if name == 'start' else 'B'}", **{name: example})

    def _swap(self) -> None:
        self._put("Exchange A and B", turned(self.state))

    def _reset(self) -> None:
        self._put("Reset the way", Between())

    def _set_count(self, frames: int) -> None:
        self._change("Pictures on the way", merge="invert frames", frames=frames)

    def _set_fps(self, fps: int) -> None:
        self._change("Speed of the way", merge="invert speed", fps=fps)

    def _scrub(self, t: float, gesture: object) -> None:
        self.stop()
        self._change("Place on the way", merge=("invert t", gesture), t=t)

    def _pulled(self, t: float, pressed: bool) -> None:
        self._pulls += pressed
        self._scrub(t, ("plot", self._pulls))

    def _picked(self, index: int) -> None:
        along = places(self.state.frames)
        if index < len(along):
            self._pulls += 1
            self._scrub(float(along[index]), ("film", self._pulls))

    def _edit(self) -> None:
        z = self.course.latent(self._t)
        if z is not None:
            self.latent_wanted.emit(z, f"the way between two examples at t = {self._t:.2f}")

    @property
    def t(self) -> float:
        """The place that is shown, while it plays too."""
        return self._t

    # --- what is shown

    def _show_anew(self) -> None:
        self.stop()
        self._show()
        self.course.ask(self._t)

    def _changed(self, before: Inversion) -> None:
        old, new = before.between, self.state
        if old == new:
            self._show_buttons()
            return
        if replace(old, t=new.t) != replace(new, fps=old.fps, loop=old.loop):
            self.stop()
        self._show()
        self.course.ask(self._t)

    def _weights_moved(self, found: Unfolded | None) -> None:
        """A way that plays is finished with the weights that it began with."""
        if found is not None and not self.playing and self.course.newer(found.step):
            self.course.ask(self._t)

    def _frames_came(self, found: Scored | None) -> None:
        if found is None:
            self.film.show_items(NOTHING)
            self.plot.show_way(np.zeros(0), np.zeros(0))
            if not whole(self.state):
                self.middle.show_picture(None)
                self.caption.setText("")
                self.at = None
            return
        along = places(len(found.bits))
        tips = [f"t = {t:.2f} · {plain(float(b))} bits/dim" for t, b in zip(along, found.bits, strict=True)]
        self.film.show_items(found.images, (), tips)
        self._mark()
        self.plot.show_way(along, found.bits)

    def _failed(self, end: Real | None, message: str) -> None:
        if end is None:
            self.middle.show_message(message)
        for name, picture in self.pictures.items():
            if end is not None and end == getattr(self.state, name):
                picture.show_message(message)

    def _show(self) -> None:
        state = self.state
        self._t = state.t
        self.slider.set_value(state.t)
        self.plot.show_place(state.t)
        choose(self.way, state.kind)
        for box, value in ((self.count, state.frames), (self.fps, state.fps)):
            with QSignalBlocker(box):
                box.setValue(value)
        self.back.setChecked(state.loop)
        self._clock.setInterval(round(1000 / max(state.fps, 1)))
        self._mark()
        self._show_buttons()
        self._show_ends()

    def _show_buttons(self) -> None:
        state, there = self.inverter.state, whole(self.state)
        chosen = len(one(state.real, state.current)) > 0
        for made in self.set_buttons.values():
            made.setEnabled(chosen)
        self.swap.setEnabled(len(self.state.start) + len(self.state.end) > 0)
        self.reset.setEnabled(self.state != Between())
        for part in (self.slider, self.play_button, self.edit_button):
            part.setEnabled(there)
        self.film.set_empty(
            "Reading …"
            if there
            else "Choose an example and set A, then another and set B: the way between is shown here."
        )

    def _show_ends(self) -> None:
        for name, picture in self.pictures.items():
            example: Real = getattr(self.state, name)
            found = self.course.known.get(example)
            if found is not None:
                picture.show_picture(found.originals[0])
            elif not len(example):
                picture.show_picture(None)

    def _look_at(self, found: Scored, t: float) -> None:
        self.at = found
        self.middle.show_picture(found.images[0])
        self.caption.setText(f"t = {t:.2f} · {plain(float(found.bits[0]))} bits/dim")
        self.middle.setAccessibleDescription(self.caption.text())

    def _one_came(self, found: Scored, t: float) -> None:
        if not self.playing:
            self._look_at(found, t)

    def _mark(self) -> None:
        """The frame that is nearest to the place."""
        count = len(self.film)
        self.film.set_current(round(self._t * (count - 1)) if count else -1)

    # --- the player

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    def toggle(self) -> None:
        if self.playing:
            self.stop()
        elif whole(self.state):
            self._way = -1 if self._t >= 1 and self.state.loop else 1
            if self._t >= 1 and not self.state.loop:
                self._t = 0.0
            self._clock.start()
            self.play_button.setIcon(icons.icon("stop"))

    def stop(self) -> None:
        """What is shown stays; undo does not know of it."""
        if self._clock.isActive():
            self._clock.stop()
            self.play_button.setIcon(icons.icon("play"))
            if self.inverter.view is not None:
                self.course.ask_one(self._t)

    def _tick(self) -> None:
        frames = self.course.frames
        if frames is None:
            return  # still on their way
        last = len(frames.bits) - 1
        index = round(self._t * last) + self._way
        if not 0 <= index <= last:
            if not self.state.loop:
                self.stop()
                return
            self._way = -self._way
            index += 2 * self._way
        self._t = index / last
        self.slider.set_value(self._t)
        self.plot.show_place(self._t)
        self._mark()
        self._look_at(one_of(frames, index), self._t)

    def showEvent(self, event: object) -> None:
        self.course.seen = True
        if self.inverter.view is not None:
            self.course.ask(self._t)

    def hideEvent(self, event: object) -> None:
        self.course.seen = False
        self.stop()


def one_of(frames: Scored, index: int) -> Scored:
    """One frame of several."""
    here = slice(index, index + 1)
    return replace(
        frames, images=frames.images[here], log_likelihood=frames.log_likelihood[here], bits=frames.bits[here]
    )


def _spin(bounds: tuple[int, int], unit: str, tip: str, changed: Callable[[int], None]) -> QSpinBox:
    made = SpinBox()
    made.setRange(*bounds)
    made.setSuffix(unit)
    made.setKeyboardTracking(False)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.valueChanged.connect(changed)
    return made
