"""The trainer: one object under the window, the command line and the tests. No Qt, no prints.

``run`` blocks until the training ends, tells what happens through ``emit`` and obeys ``control`` between two moves.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Literal

import filelock

from studio.data.dataset import Dataset
from studio.models.core import catalog
from studio.models.core.recipe import make
from studio.runs.folder import DamagedRun, RunFolder, Status
from studio.training import checkpoint, device, events
from studio.training.control import Control
from studio.training.cycle import Cycle
from studio.training.loop import Loop, Work
from studio.training.observing import Metrics, Observer
from studio.training.snapshot import Snapshot

log = logging.getLogger(__name__)

Emit = Callable[[events.Event], None]


class CannotTrain(Exception):
    """Why this run can't be trained, and what to do; becomes the message of Ended("failed")."""


class Trainer:
    """Trains the run of a folder from its newest resumable checkpoint, or from nothing.

    Args:
        data: the dataset that the run was made for, or a function that opens it: called within ``run``, so that a
            missing dataset ends the training with a message like any other failure.
        device: auto, cpu, cuda, cuda:1, mps.
        steps: length in all, in cycles of updates; None: as the recipe says.
        metrics: looks at a snapshot, now and then, at most a twentieth of the time; an observer also at the
            likelihood, for three hundredths more. If it is a context manager too, it
            is entered for the training and left at its end, whatever happens.
        save_every: seconds of training between two checkpoints; more when writing one is slow.
        give_way: train at lower priority than the window (Linux; the calling thread keeps that priority).
    """

    def __init__(
        self,
        run: RunFolder,
        data: Dataset | Callable[[], Dataset],
        *,
        device: str = "auto",
        steps: int | None = None,
        metrics: Observer | Metrics | None = None,
        save_every: float = 60.0,
        give_way: bool = False,
    ) -> None:
        self._run = run
        self._data = data
        self._device = device
        self._steps = steps
        self._metrics = metrics
        self._save_every = save_every
        self._give_way = give_way
        self._loop: Loop | None = None

    def snapshot(self) -> Snapshot | None:
        """Any thread: the newest weights that samples are drawn with, as of this training; None before it began.

        Asking has them refreshed soon, at most every quarter of a second. The training is not changed by it.
        """
        loop = self._loop
        return None if loop is None else loop.camera.ask()

    def run(self, emit: Emit, control: queue.SimpleQueue[Control]) -> None:
        """Train until the last step, a Stop, or a failure.

        :class:`~studio.training.events.Ended` is always emitted, once, as the last event. What stands between this
        run and a training is told in it, never raised. Raised is only what is no failure of the training:
        KeyboardInterrupt and the like, and whatever ``emit`` raises.
        """
        reason: Literal["finished", "stopped", "failed"] = "failed"
        message = "the training was interrupted"
        try:
            with self._run.lock().acquire(blocking=False):
                reason, message = self._locked(emit, control)
        except filelock.Timeout:
            message = "this run is in training already, in another window or on a command line; stop it there first"
        except OSError as wrong:
            message = str(wrong)
        finally:
            emit(events.Ended(str(self._run.path), self._step(), reason, message))

    def _locked(
        self, emit: Emit, control: queue.SimpleQueue[Control]
    ) -> tuple[Literal["finished", "stopped", "failed"], str]:
        """With the lock held. Whatever happens, state.json says how it ended."""
        status: Status = "failed"
        message = "the training was interrupted"
        try:
            if self._give_way:
                device.give_way()
            loop = self._loop = self._prepare(emit)
            with self._metrics if isinstance(self._metrics, AbstractContextManager) else nullcontext():
                status, message = loop.go(control)
        except (CannotTrain, DamagedRun, OSError) as wrong:
            message = str(wrong)
        except Exception as wrong:  # the boundary: a failure of a model or a driver is told, and costs no work
            log.exception("training of %s failed", self._run.path)
            message = f"{type(wrong).__name__}: {wrong}"
        finally:
            self._leave(status, message)
        return ("finished" if status == "finished" else "stopped" if status == "stopped" else "failed"), message

    def _prepare(self, emit: Emit) -> Loop:
        """Everything in memory as it stands on disk.

        Raises:
            CannotTrain, DamagedRun: with the reason.
        """
        name, values = self._run.recipe()
        info = self._run.info()
        try:
            model = catalog.load(name)
            recipe = make(model.recipe_type, values)
            where = device.choose(self._device)
        except KeyError as wrong:
            raise CannotTrain(str(wrong.args[0])) from wrong
        except ValueError as wrong:
            raise CannotTrain(str(wrong)) from wrong
        data = self._opened()
        if data.spec.fingerprint != info.data.fingerprint:
            raise CannotTrain(
                f"this run was made for the dataset {info.data.name} ({info.data.source or 'source unknown'}), and "
                f"{data.spec.name} is another; choose the one it was made for, or start a new run"
            )
        problems = model.problems(recipe, data.spec)
        if problems:
            raise CannotTrain("\n".join(map(str, problems)))
        checkpoint.recover(self._run)
        cycle = Cycle(model, recipe, data, where)
        seconds = checkpoint.resume(self._run, cycle)
        steps = recipe.steps if self._steps is None else self._steps
        return Loop(
            self._run, data, Work(cycle, lambda: Cycle(model, recipe, data, where)), steps, seconds, emit,
            metrics=self._metrics, save_every=self._save_every,
        )  # fmt: skip

    def _opened(self) -> Dataset:
        if isinstance(self._data, Dataset):
            return self._data
        try:
            return self._data()
        except (LookupError, OSError, ValueError) as wrong:
            text = wrong.args[0] if isinstance(wrong, KeyError) and wrong.args else wrong
            raise CannotTrain(f"the dataset of this run can't be opened: {text}") from wrong

    def _leave(self, status: Status, message: str) -> None:
        try:
            state = self._run.state()
            if self._loop is not None:
                state = self._loop.state(status)
            self._run.write_state(replace(state, status=status, message=message))
        except (DamagedRun, OSError):
            log.exception("the state of %s could not be written", self._run.path)  # Ended tells the listener anyway

    def _step(self) -> int:
        if self._loop is not None:
            return self._loop.cycle.step
        try:
            return self._run.state().step
        except DamagedRun:
            return 0
