"""Long work off the window's thread: a pool of threads whose answers arrive on the window's thread.

::

    work.run(self, lambda watch: library.scan(), self._show, title="Looking for runs")

The task gets a :class:`studio.data.watch.Watch` to report progress to and to be cancelled through. Nothing is ever
delivered to an owner that is gone. :func:`close` cancels and joins everything; the application calls it at its end.
"""

from __future__ import annotations

import itertools
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from studio.data.watch import Cancelled, Watch

log = logging.getLogger(__name__)
T = TypeVar("T")

_THREADS = 4
_BETWEEN_REPORTS = 0.05


@dataclass(eq=False)
class Job:
    """One piece of long work, for the status line: here, or a question to the engine. ``total`` 0: unknown."""

    title: str
    cancel: Callable[[], None]
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0
    what: str = ""

    def seconds_left(self) -> float | None:
        """By the speed so far; None while that says nothing."""
        spent = time.monotonic() - self.started
        if not 0 < self.done < self.total or spent < 0.5:
            return None
        return spent * (self.total - self.done) / self.done


class _Desk(QObject):
    """Lives on the window's thread; workers hand it closures to be called there."""

    mail = Signal(object)
    changed = Signal()
    """A titled job came, advanced or went."""
    ended_unseen = Signal(str)
    """The title of a job that took longer than :data:`LONG` seconds and is done."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []
        self.mail.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def begin(self, job: Job) -> None:
        self.jobs.append(job)
        self.changed.emit()

    def advance(self, job: Job, done: int, total: int, what: str = "") -> None:
        job.done, job.total, job.what = done, total, what
        if job in self.jobs:
            self.changed.emit()

    def end(self, job: Job, *, cancelled: bool = False) -> None:
        if job in self.jobs:
            self.jobs.remove(job)
            self.changed.emit()
            if time.monotonic() - job.started > LONG and not cancelled:
                self.ended_unseen.emit(job.title)

    def _deliver(self, closure: Callable[[], None]) -> None:
        closure()


LONG = 10.0
desk = _Desk()
_pool: ThreadPoolExecutor | None = None
_running: dict[Future[None], Watch] = {}
_names = itertools.count(1)
_guard = threading.Lock()


def run(
    owner: QObject,
    task: Callable[[Watch], T],
    done: Callable[[T], None],
    failed: Callable[[Exception], None] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    *,
    title: str = "",
) -> Watch:
    """Do ``task(watch)`` in another thread, then ``done(result)`` on the window's. To be called from the latter.

    Args:
        owner: when it is gone, nothing is called any more.
        failed: called with what the task raised, :class:`Cancelled` included. Without it a cancelled task ends in
            silence and any other exception goes to ``sys.excepthook``, which shows a banner.
        progress: called with (done, total, what) at most 20 times a second.
        title: shows the work in the status line, with what is left and Cancel, once it has taken a moment.

    Returns:
        The watch: call ``cancel()`` to give the work up.
    """
    global _pool
    last = 0.0
    job: Job

    def report(at: int, total: int, what: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _BETWEEN_REPORTS:
            last = now
            desk.mail.emit(lambda: advance(at, total, what))

    def advance(at: int, total: int, what: str) -> None:
        desk.advance(job, at, total, what)
        if progress is not None and shiboken6.isValid(owner):
            progress(at, total, what)

    def finish(call: Callable[[], None] | None) -> None:
        desk.end(job, cancelled=watch.cancelled)
        if call is not None and shiboken6.isValid(owner):
            call()

    def fail(error: Exception) -> None:
        if failed is not None:
            failed(error)
        elif not isinstance(error, Cancelled):
            sys.excepthook(type(error), error, error.__traceback__)

    def work() -> None:
        try:
            if watch.cancelled:
                raise Cancelled("cancelled")
            result = task(watch)
        except Exception as error:  # the boundary between threads: whatever it was is told on the window's thread
            caught = error
            desk.mail.emit(lambda: finish(lambda: fail(caught)))
        else:
            desk.mail.emit(lambda: finish(lambda: done(result)))

    watch = Watch(report)
    job = Job(title, watch.cancel)
    if title:
        desk.begin(job)
    with _guard:
        if _pool is None:
            _pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"work-{next(_names)}")
        future = _pool.submit(work)
        _running[future] = watch
    future.add_done_callback(_forget)
    return watch


class Line:
    """Small tasks one after the other, each as :func:`run` does it. To be used from the window's thread."""

    def __init__(self, owner: QObject) -> None:
        self._owner = owner
        self._waiting: deque[tuple[Callable[[Watch], Any], Callable[[Any], None], Callable[[Exception], None]]] = (
            deque()
        )
        self._busy = False

    def run(self, task: Callable[[Watch], T], done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        self._waiting.append((task, done, failed))
        self._next()

    def settle(self) -> None:
        """The window closes: do now what still waits. Nobody is told how it went."""
        waiting, self._waiting = self._waiting, deque()
        for task, _, _ in waiting:
            try:
                task(Watch())
            except (OSError, ValueError):
                log.exception("a change asked for just before the window closed did not work")

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        task, done, failed = self._waiting.popleft()

        def ended(call: Callable[[Any], None], value: Any) -> None:
            self._busy = False
            try:
                call(value)
            finally:
                self._next()

        run(self._owner, task, lambda value: ended(done, value), lambda wrong: ended(failed, wrong))


def _forget(future: Future[None]) -> None:
    with _guard:
        _running.pop(future, None)


def close(timeout: float = 10.0) -> bool:
    """Cancel everything and wait for it; False when something did not end in ``timeout`` seconds.

    The pool starts afresh with the next :func:`run`.
    """
    global _pool
    with _guard:
        pool, _pool = _pool, None
        running = dict(_running)
    if pool is None:
        return True
    for watch in running.values():
        watch.cancel()
    pool.shutdown(wait=False, cancel_futures=True)
    # Those that never began are cancelled, and wait() would take that for not done.
    ended = not wait([f for f in running if not f.cancelled()], timeout).not_done
    if ended:
        pool.shutdown(wait=True)
    desk.jobs.clear()
    return ended
