"""Ways through a latent, against closed forms."""

import itertools

import numpy as np
import pytest

from studio.explore import latents
from studio.models.core.latents import Part, Prior, draw


def two(size: int = 16) -> np.ndarray:
    return draw(Prior.of("normal", size), 2, 3)


def angle(u: np.ndarray, v: np.ndarray) -> float:
    return float(np.arccos(np.clip(u @ v / np.linalg.norm(u) / np.linalg.norm(v), -1, 1)))


def test_a_line_is_straight_and_goes_on_beyond_its_ends() -> None:
    a, b = two()
    made = latents.linear(a, b, [-1, 0, 0.25, 1, 2])
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, [2 * a - b, a, 0.75 * a + 0.25 * b, b, 2 * b - a], rtol=1e-5, atol=1e-6)


def test_a_number_gives_one_latent_and_many_give_many() -> None:
    a, b = two()
    for way in (latents.linear, latents.spherical):
        assert way(a, b, 0.5).shape == (16,)
        assert way(a, b, [0.5]).shape == (1, 16)


def test_the_round_way_turns_at_a_steady_angle_and_keeps_the_ends() -> None:
    a, b = two()
    made = latents.spherical(a, b, np.linspace(0, 1, 5))
    np.testing.assert_allclose(made[[0, -1]], [a, b], atol=1e-5)
    steps = [angle(p.astype(np.float64), q.astype(np.float64)) for p, q in itertools.pairwise(made)]
    np.testing.assert_allclose(steps, angle(a.astype(np.float64), b.astype(np.float64)) / 4, atol=1e-5)


def test_the_round_way_between_unit_axes_is_the_circle() -> None:
    t = np.linspace(0, 1, 9)
    made = latents.spherical([1, 0, 0], [0, 1, 0], t)
    closed = np.stack([np.cos(t * np.pi / 2), np.sin(t * np.pi / 2), 0 * t], axis=1)
    np.testing.assert_allclose(made, closed, atol=1e-7)


def test_the_length_changes_steadily() -> None:
    made = latents.spherical([2, 0], [0, 6], [0, 0.25, 0.5, 1])
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), [2, 3, 4, 6], rtol=1e-6)


def test_parallel_latents_have_a_straight_way() -> None:
    a = two()[0]
    np.testing.assert_allclose(latents.spherical(a, 3 * a, 0.5), 2 * a, rtol=1e-5)
    np.testing.assert_array_equal(latents.spherical(a, a, 0.3), a)


def test_opposite_latents_are_joined_by_a_half_circle_that_is_always_the_same() -> None:
    a = two()[0]
    t = np.linspace(0, 1, 7)
    made = latents.spherical(a, -a, t)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), np.linalg.norm(a), rtol=1e-5)
    np.testing.assert_allclose(made[[0, -1]], [a, -a], atol=1e-5)
    assert abs(made[3] @ a) < 1e-4 * (a @ a)
    np.testing.assert_array_equal(made, latents.spherical(a, -a, t))
    np.testing.assert_allclose(latents.spherical([1.0], [-1.0], 0.5), [0.0])  # one dimension has no way round


def test_almost_opposite_and_almost_parallel_latents_stay_finite() -> None:
    a = two()[0].astype(np.float64)
    for other in (a * (1 + 1e-9), -a + 1e-9, -a * (1 - 1e-12), a + 1e-12):
        made = latents.spherical(a, other, np.linspace(0, 1, 5))
        assert np.isfinite(made).all()
        np.testing.assert_allclose(np.linalg.norm(made, axis=1), np.linalg.norm(a), rtol=1e-4)


def test_a_latent_of_length_zero_has_a_straight_way() -> None:
    b = two()[1]
    np.testing.assert_allclose(latents.spherical(np.zeros(16), b, 0.5), b / 2, rtol=1e-6)


def test_uniform_latents_never_leave_their_cube() -> None:
    a, b = draw(Prior.of("uniform", 32), 2, 0)
    made = latents.path([a, b], 20, "spherical", loop=True, prior=Prior.of("uniform", 32))
    assert np.abs(made).max() <= 1
    np.testing.assert_allclose(made[10], latents.linear(a, b, 0.5), rtol=1e-5, atol=1e-6)


def test_a_walk_passes_its_keys_and_a_loop_returns_without_showing_the_first_twice() -> None:
    keys = draw(Prior.of("normal", 8), 3, 1)
    open_ended = latents.path(keys, 10)
    assert open_ended.shape == (21, 8)
    np.testing.assert_allclose(open_ended[[0, 10, 20]], keys, atol=1e-5)
    looped = latents.path(keys, 10, loop=True)
    assert looped.shape == (30, 8)
    np.testing.assert_allclose(looped[[0, 10, 20]], keys, atol=1e-5)
    assert np.linalg.norm(looped[-1] - looped[0]) < np.linalg.norm(looped[-3] - looped[0])


def test_a_walk_says_what_it_lacks() -> None:
    with pytest.raises(ValueError, match="at least two latents"):
        latents.path(np.zeros((1, 4)), 5)
    with pytest.raises(ValueError, match="at least one frame"):
        latents.path(np.zeros((2, 4)), 0)
    with pytest.raises(ValueError, match="one size"):
        latents.linear(np.zeros(3), np.zeros(4), 0.5)


def test_arithmetic_takes_averages_of_picks() -> None:
    a, b, c = draw(Prior.of("normal", 5), 9, 0).reshape(3, 3, 5)
    np.testing.assert_allclose(latents.arithmetic(a, b, c), a.mean(0) - b.mean(0) + c.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(latents.arithmetic(a[0], a[0], c[0]), c[0], atol=1e-6)


def test_truncation_is_of_the_noise_alone() -> None:
    prior = Prior((Part("noise", "uniform", 3), Part("c1", "categorical", 4, "code"), Part("c2", "uniform", 2, "code")))
    free, bound = draw(prior, 200, 0), draw(prior, 200, 0, 0.1)
    assert np.abs(bound[:, :3]).max() <= 0.1
    np.testing.assert_array_equal(bound[:, 3:], free[:, 3:])


def test_an_average_has_one_value_of_each_category() -> None:
    prior = Prior((Part("noise", "normal", 2), Part("c", "categorical", 3, "code")))
    picks = draw(prior, 60, 0)
    mean = latents.average(picks, prior)
    np.testing.assert_allclose(mean[:2], picks[:, :2].mean(0), rtol=1e-5)
    assert mean[2:].argmax() == picks[:, 2:].sum(0).argmax()
    assert sorted(mean[2:]) == [0, 0, 1]
    np.testing.assert_allclose(latents.average(picks), picks.mean(0), rtol=1e-5, atol=1e-6)


def test_a_lattice_hangs_on_its_corners_and_is_bilinear_when_straight() -> None:
    corners = draw(Prior.of("normal", 6), 4, 2)
    grid = latents.lattice(corners, 3, 5, "linear").reshape(3, 5, 6)
    np.testing.assert_allclose(grid[[0, 0, -1, -1], [0, -1, 0, -1]], corners, atol=1e-6)
    np.testing.assert_allclose(grid[1, 2], corners.mean(axis=0), atol=1e-6)
    round_grid = latents.lattice(corners, 3, 5).reshape(3, 5, 6)
    np.testing.assert_allclose(round_grid[0], latents.spherical(corners[0], corners[1], np.linspace(0, 1, 5)))
    np.testing.assert_allclose(round_grid[[0, 0, -1, -1], [0, -1, 0, -1]], corners, atol=1e-5)


def test_a_finger_on_a_lattice_is_one_latent_of_it() -> None:
    corners = draw(Prior.of("normal", 6), 4, 2)
    at = latents.lattice(corners, [0.5], [0.25], "spherical")
    grid = latents.lattice(corners, 3, 5, "spherical").reshape(3, 5, 6)
    np.testing.assert_allclose(at[0], grid[1, 1], atol=1e-6)
    with pytest.raises(ValueError, match="four latents"):
        latents.lattice(corners[:3], 2, 2)


def test_components_say_where_move_has_put_a_latent() -> None:
    vectors = np.linalg.qr(np.random.default_rng(0).standard_normal((12, 3)))[0].T
    z = two(12)[0]
    moved = latents.move(z, vectors, [1.0, -2.0, 0.5])
    np.testing.assert_allclose(latents.components(moved, vectors), [1, -2, 0.5], atol=1e-5)
    left = np.eye(12) - vectors.T @ vectors
    np.testing.assert_allclose(left @ moved, left @ z, atol=1e-5)
    assert latents.move(z, vectors, np.zeros((7, 3))).shape == (7, 12)
