"""Attribute directions on the inversion panel: from labels, known factors or picks; as sliders on a real example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from studio.data.dataset import DataSpec
from studio.explore.questions import Browsed, ByFactor, ByLabel, ByPicks, Real
from studio.explore.questions.encoding import Look
from studio.gui import theme, work
from studio.gui.explore.film import NOTHING, Film
from studio.gui.explore.invert.attributes_find import Finder
from studio.gui.explore.invert.attributes_row import TraitRow
from studio.gui.explore.invert.attributes_state import (
    MOST_TRAITS,
    all_at_zero,
    collected,
    dropped,
    moved_to,
    trait_of,
    with_trait,
    without_trait,
)
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.state import By, Inversion, Trait
from studio.gui.explore.parts import button, heading, quiet, row, tool
from studio.gui.glossary import hover_card
from studio.gui.words import plural

SIDE = 36
WIDE = 88
MOST_KINDS = 20
"""A factor of at most so many whole numbers is one of kinds, each of which can be an attribute."""
MOST_LOOKED_AT = 10_000


@dataclass(frozen=True)
class Source:
    """One entry of the list of what an attribute can be found by."""

    by: By
    name: str
    text: str


class PickSet(QWidget):
    """One of the two sets that a person collects: their pictures, and how to put more in."""

    def __init__(self, *, having: bool, add: Callable[[bool], None], drop: Callable[[bool, int], None]) -> None:
        super().__init__()
        self.word = word = "with" if having else "without"
        self.film = Film(f"examples {word} it", SIDE, captions=False, removable=True)
        self.say_nothing()
        self.film.removed.connect(lambda at: drop(having, at))
        self.add = button("", "", f"Add the chosen examples to those {word} it", lambda: add(having))
        self.add.setStyleSheet("padding: 4px 6px;")
        self.add.setFixedWidth(WIDE)
        self.clear = tool("trash", f"Empty the examples {word} it", lambda: drop(having, -1))
        self.clear.setFixedSize(24, 24)
        self.count = quiet()
        theme.role(self.count, "small")
        side = QVBoxLayout()
        side.setSpacing(0)
        side.addWidget(self.add)
        side.addLayout(row(self.count, 1, self.clear))
        whole = row(self.film)
        whole.setStretch(0, 1)
        whole.addLayout(side)
        self.setLayout(whole)

    def say_nothing(self) -> None:
        """No pictures; what to do."""
        self.film.show_items(NOTHING)
        self.film.set_empty(f"Examples {self.word} it: choose some, then add them")

    def show_real(self, real: Real, chosen: int) -> None:
        """What is in it, and how many examples could be added."""
        self.count.setText(f"{len(real)} {self.word}")
        self.clear.setEnabled(len(real) > 0)
        self.add.setText(f"+ {self.word}")
        self.add.setEnabled(chosen > 0)
        self.add.setAccessibleName(f"add {plural(chosen, 'chosen example')} to those {self.word} it")


class AttributesBox(QWidget):
    """See the module. ``finder`` tells the inverter the vectors."""

    def __init__(self, inverter: Inverter) -> None:
        super().__init__()
        self.inverter = inverter
        self.finder = Finder(inverter, self)
        self.rows: list[TraitRow] = []
        self._shown: tuple[Real, Real] | None = None
        self._data: DataSpec | None = None

        title = heading("Attribute directions")
        hover_card(title, "attribute")
        self.reset = button(
            "Reset", "arrow-counter-clockwise", "Set every attribute to 0; they stay in the list", self._reset
        )
        theme.role(self.reset, "quiet")
        self.source = QComboBox()
        self.source.setAccessibleName("what a new attribute is found by")
        self.source.setToolTip(
            "Mean latent of the training examples of this class minus that of others; of a known factor, of the third "
            "with the largest value minus that of the third with the smallest"
        )
        self.source.setMinimumContentsLength(8)
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.currentIndexChanged.connect(lambda index: self._show_buttons())
        self.add = button("Add", "plus", "Find its direction, and give it a slider", self._add)
        self.from_labels = QWidget()
        labels = row(self.source, self.add)
        labels.setStretch(0, 1)
        self.from_labels.setLayout(labels)
        self.empty = quiet(
            "Add an attribute: its direction is added to the latent of the example as far as its slider says.",
            wrap=True,
        )
        self.list = QVBoxLayout()
        self.list.setSpacing(theme.SPACE // 2)

        self.sets = [PickSet(having=having, add=self._collect, drop=self._drop) for having in (True, False)]
        self.name = QLineEdit()
        self.name.setPlaceholderText("name, e.g. slanted")
        self.name.setAccessibleName("name of the attribute of picks")
        self.name.setToolTip("How the attribute of these picks is called on its slider")
        self.name.setMaxLength(40)
        self.name.returnPressed.connect(self._add_picks)
        self.add_picks = button("Add", "plus", "", self._add_picks)
        name = row(self.name, self.add_picks)
        name.setStretch(0, 1)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(title, 1, self.reset))
        whole.addWidget(self.from_labels)
        whole.addWidget(self.empty)
        whole.addLayout(self.list)
        picks = heading("From picks")
        picks.setToolTip("An attribute of your own: examples with it, and examples without")
        whole.addWidget(picks)
        for each in self.sets:
            whole.addWidget(each)
        whole.addLayout(name)
        whole.addStretch(1)

        inverter.run_shown.connect(self._show_anew)
        inverter.changed.connect(lambda before: self._show())
        self.finder.changed.connect(self._show_found)

    def forget(self) -> None:
        """No run is shown; nothing that is under way is wanted any more."""
        self.finder.forget()
        self._shown = None

    # --- hands

    @property
    def _state(self) -> Inversion:
        return self.inverter.state

    def _add(self) -> None:
        chosen: Source | None = self.source.currentData()
        if chosen is not None and self.add.isEnabled():
            self.inverter.edit(f"Add the attribute {chosen.name}", with_trait(self._state, chosen.by, chosen.name))

    def _add_picks(self) -> None:
        if self.add_picks.isEnabled():
            by = ByPicks(self._state.having, self._state.lacking)
            taken = {t.name for t in self._state.traits}
            name = self.name.text().strip() or next(n for n in map("picks {}".format, range(1, 99)) if n not in taken)
            self.name.clear()
            self.inverter.edit(f"Add the attribute {name}", with_trait(self._state, by, name))

    def _move(self, by: By, name: str, amount: float, gesture: int) -> None:
        self.inverter.edit(f"Move {name}", moved_to(self._state, by, amount), ("invert trait", by, gesture))

    def _remove(self, by: By, name: str) -> None:
        self.inverter.edit(f"Remove the attribute {name}", without_trait(self._state, by))

    def _reset(self) -> None:
        self.inverter.edit("Reset the attributes", all_at_zero(self._state))

    def _collect(self, having: bool) -> None:
        real = self._state.real
        where = "with" if having else "without"
        self.inverter.edit(f"Add {plural(len(real), 'example')} {where} it", collected(self._state, having, real))

    def _drop(self, having: bool, at: int) -> None:
        where = "with" if having else "without"
        what = f"Empty the examples {where} it" if at < 0 else f"Remove an example {where} it"
        self.inverter.edit(what, dropped(self._state, having, at))

    # --- what is shown

    def _show_anew(self) -> None:
        if self.inverter.view is None:
            return
        self._shown = None
        self._list_sources()
        self._show()

    def _list_sources(self) -> None:
        """Classes at once; known factors as soon as the dataset was looked into, off this thread."""
        data = self.inverter.data
        if self._data is not None and self._data.fingerprint == data.fingerprint:
            return
        self._data = data
        classes = [Source(ByLabel(i), name, f"{name} (class)") for i, name in enumerate(data.classes)]
        self._put_sources(classes if len(classes) > 1 else [])

        def came(found: list[Source]) -> None:
            if self._data is data and found:
                self._put_sources([*(classes if len(classes) > 1 else []), *found])

        work.run(self, lambda watch: factors(data), came, lambda error: None)

    def _put_sources(self, sources: list[Source]) -> None:
        with QSignalBlocker(self.source):
            self.source.clear()
            for one in sources:
                self.source.addItem(one.text, one)
        self.from_labels.setVisible(bool(sources))
        self._show_buttons()

    def _show(self) -> None:
        state = self._state
        if [r.by for r in self.rows] != [t.by for t in state.traits] or any(
            r.name != t.name for r, t in zip(self.rows, state.traits, strict=True)
        ):
            self._make_rows(state)
        for made, trait in zip(self.rows, state.traits, strict=True):
            made.show_amount(trait.amount)
        self.empty.setVisible(not state.traits)
        self.reset.setEnabled(any(t.amount for t in state.traits))
        for each, real in zip(self.sets, (state.having, state.lacking), strict=True):
            each.show_real(real, len(state.real))
        self._show_buttons()
        self._show_found()
        self._ask_pictures()

    def _make_rows(self, state: Inversion) -> None:
        """Rows of attributes that stay are kept, so that a slider does not lose the hand that is on it."""
        known = {(r.by, r.name): r for r in self.rows}
        for old in self.rows:
            self.list.removeWidget(old)
        self.rows = [known.get((t.by, t.name)) or self._made(t) for t in state.traits]
        for made in self.rows:
            self.list.addWidget(made)
            made.show()
        for gone in known.values():
            if gone not in self.rows:
                gone.hide()
                gone.deleteLater()

    def _made(self, trait: Trait) -> TraitRow:
        by, name = trait.by, trait.name
        made = TraitRow(trait)
        made.moved.connect(lambda value, gesture: self._move(by, name, value, gesture))
        made.removed.connect(lambda: self._remove(by, name))
        made.again_wanted.connect(lambda: self.finder.again(by))
        made.stop_wanted.connect(self.finder.stop)
        return made

    def _show_buttons(self) -> None:
        if self.inverter.view is None:
            return
        state, chosen = self._state, self.source.currentData()
        full = len(state.traits) >= MOST_TRAITS
        there = chosen is not None and trait_of(state, chosen.by) is not None
        self.add.setEnabled(chosen is not None and not there and not full)
        why = f"There are {MOST_TRAITS} already" if full else "It is in the list already" if there else ""
        self.add.setToolTip(why or "Find its direction, and give it a slider")
        both = len(state.having) > 0 and len(state.lacking) > 0
        same = both and trait_of(state, ByPicks(state.having, state.lacking)) is not None
        self.add_picks.setEnabled(both and not same and not full)
        why = why if full else "These picks are an attribute already" if same else ""
        self.add_picks.setToolTip(
            why
            or (
                "Find the direction of these picks, and give it a slider (Enter)"
                if both
                else "Put examples into both sets"
            )
        )

    def _show_found(self) -> None:
        finder = self.finder
        result = self.inverter.result
        newest = result.step if result is not None else -1
        for each in self.rows:
            busy = (finder.done, finder.total) if finder.busy == each.by else None
            each.show_found(finder.of(each.by), busy=busy, failure=finder.failures.get(each.by, ""), newest=newest)

    # --- pictures of the two sets

    def _ask_pictures(self) -> None:
        state = self._state
        wanted = state.having, state.lacking
        if self.inverter.view is None or wanted == self._shown or not self.isVisible():
            return
        self._shown = wanted
        for each in self.sets:
            each.say_nothing()
        for each, real in zip(self.sets, wanted, strict=True):
            if len(real):
                self._look_at(each, real)

    def _look_at(self, each: PickSet, real: Real) -> None:
        def came(found: Browsed) -> None:
            if self._shown is not None and real in self._shown and found.total == len(real):
                names = [f"{i + 1} of {len(real)} {each.word} it; Delete removes it" for i in range(len(real))]
                each.film.show_items(found.images, (), names)

        def failed(message: str) -> None:
            each.film.set_empty(message)

        each.film.set_empty("Reading …")
        self.inverter.session.ask(
            Look(self.inverter.where.run, real), self, came, topic=f"invert picks {each.word}", failed=failed
        )

    def showEvent(self, event: object) -> None:
        if self.inverter.view is not None:
            self._ask_pictures()


def factors(data: DataSpec) -> list[Source]:
    """What a dataset that was drawn by a procedure knows of its examples. Opens files: for a worker thread.

    Raises:
        DataError: when the dataset is not at hand any more.
    """
    from studio.data import store  # here: the window is on screen before it

    dataset = store.open(data.fingerprint)
    found: list[Source] = []
    for name, values in dataset.factors.items():
        kinds = np.unique(values[:MOST_LOOKED_AT])
        if len(kinds) > MOST_KINDS or not np.array_equal(kinds, np.round(kinds)):
            found.append(Source(ByFactor(name), name, f"{name} (factor)"))
        elif dataset.labels is None or not np.array_equal(dataset.labels, values):  # else they are the classes
            known = kinds.astype(int).tolist()
            found += [Source(ByFactor(name, kind), f"{name} {kind}", f"{name} = {kind} (factor)") for kind in known]
    return found
