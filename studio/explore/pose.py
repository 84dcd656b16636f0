"""The arithmetic of poses by hand: joints dragged, mirrored, scaled, interpolated. Torch-free, NumPy only.

Poses are 18×3 :data:`~studio.data.skeleton.Joints`, in pixels. Nothing here changes what it is given. Where limb
lengths are kept they are those in the picture, between a joint and the nearest known one that it hangs from.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.data.skeleton import PARENTS, J, Joints

Vector = npt.NDArray[np.float64]
ROOT = J["neck"]
BENDS: dict[int, tuple[int, int]] = {
    J[f"{side} {end}"]: (J[f"{side} {middle}"], J[f"{side} {start}"])
    for side in ("right", "left")
    for end, middle, start in (("wrist", "elbow", "shoulder"), ("ankle", "knee", "hip"))
}
"""Ends of two-bone chains, with the joint that bends and the one that stays."""
TINY = 1e-9


def known(joints: Joints) -> npt.NDArray[np.bool_]:
    """Which joints are there, 18."""
    found: npt.NDArray[np.bool_] = joints[..., 2] > 0
    return found


def below(joint: int) -> tuple[int, ...]:
    """The joints that hang from one, itself first, each after what it hangs from."""
    found = [joint]
    for at in found:
        found += [child for child, parent in enumerate(PARENTS) if parent == at]
    return tuple(found)


def above(there: npt.NDArray[np.bool_], joint: int) -> int:
    """The nearest joint of those that are there which it hangs from; −1 for none."""
    at = PARENTS[joint]
    while at >= 0 and not there[at]:
        at = PARENTS[at]
    return at


def from_root() -> tuple[int, ...]:
    """All joints, each after what it hangs from."""
    return below(ROOT)


def lengths(joints: Joints) -> Vector:
    """Of each joint's limb to the nearest known one above it, in pixels, 18; NaN where there is none."""
    there, places = known(joints), places_of(joints)
    out = np.full(len(PARENTS), np.nan)
    for joint in np.flatnonzero(there):
        parent = above(there, int(joint))
        if parent >= 0:
            out[joint] = np.hypot(*(places[joint] - places[parent]))
    return out


# --- one joint


def moved(joints: Joints, joint: int, to: tuple[float, float], *, keep: bool = True, flip: bool = False) -> Joints:
    """The pose after a hand has pulled one known joint towards ``to``.

    The neck carries everything along. With the lengths kept a wrist or an ankle goes where it is asked to as far as its
    two bones reach, the elbow or knee bending to the side that it bends to now; any other joint turns about the one
    it hangs from, with all that hangs from it. Otherwise (``keep`` off) the joint alone moves, and goes just there.

    Args:
        flip: the elbow or knee bends to the other side.

    Raises:
        ValueError: the joint is missing.
    """
    there, places = known(joints), places_of(joints)
    if not there[joint]:
        raise ValueError(f"joint {joint} is missing; it has no place to be moved from")
    goal = np.asarray(to, np.float64)
    parent = above(there, joint)
    if joint == ROOT:
        return shifted(joints, *(goal - places[joint]))
    if not keep:
        places[joint] = goal
        return joints_of(places, there)
    if joint in BENDS and all(there[j] for j in BENDS[joint]):
        middle, start = BENDS[joint]
        places[middle], places[joint] = _bent(joint, places[[start, middle, joint]], goal, places[ROOT], flip)
        return joints_of(places, there)
    under = list(below(joint))
    if parent < 0:
        places[under] += goal - places[joint]
    else:
        pivot = places[parent]
        turn = angle_of(goal - pivot) - angle_of(places[joint] - pivot) if np.hypot(*(goal - pivot)) > TINY else 0.0
        places[under] = pivot + turned(places[under] - pivot, turn)
    return joints_of(places, there)


def _bent(joint: int, chain: Vector, goal: Vector, neck: Vector, flip: bool) -> tuple[Vector, Vector]:
    """Where the middle and the end of a chain (start, middle, end) come, the lengths kept: the law of cosines."""
    start, middle, end = chain
    upper, lower = np.hypot(*(middle - start)), np.hypot(*(end - middle))
    way = goal - start
    far = np.hypot(*way)
    if far <= TINY:  # no direction: that of now
        way = end - start if np.hypot(*(end - start)) > TINY else np.array([0.0, 1.0])
    reach = float(np.clip(far, abs(upper - lower), upper + lower))
    along = way / np.hypot(*way)
    if upper <= TINY or reach <= TINY:  # folded together: the upper bone stays where it points
        tip = start + along * reach
        return (middle if reach <= TINY else start.copy()), tip
    cosine = np.clip((upper**2 + reach**2 - lower**2) / (2 * upper * reach), -1.0, 1.0)
    across = np.array([-along[1], along[0]]) * upper * np.sqrt(1 - cosine**2)
    foot = start + along * upper * cosine
    line, arm = end - start, middle - start
    side = float(line[0] * arm[1] - line[1] * arm[0])
    if abs(side) <= 1e-6 * upper * (upper + lower):  # straight: elbows bend down, knees outwards
        outward = (
            np.array([0.0, 1.0])
            if J["right elbow"] <= joint <= J["left wrist"]
            else np.array([np.sign(start[0] - neck[0]) or 1.0, 0.0])
        )
        side = float(across @ outward) or 1.0
    if flip:
        side = -side
    return foot + np.sign(side) * across, start + along * reach


def without(joints: Joints, joint: int) -> Joints:
    """The joint is missing now; what hangs from it stays where it is."""
    out = np.array(joints, np.float32)
    out[joint] = 0
    return out


# --- all of them


def shifted(joints: Joints, x: float, y: float) -> Joints:
    """All joints moved by so many pixels."""
    return joints_of(places_of(joints) + np.array([x, y]), known(joints))


def scaled(joints: Joints, factor: float, about: tuple[float, float] | None = None) -> Joints:
    """All joints that many times as far from a point, by default the middle of the pose."""
    middle = np.asarray(centre(joints) if about is None else about)
    return joints_of(middle + (places_of(joints) - middle) * factor, known(joints))


def centre(joints: Joints) -> tuple[float, float]:
    """The middle of the box around what is known; (0, 0) of nothing."""
    places = places_of(joints)[known(joints)]
    if not len(places):
        return 0.0, 0.0
    x, y = (places.min(axis=0) + places.max(axis=0)) / 2
    return float(x), float(y)


def clamped(joints: Joints, width: float, height: float) -> Joints:
    """Each joint at the nearest place within the image; limbs may change their lengths."""
    return joints_of(np.clip(places_of(joints), 0, (width, height)), known(joints))


def brought_in(joints: Joints, width: float, height: float) -> Joints:
    """The pose as a whole moved into the image, and made smaller only where it would not fit."""
    there = known(joints)
    if not there.any():
        return np.array(joints, np.float32)
    places = places_of(joints)
    low, high = places[there].min(axis=0), places[there].max(axis=0)
    room = np.array([width, height], np.float64)
    factor = min(1.0, *(room / np.maximum(high - low, TINY)))
    if factor < 1:
        middle = (low + high) / 2
        places = middle + (places - middle) * factor
        low, high = places[there].min(axis=0), places[there].max(axis=0)
    return joints_of(places + np.maximum(-low, 0) - np.maximum(high - room, 0), there)


def inside(joints: Joints, width: float, height: float) -> npt.NDArray[np.bool_]:
    """Which of the known joints lie within the image, 18."""
    places = places_of(joints)
    within: npt.NDArray[np.bool_] = ((places >= 0) & (places <= (width, height))).all(axis=1) & known(joints)
    return within


def same(a: Joints, b: Joints) -> bool:
    """Whether two poses are one, to a hundredth of a pixel."""
    return a.shape == b.shape and bool(np.allclose(a, b, atol=0.01))


# --- of use to the others


def places_of(joints: Joints) -> Vector:
    """x and y of all 18, exact enough to count with."""
    return np.array(joints[:, :2], np.float64)


def joints_of(places: Vector, there: npt.NDArray[np.bool_]) -> Joints:
    """Joints of places and of what is there."""
    out = np.zeros((len(places), 3), np.float32)
    out[there, :2] = places[there]
    out[:, 2] = there
    return out


def angle_of(way: Vector) -> float:
    """Where a way points, in radians."""
    return float(np.arctan2(way[1], way[0]))


def turned(ways: Vector, turn: float) -> Vector:
    """Ways turned by an angle in radians, clockwise as they are seen."""
    cosine, sine = np.cos(turn), np.sin(turn)
    out: Vector = ways @ np.array([[cosine, sine], [-sine, cosine]])
    return out
