"""Two codes traversed with the noise held, the current picture large, and what Q reads off it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from studio.explore.codes import Dial, readings
from studio.explore.questions import CodesRead
from studio.gui import theme
from studio.gui.explore.codes.bars import Bars
from studio.gui.explore.codes.desk import Desk
from studio.gui.explore.codes.state import MOST_SEED, MOST_STEPS, MOST_VALUES, Codes
from studio.gui.explore.film import Picture
from studio.gui.explore.parts import button, choose, quiet, row
from studio.gui.shortcuts import key
from studio.gui.widgets.spin import SpinBox
from studio.gui.widgets.tiles import TileGrid, stacked

NONE = "none"


class Traverse(QWidget):
    """See the module."""

    step_shown = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._shown: Codes | None = None
        """The state that the grid on screen was made of."""
        self._read: npt.NDArray[np.float32] | None = None
        """Q(c|x) of its tiles."""
        self.seed = SpinBox()
        self.seed.setRange(-1, MOST_SEED)
        self.seed.setPrefix("Seed ")
        self.seed.setSpecialValueText("Noise of a file")
        self.seed.setToolTip("Start of the random numbers of the noise; the codes stay as they are")
        self.seed.setAccessibleName("seed of the noise")
        self.seed.setKeyboardTracking(False)
        self.seed.setFixedWidth(136)
        self.seed.valueChanged.connect(self._set_seed)
        self.new = button("New noise", "dice-five", "Draw other noise; the codes stay as they are (R)", self.new_noise)
        self.new.setShortcut(key("Explore", "new seed").keys[0])
        self.rows_box, self.columns_box = self._axis_box("rows"), self._axis_box("columns")
        self.steps = SpinBox()
        self.steps.setRange(2, MOST_STEPS)
        self.steps.setSuffix(" steps")
        self.steps.setToolTip("Places of a continuous code in the grid, from −2 to 2; a category shows all its values")
        self.steps.setAccessibleName("steps of a continuous code")
        self.steps.setKeyboardTracking(False)
        self.steps.valueChanged.connect(self._set_steps)
        bar = row(self.seed, self.new, 1, QLabel("Rows"), self.rows_box, QLabel("Columns"), self.columns_box)
        bar.addWidget(self.steps)

        self.grid = TileGrid(name="tile")
        self.grid.picked.connect(self._pick)
        self.grid.caption = self._tell
        self.about = quiet()
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.picture = Picture("the current latent", 120)
        self.caption = quiet()
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bars = Bars("Q(c|x) of the current picture")
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(stacked(self.grid, self.about))
        self.split.addWidget(stacked(self.picture, self.caption, self.bars, left=theme.SPACE))
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setSizes([600, 400])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(bar)
        whole.addWidget(self.split, 1)

        desk.run_shown.connect(self._show_anew)
        desk.changed.connect(self._show)
        desk.picture_came.connect(self._picture_came)
        desk.grid_came.connect(self._grid_came)
        desk.failed.connect(self._failed)

    def _axis_box(self, axis: str) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(f"code of the {axis}")
        made.setToolTip(f"Which code changes along the {axis} of the grid")
        made.setMinimumContentsLength(4)
        made.activated.connect(lambda index: self._set_axis(axis, made.itemData(index)))
        return made

    # --- hands

    def new_noise(self) -> None:
        """Draw with the next seed."""
        if self.desk.view is not None:
            self._set_seed((self.desk.state.seed + 1) % (MOST_SEED + 1))

    def _set_seed(self, seed: int) -> None:
        if self.desk.view is not None and seed >= 0:
            self.desk.edit("Noise of the codes", self.desk.state.with_noise(seed))

    def _set_axis(self, axis: str, name: str) -> None:
        self.desk.edit(f"Codes of the {axis}", self.desk.state.with_axis(axis, name))

    def _set_steps(self, steps: int) -> None:
        if self.desk.view is not None:
            self.desk.edit("Steps of the traversal", replace(self.desk.state, steps=steps), "steps of the traversal")

    def _pick(self, index: int) -> None:
        """The codes of a tile become the current ones."""
        if self._shown is not None and self.desk.view is not None:
            state = self.desk.state
            for dial, value in self._place(index):
                state = state.turned(dial, value)
            self.desk.edit("Pick from the traversal", state)

    def _place(self, index: int) -> list[tuple[Dial, float]]:
        """What the dials of rows and columns stand at in a tile."""
        if self._shown is None:
            return []
        down, across = self._shown.axis(self._shown.rows), self._shown.axis(self._shown.columns)
        row_at, column_at = divmod(index, 1 if across is None else len(across[1]))
        pairs = ((down, row_at), (across, column_at))
        return [(axis[0], float(axis[1][at])) for axis, at in pairs if axis is not None]

    # --- what is shown

    def showEvent(self, event: object) -> None:
        self.desk.seen = True
        self.desk.ask_picture()
        self.desk.ask_grid()

    def hideEvent(self, event: object) -> None:
        self.desk.seen = False

    def _show_anew(self) -> None:
        self._shown, self._read = None, None
        self.grid.set_tiles(np.zeros((0, 1, 1, 3), np.uint8))
        self.grid.empty_text = "Drawing the traversal …"
        self.picture.show_picture(None)
        self.caption.clear()
        self.about.clear()
        state = self.desk.state
        self.bars.show_read(state.prior, None, (), None)
        noise = any(True for _ in state.prior.placed("noise"))
        for part in (self.seed, self.new):
            part.setEnabled(noise)
        for box in (self.rows_box, self.columns_box):
            box.clear()
            for dial in state.dials:
                box.addItem(dial.name, dial.name)
                many = f"{dial.part.size} values" if dial.categorical else "continuous"
                box.setItemData(box.count() - 1, many, Qt.ItemDataRole.ToolTipRole)
            box.addItem(NONE, "")
        self._show()

    def _show(self, before: Codes | None = None) -> None:
        state = self.desk.state
        for box, value in ((self.seed, state.seed), (self.steps, state.steps)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        choose(self.rows_box, state.rows)
        choose(self.columns_box, state.columns)
        shown = [state.dial(name) for name in (state.rows, state.columns)]
        self.steps.setEnabled(any(d is not None and not d.categorical for d in shown))
        self._mark()

    def _mark(self) -> None:
        """Where in the grid the current latent is, if it is there."""
        at = []
        state = self.desk.state
        for axis in (state.axis(state.rows), state.axis(state.columns)):
            near = -1
            if axis is not None:
                away = np.abs(axis[1] - axis[0].value(state.z))
                near = int(away.argmin()) if away.min() < 1e-4 else -1
            at.append(near if axis is not None else 0)
        self.grid.set_here(*at)
        across = state.axis(state.columns)
        columns = 1 if across is None else len(across[1])
        self.grid.select({at[0] * columns + at[1]} if min(at) >= 0 else set())

    def _picture_came(self, found: CodesRead) -> None:
        state = self.desk.state
        self.picture.show_picture(self.desk.pictures(found)[0])
        noise = f"noise of seed {state.seed}" if state.seed >= 0 else "noise of a file"
        codes = ", ".join(f"{d.name} = {d.label(d.value(state.z))}" for d in state.dials)
        self.caption.setText(f"{noise} · step {found.step:,}")
        self.caption.setToolTip(f"{codes} · {self.caption.text()}")
        self.bars.show_read(state.prior, found.codes[0], state.dials, state.z)
        self.step_shown.emit(found.step)

    def _grid_came(self, found: CodesRead, columns: int) -> None:
        state = self.desk.state
        if state.grid()[1] != columns or len(found.codes) != len(state.grid()[0]):
            return  # another grid is on its way already
        self._shown, self._read = state, found.codes
        down, across = state.axis(state.rows), state.axis(state.columns)
        names = [_names(axis) for axis in (down, across)]
        wordings = [self._wordings(i) for i in range(len(found.codes))]
        self.grid.empty_text = ""
        self.grid.set_tiles(self.desk.pictures(found), columns, names[0], names[1], wordings)
        self._mark()
        self._say_axes(down, across)

    def _say_axes(
        self,
        down: tuple[Dial, npt.NDArray[np.float64]] | None,
        across: tuple[Dial, npt.NDArray[np.float64]] | None,
    ) -> None:
        said = [f"{axis[0].name} {word}" for word, axis in (("down", down), ("across", across)) if axis]
        few = [axis[0] for axis in (down, across) if axis and len(axis[1]) < axis[0].part.size]
        more = f" · {MOST_VALUES} of the values of {few[0].name}" if few else ""
        self.about.setText(f"{', '.join(said)}{more} · under each, what Q reads")
        self.about.setToolTip(
            "What Q reads off each picture: of a category the probability of the value that is set, of a number its "
            "mean. Of both codes where there is room. Click a picture to go there."
        )

    def _wordings(self, index: int) -> list[str]:
        """What Q read off a tile: of both dials, of the columns' one, nothing where that does not fit."""
        parts = []
        if self._shown is not None and self._read is not None:
            q = readings(self._shown.prior, self._read[index])
            for dial, value in self._place(index):
                if dial.categorical:
                    parts.append(f"{100 * float(q[dial.name][int(value)]):.0f} %")
                else:
                    parts.append(f"{round(float(q[dial.name][0]), 1) + 0.0:.1f}".replace("-", "−"))
        return ["  ".join(parts), *parts[-1:], *parts[:1]]

    def _tell(self, index: int) -> str:
        """Of a tile, in words: what is set, and what was read."""
        if self._shown is None or self._read is None or index >= len(self._read):
            return ""
        q = readings(self._shown.prior, self._read[index])
        said = []
        for dial, value in self._place(index):
            own = q[dial.name]
            read = f"probability {own[int(value)]:.2f}" if dial.categorical else f"mean {own[0]:+.2f}"
            said.append(f"{dial.name} = {dial.label(value)}, Q reads {read}")
        return " · ".join(said)

    def _failed(self, message: str) -> None:
        self.picture.show_message(message)
        self.grid.empty_text = ""
        self.grid.update()


def _names(axis: tuple[Dial, npt.NDArray[np.float64]] | None) -> list[str]:
    """What stands at the side of a grid: names of categories, or numbers as short as they can be."""
    if axis is None:
        return []
    dial, values = axis
    if dial.categorical:
        return [dial.label(v) for v in values]
    return [f"{v + 0.0:.2f}".rstrip("0").rstrip(".").replace("-", "−") for v in np.round(values, 2)]
