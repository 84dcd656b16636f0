"""Bounds of digits by several models: a whole attempt in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.experiments import vae_mnist
from studio.experiments.core import catalog
from studio.experiments.vae_mnist import judged
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole


def test_an_attempt_scores_every_model_on_the_same_bits(digits_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vae_mnist.SIZES, "short", {"steps": 2, "batch": 8, "width": 8, "latent": 3})
    monkeypatch.setitem(vae_mnist.RUNS, "short", ("vae", "iwae-5", "planar-10", "iaf-2"))
    monkeypatch.setitem(vae_mnist.TESTED, "short", 20)
    monkeypatch.setitem(vae_mnist.DRAWS, "short", 4)
    attempt = done(begun(catalog.load("vae_mnist"), digits_file))
    whole(attempt)
    assert attempt.findings is not None
    told = {f.name: f.value for f in attempt.findings.figures}
    for name in vae_mnist.RUNS["short"]:
        title = vae_mnist.SYSTEMS[name][0]
        assert told[f"ELBO, {title}"] < told[f"log p(x), {title}"] < 0
        if name != "vae":
            gain = told[f"ELBO, {title}"] - told["ELBO, VAE"]
            assert told[f"gain in ELBO, {title}"] == pytest.approx(gain, abs=1e-6)


def test_every_system_can_be_planned_and_the_full_preset_has_all() -> None:
    assert [p.key for p in vae_mnist.planned("full", (0,))] == [f"{name}/0" for name in vae_mnist.SYSTEMS]
    assert set(vae_mnist.REPORTED) == set(vae_mnist.SYSTEMS)


def test_the_claim_is_that_each_surely_gains() -> None:
    assert judged({"a": 0.2, "b": 0.1}) == "shown"
    assert judged({"a": 0.2, "b": -0.1}) == "partly"
    assert judged({"a": -0.2, "b": -0.1}) == "not shown"
