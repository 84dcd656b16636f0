"""Sliders: the latent along its principal directions and along chosen dimensions. All of them are views of one z."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from studio.explore.questions import DirectionsFound
from studio.gui import theme
from studio.gui.explore.explorer import Explorer
from studio.gui.explore.parts import button, heading, quiet, row, tool
from studio.gui.explore.state import Latents, dimensions_text, parse_dimensions
from studio.gui.widgets.slider import Slider

REACH = 3.0
"""Sliders go to so many σ to either side."""
LABEL = 64


class Steer(QWidget):
    """Randomise, Reset, and the sliders."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.sliders: dict[str, Slider] = {}
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

        self._directions = QVBoxLayout()
        self._dimensions = QVBoxLayout()
        for box in (self._directions, self._dimensions):
            box.setSpacing(theme.SPACE // 2)
        inside = QWidget()
        list_ = QVBoxLayout(inside)
        list_.setContentsMargins(0, 0, theme.SPACE, 0)
        list_.setSpacing(theme.SPACE)
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

    def _choose_dimensions(self) -> None:
        state = self.explorer.state
        try:
            dims = parse_dimensions(self.dims.text(), state.size)
        except ValueError as wrong:
            self.wrong.setText(str(wrong))
            self.wrong.show()
            return
        self.wrong.hide()
        if dims != state.dims:
            kept = frozenset(s for s in state.locked if s.startswith("dir:") or int(s[4:]) in dims)
            self.explorer.edit("Choose dimensions", replace(state, dims=dims, locked=kept))

    # --- what is shown

    def _unit(self, key: str) -> float:
        """Latent units of one unit of a slider: directions are shown in σ, dimensions too unless they are uniform."""
        state = self.explorer.state
        return state.sigma(state.axis(key, self.explorer.vectors)) if key.startswith("dir:") else 1.0

    def _show_anew(self) -> None:
        self.dims.setToolTip(
            f"Which of the {self.explorer.state.size} dimensions have a slider: numbers and ranges, as in 0-5, 12"
        )
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
            normal = kind == "dir:" or self.explorer.state.prior.part(int(key[4:])).kind == "normal"
            slider.set_range(*((-REACH, REACH) if normal else (-1.0, 1.0)))

    def _slider(self, key: str) -> Slider:
        kind, number = key.split(":")
        uniform = kind == "dim" and self.explorer.state.prior.part(int(number)).kind != "normal"
        made = Slider(
            f"dir {int(number) + 1}" if kind == "dir" else f"z {number}",
            -1.0,
            1.0,
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
            self.dims.setText(dimensions_text(state.dims))
            self.wrong.hide()
        for key, slider in self.sliders.items():
            along, unit = state.axis(key, vectors), self._unit(key)
            slider.set_value(float(along @ state.z) / unit)
            slider.set_default(float(along @ state.base) / unit)
            slider.set_locked(key in state.locked)
        self.reset_button.setEnabled(state.edited)
