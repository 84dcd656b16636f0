"""PixelRNN's layers one pixel at a time, from the states that they have come to: what they say of a pixel is what
:mod:`studio.nn.pixel_rnn` says of the whole image, for a small part of the work. As :mod:`studio.nn.pixel_steps` does
for convolutions.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import conv1d

from studio.nn.pixel_masks import groups_of
from studio.nn.pixel_rnn import DiagonalBiLSTM, Residual, RowLSTM, lstm
from studio.nn.pixel_steps import Steps


class Kept(Protocol):
    """The states of an LSTM layer, of B images that are being drawn."""

    def at(self, column: int, group: int, gates: Tensor) -> Tensor:
        """The units of a group at a pixel, B×n, from that group's gates there."""
        ...

    def end_row(self) -> Tensor | None:
        """The row is finished. What is added to the gates along the next one, B×gates×W; None: nothing."""
        ...


class KeptRow:
    """Of a :class:`RowLSTM`: what the row above says is worked out for a whole row at once."""

    def __init__(self, layer: RowLSTM, units: list[slice], count: int, columns: int) -> None:
        self._weight = layer.state.weight.detach()
        self._units = units
        states = self._weight.new_zeros(4, columns, count, self._weight.shape[1])
        self._hidden, self._cell, self._new_hidden, self._new_cell = states.unbind()

    def at(self, column: int, group: int, gates: Tensor) -> Tensor:
        units = self._units[group]
        hidden, cell = lstm(gates, self._cell[column][:, units])
        self._new_hidden[column][:, units], self._new_cell[column][:, units] = hidden, cell
        return hidden

    def end_row(self) -> Tensor:
        self._hidden, self._new_hidden = self._new_hidden, self._hidden
        self._cell, self._new_cell = self._new_cell, self._cell
        return conv1d(self._hidden.permute(1, 2, 0), self._weight, padding=1)


class KeptDiagonal:
    """Of a :class:`DiagonalBiLSTM`: pixel by pixel from the left; from the right once a row is finished, for the next.

    Args:
        units: which units belong to each group. rows: which gates.
    """

    def __init__(
        self, layer: DiagonalBiLSTM, units: list[slice], rows: list[list[int]], count: int, columns: int
    ) -> None:
        weight = layer.state.weight.detach()
        both = torch.cat([weight[..., 0], weight[..., 1]], 1).t()  # (above, before)×gates
        self._left, self._right = (half.contiguous() for half in both.chunk(2, 1))
        left = [[r for r in of if r < both.shape[1] // 2] for of in rows]
        self._left_of = [self._left[:, of].contiguous() for of in left]
        self._units = units
        self._rows = [torch.tensor(of, device=weight.device) for of in rows]
        # Column −1, the last one, stays as it began: nothing is there.
        zero = weight.new_zeros(columns + 1, count, weight.shape[1])
        self._above = zero.clone(), zero.clone()
        self._hidden, self._cell = zero.clone(), zero.clone()
        self._down = zero.clone()
        self._gates = weight.new_zeros(columns, count, both.shape[1])

    def at(self, column: int, group: int, gates: Tensor) -> Tensor:
        units = self._units[group]
        left, _ = gates.chunk(2, 1)
        self._gates[column][:, self._rows[group]] = gates
        known = torch.cat([self._above[0][column], self._hidden[column - 1]], 1)
        hidden, cell = lstm(torch.addmm(left, known, self._left_of[group]), self._cell[column - 1][:, units])
        self._hidden[column][:, units], self._cell[column][:, units] = hidden, cell
        return hidden + self._down[column][:, units]

    def end_row(self) -> None:
        right = self._gates.chunk(2, 2)[1]
        hidden = cell = self._down[-1]
        for column in reversed(range(len(right))):
            known = torch.cat([self._above[1][column], hidden], 1)
            hidden, cell = lstm(torch.addmm(right[column], known, self._right), cell)
            self._down[column] = hidden
        self._above = self._hidden.clone(), self._down.clone()


class ResidualSteps:
    """Of a :class:`~studio.nn.pixel_rnn.Residual`, used as :class:`~studio.nn.pixel_steps.Steps` is.

    Args:
        count: B. columns: of the images.
        told: the map that is told, B×told×H×W.
    """

    def __init__(self, layer: Residual, count: int, columns: int, told: Tensor | None = None) -> None:
        self._into, self._out = (Steps(conv, count, columns) for conv in (layer.into, layer.out))
        groups, width = layer.into.channel_groups, layer.out.in_channels
        of = groups_of(width, groups)
        units = [slice(of.index(g), of.index(g) + of.count(g)) for g in range(groups)]
        self._kept: Kept
        if isinstance(layer.lstm, RowLSTM):
            self._kept = KeptRow(layer.lstm, units, count, columns)
        else:
            self._kept = KeptDiagonal(layer.lstm, units, self._into.rows_of, count, columns)
        besides = layer.besides(told)
        self._besides = None if besides is None else besides.detach().unbind(2)
        self._row = 0
        self._add(None)

    def through(self, column: int, group: int, x: Tensor) -> Tensor:
        gates = self._into.through(column, group, x)
        return x + self._out.through(column, group, self._kept.at(column, group, gates))

    def end_row(self) -> None:
        self._row += 1
        self._add(self._kept.end_row())

    def _add(self, row: Tensor | None) -> None:
        told = None if self._besides is None else self._besides[self._row]
        self._into.add(told if row is None else row if told is None else row + told)
