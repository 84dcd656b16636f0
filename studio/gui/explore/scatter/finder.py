"""What the parts of the scatter panel share: where the examples lie, the one that is looked at, those put among them.

Encoding a dataset takes seconds beside a training: newer weights are asked for only so often that the engine is left
to other things four fifths of the time, and what is asked by hand goes before.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from studio.explore.questions import Encode, Encoded, ModelView, Real, Scatter, Scattered, Where
from studio.gui.explore.asking import Latest, brief
from studio.gui.explore.keeper import Keeper
from studio.gui.explore.scatter.state import Scattering, as_plain, from_plain, suits, way_of
from studio.gui.kinds import examples
from studio.gui.session import Session
from studio.gui.words import plural

REST = 4.0
"""Newer weights are asked for after so many times the seconds that the last answer took."""
TITLED = 5_000
"""From so many examples on the work stands in the status line."""
Floats = npt.NDArray[np.float32]


class Finder(QObject):
    """See the module. Nothing is asked before :meth:`show_run`, nor while ``awake`` is False."""

    run_shown = Signal()
    """Another run, or other weights of it."""
    changed = Signal(object)
    """The state before, after an edit, an undo or a redo."""
    found = Signal(bool)
    """Where the examples lie; True: in the plane that was seen before."""
    advanced = Signal(int, int)
    """How many examples are encoded, of how many; (0, 0): no more."""
    looked = Signal()
    """Another example is looked at, or more is known of it."""
    landed = Signal()
    """Where the examples lie that were put among the others."""
    failed = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.where = Where("")
        self.view: ModelView | None = None
        self.result: Scattered | None = None
        self.current = -1
        """Row of the example that is looked at, of the result."""
        self.index = -1
        """Its number in the dataset."""
        self.seen: Encoded | None = None
        """The example that is looked at, and what its latent decodes to."""
        self.put: Encoded | None = None
        """The examples that were put among the others."""
        self.awake = True
        self.keeper = Keeper[Scattering](session, self, self._put, as_plain, from_plain)
        self._look = Latest(session, self, "scatter look")
        self._land = Latest(session, self, "scatter land")
        self._stale = False
        self._turn = 0
        self._stamp: int | None = None
        self._asked_at = self._rests_until = 0.0

    # --- what is set

    @property
    def state(self) -> Scattering:
        return self.keeper.state

    @property
    def busy(self) -> bool:
        return self._stamp is not None

    def edit(self, text: str, new: Scattering, merge: object = None) -> None:
        if new != self.state:
            self.keeper.edit(text, new, merge)

    def place(self, real: Real) -> None:
        """Put these examples among the others, in place of those before."""
        new = self.state.placed(real)
        many = len(new.real)
        self.edit(f"Put in {plural(many, 'example')}" if many else "Put in no example", new)

    # --- which run

    def show_run(self, where: Where, view: ModelView) -> None:
        self.forget()
        same = self.where.run == where.run
        self.where, self.view = where, view
        if not same:
            self.current = self.index = -1
        self.seen = None
        classes = len(view.data.classes)
        self.keeper.show(where.run, Scattering(), lambda s: suits(s, view.prior, view.data.count, classes))
        self.run_shown.emit()
        self.ask()

    def forget(self) -> None:
        self.stop()
        self._look.forget()
        self._land.forget()
        self.view = self.result = self.put = None

    def refresh(self) -> None:
        """The run trains on."""
        if self.view is not None and not self.busy and time.monotonic() >= self._rests_until:
            self.ask(quietly=True)

    def wake(self) -> None:
        """The panel can be seen again: ask what was not asked meanwhile."""
        self.awake = True
        if self._stale and self.view is not None:
            self.ask()

    def sleep(self) -> None:
        """Nobody looks: what is under way is asked again when somebody does, and holds nobody up."""
        self.awake = False
        if self.busy:
            self.stop()
            self._stale = True

    def _put(self, before: Scattering, state: Scattering) -> None:
        """Another state of this run."""
        self.changed.emit(before)
        if not state.asks_like(before):
            self.ask()
        elif state.real != before.real:
            self._ask_landed()

    # --- asking

    def ask(self, *, quietly: bool = False) -> None:
        """Where the examples lie, and what else is shown. ``quietly``: nobody did anything for it."""
        if self.view is None:
            return
        self._stale = not self.awake
        if self._stale:
            return
        self.stop()
        state, turn = self.state, self._turn
        way = way_of(state, self.view.prior)
        sampled = state.sampled and "infer latents" in self.view.capabilities
        question = Scatter(self.where, state.part, state.count, way, state.first, state.second, sampled)
        many = min(state.count, self.view.data.count)

        def came(found: Scattered) -> None:
            if turn == self._turn:
                self._came(found)

        def fail(message: str) -> None:
            if turn == self._turn:
                self._end()
                self.failed.emit(brief(message))

        def further(done: int, total: int) -> None:
            if turn == self._turn:
                self.advanced.emit(done, total)

        titled = many >= TITLED and not quietly
        self._asked_at = time.monotonic()
        self._stamp = self.session.ask(
            question,
            self,
            came,
            failed=fail,
            advanced=further,
            slow=True,
            title=f"Encoding {examples(self.view.data.kind, many)}" if titled else "",
        )
        self._ask_look()
        self._ask_landed()

    def stop(self) -> None:
        """Encode no further; what was found stays."""
        if self._stamp is not None:
            self.session.cancel(self._stamp)
            self._end()
        self._turn += 1

    def _end(self) -> None:
        self._stamp = None
        self.advanced.emit(0, 0)

    def _came(self, found: Scattered) -> None:
        now = time.monotonic()
        self._rests_until = now + REST * (now - self._asked_at)
        before = self.result
        if before is not None and before.names == found.names and before.mean.shape == found.mean.shape:
            found = turned(found, before)
        self._end()
        self.result = found
        rows = np.flatnonzero(found.indices == self.index)
        self.current = int(rows[0]) if len(rows) else -1
        self.found.emit(before is not None and before.names == found.names)
        self.landed.emit()

    # --- the one that is looked at

    def look(self, row: int) -> None:
        """Look at one of the examples, by its row."""
        if self.result is None or not 0 <= row < len(self.result.indices):
            return
        self.current, self.index = row, int(self.result.indices[row])
        self.seen = None
        self.looked.emit()
        self._ask_look()

    def _ask_look(self) -> None:
        if self.view is not None and self.index >= 0:
            asked = self.index

            def came(found: Encoded) -> None:
                if self.view is not None and asked == self.index:
                    self.seen = found
                    self.looked.emit()

            self._look.ask(Encode(self.where, Real((asked,))), came, self.failed.emit)

    def latent(self) -> Floats | None:
        """Of the example that is looked at, (size,)."""
        return self.seen.z[0] if self.seen is not None and len(self.seen.z) else None

    # --- those put among the others

    def _ask_landed(self) -> None:
        if self.view is None or not self.awake:
            return
        real = self.state.real
        if not len(real):
            self._land.forget()
            self.put = None
            self.landed.emit()
            return

        def came(found: Encoded) -> None:
            if self.view is not None and len(found) == len(self.state.real):
                self.put = found
                self.landed.emit()

        self._land.ask(Encode(self.where, real), came, self.failed.emit)

    def landings(self) -> Floats:
        """Where they lie, M×2; none while that is not known."""
        return np.zeros((0, 2), np.float32) if self.put is None else self.in_plane(self.put.z)

    def in_plane(self, z: Floats) -> Floats:
        """Places N×2 of latents N×size; none where nothing was found yet, or of another latent."""
        found = self.result
        if found is None or z.shape[1] != len(found.mean):
            return np.zeros((0, 2), np.float32)
        return np.asarray((z - found.mean) @ found.axes.T, np.float32)


def turned(found: Scattered, before: Scattered) -> Scattered:
    """The same with axes that point as those before do: of a principal component only the line is given."""
    sign = np.where((found.axes * before.axes).sum(axis=1) < 0, -1, 1).astype(np.float32)
    changed: dict[str, Any] = {"axes": found.axes * sign[:, None], "places": found.places * sign}
    return replace(found, **changed)
