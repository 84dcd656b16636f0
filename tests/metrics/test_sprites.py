"""What is read off a sprite is what was drawn; a change of one factor is seen in that one alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from studio.data.sprites import GROUND, SHAPES, render
from studio.metrics.sprites import Seen, around, own_error, read

AS_DRAWN = {"shape": 1.0, "colour": 0.3, "size": 7.0, "rotation": 0.4, "x": 15.0, "y": 17.0}


def seen(**changed: float) -> Seen:
    values = AS_DRAWN | changed
    return read(np.transpose(render({k: np.array([v]) for k, v in values.items()}), (0, 3, 1, 2)))


def test_on_true_sprites_the_error_is_a_hundredth_of_a_pixel_or_of_a_percent() -> None:
    error = own_error(600)
    assert error["colour"] < 1e-3
    assert max(error["size"], error["x"], error["y"]) < 0.03
    assert error["tilt"] < 0.02
    assert error["shape"] == 0
    assert 0.1 < error["edge"] < 0.35


@pytest.mark.parametrize(
    ("factor", "to", "read_as"),
    [("colour", 0.7, 0.7), ("x", 19.0, 19.0), ("y", 12.0, 12.0), ("rotation", np.pi / 4, 1.0)],
)
def test_a_factor_that_is_changed_is_read_so_and_no_other_has_moved(factor: str, to: float, read_as: float) -> None:
    before, after = seen(), seen(**{factor: to})
    name = "tilt" if factor == "rotation" else factor
    assert getattr(after, name)[0] == pytest.approx(read_as, abs=0.03)
    for other in {"colour", "x", "y", "tilt", "area"} - {name}:
        assert getattr(after, other)[0] == pytest.approx(getattr(before, other)[0], rel=0.01, abs=0.03)


def test_size_goes_with_the_area_of_the_shape() -> None:
    for number in range(len(SHAPES)):
        grown = seen(shape=number, size=9.0)
        assert grown.shape[0] == number
        assert grown.size(np.array([number]))[0] == pytest.approx(9.0, abs=0.05)


def test_a_ghost_beside_the_sprite_raises_its_edge() -> None:
    image = np.transpose(render({k: np.array([v]) for k, v in AS_DRAWN.items()}), (0, 3, 1, 2))
    half = (image.astype(np.float64) + np.roll(image, 8, axis=3)) / 2
    ghost: npt.NDArray[np.uint8] = half.astype(np.uint8)
    assert read(ghost).edge[0] > 1.5 * read(image).edge[0]


def test_an_empty_picture_has_no_factors() -> None:
    empty = read(np.full((2, 3, 32, 32), GROUND, np.uint8))
    assert np.isnan(empty.x).all()
    assert np.isnan(empty.colour).all()
    assert np.isnan(empty.tilt).all()


def test_hues_differ_the_shorter_way_round() -> None:
    assert around(np.array([0.9, -0.9, 0.2])) == pytest.approx([-0.1, 0.1, 0.2])
