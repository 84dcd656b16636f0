"""A person who stands with the arms a little out, in any size of image."""

from __future__ import annotations

import torch
from torch import Tensor

from studio.data.skeleton import JOINTS

_AT = {
    "nose": (0.50, 0.13),
    "neck": (0.50, 0.22),
    "right shoulder": (0.40, 0.24),
    "right elbow": (0.30, 0.36),
    "right wrist": (0.22, 0.48),
    "left shoulder": (0.60, 0.24),
    "left elbow": (0.70, 0.36),
    "left wrist": (0.78, 0.48),
    "right hip": (0.43, 0.50),
    "right knee": (0.40, 0.68),
    "right ankle": (0.38, 0.86),
    "left hip": (0.57, 0.50),
    "left knee": (0.60, 0.68),
    "left ankle": (0.62, 0.86),
    "right eye": (0.48, 0.115),
    "left eye": (0.52, 0.115),
    "right ear": (0.46, 0.125),
    "left ear": (0.54, 0.125),
}


def standing(size: tuple[int, int], count: int = 1) -> Tensor:
    """Joints count×18×3 in px of an image of this height and width, all known."""
    height, width = size
    at = [(x * width, y * height, 1.0) for x, y in (_AT[name] for name in JOINTS)]
    return torch.tensor([at]).expand(count, -1, -1).clone()
