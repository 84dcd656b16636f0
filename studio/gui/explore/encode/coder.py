"""What the parts of the encode panel share: which examples, what was found, and the search while it runs.

A search is asked for in rounds of a part of a second: what each has found is shown at once, and a question that comes
from elsewhere waits no longer than one of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.explore.questions import Browsed, Encode, Encoded, Invert, Inverted, ModelView, Real, Search, Sought, Where
from studio.explore.questions.encoding import Compare, Look
from studio.gui import work
from studio.gui.explore.asking import Latest, brief
from studio.gui.explore.encode.state import By, Encoding, as_plain, from_plain
from studio.gui.explore.keeper import Keeper
from studio.gui.session import Session
from studio.gui.words import plural


class Coder(QObject):
    """See the module. Nothing is asked before :meth:`show_run`, nor while ``awake`` is False."""

    run_shown = Signal()
    """Another run, or other weights of it."""
    changed = Signal(object)
    """The state before, after an edit, an undo or a redo."""
    looked = Signal(object)
    """Browsed: the examples themselves, while nothing was found for them."""
    found = Signal(object)
    """Encoded, an Inverted too: what was found, so far; None: nothing is."""
    searched = Signal()
    """A search has begun, advanced or ended."""
    picked = Signal(int)
    """Which of the examples is looked at closely."""
    failed = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.where = Where("")
        self.view: ModelView | None = None
        self.result: Encoded | None = None
        self.searching = False
        self.done = 0
        """Iterations of the search so far."""
        self.current = 0
        self.awake = True
        self.keeper = Keeper[Encoding](session, self, self._put, as_plain, from_plain)
        self._encode = Latest(session, self, "encode")
        self._look = Latest(session, self, "encode look")
        self._stale = False
        self._of: Search | None = None
        """What the result of a search was searched with."""
        self._sought: Sought | None = None
        self._turn = 0
        self._stamp = 0
        self._job: work.Job | None = None

    # --- what is set

    @property
    def state(self) -> Encoding:
        return self.keeper.state

    @property
    def can_encode(self) -> bool:
        return self.view is not None and "encode" in self.view.capabilities

    @property
    def by(self) -> By:
        """What finds latents here."""
        return self.state.by if self.can_encode else "search"

    @property
    def search(self) -> Search:
        """The search as this model can do it."""
        return self.state.search if self.can_encode else replace(self.state.search, refine=False)

    def choose(self, real: Real, merge: object = None) -> None:
        """These examples, in place of those before."""
        new = self.state.chosen(real)
        if new.real != self.state.real:
            many = len(new.real)
            self.keeper.edit(f"Choose {plural(many, 'example')}" if many else "Choose no example", new, merge)

    def set_by(self, by: By) -> None:
        if by != self.by:
            self.keeper.edit("Way to encode", replace(self.state, by=by))

    def set_search(self, what: str, search: Search, merge: object = None) -> None:
        if search != self.state.search:
            self.keeper.edit(what, replace(self.state, search=search), merge)

    def pick(self, index: int) -> None:
        """Look closely at one of the examples."""
        if 0 <= index < len(self.state.real):
            self.current = index
            self.picked.emit(index)

    # --- which run

    def show_run(self, where: Where, view: ModelView) -> None:
        self.forget()
        self.where, self.view, self.current = where, view, 0
        fits = range(view.data.count)
        self.keeper.show(where.run, Encoding(), lambda s: all(i in fits for i in s.real.indices))
        self.run_shown.emit()
        self.ask()

    def forget(self) -> None:
        self.stop()
        self._encode.forget()
        self._look.forget()
        self.view = self.result = None

    def refresh(self) -> None:
        """The run trains on: an encoder is asked again; what a search has found stays."""
        if (self.view is not None and self.by == "encoder" and not self._encode.busy) or (
            self.view is not None and self.result is None and not self.searching
        ):
            self.ask()

    def wake(self) -> None:
        """The panel can be seen again: ask what was not asked meanwhile."""
        self.awake = True
        if self._stale and self.view is not None:
            self.ask()

    def _put(self, before: Encoding, state: Encoding) -> None:
        """Another state of this run: what was found for the one before holds no longer."""
        if before != state:
            self.stop()
        if before.real != state.real or before.by != state.by:
            self._encode.forget()
            self._look.forget()
            self.current, self.result = 0, None
            self.ask()
        self.changed.emit(before)

    # --- asking

    def ask(self) -> None:
        """Show the examples, and what the encoder makes of them where there is one."""
        if self.view is None:
            return
        self._stale = not self.awake
        if self._stale:
            return
        real = self.state.real
        if not len(real):
            self.result = None
            self.found.emit(None)
        elif self.by == "encoder":
            self._encode.ask(Encode(self.where, real), self._encoded, self.failed.emit)
        elif self.result is None:
            self._look.ask(Look(self.where.run, real), self._looked, self.failed.emit)

    def _encoded(self, found: Encoded) -> None:
        if self.view is not None and self.by == "encoder" and len(found) == len(self.state.real):
            self.result = found
            self.found.emit(found)

    def go_back(self, state: Encoding, z: np.ndarray[Any, np.dtype[np.float32]] | None) -> None:
        """To what a file says: these examples and settings, and the latents N×size that were found for them."""
        self.keeper.edit("Restore from a file", state)
        fits = z is not None and self.view is not None and z.shape == (len(state.real), self.view.prior.size)
        if z is not None and fits and self.by == "search":
            self._encode.ask(Compare(self.where, state.real, z), self._compared, self.failed.emit)

    def _compared(self, found: Encoded) -> None:
        if self.view is not None and not self.searching and len(found) == len(self.state.real):
            self._look.forget()
            self.result = found
            self.found.emit(found)

    def _looked(self, found: Browsed) -> None:
        if self.view is not None and self.result is None and found.total == len(self.state.real):
            self.looked.emit(found)

    # --- the search

    @property
    def unfinished(self) -> bool:
        """Whether a search was stopped, and can go on."""
        found = self.result
        return isinstance(found, Inverted) and not found.finished and not self.searching and self._of == self.search

    def start(self) -> None:
        """Search for the latents of the examples, or go on where it was stopped."""
        if self.view is None or self.searching or not len(self.state.real) or self.by != "search":
            return
        many = plural(len(self.state.real), "point" if self.view.data.kind == "points" else "picture")
        self._job = work.Job(f"Searching the latents of {many}", self.stop)
        work.desk.begin(self._job)
        self._sought = self.result.sought if isinstance(self.result, Inverted) and self.unfinished else None
        self.done = self._sought.done if self._sought is not None else 0
        self._of, self.searching = self.search, True
        self._round()
        self.searched.emit()

    def stop(self) -> None:
        """End the search; what it has found stays."""
        if self.searching:
            self._turn += 1
            self.session.cancel(self._stamp)
            self._end(cancelled=True)

    def _round(self) -> None:
        turn = self._turn

        def came(found: Inverted) -> None:
            if turn == self._turn:
                self._came(found)

        def fail(message: str) -> None:
            if turn == self._turn:
                self._end(cancelled=True)
                self.failed.emit(brief(message))

        def advanced(done: int, total: int) -> None:
            if turn == self._turn and total:
                self._advance(done, total)

        question = Invert(self.where, self.state.real, self.search, self._sought)
        self._stamp = self.session.ask(question, self, came, failed=fail, advanced=advanced, slow=True)

    def _came(self, found: Inverted) -> None:
        self.result, self._sought = found, found.sought
        self._advance(found.sought.done, self.search.iterations)
        if found.finished:
            self._end()
        else:
            self._round()  # first the next round: the engine works while this one is painted
        self.found.emit(found)

    def _advance(self, done: int, total: int) -> None:
        self.done = done
        if self._job is not None:
            work.desk.advance(self._job, done, total)
        self.searched.emit()

    def _end(self, *, cancelled: bool = False) -> None:
        self._turn += 1
        self.searching = False
        if self._job is not None:
            work.desk.end(self._job, cancelled=cancelled)
            self._job = None
        self.searched.emit()

    def seconds_left(self) -> float | None:
        """By the speed so far; None while that says nothing."""
        return self._job.seconds_left() if self._job is not None else None

    # --- the one that is looked at closely

    def latent(self) -> np.ndarray[Any, np.dtype[np.float32]] | None:
        """What was found for it, (size,)."""
        found = self.result
        return found.z[self.current] if found is not None and self.current < len(found) else None

    def original(self) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
        """Its picture, H×W×3; None for points."""
        found = self.result
        return found.originals[self.current] if found is not None and self.current < len(found.originals) else None
