"""Pictures of a flow: each layer is seen, alone and over the others, at every step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.explore.flow_pictures import DARK, LIGHT, Flow, Layers, colour_map, picture
from studio.explore.warping import Seen, Window, hues, lattice
from tests.gui.explore.flowing import course

NOTHING = Layers(density=False, lattice=False, samples=False)
SEEN = Seen(200, 0)


@pytest.fixture(scope="module")
def flow() -> Flow:
    samples, lines, circles = SEEN.of(course(SEEN.latents))
    real = course(np.random.default_rng(5).normal(size=(300, 2))).points[-1].astype(np.float64)
    return Flow(Window((0.0, 0.0), 4.0), samples, lines, circles, hues(SEEN.latents[:200]), course(lattice()), {}, real)


@pytest.mark.parametrize("dark", [False, True])
def test_with_no_layer_there_is_the_ground(flow: Flow, *, dark: bool) -> None:
    seen = picture(flow, NOTHING, 1.5, 80, dark=dark)
    assert seen.shape == (80, 80, 3)
    assert (seen == (DARK if dark else LIGHT).ground).all()


@pytest.mark.parametrize("layer", ["density", "lattice", "samples", "real", "contours"])
def test_each_layer_is_seen(flow: Flow, layer: str) -> None:
    seen = picture(flow, replace(NOTHING, **{layer: True}), 3, 80)
    assert (seen != 255).any(axis=-1).mean() > 0.01


def test_the_density_is_bright_where_the_mass_is(flow: Flow) -> None:
    seen = picture(flow, replace(NOTHING, density=True), 0, 80).astype(int)
    np.testing.assert_array_equal(seen[0, 0], colour_map()[0])
    assert abs(seen[40, 40] - colour_map()[255].astype(int)).max() < 12
    deep = picture(flow, replace(NOTHING, density=True, log=True), 0, 80).astype(int)
    assert deep.sum() > seen.sum()


def test_what_is_known_of_the_last_step_takes_the_place_of_the_mesh(flow: Flow) -> None:
    half = np.where(np.arange(64)[:, None] < 32, 0.0, -50.0) * np.ones((64, 64))
    known = replace(flow, known={3: (flow.window, half)})
    seen = picture(known, replace(NOTHING, density=True), 3, 80)
    np.testing.assert_array_equal(seen[10, 40], colour_map()[255])
    np.testing.assert_array_equal(seen[70, 40], colour_map()[0])
    before = picture(known, replace(NOTHING, density=True), 2.5, 80)
    np.testing.assert_array_equal(before, picture(flow, replace(NOTHING, density=True), 2.5, 80))


def test_the_window_is_wider_where_samples_leave_it_and_moves_on_smoothly(flow: Flow) -> None:
    wild = flow.samples.points.copy()
    wild[2] *= 10
    there = replace(flow, samples=replace(flow.samples, points=wild))
    assert there.window_at(0) == there.window_at(3) == flow.window
    wide = there.window_at(2).reach
    assert wide > 2 * flow.window.reach
    assert there.window_at(2.5).reach == pytest.approx((wide + flow.window.reach) / 2)
    assert flow.window_at(1).reach >= flow.window.reach


def test_a_path_ends_where_the_flow_stands(flow: Flow) -> None:
    path = course(np.array([[1.0, 1.0]])).points[:, 0].astype(np.float64)
    followed = replace(flow, path=path)
    for at in (0, 3):
        seen = picture(followed, replace(NOTHING, density=False), at, 160)
        x, y = flow.window.pixels(path[at][None], 160)[0]
        spot = seen[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4].astype(int).min(axis=-1)
        assert spot[3, 3] > 200, "white in the middle"
        assert spot.min() < 120, "with a dark edge"


def test_points_that_are_no_numbers_or_far_away_are_left_out(flow: Flow) -> None:
    wild = flow.samples.points.copy()
    wild[:, 0], wild[:, 1] = np.nan, 1e30
    samples = replace(flow.samples, points=wild)
    lines = replace(flow.lines, points=flow.lines.points * 1e12)
    seen = picture(replace(flow, samples=samples, lines=lines), Layers(), 2, 60)
    assert seen.shape == (60, 60, 3)
