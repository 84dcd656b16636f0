"""A − B + C on averages of picks (Radford 2016, section 6.3.2)."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from studio.explore.questions import Decoded
from studio.gui import theme
from studio.gui.explore.category import MOST_NAMED, mixture
from studio.gui.explore.explorer import Explorer
from studio.gui.explore.film import NOTHING, Film, Picture
from studio.gui.explore.parts import button, quiet, row, tool
from studio.gui.explore.state import SLOTS, Latents

WHOLE = (
    "Categories are not averaged: each slot has the value of most of its picks, "
    "the result the one of which most is left after A − B + C, in doubt that of C"
)
SIGNS = {"A": "A", "B": "− B", "C": "+ C"}


class _Slot(QWidget):
    """One of A, B, C: its average, its picks, and how to put more in."""

    def __init__(self, explorer: Explorer, name: str) -> None:
        super().__init__()
        self.explorer, self.name = explorer, name
        self.sign = QLabel(SIGNS[name])
        theme.role(self.sign, "heading")
        self.sign.setFixedWidth(24)
        self.average = Picture(f"average of {name}")
        self.average.setFixedSize(80, 80)
        self.average.setToolTip(f"What the average latent of {name} decodes to")
        self.picks = Film(f"picks of {name}", 40, captions=False, removable=True)
        self.picks.set_empty("Select samples, then add them")
        self.picks.removed.connect(self._remove)
        self.add_picks = button("", "", f"Add the selected samples to {name}", self._add_picks)
        self.add_current = button("+ current", "", f"Add the current latent to {name}", self._add_current)
        self.clear = tool("trash", f"Empty {name}", lambda: self._set("Empty", np.zeros((0, explorer.state.size))))
        for each in (self.add_picks, self.add_current):
            each.setStyleSheet("padding: 5px 8px;")  # three of them in a narrow row
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.picks)
        right.addLayout(row(self.add_picks, self.add_current, 1, self.clear))
        whole = row(self.sign, self.average)
        whole.addLayout(right, 1)
        self.setLayout(whole)

    def _set(self, verb: str, picks: object) -> None:
        state = self.explorer.state
        self.explorer.edit(f"{verb} {self.name}", state.with_slot(self.name, np.asarray(picks, np.float32)))

    def _add_picks(self) -> None:
        self._set("Add picks to", np.concatenate([self.explorer.state.slot(self.name), self.explorer.selected()]))

    def _add_current(self) -> None:
        state = self.explorer.state
        self._set("Add the current latent to", np.concatenate([state.slot(self.name), state.z[None]]))

    def _remove(self, index: int) -> None:
        self._set("Remove a pick of", np.delete(self.explorer.state.slot(self.name), index, axis=0))

    def show_buttons(self) -> None:
        picks = len(self.explorer.selection)
        self.add_picks.setText(f"+ {picks} picks" if picks != 1 else "+ 1 pick")
        self.add_picks.setEnabled(picks > 0)
        self.clear.setEnabled(self.explorer.view is not None and len(self.explorer.state.slot(self.name)) > 0)


class Arithmetic(QWidget):
    """The three slots and what comes out."""

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self._decode = explorer.batches("arithmetic")
        self.slots = {name: _Slot(explorer, name) for name in SLOTS}
        self.result = Picture("result of A − B + C")
        self.result.setFixedSize(112, 112)
        self.take = button("Make it current", "", "Make the result the current latent, to go on from", self._take)
        self.about = quiet(wrap=True)
        equals = QLabel("=")
        theme.role(equals, "heading")
        equals.setFixedWidth(24)
        side = QVBoxLayout()
        side.addWidget(self.about)
        side.addLayout(row(self.take, 1))
        side.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE)
        grid.addWidget(equals, 0, 0)
        grid.addWidget(self.result, 0, 1)
        grid.addLayout(side, 0, 2)
        grid.setColumnStretch(2, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
        whole.setSpacing(theme.SPACE)
        for slot in self.slots.values():
            whole.addWidget(slot)
        whole.addLayout(grid)
        whole.addStretch(1)
        explorer.run_shown.connect(self._show_anew)
        explorer.changed.connect(self._show)
        explorer.selection_changed.connect(self._show_buttons)
        explorer.samples_came.connect(lambda found: self.ask())
        explorer.plane_came.connect(self.ask)

    def _take(self) -> None:
        found = self.explorer.state.result()
        if found is not None:
            self.explorer.edit("Take A − B + C", self.explorer.state.taken(found, "A − B + C"))

    def _show_anew(self) -> None:
        self._decode.forget()
        self._clear()
        self._show()

    def _clear(self) -> None:
        for slot in self.slots.values():
            slot.picks.show_items(NOTHING)
            slot.average.show_picture(None)
        self.result.show_picture(None)

    def _show(self, before: Latents | None = None) -> None:
        state = self.explorer.state
        missing = [name for name in SLOTS if not len(state.slot(name))]
        self.take.setEnabled(not missing)
        each = ", ".join(f"{len(state.slot(n))} in {n}" for n in SLOTS)
        self.about.setText(
            f"Of averages: {each}." if not missing else f"Put picks into {' and '.join(missing)}; about three in each."
        )
        result = state.result()
        if result is not None and state.categories:
            have = ", ".join(f"{c.name} {mixture(c, result)}" for c in state.categories[:MOST_NAMED])
            self.about.setText(f"{self.about.text()} It has {have}.")
        self.about.setToolTip(WHOLE if state.categories else "")
        self._show_buttons()
        if before is None or before.slots is not state.slots:
            self.ask()

    def _show_buttons(self) -> None:
        for slot in self.slots.values():
            slot.show_buttons()

    def ask(self) -> None:
        """Pictures of picks, averages and result in one go, while they can be seen."""
        if not self.isVisible() or self.explorer.view is None:
            return
        state = self.explorer.state
        averages, result = state.averages(), state.result()
        if not averages:
            self._decode.forget()
            self._clear()
            return
        wanted = [*(state.slot(n) for n in SLOTS), *(averages[n][None] for n in averages)]
        z = np.concatenate([*wanted, *([] if result is None else [result[None]])]).astype(np.float32)
        self._decode.ask(self.explorer.where, z, self.explorer.pixels, lambda found: self._came(state, found))

    def _came(self, asked: Latents, found: Decoded) -> None:
        images = self.explorer.pictures(found)
        start = 0
        for name in SLOTS:
            end = start + len(asked.slot(name))
            tips = [f"pick {i + 1} of {name}; Delete removes it" for i in range(end - start)]
            self.slots[name].picks.show_items(images[start:end], (), tips)
            start = end
        for name in SLOTS:
            here = name in asked.averages()
            self.slots[name].average.show_picture(images[start] if here else None)
            start += here
        self.result.show_picture(images[start] if asked.result() is not None else None)

    def showEvent(self, event: object) -> None:
        self.ask()
