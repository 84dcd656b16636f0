"""The side of the engine that has loaded torch: it trains a run and answers questions beside it.

Threads. Training has all cores, at lower priority; while it runs each lane computes on one thread of its own, so that
a slider waits for no other core that a training keeps busy. torch keeps the number of threads per thread, but takes
over the number set last, by whomever, at a thread's first parallel work: so each thread does some first, then sets.
"""

from __future__ import annotations

import gc
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import torch

from studio.data.watch import Watch
from studio.engine.answers import Context, answer
from studio.engine.messages import Start
from studio.explore.questions import AnyQuestion
from studio.models.core.model import Model
from studio.runs.folder import RunFolder, versions
from studio.training import device as devices
from studio.training import start as begin
from studio.training.control import Control
from studio.training.events import Event
from studio.training.snapshot import Snapshot
from studio.training.trainer import Trainer

FIRST_LOOK = 5.0
"""Seconds that a question waits for the first weights of a training that has just begun."""


class Host:
    """One training at most, and a context for answers."""

    def __init__(self) -> None:
        self._context = Context(live=self._live, free=lambda: self._wanted == 0)
        self._wanted = 0
        self._cores = torch.get_num_threads()  # as many as there are, or as OMP_NUM_THREADS allows
        self._trainer: Trainer | None = None
        self._path = Path()
        self._shown: tuple[Snapshot, Model] | None = None
        self._threads = threading.local()

    # --- what there is

    def devices(self) -> dict[str, str]:
        return {"auto": "the fastest there is", **devices.available()}

    def versions(self) -> dict[str, str]:
        return versions()

    def memory(self) -> int:
        """Bytes of memory that this machine has."""
        return int(psutil.virtual_memory().total)

    # --- questions

    def before_question(self, lane: str) -> None:
        """On a lane's thread, before each question. A slider's picture is small: it is soonest there when it waits
        for no other core. What is slow anyway shares the machine with a training as an equal."""
        if lane == "slow" and not hasattr(self._threads, "count"):
            devices.give_way()
        self._use_threads(1 if lane == "quick" or self._wanted else self._cores)

    def answer(self, question: AnyQuestion, watch: Watch) -> Any:
        return answer(question, self._context.watched(watch))

    def _live(self, run: str, wait: bool) -> tuple[Model, int] | None:
        trainer = self._trainer
        if trainer is None or Path(run) != self._path:
            return None
        snapshot = trainer.snapshot()
        until = time.monotonic() + (FIRST_LOOK if wait else 0)
        while snapshot is None and self._trainer is trainer and time.monotonic() < until:
            if RunFolder(run).checkpoints():
                return None
            time.sleep(0.01)
            snapshot = trainer.snapshot()
        if snapshot is None:
            return None
        shown = self._shown
        if shown is None or shown[0] is not snapshot:
            shown = self._shown = (snapshot, snapshot.model("cpu"))
        return shown[1], snapshot.step

    # --- training

    def train(self, start: Start, emit: Callable[[Event], None], control: queue.SimpleQueue[Control]) -> None:
        """Until it has ended; what goes wrong is told by its Ended."""
        self._wanted += 1
        try:
            with self._context.alone:  # a trial of a recipe's speed, if there is one, ends after its present move
                devices.give_way()  # before this thread's first parallel work, so that its helpers inherit it
                self._use_threads(self._cores)
                trainer = begin.trainer(start.run, device=start.device, steps=start.steps)
                self._path = Path(start.run)
                self._trainer = trainer
                trainer.run(emit, control)
        finally:
            self._trainer = None
            self._shown = None
            self._wanted -= 1
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _use_threads(self, count: int) -> None:
        if getattr(self._threads, "count", 0) != count:
            torch.zeros(1 << 16).add_(1)  # see the module
            torch.set_num_threads(count)
            self._threads.count = count
