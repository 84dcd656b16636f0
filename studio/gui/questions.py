"""Questions to the engine that still wait for their answer, and who asked them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import shiboken6
from PySide6.QtCore import QObject

from studio.engine.messages import Advanced, Answer, Ask, Cancel, Failed
from studio.explore.questions import AnyQuestion
from studio.gui import work


@dataclass(eq=False)
class _Pending:
    owner: QObject
    answered: Callable[[Any], None]
    failed: Callable[[str], None] | None
    advanced: Callable[[int, int], None] | None
    topic: str
    job: work.Job | None


class Questions:
    """Stamps questions, and brings each answer to its asker on the window's thread, unless that is gone by then.

    Args:
        send: hands a message to the engine; returns at once.
    """

    def __init__(self, send: Callable[[object], None]) -> None:
        self._send = send
        self._stamps = itertools.count(1)
        self._pending: dict[int, _Pending] = {}

    def ask(
        self,
        question: AnyQuestion,
        owner: QObject,
        answered: Callable[[Any], None],
        failed: Callable[[str], None] | None,
        advanced: Callable[[int, int], None] | None,
        topic: str,
        slow: bool,
        title: str,
    ) -> int:
        """See :meth:`studio.gui.session.Session.ask`."""
        stamp = next(self._stamps)
        if topic:
            for old in [s for s, p in self._pending.items() if p.topic == topic]:
                self._settle(old)
        job = work.Job(title, lambda: self.cancel(stamp)) if title else None
        self._pending[stamp] = _Pending(owner, answered, failed, advanced, topic, job)
        if job is not None:
            work.desk.begin(job)
        self._send(Ask(stamp, question, topic, slow))
        return stamp

    def cancel(self, stamp: int) -> None:
        self._send(Cancel(stamp))

    def take(self, message: Answer | Failed | Advanced) -> None:
        """Tell the asker. What nobody waits for any more is dropped."""
        match message:
            case Answer(stamp, value):
                pending = self._settle(stamp)
                if pending is not None and shiboken6.isValid(pending.owner):
                    pending.answered(value)
            case Failed(stamp, text):
                pending = self._settle(stamp, failed=True)
                if pending is not None and pending.failed is not None and shiboken6.isValid(pending.owner):
                    pending.failed(text)
            case Advanced(stamp, done, total):
                pending = self._pending.get(stamp)
                if pending is not None and pending.job is not None:
                    work.desk.advance(pending.job, done, total)
                if pending is not None and pending.advanced is not None and shiboken6.isValid(pending.owner):
                    pending.advanced(done, total)

    def _settle(self, stamp: int, *, failed: bool = False) -> _Pending | None:
        """Take a question off the list, and off the status line."""
        pending = self._pending.pop(stamp, None)
        if pending is not None and pending.job is not None:
            work.desk.end(pending.job, cancelled=failed)
        return pending
