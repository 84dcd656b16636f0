"""The numbers of a training: to the run's folder and to the listener, at most some fifty times a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import SupportsFloat

from torch import Tensor

from studio.runs.folder import Record, RunFolder
from studio.runs.spreads import SpreadRecord
from studio.training.events import Event, Measured, Spread
from studio.training.spreads import Spreads

EVERY = 0.02
"""Least seconds between two records. When cycles are faster, a record is the mean over those since the last one."""
FLUSH = 0.5
"""At most so many seconds of records are in memory alone; before a checkpoint there are none."""


class Recorder:
    """Collects the values of moves and writes one record of their means per cycle, or per ``EVERY`` seconds; and a
    histogram of what each example had, when one is due.

    Args:
        emit: gets a :class:`Measured` for each record.
        seconds: tells the training time so far.
    """

    def __init__(self, run: RunFolder, emit: Callable[[Event], None], seconds: Callable[[], float]) -> None:
        self._run = run
        self._emit = emit
        self._seconds = seconds
        self._sums: dict[str, tuple[float, int]] = {}
        self._lines: list[Record] = []
        self._spreads = Spreads(seconds)
        self._histograms: list[SpreadRecord] = []
        self._recorded = self._flushed = -float("inf")

    def add(self, values: Mapping[str, SupportsFloat]) -> None:
        """Of one move, or of one measurement."""
        for name, value in values.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + float(value), count + 1)

    def spread(self, step: int, spreads: Mapping[str, Tensor]) -> None:
        """Of one move: one number per example by "panel/what"."""
        for due in self._spreads.look(spreads):
            self.add(due.curves)
            found, seconds = due.found, self._seconds()
            self._emit(
                Spread(
                    str(self._run.path), step, seconds, due.name,
                    found.edges, found.counts, found.scale, found.left_out,
                )
            )  # fmt: skip
            if due.keep:
                edges, counts = tuple(found.edges.tolist()), tuple(found.counts.tolist())
                self._histograms.append(
                    SpreadRecord(step, seconds, due.name, edges, counts, found.scale, found.left_out)
                )

    def cycle(self, step: int) -> None:
        """A cycle has ended: a record, when the last one is not too recent."""
        now = time.monotonic()
        if now - self._recorded >= EVERY:
            self.record(step)
            self._recorded = now
        if now - self._flushed >= FLUSH:
            self._write()

    def record(self, step: int) -> None:
        """Now, of what has come together so far; nothing when nothing has."""
        if self._sums:
            values = {name: total / count for name, (total, count) in self._sums.items()}
            self._sums = {}
            seconds = self._seconds()
            self._lines.append(Record(step, seconds, values))
            self._emit(Measured(str(self._run.path), step, seconds, values))

    def mark(self, step: int, label: str) -> None:
        """A mark on the time axis."""
        self._lines.append(Record(step, self._seconds(), {}, label))

    def flush(self, step: int) -> None:
        """Everything to the file. Raises OSError when the disk refuses; the lines are kept for the next time."""
        self.record(step)
        self._write()

    def drop(self) -> None:
        """Forget values that have not been recorded: they belong to weights that were given up."""
        self._sums = {}

    def _write(self) -> None:
        self._flushed = time.monotonic()
        if self._lines:
            self._run.append(self._lines)
            self._lines = []
        if self._histograms:
            self._run.append_spreads(self._histograms)
            self._histograms = []
