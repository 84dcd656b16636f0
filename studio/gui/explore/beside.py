"""What the current latent is compared with: the example that it was encoded from, small, and how far off it is now."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy

from studio.explore.questions import Decoded, Pictures
from studio.gui import theme
from studio.gui.explore.explorer import Explorer
from studio.gui.explore.film import Picture
from studio.gui.explore.parts import row, tool
from studio.gui.widgets.plot import plain

SIDE = 72
KEPT = 32
"""Pictures to compare with that are kept, the newest."""


class Beside(QFrame):
    """Seen while the current latent began as the one that was handed over with a picture: steering it keeps it, undo
    brings it back, picking a sample puts it away."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.kept: dict[tuple[str, str], Pictures] = {}
        """By run and by what the latent is."""
        self.picture = Picture("the original", SIDE)
        self.picture.setFixedSize(SIDE, SIDE)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        theme.role(self.words, "quiet")
        self.away = tool("x", "Put the original away", self.put_away)
        bar = row(self.picture, self.words, self.away)
        bar.setStretch(1, 1)
        self.setLayout(bar)
        self.hide()
        explorer.run_shown.connect(self._show)
        explorer.changed.connect(lambda before: self._show())
        explorer.picture_came.connect(self._measure)

    def keep(self, picture: Pictures, what: str) -> None:
        """Compare with this, uint8 H×W×3, whatever begins as the latent ``what`` of the run that is shown."""
        self.kept.pop((self.explorer.where.run, what), None)
        self.kept[self.explorer.where.run, what] = picture
        while len(self.kept) > KEPT:
            del self.kept[next(iter(self.kept))]
        self._show()

    def put_away(self) -> None:
        """Not wanted for this latent any more."""
        self.kept.pop((self.explorer.where.run, self.explorer.state.source), None)
        self._show()

    @property
    def shown(self) -> Pictures | None:
        """What is compared with now."""
        if self.explorer.view is None or self.explorer.state.pick is not None:
            return None
        return self.kept.get((self.explorer.where.run, self.explorer.state.source))

    def _show(self) -> None:
        shown = self.shown
        self.setVisible(shown is not None)
        if shown is not None:
            self.picture.show_picture(shown)
            self.words.setText(self._name())
            if self.explorer.picture is not None:
                self._measure(self.explorer.picture)

    def _name(self) -> str:
        return f"Original of {self.explorer.state.source}"

    def _measure(self, found: Decoded) -> None:
        """How far the current picture is from it; of points no picture can tell."""
        shown = self.shown
        if shown is None:
            return
        words = self._name()
        if len(found.images) and found.images[0].shape == shown.shape:
            apart = found.images[0].astype(np.float64) - shown
            error = float(np.sqrt(np.square(apart).mean()))
            words += f"\nnow RMSE {plain(error)} grey levels (0–255)"
        self.words.setText(words)
        self.picture.setAccessibleDescription(words)
