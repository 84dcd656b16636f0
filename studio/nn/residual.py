"""Residual convolutional networks with weight normalisation, as in the couplings of RealNVP: Dinh et al. 2017,
arXiv:1605.08803, sections 3.7 and 4.1, and the authors' code.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, relu


class WeightNormed(nn.Conv2d):
    """An odd kernel that keeps the sides, with weights g · v/‖v‖ per output channel (Salimans & Kingma 2016,
    arXiv:1602.07868, equation 2).

    Args:
        gain: whether there is a g; else it is 1.
        bias: whether a number is added per output channel.
    """

    def __init__(self, into: int, out: int, kernel: int, gain: bool = True, bias: bool = False) -> None:
        super().__init__(into, out, kernel, padding=kernel // 2, bias=bias)
        self.gain = nn.Parameter(_norms(self.weight.detach()).clone()) if gain else None

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight / _norms(self.weight)
        return conv2d(x, weight if self.gain is None else weight * self.gain, self.bias, padding=self.padding)


def _norms(weight: Tensor) -> Tensor:
    """‖v‖ of each output channel, out×1×1×1."""
    norms: Tensor = torch.linalg.vector_norm(weight, dim=(1, 2, 3), keepdim=True)
    return norms


class Block(nn.Module):
    """x + two convolutions of x, each behind a batch normalisation and a ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2))
        self.convs = nn.ModuleList(WeightNormed(width, width, 3, gain=gain) for gain in (False, True))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for norm, conv in zip(self.norms, self.convs, strict=True):
            y = conv(relu(norm(y)))
        return x + y


class Residual(nn.Module):
    """B×into×H×W to B×out×H×W, of the same sides: a convolution to ``width`` channels, ``blocks`` residual blocks, and
    a 1×1 convolution of the sum of what all of them say (skip connections).

    A batch normalisation takes back at once what a bias adds, and the scale of all weights before it: so there are
    biases in the last layer alone, and no gain where nothing else adds to a layer's output.
    """

    def __init__(self, into: int, out: int, width: int, blocks: int) -> None:
        super().__init__()
        self.first = WeightNormed(into, width, 3)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        self.skips = nn.ModuleList(WeightNormed(width, width, 1) for _ in range(blocks + 1))
        self.norm = nn.BatchNorm2d(width)
        self.last = WeightNormed(width, out, 1, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        said = self.skips[0](h)
        for block, skip in zip(self.blocks, list(self.skips)[1:], strict=True):
            h = block(h)
            said = said + skip(h)
        return self.last(relu(self.norm(said)))  # type: ignore[no-any-return]
