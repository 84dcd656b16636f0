"""The picture area of the latent panel: samples to pick from, and the current latent, large."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from studio.explore.questions import Decoded, NearestFound, Through
from studio.gui import theme, work
from studio.gui.explore.category import MOST_NAMED, mixture
from studio.gui.explore.explorer import NORMAL_END, Explorer
from studio.gui.explore.film import Picture
from studio.gui.explore.parts import WARMTH, button, quiet, row
from studio.gui.explore.plane import Plane, of_dataset
from studio.gui.explore.state import HOTTEST, MOST_SAMPLES, Latents
from studio.gui.shortcuts import key
from studio.gui.widgets.image_grid import ImageGrid
from studio.gui.widgets.scatter import Scatter
from studio.gui.widgets.slider import Slider
from studio.gui.widgets.spin import SpinBox

LEAST = 0.05
BOUND = "Keep each value of the noise within this bound: less variety, more typical samples"


class Stage(QWidget):
    """See the module."""

    step_shown = Signal(int)

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.seed = SpinBox()
        self.seed.setRange(0, 2**31 - 1)
        self.seed.setPrefix("Seed ")
        self.seed.setToolTip("Start of the random numbers: the same seed gives the same samples again")
        self.seed.setAccessibleName("seed")
        self.seed.valueChanged.connect(lambda seed: self._redraw("Seed", seed=seed))
        self.new = button("New seed", "dice-five", "Draw other samples (R)", self.new_seed)
        self.new.setShortcut(key("Explore", "new seed").keys[0])
        self.count = SpinBox()
        self.count.setRange(1, MOST_SAMPLES)
        self.count.setSuffix(" samples")
        self.count.setToolTip(f"How many samples are drawn, at most {MOST_SAMPLES:,}")
        self.count.setAccessibleName("number of samples")
        self.count.valueChanged.connect(lambda count: self._redraw("Number of samples", count=count))
        for box, width in ((self.seed, 152), (self.count, 120)):  # the longest numbers fit
            box.setKeyboardTracking(False)
            box.setFixedWidth(width)
        self.truncation = Slider(
            "Truncation",
            LEAST,
            NORMAL_END,
            value=NORMAL_END,
            step=0.05,
            unit="σ",
            at_high="off",
            tooltip=BOUND,
        )
        self.truncation.value_changed.connect(self._truncate)
        self.temperature = Slider("Temperature", 0.0, HOTTEST, value=1.0, step=0.05, tooltip=WARMTH)
        self.temperature.value_changed.connect(self._warm)

        self.grid = ImageGrid(name="sample")
        self.grid.picked.connect(self._pick)
        self.grid.selection_changed.connect(lambda: self.explorer.select(self.grid.selected))
        self.picture = Picture("the current latent")
        self.caption = quiet()
        self.hint = quiet("Click to steer one, Ctrl+click to select several")
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        for label in (self.hint, self.caption):
            label.setIndent(theme.SPACE // 2)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for top, below in ((self.grid, self.hint), (self.picture, self.caption)):
            self.split.addWidget(_over(top, below))
        for side in (0, 1):
            self.split.setStretchFactor(side, 1)
        self.split.setSizes([1000, 1000])
        self.scatter = Scatter()
        self.scatter.picked.connect(self._pick)
        self.scatter.selection_changed.connect(lambda: self.explorer.select(self.scatter.selected))
        self.place = quiet()
        self.body = QStackedWidget()
        self.body.addWidget(self.split)
        self.body.addWidget(_over(self.scatter, self.place))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE)
        bar = row(self.seed, self.new, self.count)
        sliders = QVBoxLayout()  # below each other: beside each other they would make the window wider than 1280 px
        sliders.setSpacing(0)
        for slider in (self.truncation, self.temperature):
            slider.set_label_width(88)
            sliders.addWidget(slider)
        bar.addLayout(sliders, 1)
        whole.addLayout(bar)
        whole.addWidget(self.body, 1)

        self._trail_of = "walk"
        self._fresh = False
        explorer.run_shown.connect(self._show_anew)
        explorer.changed.connect(self._show)
        explorer.samples_came.connect(self._samples_came)
        explorer.picture_came.connect(self._picture_came)
        explorer.frame_shown.connect(self._frame_shown)
        explorer.failed.connect(self._failed)

    # --- hands

    def new_seed(self) -> None:
        """Draw with the next seed."""
        self._redraw("New seed", seed=(self.explorer.state.seed + 1) % 2**31)

    def _redraw(self, what: str, *, seed: int | None = None, count: int | None = None) -> None:
        if self.explorer.view is not None:
            self.explorer.edit(what, self.explorer.state.redrawn(seed=seed, count=count))

    def _truncate(self, bound: float) -> None:
        if self.explorer.view is not None:
            wanted = None if bound >= self.truncation.range()[1] else bound
            new = self.explorer.state.redrawn(truncation=wanted)
            self.explorer.edit("Truncation", new, ("truncation", self.truncation.gesture))

    def _warm(self, temperature: float) -> None:
        if self.explorer.view is not None:
            new = self.explorer.state.redrawn(temperature=temperature)
            self.explorer.edit("Temperature", new, ("temperature", self.temperature.gesture))

    def _pick(self, index: int) -> None:
        self.explorer.edit(f"Pick sample {index + 1}", self.explorer.state.picked(index))

    # --- what is shown

    def _show_anew(self) -> None:
        state = self.explorer.state
        noise = any(True for _ in state.prior.placed("noise"))
        self.truncation.setEnabled(noise)
        self.truncation.set_tooltip(BOUND if noise else "This latent has no noise that could be truncated")
        self.truncation.set_unit("σ" if state.in_sigma else "")
        self.truncation.set_range(LEAST, self.explorer.bound)
        self.truncation.set_default(self.truncation.range()[1])
        self.temperature.set_default(1.0 if self.explorer.view is None else self.explorer.view.temperature)
        self.body.setCurrentIndex(1 if self.explorer.points else 0)
        self.grid.clear()
        self.grid.empty_text = "Drawing samples …"
        self.picture.show_picture(None)
        none = np.zeros((0, 2))
        for show in (self.scatter.set_samples, self.scatter.set_current, self.scatter.set_near, self.scatter.set_trail):
            show(none)
        self.scatter.set_mesh(none, 0)
        for part in (self.grid, self.scatter):
            part.select(set())
        self.explorer.select(set())
        self._fresh = True
        for label in (self.caption, self.place):
            label.clear()
        if self.explorer.points:
            self._load_real()
        self._show()

    def _show(self, before: Latents | None = None) -> None:
        state = self.explorer.state
        for box, value in ((self.seed, state.seed), (self.count, state.count)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        end = self.truncation.range()[1]
        self.truncation.set_value(end if state.truncation is None else state.truncation)
        self.temperature.set_value(state.temperature)
        self.temperature.setVisible(self.explorer.tempered)
        self.truncation.setVisible(
            not self.explorer.tempered or state.truncation is not None
        )  # of a file, to be undone
        if before is None or before.pick != state.pick:
            chosen = set() if state.pick is None else {state.pick}
            if before is None or not chosen <= set(self.explorer.selection):
                self._shown.select(chosen)

    @property
    def _shown(self) -> ImageGrid | Scatter:
        """Where the samples are, pictures or points."""
        return self.scatter if self.explorer.points else self.grid

    def _samples_came(self, found: Decoded) -> None:
        if found.points is not None:
            self.scatter.set_samples(found.points)
        else:
            self.grid.empty_text = ""
            self.grid.set_images(found.images)
        pick = self.explorer.state.pick
        if self._fresh and pick is not None:
            self._shown.select({pick})
        self._fresh = False
        self.step_shown.emit(found.step)

    def _picture_came(self, found: Decoded) -> None:
        self._see(found, self._name())
        self.step_shown.emit(found.step)

    def _frame_shown(self, found: Decoded, caption: str) -> None:
        self._see(found, caption)

    def _see(self, found: Decoded, caption: str) -> None:
        if found.points is not None:
            self.scatter.set_current(found.points)
            x, y = found.points[0]
            self.place.setText(f"{caption} · at {x:.3f}, {y:.3f} · step {found.step:,}")
        elif len(found.images):
            self.picture.show_picture(found.images[0])
            self.caption.setText(f"{caption} · step {found.step:,}")
            self.caption.setToolTip(self.caption.text())

    def _name(self) -> str:
        state = self.explorer.state
        words = [f"{state.name}, edited" if state.edited else state.name]
        words += [f"{c.name} {mixture(c, state.z)}" for c in state.categories[:MOST_NAMED]]
        return " · ".join(words)

    def _failed(self, message: str) -> None:
        self.picture.show_message(message)
        self.place.setText(message)
        self.grid.empty_text = ""
        self.grid.update()

    # --- points: what else is in the plane

    def _load_real(self) -> None:
        if self.explorer.plane is not None:
            return
        fingerprint = self.explorer.data.fingerprint

        def show(plane: Plane) -> None:
            if self.explorer.view is not None and self.explorer.data.fingerprint == fingerprint:
                self.explorer.plane = plane
                self.scatter.set_real(plane.real)
                self.explorer.plane_came.emit()

        def missing(error: Exception) -> None:
            self.scatter.set_real(np.zeros((0, 2)))
            self.place.setText(f"The training data cannot be shown: {error}")

        work.run(self, lambda watch: of_dataset(fingerprint), show, missing)

    def show_near(self, found: NearestFound | None) -> None:
        if self.explorer.points:
            points = None if found is None else found.points
            self.scatter.set_near(np.zeros((0, 2)) if points is None else points.reshape(-1, 2))

    def show_trail(self, of: str, found: Decoded | Through | None) -> None:
        """The walk's frames, or the latent's way through the checkpoints, as a line; the latest told is shown."""
        points = None if found is None else found.points
        if points is not None:
            self._trail_of = of
            self.scatter.set_trail(points)
        elif of == self._trail_of:
            self.scatter.set_trail(np.zeros((0, 2)))

    def show_mesh(self, found: Decoded | None, columns: int) -> None:
        points = None if found is None else found.points
        self.scatter.set_mesh(np.zeros((0, 2)) if points is None else points, 0 if points is None else columns)


def _over(top: QWidget, below: QLabel) -> QWidget:
    made = QWidget()
    box = QVBoxLayout(made)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(4)
    box.addWidget(top, 1)
    box.addWidget(below)
    return made
