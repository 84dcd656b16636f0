"""The bodies that poses belong to: how long limbs are, whose size a pose takes, poses by name. NumPy only."""

from __future__ import annotations

import numpy as np

from studio.data.skeleton import JOINTS, PARENTS, J, Joints
from studio.explore.pose import ROOT, TINY, Vector, above, below, centre, from_root, joints_of, known, places_of


def height_of(joints: Joints) -> float:
    """How tall the person would stand, in pixels, by the longest of each pair of limbs that is there; 0 of nothing.

    By the trunk (neck to hips), which is a share of the standing body; without one by the box around the joints."""
    there, places = known(joints), places_of(joints)
    hips = [j for j in (J["right hip"], J["left hip"]) if there[j]]
    if there[ROOT] and hips:
        trunk = np.hypot(*(places[hips].mean(axis=0) - places[ROOT]))
        if trunk > TINY:
            return float(trunk / TRUNK)
    box = np.ptp(places[there], axis=0) if there.any() else np.zeros(2)
    return float(max(box[1], box[0]))


def fitted(joints: Joints, like: Joints, *, limbs: bool = False) -> Joints:
    """A pose in another person's place: the neck where theirs is, and of their size.

    Args:
        limbs: each limb gets the length of that person's own where it is known (the longer of right and left, since one
            may point at the viewer), in place of one scale for all.
    """
    there, theirs = known(joints), known(like)
    tall, wanted = height_of(joints), height_of(like)
    factor = wanted / tall if tall > TINY and wanted > TINY else 1.0
    both = there & theirs
    hold = ROOT if both[ROOT] else int(np.flatnonzero(both)[0]) if both.any() else -1
    places = places_of(joints)
    at = places_of(like)[hold] if hold >= 0 else np.asarray(centre(like) if theirs.any() else centre(joints))
    from_ = places[hold] if hold >= 0 else np.asarray(centre(joints))
    out = at + (places - from_) * factor
    if limbs:
        own = _own_lengths(like)
        for joint in from_root():
            parent = above(there, joint)
            if not there[joint] or parent < 0:
                continue
            way = places[joint] - places[parent]
            now = np.hypot(*way)
            long = own[joint] if np.isfinite(own[joint]) and parent == PARENTS[joint] else now * factor
            out[joint] = out[parent] + (way / now * long if now > TINY else 0)
        if hold != ROOT and hold >= 0:
            out += at - out[hold]
    return joints_of(out, there)


# Where each limb points in a standing person who faces the viewer (degrees; 0 is the viewer's right, 90 down), and how
# long it is as a share of the height from crown to sole; from the proportions of adults in Drillis & Contini (1966).
_STAND: dict[str, tuple[float, float]] = {
    "nose": (-90, 0.10),
    "right eye": (-135, 0.026),
    "left eye": (-45, 0.026),
    "right ear": (170, 0.035),
    "left ear": (10, 0.035),
    "right shoulder": (176, 0.129),
    "left shoulder": (4, 0.129),
    "right elbow": (98, 0.186),
    "left elbow": (82, 0.186),
    "right wrist": (92, 0.146),
    "left wrist": (88, 0.146),
    "right hip": (106, 0.30),
    "left hip": (74, 0.30),
    "right knee": (91, 0.245),
    "left knee": (89, 0.245),
    "right ankle": (90, 0.246),
    "left ankle": (90, 0.246),
}
TRUNK = 0.30 * float(np.sin(np.deg2rad(74)))
"""Neck to the middle of the hips, as a share of the height."""
PRESETS: dict[str, dict[str, float]] = {
    "Standing": {},
    "T-pose": {"right elbow": 180, "right wrist": 180, "left elbow": 0, "left wrist": 0},
    "A-pose": {"right elbow": 130, "right wrist": 130, "left elbow": 50, "left wrist": 50},
    "Arms up": {"right elbow": -110, "right wrist": -95, "left elbow": -70, "left wrist": -85},
    "Right arm up": {"right elbow": -110, "right wrist": -95},
    "Waving": {"left elbow": 10, "left wrist": -65},
    "Hands on hips": {"right elbow": 125, "right wrist": 45, "left elbow": 55, "left wrist": 135},
    "Star": {
        "right elbow": -145,
        "right wrist": -145,
        "left elbow": -35,
        "left wrist": -35,
        "right knee": 112,
        "right ankle": 112,
        "left knee": 68,
        "left ankle": 68,
    },
    "Stride": {
        "right elbow": 75,
        "right wrist": 40,
        "left elbow": 105,
        "left wrist": 80,
        "right knee": 112,
        "right ankle": 108,
        "left knee": 66,
        "left ankle": 96,
    },
    "Lunge": {
        "right elbow": 150,
        "right wrist": 190,
        "left elbow": 30,
        "left wrist": -10,
        "right knee": 150,
        "right ankle": 92,
        "left knee": 55,
        "left ankle": 50,
    },
}
"""Poses by name: where limbs point that differ from a standing person's, in degrees as above."""


def preset(name: str, like: Joints) -> Joints:
    """A pose by name, of a person with the limb lengths of ``like``, the neck where theirs is. Limbs that ``like``
    lacks have the lengths of an adult of that height; all 18 joints are there.

    Raises:
        KeyError: there is no such pose.
    """
    angles = PRESETS[name]
    own, tall = _own_lengths(like), height_of(like) or 1.0
    places = np.zeros((len(PARENTS), 2))
    places[ROOT] = places_of(like)[ROOT]
    if like[ROOT, 2] <= 0:  # as high above the middle of what is known as in a standing body
        places[ROOT] = np.asarray(centre(like)) - (0, 0.32 * tall)
    for limb in from_root()[1:]:
        angle, share = _STAND[JOINTS[limb]]
        turn = np.deg2rad(angles.get(JOINTS[limb], angle))
        long = own[limb] if np.isfinite(own[limb]) else share * tall
        places[limb] = places[PARENTS[limb]] + long * np.array([np.cos(turn), np.sin(turn)])
    return joints_of(places, np.ones(len(PARENTS), np.bool_))


def standing(like: Joints) -> Joints:
    """:func:`preset` "Standing"."""
    return preset("Standing", like)


def _own_lengths(joints: Joints) -> Vector:
    """Of limbs whose two joints are known, the longer of right and left, 18; NaN where neither is."""
    there, places = known(joints), places_of(joints)
    out = np.full(len(PARENTS), np.nan)
    for joint, parent in enumerate(PARENTS):
        if parent >= 0 and there[joint] and there[parent]:
            out[joint] = np.hypot(*(places[joint] - places[parent]))
    for name, joint in J.items():
        if name.startswith("right "):
            other = J[name.replace("right", "left")]
            out[[joint, other]] = np.fmax(out[joint], out[other])
    return out


def including(joints: Joints, joint: int, like: Joints | None = None) -> Joints:
    """A missing joint has come where it would be: as it lies in ``like`` to the nearest joint above it (or to its
    child) that both have, else as in a body that stands. Known joints stay as they are."""
    if joints[joint, 2] > 0:
        return np.array(joints, np.float32)
    there, places = known(joints), places_of(joints)
    for model in (like, standing(joints)):
        if model is None or model[joint, 2] <= 0:
            continue
        both = there & known(model)
        hold = above(both, joint)
        if hold < 0:
            hold = next((child for child in below(joint)[1:] if both[child]), -1)
        if hold >= 0 or model is not like:
            offset = places[hold] - places_of(model)[hold] if hold >= 0 else np.zeros(2)
            places[joint] = places_of(model)[joint] + offset
            there[joint] = True
            break
    return joints_of(places, there)
