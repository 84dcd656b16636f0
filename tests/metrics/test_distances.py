"""Distances against closed forms, brute force and POT."""

import itertools

import numpy as np
import ot
import pytest

from studio.metrics.exact import exact_wasserstein
from studio.metrics.modes import coverage
from studio.metrics.sliced import shift_factor, sliced_wasserstein, transport_1d, unit_directions

random = np.random.default_rng(0)


def brute_force(x: np.ndarray, y: np.ndarray) -> float:
    """The cheapest of all pairings of two sets of one size."""
    cost = np.linalg.norm(x[:, None] - y[None], axis=2)
    rows = np.arange(len(x))
    return min(cost[rows, list(order)].mean() for order in itertools.permutations(rows))


@pytest.mark.parametrize("n", [1, 2, 5, 7])
@pytest.mark.parametrize("d", [1, 2, 9])
def test_exact_is_the_cheapest_of_all_pairings(n: int, d: int) -> None:
    x, y = random.standard_normal((2, n, d))
    assert exact_wasserstein(x, y) == pytest.approx(brute_force(x, y), rel=1e-7)


def test_in_one_dimension_all_are_the_mean_difference_of_sorted_values() -> None:
    x, y = random.standard_normal((2, 50, 1))
    closed = np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean()
    assert exact_wasserstein(x, y) == pytest.approx(closed, rel=1e-6)
    assert sliced_wasserstein(x, y, projections=3) == pytest.approx(closed, rel=1e-5)
    assert shift_factor(1) == pytest.approx(1)


def test_the_discrete_example_of_the_lecture_costs_five() -> None:
    places = np.arange(4.0)[:, None]
    p, q = np.repeat(places, (3, 2, 1, 4), axis=0), np.repeat(places, (1, 2, 4, 3), axis=0)
    assert len(p) * exact_wasserstein(p, q) == pytest.approx(5)


def test_parallel_lines_are_as_far_apart_as_their_offset() -> None:
    u = random.random(40)
    x, y = np.stack([0 * u, u], 1), np.stack([0 * u + 0.7, u], 1)
    assert exact_wasserstein(x, y) == pytest.approx(0.7, rel=1e-7)


@pytest.mark.parametrize("power", [1, 2])
def test_sets_of_unequal_sizes_are_compared_by_their_quantiles(power: int) -> None:
    x, y = random.standard_normal((7, 3)), random.standard_normal((12, 3)) + 1
    for column, ours in enumerate(transport_1d(x, y, power)):
        assert ours == pytest.approx(ot.wasserstein_1d(x[:, column], y[:, column], p=power), rel=1e-9)
    assert transport_1d(x, np.repeat(x, 4, axis=0), power) == pytest.approx(np.zeros(3), abs=1e-12)


@pytest.mark.parametrize("power", [1, 2])
def test_sliced_agrees_with_pot_along_the_same_directions(power: int) -> None:
    x, y = random.standard_normal((40, 5)), 2 * random.standard_normal((30, 5)) + 0.5
    directions = unit_directions(5, 64, 9).astype(np.float64)
    theirs = ot.sliced_wasserstein_distance(x, y, projections=directions, p=power)
    assert sliced_wasserstein(x, y, power=power, projections=64, seed=9) == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("dimension", [2, 10, 784])
@pytest.mark.parametrize("power", [1, 2])
def test_a_shift_costs_its_length_once_the_sliced_distance_is_corrected(dimension: int, power: int) -> None:
    x = random.standard_normal((200, dimension))
    shift = random.standard_normal(dimension)
    shift *= 3 / np.linalg.norm(shift)
    sliced = sliced_wasserstein(x, x + shift, power=power, projections=4 * 784) / shift_factor(dimension, power)
    assert exact_wasserstein(x, x + shift, power=power) == pytest.approx(3, rel=1e-5)
    assert sliced == pytest.approx(3, rel=0.04)


def test_the_corrected_sliced_distance_of_gaussians_is_at_most_the_exact_one() -> None:
    x, y = random.standard_normal((300, 8)), 2 * random.standard_normal((300, 8)) + 1
    assert sliced_wasserstein(x, y) / shift_factor(8) <= exact_wasserstein(x, y) * 1.02
    # W2 between N(0, I) and N(m, s²I) is √(‖m‖² + d (s − 1)²); sliced W2² is that over d
    many, others = random.standard_normal((20_000, 8)), 2 * random.standard_normal((20_000, 8)) + 1
    assert sliced_wasserstein(many, others, power=2) == pytest.approx(np.sqrt((8 + 8) / 8), rel=0.03)


def test_shift_factor_is_the_mean_length_of_a_unit_vectors_shadow() -> None:
    u = random.standard_normal((200_000, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    assert shift_factor(3) == pytest.approx(0.5)
    assert np.abs(u[:, 0]).mean() == pytest.approx(shift_factor(3), rel=0.01)
    assert np.sqrt((u[:, 0] ** 2).mean()) == pytest.approx(shift_factor(3, 2), rel=0.01)


def test_directions_are_unit_orthogonal_and_fixed_by_the_seed() -> None:
    made = unit_directions(6, 15, 2)
    np.testing.assert_allclose(np.linalg.norm(made, axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(made[:, :6].T @ made[:, :6], np.eye(6), atol=1e-6)
    unit_directions.cache_clear()
    np.testing.assert_array_equal(made, unit_directions(6, 15, 2))
    assert not np.allclose(made, unit_directions(6, 15, 3))
    assert unit_directions(5000, 3, 0).shape == (5000, 3)


def test_a_set_has_no_distance_to_itself_in_another_order() -> None:
    x = random.standard_normal((64, 20))
    y = random.permutation(x)
    assert exact_wasserstein(x, y) == pytest.approx(0, abs=1e-6)
    assert sliced_wasserstein(x, y) == pytest.approx(0, abs=1e-6)


def test_sets_that_cannot_be_compared_are_refused_in_words() -> None:
    for distance in (exact_wasserstein, sliced_wasserstein):
        with pytest.raises(ValueError, match="one dimension"):
            distance(np.zeros((3, 2)), np.zeros((3, 4)))
        with pytest.raises(ValueError, match="empty"):
            distance(np.zeros((0, 2)), np.zeros((3, 2)))


def test_coverage_counts_modes_that_have_a_sample_near_them() -> None:
    centres = np.array([[0.0, 0], [4, 0], [0, 4], [4, 4]])
    samples = np.array([[0.02, 0], [0, 0.01], [4.1, 0], [0.2, 4]])  # the last is 4 σ off
    found = coverage(samples, centres, 0.05)
    assert (found.modes, found.of, found.high_quality) == (2, 4, 0.75)
    shares = np.array([2, 1]) / 3
    assert found.reverse_kl == pytest.approx((shares * np.log(shares * 4)).sum())
    assert coverage(samples + 100, centres, 0.05).reverse_kl == np.inf
    with pytest.raises(ValueError, match="positive"):
        coverage(samples, centres, 0)


def test_the_mixture_itself_has_98_9_percent_near_its_modes() -> None:
    angles = np.arange(8) * np.pi / 4
    centres = np.stack([np.cos(angles), np.sin(angles)], 1)
    samples = centres[random.integers(0, 8, 200_000)] + 0.01 * random.standard_normal((200_000, 2))
    found = coverage(samples, centres, 0.01)
    assert found.modes == 8
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=1e-3)
    assert found.reverse_kl == pytest.approx(0, abs=1e-3)
