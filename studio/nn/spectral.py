"""Spectral normalisation: a layer whose weights are divided by an estimate of their largest singular value.

Miyato et al. 2018, arXiv:1802.05957, algorithm 1. A convolution's kernel is taken as the matrix out×(in·k·k), as in the
paper, section 2.2. Dense layers so normalised have slope 1 at most; a convolution may have more, since patches overlap:
at most ⌈k/stride⌉ times as much.

Why not torch's own parametrisation: it takes a step of the power iteration each time that the weight is read, in
every forward pass of a network in training mode and in the arithmetic of that pass. Here a step is taken
when, and only when, these weights are about to move, and always in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import normalize


class Spectral(nn.Module):
    """``layer`` (dense or convolution) with weights W/σ̂(W); its bias stays as it is.

    ``u`` estimates the first left singular vector. It is a buffer: a resumed training goes on with it.
    """

    u: Tensor

    def __init__(self, layer: nn.Linear | nn.Conv2d) -> None:
        super().__init__()
        self.layer = layer
        self.register_buffer("u", normalize(torch.randn(len(layer.weight), device=layer.weight.device), dim=0))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.layer.weight
        y: Tensor = functional_call(self.layer, {"weight": weight / self.sigma()}, (x,))
        return y

    def sigma(self) -> Tensor:
        """σ̂ = uᵀ W v after one more step of the power iteration, at most the true σ; differentiable in W, while u and v
        are taken as constant (equation 11). The step is kept when the weights are being moved."""
        weight = self.layer.weight
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            with torch.no_grad():
                v = normalize(matrix.t() @ self.u, dim=0)
                u = normalize(matrix @ v, dim=0)
            if self.training and torch.is_grad_enabled() and weight.requires_grad:
                self.u.copy_(u)
            return torch.dot(u, matrix @ v)
