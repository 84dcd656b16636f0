"""How many threads torch computes with, for work that is many small steps: shared out among threads that have to wait
for each other at each of them, it takes many times as long as soon as somebody else wants the processor too (drawing 64
images of 784 pixels beside other programs: 30 s with two threads, 1 s with one)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def alone() -> Iterator[None]:
    """Inside, torch computes on this thread alone. Threads that begin meanwhile start with as many as before: torch
    remembers the number that was set last for them, so a thread of no importance sets it back."""
    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    torch.set_num_threads(1)
    back = threading.Thread(target=torch.set_num_threads, args=(before,))
    back.start()
    back.join()
    try:
        yield
    finally:
        torch.set_num_threads(before)
