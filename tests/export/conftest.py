"""Runs with weights that nobody trained: exports do not care how good a model is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.data.dataset import Dataset, DataSpec, split
from studio.data.errors import DataError
from studio.data.watch import Watch
from studio.explore.questions import Where
from studio.models.core import catalog
from studio.models.core.model import Model
from studio.models.core.recipe import make, values_of
from studio.runs.folder import RunFolder
from studio.training.checkpoint import load_model

GREY = DataSpec("grey", "images", (1, 8, 8), 40, 4, fingerprint="grey", source="builtin:grey")
COLOUR = DataSpec("colour", "images", (3, 11, 9), 40, 4, fingerprint="colour")
POINTS = DataSpec("points", "points", (2,), 40, 4, fingerprint="points")
VECTORS = DataSpec("vectors", "vectors", (12,), 40, 4, fingerprint="vectors")


@dataclass
class Asking:
    """The context of one export, as the engine's is."""

    datasets: dict[str, Dataset] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)

    def run(self, path: str) -> RunFolder:
        return RunFolder(path)

    def model(self, where: Where) -> tuple[Model, int]:
        return load_model(RunFolder(where.run), where.checkpoint, averaged=where.averaged)

    def data(self, spec: DataSpec) -> Dataset:
        if spec.fingerprint not in self.datasets:
            raise DataError(f"{spec.name} is not here")
        return self.datasets[spec.fingerprint]


@pytest.fixture
def asking() -> Asking:
    values = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32) * 3
    train, held_out = split(40, 0.1)
    return Asking({"points": Dataset(POINTS, values, None, train, held_out)})


@pytest.fixture
def trained(tmp_path: Path) -> Callable[..., RunFolder]:
    """A run of a small model with checkpoints: ``trained("wgan_gp", GREY, steps=(10, 20))``."""

    def make_run(
        model: str = "wgan_gp", data: DataSpec = GREY, steps: tuple[int, ...] = (10, 20), name: str = "", **values: Any
    ) -> RunFolder:
        kind = catalog.load(model)
        small = {"latent": 4, "width": 8, "length": 2, "depth": 2, "layers": 2, "steps": 20}
        known = {name: value for name, value in small.items() if hasattr(kind.recipe_type, name)}
        recipe = make(kind.recipe_type, {**known, **values})
        path = tmp_path / (name or f"{data.name}-{model}")
        run = RunFolder.create(path, model, values_of(recipe), data, title="a small run")
        for step in steps:
            with torch.random.fork_rng():
                torch.manual_seed(step)
                tensors = {k: v.contiguous().clone() for k, v in kind(recipe, data).state_dict().items()}
            at = run.checkpoint(step)
            at.mkdir(parents=True)
            for file in ("average", "weights", "engine"):
                save_file(tensors, at / f"{file}.safetensors")
            (at / "state.json").write_bytes(b"{}")
        return run

    return make_run
