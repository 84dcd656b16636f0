"""Changing the latent: the temperature of all of it, each level kept, made noise or zero, and its class."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.explore.questions import Unfolded
from studio.gui import theme
from studio.gui.explore.choices import Choices
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.moves import levels_of
from studio.gui.explore.invert.state import HOTTEST, MOST_SEED, Inversion, Level, Way
from studio.gui.explore.parts import button, quiet, row, tool
from studio.gui.glossary import hover_card
from studio.gui.widgets.slider import Slider
from studio.models.core.latents import Part

WAYS: tuple[Way, ...] = ("keep", "noise", "zero")
LABEL = 84


class LevelRow(QWidget):
    """One level: what is done with it, with which noise, and how far."""

    changed = Signal(str, object, object)
    """What was done, the Level that is wanted, and what it merges with."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.part = part
        self.level = Level()
        self.name = QLabel(part.name)
        self.name.setFixedWidth(LABEL)
        self.name.setToolTip(f"{part.name}: {'×'.join(map(str, part.shape or (part.size,)))} values")
        self.ways = Choices(part.name, WAYS)
        for made, tip in zip(
            self.ways.buttons,
            (
                f"Keep the picture's own latents of {part.name}",
                f"Replace {part.name} by noise: what it held is gone",
                f"Set {part.name} to zero, the middle of its prior",
            ),
            strict=True,
        ):
            made.setToolTip(tip)
        self.dice = tool("dice-five", f"Other noise for {part.name}", self._throw)
        self.amount = Slider(
            "how far", 0.0, 1.0, value=1.0, default=1.0, step=0.05, tooltip="0: as it is; 1: all of it replaced"
        )
        self.amount.set_label_width(LABEL)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(row(self.name, self.ways, 1, self.dice))
        whole.addWidget(self.amount)
        self.ways.chosen.connect(self._chosen)
        self.amount.value_changed.connect(self._moved)

    def show_level(self, level: Level) -> None:
        self.level = level
        self.ways.show_choice(WAYS.index(level.way))
        self.dice.setEnabled(level.way == "noise")
        self.amount.setVisible(level.way != "keep")
        self.amount.set_value(level.amount)
        self.dice.setToolTip(f"Other noise for {self.part.name}; now that of seed {level.seed}")

    def _chosen(self, index: int) -> None:
        way = WAYS[index]
        if way != self.level.way:
            words = {"keep": "Keep", "noise": "Noise for", "zero": "Zero for"}[way]
            self.changed.emit(f"{words} {self.part.name}", replace(self.level, way=way), None)

    def _throw(self) -> None:
        seed = (self.level.seed + 1) % MOST_SEED
        self.changed.emit(f"Other noise for {self.part.name}", replace(self.level, seed=seed), ("dice", self.part.name))

    def _moved(self, value: float) -> None:
        merge = "amount", self.part.name, self.amount.gesture
        self.changed.emit(f"Change {self.part.name}", replace(self.level, amount=value), merge)


class Edits(QWidget):
    """See the module."""

    edit_wanted = Signal()
    """The edited latent is to be steered by hand elsewhere."""

    def __init__(self, inverter: Inverter) -> None:
        super().__init__()
        self.inverter = inverter
        self.rows: dict[str, LevelRow] = {}
        self.classes: Choices | None = None
        self._of: object = None
        self.temperature = Slider(
            "Temperature", 0.0, HOTTEST, value=1.0, step=0.05, tooltip="What all noise of the latent is multiplied by"
        )
        self.temperature.set_label_width(LABEL)
        hover_card(self.temperature.label, "temperature")
        self.temperature.value_changed.connect(self._heat)
        self.class_name = quiet("Class")
        self.class_name.setToolTip("Decode the same noise as another class")
        self._class_box = QVBoxLayout()
        self._class_box.setContentsMargins(0, 0, 0, 0)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(theme.SPACE // 2)
        self.reset_button = button("Reset", "arrow-counter-clockwise", "The picture as it was inverted", self.reset)
        self.edit_button = button(
            "Edit latent",
            "sliders",
            "Steer it with the latent panel's tools; the original stays beside it (E)",
            self.edit_wanted.emit,
        )
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, theme.SPACE, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addWidget(self.temperature)
        whole.addLayout(self._rows)
        whole.addWidget(self.class_name)
        whole.addLayout(self._class_box)
        whole.addSpacing(theme.SPACE // 2)
        whole.addLayout(row(self.reset_button, 1, self.edit_button))
        whole.addStretch(1)
        inverter.run_shown.connect(self._show_anew)
        inverter.changed.connect(lambda before: self._show())
        inverter.found.connect(self._found)
        inverter.failed.connect(lambda why: self._show())

    # --- hands

    def reset(self) -> None:
        self.inverter.edit("Reset the picture", self.inverter.state.reset())

    def _heat(self, value: float) -> None:
        state = self.inverter.state
        self._edit("Temperature", replace(state, temperature=value), ("temperature", self.temperature.gesture))

    def _level(self, text: str, name: str, level: Level, merge: object) -> None:
        self._edit(text, self.inverter.state.with_level(name, level), merge)

    def _class(self, index: int) -> None:
        found = self._found_class()
        self._edit("Another class", replace(self.inverter.state, label=None if index == found else index))

    def _edit(self, text: str, new: Inversion, merge: object = None) -> None:
        self.inverter.edit(text, new, merge)
        self._show()

    # --- what is shown

    def _show_anew(self) -> None:
        view = self.inverter.view
        if view is None:
            return
        if self._of != view.prior:
            self._of = view.prior
            self._make_rows()
        self._show()

    def _make_rows(self) -> None:
        view = self.inverter.view
        if view is None:
            return
        for gone in (*self.rows.values(), *([self.classes] if self.classes else [])):
            gone.hide()
            gone.deleteLater()
        self.rows, self.classes = {}, None
        for part, _ in levels_of(view.prior):
            made = LevelRow(part)
            made.changed.connect(lambda text, level, merge, name=part.name: self._level(text, name, level, merge))
            self.rows[part.name] = made
            self._rows.addWidget(made)
        for part, _ in view.prior.placed("class"):
            self.classes = Choices(part.name, part.labels)
            self.classes.chosen.connect(self._class)
            self._class_box.addWidget(self.classes)
        self.class_name.setVisible(self.classes is not None)

    def _found_class(self) -> int:
        """The class that was found for the picture, −1 for none."""
        own, view = self.inverter.own(), self.inverter.view
        if own is None or view is None:
            return -1
        return next((int(own[where].argmax()) for _, where in view.prior.placed("class")), -1)

    def _found(self, found: Unfolded | None) -> None:
        self._show()

    def _show(self) -> None:
        inverter = self.inverter
        if inverter.view is None:
            return
        state = inverter.state
        self.temperature.set_value(state.temperature)
        for name, made in self.rows.items():
            made.show_level(state.level(name))
        if self.classes is not None:
            found = self._found_class()
            self.classes.show_choice(found if state.label is None else state.label)
            names = next(part.labels for part, _ in inverter.view.prior.placed("class"))
            self.class_name.setText(f"Class · found: {names[found]}" if found >= 0 else "Class")
        self.reset_button.setEnabled(state.edited)
        self.edit_button.setEnabled(inverter.own() is not None)
