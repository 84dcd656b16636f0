"""Many small pieces of work on all cores, answered in order, with a bounded number in flight."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def ordered(work: Callable[[A], B], pieces: Iterable[A]) -> Iterator[B]:
    """``work`` of each piece, in the order of the pieces; at most a few more than there are cores wait or are done.

    Threads: decoding and unpacking release the interpreter lock. An error, or the end of the caller's interest, ends
    all of it before this returns.
    """
    workers = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers, "reader") as pool:
        waiting: deque[Future[B]] = deque()
        try:
            for piece in pieces:
                waiting.append(pool.submit(work, piece))
                if len(waiting) >= 2 * workers + 2:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()
