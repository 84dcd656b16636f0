"""Examples as pictures, also where they are points: then a dot among the real data, always in the same window."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.data.dataset import DataSpec
from studio.explore.questions import Decoded, Pictures
from studio.gui import work
from studio.gui.explore.plane import Plane, of_dataset

NOWHERE = np.zeros((0, 2))


class Drawn(QObject):
    """How the examples of one dataset look."""

    plane_came = Signal()
    """The real points are known now: what was drawn without them may be drawn again."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.data: DataSpec | None = None
        self.plane = Plane(NOWHERE)

    def show(self, data: DataSpec) -> None:
        """Examples of this dataset from now on; real points are read off the window's thread."""
        if self.data is not None and self.data.fingerprint == data.fingerprint:
            return
        self.data, self.plane = data, Plane(NOWHERE)
        if data.kind == "points":

            def came(plane: Plane) -> None:
                if self.data is data:
                    self.plane = plane
                    self.plane_came.emit()

            work.run(self, lambda watch: of_dataset(data.fingerprint), came, lambda error: None)

    @property
    def pixels(self) -> int:
        """Of one example; 0 for points."""
        if self.data is None or self.data.kind == "points":
            return 0
        height, width = self.data.size
        return height * width

    def pictures(self, found: Decoded) -> Pictures:
        """One for each example of an answer."""
        if found.points is None:
            return found.images
        return self.plane.pictures(found.points)
