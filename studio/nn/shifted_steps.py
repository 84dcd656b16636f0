"""The blocks of :mod:`studio.nn.shifted` along one row at a time, from the rows before that they kept ("down"), and one
pixel at a time ("right"): what each says is what it says of the whole picture, for a small part of the work.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from studio.nn.pixel_steps import RollingRows
from studio.nn.shifted import GatedBlock, Map, Shifted, gated_residual


class PixelSteps:
    """A :class:`~studio.nn.shifted.Shifted` of the way "right" and stride 1, or one of stride 2 of which only the
    pixels that are left over are asked for.

    Args:
        count: B. columns: of the picture.
    """

    def __init__(self, conv: Shifted, count: int, columns: int) -> None:
        weight = conv.normed().detach()
        out, into, rows, self._reach = weight.shape
        by_row = weight.permute(2, 3, 1, 0).reshape(rows, self._reach * into, out)
        self._own = by_row[-1].contiguous()
        self._above = [row.contiguous() for row in by_row[:-1]]
        empty = weight.new_zeros(count, columns + self._reach - 1, into)
        self._rows = [empty.clone() for _ in range(rows)]
        self._bias = conv.offset.detach()
        self._added = self._bias.expand(columns, count, -1)

    def at(self, column: int, x: Tensor) -> Tensor:
        """B×out of the pixel whose features are x, B×into."""
        self.put(column, x)
        window = self._rows[-1][:, column : column + self._reach].flatten(1)
        return torch.addmm(self._added[column], window, self._own)

    def put(self, column: int, x: Tensor) -> None:
        self._rows[-1][:, column + self._reach - 1] = x

    def end_row(self) -> None:
        if not self._above:
            return
        self._rows = [*self._rows[1:], self._rows[0]]  # the oldest is written over
        added = self._bias
        for weight, row in zip(self._above, self._rows, strict=False):
            windows = row.unfold(1, self._reach, 1).permute(1, 0, 3, 2).flatten(2)  # columns×B×(reach·into)
            added = added + windows @ weight
        self._added = added.contiguous()


def rows_of(conv: Shifted, count: int, columns: int) -> RollingRows:
    """A :class:`~studio.nn.shifted.Shifted` of the way "down" along rows; of stride 2 as if it had stride 1."""
    return RollingRows(conv.normed().detach(), count, columns, conv.offset.detach())


def dense(conv: Shifted) -> Map:
    """A 1×1 convolution of B×into×columns or B×into."""
    matrix, bias = conv.normed().detach()[:, :, 0, 0], conv.offset.detach()

    def of(x: Tensor) -> Tensor:
        return torch.addmm(bias, x, matrix.t()) if x.dim() == 2 else matrix @ x + bias[:, None]

    return of


class _Block:
    def __init__(self, block: GatedBlock, classes: Tensor | None) -> None:
        self._link: Map = nn.Identity() if block.link is None else dense(block.link)
        offset = block.offset(classes)
        self._offset = None if offset is None else offset.detach()
        self._keep = nn.Identity()  # nothing is dropped


class RowBlock(_Block):
    """Of the way "down": a row at a time."""

    def __init__(self, block: GatedBlock, count: int, columns: int, classes: Tensor | None) -> None:
        super().__init__(block, classes)
        self._convs = [rows_of(conv, count, columns) for conv in (block.first, block.second)]

    def after(self, row: Tensor, beside: Tensor | None = None) -> Tensor:
        """B×C×columns of the row that follows those before, of what comes in there, and by the shortcut."""
        offset = None if self._offset is None else self._offset[..., None]
        first, second = (conv.after for conv in self._convs)
        return gated_residual(row, first, second, beside, self._link, offset, self._keep)


class PixelBlock(_Block):
    """Of the way "right": a pixel at a time."""

    def __init__(self, block: GatedBlock, count: int, columns: int, classes: Tensor | None) -> None:
        super().__init__(block, classes)
        self._convs = [PixelSteps(conv, count, columns) for conv in (block.first, block.second)]

    def at(self, column: int, x: Tensor, beside: Tensor | None = None) -> Tensor:
        """B×C of the next pixel of the row, of what comes in there, and by the shortcut."""
        first, second = (partial(conv.at, column) for conv in self._convs)
        return gated_residual(x, first, second, beside, self._link, self._offset, self._keep)

    def end_row(self) -> None:
        for conv in self._convs:
            conv.end_row()
