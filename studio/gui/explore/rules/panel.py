"""The rules panel: for every model that follows rules. Type a sentence, or walk through those of the dataset, and see
what the student says, what its teacher makes of it, and how.

The engine reads sentences; the teacher is worked out here for every C and λ, so the sliders answer at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QComboBox, QFrame, QScrollArea, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from studio.explore.questions import ModelView, ReadSentences, ReadTyped, RulesRead, Where
from studio.gui import theme
from studio.gui.explore.asking import Latest
from studio.gui.explore.browser import PARTS
from studio.gui.explore.keeper import Keeper
from studio.gui.explore.panel import Panel
from studio.gui.explore.parts import choose, quiet, row, tool
from studio.gui.explore.rules.controls import Controls
from studio.gui.explore.rules.look import CloseLook
from studio.gui.explore.rules.state import (
    FIRST,
    PAGE,
    TYPED,
    WHICH,
    Read,
    Rules,
    as_plain,
    from_plain,
)
from studio.gui.explore.rules.table import SentenceTable
from studio.gui.export.offer import Offer, name_of
from studio.gui.session import Session


class RulesPanel(Panel):
    """See the module."""

    title = "Rules"
    needs = "follow rules"
    kinds = ("sentences",)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(session, parent)
        self.where = Where("")
        self.view: ModelView | None = None
        self.listed: Read | None = None
        self.typed: Read | None = None
        self._found: RulesRead | None = None
        """The newest answer about sentences of the dataset."""
        self._own: RulesRead | None = None
        """The newest one about the typed sentence."""
        self._trained: tuple[float, float] | None = None
        """C and λ of the recipe."""
        self._stale = True
        self.keeper: Keeper[Rules] = Keeper(session, self, self._put, as_plain, from_plain)
        self._list = Latest(session, self, "rules list")
        self._type = Latest(session, self, "rules typed")

        self.look = CloseLook()
        self.tools = Controls()
        self.tools.typed.connect(self._written)
        self.tools.cleared.connect(lambda: self._edit("Take the sentence away", replace(self.state, typed="")))
        self.tools.strength_moved.connect(lambda value, gesture: self._moved("strength", value, gesture))
        self.tools.confidence_moved.connect(lambda value, gesture: self._moved("confidence", value, gesture))
        self.tools.reset_wanted.connect(
            lambda: self._edit("Reset C and λ", replace(self.state, strength=None, confidence=None))
        )
        self.tools.on_focus = self._look_at_typed
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.tools)
        self.controls = scroll

        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.look)
        self.split.addWidget(self._walk())
        self.split.setStretchFactor(0, 0)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([230, 330])
        self.pictures = self.split
        self.pictures.installEventFilter(self)

    def _walk(self) -> QWidget:
        """Sentences of the dataset."""
        self.part = QComboBox()
        for text, value in PARTS:
            self.part.addItem(text, value)
        self.part.setAccessibleName("which part of the dataset")
        self.part.setToolTip("Held-out sentences were kept from training; those of training the model has seen")
        self.which = QComboBox()
        for place, (value, (text, tip)) in enumerate(WHICH.items()):
            self.which.addItem(text, value)
            self.which.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        self.which.setAccessibleName("which sentences")
        self.which.setToolTip("Only sentences of this kind, by p and q as the model was trained")
        for box in (self.part, self.which):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.activated.connect(lambda index: self._filter())
        self.back = tool("caret-left", "Sentences that are moved more", lambda: self._turn(-PAGE))
        self.further = tool("caret-right", "Sentences that are moved less", lambda: self._turn(PAGE))
        self.place = quiet()
        self.place.setAccessibleName("which of the sentences are shown")
        self.place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.table = SentenceTable()
        self.table.looked.connect(self._look_at_row)
        bar = row(self.part, self.which, self.back, self.further, self.place)
        bar.setStretch(4, 1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, theme.SPACE, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addLayout(bar)
        column.addWidget(self.table, 1)
        return whole

    @property
    def state(self) -> Rules:
        return self.keeper.state

    # --- what the page asks of a panel

    def show_run(self, where: Where, view: ModelView) -> None:
        self.forget()
        self.where, self.view = where, view
        self.keeper.show(where.run, Rules(), lambda state: state.looked < view.data.count)
        self._show_settings()
        self._show_all()
        self._ask()

    def forget(self) -> None:
        for lane in (self._list, self._type):
            lane.forget()
        self.view = self._trained = self._found = self._own = self.listed = self.typed = None
        self.keeper.hide()

    def refresh(self) -> None:
        """The run trains on."""
        if self.view is not None and not self._list.busy and not self._type.busy:
            self._ask()

    def offer(self) -> Offer | None:
        if self.view is None:
            return None
        return Offer(where=self.where, name=name_of(self.where.run), decodes=False)

    def save_state(self) -> dict[str, Any]:
        return {"runs": self.keeper.save(), "split": self.split.sizes()}

    def restore_state(self, state: dict[str, Any]) -> None:
        self.keeper.restore(state.get("runs"))
        split = state.get("split")
        if isinstance(split, list) and len(split) == 2 and all(isinstance(s, int) and s > 0 for s in split):
            self.split.setSizes(split)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.pictures and event.type() == QEvent.Type.Show and self._stale and self.view is not None:
            self._ask()
        return super().eventFilter(watched, event)

    # --- hands

    def _edit(self, text: str, new: Rules, merge: object = None) -> None:
        if self.view is not None and new != self.state:
            self.keeper.edit(text, new, merge)

    def _written(self, text: str) -> None:
        self._edit("Type a sentence", replace(self.state, typed=text, looked=TYPED), "rules typed")

    def _moved(self, name: str, value: float, gesture: int) -> None:
        changed: dict[str, Any] = {name: value}
        self._edit("C" if name == "strength" else "λ", replace(self.state, **changed), ("rules", name, gesture))

    def _filter(self) -> None:
        part, which = self.part.currentData(), self.which.currentData()
        if (part, which) != (self.state.part, self.state.which):
            new = replace(self.state, part=part, which=which, offset=0, looked=FIRST)
            self._edit("Choose sentences", new)

    def _turn(self, by: int) -> None:
        new = replace(self.state, offset=max(self.state.offset + by, 0), looked=FIRST)
        self._edit("Further sentences" if by > 0 else "Earlier sentences", new)

    def _look_at_row(self, at: int) -> None:
        if self.listed is not None:
            new = replace(self.state, looked=int(self.listed.found.indices[at]))
            self._edit("Look at a sentence", new, "rules looked")

    def _look_at_typed(self) -> None:
        if self.view is not None and self.state.typed:
            self._edit("Look at your sentence", replace(self.state, looked=TYPED), "rules looked")

    def _put(self, before: Rules, state: Rules) -> None:
        """Another state of this run."""
        self._show_settings()
        if before.typed != state.typed:
            self._ask_typed()
        if (before.which, before.part, before.offset) != (state.which, state.part, state.offset):
            self._found = self.listed = None
            self._ask_listed()
        self._show_all(same=True)

    # --- questions

    def _ask(self) -> None:
        self._stale = not self.pictures.isVisible()
        if not self._stale:
            self._ask_listed()
            self._ask_typed()

    def _ask_listed(self) -> None:
        state = self.state
        question = ReadSentences(self.where, state.which, state.part, state.offset, PAGE)
        self._list.ask(question, self._listed, self._failed)

    def _ask_typed(self) -> None:
        if not self.state.typed.strip():
            self._type.forget()
            self._own = self.typed = None
            return
        self._type.ask(ReadTyped(self.where, (self.state.typed,)), self._typed, self._failed)

    def _listed(self, found: RulesRead) -> None:
        same = self._found is not None and self._found.indices.tolist() == found.indices.tolist()
        self._found = found
        self._trained = (found.strength, found.confidence)
        self.step_shown.emit(found.step)
        self._show_settings()
        self._show_all(same=same)

    def _typed(self, found: RulesRead) -> None:
        if not self.state.typed.strip():
            return
        self._own = found
        self.step_shown.emit(found.step)
        self._show_all(same=True)

    def _failed(self, message: str) -> None:
        self.place.setText(message)
        self.place.setToolTip(message)

    # --- what is shown

    @property
    def strength(self) -> tuple[float, float]:
        """C and λ as they are set."""
        c, confidence = self._trained or (6.0, 1.0)
        state = self.state
        return (
            c if state.strength is None else state.strength,
            confidence if state.confidence is None else state.confidence,
        )

    def _show_settings(self) -> None:
        state = self.state
        choose(self.part, state.part)
        choose(self.which, state.which)
        self.tools.show_strength(*self.strength, self._trained)

    def _show_all(self, *, same: bool = False) -> None:
        c, confidence = self.strength
        product = c * confidence
        self.listed = None if self._found is None else Read.of(self._found, product)
        self.typed = None if self._own is None else Read.of(self._own, product)
        self.table.show_read(self.listed, self._row(), same=same)
        self.tools.show_typed(self.state.typed, self.typed)
        found = self._found
        self.tools.show_counts(self.listed, None if found is None else found.right, 0 if found is None else found.total)
        self._show_place()
        self._show_one()

    def _row(self) -> int:
        """Of the sentence that is looked at, in the list; −1: it is not there."""
        looked = self.state.looked
        if self.listed is None or looked == TYPED:
            return -1
        if looked == FIRST:
            return 0 if len(self.listed) else -1
        indices = self.listed.found.indices.tolist()
        return indices.index(looked) if looked in indices else -1

    def _show_place(self) -> None:
        found, state = self._found, self.state
        self.place.setToolTip("")
        if found is None:
            self.place.setText("Reading …")
            self.back.setEnabled(False)
            self.further.setEnabled(False)
            return
        last = state.offset + len(found.words)
        none = "no sentence of this kind"
        span = f"{state.offset + 1:,}–{last:,} of {found.total:,}"
        self.place.setText(f"{span} · p and q of {found.classes[-1]}" if len(found.words) else none)
        self.back.setEnabled(state.offset > 0)
        self.further.setEnabled(last < found.total)

    def _looked(self) -> tuple[Read, int] | None:
        if self.view is None:
            return None
        if self.state.looked == TYPED:
            return (self.typed, 0) if self.typed is not None and len(self.typed) else None
        at = self._row()
        return (self.listed, at) if self.listed is not None and at >= 0 else None

    def _show_one(self) -> None:
        """The sentence that is looked at."""
        looked = self._looked()
        if looked is not None:
            self.look.show_sentence(*looked)
            return
        waiting = self.view is not None and (self._list.busy or self._type.busy)
        self.look.show_nothing("Reading …" if waiting else "Choose a sentence below, or type one.")
