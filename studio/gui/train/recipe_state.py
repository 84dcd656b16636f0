"""The recipe of the next run: what the form edits, what undo brings back, and what the engine thinks of it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoCommand

from studio.data.dataset import DataSpec
from studio.engine.messages import Proposal, Propose
from studio.gui.session import Session
from studio.models.core.catalog import ModelCard
from studio.models.core.recipe import FieldInfo, Problem, Value, from_toml, to_toml

CHECK_MS = 120
"""Quiet after an edit before the engine is asked; ranges are checked at once, here."""
SAME_EDIT_S = 1.0
"""Edits of one field that follow each other this closely are undone together."""


class RecipeState(QObject):
    """Model and values of the next run. Edits go through :meth:`edit` and its like, and so can be undone.

    ``baseline`` is what Reset goes back to: what the model suggests for the chosen dataset, or its defaults while no
    dataset is chosen.
    """

    changed = Signal()
    """Model or values or baseline."""
    judged = Signal()
    """Problems or expectation."""
    failed = Signal(str)
    """The engine could not say what it thinks of the recipe."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.model = ""
        self.values: dict[str, Value] = {}
        self.baseline: dict[str, Value] = {}
        self.expect = ""
        self.waiting = False
        """Whether it is being looked up which model and recipe suit the dataset."""
        self._chosen = False  # a person chose the model: another dataset does not change it
        self._engine_says: tuple[Problem, ...] = ()
        self._check = QTimer(self)
        self._check.setSingleShot(True)
        self._check.setInterval(CHECK_MS)
        self._check.timeout.connect(self._ask)
        session.dataset_chosen.connect(self._dataset_chosen)
        session.catalogue_changed.connect(self._catalogue_changed)
        session.values_proposed.connect(self.load)
        self._catalogue_changed()

    # --- what there is

    @property
    def card(self) -> ModelCard | None:
        return self.session.card(self.model)

    @property
    def data(self) -> DataSpec | None:
        return self.session.dataset

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All there are now: ranges at once, and what the engine said last of fields that have none."""
        card = self.card
        local = problems_of(card.fields, self.values) if card else ()
        known = {p.field for p in local}
        return (*local, *(p for p in self._engine_says if p.field not in known))

    def differs(self, names: list[str]) -> bool:
        """Whether any of these fields is not at its baseline."""
        return any(self.values.get(n) != self.baseline.get(n) for n in names)

    # --- edits

    def edit(self, name: str, value: Value) -> None:
        """Set one field."""
        if self.values.get(name) != value:
            words = f"{name.replace('_', ' ')} = {value}"
            self.session.undo.push(_Change(self, words, self.model, {**self.values, name: value}, name))

    def reset(self, names: list[str] | None = None) -> None:
        """Take these fields, or all of them, back to the baseline."""
        wanted = dict(self.baseline) if names is None else {**self.values, **{n: self.baseline[n] for n in names}}
        if wanted != self.values:
            what = "reset all" if names is None else f"reset {len(names)} fields"
            self.session.undo.push(_Change(self, what, self.model, wanted))

    def choose_model(self, name: str) -> None:
        """Another model, with its own suggestion for the dataset."""
        card = self.session.card(name)
        if card is not None and name != self.model:
            self._chosen, self.waiting = True, False
            self.session.undo.push(_Change(self, f"model {card.title}", name, None))

    def load(self, model: str, values: Mapping[str, Value], words: str = "open recipe") -> None:
        """Take over a recipe: of a file, of a run, of a preset. Fields it lacks are filled from the defaults.

        What it has and the model has not is shown as a problem of that field.
        """
        card = self.session.card(model)
        if card is None:
            known = ", ".join(m.name for m in self.session.models)
            self.failed.emit(f"There is no model {model!r} here; there are: {known or 'none yet'}.")
            return
        self._chosen, self.waiting = True, False
        self.session.undo.push(_Change(self, words, model, {**card.defaults, **values}))

    def load_text(self, text: str) -> None:
        """Take over a recipe file's text.

        Raises:
            ValueError: when the text is no recipe; the message says what one looks like.
        """
        self.load(*from_toml(text))

    def text(self) -> str:
        """The recipe as a file."""
        return to_toml(self.model, self.values)

    def take(self, model: str, values: dict[str, Value] | None) -> None:
        """What the undo commands do: ``values`` None means the model's suggestion."""
        card = self.session.card(model)
        if card is None:
            return
        if model != self.model:
            self.baseline = dict(card.defaults)
            self._engine_says, self.expect = (), ""
            self.model = model
            self.values = dict(values if values is not None else card.defaults)
            self._suggest(fresh=values is None)
        else:
            self.values = dict(values if values is not None else self.baseline)
        self.changed.emit()
        self.judged.emit()
        self._check.start()

    # --- the engine's opinion

    def _catalogue_changed(self) -> None:
        if self.card is None and self.session.models:
            self.model = ""
            first = self.session.models[0]
            self.model, self.values, self.baseline = first.name, dict(first.defaults), dict(first.defaults)
            self.changed.emit()
            self._dataset_chosen(self.data)

    def _dataset_chosen(self, data: DataSpec | None) -> None:
        self._engine_says, self.expect = (), ""
        self.judged.emit()
        if data is not None:
            self._suggest(fresh=False)

    def _suggest(self, *, fresh: bool) -> None:
        """What does the model, or any model, suggest for this dataset? ``fresh``: take it whatever was edited."""
        if self.data is None:
            return
        question = Propose(self.data, self.model if self._chosen else "")
        self.waiting = not self._chosen
        self.session.ask(
            question, self, lambda p: self._suggested(p, fresh), topic="recipe suggestion", failed=self._no_suggestion
        )
        self.judged.emit()

    def _no_suggestion(self, why: str) -> None:
        self.waiting = False
        self.judged.emit()
        self.failed.emit(why)

    def _suggested(self, proposal: Proposal, fresh: bool) -> None:
        """Fields that a person edited stay; the others follow the suggestion."""
        self.waiting = False
        if proposal.model == self.model:
            edited = {} if fresh else {n: v for n, v in self.values.items() if v != self.baseline.get(n)}
        else:
            if self._chosen:
                return  # chosen since; its own suggestion is on the way
            edited = {}
            self.model = proposal.model
        self.baseline = dict(proposal.values)
        self.values = {**proposal.values, **edited}
        self._judge(proposal) if not edited else self._ask()
        self.changed.emit()

    def _ask(self) -> None:
        self._check.stop()
        if self.data is None or not self.model:
            return
        question = Propose(self.data, self.model, dict(self.values))
        asked = self.model, dict(self.values)
        self.session.ask(
            question,
            self,
            lambda p: self._judge(p) if (self.model, self.values) == asked else None,
            topic="recipe check",
            failed=self.failed.emit,
        )

    def _judge(self, proposal: Proposal) -> None:
        self._engine_says, self.expect = proposal.problems, proposal.expect
        self.judged.emit()


class _Change(QUndoCommand):
    """From one recipe to another; quick edits of one field are one."""

    def __init__(
        self, state: RecipeState, words: str, model: str, values: dict[str, Value] | None, field: str = ""
    ) -> None:
        super().__init__(words)
        self.state = state
        self.before = state.model, dict(state.values)
        self.after: tuple[str, dict[str, Value] | None] = model, dict(values) if values is not None else None
        self.field = field
        self.time = time.monotonic()

    def id(self) -> int:
        return (hash(self.field) & 0x3FFFFFFF) + 1 if self.field else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other.state is not self.state or other.field != self.field:
            return False
        if other.time - self.time > SAME_EDIT_S:
            return False
        self.after, self.time = other.after, other.time
        self.setText(other.text())
        self.setObsolete(self.after == self.before)
        return True

    def undo(self) -> None:
        self.state.take(*self.before)

    def redo(self) -> None:
        self.state.take(*self.after)


def problems_of(fields: tuple[FieldInfo, ...], values: Mapping[str, Value]) -> tuple[Problem, ...]:
    """What a form can tell by itself: unknown fields, wrong types, ranges, choices. In words, all at once."""
    known = {f.name: f for f in fields}
    found = [Problem(name, "is no field of this recipe") for name in values if name not in known]
    for name, value in values.items():
        if name in known and (wrong := _wrong(known[name], value)):
            found.append(Problem(name, wrong))
    return tuple(found)


def _wrong(field: FieldInfo, value: Value) -> str:
    match field.type:
        case "int" | "float":
            if isinstance(value, bool) or not isinstance(value, int if field.type == "int" else int | float):
                return f"must be a {'whole number' if field.type == 'int' else 'number'}, not {value!r}"
            if value != value or value in (float("inf"), float("-inf")):
                return "must be a finite number"
            if field.low is not None and value < field.low:
                return f"must be at least {field.low:g}, not {value:g}"
            if field.high is not None and value > field.high:
                return f"must be at most {field.high:g}, not {value:g}"
        case "bool" if not isinstance(value, bool):
            return f"must be yes or no, not {value!r}"
        case "choice" if value not in field.choices:
            return f"must be one of {', '.join(field.choices)}, not {value!r}"
        case "text" if not isinstance(value, str):
            return f"must be text, not {value!r}"
    return ""
