"""The 18 joints of a person (OpenPose's "COCO-18"), the limbs between them, and the parts of a body. NumPy only.

Joints are float32 …×18×3: x and y in pixels of the image that they belong to, from the left and from the top edge, so
that the centre of the first pixel is at (½, ½); and 1 where the joint is known, 0 where it is missing (its x and y are
0 then). "Right" is the person's own right, which is seen on the left when they face the viewer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Joints = npt.NDArray[np.float32]

JOINTS = (
    "nose",
    "neck",
    "right shoulder",
    "right elbow",
    "right wrist",
    "left shoulder",
    "left elbow",
    "left wrist",
    "right hip",
    "right knee",
    "right ankle",
    "left hip",
    "left knee",
    "left ankle",
    "right eye",
    "left eye",
    "right ear",
    "left ear",
)
J = {name: number for number, name in enumerate(JOINTS)}
"""The number of each joint, by name."""

PARENTS = (1, -1, 1, 2, 3, 1, 5, 6, 1, 8, 9, 1, 11, 12, 0, 0, 14, 15)
"""The joint from which each hangs: the neck (-1) is the root. Moving a joint with its limbs' lengths kept carries along
what hangs from it."""

LIMBS: tuple[tuple[int, int], ...] = tuple((parent, joint) for joint, parent in enumerate(PARENTS) if parent >= 0)
"""Pairs of joints that a line is drawn between."""

SWAPPED = (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)
"""Which joint each becomes when left and right change places; its own inverse."""

PARTS = (
    "background",
    "head",
    "torso",
    "right upper arm",
    "right forearm",
    "left upper arm",
    "left forearm",
    "right thigh",
    "right shin",
    "left thigh",
    "left shin",
)
"""What a pixel can show. Hair and face are the head; hands and feet belong to forearm and shin; clothes to what they
cover."""

PARTS_SWAPPED = (0, 1, 2, 5, 6, 3, 4, 9, 10, 7, 8)
"""Which part each becomes when left and right change places."""

UNKNOWN = 255
"""In a map of parts: nobody says what this pixel shows."""

BONES: dict[str, tuple[int, int]] = {
    "right upper arm": (2, 3),
    "right forearm": (3, 4),
    "left upper arm": (5, 6),
    "left forearm": (6, 7),
    "right thigh": (8, 9),
    "right shin": (9, 10),
    "left thigh": (11, 12),
    "left shin": (12, 13),
}
"""The two joints that a limb's part lies between."""


def mirrored(joints: Joints, width: float) -> Joints:
    """The joints of the mirror image: x turned over within ``width`` pixels, left and right having changed places.

    Mirroring twice is the identity; missing joints stay missing.
    """
    turned = np.array(joints[..., SWAPPED, :], np.float32)
    turned[..., 0] = np.where(turned[..., 2] > 0, np.float32(width) - turned[..., 0], 0)
    return turned


def mirrored_parts(parts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A map of parts …×H×W of the mirror image. :data:`UNKNOWN` stays."""
    table = np.arange(256, dtype=np.uint8)
    table[: len(PARTS_SWAPPED)] = PARTS_SWAPPED
    return table[parts[..., ::-1]]


def rescaled(joints: Joints, scale: tuple[float, float], offset: tuple[float, float] = (0.0, 0.0)) -> Joints:
    """Joints in an image that was stretched by ``scale`` (x, y) and then moved by ``offset`` pixels (x, y)."""
    moved = np.array(joints, np.float32)
    known = moved[..., 2] > 0
    for axis in (0, 1):
        moved[..., axis] = np.where(known, moved[..., axis] * scale[axis] + offset[axis], 0)
    return moved
