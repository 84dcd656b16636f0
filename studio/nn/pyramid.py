"""The convolutional pair of DCGAN: a generator that doubles its way up to an image, and its mirror on the way down.

Radford et al. 2016, arXiv:1511.06434, figure 1: 5×5 kernels, stride 2, no pooling, no hidden dense layers. Made here
for any size: the sides are halved, rounding up, until the next halving would leave fewer than 4 pixels, but twice at
least: 64 has levels 64-32-16-8-4, 28 has 28-14-7-4 as in Gulrajani et al. 2017, and 8 has 8-4-2. The way up passes
through the same sizes: an odd one is met by leaving out the last row and column (their "crop 8 to 7").
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.nn.dense import Norm
from studio.nn.strided import Conv, Transposed

KERNEL = 5
BASE = 4
"""Least side, in pixels, of the smallest level,"""
LEAST = 2
"""but so many halvings in any case: one alone makes too shallow a network (8×8 digits come out worse)."""


def sizes(size: tuple[int, int], base: int = BASE) -> list[tuple[int, int]]:
    """Heights and widths from the image down to the smallest level, whose least side is ``base`` or more.

    >>> sizes((28, 28))
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    found = [size]
    while True:
        height, width = ((side + 1) // 2 for side in found[-1])
        if len(found) > LEAST and min(height, width) < base:
            return found
        found.append((height, width))


def widths(width: int, levels: int) -> list[int]:
    """Channels from the level next to the image downwards: doubled at each, to 8 times at most."""
    return [width * min(2**level, 8) for level in range(levels)]


class Upward(nn.Module):
    """Latents B×latent to images B×C×H×W in −1..1: a dense layer to the smallest level, then transposed
    convolutions of stride 2. ReLU inside, tanh at the end; ``norm`` after every layer but the last.

    Args:
        base: least side of the smallest level, in pixels.
        dense: units of a dense layer before the one to the smallest level; 0: none.
        bounded: whether there is the tanh; without it any numbers come out, for a decoder that says a distribution.
    """

    def __init__(
        self,
        latent: int,
        channels: int,
        size: tuple[int, int],
        width: int,
        norm: Norm,
        *,
        base: int = BASE,
        dense: int = 0,
        bounded: bool = True,
    ) -> None:
        super().__init__()
        levels = sizes(size, base)
        wide = widths(width, len(levels) - 1)
        self.base = (wide[-1], *levels[-1])
        self.dense = nn.Sequential(*_dense(latent, dense, norm, nn.ReLU(inplace=True)))
        self.project = nn.Linear(dense or latent, wide[-1] * levels[-1][0] * levels[-1][1], bias=norm == "none")
        self.first = nn.Sequential(*_norm(norm, wide[-1]), nn.ReLU(inplace=True))
        layers: list[nn.Module] = []
        for level in range(len(levels) - 1, 0, -1):
            into = levels[level - 1]
            last = level == 1
            out = channels if last else wide[level - 2]
            layers.append(Transposed(wide[level - 1], out, KERNEL, into, bias=last or norm == "none"))
            end = [nn.Tanh()] if bounded else []
            layers += end if last else [*_norm(norm, wide[level - 2]), nn.ReLU(inplace=True)]
        self.rise = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        smallest = self.project(self.dense(z)).view(len(z), *self.base).contiguous(memory_format=torch.channels_last)
        return self.rise(self.first(smallest))  # type: ignore[no-any-return]


class Trunk(nn.Module):
    """Images B×C×H×W to features B×out: convolutions of stride 2 with leaky ReLU (0.2). ``norm`` after every
    convolution but the first.

    Args:
        base: least side of the smallest level, in pixels.
        dense: units of a dense layer above them; 0: none, and the features are the flattened smallest level.
    """

    def __init__(
        self, channels: int, size: tuple[int, int], width: int, norm: Norm, *, base: int = BASE, dense: int = 0
    ) -> None:
        super().__init__()
        levels = sizes(size, base)
        wide = widths(width, len(levels) - 1)
        layers: list[nn.Module] = []
        for level, out in enumerate(wide):
            normed = norm if level else "none"
            into = wide[level - 1] if level else channels
            layers.append(Conv(into, out, KERNEL, bias=normed == "none"))
            layers += [*_norm(normed, out), nn.LeakyReLU(0.2)]
        self.fall = nn.Sequential(*layers)
        flat = wide[-1] * levels[-1][0] * levels[-1][1]
        self.dense = nn.Sequential(*_dense(flat, dense, norm, nn.LeakyReLU(0.2)))
        self.out = dense or flat

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.fall(x).flatten(1))  # type: ignore[no-any-return]


class Downward(Trunk):
    """Images B×C×H×W to one score each, B: a trunk, then a dense layer."""

    def __init__(self, channels: int, size: tuple[int, int], width: int, norm: Norm) -> None:
        super().__init__(channels, size, width, norm)
        self.score = nn.Linear(self.out, 1)

    def forward(self, x: Tensor) -> Tensor:
        features = super().forward(x)
        with torch.autocast(x.device.type, enabled=False):
            # In bfloat16 a score has three digits, and the difference of two means of them next to none.
            return self.score(features.to(self.score.weight.dtype)).squeeze(1)  # type: ignore[no-any-return]


def _dense(into: int, out: int, norm: Norm, slope: nn.Module) -> list[nn.Module]:
    if not out:
        return []
    normed = [nn.BatchNorm1d(out)] if norm == "batch" else []
    return [nn.Linear(into, out, bias=norm == "none"), *normed, slope]


def _norm(norm: Norm, channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels)] if norm == "batch" else []
