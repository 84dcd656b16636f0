"""Three models of bits: chosen on validation, reported on test, and what each example gains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data.dataset import Dataset, DataSpec
from studio.data.errors import Unrecognised
from studio.experiments import nade_mushrooms
from studio.experiments.core import catalog, material
from studio.experiments.core.experiment import figure
from studio.experiments.nade_mushrooms import bit_by_bit, judged
from studio.metrics.likelihood import figures
from studio.runs.folder import RunFolder
from studio.training.checkpoint import load_model
from studio.training.start import open_data
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole

EXPERIMENT = catalog.load("nade_mushrooms")


@pytest.fixture
def mushrooms(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    rows = (random.random((60, 112)) < random.random(112)).astype(np.uint8)
    np.savez(tmp_path / "mushrooms.npz", train=rows[:30], valid=rows[30:40], test=rows[40:])
    return tmp_path / "mushrooms.npz"


def test_a_whole_attempt_ends_with_the_figures_that_the_measure_gives_of_its_runs(
    mushrooms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for system, sizes in nade_mushrooms.SYSTEMS.items():
        smaller = {"hidden": 4} if system == "nade" else {"group": 2} if system == "neural_ar" else {}
        monkeypatch.setitem(sizes, "short", {**smaller, "steps": 3, "batch": 8})
    attempt = done(begun(EXPERIMENT, mushrooms))
    whole(attempt)
    found = attempt.findings
    assert found is not None
    nade = figure(found, nade_mushrooms.HEADLINE)
    assert nade is not None
    (run,) = [made.folder for made in attempt.runs if made.key == "nade/0"]
    model, _ = load_model(RunFolder(run))
    measured = figures(model, open_data(RunFolder(run)), 2048)
    assert measured[0].value == pytest.approx(nade.value)
    assert measured[0].error == pytest.approx(nade.error)
    assert found.table is not None
    assert [row[0] for row in found.table.rows] == ["FVBN", "neural autoregression", "NADE"]


def test_bits_by_themselves_are_counted_on_training_and_scored_on_test_examples() -> None:
    values = np.array([[255, 0], [255, 255], [255, 0], [0, 0], [255, 255], [0, 255]], np.uint8)
    spec = DataSpec("made up", "vectors", (2,), 6, 4, carries=("part",))
    part = np.array([0, 0, 1, 1, 2, 2])
    data = Dataset(spec, values, None, np.arange(2), np.arange(2, 6), columns={"part": part})
    assert bit_by_bit(data) == pytest.approx(np.log([3 / 4 * 1 / 2, 1 / 4 * 1 / 2]).mean())


@pytest.mark.parametrize(
    ("nade", "fvbn", "gain", "outcome"),
    [(-9.7, -10.2, 0.5, "shown"), (-11, -12, 0.5, "partly"), (-9.7, -9.7, 0.01, "not shown")],
)
def test_it_is_judged_by_the_gain_and_by_how_near_the_figures_come(
    nade: float, fvbn: float, gain: float, outcome: str
) -> None:
    assert judged({"nade": nade, "fvbn": fvbn, "neural_ar": -10}, gain, 0.02) == outcome


def test_another_dataset_does_not_stand_in(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", train=np.eye(12, dtype=np.uint8))
    with pytest.raises(Unrecognised, match="instead of rows of 112 bits"):
        material.prepare(EXPERIMENT, tmp_path / "other.npz")
