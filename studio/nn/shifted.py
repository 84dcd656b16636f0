"""Convolutions whose kernel lies above its pixel, or above and to the left of it, so that stacks of them need no masks;
and the gated residual blocks made of them. Salimans et al. 2017, PixelCNN++, arXiv:1701.05517, section 2.4 and the
authors' code.

All have weight normalisation with a start by the data (Salimans & Kingma 2016, arXiv:1602.07868, section 3): what the
first training batch gives has mean 0 and a standard deviation that is chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Way = Literal["down", "right"]
"""Where knowledge goes: down, from rows above, to both sides; or down and to the right."""
LEAST = 1e-6
"""Standard deviation below which a feature counts as constant: it is centred, and its gain stays."""
Map = Callable[[Tensor], Tensor]


class Shifted(nn.Conv2d):
    """B×into×H×W to B×out×⌈H/stride⌉×⌈W/stride⌉, by a kernel whose last row is the pixel's own. "down": the pixel is in
    the middle of that row. "right": it is its last one.

    Args:
        kernel: rows and columns; columns are odd with "down".
        spread: standard deviation of what the first batch gives.
    """

    begun: Tensor

    def __init__(
        self, into: int, out: int, kernel: tuple[int, int], way: Way, stride: int = 1, spread: float = 1.0
    ) -> None:
        super().__init__(into, out, kernel, stride=stride)
        rows, columns = kernel
        left = columns - 1 if way == "right" else columns // 2
        self._around = (left, columns - 1 - left, rows - 1, 0)
        self._spread = spread
        self.gain = nn.Parameter(torch.ones(out))
        self.register_buffer("begun", torch.tensor(False))
        self._known = False  # the buffer's value, so as not to wait for a GPU at each step
        self.register_load_state_dict_post_hook(_forget)  # type: ignore[no-untyped-call]

    def normed(self) -> Tensor:
        """The weights g · v/‖v‖, ‖v‖ of each output feature."""
        return F.normalize(self.weight.flatten(1), dim=1).view_as(self.weight) * self.gain.view(-1, 1, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and not self._known:
            self._begin(x)
        return self.by(x, self.normed()) + self.offset[:, None, None]

    def by(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, self._around), weight, stride=self.stride)

    @property
    def offset(self) -> Tensor:
        assert self.bias is not None
        return self.bias

    @torch.no_grad()
    def _begin(self, x: Tensor) -> None:
        if not bool(self.begun):
            self.gain.fill_(1)
            found = self.by(x, self.normed()).float()
            deviation, mean = torch.std_mean(found, (0, 2, 3), correction=0)
            self.gain.copy_(self._spread / torch.where(deviation > LEAST, deviation, self._spread))
            self.offset.copy_(-mean * self.gain)
            self.begun.fill_(True)
        self._known = True


def _forget(module: Shifted, _: Any) -> None:
    module._known = False


class Enlarging(Shifted):
    """B×into×H×W to B×out×2H×2W, the mirror of a :class:`Shifted` of stride 2: a pixel becomes four, "down" also a
    column to its left."""

    def __init__(self, into: int, out: int, way: Way) -> None:
        super().__init__(into, out, (2, 3 if way == "down" else 2), way)

    def by(self, x: Tensor, weight: Tensor) -> Tensor:
        side = (weight.shape[3] - 1) // 2
        return F.conv_transpose2d(x, weight.transpose(0, 1), stride=2, padding=(0, side), output_padding=(0, side))


def concat_elu(x: Tensor) -> Tensor:
    """ELU of x and of −x, B×2C×…"""
    return F.elu(torch.cat([x, -x], 1))


def gated_residual(
    x: Tensor, first: Map, second: Map, beside: Tensor | None, link: Map, offset: Tensor | None, drop: Map
) -> Tensor:
    """x + f ⊙ σ(g), where f and g are halves of what two convolutions make of x and of a shortcut.

    Args:
        x: B×C×… beside: of the shortcut, B×A×…, which ``link`` takes to the first convolution's features.
        offset: what is added to the second one's, B×2C or as x: the class.
    """
    y = first(concat_elu(x))
    if beside is not None:
        y = y + link(concat_elu(beside))
    y = second(drop(concat_elu(y)))
    if offset is not None:
        y = y + offset
    f, g = y.chunk(2, 1)
    return x + f * g.sigmoid()


class GatedBlock(nn.Module):
    """A gated residual block of ``width`` features.

    Args:
        beside: features of the shortcut that comes in; 0: none does.
        classes: how many there are; 0: it is told none.
        dropout: share of features that are dropped between the convolutions.
    """

    def __init__(self, width: int, way: Way, beside: int, classes: int, dropout: float) -> None:
        super().__init__()
        kernel = (2, 3) if way == "down" else (2, 2)
        self.first = Shifted(2 * width, width, kernel, way)
        self.second = Shifted(2 * width, 2 * width, kernel, way, spread=0.1)
        self.link = Shifted(2 * beside, width, (1, 1), way) if beside else None
        self.told = nn.Linear(classes, 2 * width, bias=False) if classes else None
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, beside: Tensor | None = None, classes: Tensor | None = None) -> Tensor:
        offset = self.offset(classes)
        link: Map = nn.Identity() if self.link is None else self.link
        if offset is not None:
            offset = offset[..., None, None]
        return gated_residual(x, self.first, self.second, beside, link, offset, self.drop)

    def offset(self, classes: Tensor | None) -> Tensor | None:
        """What the class adds, B×2·width, of one-hot B×K; None: nothing."""
        return None if self.told is None or classes is None else self.told(classes)
