"""What is seen of an example on its way."""

from __future__ import annotations

import numpy as np
import pytest

from studio.data.dataset import DataSpec
from studio.explore import drawings
from studio.explore.drawings import Laid
from studio.explore.questions import DrawnInOrder

GREY = DataSpec("g", "images", (1, 3, 4), 9, fingerprint="g")
COLOURS = DataSpec("c", "images", (3, 2, 2), 9, fingerprint="c")
VECTORS = DataSpec("v", "vectors", (37,), 9, fingerprint="v")
NONE = np.zeros((0, 1, 1, 3), np.uint8)


def found_of(values: np.ndarray, known: np.ndarray, order: np.ndarray, original: np.ndarray = NONE) -> DrawnInOrder:
    many, d = values.shape
    nats = np.zeros((many, d), np.float32)
    return DrawnInOrder(1, 2, order, values, known, np.zeros((1, d, 2), np.float16), nats, NONE, original)


def test_values_appear_in_their_turn_and_what_was_known_from_the_beginning() -> None:
    plan = Laid(GREY, np.arange(12)[::-1].copy())  # from the last pixel to the first
    values = (np.arange(12) % 2).astype(np.uint8)
    known = np.zeros(12, np.bool_)
    known[11] = True  # the pixel in the corner
    picture, missing = plan.picture(values, 2, 3, known)
    assert np.flatnonzero(~missing.reshape(-1)).tolist() == [0, 9, 10, 11]
    assert picture[2, 3].tolist() == [0, 0, 0]
    assert picture[2, 2].tolist() == [255, 255, 255]
    assert plan.at_pixel(2, 3) == (0,)
    assert plan.at_pixel(3, 0) == ()
    assert (plan.turn(1).row, plan.turn(1).column) == (2, 2)


def test_of_a_colour_pixel_each_channel_has_its_turn() -> None:
    order = np.arange(12).reshape(3, 4).T.reshape(-1)  # pixel by pixel, channel by channel
    plan = Laid(COLOURS, order)
    assert plan.at_pixel(0, 1) == (3, 4, 5)
    turn = plan.turn(7)
    assert (turn.row, turn.column, turn.channel) == (1, 0, 1)
    values = np.full(12, 3, np.uint8)
    picture, missing = plan.picture(values, 4, 4)
    assert picture[0, 1].tolist() == [255, 0, 0]
    assert missing.tolist() == [[False, False], [True, True]]


def test_vectors_fill_their_grid_and_leave_the_cells_beyond_alone() -> None:
    plan = Laid(VECTORS, np.arange(37))
    high, wide = VECTORS.size
    picture, missing = plan.picture(np.ones(37, np.uint8), 2, 5)
    assert int((~missing).sum()) == 5 + high * wide - 37
    assert picture[-1, -1].tolist() == [drawings.OUTSIDE] * 3
    assert plan.at_pixel(high - 1, wide - 1) == ()
    mask = drawings.wholly(np.arange(37) < 30, VECTORS)
    assert mask.shape == (high, wide)
    assert drawings.asked(mask, VECTORS).tolist() == (np.arange(37) < 30).tolist()


def test_a_film_begins_with_what_was_known_and_ends_with_the_finished_examples() -> None:
    known = np.arange(12) < 4
    original = np.full((1, 3, 4, 3), 9, np.uint8)
    found = found_of(np.ones((2, 12), np.uint8), known, np.arange(12), original)
    frames = drawings.film(found, GREY, 5)
    assert frames.shape == (5, 3 + 2, 3 * (4 + 1) + 1, 3)
    first, last = frames[0][1:-1, 6:10], frames[-1][1:-1, 6:10]
    assert (first[0] == 255).all()
    assert (first[1:] == drawings.MISSING).all()
    assert (last == 255).all()
    assert (frames[:, 1:-1, 1:5] == 9).all(), "the original stands beside them"
    alone = drawings.film(found_of(np.ones((2, 12), np.uint8), known, np.arange(12)), GREY, 100, (1,))
    assert alone.shape == (9, 3, 4, 3), "one for each value that was drawn, and the beginning"


@pytest.mark.parametrize("frames", [2, 7, 50])
def test_the_stops_of_a_film_skip_what_was_known(frames: int) -> None:
    known = np.zeros(20, np.bool_)
    known[5:15] = True
    at = drawings.stops(found_of(np.zeros((1, 20), np.uint8), known, np.arange(20)), frames)
    assert at[0] == 0
    assert at[-1] == 20
    assert len(at) <= frames
    assert at == sorted(set(at))
    assert drawings.stops(found_of(np.zeros((1, 20), np.uint8), ~known | known, np.arange(20)), 9) == [20]
