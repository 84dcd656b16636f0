"""The convolutional pair of DCGAN: a generator that doubles its way up to an image, and its mirror on the way down.

Radford et al. 2016, arXiv:1511.06434, figure 1: 5×5 kernels, stride 2, no pooling, no hidden dense layers. Made here
for any size: the sides are halved, rounding up, until the next halving would leave fewer than 4 pixels, but twice at
least: 64 has levels 64-32-16-8-4, 28 has 28-14-7-4 as in Gulrajani et al. 2017, and 8 has 8-4-2. The way up passes
through the same sizes: an odd one is met by leaving out the last row and column (their "crop 8 to 7").
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from studio.nn.strided import Conv, Transposed

KERNEL = 5
BASE = 4
"""Least side, in pixels, of the smallest level,"""
LEAST = 2
"""but so many halvings in any case: one alone makes too shallow a network (8×8 digits come out worse)."""

Norm = Literal["batch", "none"]


def sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Heights and widths from the image down to the smallest level.

    >>> sizes((28, 28))
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    found = [size]
    while True:
        height, width = ((side + 1) // 2 for side in found[-1])
        if len(found) > LEAST and min(height, width) < BASE:
            return found
        found.append((height, width))


def widths(width: int, levels: int) -> list[int]:
    """Channels from the level next to the image downwards: doubled at each, to 8 times at most."""
    return [width * min(2**level, 8) for level in range(levels)]


class Upward(nn.Module):
    """Latents B×latent to images B×C×H×W in −1..1: a dense layer to the smallest level, then transposed
    convolutions of stride 2. ReLU inside, tanh at the end; ``norm`` after every layer but the last."""

    def __init__(self, latent: int, channels: int, size: tuple[int, int], width: int, norm: Norm) -> None:
        super().__init__()
        levels = sizes(size)
        wide = widths(width, len(levels) - 1)
        self.base = (wide[-1], *levels[-1])
        self.project = nn.Linear(latent, wide[-1] * levels[-1][0] * levels[-1][1], bias=norm == "none")
        self.first = nn.Sequential(*_norm(norm, wide[-1]), nn.ReLU(inplace=True))
        layers: list[nn.Module] = []
        for level in range(len(levels) - 1, 0, -1):
            into = levels[level - 1]
            last = level == 1
            out = channels if last else wide[level - 2]
            layers.append(Transposed(wide[level - 1], out, KERNEL, into, bias=last or norm == "none"))
            layers += [nn.Tanh()] if last else [*_norm(norm, wide[level - 2]), nn.ReLU(inplace=True)]
        self.rise = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        smallest = self.project(z).view(len(z), *self.base).contiguous(memory_format=torch.channels_last)
        return self.rise(self.first(smallest))  # type: ignore[no-any-return]


class Downward(nn.Module):
    """Images B×C×H×W to one score each, B: convolutions of stride 2 with leaky ReLU (0.2), then a dense layer.
    ``norm`` after every convolution but the first."""

    def __init__(self, channels: int, size: tuple[int, int], width: int, norm: Norm) -> None:
        super().__init__()
        levels = sizes(size)
        wide = widths(width, len(levels) - 1)
        layers: list[nn.Module] = []
        for level, out in enumerate(wide):
            normed = norm if level else "none"
            into = wide[level - 1] if level else channels
            layers.append(Conv(into, out, KERNEL, bias=normed == "none"))
            layers += [*_norm(normed, out), nn.LeakyReLU(0.2)]
        self.fall = nn.Sequential(*layers)
        self.score = nn.Linear(wide[-1] * levels[-1][0] * levels[-1][1], 1)

    def forward(self, x: Tensor) -> Tensor:
        features = self.fall(x).flatten(1)
        with torch.autocast(x.device.type, enabled=False):
            # In bfloat16 a score has three digits, and the difference of two means of them next to none.
            return self.score(features.to(self.score.weight.dtype)).squeeze(1)  # type: ignore[no-any-return]


def _norm(norm: Norm, channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels)] if norm == "batch" else []
