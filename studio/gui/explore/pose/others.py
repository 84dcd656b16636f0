"""Which other runs could stand beside: those that take a pose too, of the same dataset. Looked up by a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.gui import work
from studio.gui.session import Session
from studio.models.core.recipe import Value
from studio.runs.folder import DamagedRun, RunFolder

FIELD = "constraint"
"""Of a recipe: which constraint the run learned with."""
WORDS = {"none": "base", "fixed": "fixed constraint", "learned": "learned constraint"}
UNSEEN = frozenset({FIELD, "steps"})
"""Fields in which two runs may differ and still be the same recipe otherwise."""


@dataclass(frozen=True)
class OtherRun:
    """A run that could stand beside.

    Attributes:
        constraint: its choice; empty: its recipe has none.
        apart: in how many other fields its recipe differs.
        same: whether its choice of constraint is that of the run shown.
    """

    path: str
    title: str
    constraint: str
    apart: int
    same: bool

    @property
    def words(self) -> str:
        """As a person chooses it; what tells it apart comes first, for there may be no room for the rest."""
        return " · ".join(filter(None, (in_words(self.constraint), self.title)))


def in_words(constraint: str) -> str:
    """A choice of constraint as a person reads it."""
    return WORDS.get(constraint, constraint)


class Others(QObject):
    """See the module.

    Args:
        needs: the capability that they must have.
    """

    listed = Signal()

    def __init__(self, session: Session, parent: QObject, needs: str) -> None:
        super().__init__(parent)
        self.session = session
        self.needs = needs
        self.run = self.fingerprint = ""
        self.runs: tuple[OtherRun, ...] = ()
        self.own = ""
        """The choice of constraint of the run that is shown; empty: its recipe has none."""
        session.library_changed.connect(self.look)
        session.catalogue_changed.connect(self.look)
        session.checkpointed.connect(lambda event: self.look() if event.run != self.run else None)

    def show_run(self, run: str, fingerprint: str) -> None:
        if run != self.run:
            self.runs, self.own = (), ""
        self.run, self.fingerprint = run, fingerprint
        self.look()

    @property
    def proposed(self) -> str:
        """The one to compare with first: with another choice of constraint, and otherwise the same recipe; empty
        where there is none at all."""
        best = min(self.runs, key=lambda o: (o.same, o.apart), default=None)
        return best.path if best is not None else ""

    def named(self, path: str) -> OtherRun | None:
        return next((o for o in self.runs if o.path == path), None)

    def look(self) -> None:
        """Scan the library again."""
        if not self.run:
            return
        library, run, fingerprint = self.session.library, self.run, self.fingerprint
        able = frozenset(card.name for card in self.session.models if self.needs in card.capabilities)

        def task(watch: object) -> tuple[str, tuple[OtherRun, ...]]:
            own = _recipe(run)
            found = []
            for entry in library.scan():
                path = str(entry.path)
                fits = entry.data is not None and entry.data.fingerprint == fingerprint
                if entry.damaged or not fits or entry.model not in able or Path(path) == Path(run):
                    continue
                if RunFolder(path).checkpoints():
                    recipe = _recipe(path)
                    chosen = str(recipe.get(FIELD, ""))
                    apart = sum(own.get(n) != recipe.get(n) for n in {*own, *recipe} - UNSEEN)
                    found.append(OtherRun(path, entry.title, chosen, apart, chosen == str(own.get(FIELD, ""))))
            return str(own.get(FIELD, "")), tuple(found)

        def done(answer: tuple[str, tuple[OtherRun, ...]]) -> None:
            if run == self.run and (self.own, self.runs) != answer:
                self.own, self.runs = answer
                self.listed.emit()

        work.run(self, task, done, lambda wrong: None)


def _recipe(path: str) -> dict[str, Value]:
    """All fields, with the model's name among them; none of a damaged run."""
    try:
        model, recipe = RunFolder(path).recipe()
    except DamagedRun:
        return {}
    return {**recipe, "model's name": model}
