"""Autoregressive steps: each value is moved and scaled by what the values before it say. Kingma et al. 2016, Improving
Variational Inference with Inverse Autoregressive Flow, arXiv:1606.04934, equations 10 to 14.

    [m, s] = AR(z, h),   σ = sigmoid(s),   z' = σ ⊙ z + (1 − σ) ⊙ m,   log|det ∂z'/∂z| = Σ log σ

m and s of a value depend on those before it, so the Jacobian is triangular. This direction takes one pass of the
network for all values; the other takes one for each. Where h is given (by an encoder) the step is another one for every
example. The order of the values is turned round between steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from studio.nn.flows.base import Bijection
from studio.nn.made import MADE

OPEN = 1.5
"""What s begins near: σ = 0.82, so that a step keeps most of what it is given (section 4: 1 to 2)."""


class Autoregressive(Bijection):
    """One step of …×D.

    Args:
        hidden: units of each hidden layer of the network.
        context: numbers h that the network is given besides, …×context; 0: none.
    """

    def __init__(self, size: int, hidden: Sequence[int], context: int = 0) -> None:
        super().__init__()
        self.network = MADE(size, hidden, 2, context)
        with torch.no_grad():
            self.network.last.bias[size:].fill_(OPEN)

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        m, s = self.read(x, context)
        gate = torch.sigmoid(s)
        return gate * x + (1 - gate) * m, logsigmoid(s).sum(-1)

    def inverse(self, y: Tensor, context: Tensor | None = None) -> Tensor:
        """One value after the other, each by one pass."""
        x = torch.zeros_like(y)
        for i in range(y.shape[-1]):
            m, s = self.read(x, context)
            # (y − (1 − σ) m) / σ = y + (y − m) exp(−s), as 1/σ = 1 + exp(−s): nothing is divided by what may be small
            found = y[..., i] + (y[..., i] - m[..., i]) * torch.exp(-s[..., i])
            x = torch.cat([x[..., :i], found[..., None], x[..., i + 1 :]], dim=-1)
        return x

    def read(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """m and s, …×D each; a network may be rounded, what is done with them must not be."""
        m, s = self.network(x, context).to(x.dtype).unbind(-2)
        return m, s


class Autoregressions(Bijection):
    """K such steps, the order turned round between them. With no step nothing is done."""

    def __init__(self, size: int, length: int, hidden: Sequence[int], context: int = 0) -> None:
        super().__init__()
        self.steps = nn.ModuleList(Autoregressive(size, hidden, context) for _ in range(length))

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        total = x.new_zeros(x.shape[:-1])
        for number, step in enumerate(self.steps):
            x, log_det = step(x.flip(-1) if number else x, context)
            total = total + log_det
        return x, total

    def inverse(self, y: Tensor, context: Tensor | None = None) -> Tensor:
        for number in range(len(self.steps) - 1, -1, -1):
            y = self.steps[number].inverse(y, context)  # type: ignore[operator]
            if number:
                y = y.flip(-1)
        return y
