"""A U-Net of residual blocks, with or without a fully connected bottleneck: both generators of pose-guided person
generation. Ma et al. 2017, arXiv:1705.09368, section 3 and the authors' code; Ronneberger et al. 2015 for the skips.

Each level on the way down is a residual block of two 3×3 convolutions, and a convolution of stride 2 to the next, which
has ``width`` more channels; on the way up the features of the same level join in. The authors double the channels of
the blocks on the way up; here the first convolution brings the two halves back to one, for a third of the arithmetic.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from studio.nn.strided import Conv

SMALLEST = 8
"""Longest side, in pixels, of the smallest level: 128×64 has 5 levels and 256×256 has 6, as in the paper."""


def levels(size: tuple[int, int]) -> int:
    """How many levels suit images of this height and width: N in the paper.

    >>> levels((128, 64)), levels((256, 256)), levels((64, 64))
    (5, 6, 4)
    """
    count, side = 1, max(size)
    while side > SMALLEST:
        count, side = count + 1, (side + 1) // 2
    return count


class Block(nn.Module):
    """x + two 3×3 convolutions of x, a ReLU before each; where ``into`` differs from ``width``, of a convolution of x
    to that many channels. It begins as the identity. B×into×H×W to B×width×H×W."""

    def __init__(self, into: int, width: int) -> None:
        super().__init__()
        self.first = nn.Identity() if into == width else nn.Conv2d(into, width, 3, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        y = x
        for conv in self.convs:
            y = conv(relu(y))
        return x + y


class UNet(nn.Module):
    """B×into×H×W to B×out×H×W, unbounded.

    Args:
        size: height and width of the images; any, sides are halved rounding up.
        width: channels of the level next to the image; the n-th has n times as many.
        depth: levels.
        bottleneck: numbers that the whole image passes through at the smallest level (a dense layer to them and one
            back), so that what is on the left may end up on the right; 0: none, fully convolutional.
        still: the last layer begins with zeros, so that the output does.
    """

    def __init__(
        self,
        into: int,
        out: int,
        size: tuple[int, int],
        width: int,
        depth: int,
        *,
        bottleneck: int = 0,
        still: bool = False,
    ) -> None:
        super().__init__()
        wide = [width * (level + 1) for level in range(depth)]
        sizes = [size]
        for _ in range(depth - 1):
            sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
        self.sizes = sizes
        self.first = nn.Conv2d(into, width, 3, padding=1)
        self.falls = nn.ModuleList(Block(w, w) for w in wide)
        self.halves = nn.ModuleList(Conv(a, b, 3, bias=True) for a, b in itertools.pairwise(wide))
        self.narrow = self.widen = None
        if bottleneck:
            flat = sizes[-1][0] * sizes[-1][1]
            self.narrow = nn.Linear(wide[-1] * flat, bottleneck)
            self.widen = nn.Linear(bottleneck, wide[-1] * flat)
        self.rises = nn.ModuleList(
            Block(w if level == depth - 1 and not bottleneck else 2 * w, w) for level, w in enumerate(wide)
        )
        self.thins = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(wide))
        self.last = nn.Conv2d(width, out, 3, padding=1)
        self.apply(_start)
        if still:
            nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        kept = []
        for level, fall in enumerate(self.falls):
            x = fall(self.halves[level - 1](x) if level else x)
            kept.append(x)
        if self.narrow is not None and self.widen is not None:
            whole = self.widen(self.narrow(x.flatten(1))).view_as(x).contiguous(memory_format=torch.channels_last)
            x = torch.cat([whole, x], 1)
        for level in range(len(kept) - 1, -1, -1):
            if level < len(kept) - 1:
                up = interpolate(self.thins[level](x), size=self.sizes[level], mode="nearest")
                x = torch.cat([up, kept[level]], 1)
            x = self.rises[level](x)
        made: Tensor = self.last(relu(x))
        return made.float()


def _start(layer: nn.Module) -> None:
    """He et al. 2015, biases 0; blocks as the identity. ``apply`` comes to a block after its layers."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, Block):
        for parameter in layer.convs[-1].parameters():
            nn.init.zeros_(parameter)
