"""What the chosen dataset looks like, where samples will be once something trains on it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.data.dataset import DataSpec
from studio.gui import theme, work
from studio.gui.widgets.image_grid import ImageGrid

POINTS = 4000
POINTS_SIZE = 640
"""Pixels a side of a picture of points: about as large as it is shown."""


class RealView(QWidget):
    """Real examples with their name above and what to do below; until they are read, only the words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data: DataSpec | None = None
        self.heading = QLabel()
        theme.role(self.heading, "heading")
        self.grid = ImageGrid(name="real example", multi=False)
        self.sentence = QLabel()
        theme.role(self.sentence, "quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE, 0, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        for part in (self.heading, self.sentence):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            part.setWordWrap(True)
            part.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        layout.addWidget(self.heading)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.sentence)
        self.show_data(None)

    def show_data(self, data: DataSpec | None) -> None:
        """Show some of a dataset, read by a worker; None: nothing is chosen."""
        if data is not None and self.data is not None and data.fingerprint == self.data.fingerprint:
            self._say(data)
            return
        self.data = data
        self.grid.clear()
        self._say(data)
        if data is None:
            self.grid.empty_text = "Drop images here, or choose a dataset at the left."
            return
        self.grid.empty_text = "Reading …"

        def failed(wrong: Exception) -> None:
            if data is self.data:
                self.grid.empty_text = f"{data.name} cannot be shown.\n{wrong}"
                self.grid.update()

        def done(pictures: npt.NDArray[np.uint8]) -> None:
            if data is self.data:
                self.grid.set_images(pictures)

        work.run(self, lambda watch: read(data), done, failed)

    def _say(self, data: DataSpec | None) -> None:
        for part in (self.heading, self.sentence):
            part.setVisible(data is not None)
        if data is not None:
            what = "Real points" if data.kind == "points" else "Real examples"
            self.heading.setText(f"{what} of {data.name}")
            self.sentence.setText("Train, and samples in their likeness appear here.")


def read(data: DataSpec) -> npt.NDArray[np.uint8]:
    """Some examples, always the same ones, uint8 N×H×W×3; of points one picture.

    Raises:
        Unreadable: the dataset is gone or damaged.
    """
    from studio.data import pictures, store  # here: they open files, and this runs off the window's thread

    values = store.open(data.fingerprint).values
    count = POINTS if data.kind == "points" else 66 if max(data.size) < 48 else 24
    chosen = np.random.default_rng(0).permutation(len(values))[:count]
    some = np.asarray(values[np.sort(chosen)])
    if data.kind == "points":
        return pictures.points_picture(some, size=POINTS_SIZE)[None]
    shuffled = some[np.random.default_rng(1).permutation(len(some))]  # sorted data would show one class after another
    return pictures.to_pictures(shuffled, data)
