"""Asking the engine so that it is never behind: one question of a kind under way, the newest one waiting.

The engine drops what waits behind a newer question of the same topic. What it has begun it finishes, and that answer
is shown too: a picture that is one step old is better than none for as long as a slider is dragged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from studio.explore.questions import Decode, Decoded, Question, Where
from studio.gui.session import Session

A = TypeVar("A")
D = TypeVar("D", bound=Decoded)
Asks = Callable[[Where, npt.NDArray[np.float32]], Question[Any]]


class Latest:
    """A lane for one topic. Answers of a question that was forgotten never arrive.

    Args:
        owner: answers end with it.
        slow: for questions that take long and that no slider may wait behind.
    """

    def __init__(self, session: Session, owner: QObject, topic: str, *, slow: bool = False) -> None:
        self._session = session
        self._owner = owner
        self._topic = topic
        self._slow = slow
        self._turn = 0
        self._waiting: tuple[Any, ...] | None = None
        self.busy = False

    def ask(
        self,
        question: Question[A],
        answered: Callable[[A], None],
        failed: Callable[[str], None] | None = None,
        advanced: Callable[[int, int], None] | None = None,
    ) -> None:
        """Send now when nothing is under way, else as soon as that is answered, unless a newer one comes. ``advanced``
        is told how much of how much is done."""
        if self.busy:
            self._waiting = (question, answered, failed, advanced)
            return
        self.busy = True
        turn = self._turn

        def done(value: A) -> None:
            if turn == self._turn:
                self._next()  # first the next question: the engine works while this answer is painted
                answered(value)

        def fail(message: str) -> None:
            if turn == self._turn:
                self._next()
                if failed is not None:
                    failed(brief(message))

        def further(now: int, total: int) -> None:
            if turn == self._turn and advanced is not None:
                advanced(now, total)

        self._session.ask(
            question, self._owner, done, topic=self._topic, failed=fail, advanced=further, slow=self._slow
        )

    def _next(self) -> None:
        self.busy = False
        if self._waiting is not None:
            (question, answered, failed, advanced), self._waiting = self._waiting, None
            self.ask(question, answered, failed, advanced)

    def forget(self) -> None:
        """Whatever is under way or waits is not wanted any more."""
        self._turn += 1
        self._waiting = None
        self.busy = False


PIXELS = 1 << 16
"""About so many pixels are decoded at a time, so that a slider's picture waits only that long behind a sheet."""


class Batches:
    """Decodes many latents, some at a time; the whole arrives at once, unless newer latents came.

    Args:
        question: what is asked of some latents; its answer is a Decoded, or one that says more.
    """

    def __init__(self, session: Session, owner: QObject, topic: str, question: Asks = Decode) -> None:
        self._lane = Latest(session, owner, topic)
        self._question = question
        self._round = 0
        self._next: tuple[Any, ...] | None = None
        self.busy = False

    def ask(
        self,
        where: Where,
        z: npt.NDArray[np.float32],
        pixels: int,
        answered: Callable[[Any], None],
        failed: Callable[[str], None] | None = None,
        *,
        part: Callable[[int, Any], None] | None = None,
    ) -> None:
        """Decode ``z`` (N×size), N ≥ 1. One under way is finished first, so that sheets follow a dragged slider.

        Args:
            pixels: of one picture; 0 for points, which all go at once.
            part: told of each part as it comes, with the index of its first picture.
        """
        if self.busy:
            self._next = (where, z, pixels, answered, failed, part)
            return
        self.busy = True
        at_once = len(z) if pixels == 0 else max(1, PIXELS // pixels)
        turn, parts = self._round, []

        def send(start: int) -> None:
            self._lane.ask(self._question(where, z[start : start + at_once]), lambda found: take(start, found), fail)

        def take(start: int, found: Decoded) -> None:
            if turn != self._round:
                return
            parts.append(found)
            if part is not None:
                part(start, found)
            if start + at_once < len(z):
                send(start + at_once)
            else:
                self._finish()
                answered(joined(parts))

        def fail(message: str) -> None:
            if turn == self._round:
                self._finish()
                if failed is not None:
                    failed(brief(message))

        send(0)

    def _finish(self) -> None:
        self.busy = False
        if self._next is not None:
            where, z, pixels, answered, failed, part = self._next
            self._next = None
            self.ask(where, z, pixels, answered, failed, part=part)

    def forget(self) -> None:
        self._round += 1
        self._next = None
        self.busy = False
        self._lane.forget()


def joined(parts: list[D]) -> D:
    """One answer of several; its step is that of the oldest."""
    first = parts[0]
    if len(parts) == 1:
        return first
    arrays = {f.name: [getattr(p, f.name) for p in parts] for f in fields(first) if f.name != "step"}
    whole = {name: None if given[0] is None else np.concatenate(given) for name, given in arrays.items()}
    return type(first)(step=min(p.step for p in parts), **whole)  # type: ignore[arg-type]


def brief(message: str) -> str:
    """The first line of what went wrong, to be shown in a picture's place; libraries tell whole lists."""
    first, _, rest = message.strip().partition("\n")
    return f"{first.rstrip(':')} …" if rest else first
