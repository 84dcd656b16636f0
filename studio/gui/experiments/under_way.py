"""An attempt that this window is at: how far it is, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass

import filelock

from studio.experiments.core.attempts import Attempt
from studio.gui.session import Session


@dataclass(eq=False)
class UnderWay:
    """An attempt that this window is at.

    Attributes:
        left: runs that are not finished, in order.
        lock: held while runs train, so that nobody else trains them.
        stamp: of the question for the conclusion, 0 before it.
        share: of the run in training, or of the conclusion: how much is done, 0..1.
    """

    attempt: Attempt
    title: str
    left: list[str]
    lock: filelock.BaseFileLock
    stamp: int = 0
    share: float = 0.0
    step: tuple[int, int] = (0, 0)

    @property
    def number(self) -> int:
        """Of the run that is next or in training, from 1."""
        return len(self.attempt.runs) - len(self.left) + 1

    @property
    def done(self) -> float:
        """How much of the whole is done, 0..1; the conclusion counts as one run."""
        parts = len(self.attempt.runs) + 1
        return (parts - 1 - len(self.left) + self.share) / parts

    def words(self, session: Session) -> str:
        of = len(self.attempt.runs)
        if self.stamp or not self.left:
            return f"drawing the conclusion · {self.share:.0%}" if self.share else "drawing the conclusion"
        if session.training in self.left:
            at, last = self.step
            return f"run {self.number} of {of} · step {at:,} of {last:,}" if last else f"run {self.number} of {of}"
        if any(run in session.queue for run in self.left):
            return f"run {self.number} of {of} waits in the queue"
        return f"stopped · {len(self.left)} of {of} runs are left"

    def stands(self, session: Session) -> bool:
        """Whether nothing happens until somebody goes on with it."""
        return bool(self.left) and not any(run == session.training or run in session.queue for run in self.left)
