"""Beside the plane of a flow: what is seen, which samples, what is measured, and the point that is followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QGridLayout, QVBoxLayout, QWidget

from studio.explore.questions import DensityFound, Followed, LikelihoodsFound
from studio.explore.warping import MOST_SAMPLES
from studio.gui import theme
from studio.gui.explore.flow.split import Split
from studio.gui.explore.flow.state import FEWEST, MOST_SEED
from studio.gui.explore.flow.stream import Stream
from studio.gui.explore.parts import button, choose, heading, quiet, row
from studio.gui.glossary import hover_card
from studio.gui.shortcuts import key
from studio.gui.widgets.plot import plain
from studio.gui.widgets.spin import SpinBox

LAYERS = (
    ("density", "Density", "As a heat map: how likely the flow makes each place after so many of its steps"),
    ("contours", "Contours", "Lines that hold 50, 90 and 99 % of the mass"),
    (
        "lattice",
        "Lattice and circles",
        "A regular grid of the latent space and its circles of 1, 2 and 3 σ, carried along",
    ),
    ("samples", "Samples", "Samples of the prior on their way; the colour is the angle of the latent, and stays"),
    ("real", "Real points", "The dataset, in grey: where the last step should arrive"),
)


class Controls(QWidget):
    """Asks the stream for edits, and shows what it found."""

    edit_wanted = Signal()
    """The latent of the point is to be edited by hand."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self.stream = stream
        self.layers: dict[str, QCheckBox] = {}
        for name, text, tip in LAYERS:
            box = QCheckBox(text)
            box.setToolTip(tip)
            box.setAccessibleDescription(tip)
            box.clicked.connect(lambda on, n=name: self._set_layers(f"Show {n}", **{n: on}))
            self.layers[name] = box
        self.scale = QComboBox()
        self.scale.addItem("linear", False)
        self.scale.addItem("logarithmic", True)
        self.scale.setAccessibleName("scale of the density")
        self.scale.setToolTip("Linear shows where the mass is; logarithmic, ten nats deep, what lies between")
        self.scale.activated.connect(lambda i: self._set_layers("Scale of the density", log=self.scale.itemData(i)))
        self.seed = self._spin(0, MOST_SEED, "Start of the random numbers of the samples")
        self.seed.valueChanged.connect(lambda value: self._set("Seed of the flow", seed=value))
        tip = "Other samples of the prior (R)"
        self.new = button("New seed", "dice-five", tip, self.new_seed)
        self.new.setShortcut(key("Explore", "new seed").keys[0])
        self.count = self._spin(FEWEST, MOST_SAMPLES, "How many samples flow")
        self.count.setSingleStep(100)
        self.count.valueChanged.connect(lambda value: self._set("Count of the samples", count=value))
        form = QFormLayout()
        form.setSpacing(theme.SPACE)
        form.addRow("Seed", row(self.seed, self.new, 1))
        form.addRow("Count", row(self.count, 1))
        self.reset_button = button(
            "Reset",
            "arrow-counter-clockwise",
            "The layers and the last step as at the beginning; the seed stays",
            self.reset,
        )
        self.mass, self.likelihood = quiet(wrap=True), quiet(wrap=True)
        held = heading("Likelihood")
        hover_card(held, "likelihood")
        self.point = quiet(wrap=True)
        self.split = Split()
        follows = heading("A point and its log-density")
        hover_card(follows, "log-det")
        self.edit_button = button(
            "Edit latent", "sliders", "Open its latent in the panel that steers every dimension", self.edit_wanted.emit
        )
        self.clear_button = button("Let go", "x", "Follow no point any more (Escape in the plane)", self.stream.follow)
        self.split_about = quiet("Each bar begins where the one above ends; the last is the sum, in nats.", wrap=True)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(heading("Show"), 1, self.reset_button))
        whole.addLayout(row(self.layers["density"], self.scale, 1))
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE)
        grid.setColumnStretch(1, 1)
        for place, (name, _, _) in enumerate(LAYERS[1:]):
            grid.addWidget(self.layers[name], place // 2, place % 2)
        whole.addLayout(grid)
        whole.addSpacing(theme.SPACE)
        whole.addWidget(heading("Samples"))
        whole.addLayout(form)
        whole.addSpacing(theme.SPACE)
        for part in (held, self.likelihood, self.mass):
            whole.addWidget(part)
        whole.addSpacing(theme.SPACE)
        for part in (follows, self.point):
            whole.addWidget(part)
        whole.addWidget(self.split)
        whole.addWidget(self.split_about)
        whole.addLayout(row(self.edit_button, self.clear_button, 1))
        whole.addStretch(1)

        stream.run_shown.connect(self._show_anew)
        stream.changed.connect(lambda before: self.show_state())
        stream.density_came.connect(self._density)
        stream.likelihoods_came.connect(self._likelihoods)
        stream.likelihoods_failed.connect(lambda message: self.likelihood.setText(f"No likelihood: {message}"))
        stream.followed.connect(self._follow)
        stream.follow_failed.connect(lambda message: self.point.setText(f"It cannot be followed: {message}"))
        self._follow(None)

    def _spin(self, low: int, high: int, tip: str) -> SpinBox:
        made = SpinBox()
        made.setRange(low, high)
        made.setKeyboardTracking(False)
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.setFixedWidth(112)
        return made

    # --- hands

    def new_seed(self) -> None:
        if self.stream.view is not None:
            self._set("Seed of the flow", seed=(self.stream.state.seed + 1) % (MOST_SEED + 1))

    def reset(self) -> None:
        if self.stream.view is not None:
            self.stream.edit("Reset the flow", self.stream.state.reset())

    def _set(self, text: str, **values: int) -> None:
        if self.stream.view is not None:
            self.stream.edit(text, replace(self.stream.state, **values), text)  # type: ignore[arg-type]

    def _set_layers(self, text: str, **values: bool) -> None:
        if self.stream.view is not None:
            state = self.stream.state
            self.stream.edit(text, replace(state, layers=replace(state.layers, **values)))

    # --- what is shown

    def _show_anew(self) -> None:
        self.mass.setText("Measuring its mass …")
        self.likelihood.setText("Looking …")
        self.show_state()

    def show_state(self) -> None:
        state = self.stream.state
        for name, box in self.layers.items():
            box.setChecked(getattr(state.layers, name))
        choose(self.scale, state.layers.log)
        self.scale.setEnabled(state.layers.density)
        for spin, value in ((self.seed, state.seed), (self.count, state.count)):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)
        self.reset_button.setEnabled(state.reset() != state)

    def _density(self, found: DensityFound) -> None:
        window = self.stream.window
        if window is None:
            return
        mass = "–" if not np.isfinite(found.mass) else f"{found.mass:.3f}"
        cells = len(found.log_density)
        (x, y), r = window.centre, window.reach
        self.mass.setText(f"{mass} of the mass is in the window.")
        at = f"{x - r:.2f} to {x + r:.2f} by {y - r:.2f} to {y + r:.2f}".replace("-", "−")
        self.mass.setToolTip(
            f"The density after the last step, summed over {cells}×{cells} cells of the window {at}: it is 1 where the "
            "window holds everything"
        )

    def _likelihoods(self, found: LikelihoodsFound) -> None:
        parts = []
        for name, values in (("held out", found.held_out), ("training", found.train)):
            good = values[np.isfinite(values)]
            if len(good):
                error = good.std(ddof=1) / np.sqrt(len(good)) if len(good) > 1 else 0.0
                parts.append(f"{name} {plain(float(good.mean()))} ± {plain(float(error))} nats")
        self.likelihood.setText("Log-likelihood: " + ", ".join(parts) if parts else "No example to measure it on.")
        self.likelihood.setToolTip(
            f"Exact; the mean over {len(found.held_out):,} held-out and {len(found.train):,} training examples, "
            f"± its standard error, at step {found.step:,}"
        )

    def _follow(self, found: Followed | None) -> None:
        for part in (self.split, self.split_about, self.edit_button, self.clear_button):
            part.setVisible(found is not None)
        if found is None:
            self.point.setText("Click in the plane: a sample, a real point, or any place after the last step.")
            self.split.show_density((), np.zeros(0))
            return
        z, x = found.z, found.points[-1]
        far = [plain(v) for v in (found.back_z, found.back_x)]
        self.point.setText(
            f"z = {pair(z)} · x = {pair(x)}\nThere and back: z off by {far[0]} σ, x by {far[1]} data units at most."
        )
        self.split.show_density(found.names, found.log_density)


def pair(values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float32]]) -> str:
    return "(" + ", ".join(f"{float(v):.3f}" for v in values).replace("-", "−") + ")"
