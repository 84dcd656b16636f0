"""A made-up stand-in for MNIST, and attempts at experiments made so small that they train in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.data import builtin
from studio.data.dataset import DataSpec
from studio.experiments import (
    bigan_mnist,
    cgan_mnist,
    constraints_digits,
    glow_cifar,
    glow_mnist,
    glow_sprites,
    infogan_mnist,
    mode_collapse,
    planar_bimodal,
    pose_figures,
    realnvp_moons,
    wasserstein_loss,
)
from studio.experiments.core import attempts, bits, material, sprite_edits
from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import Experiment
from studio.models.core import catalog as models
from studio.models.core.recipe import Value

TINY: Mapping[str, Value] = {"batch": 8, "steps": 2}


@pytest.fixture
def digits_file(tmp_path: Path) -> Path:
    """600 grey images of 28×28 in ten classes: a bar whose height tells the class."""
    random = np.random.default_rng(0)
    labels = np.arange(600) % 10
    images = random.integers(0, 40, (600, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4 : 2 * label + 8, 6:22] = 250
    path = tmp_path / "bars.npz"
    np.savez(path, images=images, labels=labels)
    return path


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presets of a few steps of small networks, and conclusions on a few examples."""
    from studio.metrics import classifier

    monkeypatch.setitem(infogan_mnist.SIZES, "short", {**TINY, "width": 4, "dense": 8})
    monkeypatch.setattr(infogan_mnist, "HELD", 1)
    monkeypatch.setitem(bigan_mnist.SIZES, "short", {**TINY, "units": 8})
    monkeypatch.setitem(cgan_mnist.SIZES, "short", {**cgan_mnist.SMALL, **TINY, "width": 8})
    monkeypatch.setattr(cgan_mnist, "EACH", 10)
    monkeypatch.setattr(cgan_mnist, "VALIDATION", 20)
    monkeypatch.setattr(mode_collapse, "SCORED", 100)
    monkeypatch.setattr(mode_collapse, "QUICK", {system: {**TINY, "width": 8} for system in mode_collapse.SYSTEMS})
    small: dict[str, Any] = {
        "wgan": {"steps": 2, "batch": 8, "width": 4},
        "dcgan": {"steps": 2, "batch": 8, "width": 4},
    }
    monkeypatch.setitem(wasserstein_loss.SIZES, "short", small)
    tiny_sizes: dict[str, Any] = {
        "wgan_gp": {**TINY, "width": 4, "average": 0.0},
        "nice": {**TINY, "width": 8, "layers": 1, "average": 0.0},
    }
    monkeypatch.setitem(constraints_digits.SIZES, "short", tiny_sizes)
    monkeypatch.setattr(constraints_digits, "DRAWN", 200)
    monkeypatch.setattr(classifier, "SEEN", 600)
    _tiny_flows(monkeypatch)
    _tiny_people(monkeypatch)


def _tiny_people(monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.metrics import parser

    monkeypatch.setattr(builtin.Figures, "count", 160)
    monkeypatch.setattr(parser, "STEPS", 2)
    small: dict[str, Value] = {"batch": 4, "width": 4, "parser_width": 4, "bottleneck": 4, "first": 2, "lessons": 1}
    monkeypatch.setitem(pose_figures.SIZES, "short", small)
    monkeypatch.setitem(pose_figures.SECOND, "short", 2)
    monkeypatch.setitem(pose_figures.TESTED, "short", 12)


def _tiny_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bits, "BACK", 16)
    glow = {**TINY, "levels": 2, "depth": 1, "width": 4}
    for module in (glow_mnist, glow_cifar):
        monkeypatch.setitem(module.SIZES, "short", glow)
        monkeypatch.setitem(module.TESTED, "short", 20)
    monkeypatch.setitem(glow_sprites.SIZES, "short", glow)
    monkeypatch.setitem(glow_sprites.EDITED, "short", 20)
    monkeypatch.setattr(sprite_edits, "EXAMPLES", 30)
    monkeypatch.setitem(planar_bimodal.SIZES, "short", TINY)
    monkeypatch.setattr(planar_bimodal, "CELLS", 60)
    monkeypatch.setattr(planar_bimodal, "DRAWN", 500)
    monkeypatch.setitem(realnvp_moons.SIZES, "short", {**TINY, "width": 8, "blocks": 1, "couplings": 2})
    monkeypatch.setattr(realnvp_moons, "CELLS", 60)


def defaults() -> dict[str, dict[str, Value]]:
    return {name: models.card(name).defaults for name in models.names()}


def begun(experiment: Experiment, path: Path | None = None, seeds: tuple[int, ...] = (0,)) -> Attempt:
    """A new short attempt."""
    return attempts.begin(experiment, "short", seeds, material.prepare(experiment, path), defaults(), device="cpu")


def spec(name: str = "8gaussians") -> DataSpec:
    return DataSpec(name, "points", (2,), 100, 10, tuple("abcdefgh"), name, f"builtin:{name}")
