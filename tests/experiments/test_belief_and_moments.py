"""What a baseline buys, and a measure that prefers blur: whole attempts, made small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data.watch import Watch
from studio.experiments import gmmn_parzen, sbn_baselines
from studio.experiments.core.experiment import figure
from studio.experiments.gmmn_parzen import NEIGHBOURS, blur, judged
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole

TINY = {"batch": 8, "steps": 3}


def test_a_belief_net_is_scored_under_each_baseline(digits_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sbn_baselines.SIZES, "short", {**TINY, "units": 6, "rate": 1e-3, "variance_every": 1})
    monkeypatch.setitem(sbn_baselines.DRAWS, "short", 3)
    for way in ("constant", "learned"):
        monkeypatch.delitem(sbn_baselines.WAYS, way)
    attempt = done(begun(sbn_baselines.experiment, digits_file))
    whole(attempt)
    found = attempt.findings
    assert found is not None
    assert found.table is not None
    assert [row[0] for row in found.table.rows] == ["no baseline", "learned, normalised"]
    bound, weighted = figure(found, sbn_baselines.HEADLINE), figure(found, "the same, importance-weighted")
    assert bound is not None
    assert weighted is not None
    assert bound.value < weighted.value < 0


def test_moment_matching_is_measured_beside_real_and_blurred_images(
    digits_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"gmmn": {**TINY, "width": 16}}
    sizes["gmmn_ae"] = {**TINY, "steps": 5, "width": 16, "hidden": 8, "code": 4, "pretraining": 1, "autoencoder": 1}
    monkeypatch.setitem(gmmn_parzen.SIZES, "short", sizes)
    monkeypatch.setattr(gmmn_parzen, "DRAWN", 100)
    attempt = done(begun(gmmn_parzen.experiment, digits_file))
    whole(attempt)
    assert attempt.findings is not None
    assert attempt.findings.table is not None
    assert [row[0] for row in attempt.findings.table.rows][:2] == ["GMMN", "GMMN+AE"]


def test_a_blurred_image_is_the_mean_of_its_nearest() -> None:
    pool = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    found = blur(pool[:4], pool, Watch())
    for image, mean in zip(pool[:4], found, strict=True):
        nearest = np.square(pool - image).sum(1).argsort()[:NEIGHBOURS]
        assert mean == pytest.approx(pool[nearest].mean(0), abs=1e-6)


def test_the_code_is_seen_to_help_where_it_does() -> None:
    assert judged({"gmmn": 140, "gmmn_ae": 270}) == "shown"
    assert judged({"gmmn": 20, "gmmn_ae": 190}) == "partly"
    assert judged({"gmmn": 150, "gmmn_ae": 160}) == "not shown"
