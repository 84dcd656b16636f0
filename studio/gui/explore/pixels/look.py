"""How surprising each pixel of real examples is: the picture, the map of its nats, and both in one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.explore.questions import Pictures, Surprised
from studio.gui import theme
from studio.gui.explore.encode.state import name_of
from studio.gui.explore.film import NOTHING, Film
from studio.gui.explore.parts import quiet, row
from studio.gui.explore.pixels import heat
from studio.gui.explore.pixels.cells import Cell, Cells
from studio.gui.explore.pixels.easel import Easel
from studio.gui.explore.pixels.heat import Legend
from studio.gui.explore.pixels.state import Seen
from studio.gui.glossary import hover_card

CHOOSE = "Choose a real example on the right, or drop a picture file here: then its surprising pixels are seen."
SEEN: tuple[tuple[str, Seen, str], ...] = (
    ("Side by side", "both", "The picture, and the map of its surprise beside it"),
    ("Map over it", "over", "The map, and the picture through it"),
    ("Map", "map", "The map alone"),
    ("Picture", "picture", "The picture alone"),
)


class Look(QWidget):
    """See the module."""

    picked = Signal(int)
    """Which of the chosen examples is looked at."""

    def __init__(self, easel: Easel) -> None:
        super().__init__()
        self.easel = easel
        self.picture = Cells("the example as the model holds it")
        self.map = Cells("surprise of each pixel")
        self.map.setToolTip("How surprising each pixel was, given those before it; rest on one, or go by arrow keys")
        self.legend = Legend()
        self.total = QLabel()
        self.total.setWordWrap(True)
        theme.role(self.total, "heading")
        hover_card(self.total, "surprise")
        self.pixel = quiet()
        self.film = Film("examples; choose one to look at it", 72)
        pictures = row(self.picture, self.map)
        words = row(self.total, self.pixel)
        words.setStretch(0, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(words)
        whole.addLayout(pictures, 1)
        whole.addWidget(self.legend)
        whole.addWidget(self.film)
        for cells, other in ((self.picture, self.map), (self.map, self.picture)):
            cells.pointed.connect(other.mark)
            cells.pointed.connect(self._point)
        self.film.picked.connect(self.picked)
        easel.surprised.connect(self._came)
        self.say(CHOOSE)

    # --- what is shown

    def _came(self, found: Surprised | None) -> None:
        if found is None:
            self.say(CHOOSE)
            return
        captions, tips = [], []
        state, data = self.easel.state, self.easel.data
        for k in range(len(found.totals)):
            captions.append(f"{heat.short(float(found.totals[k]))} nats")
            tips.append(f"{name_of(k, state.real, found.labels, data)}: {told(found, k)}")
        self.film.show_items(found.images, captions, tips)
        self.show_current()

    @property
    def current(self) -> int:
        found = self.easel.surprise
        return min(self.easel.state.current, len(found.totals) - 1) if found is not None else 0

    def maps(self) -> Pictures:
        """All examples as they are seen: each in its colours, on one scale, H×W×3."""
        found = self.easel.surprise
        if found is None:
            return NOTHING
        return heat.coloured(found.nats, heat.ends(found.nats)[0])

    def show_current(self) -> None:
        """Everything again: another example, another view."""
        found, seen = self.easel.surprise, self.easel.state.seen
        if found is None or not 0 < len(found.totals) == len(self.easel.state.real):
            return  # others were chosen; their answer is on the way
        k = self.current
        high, beyond = heat.ends(found.nats)
        colours = heat.coloured(found.nats[k : k + 1], high)
        if seen == "over":
            colours = heat.over(found.images[k : k + 1], colours)
        self.film.set_current(k)
        self.picture.setVisible(seen in ("both", "picture"))
        self.map.setVisible(seen != "picture")
        self.picture.show_picture(found.images[k])
        self.map.show_picture(colours[0])
        self.legend.setVisible(seen != "picture")
        self.legend.show_scale(high, beyond=beyond, of="value" if self.easel.data.kind == "vectors" else "pixel")
        name = name_of(k, self.easel.state.real, found.labels, self.easel.data)
        self.total.setText(f"{name}: {told(found, k)}")
        self.map.setAccessibleDescription(self.total.text())
        self._point(self.map.cell)

    def say(self, words: str) -> None:
        """In the picture's place."""
        self.picture.hide()
        self.map.show()
        self.map.say(words)
        self.legend.hide()
        self.total.setText("")
        self.pixel.setText("")
        self.film.show_items(NOTHING)

    def _point(self, cell: Cell | None) -> None:
        found = self.easel.surprise
        text = ""
        if found is not None and cell is not None:
            nats = float(found.nats[self.current][cell])
            said = "holds no value" if np.isnan(nats) else f"{nats:.3f} nats"
            text = f"row {cell[0] + 1}, column {cell[1] + 1}: {said}"
        elif found is not None:
            text = "rest on a pixel for its nats"
        self.pixel.setText(text)


def told(found: Surprised, index: int) -> str:
    """−log p of an example with its unit and its estimator."""
    bits = "" if found.bits_per_dim is None else f" = {float(found.bits_per_dim[index]):.3f} bits/dim"
    return f"−log p = {float(found.totals[index]):,.2f} nats{bits} ({found.likelihood})"
