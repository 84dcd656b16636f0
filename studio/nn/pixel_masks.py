"""Convolutions that see no pixel before it is drawn: van den Oord et al. 2016, arXiv:1601.06759, section 3.4 and
figure 2 (right); arXiv:1606.05328, section 2.2.

Pixels come row by row from the top, within a row from the left, and the channels of one pixel one after the other.
Features are shared out evenly among the channels, in the channels' order ("groups"): those of a group may know what
came before their channel (mask A, of a first layer) or that channel too (mask B, of all others, 1×1 ones included).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Mask = Literal["A", "B"]


def groups_of(features: int, groups: int, repeats: int = 1) -> list[int]:
    """Which group each of ``features`` · ``repeats`` features belongs to: ``repeats`` times over (as the halves of a
    gated unit, or the four parts of an LSTM's) as evenly as can be, in order.

    Raises:
        ValueError: when there are fewer features than groups.
    """
    if features < groups:
        raise ValueError(f"{features} features cannot be shared out among {groups} channels")
    return [i * groups // features for i in range(features)] * repeats


class MaskedConv(nn.Conv2d):
    """B×into×H×W to B×(out · repeats)×H×W: each feature sees pixels that come before its own, and of its own the
    groups that the mask lets through. Outside the picture are zeros.

    Of the kernel only what is not behind the pixel is kept: side//2 + 1 rows of ``side``, the last of which is the
    pixel's own; of a ``flat`` one that row alone, up to the pixel.

    Args:
        side: of the kernel, odd. 1: the pixel itself.
        mask: "A" shuts the own channel out, "B" lets it through.
        groups: channels of a pixel; 1 for grey.
        repeats: see :func:`groups_of`.
        flat: whether the rows above are left out.
    """

    mask: Tensor

    def __init__(
        self,
        into: int,
        out: int,
        side: int,
        mask: Mask,
        groups: int = 1,
        repeats: int = 1,
        flat: bool = False,
        bias: bool = True,
    ) -> None:
        if side % 2 == 0:
            raise ValueError(f"a kernel of {side} px has no middle")
        self.reach = side // 2
        self.flat = flat or side == 1
        kernel = (1, self.reach + 1) if self.flat else (self.reach + 1, side)
        super().__init__(into, out * repeats, kernel, bias=bias)
        self.channel_groups = groups
        self.from_group, self.to_group = groups_of(into, groups), groups_of(out, groups, repeats)
        seen, asking = torch.tensor(self.from_group)[None, :], torch.tensor(self.to_group)[:, None]
        own = seen < asking if mask == "A" else seen <= asking
        seen_at = torch.ones(self.weight.shape, dtype=torch.bool)
        seen_at[:, :, -1, self.reach] = own
        seen_at[:, :, -1, self.reach + 1 :] = False
        self.register_buffer("mask", seen_at)

    def masked(self) -> Tensor:
        """The weights, 0 where nothing may be seen."""
        return self.weight * self.mask

    def forward(self, x: Tensor) -> Tensor:
        if self.reach:
            above, right = (0, 0) if self.flat else (self.reach, self.reach)
            x = F.pad(x, (self.reach, right, above, 0))
        return F.conv2d(x, self.masked(), self.bias)


class RowsAbove(nn.Conv2d):
    """B×into×H×W to B×out×H×W: each feature sees its own row, all of it, and side//2 rows above, of which side//2
    columns to either side: the vertical stack. What it finds is for the row below (:func:`shifted_down`)."""

    def __init__(self, into: int, out: int, side: int) -> None:
        if side % 2 == 0:
            raise ValueError(f"a kernel of {side} px has no middle")
        self.reach = side // 2
        super().__init__(into, out, (self.reach + 1, side))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (self.reach, self.reach, self.reach, 0)))


def shifted_down(x: Tensor) -> Tensor:
    """Each row where the one below it was, B×C×H×W; zeros in the first."""
    return F.pad(x, (0, 0, 1, -1))


def gated(x: Tensor) -> Tensor:
    """tanh(f) ⊙ σ(g) of the two halves of B×2C×…: equation 2 of arXiv:1606.05328, without the convolutions."""
    f, g = x.chunk(2, 1)
    return f.tanh() * g.sigmoid()
