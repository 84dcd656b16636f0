"""Skeletons and maps of parts as pictures, in the same colours everywhere. NumPy and Pillow only.

The person's own right is warm, their left is cool, what lies in the middle is neither. The hues are Okabe and Ito's
(https://jfly.uni-koeln.de/color/) and shades of them, so that they can be told apart without red and green.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from studio.data.skeleton import JOINTS, LIMBS, PARTS, UNKNOWN, Joints

Colour = tuple[int, int, int]
Pictures = npt.NDArray[np.uint8]

PART_COLOURS: dict[str, Colour] = {
    "background": (16, 17, 20),
    "head": (240, 228, 66),
    "torso": (222, 222, 222),
    "right upper arm": (213, 94, 0),
    "right forearm": (240, 170, 20),
    "left upper arm": (0, 114, 178),
    "left forearm": (86, 180, 233),
    "right thigh": (150, 40, 100),
    "right shin": (225, 140, 185),
    "left thigh": (0, 105, 78),
    "left shin": (30, 200, 150),
}
UNSAID = ((70, 72, 78), (98, 100, 106))
"""A chequer of these stands where nobody says what a pixel shows."""
_BY_JOINT = {
    "shoulder": "upper arm",
    "elbow": "upper arm",
    "wrist": "forearm",
    "hip": "thigh",
    "knee": "thigh",
    "ankle": "shin",
}


def limb_colour(joint: int) -> Colour:
    """Of a joint, and of the limb that ends in it."""
    side, _, kind = JOINTS[joint].partition(" ")
    if kind in _BY_JOINT:
        return PART_COLOURS[f"{side} {_BY_JOINT[kind]}"]
    return PART_COLOURS["head"]


def coloured(parts: Pictures) -> Pictures:
    """Maps of parts, uint8 …×H×W, as pictures …×H×W×3; :data:`~studio.data.skeleton.UNKNOWN` is a chequer."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(PARTS)] = [PART_COLOURS[name] for name in PARTS]
    shown = table[parts]
    rows, columns = np.indices(parts.shape[-2:])
    chequer = np.array(UNSAID, np.uint8)[(rows + columns) % 2]
    return np.where((parts == UNKNOWN)[..., None], chequer, shown)


def with_skeleton(picture: Pictures, joints: Joints, times: int = 1, *, dimmed: float = 0.5) -> Pictures:
    """A picture uint8 H×W×3, enlarged by a whole factor and dimmed, with the limbs and joints 18×3 drawn over it.

    Args:
        dimmed: what the picture's grey levels are multiplied by; 0: on black.
    """
    ground = (picture * np.float32(dimmed)).astype(np.uint8).repeat(times, 0).repeat(times, 1)
    fine = 3  # drawn larger and made small again: Pillow's lines are not smooth
    height, width = ground.shape[:2]
    image = Image.fromarray(ground).resize((width * fine, height * fine), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(image)
    thick = max(round(fine * height / 90), 2)
    at = joints[:, :2] * times * fine
    known = joints[:, 2] > 0
    for a, b in LIMBS:
        if known[a] and known[b]:
            draw.line([tuple(map(float, at[a])), tuple(map(float, at[b]))], limb_colour(b), thick)
    for joint in np.flatnonzero(known):
        x, y = map(float, at[joint])
        draw.ellipse([x - thick, y - thick, x + thick, y + thick], limb_colour(int(joint)))
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))
