"""What is set on the panel: masks, strokes, and the way to the next session."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from studio.data.dataset import DataSpec
from studio.explore.questions import ModelView, Real
from studio.gui.explore.pixels.state import MOST_COUNT, QUICK, Drawing, as_plain, footprint, from_plain, stroked
from studio.models.core.latents import Prior
from tests.gui.explore.ordered import BITS, LABELLED


def test_the_quick_masks_say_what_is_drawn_anew() -> None:
    anew = {name: ~make((5, 6)) for name, make in QUICK.items()}
    assert anew["lower half"].sum(1).tolist() == [0, 0, 6, 6, 6]
    assert anew["right half"].sum(0).tolist() == [0, 0, 0, 5, 5, 5]
    assert anew["all"].all()
    assert not anew["nothing"].any()
    assert anew["middle"][2, 3]
    assert not anew["middle"][[0, -1]].any()


@pytest.mark.parametrize(("width", "covers"), [(1, 1), (2, 4), (3, 9), (5, 21)])
def test_a_brush_covers_about_as_many_pixels_as_it_is_wide(width: int, covers: int) -> None:
    assert footprint((6, 6), width, (13, 13)).sum() == covers
    assert footprint((6, 6), width, (13, 13))[6, 6]


def test_a_stroke_leaves_no_gap_and_can_be_taken_back() -> None:
    known = np.ones((9, 12), np.bool_)
    painted = stroked(known, (1, 0), (7, 11), 1, keep=False)
    anew = np.argwhere(~painted)
    assert len(anew) == 12
    assert (np.abs(np.diff(anew, axis=0)) <= 1).all(), "from each pixel to a neighbour"
    assert known.all(), "what was there is not changed"
    assert stroked(painted, (1, 0), (7, 11), 1, keep=True).all()


def test_the_state_survives_json_and_damage_does_not_come_back() -> None:
    mask = np.random.default_rng(0).random((6, 6)) > 0.5
    state = Drawing("complete", 7, 3, 1, Real((4, 5), ("/a.png",), True), 2, mask, 1, "map")
    again = from_plain(json.loads(json.dumps(as_plain(state))))
    assert again is not None
    assert again.known is not None
    assert np.array_equal(again.known, mask)
    assert replace(again, known=None).__dict__ == replace(state, known=None).__dict__
    for name in as_plain(state):
        assert from_plain({k: v for k, v in as_plain(state).items() if k != name}) is None
        damaged = from_plain({**as_plain(state), name: {"size": [3, 3], "bits": "!"}})
        assert damaged is None or name in ("mode", "seen", "negative")
    assert from_plain({**as_plain(state), "known": {"size": [99999, 99999], "bits": ""}}) is None
    many = from_plain({**as_plain(state), "count": 10**9, "current": 44})
    assert many is not None
    assert (many.count, many.current) == (MOST_COUNT, 2)


def test_a_state_of_other_classes_or_another_size_does_not_suit() -> None:
    def view(data: DataSpec) -> ModelView:
        return ModelView(1, data, (), Prior.of("uniform", 36), ())

    assert Drawing().suits(view(BITS))
    assert not Drawing(label=0).suits(view(LABELLED)), "its latent has no class"
    assert not Drawing(real=Real((99,))).suits(view(BITS))
    assert not Drawing(known=np.ones((5, 5), np.bool_)).suits(view(BITS))


def test_a_newly_chosen_example_is_the_one_that_is_looked_at() -> None:
    state = Drawing().chosen(Real((3, 4)))
    assert state.one == Real((4,))
    assert state.chosen(Real((3, 4, 9))).one == Real((9,))
    assert state.chosen(Real((4,))).one == Real((4,)), "what was looked at stays"
    assert Drawing().chosen(Real((), ("/a.png", "/b.png"), True)).one == Real((), ("/b.png",), True)
