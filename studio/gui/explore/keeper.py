"""What a person has set on a panel, kept run by run: undo and redo, and what comes back with the next session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand

from studio.gui.session import Session

S = TypeVar("S")
REMEMBERED = 8
"""States of so many runs come back with the next session."""


class Keeper(Generic[S]):
    """One immutable state for each run.

    Args:
        owner: undo does nothing any more once it is gone.
        put: told (before, after) when the state of the run that is shown has become another one.
        plain, read: to and from plain data for JSON; ``read`` gives None for what is damaged or of another model.
    """

    def __init__(
        self,
        session: Session,
        owner: QObject,
        put: Callable[[S, S], None],
        plain: Callable[[S], dict[str, Any]],
        read: Callable[[dict[str, Any]], S | None],
    ) -> None:
        self.session, self.owner = session, owner
        self.run = ""
        """The run that is shown, or was last."""
        self.shown = False
        self.states: dict[str, S] = {}
        self.remembered: dict[str, Any] = {}
        """Plain states of the last session, by run."""
        self._put, self._plain, self._read = put, plain, read

    @property
    def state(self) -> S:
        return self.states[self.run]

    def show(self, run: str, beginning: S, suits: Callable[[S], bool]) -> S:
        """The state in which this run was left, if it still suits its model; else ``beginning``."""
        self.run, self.shown = run, True
        known = self.states.get(run)
        if known is None or not suits(known):
            plain = self.remembered.pop(run, None)
            known = self._read(plain) if isinstance(plain, dict) else None
            self.states[run] = known if known is not None and suits(known) else beginning
        return self.states[run]

    def hide(self) -> None:
        """Nothing is shown; an undo shows its run again."""
        self.shown = False

    def edit(self, text: str, new: S, merge: object = None) -> None:
        """Go over to a new state, undoable under ``text``. Edits in a row with the same ``merge`` are one."""
        self.session.undo.push(_Edit(self, self.run, text, self.state, new, merge))

    def put(self, run: str, state: S) -> None:
        """Make a state the one of its run, and show that run if it is another one."""
        if not self.shown or run != self.run:
            self.states[run] = state
            self.session.choose_run(run)
            return
        before, self.states[run] = self.states[run], state
        self._put(before, state)

    def save(self) -> dict[str, Any]:
        kept = {run: self._plain(state) for run, state in list(self.states.items())[-REMEMBERED:]}
        return dict(list({**self.remembered, **kept}.items())[-REMEMBERED:])

    def restore(self, runs: Any) -> None:
        """What :meth:`save` gave; may be damaged."""
        if isinstance(runs, dict):
            self.remembered = {run: plain for run, plain in runs.items() if isinstance(plain, dict)}


class _Edit(QUndoCommand):
    def __init__(self, keeper: Keeper[Any], run: str, text: str, before: Any, after: Any, merge: object) -> None:
        super().__init__(text)
        self._keeper, self._run = keeper, run
        self._before, self._after, self._merge = before, after, merge

    def id(self) -> int:
        return -1 if self._merge is None else 8

    def mergeWith(self, other: QUndoCommand) -> bool:
        same = isinstance(other, _Edit) and other._keeper is self._keeper
        if not (isinstance(other, _Edit) and same and (other._run, other._merge) == (self._run, self._merge)):
            return False
        self._after = other._after
        return True

    def undo(self) -> None:
        self._go(self._before)

    def redo(self) -> None:
        self._go(self._after)

    def _go(self, state: Any) -> None:
        if shiboken6.isValid(self._keeper.owner):
            self._keeper.put(self._run, state)
