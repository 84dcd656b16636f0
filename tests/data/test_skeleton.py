"""Joints, parts, and what mirroring does to them."""

from __future__ import annotations

import numpy as np
import pytest

from studio.data.skeleton import (
    BONES,
    JOINTS,
    LIMBS,
    PARENTS,
    PARTS,
    PARTS_SWAPPED,
    SWAPPED,
    UNKNOWN,
    J,
    Joints,
    mirrored,
    mirrored_parts,
    rescaled,
)


@pytest.fixture
def people() -> Joints:
    """Five people of whom every third joint is missing."""
    random = np.random.default_rng(0)
    joints = np.concatenate([random.uniform(0, 64, (5, 18, 2)), np.ones((5, 18, 1))], 2).astype(np.float32)
    joints[:, ::3] = 0
    return joints


def test_the_order_is_that_of_openpose() -> None:
    formats = "nose neck RSho RElb RWri LSho LElb LWri RHip RKne RAnk LHip LKne LAnk REye LEye REar LEar"
    long = {"Sho": "shoulder", "Elb": "elbow", "Wri": "wrist", "Hip": "hip", "Kne": "knee", "Ank": "ankle"}
    sides = {"R": "right", "L": "left"}
    spelled = [f"{sides[s[0]]} {long.get(s[1:], s[1:].lower())}" if s[0].isupper() else s for s in formats.split(" ")]
    assert list(JOINTS) == spelled


def test_every_limb_hangs_from_the_neck() -> None:
    assert len(LIMBS) == len(JOINTS) - 1
    for joint in range(len(JOINTS)):
        way = [joint]
        while PARENTS[way[-1]] >= 0:
            way.append(PARENTS[way[-1]])
        assert way[-1] == J["neck"]
    for part, (upper, lower) in BONES.items():
        assert PARENTS[lower] == upper
        assert part in PARTS


def test_left_and_right_change_places_and_back() -> None:
    for names, swapped in ((JOINTS, SWAPPED), (PARTS, PARTS_SWAPPED)):
        for at, other in enumerate(swapped):
            assert swapped[other] == at
            turned = names[at].replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")
            assert names[other] == turned


def test_mirroring_twice_is_the_identity(people: Joints) -> None:
    assert np.allclose(mirrored(mirrored(people, 64), 64), people, atol=1e-5)
    parts = np.random.default_rng(0).choice([*range(len(PARTS)), UNKNOWN], (3, 6, 7)).astype(np.uint8)
    assert np.array_equal(mirrored_parts(mirrored_parts(parts)), parts)


def test_mirroring_turns_x_over_within_the_width_and_swaps_the_sides(people: Joints) -> None:
    turned = mirrored(people, 64)
    wrist, other = J["right wrist"], J["left wrist"]
    known = people[:, other, 2] > 0
    assert np.allclose(turned[known, wrist, 0], 64 - people[known, other, 0])
    assert np.array_equal(turned[:, wrist, 1], people[:, other, 1])


def test_missing_joints_stay_missing_and_at_nought(people: Joints) -> None:
    for moved in (mirrored(people, 64), rescaled(people, (2, 0.5), (3, -1))):
        missing = moved[..., 2] == 0
        assert missing.sum() == (people[..., 2] == 0).sum()
        assert not moved[missing].any()


def test_rescaling_follows_the_picture(people: Joints) -> None:
    moved = rescaled(people, (2, 0.5), (3, -1))
    known = people[..., 2] > 0
    assert np.allclose(moved[known][:, :2], people[known][:, :2] * (2, 0.5) + (3, -1))
