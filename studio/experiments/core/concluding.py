"""From an attempt whose runs have finished to its findings. Loads torch, through the experiment's own ``conclude``."""

from __future__ import annotations

import time
from pathlib import Path

import filelock

from studio.data.watch import Cancelled, Watch
from studio.experiments.core import attempts, catalog
from studio.experiments.core.attempts import Attempt
from studio.training import device as devices


def conclude(path: Path, watch: Watch | None = None, *, lock: bool = True) -> Attempt:
    """Draw the conclusion and write it down. May be asked again of an attempt that has one.

    Args:
        lock: take the attempt's lock; False for one who holds it.

    Raises:
        ValueError: when it cannot be concluded, in words for the person; that is written down, unless somebody else is
            at it or the attempt cannot be read.
        Cancelled: nothing has changed.
    """
    attempt = attempts.read(path)
    if attempt.status == "damaged":
        raise ValueError(attempt.message)
    if not lock:
        return _conclude(attempt, watch or Watch())
    try:
        with attempt.lock().acquire(blocking=False):
            return _conclude(attempt, watch or Watch())
    except filelock.Timeout as wrong:
        raise ValueError("somebody else is at this attempt, in another window or on a command line") from wrong


def _conclude(attempt: Attempt, watch: Watch) -> Attempt:
    began = time.monotonic()
    try:
        experiment = catalog.load(attempt.experiment)
        found = experiment.conclude(attempts.evidence(attempt, experiment, watch=watch))
    except Cancelled:
        raise
    except Exception as wrong:  # the boundary: whatever an experiment meets is written down as what became of it
        said = str(wrong.args[0]) if isinstance(wrong, KeyError) and wrong.args else str(wrong)
        attempts.fail(attempt, said or type(wrong).__name__)
        raise ValueError(said or type(wrong).__name__) from wrong
    return attempts.finish(attempt, found, time.monotonic() - began, _machine(attempt))


def _machine(attempt: Attempt) -> str:
    """The processor, and the device that its runs were trained on when that is another."""
    chosen = devices.choose(attempt.device)
    return attempts.machine() + ("" if chosen.type == "cpu" or not attempt.runs else f"; {devices.describe(chosen)}")
