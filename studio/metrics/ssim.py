"""How alike two pictures are. SSIM: Wang et al. 2004, 10.1109/TIP.2003.819861; mask-SSIM: Ma et al. 2017,
arXiv:1705.09368, section 5.2.

An 11×11 Gaussian window of σ 1.5, K1 = 0.01, K2 = 0.03, population (co)variances, a range of L = 2 for images in −1..1,
averaged over all windows that lie within the picture, and over the channels of RGB. Published figures also take grey
pictures, other windows, or the default range of a library for pictures in another one: only figures of one definition
compare.
"""

from __future__ import annotations

import pytorch_msssim
import torch
from torch import Tensor

WINDOW = 11
"""Pixels, the side of the window: so the smallest side of a picture."""
SIGMA = 1.5
RANGE = 2.0


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """SSIM of each pair of pictures N×C×H×W in −1..1, float32 N: 1 where they are equal.

    Raises:
        ValueError: for pictures that are smaller than the window, or of different shapes.
    """
    if x.shape != y.shape:
        raise ValueError(f"SSIM compares pictures of one shape, not {tuple(x.shape)} and {tuple(y.shape)}")
    height, width = x.shape[2:]
    if min(height, width) < WINDOW:
        raise ValueError(f"SSIM needs pictures of at least {WINDOW} px a side; these are {width}×{height}")
    a, b = ((t.double() + 1).clamp(0, RANGE) for t in (x, y))  # the constants are meant for values from 0 on
    found: Tensor = pytorch_msssim.ssim(a, b, RANGE, False, win=_window(a), K=(0.01, 0.03))
    return found.float()


def mask_ssim(x: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """SSIM of what lies on the body: of both pictures with all else black, N.

    Args:
        mask: N×1×H×W in 0..1, as :func:`studio.nn.pose.mask` has it.
    """
    return ssim((x + 1) * mask - 1, (y + 1) * mask - 1)


def _window(like: Tensor) -> Tensor:
    """The library's own, but summing to 1 in double precision: of flat pictures the variances are differences of
    numbers that are almost equal."""
    place = torch.arange(WINDOW, dtype=like.dtype, device=like.device) - WINDOW // 2
    weights = torch.exp(-(place**2) / (2 * SIGMA**2))
    return (weights / weights.sum()).repeat(like.shape[1], 1, 1, 1)
