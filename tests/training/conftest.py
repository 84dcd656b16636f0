"""Small made-up trainings."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.data.dataset import Dataset, DataSpec, split
from studio.models.core import catalog
from studio.models.core.recipe import make, values_of
from studio.runs.folder import RunFolder
from studio.training.control import Control
from studio.training.events import Event
from studio.training.trainer import Trainer


@pytest.fixture(scope="session")
def images() -> Dataset:
    """70 grey 8×8 images of stripes."""
    random = np.random.default_rng(0)
    rows = random.integers(0, 256, (70, 1, 8, 1), dtype=np.uint8)
    values = np.ascontiguousarray(np.broadcast_to(rows, (70, 1, 8, 8)))
    train, held_out = split(70, 0.1)
    spec = DataSpec("stripes", "images", (1, 8, 8), 70, len(held_out), fingerprint="stripes", source="made up")
    return Dataset(spec, values, None, train, held_out)


@pytest.fixture(scope="session")
def classes() -> Dataset:
    """300 grey 8×8 images with one bright quarter; which one is the class, of three."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 300)
    values = random.integers(0, 100, (300, 1, 8, 8), dtype=np.uint8)
    for at, label in enumerate(labels):
        down, right = divmod(int(label), 2)
        values[at, 0, 4 * down : 4 * down + 4, 4 * right : 4 * right + 4] += 150
    train, held_out = split(300, 0.4)
    spec = DataSpec("quarters", "images", (1, 8, 8), 300, len(held_out), ("a", "b", "c"), "quarters", "made up")
    return Dataset(spec, values, labels, train, held_out)


@pytest.fixture(scope="session")
def points() -> Dataset:
    values = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    train, held_out = split(300, 0.1)
    spec = DataSpec("cloud", "points", (2,), 300, len(held_out), fingerprint="cloud", source="made up")
    return Dataset(spec, values, None, train, held_out)


SMALL: dict[str, Any] = {"width": 4, "latent": 3, "batch": 6, "steps": 6, "precision": "float32"}


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Makes a run folder of a model with a tiny recipe."""

    def made(model: str, data: Dataset, name: str = "run", **values: Any) -> RunFolder:
        recipe = make(catalog.load(model).recipe_type, {**SMALL, **values})
        return RunFolder.create(tmp_path / name, model, values_of(recipe), data.spec)

    return made


class Listener:
    """Collects events, and asks for something when it hears what it waits for."""

    def __init__(self, *wishes: tuple[Callable[[Event], bool], list[Control]]) -> None:
        self.control: queue.SimpleQueue[Control] = queue.SimpleQueue()
        self.heard: list[Event] = []
        self._wishes = list(wishes)
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self.heard.append(event)
        if self._wishes and self._wishes[0][0](event):
            for wish in self._wishes.pop(0)[1]:
                self.control.put(wish)

    def of(self, kind: type[Any]) -> list[Any]:
        return [e for e in self.heard if isinstance(e, kind)]


def at(kind: type[Event], step: int = 0) -> Callable[[Event], bool]:
    """The first event of a kind from a step on."""
    return lambda event: isinstance(event, kind) and event.step >= step


def train(run: RunFolder, data: Dataset, listener: Listener | None = None, **options: Any) -> Listener:
    listener = listener or Listener()
    Trainer(run, data, device="cpu", **options).run(listener, listener.control)
    return listener
