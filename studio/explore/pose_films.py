"""Poses in between: keyframes with seconds from each to the next, and the film that goes through them. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.data.skeleton import Joints
from studio.explore.pose import TINY, above, angle_of, from_root, joints_of, known, places_of


def between(a: Joints, b: Joints, t: float) -> Joints:
    """The pose at ``t`` (0 is ``a``, 1 is ``b``). Of each limb the angle goes the shorter way round and the length
    linearly, so that no limb shrinks on the way; the neck goes straight. A joint that only one of them has is carried
    along in that one's half."""
    if t <= 0:
        return np.array(a, np.float32)
    if t >= 1:
        return np.array(b, np.float32)
    in_a, in_b = known(a), known(b)
    both = in_a & in_b
    there = both | (in_a if t < 0.5 else in_b)
    start, end = places_of(a), places_of(b)
    out = np.zeros_like(start)
    for joint in from_root():
        if not there[joint]:
            continue
        hold = above(both, joint)
        if not both[joint]:
            own = start if in_a[joint] else end
            out[joint] = own[joint] + (out[hold] - own[hold] if hold >= 0 else 0)
        elif hold < 0:
            out[joint] = (1 - t) * start[joint] + t * end[joint]
        else:
            first, last = start[joint] - start[hold], end[joint] - end[hold]
            long = (1 - t) * np.hypot(*first) + t * np.hypot(*last)
            turn = angle_of(last) - angle_of(first) if min(np.hypot(*first), np.hypot(*last)) > TINY else 0.0
            turn = (turn + np.pi) % (2 * np.pi) - np.pi
            angle = (angle_of(first) if np.hypot(*first) > TINY else angle_of(last)) + t * turn
            out[joint] = out[hold] + long * np.array([np.cos(angle), np.sin(angle)])
    return joints_of(out, there)


def seconds_of(seconds: Sequence[float], *, loop: bool) -> float:
    """How long a film of keyframes takes; ``seconds`` go from each to the next, those of the last back to the first."""
    return float(sum(seconds if loop else seconds[:-1])) if len(seconds) > 1 else 0.0


def place_at(seconds: Sequence[float], at: float, *, loop: bool) -> tuple[int, float]:
    """Between which keyframes a film stands after ``at`` seconds: the index of the one before, and how far (0..1) to
    the next. Beyond the end: at the end, or with ``loop`` from the beginning again."""
    whole = seconds_of(seconds, loop=loop)
    if whole <= 0:
        return 0, 0.0
    at = at % whole if loop else min(max(at, 0.0), whole)
    last = len(seconds) - (1 if loop else 2)
    for index in range(last + 1):
        if at < seconds[index] or index == last:
            return index, min(at / seconds[index], 1.0) if seconds[index] > 0 else 1.0
        at -= seconds[index]
    raise AssertionError("the last keyframe ends the loop")  # pragma: no cover


def pose_at(poses: Sequence[Joints], seconds: Sequence[float], at: float, *, loop: bool) -> Joints:
    """The pose of a film of keyframes after ``at`` seconds.

    Raises:
        ValueError: there are no keyframes.
    """
    if not len(poses):
        raise ValueError("a film needs a keyframe")
    index, t = place_at(seconds, at, loop=loop)
    return between(poses[index], poses[(index + 1) % len(poses)], t)


def frames(poses: Sequence[Joints], seconds: Sequence[float], rate: float, *, loop: bool) -> Joints:
    """All poses of the film at so many a second, K×18×3; at least the first. A closed one does not repeat its first,
    an open one ends with its last."""
    whole = seconds_of(seconds, loop=loop)
    count = max(round(whole * rate), 1)
    times = np.arange(count + (0 if loop or whole <= 0 else 1)) * (whole / count)
    return np.stack([pose_at(poses, seconds, float(at), loop=loop) for at in times])
