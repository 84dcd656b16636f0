"""The weights of a running training, for whoever wants to look while it goes on."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from torch import Tensor

from studio.data.dataset import Dataset
from studio.models.core.model import Model
from studio.models.core.recipe import Recipe
from studio.training.average import shell
from studio.training.cycle import Cycle

LEAST = 0.25
"""Seconds between two refreshments."""
SHARE = 0.03
"""Of the time of training, at most so much goes into copying."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The whole model as samples are drawn with it. The tensors are never written to again, but for the snapshot
    that is handed to ``metrics``, which holds the live ones and is good until it returns."""

    run: str
    step: int
    state: dict[str, Tensor]
    model_type: type[Model]
    recipe: Recipe
    data: Dataset

    def model(self, device: str | None = None) -> Model:
        """A model of these weights in evaluation mode; without ``device`` it holds the snapshot's own tensors."""
        made = shell(self.model_type, self.recipe, self.data.spec, self.state)
        made = made if device is None else made.to(device)
        made.hold()
        return made


class Camera:
    """Takes snapshots in the training's thread, when another thread has asked."""

    def __init__(self, run: str, data: Dataset) -> None:
        self._run = run
        self._data = data
        self._wanted = threading.Event()
        self._newest: Snapshot | None = None
        self._next = 0.0

    def ask(self) -> Snapshot | None:
        """Any thread: the newest there is; a newer one will follow."""
        self._wanted.set()
        return self._newest

    def serve(self, cycle: Cycle) -> None:
        """The training's thread, between two moves."""
        if self._wanted.is_set() and time.monotonic() >= self._next:
            self.take(cycle)

    def take(self, cycle: Cycle) -> None:
        """Now, asked or not."""
        self._wanted.clear()
        start = time.monotonic()
        state = {name: tensor.clone() for name, tensor in cycle.average.state().items()}
        self._newest = self._of(cycle, state)
        end = time.monotonic()
        self._next = end + max(LEAST, (end - start) / SHARE)

    def live(self, cycle: Cycle) -> Snapshot:
        """Without a copy, for work in the training's own thread."""
        return self._of(cycle, cycle.average.state())

    def _of(self, cycle: Cycle, state: dict[str, Tensor]) -> Snapshot:
        return Snapshot(self._run, cycle.step, state, type(cycle.model), cycle.model.recipe, self._data)
