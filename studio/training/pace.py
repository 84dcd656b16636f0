"""How often something beside training may happen: by a share of the time, and not more often than is of use."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

WINDOW = 5.0
"""Seconds over which the speed is averaged."""


class Clock:
    """Seconds of training: stands still while it is paused."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._before = seconds
        self._since: float | None = None

    def __call__(self) -> float:
        return self._before + (0.0 if self._since is None else time.monotonic() - self._since)

    def start(self) -> None:
        self._since = time.monotonic()

    def stop(self) -> None:
        self._before, self._since = self(), None

    def set(self, seconds: float) -> None:
        self._before = seconds
        if self._since is not None:
            self.start()


class Pace:
    """Tells when work beside training is due, and counts the time it takes.

    Args:
        clock: seconds of training.
        share: of the time of this training that the work may take, 0..1.
        gap: least seconds between the end of one and the start of the next, given the seconds of training so far.
        first: seconds before it is due for the first time.
    """

    def __init__(
        self, clock: Callable[[], float], share: float, gap: Callable[[float], float], first: float = 0.0
    ) -> None:
        self._clock = clock
        self._share = share
        self._gap = gap
        self._began = clock()
        self._last = self._began + first - gap(self._began)
        self._taken = 0.0

    def due(self) -> bool:
        now = self._clock()
        return now - self._last >= self._gap(now) and self._taken <= self._share * (now - self._began)

    @contextmanager
    def working(self, counted: bool = True) -> Iterator[None]:
        """Around the work. Not ``counted``: it takes longer this once, which says nothing of the next time."""
        start = self._clock()
        try:
            yield
        finally:
            self._last = self._clock()
            self._taken += self._last - start if counted else 0.0


@dataclass
class Speed:
    """Cycles a second over the last few seconds of training."""

    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, seconds: float, step: int) -> None:
        self.seen.append((seconds, step))
        while len(self.seen) > 2 and self.seen[1][0] < seconds - WINDOW:
            self.seen.popleft()

    def __call__(self) -> float:
        if len(self.seen) < 2:
            return 0.0
        (start, first), (end, last) = self.seen[0], self.seen[-1]
        return (last - first) / max(end - start, 1e-9)
