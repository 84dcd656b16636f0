"""What NICE has behind its couplings (Dinh et al. 2015, arXiv:1410.8516, sections 3.3 and 3.4): a scale for each
dimension, the only step that changes its volume, and a logistic prior.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from studio.nn.flows.base import Bijection


class Scaling(Bijection):
    """y = x · exp s with a learned s for each value of an example; its log-det is Σ s.

    Args:
        shape: of an example.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x * torch.exp(self.log_scale), self.log_scale.sum().expand(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return y * torch.exp(-self.log_scale)


class FromLogistic(Bijection):
    """Standard logistic values to standard normal ones, z = Φ⁻¹(σ(x)): before a normal prior it makes a logistic one,
    log p(x) = log σ(x) + log σ(−x)."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        tail = torch.sigmoid(-x.abs()).clamp(min=torch.finfo(x.dtype).tiny)  # exact far out, where 1 − tail is 1
        z = torch.special.ndtri(tail)
        z = torch.where(x < 0, z, -z)
        log_det = logsigmoid(x) + logsigmoid(-x) + z.square() / 2 + math.log(2 * math.pi) / 2
        return z, log_det.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> Tensor:
        log_tail = torch.special.log_ndtr(-y.abs())
        x = torch.log1p(-torch.exp(log_tail)) - log_tail
        return torch.where(y < 0, -x, x)
