from __future__ import annotations

import numpy as np
import pytest

from studio.data import pictures
from studio.data.dataset import DataSpec
from tests.data.made import noise


def test_grey_images_become_colour_pictures_of_the_same_values() -> None:
    spec = DataSpec("x", "images", (1, 8, 9), 4)
    values = noise(4, 1, 8, 9)
    seen = pictures.to_pictures(values, spec)
    assert (seen.shape, seen.dtype) == ((4, 8, 9, 3), np.uint8)
    assert all(np.array_equal(seen[..., c], values[:, 0]) for c in range(3))
    colour = noise(4, 3, 8, 9)
    assert np.array_equal(pictures.to_pictures(colour, spec), colour.transpose(0, 2, 3, 1))
    with pytest.raises(ValueError, match="uint8"):
        pictures.to_pictures(values.astype(np.float32), spec)


def test_points_become_one_picture() -> None:
    spec = DataSpec("x", "points", (2,), 10)
    assert pictures.to_pictures(np.random.default_rng(0).normal(size=(10, 2)), spec).shape == (1, 256, 256, 3)


def test_a_sheet_keeps_reading_order_and_is_about_square() -> None:
    images = noise(10, 4, 6, 3)
    made = pictures.sheet(images, columns=4, gap=1)
    assert made.shape == (3 * 5 + 1, 4 * 7 + 1, 3)
    assert np.array_equal(made[6:10, 8:14], images[5])
    assert np.array_equal(pictures.sheet(images, gap=0).shape[0], 4 * 4)
    assert pictures.sheet(noise(64, 8, 8, 3)).shape[:2] == (73, 73)
    with pytest.raises(ValueError, match="at least one"):
        pictures.sheet(noise(1, 4, 4, 3)[:0])


def test_points_are_drawn_where_they_are_in_their_colours() -> None:
    real = np.array([[-1.0, -1.0], [1.0, 1.0]] * 50)
    made = np.array([[1.0, -1.0]])
    picture = pictures.points_picture(made, real, size=300).astype(int)
    quarter, far = 30, 269  # the window is a quarter larger than the points
    assert np.abs(picture[far, quarter] - pictures.REAL).max() <= 2  # down left: y is up
    assert np.abs(picture[quarter, far] - pictures.REAL).max() <= 2
    assert np.abs(picture[far, far] - pictures.MADE).max() <= 2
    assert np.array_equal(picture[quarter, quarter], pictures.GROUND)
    blue = np.unique(picture[..., 0][200:, 200:])
    assert len(blue) > 3  # edges are soft


def test_the_window_stays_while_generated_points_move() -> None:
    real = np.random.default_rng(0).normal(size=(500, 2))
    near, far = (pictures.points_picture(np.full((1, 2), at), real) for at in (0.0, 1e6))
    grey = (near == pictures.REAL).all(axis=2)
    assert ((far == pictures.REAL).all(axis=2) >= grey).all()


@pytest.mark.parametrize(
    "points", [np.zeros((0, 2)), np.zeros((5, 2)), np.full((3, 2), np.nan), np.array([[1e300, 0], [0, 0]])]
)
def test_odd_points_never_stop_the_drawing(points: np.ndarray) -> None:
    assert pictures.points_picture(points).shape == (256, 256, 3)
    assert pictures.points_picture(points, np.random.default_rng(0).normal(size=(50, 2))).shape == (256, 256, 3)
