"""Histograms of one run through time: how a number that each example has is spread, step by step."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import numpy as np

from studio.gui.widgets.histogram import Bins
from studio.runs.folder import RunFolder
from studio.training.events import Spread

KEPT = 4000
"""Histograms of one name in memory; of more, every second one goes."""


class History:
    """The histograms of one name ("gradient norm/reaching the generator"), in rising steps."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.bins: list[Bins] = []
        self._low, self._high = np.inf, -np.inf

    def add(self, step: int, bins: Bins) -> None:
        """The histogram of a step. One that is not later than the last: the run went back to a checkpoint."""
        self.back_to(step)
        self.extend([step], [bins])

    def extend(self, steps: Sequence[int], bins: Sequence[Bins]) -> None:
        """Of later steps, rising."""
        self.steps += steps
        self.bins += bins
        for one in bins:
            filled = np.flatnonzero(one.counts)
            if len(filled):
                self._low = min(self._low, float(one.edges[filled[0]]))
                self._high = max(self._high, float(one.edges[filled[-1] + 1]))
        if len(self.steps) > KEPT:
            del self.steps[:-1:2], self.bins[:-1:2]

    def back_to(self, step: int) -> None:
        """Forget this step and what came after it."""
        kept = bisect.bisect_left(self.steps, step)
        del self.steps[kept:], self.bins[kept:]

    @property
    def span(self) -> tuple[float, float]:
        """Least and greatest value that was counted at any step, so that an axis can stand still."""
        return (self._low, self._high) if self._low < self._high else (0.0, 1.0)


class Spreads:
    """Of one run, by "panel/what"."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.histories: dict[str, History] = {}

    def add(self, event: Spread) -> None:
        bins = Bins(event.edges, event.counts, event.scale == "log", event.left_out)
        self.histories.setdefault(event.name, History()).add(event.step, bins)

    def back_to(self, step: int) -> None:
        """The run went back to a checkpoint: forget what came at this step and after it."""
        for history in self.histories.values():
            history.back_to(step)

    def groups(self) -> dict[str, dict[str, History]]:
        """By panel and label, those that hold something."""
        found: dict[str, dict[str, History]] = {}
        for name, history in self.histories.items():
            if history.steps:
                panel, _, label = name.partition("/")
                found.setdefault(panel, {})[label or panel] = history
        return found


def from_disk(run: str) -> Spreads:
    """What the run's folder has; for a worker. Raises OSError when it is there and cannot be read."""
    made = Spreads(run)
    for name, records in RunFolder(run).spreads().items():
        bins = [Bins(np.array(r.edges), np.array(r.counts), r.scale == "log", r.left_out) for r in records]
        history = made.histories[name] = History()
        history.extend([r.step for r in records], bins)
    return made


def joined(disk: Spreads, live: Spreads) -> Spreads:
    """What is on disk with what came meanwhile, which wins from its first step on."""
    for name, history in live.histories.items():
        known = disk.histories.setdefault(name, History())
        if history.steps:
            known.back_to(history.steps[0])
            known.extend(history.steps, history.bins)
    return disk
