"""An attempt from beginning to end, without a window: its runs by the ordinary trainer, one after the other, then the
conclusion. Interrupted anywhere, it goes on where it stopped. Loads torch."""

from __future__ import annotations

import queue
from collections.abc import Callable
from functools import partial
from pathlib import Path

import filelock

from studio.data.watch import Watch
from studio.experiments.core import attempts
from studio.experiments.core.attempts import Attempt
from studio.experiments.core.concluding import conclude
from studio.runs.folder import DamagedRun
from studio.training.control import Control
from studio.training.events import Ended, Event
from studio.training.start import trainer


class Stopped(Exception):
    """A run was stopped before its end; the attempt waits to be gone on with."""


def run(
    attempt: Attempt,
    heard: Callable[[int, Event], None],
    control: queue.SimpleQueue[Control],
    watch: Watch | None = None,
) -> Attempt:
    """Train what is left of an attempt, conclude it and write that down.

    Args:
        heard: called with the number of the run in the attempt, from 0, and each event of its training.
        control: obeyed by the training of the moment.
        watch: of the conclusion.

    Raises:
        Stopped: after a Stop. Cancelled: the watch was told to, in the conclusion. Both leave the attempt as it is.
        ValueError: it failed, and that is written down; or somebody else is at it. The message says why.
    """
    try:
        with attempt.lock().acquire(blocking=False):
            for number, path in _left(attempt):
                ended = _train(path, attempt.device, partial(heard, number), control)
                if ended.reason == "failed":
                    attempts.fail(attempt, f"{path.name}: {ended.message}")
                    raise ValueError(f"{path.name}: {ended.message}")
                if ended.reason == "stopped":
                    raise Stopped(f"{path.name} stopped at step {ended.step:,}")
            return conclude(attempt.path, watch, lock=False)
    except filelock.Timeout as wrong:
        raise ValueError("somebody else is at this attempt, in another window or on a command line") from wrong


def _left(attempt: Attempt) -> list[tuple[int, Path]]:
    try:
        waiting = set(attempts.left(attempt))
    except DamagedRun as wrong:
        attempts.fail(attempt, str(wrong))
        raise ValueError(str(wrong)) from wrong
    return [(number, made.folder) for number, made in enumerate(attempt.runs) if made.folder in waiting]


def _train(path: Path, device: str, heard: Callable[[Event], None], control: queue.SimpleQueue[Control]) -> Ended:
    last: list[Ended] = []

    def hear(event: Event) -> None:
        if isinstance(event, Ended):
            last.append(event)
        heard(event)

    trainer(path, device=device).run(hear, control)
    return last[-1]
