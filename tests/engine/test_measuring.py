"""Measuring a run: by name, with what can't be done said, progress that never goes back, and every attempt kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.data import builtin, store
from studio.data.dataset import DataSpec
from studio.data.watch import Cancelled, Watch
from studio.engine.answers import Context, answer
from studio.explore.attempts import Attempt, attempts
from studio.explore.questions import FetchInception, Measure, Where
from studio.metrics import inception, weights
from studio.metrics.inception import Inception
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training import start as begin
from tests.engine.conftest import SMALL


@pytest.fixture
def run(new_run: Callable[..., RunFolder]) -> RunFolder:
    """On squares without labels."""
    return trained(new_run())


def trained(run: RunFolder, steps: int = 2) -> RunFolder:
    import queue

    begin.trainer(str(run.path), device="cpu", steps=steps).run(lambda event: None, queue.SimpleQueue())
    return run


@pytest.fixture
def digits(home: Path, tmp_path: Path) -> RunFolder:
    """On labelled 8×8 digits."""
    spec: DataSpec = store.prepare(builtin.source("digits")).spec
    values = {f.name: f.default for f in recipes.fields(catalog.load("wgan_gp").recipe_type)}
    known = {k: v for k, v in SMALL.items() if k in values}
    return trained(RunFolder.create(tmp_path / "runs" / "digits-1", "wgan_gp", values | known, spec))


def test_the_measures_that_need_no_network_are_taken_and_kept(run: RunFolder) -> None:
    seen: list[tuple[int, int]] = []
    names = ("wasserstein", "swd", "mmd", "two-sample", "parzen")
    context = Context(Watch(lambda done, total, what: seen.append((done, total))))
    found = answer(Measure(Where(str(run.path)), names, samples=25, seed=3), context)
    assert isinstance(found, Attempt)
    assert (found.step, found.samples, found.seed, found.left_out) == (2, 25, 3, {})
    assert {f.group for f in found.figures} == set(names)
    assert all(np.isfinite(f.value) for f in found.figures)
    assert all("25 samples" in f.how for f in found.figures if f.group != "wasserstein")
    assert found.values["mmd/MMD², biased"] >= 0
    assert found.versions["torch"]
    shares = [done / total for done, total in seen if total]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert attempts(run) == [found]
    again = answer(Measure(Where(str(run.path)), names, samples=25, seed=3), Context())
    assert again.values == found.values
    assert len(attempts(run)) == 2


def test_a_flow_is_measured_by_its_likelihood_without_drawing_a_sample(
    new_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = trained(new_run(model="glow", levels=1, depth=2, width=8))
    monkeypatch.setattr("studio.engine.answers.measuring.draw", None)
    before = torch.get_rng_state()
    found = answer(Measure(Where(str(flow.path)), ("likelihood",), samples=20, seed=3), Context())
    assert torch.equal(before, torch.get_rng_state())
    values = {f.label: f for f in found.figures}
    bits, weighted = values["bits per dim"], values["bits per dim, importance-weighted"]
    assert weighted.value < bits.value < 20
    assert bits.error is not None
    assert "20 held-out images; lower bound (uniform dequantisation)" in bits.how
    assert values["log-likelihood"].value == pytest.approx(-bits.value * 64 * np.log(2))
    assert answer(Measure(Where(str(flow.path)), ("likelihood",), 20, 3), Context()).values == found.values


def test_what_cannot_be_taken_is_left_out_with_its_reason(run: RunFolder) -> None:
    names = ("mmd", "fid", "fd-classifier", "nn", "likelihood")
    found = answer(Measure(Where(str(run.path)), names, samples=20), Context())
    assert {f.group for f in found.figures} == {"mmd"}
    assert found.left_out["likelihood"] == "the model gives examples no likelihood"
    assert "no labels" in found.left_out["fd-classifier"]
    assert "downloaded" in found.left_out["fid"]
    assert set(found.left_out) == {"fid", "fd-classifier", "nn", "likelihood"}
    with pytest.raises(ValueError, match=r"FID .*downloaded"):
        answer(Measure(Where(str(run.path)), ("fid",), samples=20), Context())
    with pytest.raises(ValueError, match="no measure 'fidd'; there are: wasserstein"):
        answer(Measure(Where(str(run.path)), ("fidd",), samples=20), Context())
    with pytest.raises(ValueError, match="at least 2"):
        answer(Measure(Where(str(run.path)), ("mmd",), samples=1), Context())


def test_nothing_is_kept_when_it_is_not_wanted_or_was_cancelled(run: RunFolder) -> None:
    answer(Measure(Where(str(run.path)), ("mmd",), samples=20, keep=False), Context())
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        answer(Measure(Where(str(run.path)), ("mmd",), samples=20), Context(watch))
    assert attempts(run) == []


def test_where_labels_are_a_classifier_gives_features_and_is_named(digits: RunFolder) -> None:
    names = ("classes", "fd-classifier", "kd-classifier", "score-classifier", "pr-classifier")
    before = torch.get_rng_state()
    found = answer(Measure(Where(str(digits.path)), names, samples=150), Context())
    assert torch.equal(before, torch.get_rng_state())
    values = {f.key: f for f in found.figures}
    distance = next(f for k, f in values.items() if k.startswith("fd-classifier/") and "floor" not in k)
    floor = next(f for k, f in values.items() if k.startswith("fd-classifier/") and "floor" in k)
    assert "FID" not in distance.label
    assert "% right, 128 features" in distance.label
    assert "150 samples v 150 held-out" in distance.how
    assert distance.value > 3 * floor.value  # noise, after two steps
    score = next(f for f in found.figures if f.group == "score-classifier")
    assert 1 <= score.value <= 10
    assert 0 <= next(f for f in found.figures if f.label.startswith("recall")).value <= 1
    assert any(k.startswith("modes/classes covered") for k in values)


def test_with_weights_at_hand_fid_is_fid_and_says_what_it_rests_on(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    class Small(torch.nn.Module):
        """In Inception's place: its 2,048 features take minutes on a CPU."""

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            looked.append(len(x))
            flat = x.float().mean(dim=1).flatten(1)[:, :16]
            return flat, flat[:, :8]

    monkeypatch.setattr(inception, "load", lambda named, watch: Inception(Small(), f"weights of {Path(named).name}"))
    file = tmp_path / "w.safetensors"
    file.touch()
    context = Context()
    found = answer(Measure(Where(str(run.path)), ("fid", "kid", "is", "pr"), 25, inception=str(file)), context)
    assert {f.group for f in found.figures} == {"fid", "kid", "is", "pr"}
    fid = next(f for f in found.figures if f.group == "fid")
    assert fid.key == "fid/FID"
    for part in ("25 samples v 25 held-out", "weights of w.safetensors", "299×299"):
        assert part in fid.how
    assert sum(looked) == 50  # once for all four
    answer(Measure(Where(str(run.path)), ("fid",), 25, inception=str(file)), context)
    assert sum(looked) == 75  # what real examples look like is remembered


def test_too_few_examples_for_the_features_are_said(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Wide(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            flat = x.float().mean(dim=1).flatten(1)
            return flat, flat

    monkeypatch.setattr(inception, "load", lambda named, watch: Inception(Wide(), "made up"))
    file = tmp_path / "w.safetensors"
    file.touch()
    found = answer(Measure(Where(str(run.path)), ("fid",), 20, inception=str(file)), Context())
    assert "fewer examples (20) than features: too high" in found.figures[0].how


def test_a_download_happens_only_when_it_is_asked_for(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[bool] = []

    def fetch(watch: Watch | None = None) -> Path:
        fetched.append(True)
        return weights.kept()

    monkeypatch.setattr(inception, "download", fetch)
    answer(Measure(Where(str(run.path)), ("mmd", "fid"), samples=20), Context())
    answer(Measure(Where(str(run.path)), ("mmd",), samples=20, download=True), Context())  # has no use for it
    assert not fetched
    answer(Measure(Where(str(run.path)), ("mmd", "fid"), samples=20, download=True), Context())
    assert fetched == [True]
    assert answer(FetchInception(), Context()) == str(weights.kept())


def test_attempts_that_cannot_be_read_are_passed_over(run: RunFolder) -> None:
    answer(Measure(Where(str(run.path)), ("mmd",), samples=20), Context())
    with (run.path / "measures.jsonl").open("a") as file:
        file.write('{"figures": 3, "step": 1}\n[1]\n{"step": 1, "figures": [], "versions": 4}\n')
        file.write('{"step": 5, "figures": [{"key": "a/b", "value": "x"}]}\n{"cut')
    answer(Measure(Where(str(run.path)), ("mmd",), samples=20), Context())
    with (run.path / "measures.jsonl").open("a") as file:
        file.write('{"step": 9, "figures": [], "at": 1e300}\n')
    assert [a.step for a in attempts(run)] == [2, 2, 9]
    assert attempts(run)[-1].at == 0


def test_numbers_that_cannot_be_kept_are_not_lost(run: RunFolder) -> None:
    (run.path / "measures.jsonl").mkdir()  # whatever stands in the way of writing
    found = answer(Measure(Where(str(run.path)), ("mmd",), samples=20), Context())
    assert found.figures
    assert "measures.jsonl: is a directory" in found.not_kept
