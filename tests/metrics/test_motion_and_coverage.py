"""Oscillation and class coverage, against their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.metrics.coverage import class_coverage
from studio.metrics.oscillation import STEPS, Motion, Path, random_walk
from studio.models.core.showing import ALWAYS

SHAPE = (256, 784)


def go(path: Path, places: list[np.ndarray]) -> Motion:
    found = None
    for place in places:
        found = path.add(place.astype(np.float32))
    assert found is not None
    return found


def test_a_straight_way_does_not_oscillate() -> None:
    random = np.random.default_rng(0)
    start, step = random.normal(size=(2, *SHAPE))
    found = go(Path(), [start + step * t / 9 for t in range(STEPS + 1)])
    assert found.oscillation == pytest.approx(0, abs=1e-5)


def test_one_time_round_is_one_and_half_a_time_is_two_over_pi() -> None:
    random = np.random.default_rng(1)
    centre, a, b = random.normal(size=(3, *SHAPE))
    a, b = a / np.linalg.norm(a), b - (a * b).sum() / (a * a).sum() * a
    b /= np.linalg.norm(b)

    def arc(turns: float, steps: int) -> list[np.ndarray]:
        angles = np.linspace(0, 2 * np.pi * turns, steps + 1)
        return [centre + 30 * (math.cos(t) * a + math.sin(t) * b) for t in angles]

    whole = go(Path(), arc(1, STEPS)).oscillation
    assert whole == pytest.approx(1, abs=1e-3)
    half = go(Path(64), arc(0.5, 64)).oscillation
    assert half == pytest.approx(1 - 2 / math.pi, abs=0.02)  # the diameter over half the circumference


@pytest.mark.parametrize("shape", [SHAPE, (256, 2)])
def test_a_random_walk_has_its_level(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(2)
    found = go(Path(), list(np.cumsum(random.normal(size=(STEPS + 1, *shape)), axis=0))).oscillation
    assert found == pytest.approx(random_walk(), abs=0.04)
    assert {level.value for level in ALWAYS if level.panel == "oscillation"} == {random_walk()}


def test_change_is_nought_when_still_and_one_for_other_samples() -> None:
    random = np.random.default_rng(3)
    path = Path()
    here = random.normal(size=SHAPE)
    assert path.add(here) is None
    still, other = path.add(here), path.add(random.normal(size=SHAPE))
    assert still == Motion(None, 0.0)
    assert other is not None
    assert other.change == pytest.approx(1, rel=0.1)
    path.clear()
    assert path.add(here) is None


def test_classes_as_in_the_data_are_covered_and_on_the_floor() -> None:
    random = np.random.default_rng(0)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    found = [class_coverage(random.choice(4, 500, p=shares), shares) for _ in range(400)]
    assert all(f.count == 4 for f in found)
    assert found[0].floor == 3 / 1000
    assert np.mean([f.divergence for f in found]) == pytest.approx(3 / 1000, rel=0.12)


def test_the_floor_of_a_thousand_modes_is_the_sheets() -> None:
    """Stacked digits: 26,000 samples of a perfect model still have KL ≈ 999/52,000."""
    found = class_coverage(np.random.default_rng(0).integers(0, 1000, 26_000), np.ones(1000))
    assert found.floor == pytest.approx(0.0192, abs=5e-5)
    assert found.divergence == pytest.approx(found.floor, rel=0.2)


def test_divergence_and_the_rarest_have_their_closed_forms() -> None:
    labels = np.repeat([0, 1], [750, 250])
    found = class_coverage(labels, np.array([10.0, 10.0]))
    assert found.divergence == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert found.rarest == pytest.approx(0.5)
    one = class_coverage(np.zeros(100, np.int64), np.full(10, 0.1))
    assert (one.count, one.rarest) == (1, 0.0)
    assert one.divergence == pytest.approx(math.log(10))


def test_a_few_mistakes_of_the_classifier_do_not_cover_a_class() -> None:
    labels = np.zeros(1000, np.int64)
    labels[:9] = 1
    assert class_coverage(labels, np.full(10, 1.0)).covered[:2] == (True, False)
    labels[:10] = 1
    assert class_coverage(labels, np.full(10, 1.0)).covered[:2] == (True, True)


def test_a_class_that_the_data_lacks_is_not_looked_for() -> None:
    found = class_coverage(np.array([0, 1, 0, 1]), np.array([1.0, 1.0, 0.0]))
    assert found.covered == (True, True, True)
    assert found.floor == 1 / 8
    assert found.divergence == 0
    with pytest.raises(ValueError, match="no samples"):
        class_coverage(np.zeros(0, np.int64), np.ones(2))
