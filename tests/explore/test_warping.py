"""The bent plane between two steps and at them: what is drawn of it is held to closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.explore.warping import (
    CELLS,
    FINE,
    SHARES,
    Course,
    Seen,
    Window,
    circles,
    hues,
    latent_at,
    lattice,
    levels,
    lines,
    pasted,
    raster,
    samples,
    shaded,
    stations,
    wheel,
)
from tests.gui.explore.flowing import course, latent

MESH = course(lattice())
HERE = Window((0.0, 0.0), 4.0)


def middles(window: Window, size: int) -> np.ndarray:  # type: ignore[type-arg]
    along = ((np.arange(size) + 0.5) / size * 2 - 1) * window.reach
    x, y = np.meshgrid(window.centre[0] + along, window.centre[1] - along)
    return np.stack([x.ravel(), y.ravel()], axis=1)


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_the_density_after_any_step_is_that_of_the_closed_form(step: int) -> None:
    size = 120
    drawn = raster(*MESH.at(step), HERE, size)
    z = latent(middles(HERE, size), after=step)
    exact = course(z).log_density[step].reshape(size, size)
    reached = (np.abs(z) < 4.4).all(axis=1).reshape(size, size)
    assert reached.mean() > 0.3
    assert np.isfinite(drawn[reached]).all(), "no holes between the cells"
    assert np.isinf(drawn[(np.abs(z) > 4.6).any(axis=1).reshape(size, size)]).all()
    off = np.abs(np.exp(drawn) - np.exp(exact))[reached]
    assert off.max() < 0.02 * np.exp(exact[reached]).max()


def test_the_drawn_density_holds_the_mass_that_is_in_the_window() -> None:
    wide = Window((0.0, 0.0), 12.0)
    drawn = raster(*MESH.at(1), wide, 600)
    assert np.exp(drawn).sum() * (24 / 600) ** 2 == pytest.approx(1, abs=5e-3)


def test_a_picture_has_its_first_row_at_the_top_and_follows_its_window() -> None:
    there = Window((1.0, 2.0), 0.5)
    drawn = raster(*MESH.at(0), there, 50)
    exact = -(middles(there, 50) ** 2).sum(axis=1) / 2 - math.log(2 * math.pi)
    np.testing.assert_allclose(drawn, exact.reshape(50, 50), atol=2.5e-3)  # a cell is 0.094 σ wide
    assert drawn[0, 0] < drawn[-1, 0], "y grows upwards"


def test_a_mesh_with_values_that_are_no_numbers_is_drawn_where_it_can_be() -> None:
    points, values = (a.copy() for a in MESH.at(0))
    middle = (CELLS + 1) * (CELLS // 2) + CELLS // 2
    points[middle] = np.nan
    drawn = raster(points, values, HERE, 64)
    assert np.isinf(drawn[31:33, 31:33]).any()
    assert np.isfinite(drawn[10:20, 10:20]).all()
    assert np.isinf(raster(points * np.nan, values, HERE, 16)).all()


def test_contour_levels_hold_their_share_of_the_mass() -> None:
    for found, share in zip(levels(MESH, 0), SHARES, strict=True):
        assert found == pytest.approx(math.log((1 - share) / (2 * math.pi)), abs=0.03)
    volume_kept = [a - math.log(0.4) for a in levels(MESH, 2)]
    np.testing.assert_allclose(levels(MESH, 3), volume_kept, atol=1e-6)


def test_the_latent_at_a_place_is_that_which_the_flow_brings_there() -> None:
    for step in (0, 1, 2, 3):
        z = np.array([[0.7, -1.2]])
        place = course(z).points[step, 0]
        found = latent_at(MESH, step, (float(place[0]), float(place[1])))
        np.testing.assert_allclose(found, z[0], atol=5e-3)
    assert latent_at(MESH, 0, (9.0, 0.0)) is None


def test_between_two_steps_points_are_on_straight_lines() -> None:
    way = course(samples(5, 0))
    np.testing.assert_allclose(way.at(1.25)[0], 0.75 * way.points[1] + 0.25 * way.points[2], atol=1e-6)
    for whole in range(4):
        np.testing.assert_array_equal(way.at(whole)[0], way.points[whole])
    np.testing.assert_array_equal(way.at(-1)[0], way.points[0])
    np.testing.assert_array_equal(way.at(99)[0], way.points[3])


def test_a_flow_of_no_steps_stays_where_it_is() -> None:
    only = Course(("prior",), samples(4, 1)[None], np.zeros((1, 4)))
    np.testing.assert_array_equal(only.at(0.0)[0], only.at(5.0)[0])


def test_one_question_traces_samples_lines_and_circles() -> None:
    seen = Seen(30, 7)
    dots, grid, round_ = seen.of(course(seen.latents))
    np.testing.assert_array_equal(dots.points[0], samples(30, 7))
    np.testing.assert_array_equal(grid.points[0], np.concatenate(lines()))
    np.testing.assert_array_equal(round_.points[0], np.concatenate(circles()))
    assert len(grid.points[0]) % FINE == 0
    np.testing.assert_allclose(np.hypot(*circles()[1].T), 2, rtol=1e-6)


def test_a_window_holds_the_prior_and_all_but_the_farthest_points() -> None:
    assert Window.around(np.zeros((0, 2))) == Window((0.0, 0.0), 3.0)
    far = np.random.default_rng(0).normal(size=(2000, 2)) * 0.5 + (20.0, 0.0)
    window = Window.around(far)
    left, right = window.centre[0] - window.reach, window.centre[0] + window.reach
    assert left <= -3
    assert right >= 21


def test_a_window_grows_only_where_points_leave_it() -> None:
    inside = np.random.default_rng(0).normal(size=(500, 2))
    assert HERE.widened(inside) == HERE
    assert HERE.widened(np.full((3, 2), np.nan)) == HERE
    grown = HERE.widened(inside + np.array([20.0, 0.0]))
    assert grown.centre[0] - grown.reach <= -4
    assert grown.centre[0] + grown.reach > 20
    assert HERE.towards(grown, 0.0) == HERE
    assert HERE.towards(grown, 0.5).reach == pytest.approx((HERE.reach + grown.reach) / 2)


def test_what_is_known_better_is_put_in_where_it_lies() -> None:
    wide, narrow = Window((0.0, 0.0), 4.0), Window((1.0, 1.0), 1.0)
    x = middles(narrow, 40)
    known = (x[:, 0] + 10 * x[:, 1]).reshape(40, 40)
    whole = pasted(np.zeros((160, 160)), wide, known, narrow)
    at = middles(wide, 160)
    inside = ((at > 0.03) & (at < 1.97)).all(axis=1).reshape(160, 160)
    np.testing.assert_allclose(whole[inside], (at[:, 0] + 10 * at[:, 1]).reshape(160, 160)[inside], atol=1e-6)
    assert not whole[((at < 0) | (at > 2)).any(axis=1).reshape(160, 160)].any()
    empty = np.full((40, 40), -np.inf)
    empty[20:] = 0.0
    assert not np.isnan(pasted(np.zeros((160, 160)), wide, empty, narrow)).any()


def test_shades_say_what_their_ends_stand_for() -> None:
    field = np.log(np.array([[1e-9, 0.25], [0.5, 1.0]]))
    field[0, 0] = -np.inf
    shares, low, high = shaded(field, log=False)
    np.testing.assert_allclose(shares, [[0, 0.25], [0.5, 1]])
    assert (low, high) == (0.0, 1.0)
    shares, low, high = shaded(field, log=True)
    assert (low, high) == (-10.0, 0.0)
    assert shares[0, 0] == 0
    assert shares[1, 0] == pytest.approx(1 - math.log(2) / 10)
    shares, _, _ = shaded(np.full((2, 2), -np.inf), log=True)
    assert not shares.any()


def test_a_sample_is_coloured_by_its_angle_and_colours_are_equally_light() -> None:
    np.testing.assert_allclose(hues(np.array([[1, 0], [0, 2], [-3, 0], [0, -1]], np.float32)), [0, 0.25, 0.5, 0.75])
    for dark in (False, True):
        rgb = wheel(24, dark=dark).astype(float) @ (0.2126, 0.7152, 0.0722)
        assert rgb.std() < 0.12 * rgb.mean()
        assert len(np.unique(wheel(24, dark=dark), axis=0)) == 24


def test_small_pictures_double_their_steps() -> None:
    assert stations(1) == [0, 1]
    assert stations(6) == [0, 1, 2, 3, 4, 5, 6]
    assert stations(8) == [0, 1, 2, 4, 8]
    assert stations(10) == [0, 1, 2, 4, 8, 10]
    assert stations(32) == [0, 1, 2, 4, 8, 16, 32]
