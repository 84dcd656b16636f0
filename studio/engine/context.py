"""What an answer is made with: models, runs, datasets, and the watch of the one who waits."""

from __future__ import annotations

import copy
import threading
import weakref
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

import torch

from studio.data import store
from studio.data.dataset import Dataset, DataSpec
from studio.data.watch import Watch
from studio.engine.shelf import Shelf
from studio.explore.nearest import Neighbours
from studio.explore.questions import Where
from studio.metrics import parser
from studio.metrics.measure import Reference
from studio.metrics.parser import Judge
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.models.core.model import Model
from studio.runs.folder import RunFolder
from studio.training.checkpoint import AVERAGE, load_model

T = TypeVar("T")
Live = Callable[[str, bool], tuple[Model, int] | None]
"""The newest averaged weights of a run in training, with their step; None when that run is not in training, or has
not come so far. The second argument: wait a moment for the first ones of a training that has just begun."""

MODELS = 512 << 20
"""Bytes of weights that are kept loaded."""
NEIGHBOURS = 512 << 20
"""Bytes of training examples that are kept ready for searches."""
OF_MODEL = 64
"""Answers that are kept for the weights they are about."""
FEATURES = 256 << 20
"""Bytes of what a network saw of real examples that are kept for the next comparison."""


class Context:
    """Everything that handlers in :mod:`studio.engine.answers` may use.

    Args:
        watch: progress and cancel of the question at hand.
        live: where weights of a run in training come from; None: there is no training here.
        free: whether torch's global generator may be used now (a trial of a recipe's speed); it is asked again
            between moves. None: always.
    """

    def __init__(
        self, watch: Watch | None = None, *, live: Live | None = None, free: Callable[[], bool] | None = None
    ) -> None:
        self.watch = watch or Watch()
        self.alone = threading.Lock()
        """Held by a training, and by a trial of a recipe's speed: both draw from torch's global generator."""
        self._live = live or (lambda run, wait: None)
        self._free = free or (lambda: True)
        self._models: Shelf[Model] = Shelf(MODELS, weight)
        self._datasets: Shelf[Dataset] = Shelf(8)
        self._neighbours: Shelf[Neighbours] = Shelf(NEIGHBOURS, lambda n: n.bytes)
        self._references: Shelf[Reference] = Shelf(2)
        self._judges: Shelf[Judge] = Shelf(2)
        self._of_models: weakref.WeakKeyDictionary[Model, Shelf[Any]] = weakref.WeakKeyDictionary()
        self._features: Shelf[torch.Tensor] = Shelf(FEATURES, lambda t: t.numel() * t.element_size())
        self.seconds_per_step: dict[object, tuple[float, str]] = {}
        """What :mod:`studio.engine.proposals` has measured, by what the speed depends on."""

    def watched(self, watch: Watch) -> Context:
        """The same for another question: shelves are shared, the watch is not."""
        other = copy.copy(self)
        other.watch = watch
        return other

    def free(self) -> bool:
        return self._free()

    def live_step(self, run: str) -> int | None:
        """How far a run in training is, or None."""
        live = self._live(run, False)
        return None if live is None else live[1]

    # --- for every handler, and for the exports of :mod:`studio.export`

    def run(self, path: str) -> RunFolder:
        return RunFolder(Path(path))

    def model(self, where: Where) -> tuple[Model, int]:
        """The weights that are asked for, on the CPU, in evaluation mode, not to be changed; and their step.

        Raises:
            NoCheckpoint: when there is no such checkpoint, or none at all.
            DamagedRun: when a file of the run cannot be read.
        """
        if where.checkpoint is None and where.averaged and (live := self._live(where.run, True)) is not None:
            return live
        run = self.run(where.run)
        step = where.checkpoint if where.checkpoint is not None else max(run.checkpoints(), default=None)
        try:
            # another run may have come under the same name, so its time is part of the key
            stamp = (run.checkpoint(step or 0) / AVERAGE).stat().st_mtime_ns
        except OSError:
            run.info()  # a folder that is no run says so itself
            return load_model(run, step, averaged=where.averaged)  # and this one what is missing
        key = (str(run.path.resolve()), step, where.averaged, stamp)
        return self._models.get(key, lambda: load_model(run, step, averaged=where.averaged)[0]), step or 0

    def empty(self, run: RunFolder) -> Model:
        """The model of a run without weights (on torch's meta device): for what does not depend on them."""
        name, values = run.recipe()
        kind = catalog.load(name)
        with torch.device("meta"):
            return kind(recipes.make(kind.recipe_type, values), run.info().data)

    def data(self, spec: DataSpec) -> Dataset:
        """The dataset that a run was trained on. Raises DataError when it is not in the cache any more."""
        return self._datasets.get(spec.fingerprint, lambda: store.open(spec.fingerprint))

    def neighbours(self, spec: DataSpec) -> Neighbours:
        return self._neighbours.get(spec.fingerprint, lambda: Neighbours(self.data(spec)))

    def reference(self, model: Model, samples: int, seed: int) -> Reference:
        """What samples of this model, or of another that holds examples as it does, are measured by."""
        key = (model.data.fingerprint, samples, seed, model.holding)
        return self._references.get(
            key, lambda: Reference(self.data(model.data), samples=samples, seed=seed, like=model)
        )

    def judge(self, spec: DataSpec, *, train: bool = True) -> Judge | None:
        """The parser that a dataset's made people are judged by; None where it is not there yet and is not to be
        trained now. Raises ValueError for a dataset without posed people."""

        def make() -> Judge:
            there = parser.cached(spec)
            if there is None and not train:
                raise FileNotFoundError
            return there or parser.judge(self.data(spec), self.watch)

        try:
            return self._judges.get(spec.fingerprint, make)
        except FileNotFoundError:
            return None

    def of_model(self, model: Model, key: Hashable, make: Callable[[], T]) -> T:
        """What was found out about these very weights, once: forgotten with them."""
        return self._of_models.setdefault(model, Shelf(OF_MODEL)).get(key, make)  # type: ignore[no-any-return]

    def features(self, key: tuple[Any, ...], make: Callable[[], torch.Tensor]) -> torch.Tensor:
        """What a network saw of real examples, looked at once: on a CPU that takes minutes."""
        return self._features.get(key, make)


def weight(model: Model) -> int:
    """Bytes of a model's weights and buffers."""
    return sum(t.numel() * t.element_size() for t in (*model.parameters(), *model.buffers()))
