from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.data import builtin, store
from studio.data.dataset import Dataset, DataSpec
from studio.data.reading import Preparation
from studio.data.watch import Cancelled, Watch
from studio.metrics import parser, posed
from studio.metrics.figures import BY_NAME, Diverged, lacking
from studio.models.core.model import Batch
from studio.training import feed


@pytest.fixture
def data(home: object, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """400 figures of 32×24."""
    monkeypatch.setattr(builtin.Figures, "count", 400)
    monkeypatch.setattr(parser, "STEPS", 250)
    return store.prepare(builtin.source("figures"), Preparation((32, 24), held_out=0.1))


def test_the_judge_learns_parts_is_kept_and_is_the_same_again(data: Dataset) -> None:
    assert parser.cached(data.spec) is None
    before = torch.random.get_rng_state()
    judge = parser.judge(data)
    assert torch.equal(torch.random.get_rng_state(), before)
    share = (data.columns["parts"][data.held_out] == 0).mean()
    assert judge.accuracy > share + 0.02  # more than who says "background" everywhere
    assert judge.of_body > 0.3
    assert judge.checked == len(data.held_out)
    again = parser.cached(data.spec)
    assert again is not None
    x = torch.from_numpy(np.array(data.values[:5])).float() / 127.5 - 1
    log_p = judge.parse(x)
    assert log_p.shape == (5, 11, 32, 24)
    assert torch.allclose(log_p.exp().sum(1), torch.ones(5, 32, 24), atol=1e-4)
    assert torch.allclose(again.parse(x), log_p, atol=1e-5)
    assert np.array_equal(judge.parts(x), log_p.argmax(1).numpy())
    fresh = parser._trained(data, 0, Watch())
    assert fresh.accuracy == judge.accuracy


def test_damaged_judges_are_trained_again_and_cancelled_ones_are_not_kept(data: Dataset) -> None:
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        parser.judge(data, watch)
    path = parser._path(data.spec, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no weights")
    assert parser.cached(data.spec) is None


def test_where_only_joints_are_known_it_learns_from_them(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "STEPS", 4)
    columns = {name: data.columns[name] for name in ("joints", "person")}
    bare = Dataset(data.spec, data.values, None, data.train, data.held_out, columns=columns)
    assert 0 < parser._trained(bare, 0, Watch()).accuracy < 1


def test_larger_images_are_seen_smaller_and_answered_whole(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "SIDE", 16)
    monkeypatch.setattr(parser, "STEPS", 2)
    judge = parser._trained(data, 0, Watch())
    assert judge.parse(torch.zeros(1, 3, 32, 24)).shape == (1, 11, 32, 24)


def test_data_without_people_has_no_judge() -> None:
    spec = DataSpec("digits", "images", (1, 8, 8), 10)
    empty = Dataset(spec, np.zeros((10, 1, 8, 8), np.uint8), None, np.arange(9), np.arange(9, 10))
    with pytest.raises(ValueError, match="digits"):
        parser.judge(empty)


class Copies:
    """Takes no notice of the pose."""

    def pose(self, source: torch.Tensor, joints: torch.Tensor, source_joints: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"the same": source}


class Blind(Copies):
    def pose(self, source: torch.Tensor, joints: torch.Tensor, source_joints: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"nothing": source * torch.nan}


def test_measures_of_poses_tell_the_truth_from_a_copy_of_the_source(data: Dataset) -> None:
    pairs = feed.chosen(data, 30, 0, torch.device("cpu"), ("joints", "parts"), pairs=True)
    judge = parser.judge(data)
    perfect = posed.scores(pairs.x, pairs, judge)
    assert perfect.ssim == pytest.approx(np.ones(30))
    assert perfect.parsed == pytest.approx(np.zeros(30))
    batches: list[Batch] = [feed.rows(pairs, slice(start, start + 10)) for start in (0, 10, 20)]
    made = {figure.key: figure for figure in posed.figures(Copies(), batches, judge)}
    copied = made["pose/pose error by the true masks"]
    assert copied.value == made["pose/pose error by the true masks, sources as they are"].value
    assert copied.value > 1.5 * made["pose/pose error by the true masks, true pictures"].value
    assert made["pose/SSIM"].value < 0.95
    assert made["pose/mask-SSIM"].unit == ""
    assert "30 held-out pairs" in copied.how
    assert copied.unit == "px"
    with pytest.raises(Diverged):
        posed.figures(Blind(), batches, judge)


def test_models_and_data_without_poses_are_told_why_they_have_no_such_measure(data: Dataset) -> None:
    measure = BY_NAME["pose"]
    assert lacking(measure, data.spec, ["take a pose"], inception=False) == ""
    assert "no pose" in lacking(measure, data.spec, ["decode latent"], inception=False)
    without = DataSpec("cats", "images", (3, 32, 32), 10)
    assert "joints and person" in lacking(measure, without, ["take a pose"], inception=False)
