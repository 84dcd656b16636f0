"""Sliders for the latent along its principal directions and chosen dimensions, and buttons for its categories. All of
them are views of one z.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from studio.explore.codes import REACH as CODE_REACH
from studio.explore.codes import Dial
from studio.explore.questions import DirectionsFound
from studio.gui import theme
from studio.gui.explore import dimensions
from studio.gui.explore.category import Category
from studio.gui.explore.explorer import Explorer
from studio.gui.explore.parts import button, heading, quiet, row, tool
from studio.gui.explore.state import Latents
from studio.gui.widgets.slider import Slider
from studio.models.core.latents import Prior

REACH = 3.0
"""Sliders go to so many σ to either side."""
LABEL = 64


class Steer(QWidget):
    """Randomise, Reset, and the sliders."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.sliders: dict[str, Slider] = {}
        self.categories: dict[str, Category] = {}
        self._prior = Prior()
        self.randomise_button = button(
            "Randomise", "shuffle", "Draw a new latent; what is locked stays as it is", self.randomise
        )
        self.reset_button = button("Reset", "arrow-counter-clockwise", "Back to the latent that was picked", self.reset)
        self.again = tool(
            "arrows-clockwise", "Find the directions again, for the weights of now", explorer.ask_directions
        )
        self.about = quiet()
        self.dims = QLineEdit()
        self.dims.setAccessibleName("dimensions that have a slider")
        self.dims.editingFinished.connect(self._choose_dimensions)
        self.wrong = QLabel()
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        theme.role(self.wrong, "bad")

        self._categories = QVBoxLayout()
        self._directions = QVBoxLayout()
        self._dimensions = QVBoxLayout()
        for box in (self._categories, self._directions, self._dimensions):
            box.setSpacing(theme.SPACE // 2)
        inside = QWidget()
        list_ = QVBoxLayout(inside)
        list_.setContentsMargins(0, 0, theme.SPACE, 0)
        list_.setSpacing(theme.SPACE)
        list_.addLayout(self._categories)
        list_.addLayout(row(heading("Principal directions"), self.about, 1, self.again))
        list_.addLayout(self._directions)
        list_.addLayout(row(heading("Dimensions"), self.dims))
        list_.addWidget(self.wrong)
        list_.addLayout(self._dimensions)
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
        whole.addLayout(row(self.randomise_button, self.reset_button, 1))
        whole.addWidget(scroll, 1)

        explorer.run_shown.connect(self._show_anew)
        explorer.changed.connect(self._show)
        explorer.directions_came.connect(self._show_directions)
        explorer.directions_failed.connect(self._no_directions)

    # --- hands

    def randomise(self) -> None:
        ex = self.explorer
        ex.edit("Randomise", ex.state.randomised(ex.next_seed(), ex.vectors))

    def reset(self) -> None:
        state = self.explorer.state
        self.explorer.edit("Reset the latent", replace(state, z=state.base))

    def _move(self, key: str, shown: float) -> None:
        ex, slider = self.explorer, self.sliders[key]
        new = ex.state.moved(key, shown * self._unit(key), ex.vectors)
        ex.edit(f"Move {slider.label.text()}", new, ("slider", id(slider), slider.gesture))

    def _lock(self, key: str, locked: bool) -> None:
        name = self.sliders[key].label.text()
        self.explorer.edit(f"{'Lock' if locked else 'Unlock'} {name}", self.explorer.state.with_lock(key, locked))

    def _choose(self, category: Dial, value: int) -> None:
        ex = self.explorer
        ex.edit(f"{category.name} = {category.part.labels[value]}", ex.state.chosen(category, value))

    def _lock_category(self, name: str, locked: bool) -> None:
        ex = self.explorer
        ex.edit(f"{'Lock' if locked else 'Unlock'} {name}", ex.state.with_lock(f"cat:{name}", locked))

    def _choose_dimensions(self) -> None:
        state = self.explorer.state
        try:
            dims = dimensions.parse(self.dims.text(), state.prior)
        except ValueError as wrong:
            self.wrong.setText(str(wrong))
            self.wrong.show()
            return
        self.wrong.hide()
        if dims != state.dims:
            kept = frozenset(s for s in state.locked if not s.startswith("dim:") or int(s[4:]) in dims)
            self.explorer.edit("Choose dimensions", replace(state, dims=dims, locked=kept))

    # --- what is shown

    def _unit(self, key: str) -> float:
        """Latent units of one unit of a slider: directions are shown in σ, dimensions too unless they are uniform."""
        state = self.explorer.state
        return state.sigma(state.axis(key, self.explorer.vectors)) if key.startswith("dir:") else 1.0

    def _show_anew(self) -> None:
        prior = self.explorer.state.prior
        there = len(dimensions.first(prior, prior.size))
        self.dims.setToolTip(f"Which of the {there} dimensions have a slider: {dimensions.example(prior)}")
        if prior != self._prior:  # the same dimension is called something else there
            self._prior = prior
            self._rows(self._dimensions, [], "dim:")
            self._category_rows(self.explorer.state.categories)
        self._rows(self._directions, [], "dir:")
        self._rows(self._dimensions, [f"dim:{d}" for d in self.explorer.state.dims], "dim:")
        self._show()

    def _show_directions(self, found: DirectionsFound | None) -> None:
        if self.explorer.view is None:
            return
        self._rows(self._directions, [f"dir:{i}" for i in range(len(found.vectors) if found else 0)], "dir:")
        self.about.setToolTip("Along these the pictures change most, the strongest first")
        self.about.setText(f"of step {found.step:,}" if found else "being found …")
        if found:
            for i, gain in enumerate(found.gains):
                self.sliders[f"dir:{i}"].set_tooltip(
                    f"Direction {i + 1} of the strongest change: {float(gain):.3g} root-mean-square per unit of z. "
                    "In σ of the prior along it"
                )
        self._show()

    def _no_directions(self, message: str) -> None:
        self.about.setText("could not be found")
        self.about.setToolTip(message)

    def _category_rows(self, dials: tuple[Dial, ...]) -> None:
        for gone in self.categories.values():
            self._categories.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        self.categories = {dial.name: self._category(dial) for dial in dials}
        for made in self.categories.values():
            self._categories.addWidget(made)

    def _category(self, dial: Dial) -> Category:
        made = Category(dial)
        made.chosen.connect(lambda value: self._choose(dial, value))
        made.locked_changed.connect(lambda locked: self._lock_category(dial.name, locked))
        return made

    def _rows(self, box: QVBoxLayout, keys: list[str], kind: str) -> None:
        """Make the sliders of one group; those that are there already stay, so that a drag goes on."""
        for key in [k for k in self.sliders if k.startswith(kind) and k not in keys]:
            gone = self.sliders.pop(key)
            box.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, key in enumerate(keys):
            slider = self.sliders.get(key) or self._slider(key)
            self.sliders[key] = slider
            if box.indexOf(slider) != place:
                box.removeWidget(slider)
                box.insertWidget(place, slider)
            low, high = self._range(key)
            slider.set_range(low, high)
            if high == CODE_REACH:
                slider.set_band(-1.0, 1.0)

    def _range(self, key: str) -> tuple[float, float]:
        kind, number = key.split(":")
        part = None if kind == "dir" else self.explorer.state.prior.part(int(number))
        if part is None or part.kind == "normal":
            return -REACH, REACH
        return (-CODE_REACH, CODE_REACH) if part.role == "code" else (-1.0, 1.0)

    def _slider(self, key: str) -> Slider:
        kind, number = key.split(":")
        prior = self.explorer.state.prior
        uniform = kind == "dim" and prior.part(int(number)).kind != "normal"
        called = f"dir {int(number) + 1}" if kind == "dir" else dimensions.name(prior, int(number))
        made = Slider(
            called,
            *self._range(key),
            unit="" if uniform else "σ",
            step=0.05,
            lockable=True,
            tooltip=f"Dimension {number} of the latent{'' if uniform else ', in σ of the prior'}",
        )
        made.set_label_width(LABEL)
        made.value_changed.connect(lambda value: self._move(key, value))
        made.locked_changed.connect(lambda locked: self._lock(key, locked))
        return made

    def _show(self, before: Latents | None = None) -> None:
        state, vectors = self.explorer.state, self.explorer.vectors
        if before is not None and before.dims != state.dims:
            self._rows(self._dimensions, [f"dim:{d}" for d in state.dims], "dim:")
        if not self.dims.hasFocus() or (before is not None and before.dims != state.dims):
            self.dims.setText(dimensions.written(state.dims, state.prior))
            self.wrong.hide()
        for name, category in self.categories.items():
            category.show_value(state.z)
            category.set_locked(f"cat:{name}" in state.locked)
        for key, slider in self.sliders.items():
            along, unit = state.axis(key, vectors), self._unit(key)
            slider.set_value(float(along @ state.z) / unit)
            slider.set_default(float(along @ state.base) / unit)
            slider.set_locked(key in state.locked)
        self.reset_button.setEnabled(state.edited)
