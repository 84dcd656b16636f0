"""How people stand, walk, sit, jump and hold their arms: angles within the limits of joints, turned into the 18 joints.

The body's own frame: x to the person's left, y down, z ahead. Turned by ``yaw`` about the upright (0: facing the
viewer, 90°: facing the right edge of the picture, 180°: away) and seen from far away, so that z falls away.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from studio.data.figures.people import People
from studio.data.skeleton import J, Joints

D = npt.NDArray[np.float64]

LIMITS: dict[str, tuple[float, float]] = {
    "arm_rise": (-5, 175),
    "arm_ahead": (-35, 110),
    "elbow": (0, 140),
    "hip_out": (-12, 50),
    "hip_ahead": (-35, 105),
    "knee": (0, 125),
    "lean": (-16, 16),
    "tilt": (-18, 18),
    "turn": (-45, 45),
}
"""Degrees: how far an arm is raised from hanging, and of that how far ahead rather than sideways; how far an elbow is
bent; how far a thigh is spread, and lifted ahead; how far a knee is bent; how far the trunk leans to the side, the
head tilts, and turns against the trunk."""

SIDES = (-1.0, 1.0)
"""x of the right and of the left side."""
GROUND = 0.945
"""Height of the ground that people stand on, as a share of the picture's."""


@dataclass(frozen=True)
class Postures:
    """Angles in degrees, n rows each; those of limbs n×2: right, left.

    Attributes:
        bend: n×2×3, which way each forearm goes when its elbow bends, in the body's frame with x outwards.
        lift: of the feet above the ground, as a share of the reference height.
    """

    yaw: D
    arm_rise: D
    arm_ahead: D
    elbow: D
    bend: D
    hip_out: D
    hip_ahead: D
    knee: D
    lean: D
    tilt: D
    turn: D
    lift: D

    def take(self, rows: npt.NDArray[np.int64]) -> Postures:
        return Postures(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


Range = tuple[float, float]


class _Arm(NamedTuple):
    """A way of holding an arm: its share of all, ranges of its angles, and where the forearm goes when it bends."""

    share: float
    rise: Range
    ahead: Range
    elbow: Range
    bend: tuple[float, float, float]


class _Legs(NamedTuple):
    """A way of standing: its share of all, how far both thighs are spread, how far one is lifted, and its knee bent."""

    share: float
    spread: Range
    ahead: Range
    knee: Range


_ARMS = (
    _Arm(0.27, (3, 22), (-10, 40), (3, 28), (-0.3, 0.0, 1.0)),  # hanging
    _Arm(0.13, (32, 50), (-25, 5), (75, 105), (-1.0, 0.35, 0.1)),  # hand on the hip
    _Arm(0.16, (60, 105), (-10, 15), (0, 30), (0.0, -1.0, 0.3)),  # held out
    _Arm(0.14, (65, 110), (-10, 20), (60, 110), (0.1, -1.0, 0.1)),  # waving
    _Arm(0.17, (135, 172), (-10, 20), (0, 55), (-1.0, -0.2, 0.2)),  # up
    _Arm(0.13, (40, 95), (55, 105), (5, 80), (-0.4, -1.0, 0.0)),  # ahead
)
_LEGS = (
    _Legs(0.42, (1, 7), (0, 4), (0, 5)),  # standing
    _Legs(0.17, (12, 27), (0, 5), (0, 6)),  # legs apart
    _Legs(0.23, (0, 5), (14, 32), (2, 30)),  # a step
    _Legs(0.08, (2, 9), (40, 85), (45, 100)),  # a knee raised
    _Legs(0.10, (3, 14), (70, 95), (75, 95)),  # sitting
)
STEP, SITTING = 2, 4


def draw(count: int, rng: np.random.Generator) -> Postures:
    """Postures at random, all within :data:`LIMITS`."""

    def between(low: D | float, high: D | float, shape: tuple[int, ...] = (count,)) -> D:
        return rng.uniform(low, high, shape)

    turned = rng.choice(4, count, p=(0.5, 0.22, 0.14, 0.14))
    off = np.choose(turned, (between(0, 22), between(25, 60), between(65, 95), between(150, 180)))
    yaw = off * rng.choice((-1, 1), count)
    arms = rng.choice(len(_ARMS), (count, 2), p=[a.share for a in _ARMS])
    alike = rng.random(count) < 0.35
    arms[:, 1] = np.where(alike, arms[:, 0], arms[:, 1])
    span = np.array([[a.rise, a.ahead, a.elbow] for a in _ARMS])[arms]
    rise, ahead, elbow = np.moveaxis(between(span[..., 0], span[..., 1], (count, 2, 3)), 2, 0)
    legs = rng.choice(len(_LEGS), count, p=[leg.share for leg in _LEGS])
    span = np.array([[leg.spread, leg.ahead, leg.knee] for leg in _LEGS])[legs]
    spread, lifted, bent = np.moveaxis(between(span[..., 0], span[..., 1], (count, 3)), 1, 0)
    hip_out = np.stack([spread, spread * between(0.7, 1.0)], 1)
    other_ahead = np.select(
        [legs == STEP, legs == SITTING], [-lifted * between(0.5, 1.0), lifted + between(-4, 4)], lifted * 0.3
    )
    other_bent = np.select([legs == STEP, legs == SITTING], [between(5, 30), bent + between(-10, 10)], bent * 0.3)
    hip_ahead, knee = np.stack([lifted, other_ahead], 1), np.stack([bent, other_bent], 1)
    swapped = rng.random(count) < 0.5
    hip_ahead[swapped], knee[swapped] = hip_ahead[swapped, ::-1], knee[swapped, ::-1]
    jumps = (legs <= 1) & (rng.random(count) < 0.14)
    hip_ahead += np.where(jumps, between(5, 30), 0)[:, None]
    knee += np.where(jumps, between(20, 60), 0)[:, None]
    return Postures(
        yaw=yaw,
        arm_rise=rise,
        arm_ahead=ahead,
        elbow=elbow,
        bend=np.array([a.bend for a in _ARMS])[arms],
        hip_out=hip_out,
        hip_ahead=_limited(hip_ahead, "hip_ahead"),
        knee=_limited(knee, "knee"),
        lean=_limited(5 * rng.standard_normal(count), "lean"),
        tilt=_limited(6 * rng.standard_normal(count), "tilt"),
        turn=_limited(np.where(turned == 3, 6, 16) * rng.standard_normal(count), "turn"),
        lift=np.where(jumps, between(0.03, 0.1), 0),
    )


def _limited(angles: D, name: str) -> D:
    low, high = LIMITS[name]
    return np.asarray(np.clip(angles, low, high))


def points(who: People, how: Postures) -> D:
    """All 18 joints in the picture's plane, n×18×2: x to the right, y down, shares of the reference height, the neck of
    one who stands upright at 0, 0."""
    count = len(how.yaw)
    at = np.zeros((count, len(J), 3))
    hips = np.stack([np.zeros(count), _of(who.torso), np.zeros(count)], 1)
    rows = ("right", "left")
    reach: list[D] = []
    for number, (name, side) in enumerate(zip(rows, SIDES, strict=True)):
        out = np.array([side, 1.0, 1.0])
        shoulder = np.stack([side * _of(who.shoulder), np.full(count, 0.018), np.zeros(count)], 1)
        rise, ahead, elbow = (np.radians(a[:, number]) for a in (how.arm_rise, how.arm_ahead, how.elbow))
        upper = np.stack([side * np.sin(rise) * np.cos(ahead), np.cos(rise), np.sin(rise) * np.sin(ahead)], 1)
        fore = _bent(upper, how.bend[:, number] * out, elbow)
        at[:, J[f"{name} shoulder"]] = shoulder
        at[:, J[f"{name} elbow"]] = shoulder + upper * _of(who.upper)[:, None]
        at[:, J[f"{name} wrist"]] = at[:, J[f"{name} elbow"]] + fore * _of(who.fore)[:, None]
        hip = hips + np.stack([side * _of(who.hip), np.zeros(count), np.zeros(count)], 1)
        spread, lifted, knee = (np.radians(a[:, number]) for a in (how.hip_out, how.hip_ahead, how.knee))
        thigh = np.stack([side * np.sin(spread), np.cos(spread) * np.cos(lifted), np.cos(spread) * np.sin(lifted)], 1)
        shin = _bent(thigh, np.stack([np.zeros(count), np.sin(lifted), -np.cos(lifted)], 1), knee)
        at[:, J[f"{name} hip"]] = hip
        at[:, J[f"{name} knee"]] = hip + thigh * _of(who.thigh)[:, None]
        at[:, J[f"{name} ankle"]] = at[:, J[f"{name} knee"]] + shin * _of(who.shin)[:, None]
        reach.append(at[:, J[f"{name} ankle"], 1])
    face = {"nose": (0, 0.16, 0.95), "right eye": (-0.4, -0.14, 0.85), "left eye": (0.4, -0.14, 0.85)}
    face |= {"right ear": (-0.97, 0.02, -0.15), "left ear": (0.97, 0.02, -0.15)}
    middle = np.stack([np.zeros(count), -_of(who.head), np.full(count, 0.012)], 1)
    half = np.stack([_of(who.head_x), _of(who.head_y), _of(who.head_x)], 1)
    for name, place in face.items():
        turned = _about_y(np.broadcast_to(np.array(place), (count, 3)) * half, how.turn)
        at[:, J[name]] = middle + _about_z(turned, how.tilt)
    above = [j for name, j in J.items() if not any(part in name for part in ("hip", "knee", "ankle"))]
    at[:, above] = _about_z(at[:, above] - hips[:, None], how.lean) + hips[:, None]
    at = _about_y(at, how.yaw)
    standing = _of(who.torso) + _of(who.thigh) + _of(who.shin)
    at[..., 1] += (standing - np.maximum(*reach) - how.lift)[:, None]  # the lower foot on the ground
    return np.asarray(at[..., :2])


def _bent(along: D, way: D, angle: D) -> D:
    """A direction turned by an angle towards another one."""
    aside = way - (way * along).sum(1, keepdims=True) * along
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-6)
    return np.asarray(np.cos(angle)[:, None] * along + np.sin(angle)[:, None] * aside)


def _about_y(at: D, degrees: D) -> D:
    """Turned from z towards x."""
    turn = np.radians(degrees).reshape(-1, *[1] * (at.ndim - 2))
    x, y, z = np.moveaxis(at, -1, 0)
    return np.stack([x * np.cos(turn) + z * np.sin(turn), y, z * np.cos(turn) - x * np.sin(turn)], -1)


def _about_z(at: D, degrees: D) -> D:
    """Turned from y towards x: up leans to the left for positive angles."""
    turn = np.radians(degrees).reshape(-1, *[1] * (at.ndim - 2))
    x, y, z = np.moveaxis(at, -1, 0)
    return np.stack([x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn), z], -1)


def _of(column: npt.NDArray[np.float32]) -> D:
    return column.astype(np.float64)


def placed(who: People, how: Postures, size: tuple[int, int], rng: np.random.Generator) -> Joints:
    """Joints in pixels of pictures of that height and width, n×18×3; the same random numbers for every size.

    Mostly the whole body is seen, feet on the ground; one in ten is seen from nearer by, cut off at the legs. Missing
    are joints outside of the picture, those of a face that is turned away, and an arm that is behind the trunk.
    """
    height, width = size
    plane = points(who, how)
    count = len(plane)
    close = rng.random(count) < 0.1
    unit = np.where(close, rng.uniform(1.15, 1.5, count), rng.uniform(0.76, 0.83, count)) * _of(who.height)
    unit *= min(height, 1.4 * width)
    standing = _of(who.torso) + _of(who.thigh) + _of(who.shin) + 0.03
    down = np.where(close, height * rng.uniform(0.32, 0.42, count), GROUND * height - standing * unit)
    right = width * (0.5 + np.clip(0.035 * rng.standard_normal(count), -0.07, 0.07))
    reach = (plane[..., 0].max(1) + plane[..., 0].min(1)) / 2
    right = right - np.where(np.abs(reach) > 0.05, 0.7 * reach, 0) * unit
    joints = np.ones((count, len(J), 3), np.float32)
    joints[..., 0] = plane[..., 0] * unit[:, None] + right[:, None]
    joints[..., 1] = plane[..., 1] * unit[:, None] + down[:, None]
    inside = (joints[..., 0] > 0) & (joints[..., 0] < width) & (joints[..., 1] > 0) & (joints[..., 1] < height)
    known = inside & _visible(who, how, plane)
    return np.where(known[..., None], joints, 0).astype(np.float32)


def _visible(who: People, how: Postures, plane: D) -> npt.NDArray[np.bool_]:
    seen = np.ones(plane.shape[:2], bool)
    ahead = np.cos(np.radians(how.yaw + how.turn))
    side = np.sin(np.radians(how.yaw + how.turn))
    seen[:, J["nose"]] = ahead > -0.2
    seen[:, J["right eye"]] = (0.85 * ahead + 0.4 * side > 0.12) & (ahead > -0.2)
    seen[:, J["left eye"]] = (0.85 * ahead - 0.4 * side > 0.12) & (ahead > -0.2)
    seen[:, J["right ear"]] = side > -0.42
    seen[:, J["left ear"]] = side < 0.42
    turned = np.abs(np.sin(np.radians(how.yaw))) > 0.7
    for name, far in (("right", how.yaw < 0), ("left", how.yaw > 0)):
        behind = np.ones(len(seen), bool)
        for joint in (J[f"{name} elbow"], J[f"{name} wrist"]):
            x, y = plane[:, joint, 0] - plane[:, J["neck"], 0], plane[:, joint, 1] - plane[:, J["neck"], 1]
            behind &= (np.abs(x) < 0.05) & (y > 0.03) & (y < _of(who.torso))
        seen[turned & far & behind] &= ~np.isin(np.arange(len(J)), (J[f"{name} elbow"], J[f"{name} wrist"]))
    return seen
