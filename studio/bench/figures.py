"""Figures drawn: pictures with joints and masks a second, on all cores, by size."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from studio.bench.result import Result
from studio.data import figures

REPEATED = 3


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    for side, count, target in ((64, 4000, 1000.0), (128, 1000, None), (256, 240, None)):
        next(iter(figures.draw(1, (side, side))))  # who there is, and where they stand: once for a dataset
        rates = [_rate(count, side) for _ in range(REPEATED)]
        name = f"figures of {side}×{side}, with joints and masks"
        spread = (min(rates), max(rates))
        yield Result(name, sorted(rates)[REPEATED // 2], "images/s", target, "at least", spread)
    who = next(iter(figures.draw(1))).joints[0]
    before = time.perf_counter()
    for _ in range(50):
        figures.redraw(0, who)
    each = (time.perf_counter() - before) / 50
    yield Result("one person redrawn in one pose, 64×64", each * 1000, "ms")


def _rate(count: int, side: int) -> float:
    before = time.perf_counter()
    drawn = sum(len(block.images) for block in figures.draw(count, (side, side)))
    return drawn / (time.perf_counter() - before)
