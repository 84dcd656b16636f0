"""The convolutions of :mod:`studio.nn.pixel_masks` one pixel at a time, from what is kept of those before: what each
says of a pixel is what the whole convolution would, for a small part of the work.

What rows above have to say is worked out for a whole row, once it is known that the row above it is finished; what
pixels to the left have to say, pixel by pixel, as one product of matrices. Weights are taken apart once.
"""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.nn.pixel_masks import MaskedConv, RowsAbove


class Steps:
    """A :class:`~studio.nn.pixel_masks.MaskedConv` along one row of B pictures at a time.

    In the order of the pixels and of their groups: :meth:`put` what the layer before says, :meth:`step`; behind the
    last pixel of a row :meth:`end_row`.

    Args:
        count: B. width: of the pictures, W.
        offset: what is added to every feature, B×out: the class.
    """

    def __init__(self, conv: MaskedConv, count: int, width: int, offset: Tensor | None = None) -> None:
        weight, groups = conv.masked().detach(), conv.channel_groups
        self._reach = conv.reach
        along = weight[:, :, -1, : conv.reach + 1].permute(2, 1, 0).flatten(0, 1)  # (columns · into)×out
        self.rows_of = [_all(conv.to_group, g) for g in range(groups)]
        self._matrices = [along[:, rows].contiguous() for rows in self.rows_of]
        put = [_all(conv.from_group, g) for g in range(groups)]
        self._places = [slice(p[0], p[-1] + 1) for p in put]
        self._kept = weight.new_zeros(count, conv.reach + width, weight.shape[1])
        self._above = None if conv.flat else RollingRows(weight[:, :, :-1], count, width)
        bias = weight.new_zeros(len(weight)) if conv.bias is None else conv.bias.detach()
        self._bias = (bias if offset is None else bias + offset).expand(count, -1)
        self._width = width
        self._alone = groups == 1 and conv.reach == 0
        self._added: list[Tensor] = []
        self.add(None)

    def add(self, row: Tensor | None) -> None:
        """What else is added along the row that comes, B×out×W; None: nothing."""
        whole = self._bias[..., None] if row is None else row + self._bias[..., None]
        whole = whole.expand(-1, -1, self._width).permute(2, 0, 1)
        self._added = [whole[:, :, rows].contiguous() for rows in self.rows_of]

    def put(self, column: int, group: int, values: Tensor) -> None:
        """What the layer before says of a pixel: the features of one group, B×n."""
        self._kept[:, self._reach + column, self._places[group]] = values

    def step(self, column: int, group: int) -> Tensor:
        """What this one says of it: its features of that group, B×n (of gated ones first halves, then second ones)."""
        window = self._kept[:, column : column + self._reach + 1].flatten(1)
        return torch.addmm(self._added[group][column], window, self._matrices[group])

    def through(self, column: int, group: int, values: Tensor) -> Tensor:
        """:meth:`put`, then :meth:`step`."""
        if self._alone:
            return torch.addmm(self._added[0][column], values, self._matrices[0])
        self.put(column, group, values)
        return self.step(column, group)

    def row(self) -> Tensor:
        """What was put along the row, B×into×W."""
        return self._kept[:, self._reach :].transpose(1, 2)

    def end_row(self) -> None:
        if self._above is not None:
            self.add(self._above.after(self.row()))


class RollingRows:
    """A convolution of rows of which the last few are kept, zeros beside the picture and above it.

    Args:
        weight: out×into×rows×columns, odd in columns.
        offset: what is added to every feature, B×out or out.
    """

    def __init__(self, weight: Tensor, count: int, width: int, offset: Tensor | None = None) -> None:
        self._weight = weight.contiguous()
        self._offset = None if offset is None else offset[..., None]
        self._reach = weight.shape[3] // 2
        empty = weight.new_zeros(count, weight.shape[1], 1, width + 2 * self._reach)
        self._rows = deque([empty] * weight.shape[2], maxlen=weight.shape[2])

    @classmethod
    def of(cls, conv: RowsAbove, count: int, width: int, offset: Tensor | None = None) -> RollingRows:
        """``offset``: B×out, besides the bias."""
        assert conv.bias is not None
        bias = conv.bias.detach()
        return cls(conv.weight.detach(), count, width, bias if offset is None else bias + offset)

    def after(self, row: Tensor) -> Tensor:
        """What is said once this row, B×into×W, is the last: B×out×W."""
        self._rows.append(F.pad(row, (self._reach, self._reach))[:, :, None])
        said = F.conv2d(torch.cat(list(self._rows), 2), self._weight)[:, :, 0]
        return said if self._offset is None else said + self._offset


def _all(groups: list[int], group: int) -> list[int]:
    return [i for i, own in enumerate(groups) if own == group]
