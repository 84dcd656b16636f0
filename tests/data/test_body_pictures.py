"""Pictures of skeletons and parts: each part its own colour, right apart from left, nothing for missing joints."""

from __future__ import annotations

import itertools

import numpy as np

from studio.data.body_pictures import PART_COLOURS, UNSAID, coloured, limb_colour, with_skeleton
from studio.data.skeleton import JOINTS, PARTS, SWAPPED, UNKNOWN, J


def test_every_part_has_a_colour_that_no_other_is_near() -> None:
    assert tuple(PART_COLOURS) == PARTS
    for a, b in itertools.combinations(PART_COLOURS.values(), 2):
        assert np.abs(np.subtract(a, b)).sum() > 60


def test_a_map_of_parts_is_coloured_and_what_nobody_says_is_a_chequer() -> None:
    parts = np.array([[0, 2], [UNKNOWN, UNKNOWN]], np.uint8)
    shown = coloured(parts)
    assert shown.dtype == np.uint8
    assert shown.shape == (2, 2, 3)
    assert tuple(shown[0, 0]) == PART_COLOURS["background"]
    assert tuple(shown[0, 1]) == PART_COLOURS["torso"]
    assert {tuple(shown[1, 0].tolist()), tuple(shown[1, 1].tolist())} == set(UNSAID)
    assert coloured(np.stack([parts] * 3)).shape == (3, 2, 2, 3)


def test_limbs_of_the_right_have_other_colours_than_those_of_the_left() -> None:
    for joint, name in enumerate(JOINTS):
        if name.split()[-1] in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
            assert limb_colour(joint) != limb_colour(SWAPPED[joint])


def test_a_skeleton_is_drawn_where_its_joints_are_and_nothing_without_joints() -> None:
    grey = np.full((32, 32, 3), 100, np.uint8)
    joints = np.zeros((len(JOINTS), 3), np.float32)
    assert (with_skeleton(grey, joints, 2) == 50).all()
    joints[J["right elbow"]] = 8, 20, 1
    joints[J["right wrist"]] = 24, 20, 1
    shown = with_skeleton(grey, joints, 4, dimmed=0.0)
    assert shown.shape == (128, 128, 3)
    assert shown[80, 64].any(), "along the limb"
    assert not shown[20, 64].any()
    joints[J["right wrist"]] = 0
    alone = with_skeleton(grey, joints, 4, dimmed=0.0)
    assert not alone[80, 64].any(), "no limb to a missing joint"
    assert alone[80, 32].any()
