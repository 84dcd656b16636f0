"""The arithmetic behind the panels of exact inversion, on made-up data whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.data.dataset import Dataset, DataSpec, split
from studio.explore import flows
from studio.explore.questions.flows import STRANGERS, ByFactor, ByLabel
from studio.models.core.latents import Part, Prior

RANDOM = np.random.default_rng(0)


def squares(count: int = 60, held_out: float = 0.5) -> Dataset:
    """Labelled by 0, 1, 2 in turn; a factor that rises along, and one of three values."""
    spec = DataSpec("squares", "images", (1, 4, 4), count, classes=("a", "b", "c"), fingerprint="s")
    values = RANDOM.integers(0, 256, (count, 1, 4, 4)).astype(np.uint8)
    factors = {"height": np.arange(count, dtype=np.float64), "shape": np.arange(count) % 3 + 0.0}
    return Dataset(spec, values, np.arange(count) % 3, *split(count, held_out), factors)


# --- strangers


def test_strangers_are_what_they_are_called() -> None:
    shape = (3, 6, 5)
    images = RANDOM.integers(0, 256, (40, *shape)).astype(np.uint8)
    made = {kind: flows.stranger(kind, images, shape, 40, 1) for kind in STRANGERS}
    assert all(m.dtype == np.uint8 and m.shape == (40, *shape) for m in made.values())
    noise = made["noise"].astype(float)
    assert {0, 255} <= set(np.unique(made["noise"]))
    assert noise.mean() == pytest.approx(127.5, abs=4)
    assert noise.std() == pytest.approx(256 / math.sqrt(12), abs=2)
    flat = made["flat"].reshape(40, -1)
    assert (flat == flat[:, :1]).all()
    assert len(np.unique(flat[:, 0])) > 20
    np.testing.assert_array_equal(made["negative"], 255 - images)
    before, after = images.reshape(40, 3, -1), made["shuffled"].reshape(40, 3, -1)
    for old, new in zip(before, after, strict=True):  # the same colours, in other places, not the same for each image
        assert sorted(map(tuple, old.T)) == sorted(map(tuple, new.T))
    assert (before != after).any(axis=(1, 2)).all()
    places = [[list(map(tuple, o.T)).index(c) for c in map(tuple, n.T)] for o, n in zip(before, after, strict=True)]
    assert places[0] != places[1]


def test_strangers_of_one_seed_are_the_same_and_others_are_refused() -> None:
    images = squares().values
    for kind in STRANGERS:
        same = [flows.stranger(kind, images, (1, 4, 4), 5, 3) for _ in range(2)]
        np.testing.assert_array_equal(*same)
    with pytest.raises(ValueError, match="'martians'; there are: noise, flat"):
        flows.stranger("martians", images, (1, 4, 4), 5, 3)


# --- which examples an attribute is found by


def test_a_label_is_set_against_as_many_of_all_others() -> None:
    data = squares()
    found = flows.chosen(data, ByLabel(1))
    assert data.labels is not None
    for having, lacking, part in (
        (found.having, found.lacking, data.train),
        (found.having_others, found.lacking_others, data.held_out),
    ):
        assert set(data.labels[having]) == {1}
        assert set(data.labels[lacking]) == {0, 2}
        assert len(having) == len(lacking) == (data.labels[part] == 1).sum()
        assert set(having) | set(lacking) <= set(part)
    few = flows.chosen(data, ByLabel(1, count=4))
    assert [len(v) for v in vars(few).values()] == [4] * 4


def test_a_factor_is_set_by_its_outer_thirds_and_a_shape_against_the_others() -> None:
    data = squares(600)
    found = flows.chosen(data, ByFactor("height"))
    heights = data.factors["height"]
    low, high = np.quantile(heights[data.train], [1 / 3, 2 / 3])
    assert heights[found.having].min() > high
    assert heights[found.lacking].max() < low
    assert len(found.having) == pytest.approx(100, abs=1)
    assert heights[found.having_others].min() > high
    shape = flows.chosen(data, ByFactor("shape", 2))
    assert set(data.factors["shape"][shape.having]) == {2}
    assert set(data.factors["shape"][shape.lacking]) == {0, 1}


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (ByLabel(3), "classes 0 to 2, not 3"),
        (ByFactor("weight"), "'weight'; known are height, shape"),
        (ByFactor("shape"), "name which"),
        (ByFactor("shape", 9), "too few training examples to tell shape 9"),
    ],
)
def test_what_there_is_not_is_said(by: ByLabel | ByFactor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        flows.chosen(squares(), by)


def test_without_labels_a_label_is_refused_in_words() -> None:
    data = squares()
    with pytest.raises(ValueError, match="no labels; choose examples by hand"):
        flows.chosen(Dataset(data.spec, data.values, None, data.train, data.held_out), ByLabel(0))


# --- directions


def test_a_known_direction_is_found_and_tells_others_apart_as_it_must() -> None:
    size, way = 24, np.zeros(24)
    way[[3, 7]] = 1.0, -1.0
    prior = Prior.of("normal", size)

    def latents(count: int, sign: int) -> np.ndarray:
        return (RANDOM.standard_normal((count, size)) + sign * way).astype(np.float32)

    sets = [latents(4000, 1), latents(4000, -1)]
    vector = flows.direction(prior, *sets)
    np.testing.assert_allclose(vector, 2 * way, atol=0.1)
    others = latents(4000, 1), latents(1000, -1)
    # each side stands √2 from the middle, in σ: Φ(√2) of either are right
    right = 0.5 * (1 + math.erf(1.0))
    assert flows.separation(vector, sets[0], sets[1], others) == pytest.approx(right, abs=0.015)


def test_random_labels_separate_nothing() -> None:
    sets = [RANDOM.standard_normal((500, 200)).astype(np.float32) for _ in range(4)]
    vector = flows.direction(Prior.of("normal", 200), sets[0], sets[1])
    assert flows.separation(vector, sets[0], sets[1], (sets[2], sets[3])) == pytest.approx(0.5, abs=0.05)
    assert flows.separation(vector, sets[0], sets[1], (sets[0], sets[1])) > 0.62  # on its own examples it would flatter


def test_a_class_in_the_latent_is_left_alone_and_nothing_to_try_it_on_is_told() -> None:
    prior = Prior((Part("level 1", "normal", 2), Part("class", "categorical", 2, "class")))
    having, lacking = np.array([[1, 2, 1, 0]], np.float32), np.array([[0, 0, 0, 1]], np.float32)
    vector = flows.direction(prior, having, lacking)
    np.testing.assert_array_equal(vector, [1, 2, 0, 0])
    assert math.isnan(flows.separation(vector, having, lacking, (having[:0], lacking)))
    with pytest.raises(ValueError, match="at least one example that has it"):
        flows.direction(prior, having[:0], lacking)


# --- the plane


def test_cells_are_listed_from_the_top_left_and_a_known_density_weighs_one() -> None:
    at = flows.grid((1.0, -2.0), 3.0, 2)
    np.testing.assert_allclose(at, [[-0.5, -0.5], [2.5, -0.5], [-0.5, -3.5], [2.5, -3.5]])
    fine = flows.grid((0.5, 0.0), 8.0, 128).astype(np.float64)
    log_density = (-(fine**2).sum(axis=1) / 2 - math.log(2 * math.pi)).reshape(128, 128)
    assert flows.mass(log_density, 8.0) == pytest.approx(1, abs=1e-6)
    assert flows.mass(np.full((4, 4), -np.inf), 1.0) == 0


@pytest.mark.parametrize(("reach", "size"), [(0.0, 8), (math.inf, 8), (1.0, 0), (1.0, 5000)])
def test_a_window_that_is_none_is_refused(reach: float, size: int) -> None:
    with pytest.raises(ValueError, match="window"):
        flows.grid((0.0, 0.0), reach, size)
