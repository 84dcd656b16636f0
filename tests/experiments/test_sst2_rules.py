"""The rule on SST-2: chosen on dev, reported on test, gains seed by seed; and data that only a person can bring."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from studio.data.errors import Unrecognised
from studio.experiments import sst2_rules
from studio.experiments.core import catalog, material
from studio.experiments.core.experiment import figure
from studio.experiments.sst2_rules import chosen, judged
from studio.runs.folder import Record, RunFolder
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole
from tests.models.every import SENTENCES

EXPERIMENT = catalog.load("sst2_rules")


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Sentences whose label is their last word but one; every third has a clause."""
    random = np.random.default_rng(0)
    folder = tmp_path / "reviews"
    folder.mkdir()
    for part, many in (("train", 60), ("dev", 30), ("test", 30)):
        lines = []
        for at in range(many):
            first, last = random.choice(["good", "bad"], 2)
            text = f"it is {last} ." if at % 3 else f"it is {first} , but it is {last} ."
            lines.append(f"{int(last == 'good')} {text}")
        (folder / f"stsa.binary.{part}").write_text("\n".join(lines) + "\n")
    return folder


def measured(tmp_path: Path, rows: list[tuple[int, float, float, float]]) -> RunFolder:
    """A run with accuracies of p: (step, dev, test, test under the rule), and of q, all of them 0.5."""
    run = RunFolder.create(tmp_path / "run", "rule_distillation", {"steps": 30}, SENTENCES)
    for step, dev, test, ruled in rows:
        values = {
            "accuracy/p, dev (872)": dev,
            "test accuracy/p, test (1,821)": test,
            "test accuracy under the rule/p, test (237)": ruled,
            "accuracy under the rule/p, dev (108)": 0.99,
            "accuracy/q, dev (872)": 0.5,
            "test accuracy/q, test (1,821)": 0.5,
            "agreement/p and q, dev (872)": 0.9,
        }
        run.append([Record(step, float(step), values)])
    return run


def test_a_whole_attempt_ends_with_accuracies_of_four_readers_over_seeds(
    reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = {"embedding": 6, "filters": 4, "batch": 10, "steps": 12}
    monkeypatch.setitem(sst2_rules.SIZES, "short", tiny)
    attempt = done(begun(EXPERIMENT, reviews, seeds=(0, 1)))
    whole(attempt)
    found = attempt.findings
    assert found is not None
    assert found.table is not None
    assert len(found.table.rows) == 8
    for name in sst2_rules.NAMES.values():
        one = figure(found, f"test accuracy of the {name}")
        assert one is not None
        assert 0 <= one.value <= 100
        assert one.error is not None
    gain = figure(found, "gain of student p over base")
    assert gain is not None
    by_seed = {(row[0], row[1]): float(row[4]) for row in found.table.rows}
    expected = [by_seed[seed, "student p"] - by_seed[seed, "base"] for seed in ("0", "1")]
    assert gain.value == pytest.approx(sum(expected) / 2, abs=0.01)
    assert material.at_hand(EXPERIMENT) == str(reviews)


def test_each_reader_is_taken_at_the_first_of_its_best_epochs_on_dev_whatever_it_gets_on_test(tmp_path: Path) -> None:
    run = measured(tmp_path, [(10, 0.7, 0.9, 0.1), (20, 0.8, 0.6, 0.2), (30, 0.8, 0.95, 0.3)])
    found = chosen(run, "p")
    assert dataclasses.astuple(found) == (80, 60, 20, 20, ((10, 70), (20, 80), (30, 80)))
    assert chosen(run, "q").step == 10


def test_what_was_measured_again_after_a_resume_counts_once_and_as_the_later(tmp_path: Path) -> None:
    run = measured(tmp_path, [(10, 0.9, 0.9, 0.1), (20, 0.8, 0.6, 0.2), (10, 0.5, 0.4, 0.1)])
    assert chosen(run, "p").step == 20


def test_a_run_without_a_dev_part_is_refused_in_words(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", "rule_distillation", {"steps": 30}, SENTENCES)
    run.append([Record(1, 1.0, {"accuracy/p, held-out (10)": 0.5})])
    with pytest.raises(ValueError, match="no accuracies on dev and test"):
        chosen(run, "p")


def test_a_claim_is_shown_only_by_gains_beyond_their_errors() -> None:
    assert judged([1.0, 1.1, 0.9], [0.5, 0.6, 0.4]) == "shown"
    assert judged([1.0, 1.1, 0.9], [0.5, -0.6, 0.4]) == "partly"
    assert judged([2.0, -1.0, 0.1], [0.5, -0.6, 0.4]) == "partly", "the means are in that order"
    assert judged([-1.0, -1.1, -0.9], [0.5, -0.6, -0.4]) == "not shown"
    assert judged([5.0], [5.0]) == "partly", "one seed is sure of nothing"


def test_the_base_differs_from_the_rest_in_learning_nothing_from_its_teacher() -> None:
    runs = EXPERIMENT.planned("short", (4,))
    base, rule = (dict(run.values) for run in runs)
    assert base.pop("imitation") == 0
    assert base == rule
    assert [run.key for run in runs] == ["base/4", "rule/4"]
    assert EXPERIMENT.seeds("short") == (0, 1, 2)
    epochs = sst2_rules.SIZES["full"]["steps"]
    assert isinstance(epochs, int)
    assert math.isclose(epochs / (6920 / 50), 20, rel_tol=0.01)


# --- the dataset


def test_a_dataset_that_nothing_fetches_is_asked_for_without_a_download() -> None:
    assert material.to_bring(EXPERIMENT) == "sst2"
    assert not material.ready(EXPERIMENT)
    for download in (False, True):
        with pytest.raises(material.NotAtHand, match="--data PATH") as said:
            material.prepare(EXPERIMENT, download=download)
        assert "--download" not in str(said.value)


def test_what_are_no_labelled_sentences_is_refused(digits_file: Path) -> None:
    with pytest.raises(Unrecognised, match=r"is not SST-2.*sentences with two labels"):
        material.prepare(EXPERIMENT, digits_file)
    assert not material.fits("sst2", dataclasses.replace(SENTENCES, classes=("a", "b", "c"), held_out=10))
    assert material.fits("sst2", dataclasses.replace(SENTENCES, held_out=10))


def test_a_dataset_that_was_added_before_is_found(reviews: Path) -> None:
    from studio.data import store
    from studio.data.sources import recognise

    renamed = reviews.rename(reviews.with_name("sst2"))
    store.prepare(recognise(renamed))
    assert material.at_hand(EXPERIMENT) == str(renamed)
