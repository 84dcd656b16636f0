"""The conclusion about constraints: its figures against what is known, and a whole attempt in small."""

from __future__ import annotations

import numpy as np
import pytest

from studio.experiments import constraints_digits
from studio.experiments.constraints_digits import brightness, judged, score, way
from tests.experiments.conftest import begun
from tests.experiments.test_conclusions import done, whole


def test_brightness_is_the_mean_grey_and_scores_best_at_the_wish() -> None:
    flat = np.stack([np.full((1, 8, 8), v, np.float32) for v in (-1.0, -0.2, 1.0)])
    assert brightness(flat) == pytest.approx([0, 0.4, 1])
    assert score(brightness(flat))[1] == pytest.approx(0, abs=1e-10)
    assert score(np.array([constraints_digits.WISH + constraints_digits.TOLERANCE])) == pytest.approx(-0.5)


def test_the_way_is_counted_from_the_base() -> None:
    assert way(0.3, 0.3) == 0
    assert way(0.3, 0.35) == pytest.approx(50)
    assert way(0.3, 0.4) == pytest.approx(100)


@pytest.mark.parametrize(
    ("ways", "rest", "apart", "outcome"),
    [
        ([90, 40], [0.001, 0.004], [-3, 8], "shown"),
        ([90, 10], [0.001, 0.004], [-3, 8], "partly"),
        ([90, 40], [0.001, 0.04], [-3, 8], "partly"),
        ([90, 40], [0.001, 0.004], [-3, 12], "partly"),
        ([0, 40], [0.001, 0.04], [-3, 8], "not shown"),
    ],
)
def test_both_halves_of_the_claim_count(ways: list[float], rest: list[float], apart: list[float], outcome: str) -> None:
    assert judged(ways, rest, apart) == outcome


def test_an_attempt_ends_with_a_row_for_each_run() -> None:
    attempt = done(begun(constraints_digits.experiment))
    whole(attempt)
    assert attempt.findings is not None
    assert attempt.findings.table is not None
    assert len(attempt.findings.table.rows) == 7
    assert [p.file for p in attempt.findings.pictures] == ["brightness.png", "samples.png"]
