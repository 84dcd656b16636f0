"""Base, fixed and learned constraint share stage 1, and are scored on the same held-out people."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.data import store
from studio.experiments import pose_figures
from studio.experiments.core import attempts
from studio.experiments.pose_figures import experiment, gain, judged
from studio.metrics import parser
from studio.metrics.posed import Scores, scores
from studio.nn.parts import parsing_loss
from studio.runs.folder import RunFolder
from studio.training import checkpoint, feed
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole


def test_three_choices_go_on_from_one_stage_1_and_end_with_figures() -> None:
    attempt = done(begun(experiment))
    whole(attempt)
    assert [r.key for r in attempt.runs] == ["stage 1/0", "none/0", "fixed/0", "learned/0"]
    stage_1, *others = (RunFolder(r.folder) for r in attempt.runs)
    before = checkpoint.load(stage_1, 2).weights
    parsers = []
    for run in others:
        after = checkpoint.load(run, 4).weights
        coarse = [name for name in after if name.startswith("coarse.")]
        assert coarse
        assert all(torch.equal(before[name], after[name]) for name in coarse), "stage 1 is held"
        assert not torch.equal(before["fine.last.bias"], after["fine.last.bias"])
        parsers.append([after[n] for n in before if n.startswith("constraint.net") and n in after])
    same = [torch.equal(a, before[n]) for a, n in zip(parsers[1], _net(before), strict=True)]
    assert not parsers[0]
    assert all(same), "a fixed constraint is that of stage 1"
    assert not all(torch.equal(a, b) for a, b in zip(parsers[1], parsers[2], strict=True))
    assert attempt.findings is not None
    assert attempt.findings.table is not None
    assert len(attempt.findings.table.rows) == 6
    spent = [run.state().seconds for run in (stage_1, *others)]
    assert attempt.seconds == pytest.approx(sum(spent), abs=60)
    assert attempts.left(attempt) == []


def _net(weights: dict[str, torch.Tensor]) -> list[str]:
    return [name for name in weights if name.startswith("constraint.net")]


def test_the_true_pictures_score_best_and_the_source_unchanged_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "STEPS", 60)
    attempt = begun(experiment)
    data = store.open(attempt.datasets["figures"].fingerprint)
    judge = parser.judge(data)
    pairs = feed.chosen(data, 12, 0, torch.device("cpu"), ("joints", "parts"), pairs=True)
    assert pairs.partner is not None
    best, worse = scores(pairs.x, pairs, judge), scores(pairs.partner.x, pairs, judge)
    assert best.ssim == pytest.approx(np.ones(12), abs=1e-5)
    assert best.mask_ssim == pytest.approx(np.ones(12), abs=1e-5)
    assert np.nanmax(best.parsed) == 0
    assert worse.ssim.mean() < 0.95
    assert worse.mask_ssim.mean() < best.mask_ssim.mean()
    known = parsing_loss(judge.parse(pairs.x), pairs.columns["parts"])
    assert torch.isfinite(known)
    assert len(pose_figures._row(best)) + 1 == len(pose_figures.COLUMNS)


def made_up(*means: float) -> list[Scores]:
    noise = np.linspace(-0.01, 0.01, 100)
    return [Scores(*(np.full(100, m) + noise for _ in range(7))) for m in means]


def test_the_order_is_shown_only_where_each_step_is_larger_than_its_error() -> None:
    found = {"none": made_up(0.6), "fixed": made_up(0.61), "learned": made_up(0.65)}
    assert gain(found, "learned", "none") == pytest.approx((0.05, 0), abs=1e-12)
    assert judged(found) == "shown"
    assert judged({**found, "fixed": made_up(0.59)}) == "partly"
    assert judged({**found, "learned": made_up(0.59), "fixed": made_up(0.58)}) == "not shown"
    several = {"none": made_up(0.6, 0.6, 0.6), "fixed": made_up(0.61, 0.55, 0.62), "learned": made_up(0.65, 0.66, 0.67)}
    assert judged(several) == "partly", "the fixed one helps two seeds of three, by less than they differ"
    value, error = gain(several, "learned", "none")
    assert (value, error) == pytest.approx((0.06, 0.01))
