"""Dense layers behind a mask, and MADE: a network whose i-th output sees only the inputs before the i-th. Germain,
Gregor, Murray and Larochelle 2015, arXiv:1502.03509, section 4.

Every unit has a number. That of input i, counted from 1, is i; a hidden unit has one of 0 … D − 1, and is connected to
what has its number or a smaller one; output i is connected to hidden units of smaller numbers alone. So all D outputs
come from one pass, and a unit of number 0, which sees no input, can still carry what is given besides.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


class MaskedLinear(nn.Linear):
    """A linear layer, B×into to B×out, some of whose weights are 0 and stay so.

    Args:
        mask: bool out×into: which weights there are.
    """

    mask: Tensor

    def __init__(self, mask: Tensor, bias: bool = True) -> None:
        out, into = mask.shape
        super().__init__(into, out, bias)
        self.register_buffer("mask", mask.to(torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight * self.mask, self.bias)


class MADE(nn.Module):
    """D values and what is given besides, …×D and …×context, to …×each×D: each output of place i depends on the values
    before i, and on all that is given.

    Weights start as He et al. 2015 (arXiv:1502.01852) has it, for as many inputs as the mask leaves a unit on average;
    those of the last layer are a tenth of that.

    Args:
        size: D.
        hidden: units of each hidden layer; D or more, so that every number is there.
        each: outputs for each place.
        context: numbers that are given besides; 0: none.
    """

    def __init__(self, size: int, hidden: Sequence[int], each: int = 1, context: int = 0) -> None:
        super().__init__()
        self.size, self.each = size, each
        numbers = [list(range(1, size + 1)), *([unit * size // units for unit in range(units)] for units in hidden)]
        masks = [[[a >= b for b in before] for a in behind] for before, behind in itertools.pairwise(numbers)]
        masks.append([[i > b for b in numbers[-1]] for i in range(1, size + 1)] * each)
        self.layers = nn.ModuleList(MaskedLinear(torch.tensor(mask)) for mask in masks)
        # without a bias, which the layers beside them have
        self.given = nn.ModuleList(nn.Linear(context, len(mask), bias=False) for mask in masks if context)
        for layer, mask in zip(self.layers, masks, strict=True):
            _start(layer, sum(map(sum, mask)) / len(mask), last=layer is self.last)
        for layer in self.given:
            _start(layer, context, last=layer is self.given[-1])

    @property
    def last(self) -> MaskedLinear:
        return self.layers[-1]  # type: ignore[return-value]

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        for number, layer in enumerate(self.layers):
            x = layer(x.relu() if number else x)
            if context is not None and len(self.given):
                x = x + self.given[number](context)
        return x.view(*x.shape[:-1], self.each, self.size)


def _start(layer: nn.Module, inputs: float, last: bool) -> None:
    assert isinstance(layer, nn.Linear)
    nn.init.normal_(layer.weight, std=(0.1 if last else 2**0.5) / max(inputs, 1) ** 0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
