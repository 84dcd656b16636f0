"""Small networks that say something of an example: which class it is of, or one number.

A convolutional network (three layers, 128 features) for images, of which it sees at most 32 px a side; a dense one for
points.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from studio.data.dataset import DataSpec

FEATURES = 128
"""Of the layer before the last."""
SIDE = 32
"""Pixels of the longer side that the network sees; larger images are averaged down to it."""


def reduced(x: Tensor) -> Tensor:
    """Images of at most ``SIDE`` px a side, by averaging; points as they are."""
    if x.dim() != 4 or max(x.shape[2:]) <= SIDE:
        return x
    by = SIDE / max(x.shape[2:])
    return F.interpolate(x, size=[max(1, round(s * by)) for s in x.shape[2:]], mode="area")


def network(data: DataSpec, out: int, *, normed: bool = True) -> nn.Sequential:
    """Examples that were :func:`reduced` to B×out numbers. The last layer gives them, what is before it B×128 features.

    Args:
        normed: batch normalisation before each ReLU. Without it an example's numbers depend on no other.
    """
    if data.kind != "images":
        body = [*_dense(math.prod(data.shape), FEATURES, normed), *_dense(FEATURES, FEATURES, normed)]
    else:
        larger = max(data.size) > 20
        body = [
            *_convolution(data.channels, 16, 5 if larger else 3, 2 if larger else 1, normed=normed),
            *_convolution(16, 32, 3, normed=normed),
            nn.MaxPool2d(2),
            *_convolution(32, 64, 3, normed=normed),
            nn.AdaptiveMaxPool2d(3),
            nn.Flatten(),
            *_dense(64 * 9, FEATURES, normed),
        ]
    return nn.Sequential(*body, nn.Linear(FEATURES, out))


def _convolution(before: int, after: int, kernel: int, stride: int = 1, *, normed: bool) -> list[nn.Module]:
    layer = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=not normed)
    return [layer, nn.BatchNorm2d(after), nn.ReLU()] if normed else [layer, nn.LeakyReLU(0.2)]


def _dense(before: int, after: int, normed: bool) -> list[nn.Module]:
    layer = nn.Linear(before, after, bias=not normed)
    return [layer, nn.BatchNorm1d(after), nn.ReLU()] if normed else [layer, nn.LeakyReLU(0.2)]
