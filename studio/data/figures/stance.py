"""What 18 joints say of how a person stands, as a viewer would see it: how large they are drawn, which way they face,
where their head is, and the ends of limbs that run on out of the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.figures.canvas import F
from studio.data.figures.people import People
from studio.data.skeleton import J, Joints

SIDES = ("right", "left")


class Stance:
    """n people in their poses.

    Attributes:
        at: the joints, n×18×2, pixels; with the ends of limbs that run on out of the picture.
        known: which of them there are, n×18.
        unit: pixels of the reference height.
        thick: what breadths are counted in, pixels.
        away: who looks away from the viewer.
        near: whose right side (1) or left side (−1) is the nearer one; 0: neither.
        broad: how broad the shoulders are seen, 0 from the side, 1 from ahead.
        head: its middle, n×2; ``has_head`` tells where there is one.
        up: which way its crown points, n×2, of length 1.
        half_x, half_y: its half axes, pixels.
        facing: where on the head the nose is, −1 at its left edge, 1 at its right one; 0 for who looks away.
    """

    def __init__(self, who: People, joints: Joints, size: tuple[int, int]) -> None:
        self.who = who
        self.height, self.width = size
        self.unit = unit_of(who, joints)
        self.thick = np.float32(1.18) * self.unit * who.girth
        self.known = (joints[..., 2] > 0) & (self.unit > 1)[:, None]
        self.at = np.array(joints[..., :2], np.float32)
        self._facing()
        self._completed()
        self._head()

    def _facing(self) -> None:
        known = self.known
        face = known[:, [J["nose"], J["right eye"], J["left eye"]]].any(1)
        ears = known[:, [J["right ear"], J["left ear"]]]
        crossed = self.at[:, J["left shoulder"], 0] < self.at[:, J["right shoulder"], 0]
        shoulders = known[:, [J["right shoulder"], J["left shoulder"]]].all(1)
        self.away = np.where(face, False, ears.any(1) | (shoulders & crossed))
        near = ears[:, 0].astype(np.int64) - ears[:, 1]
        across = np.abs(self.at[:, J["left shoulder"], 0] - self.at[:, J["right shoulder"], 0])
        self.broad = np.clip(across / np.maximum(2 * self.who.shoulder * self.unit, 1e-3), 0, 1).astype(np.float32)
        self.broad = np.where(shoulders, self.broad, 1).astype(np.float32)
        self.near = np.where(self.broad < 0.8, near, 0)  # 1: the right side is nearer, −1: the left one, 0: neither

    def _completed(self) -> None:
        """Limbs that run on out of the picture get their ends."""
        down = np.broadcast_to(np.array([0, 1], np.float32), (len(self.at), 2))
        for name in SIDES:
            hip, neck = J[f"{name} hip"], J["neck"]
            self._complete(hip, neck, down, self.who.torso)
            for root, joint, end, first, second in (
                ("shoulder", "elbow", "wrist", self.who.upper, self.who.fore),
                ("hip", "knee", "ankle", self.who.thigh, self.who.shin),
            ):
                a, b, c = (J[f"{name} {part}"] for part in (root, joint, end))
                self._complete(b, a, down, first)
                self._complete(c, b, direction(self.at[:, a], self.at[:, b], down), second)

    def _complete(self, joint: int, root: int, way: F, length: F) -> None:
        guess = self.at[:, root] + way * (length * self.unit)[:, None]
        x, y = guess[:, 0], guess[:, 1]
        outside = (x <= 0) | (x >= self.width) | (y <= 0) | (y >= self.height)
        new = self.known[:, root] & ~self.known[:, joint] & outside
        self.at[new, joint] = guess[new]
        self.known[:, joint] |= new

    def _head(self) -> None:
        nose, right, left = (self.at[:, J[name]] for name in ("nose", "right ear", "left ear"))
        has_nose, has_right, has_left = (self.known[:, J[name]] for name in ("nose", "right ear", "left ear"))
        ear = np.where(has_right[:, None], right, left)
        # turned aside, the middle of the head is the nearer to the ear the less is seen of the face
        both = self.known[:, [J["right eye"], J["left eye"]]].all(1)
        between = ear + (nose - ear) * np.where(both, np.float32(0.6), np.float32(0.32))[:, None]
        neck = self.at[:, J["neck"]]
        has_neck = self.known[:, J["neck"]]
        guess = neck - np.array([0, 1], np.float32) * (self.who.head * self.unit)[:, None]
        outside = has_neck & (guess[:, 1] < 0)
        cases = [has_right & has_left, (has_right | has_left) & has_nose, has_nose, has_right | has_left, outside]
        places: list[npt.NDArray[Any]] = [(right + left) / 2, between, nose, ear, guess]
        self.head = np.select([case[:, None] for case in cases], places, np.float32(0)).astype(np.float32)
        self.has_head = np.any(cases, axis=0)
        up = np.array([0, -1], np.float32)
        self.up = np.where(has_neck[:, None], direction(neck, self.head, np.broadcast_to(up, neck.shape)), up)
        self.half_x = self.who.head_x * self.unit * (1 + np.float32(0.08) * (1 - self.broad))
        self.half_y = self.who.head_y * self.unit
        beside = nose - self.head
        facing = (beside[:, 0] * -self.up[:, 1] + beside[:, 1] * self.up[:, 0]) / np.maximum(self.half_x, 1e-3)
        self.facing = np.where(has_nose, np.clip(facing, -0.95, 0.95), 0).astype(np.float32)


_BONES = (
    ("right shoulder", "right elbow", "upper"),
    ("right elbow", "right wrist", "fore"),
    ("left shoulder", "left elbow", "upper"),
    ("left elbow", "left wrist", "fore"),
    ("right hip", "right knee", "thigh"),
    ("right knee", "right ankle", "shin"),
    ("left hip", "left knee", "thigh"),
    ("left knee", "left ankle", "shin"),
)
_NEAREST = (("neck", "nose", "head"), ("neck", "right shoulder", "shoulder"), ("neck", "left shoulder", "shoulder"))


def unit_of(who: People, joints: Joints) -> F:
    """Pixels of the reference height: as the trunk says, from the neck to between the hips, so that a moved arm, or one
    that was pulled long, changes nobody's size. Where it isn't seen, as the limbs say, one of the longer ones, because
    what points to the viewer looks shorter; and where none is seen, neck and shoulders."""
    found = np.zeros(len(joints), np.float32)
    for bones in (_NEAREST, _BONES):
        ratios = np.full((len(joints), len(bones)), np.inf, np.float32)
        for column, (a, b, name) in enumerate(bones):
            known = (joints[:, J[a], 2] > 0) & (joints[:, J[b], 2] > 0)
            length = length_of(joints[:, J[b], :2] - joints[:, J[a], :2])
            ratios[:, column] = np.where(known, length / getattr(who, name), np.inf)
        ordered = np.sort(ratios, axis=1)  # unknown ones last
        many = np.isfinite(ordered).sum(1)
        place = np.maximum(0, (0.75 * (many - 1)).astype(np.int64))
        found = np.where(many > 0, ordered[np.arange(len(joints)), place], found)
    neck, hips = joints[:, J["neck"]], joints[:, [J["right hip"], J["left hip"]]]
    seen = (neck[:, 2] > 0) & (hips[..., 2] > 0).all(1)
    trunk = length_of(neck[:, :2] - (hips[:, 0, :2] + hips[:, 1, :2]) * np.float32(0.5)) / who.torso
    return np.where(seen, trunk, found).astype(np.float32)


def direction(a: F, b: F, otherwise: F) -> F:
    """From a to b, of length 1."""
    length = length_of(b - a)
    return np.where((length > 1e-4)[:, None], (b - a) / np.maximum(length, 1e-4)[:, None], otherwise).astype(np.float32)


def length_of(v: F) -> F:
    return np.sqrt(v[:, 0] * v[:, 0] + v[:, 1] * v[:, 1])


def cross(a: F, b: F) -> F:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
