"""Dense networks."""

from __future__ import annotations

import itertools
from typing import Literal

from torch import Tensor, nn

Norm = Literal["batch", "none"]


class Dense(nn.Module):
    """Linear layers with ReLU between them: B×widths[0] to B×widths[-1], or to B when the last width is 1.
    ``norm`` before each ReLU.

    Weights start as He et al. 2015 (arXiv:1502.01852) has it: N(0, 2/inputs) before a ReLU, N(0, 1/inputs) at the
    end; biases at 0.
    """

    def __init__(self, *widths: int, norm: Norm = "none") -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for into, out in itertools.pairwise(widths[:-1]):
            normed = [nn.BatchNorm1d(out)] if norm == "batch" else []
            layers += [nn.Linear(into, out), *normed, nn.ReLU(inplace=True)]
        last = nn.Linear(widths[-2], widths[-1])
        self.layers = nn.Sequential(*layers, last)
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        for layer in linear:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear" if layer is last else "relu")
            nn.init.zeros_(layer.bias)
        self.scalar = widths[-1] == 1

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return y.squeeze(1) if self.scalar else y

    @property
    def last(self) -> nn.Linear:
        return self.layers[-1]  # type: ignore[return-value]
