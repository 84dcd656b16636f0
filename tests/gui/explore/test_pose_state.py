"""The pose panel's state: what comes back, and what does not when it is damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from studio.data.skeleton import JOINTS, Joints
from studio.explore.questions.pose import Person
from studio.explore.questions.real import Real
from studio.gui.explore.pose.state import (
    MOST_KEYFRAMES,
    SECONDS,
    Keyframe,
    Posing,
    Views,
    as_plain,
    from_plain,
)


def pose_of(seed: int = 0) -> Joints:
    joints = np.random.default_rng(seed).uniform(0, 64, (18, 3)).astype(np.float32)
    joints[:, 2] = 1
    joints[seed % 18] = 0
    return joints


def whole() -> Posing:
    picture = np.random.default_rng(0).integers(0, 256, (8, 6, 3)).astype(np.uint8)
    return Posing(
        source=Person(Real(), picture, pose_of(3)),
        person=5,
        joints=pose_of(1),
        taken=pose_of(2),
        target=7,
        chosen=3,
        keep=False,
        keyframes=(Keyframe(pose_of(4), 0.5), Keyframe(pose_of(5), 2.0)),
        keyframe=1,
        loop=False,
        compare=True,
        other="/runs/other",
        views=Views(under="made", stages=False, parser="own"),
    )


def test_everything_comes_back() -> None:
    state = whole()
    back = from_plain(json.loads(json.dumps(as_plain(state))))
    assert back is not None
    assert np.allclose(back.joints, state.joints, atol=1e-3)
    assert np.allclose(back.taken, state.taken, atol=1e-3)
    assert back.source is not None
    assert state.source is not None
    assert back.source.picture is not None
    assert np.array_equal(back.source.picture, state.source.picture)  # type: ignore[arg-type]
    assert back.source.joints is not None
    assert np.allclose(back.source.joints, state.source.joints, atol=1e-3)  # type: ignore[arg-type]
    plain = ("person", "target", "chosen", "keep", "keyframe", "loop", "compare", "other", "views", "seconds")
    for name in plain:
        assert getattr(back, name) == getattr(state, name)
    assert as_plain(back) == as_plain(state)


def test_an_example_and_a_file_come_back_as_sources() -> None:
    for real in (Real((4,)), Real((), ("/tmp/a.png",))):
        back = from_plain(json.loads(json.dumps(as_plain(Posing(source=Person(real))))))
        assert back is not None
        assert back.source is not None
        assert back.source.real == real
    empty = from_plain(as_plain(Posing()))
    assert empty is not None
    assert empty.source is None
    assert not empty.posed


def test_a_made_picture_too_large_to_keep_is_not_kept_as_somebody_else() -> None:
    state = Posing(source=Person(picture=np.zeros((600, 600, 3), np.uint8)), joints=pose_of())
    back = from_plain(json.loads(json.dumps(as_plain(state))))
    assert back is not None
    assert back.source is None
    assert back.posed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("joints", [[1, 2, 1]] * 17),
        ("joints", [[float("nan"), 2, 1]] * 18),
        ("joints", [[1e9, 2, 1]] * 18),
        ("joints", "nonsense"),
        ("taken", None),
        ("keyframes", [{"joints": [[1, 2, 1]] * 18}]),
        ("keyframes", [{"joints": [[1, 2, 1]] * 18, "seconds": float("inf")}]),
        ("keyframes", 3),
        ("person", "who"),
        ("chosen", None),
        ("views", []),
        ("source", {"indices": ["x"]}),
        ("source", {"indices": [], "paths": [], "joints": None, "picture": {"shape": [2, 2, 3], "zlib": "AAAA"}}),
        ("source", {"indices": [], "paths": [], "joints": None, "picture": {"shape": [9e9, 2, 3], "zlib": ""}}),
    ],
)
def test_a_damaged_state_is_none(name: str, value: Any) -> None:
    assert from_plain({**as_plain(whole()), name: value}) is None


def test_a_state_that_lacks_a_part_is_none() -> None:
    for name in as_plain(whole()):
        assert from_plain({k: v for k, v in as_plain(whole()).items() if k != name}) is None


def test_numbers_out_of_bounds_are_brought_back() -> None:
    plain = as_plain(whole())
    plain |= {"chosen": 99, "person": -7, "keyframe": 50, "target": -3}
    plain["keyframes"][0]["seconds"] = 1e6
    plain["views"]["under"] = "moon"
    back = from_plain(plain)
    assert back is not None
    assert (back.chosen, back.person, back.keyframe, back.target) == (len(JOINTS) - 1, -1, 1, 0)
    assert back.keyframes[0].seconds == SECONDS[1]
    assert back.views.under == Views().under


def test_places_of_missing_joints_are_not_taken_over() -> None:
    plain = as_plain(whole())
    plain["joints"] = [[5.0, 6.0, 0.0]] * 17 + [[1.0, 2.0, 0.7]]
    back = from_plain(plain)
    assert back is not None
    assert not back.joints[:17].any()
    assert back.joints[17].tolist() == [1.0, 2.0, 1.0]


def test_an_edited_pose_is_no_examples_any_more_until_it_is_reset() -> None:
    state = Posing().with_pose(pose_of(1), 7)
    assert state.truth == 7
    assert not state.edited
    moved = state.moved(pose_of(2))
    assert moved.edited
    assert moved.truth is None
    assert moved.reset().truth == 7
    assert state.with_pose(pose_of(3)).truth is None


def test_the_film_has_no_more_keyframes_than_it_may_and_goes_through_them() -> None:
    keys = tuple(Keyframe(pose_of(s), 0.5) for s in range(MOST_KEYFRAMES + 5))
    state = Posing().with_keyframes(keys, 99)
    assert len(state.keyframes) == MOST_KEYFRAMES
    assert state.keyframe == MOST_KEYFRAMES - 1
    assert state.duration == pytest.approx(0.5 * MOST_KEYFRAMES)
    assert replace(state, loop=False).duration == pytest.approx(0.5 * (MOST_KEYFRAMES - 1))
    assert state.film(4).shape == (2 * MOST_KEYFRAMES, 18, 3)
    assert Posing().film(4).shape == (0, 18, 3)
    at = state.at_keyframe(2)
    assert at.keyframe == 2
    assert np.array_equal(at.joints, keys[2].joints)
    assert state.at_keyframe(99).keyframe == -1
