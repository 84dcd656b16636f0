"""Examples beside what their latents decode to and how the two differ; under each the error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from studio.explore.questions import Pictures
from studio.gui import theme
from studio.gui.explore.film import NOTHING
from studio.gui.explore.parts import choose, row
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.tiles import TileGrid

GAINS = (1, 2, 4, 8)
IMAGES = "Original · reconstruction · difference"
POINTS = "Original · reconstruction (below: squares)"


class Pairs(QWidget):
    """See the module. A click, or the arrow keys and Enter, picks one to be looked at closely."""

    picked = Signal(int)
    activated = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.grid = TileGrid(name="example with its reconstruction")
        self.about = ElidedLabel()
        theme.role(self.about, "quiet")
        self.gain = QComboBox()
        for gain in GAINS:
            self.gain.addItem(f"difference ×{gain}", gain)
        self.gain.setAccessibleName("gain of the difference")
        self.gain.setToolTip("The difference is |reconstruction − original|, black where they agree; brighten it")
        self.gain.activated.connect(lambda index: self._draw())
        self._originals: Pictures = NOTHING
        self._made: Pictures | None = None
        self._differences = True
        self._captions: Sequence[Sequence[str]] = ()
        bar = row(self.about, self.gain)
        bar.setStretch(0, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(bar)
        whole.addWidget(self.grid, 1)
        self.grid.picked.connect(self.picked)
        self.grid.activated.connect(self.activated)
        theme.theme.changed.connect(self._draw)
        self._say("")

    def show_pairs(
        self,
        originals: Pictures,
        made: Pictures | None,
        captions: Sequence[Sequence[str]],
        about: str,
        *,
        differences: bool = True,
    ) -> None:
        """Show uint8 N×H×W×3 beside each other; ``made`` None: nothing was found yet.

        Args:
            captions: wordings for each, the longest first.
            about: what the numbers are.
            differences: whether the pictures can be subtracted (those of points cannot).
        """
        self._originals, self._made, self._captions, self._differences = originals, made, captions, differences
        self._say(about)
        self._draw()

    def show_nothing(self, why: str) -> None:
        """Words in place of pictures."""
        self._originals, self._made, self._captions = NOTHING, None, ()
        self._say("")
        self._draw()
        self.grid.empty_text = why
        self.grid.update()

    def show_current(self, index: int) -> None:
        """Mark the one that is looked at."""
        self.grid.current = index
        self.grid.select({index})
        self.grid.update()

    @property
    def times(self) -> int:
        """The gain of the difference."""
        gain: int = self.gain.currentData()
        return gain

    def set_times(self, gain: int) -> None:
        choose(self.gain, gain)
        self._draw()

    def _say(self, about: str) -> None:
        head = (IMAGES if self._differences else POINTS) if self._made is not None else "Original"
        head = head if len(self._originals) else ""
        self.about.setText(f"{head} · {about}" if head and about else head)
        self.gain.setVisible(self._differences and self._made is not None)

    def _draw(self) -> None:
        ground = QColor(theme.palette().ground)
        tiles = beside(
            self._originals,
            self._made,
            self.times if self._differences else 0,
            (ground.red(), ground.green(), ground.blue()),
        )
        self.grid.set_tiles(tiles, captions=self._captions)


def beside(originals: Pictures, made: Pictures | None, gain: int, ground: tuple[int, int, int]) -> Pictures:
    """One picture for each example, N×H×W′×3: the original, what was made, and gain·|made − original| (0: without)
    side by side, a little of the ground between them. What was not made yet is ground."""
    count, height, width = originals.shape[:3]
    at = places(width, 3 if gain else 2)
    whole = np.empty((count, height, at[-1].stop + at[0].start, 3), np.uint8)
    whole[:] = ground
    whole[:, :, at[0]] = originals
    if made is not None and made.shape == originals.shape:
        whole[:, :, at[1]] = made
        if gain:
            whole[:, :, at[2]] = np.minimum(np.abs(made.astype(np.int16) - originals) * gain, 255)
    return whole


def places(width: int, parts: int) -> list[slice]:
    """The columns of each part: a little apart, and at the sides enough that an example is told from the next one."""
    gap = max(1, width // 24)
    return [slice(start, start + width) for start in range(2 * gap, 2 * gap + parts * (width + gap), width + gap)]
