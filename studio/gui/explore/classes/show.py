"""The pictures of the classes panel: the grid, and the current one, large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QSplitter, QVBoxLayout, QWidget

from studio.explore.questions import Pictures
from studio.gui import theme
from studio.gui.explore.classes.state import Classes
from studio.gui.explore.film import NOTHING, Picture
from studio.gui.explore.parts import quiet
from studio.gui.widgets.tiles import TileGrid, stacked


class Show(QWidget):
    """See the module."""

    seen = Signal()
    """It comes on screen."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: Classes | None = None
        """The state that the grid on screen was made of."""
        self.grid = TileGrid(name="picture")
        self.grid.caption = self._tell
        self.about = quiet()
        self.picture = Picture("the current picture", 120)
        self.caption = quiet()
        for label in (self.about, self.caption):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(stacked(self.grid, self.about))
        self.split.addWidget(stacked(self.picture, self.caption, left=theme.SPACE))
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setSizes([620, 380])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.split)

    def showEvent(self, event: object) -> None:
        self.seen.emit()

    def clear(self, words: str) -> None:
        self.shown = None
        self.grid.set_tiles(NOTHING)
        self.grid.empty_text = words
        self.picture.show_picture(None)
        self.about.clear()
        self.caption.clear()

    def fail(self, message: str) -> None:
        self.picture.show_message(message)
        self.grid.empty_text = ""
        self.grid.update()

    def show_grid(self, state: Classes, images: Pictures) -> None:
        """The pictures of ``state.grid()``."""
        captions = self._captions_until_seen(state, len(images))
        self.shown = state
        self.grid.empty_text = ""
        names, down = state.names, [str(i + 1) for i in range(state.rows)]
        a, b = names[state.chosen], names[state.other]
        if state.view == "one":
            self.grid.set_tiles(images, captions=captions)
            said = f"{len(images)} samples of {a}, seed {state.seed}"
        elif state.view == "between":
            ends = [a, *(f"{t:.2f}" for t in state.places[1:-1]), b]
            self.grid.set_tiles(images, state.steps, down, ends, captions)
            said = f"From {a} to {b}, a row for each latent of seed {state.seed}"
        else:
            self.grid.set_tiles(images, len(state.columns), down, [names[c] for c in state.columns], captions)
            many = f" · {len(state.columns)} of {len(names)} classes" if len(state.columns) < len(names) else ""
            said = f"A row for each latent of seed {state.seed}{many}"
        self.about.setText(said)
        self.about.setToolTip(f"{said}. Click a picture to see it large.")

    def _captions_until_seen(self, state: Classes, count: int) -> Sequence[Sequence[str]]:
        """Until the classifier has looked: what it saw in the same latents before, or the room for its words."""
        if not self.grid.captions:
            return ()
        same = self.shown is not None and np.array_equal(self.shown.grid()[0], state.grid()[0])
        return self.grid.captions if same else [[""]] * count

    def show_seen(self, state: Classes, labels: npt.NDArray[np.int64] | None) -> tuple[int, int] | None:
        """Write under each picture what a classifier sees in it. How many are of the class that was asked for, and of
        how many: None where mixtures were asked for, or the pictures are of another state by now."""
        if labels is None or self.shown is not state or len(labels) != len(self.grid.images):
            return None
        names = state.names
        captions = [[names[label]] if label < len(names) else [] for label in labels]
        self.grid.set_tiles(self.grid.images, self.grid.across, self.grid.row_names, self.grid.column_names, captions)
        if state.view == "between":
            return None
        wanted = np.full(len(labels), state.chosen) if state.view == "one" else np.tile(state.columns, state.rows)
        return int((labels == wanted).sum()), len(labels)

    def show_current(self, state: Classes, image: Pictures, step: int) -> None:
        names = state.names
        what = names[state.chosen]
        if state.view == "between":
            what = f"{state.t:.2f} of the way from {names[state.chosen]} to {names[state.other]}"
        self.picture.show_picture(image)
        self.caption.setText(f"{what} · latent {state.pick + 1}")
        self.caption.setToolTip(f"{self.caption.text()} of seed {state.seed} · step {step:,}")

    def mark(self, state: Classes) -> None:
        """Where in the grid the current latent is, if it is there."""
        row, column = state.pick, 0
        if state.view == "one":
            self.grid.set_here(-1, -1)
            self.grid.select({state.pick})
            return
        across: tuple[float, ...] = state.places if state.view == "between" else state.columns
        value = state.t if state.view == "between" else state.chosen
        away = np.abs(np.asarray(across) - value)
        column = int(away.argmin()) if away.min() < 1e-6 else -1
        self.grid.set_here(row, column)
        self.grid.select({row * len(across) + column} if column >= 0 else set())

    def _tell(self, index: int) -> str:
        if self.shown is None or index >= len(self.shown.grid()[0]):
            return ""
        one = self.shown.picked(index)
        names = one.names
        if one.view == "between":
            return f"latent {one.pick + 1} · {one.t:.2f} of the way from {names[one.chosen]} to {names[one.other]}"
        return f"latent {one.pick + 1} · class {names[one.chosen]}"
