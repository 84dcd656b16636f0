"""Four points and a plane: a whole attempt in small, and its figures against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from studio.data.dataset import DataSpec
from studio.experiments import avb_toy
from studio.experiments.avb_toy import BEST, entropy, judged, measured
from studio.experiments.core import catalog
from studio.models.avb import AVB, AVBRecipe
from studio.models.core.recipe import make
from studio.models.vae import VAE, VAERecipe
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole

FOUR = DataSpec("Four points", "vectors", (4,), 2000, 200)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"steps": 2, "batch": 8, "width": 8}
    monkeypatch.setitem(avb_toy.SIZES, "short", {"vae": sizes, "avb": {**sizes, "units": 8}})
    monkeypatch.setattr(avb_toy, "CELLS", 80)
    monkeypatch.setattr(avb_toy, "DRAWN", 2000)


def test_an_attempt_ends_with_both_systems_and_their_clouds() -> None:
    attempt = done(begun(catalog.load("avb_toy")))
    whole(attempt)
    assert attempt.findings is not None
    figures = {f.name: f.value for f in attempt.findings.figures}
    for system in ("AVB", "VAE"):
        found = figures[f"log-likelihood of the four points, {system}"]
        assert figures[f"ELBO of the four points, {system}"] < found + 0.1
        assert found < BEST
    assert figures["largest error of an entropy by nearest neighbours"] < 0.1


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_entropy_by_neighbours_is_that_of_the_density(d: int) -> None:
    random = np.random.default_rng(d)
    normal = random.normal(size=(20_000, d)) * 0.3
    assert entropy(normal) == pytest.approx(d * (math.log(2 * math.pi * math.e) / 2 + math.log(0.3)), abs=0.03)
    assert entropy(4 * random.random((20_000, d))) == pytest.approx(d * math.log(4), abs=0.05)


@torch.no_grad()
def test_a_vae_that_says_nothing_is_measured_as_such() -> None:
    """Posterior N(0, 1), bits of probability ¼: everything is known."""
    made = VAE(make(VAERecipe, {"latent": 2, "width": 4, "layers": 1}), FOUR).eval()
    for parameter in made.parameters():
        nn.init.zeros_(parameter)
    last = made.decoder.last
    assert isinstance(last, nn.Linear)
    last.bias.fill_(-math.log(3))
    found, cloud = measured(made)
    expected = math.log(0.25) + 3 * math.log(0.75)
    assert found["likelihood"] == pytest.approx(expected, abs=1e-4)
    assert found["reconstruction"] == pytest.approx(expected, abs=1e-4)
    assert found["elbo"] == pytest.approx(expected, abs=0.06)
    assert found["kl"] == pytest.approx(0, abs=0.06)
    assert cloud.shape == (2000, 4, 2)


@torch.no_grad()
def test_no_posterior_takes_the_bound_above_the_likelihood() -> None:
    torch.manual_seed(0)
    made = AVB(make(AVBRecipe, {"latent": 2, "width": 8, "noise": 4, "encoder": "joined"}), FOUR).eval()
    found, _ = measured(made)
    assert found["elbo"] < found["likelihood"] + 0.05
    assert found["off"] == 0


def test_the_claim_is_that_avb_is_likelier_and_nearer_the_prior() -> None:
    assert judged(0.15, 0.1) == "shown"
    assert judged(0.15, -0.1) == judged(-0.1, 0.1) == "partly"
    assert judged(-0.1, -0.1) == "not shown"
