"""What lives at which scale: each level alone kept, replaced by several noises, or by zero. A click takes one."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import Decoded, Unfolded
from studio.gui import theme
from studio.gui.explore.film import NOTHING
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.moves import COLUMNS, levels_of, tried
from studio.gui.explore.invert.state import MOST_SEED
from studio.gui.explore.parts import button, quiet, row
from studio.gui.widgets.tiles import TileGrid
from studio.gui.words import plural


class Strip(QWidget):
    """See the module. The tile of each row that is set now is selected."""

    def __init__(self, inverter: Inverter) -> None:
        super().__init__()
        self.inverter = inverter
        self.grid = TileGrid(name="picture with one level changed", multi=True)
        self.grid.setMinimumSize(96, 72)
        self.grid.caption = self._tell
        self.about = quiet("Each row changes one level of the latent alone; click a picture to take it.")
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.about.setToolTip(
            "Fine detail lives at level 1, which was factored out first; what a picture is about at the last level"
        )
        self.new = button("New noises", "dice-five", "Try other noises on each level (R)", self.new_seed)
        bar = row(self.about, self.new)
        bar.setStretch(0, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 4, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(bar)
        whole.addWidget(self.grid, 1)
        self.grid.picked.connect(self._take)
        inverter.strip_came.connect(self._came)
        inverter.changed.connect(lambda before: self._mark())
        inverter.found.connect(self._found)
        inverter.run_shown.connect(lambda: self._clear(""))
        inverter.failed.connect(self._clear)

    def new_seed(self) -> None:
        inverter = self.inverter
        if inverter.view is not None:
            state = inverter.state
            seed = (state.seed + COLUMNS) % (MOST_SEED - COLUMNS)
            inverter.edit("New noises", replace(state, seed=seed), "invert noises")

    def _take(self, index: int) -> None:
        inverter = self.inverter
        if inverter.view is None:
            return
        options = tried(inverter.state)
        parts = levels_of(inverter.view.prior)
        if index < len(options) * len(parts):
            name = parts[index // len(options)][0].name
            level = options[index % len(options)]
            what = {"keep": "Keep", "noise": "Noise for", "zero": "Zero for"}[level.way]
            inverter.edit(f"{what} {name}", inverter.state.with_level(name, level))
        self._mark()

    def _found(self, found: Unfolded | None) -> None:
        if found is None:
            self._clear("")

    def _clear(self, why: str) -> None:
        self.grid.set_tiles(NOTHING)
        self.grid.empty_text = why or "Pick a picture among the examples first, or drop one here."
        self.grid.update()

    def _came(self, found: Decoded) -> None:
        view = self.inverter.view
        if view is None:
            return
        options = tried(self.inverter.state)
        names = [part.name for part, _ in levels_of(view.prior)]
        if len(found.images) != len(names) * len(options):
            return
        heads = ["kept", *(f"noise {i + 1}" for i in range(COLUMNS)), "zero"]
        self.grid.set_tiles(found.images, len(options), names, heads)
        self._mark()

    def _mark(self) -> None:
        """Of each row the one that is set, where it is among those that are shown."""
        inverter = self.inverter
        if inverter.view is None or not len(self.grid.images):
            return
        options, here = tried(inverter.state), set()
        for at, (part, _) in enumerate(levels_of(inverter.view.prior)):
            level = inverter.state.level(part.name)
            here |= {at * len(options) + i for i, option in enumerate(options) if option == level}
        self.grid.select(here)

    def _tell(self, index: int) -> str:
        inverter = self.inverter
        if inverter.view is None:
            return ""
        options, parts = tried(inverter.state), levels_of(inverter.view.prior)
        if index >= len(options) * len(parts):
            return ""
        (part, where), level = parts[index // len(options)], options[index % len(options)]
        how = {"keep": "as it is", "noise": f"noise of seed {level.seed}", "zero": "zero"}[level.way]
        return f"{part.name} ({plural(where.stop - where.start, 'value')}): {how}"

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.inverter.see_strip(seen=True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.inverter.see_strip(seen=False)
