"""Progress and cancel for long work, without a thread or a window: the one who works calls, the one who waits looks."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Cancelled(Exception):
    """The person called it off; nothing that was there before has changed."""


class Watch:
    """Hand one to any long function. ``advance`` raises :class:`Cancelled` soon after ``cancel``.

    Args:
        report: called with (done, total, what) at each advance, in the thread that works. ``total`` 0: unknown.
    """

    def __init__(self, report: Callable[[int, int, str], None] | None = None) -> None:
        self._report = report
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def advance(self, done: int, total: int, what: str = "") -> None:
        if self._cancelled.is_set():
            raise Cancelled("cancelled")
        if self._report is not None:
            self._report(done, total, what)

    def part(self, number: int, of: int) -> Watch:
        """For one of ``of`` parts of equal width, counted from 0: its own 0..total becomes a part of all.

        A part may go through its work more than once; what is told never goes back.
        """
        furthest = 0.0

        def report(done: int, total: int, what: str) -> None:
            nonlocal furthest
            furthest = max(furthest, min(done / total, 1.0) if total else 0.0)
            self.advance(round(1000 * (number + furthest)), 1000 * of, what)

        return Watch(report)
