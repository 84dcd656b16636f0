"""Which class, which view of the classes, and the player between two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from studio.explore.questions import Classified
from studio.gui import icons, theme
from studio.gui.explore.choices import Choices
from studio.gui.explore.classes.state import (
    FRAMES,
    MOST_COUNT,
    MOST_ROWS,
    MOST_SEED,
    MOST_STEPS,
    Classes,
    View,
    as_plain,
)
from studio.gui.explore.parts import WARMTH, button, choose, heading, quiet, row, tool
from studio.gui.explore.state import HOTTEST
from studio.gui.glossary import hover_card
from studio.gui.shortcuts import bind, key
from studio.gui.widgets.slider import Slider
from studio.gui.widgets.spin import SpinBox

VIEWS: tuple[tuple[View, str, str], ...] = (
    ("sweep", "Every class", "A row for each latent, a column for each class"),
    ("one", "One class", "Many samples of the chosen class"),
    ("between", "Between two", "From one class to another, a row for each latent"),
)
Edit = Callable[..., None]


class Choose(QWidget):
    """``edit(text, state, merge)`` is told what a person wants. ``bar`` goes above the pictures."""

    hand_over = Signal()
    check_wanted = Signal()
    """Train a classifier of the dataset, to see which pictures are of their class."""

    def __init__(self, edit: Edit) -> None:
        super().__init__()
        self._edit = edit
        self.state: Classes | None = None
        self.ready: Callable[[], bool] = lambda: True
        """Whether the last picture is there: the player goes no faster."""
        self._turns = 0
        self.seed = self._spin(0, MOST_SEED, "Seed ", "", "Start of the random numbers of the latents")
        self.seed.setFixedWidth(136)
        self.seed.valueChanged.connect(self._set_seed)
        self.new = button("New seed", "dice-five", "Draw other latents; the classes stay (R)", self.new_seed)
        self.new.setShortcut(key("Explore", "new seed").keys[0])
        self.view = QComboBox()
        for value, text, tip in VIEWS:
            self.view.addItem(text, value)
            self.view.setItemData(self.view.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.view.setAccessibleName("what the grid shows")
        self.view.setToolTip("What the grid shows: " + "; ".join(f"{text}: {tip}" for _, text, tip in VIEWS))
        self.view.activated.connect(lambda index: self.set_view(self.view.itemData(index)))
        self.rows = self._size("rows", 1, MOST_ROWS, " latents", "How many latents, a row for each")
        self.count = self._size("count", 1, MOST_COUNT, " samples", "How many samples of the class")
        self.steps = self._size("steps", 2, MOST_STEPS, " steps", "Places from the one class to the other")
        self.bar = row(self.seed, self.new, 1, QLabel("Show"), self.view, self.rows, self.count, self.steps)

        self.temperature = Slider("Temperature", 0.0, HOTTEST, value=1.0, step=0.05, tooltip=WARMTH)
        self.temperature.value_changed.connect(self._warm)
        self.classes: Choices | None = None
        self._place = QVBoxLayout()
        self.other = QComboBox()
        self.other.setAccessibleName("the other class")
        self.other.setToolTip("The class at the far end")
        self.other.activated.connect(self._set_other)
        self.between = Slider("", 0.0, 1.0, step=0.02, tooltip="How far from the one class to the other")
        self.between.set_label_width(0)
        self.between.value_changed.connect(self._set_t)
        self.play = tool("play", "Play from the one class to the other and back (P; again: stop)", self.toggle)
        self.fps = self._spin(1, 60, "", " frames/s", "Speed of the player and of the exported animation")
        self.fps.valueChanged.connect(self._set_fps)
        form = QFormLayout()
        form.setSpacing(theme.SPACE)
        form.addRow("To", self.other)
        form.addRow("Play at", self.fps)
        self.reset_button = button(
            "Reset",
            "arrow-counter-clockwise",
            "Back to the first class and latent; the seed stays",
            self.reset,
        )
        self.edit_button = button(
            "Edit latent", "sliders", "Open this latent in the panel that steers every dimension", self.hand_over.emit
        )
        self.seen = quiet(wrap=True)
        self.check = button(
            "Check",
            "",
            "Train a small classifier on the dataset, once: about half a minute",
            self.check_wanted.emit,
        )
        inside = QWidget()
        list_ = QVBoxLayout(inside)
        list_.setContentsMargins(0, 0, theme.SPACE, 0)
        list_.setSpacing(theme.SPACE)
        list_.addLayout(row(self.reset_button, self.edit_button, 1))
        list_.addWidget(heading("Class"))
        list_.addLayout(self._place)
        list_.addWidget(self.temperature)
        list_.addSpacing(theme.SPACE)
        list_.addWidget(heading("Between two classes"))
        list_.addLayout(form)
        list_.addLayout(row(self.play, self.between))
        list_.addWidget(quiet("A mixture of two one-hot vectors; the model was trained on pure ones alone.", wrap=True))
        list_.addSpacing(theme.SPACE)
        of_class = heading("Are they of their class?")
        hover_card(of_class, "classes")
        list_.addWidget(of_class)
        list_.addWidget(self.seen)
        list_.addLayout(row(self.check, 1))
        list_.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, 0, 0)
        whole.addWidget(scroll)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tick)
        self._frame = 0
        bind(self, "Explore", {"play": self.toggle})

    def _spin(self, low: int, high: int, prefix: str, suffix: str, tip: str) -> SpinBox:
        made = SpinBox()
        made.setRange(low, high)
        made.setPrefix(prefix)
        made.setSuffix(suffix)
        made.setKeyboardTracking(False)
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        return made

    def _size(self, name: str, low: int, high: int, suffix: str, tip: str) -> SpinBox:
        made = self._spin(low, high, "", suffix, tip)
        made.valueChanged.connect(lambda value: self._set_size(name, value))
        return made

    # --- hands

    def new_seed(self) -> None:
        if self.state is not None:
            self._set_seed((self.state.seed + 1) % (MOST_SEED + 1))

    def reset(self) -> None:
        if self.state is not None:
            self.stop()
            self._edit("Reset the classes", self.state.reset())

    def _set_seed(self, seed: int) -> None:
        if self.state is not None:
            self._edit("Seed of the classes", replace(self.state, seed=seed))

    def _set_size(self, name: str, value: int) -> None:
        if self.state is not None:
            self._edit("Size of the grid", self.state.sized(**{name: value}), ("classes", name))

    def set_view(self, view: View) -> None:
        if self.state is not None:
            self.stop()
            self._edit("What the grid shows", self.state.with_view(view))

    def _set_class(self, index: int) -> None:
        if self.state is not None:
            self.stop()
            self._edit(f"Class {self.state.names[index]}", self.state.with_class(index))

    def _warm(self, temperature: float) -> None:
        if self.state is not None:
            self.stop()
            new = replace(self.state, temperature=temperature)
            self._edit("Temperature of the classes", new, ("warm", self.temperature.gesture))

    def _set_other(self, index: int) -> None:
        if self.state is not None:
            self.stop()
            self._edit(f"To class {self.state.names[index]}", self.state.with_view("between").with_other(index))

    def _set_t(self, t: float) -> None:
        if self.state is not None:
            self.stop()
            new = replace(self.state.with_view("between"), t=t)
            self._edit("Between two classes", new, ("between", self.between.gesture))

    def _set_fps(self, fps: int) -> None:
        if self.state is not None:
            self._edit("Speed of the player", replace(self.state, fps=fps), "speed of the classes")

    # --- what is shown

    def show_anew(self, state: Classes, temperature: float | None = None) -> None:
        """Another model, with other classes. ``temperature``: of its sample sheet, where samples are drawn at one."""
        self.temperature.setVisible(temperature is not None)
        self.temperature.set_default(1.0 if temperature is None else temperature)
        self.stop()
        if self.classes is not None:
            self._place.removeWidget(self.classes)
            self.classes.hide()
            self.classes.deleteLater()
        self.classes = Choices(state.dial.name, state.names)
        self.classes.chosen.connect(self._set_class)
        self._place.addWidget(self.classes)
        self.seen.setText("Looking …")
        self.check.hide()
        self.other.clear()
        self.other.addItems(list(state.names))
        several = len(state.names) > 1
        for part in (self.other, self.between, self.play):
            part.setEnabled(several)
        self.show_state(state)

    def show_state(self, state: Classes) -> None:
        self.state = state
        if self.classes is not None:
            self.classes.show_choice(state.chosen)
        for box, value in (
            (self.seed, state.seed),
            (self.rows, state.rows),
            (self.count, state.count),
            (self.steps, state.steps),
            (self.fps, state.fps),
        ):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        choose(self.view, state.view)
        self.reset_button.setEnabled(as_plain(state.reset()) != as_plain(state))
        self.rows.setVisible(state.view != "one")
        self.count.setVisible(state.view == "one")
        self.steps.setVisible(state.view == "between")
        self.other.setCurrentIndex(state.other)
        self.between.set_value(state.t)
        self.temperature.set_value(state.temperature)
        self._clock.setInterval(round(1000 / state.fps))

    def show_seen(self, found: Classified, right: tuple[int, int] | None) -> None:
        """What a classifier says of the grid; ``right``: how many are of their class, of how many."""
        there = found.labels is not None
        self.check.setVisible(not there)
        self.check.setEnabled(True)
        if not there:
            self.seen.setText("A small classifier, trained on the dataset itself, can tell.")
            return
        sure = f"a classifier trained on the dataset, {found.accuracy:.1%} right on {found.checked:,} real ones"
        if right is None:
            self.seen.setText(f"Under each picture what it is to {sure}.")
        else:
            self.seen.setText(f"{right[0]:,} of {right[1]:,} ({right[0] / right[1]:.0%}) are, to {sure}.")

    def show_training(self, done: int = 0, total: int = 0) -> None:
        self.check.setEnabled(False)
        self.seen.setText(f"Training the classifier … {done / total:.0%}" if total else "Training the classifier …")

    def show_trouble(self, words: str) -> None:
        self.check.setEnabled(True)
        self.seen.setText(words or "Called off.")

    # --- the player

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    def toggle(self) -> None:
        """Play from the one class to the other and back, or stop."""
        if self.playing:
            self.stop()
        elif self.state is not None and self.play.isEnabled():
            self._turns += 1
            self._frame = round(self.state.t * FRAMES / 2)
            self._clock.start()
            self.play.setIcon(icons.icon("stop"))

    def stop(self) -> None:
        self._clock.stop()
        self.play.setIcon(icons.icon("play"))

    def _tick(self) -> None:
        if self.state is None or not self.isVisible():
            self.stop()
        elif self.ready():
            self._frame = (self._frame + 1) % FRAMES
            t = float(1 - np.abs(2 * self._frame / FRAMES - 1))
            self._edit("Play between two classes", replace(self.state.with_view("between"), t=t), ("play", self._turns))

    def hideEvent(self, event: object) -> None:
        self.stop()
