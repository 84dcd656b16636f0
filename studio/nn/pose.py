"""Poses as a network takes them: a map per joint, and the pose mask.

Ma et al. 2017, arXiv:1705.09368, sections 3.1 and 3.2. Joints are those of :mod:`studio.data.skeleton`, as tensors
B×18×3 in pixels of the image. Lengths that the paper gives for a size of image grow and shrink with the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from studio.data.skeleton import LIMBS, J

Maps = Literal["gaussian", "disc"]
Size = tuple[int, int]

SPREAD = 6 / 256
"""σ of a heat map, of the longer side: 6 px of 256 (the code of Zhu et al. 2019, arXiv:1904.03349)."""
RADIUS = 4 / 128
"""Of a disc and of the dilated limbs of the mask, of the longer side: 4 px of Market-1501's 128 (the authors' code)."""

JOINED: tuple[tuple[int, int], ...] = (
    *LIMBS,
    (J["right ear"], J["left ear"]),
    (J["neck"], J["right ear"]),
    (J["neck"], J["left ear"]),
    (J["right shoulder"], J["right hip"]),
    (J["left shoulder"], J["left hip"]),
    (J["right hip"], J["left hip"]),
)
"""Joints that the mask connects: the limbs, and what closes head and torso."""


def scale(share: float, size: Size) -> float:
    """Pixels that a share of the longer side is."""
    return share * max(size)


def pixels(size: Size, device: torch.device) -> tuple[Tensor, Tensor]:
    """The centres of the pixels: x, 1×W, and y, H×1."""
    height, width = size
    x = torch.arange(width, dtype=torch.float32, device=device) + 0.5
    y = torch.arange(height, dtype=torch.float32, device=device) + 0.5
    return x.view(1, -1), y.view(-1, 1)


def maps(joints: Tensor, size: Size, kind: Maps = "gaussian") -> Tensor:
    """A map per joint, float32 B×18×H×W in 0..1, with the spread or the radius that suits the size; empty for a joint
    that is missing."""
    return heat_maps(joints, size, scale(SPREAD, size)) if kind == "gaussian" else discs(joints, size, _radius(size))


def heat_maps(joints: Tensor, size: Size, sigma: float) -> Tensor:
    """exp(−d²/2σ²) of the distance d from the joint to each pixel's centre: 1 at the joint, B×18×H×W."""
    x, y = pixels(size, joints.device)
    across = torch.exp(-(((x - joints[..., :1]) / sigma) ** 2) / 2) * joints[..., 2:]
    down = torch.exp(-(((y.view(1, -1) - joints[..., 1:2]) / sigma) ** 2) / 2)
    return down[..., :, None] * across[..., None, :]


def discs(joints: Tensor, size: Size, radius: float) -> Tensor:
    """1 at the pixels whose centre is at most ``radius`` px from the joint, else 0, B×18×H×W: the paper's maps."""
    x, y = pixels(size, joints.device)
    away = ((x - joints[..., :1]) ** 2)[..., None, :] + ((y.view(1, -1) - joints[..., 1:2]) ** 2)[..., :, None]
    return (away <= radius**2).float() * joints[..., 2:, None]


def mask(joints: Tensor, size: Size) -> Tensor:
    """The pose mask M: 1 near the body, 0 elsewhere, float32 B×1×H×W.

    The known joints are connected (:data:`JOINED`), the lines are dilated, and small gaps between them closed.
    """
    radius = _radius(size)
    near = (distance(joints, JOINED, size) <= radius).float().unsqueeze(1)
    side = 2 * round(radius) + 1
    grown = max_pool2d(near, side, 1, side // 2)
    return -max_pool2d(-grown, side, 1, side // 2)


def mask_l1(made: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """The pose-mask loss, the mean of |made − real|·(1 + M) of images B×C×H×W: plain L1 where M = 0, twice that where
    M = 1. Ma et al. 2017, equation 1."""
    return ((made - real).abs() * (1 + mask)).mean()


def distance(joints: Tensor, lines: Iterable[tuple[int, int]], size: Size) -> Tensor:
    """From each pixel's centre to the nearest of the lines between these pairs of joints, in px, float32 B×H×W;
    infinite where none of them has both its joints."""
    nearest = torch.full((len(joints), *size), torch.inf, device=joints.device)
    for a, b in lines:
        known = joints[:, a, 2] * joints[:, b, 2] > 0
        away = to_segment(joints[:, a, :2], joints[:, b, :2], size)
        nearest = torch.minimum(nearest, torch.where(known.view(-1, 1, 1), away, torch.inf))
    return nearest


def to_segment(a: Tensor, b: Tensor, size: Size) -> Tensor:
    """From each pixel's centre to the line from points a to b, B×2 each, in px, B×H×W."""
    x, y = pixels(size, a.device)
    along = b - a
    ax, ay, vx, vy = (v.view(-1, 1, 1) for v in (a[:, 0], a[:, 1], along[:, 0], along[:, 1]))
    dx, dy = x - ax, y - ay
    at = ((dx * vx + dy * vy) / (vx * vx + vy * vy).clamp_min(1e-6)).clamp(0, 1)
    return torch.hypot(dx - at * vx, dy - at * vy)


def _radius(size: Size) -> float:
    return max(1.0, scale(RADIUS, size))
