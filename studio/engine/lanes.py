"""A lane: one thread that answers questions one after the other; of a topic only the newest waits."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from studio.data.errors import DataError
from studio.data.watch import Cancelled, Watch
from studio.engine.messages import Advanced, Answer, Ask, Failed
from studio.explore.questions import AnyQuestion
from studio.runs.folder import DamagedRun

log = logging.getLogger(__name__)

Tell = Callable[[object], None]
REPORT_EVERY = 0.05
"""Seconds between two reports of progress; more would only fill the pipe."""


class Lane:
    """Answers what is put into it, in order, on a thread of its own that a stuck question cannot keep alive.

    Args:
        name: of the thread.
        answer: called with a question and its watch, on the lane's thread.
        tell: called with Answer, Failed and Advanced, on the lane's thread or on that of :meth:`cancel`.
        before: called on the lane's thread before each question (thread counts).
    """

    def __init__(
        self,
        name: str,
        answer: Callable[[AnyQuestion, Watch], Any],
        tell: Tell,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._answer = answer
        self._tell = tell
        self._before = before
        self._waiting: deque[Ask] = deque()
        self._running: tuple[int, Watch] | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, ask: Ask) -> None:
        """Add a question; those of the same topic that still wait are dropped without an answer.

        The one that is being answered is finished: if each movement of a slider ended the picture before it, nothing
        would be seen until the hand rests.
        """
        with self._changed:
            if ask.topic:
                self._waiting = deque(a for a in self._waiting if a.topic != ask.topic)
            self._waiting.append(ask)
            self._changed.notify()

    def cancel(self, stamp: int) -> bool:
        """Give up a question; True when this lane has it. One that runs ends at its next look at its watch."""
        with self._changed:
            for ask in self._waiting:
                if ask.stamp == stamp:
                    self._waiting.remove(ask)
                    self._tell(Failed(stamp, "cancelled"))
                    return True
            if self._running is not None and self._running[0] == stamp:
                self._running[1].cancel()
                return True
        return False

    def close(self, timeout: float) -> bool:
        """Drop what waits, cancel what runs, and wait for the thread; True when it has ended."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            if self._running is not None:
                self._running[1].cancel()
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _next(self) -> tuple[Ask, Watch] | None:
        with self._changed:
            self._running = None
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            ask = self._waiting.popleft()
            watch = Watch(_Report(ask.stamp, self._tell))
            self._running = (ask.stamp, watch)
            return ask, watch

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            ask, watch = taken
            try:
                self._before()
                said: object = Answer(ask.stamp, self._answer(ask.question, watch))
            except Cancelled:
                said = Failed(ask.stamp, "cancelled")
            except Exception as wrong:  # the boundary: whatever a question meets, the lane and the engine live on
                said = Failed(ask.stamp, in_words(wrong))
            self._tell(said)


class _Report:
    """Passes progress on, at most once in a while, and the last word always."""

    def __init__(self, stamp: int, tell: Tell) -> None:
        self._stamp = stamp
        self._tell = tell
        self._last = 0.0

    def __call__(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if now - self._last >= REPORT_EVERY or (total and done >= total):
            self._last = now
            self._tell(Advanced(self._stamp, done, total))


def in_words(wrong: BaseException) -> str:
    """What a person is told of an exception. Those that are nobody's fault but ours go to the log with their trace."""
    match wrong:
        case DamagedRun() | DataError() | ValueError() if str(wrong):
            return str(wrong)
        case KeyError() | LookupError() if wrong.args and isinstance(wrong.args[0], str):
            return str(wrong.args[0])
        case OSError() if wrong.filename is not None:
            return f"{wrong.filename}: {(wrong.strerror or str(wrong)).lower()}"
        case MemoryError():
            return "there is not enough memory for this; ask for fewer or smaller pictures at once"
    if type(wrong).__name__ == "OutOfMemoryError":  # torch's own, told by name so that lanes need no torch
        return "the device has not enough memory for this; ask for fewer or smaller pictures at once"
    log.error("unexpected error in the engine", exc_info=wrong)
    return f"unexpected {type(wrong).__name__}: {wrong}"
