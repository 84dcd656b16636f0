"""What NICE has behind its couplings (Dinh et al. 2015, arXiv:1410.8516, sections 3.3 and 3.4): a scale for each
dimension, the only step that changes its volume, and a logistic prior.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from studio.nn.flows.actnorm import ActNorm
from studio.nn.flows.base import Bijection


class Scaling(Bijection):
    """A scale and a bias for each value of an example, which the first training batch sets so that each comes out with
    mean 0 and standard deviation 1, and which are learned from then on; the log-det is Σ log scale.

    The paper has no bias, which the couplings' networks give as well, and begins with scales of 1: those of values that
    hardly vary have to rise a hundredfold, by some thousands of steps.

    Args:
        shape: of an example.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.values = ActNorm(math.prod(shape))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y, log_det = self.values(x.flatten(1))
        return y.view_as(x), log_det

    def inverse(self, y: Tensor) -> Tensor:
        return self.values.inverse(y.flatten(1)).view_as(y)


class FromLogistic(Bijection):
    """Standard logistic values to standard normal ones, z = Φ⁻¹(σ(x)): before a normal prior it makes a logistic one,
    log p(x) = log σ(x) + log σ(−x)."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a = tail_at(logsigmoid(-x.abs()))
        z = torch.where(x < 0, -a, a)
        log_det = logsigmoid(x) + logsigmoid(-x) + z.square() / 2 + math.log(2 * math.pi) / 2
        return z, log_det.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> Tensor:
        tail = log_tail(y.abs())
        x = torch.log1p(-torch.exp(tail)) - tail
        return torch.where(y < 0, -x, x)


def log_tail(a: Tensor) -> Tensor:
    """log Φ(−a) of a ≥ 0, by arithmetic that an ONNX file has too: there erfc is 1 − erf, which far out is nothing.

    Beyond 2 it is Laplace's continued fraction for Mills' ratio, Φ(−a) = φ(a) / (a + 1/(a + 2/(a + 3/(a + …)))), of as
    many terms as float64 can tell apart.
    """
    near, far = a.clamp(max=2), a.clamp(min=2)
    fraction = far
    for k in range(60, 0, -1):
        fraction = far + k / fraction
    beyond = -far.square() / 2 - math.log(2 * math.pi) / 2 - torch.log(fraction)
    return torch.where(a < 2, torch.log((1 - torch.erf(near / math.sqrt(2))) / 2), beyond)


def tail_at(target: Tensor) -> Tensor:
    """The a ≥ 0 with log Φ(−a) = ``target``, which is −log 2 at most. Also where Φ(−a) itself is below what a float
    holds: a value that hardly varies in training can lie hundreds of deviations out elsewhere, and has to come back."""
    with torch.no_grad():
        tail = torch.exp(target).clamp(min=torch.finfo(target.dtype).tiny)
        a = torch.where(target < -60, torch.sqrt(-2 * target), -torch.special.ndtri(tail)).clamp(min=0)
        for _ in range(4):  # of Newton's method
            a = a + (log_tail(a) - target) / _hazard(a)
        known, slope = log_tail(a), _hazard(a)
    return a + (known - target) / slope


def _hazard(a: Tensor) -> Tensor:
    """φ(a) / Φ(−a), the slope of −log Φ(−a); beyond 60 it is a, as far as float64 can tell after a few steps."""
    return torch.where(
        a > 60, a, torch.exp(-a.clamp(max=60).square() / 2 - log_tail(a.clamp(max=60))) / math.sqrt(2 * math.pi)
    )
