"""Batch normalisation as a step of a flow (Dinh et al. 2017, arXiv:1605.08803, section 3.7 and appendix E): running
statistics that the present batch takes part in, and a volume that counts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.nn.flows.actnorm import over, places
from studio.nn.flows.base import Bijection

LEAST = 1e-4
"""Added to each variance, as in the authors' code."""


class BatchNorm(Bijection):
    """y = (x − m) / √(v + ε), channel by channel; its log-det is −½ places · Σ log(v + ε).

    In training m and v are lag · (what they were) + (1 − lag) · (those of this batch), and the gradient flows through
    the batch's part alone; at first, when little has been seen, they are the mean over all batches so far. In
    evaluation, and in the inverse, they are what training has left, the same for every example.

    A batch with a single value per channel has no variance: it is normalised by what was seen before.

    Args:
        channels: of x, B×channels or B×channels×H×W.
        lag: share of the running statistics that stays, 0..1; 0: those of each batch alone.
    """

    mean: Tensor
    variance: Tensor
    seen: Tensor

    def __init__(self, channels: int, lag: float) -> None:
        super().__init__()
        self.lag = lag
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.register_buffer("seen", torch.tensor(0))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, variance = self.statistics(x)
        log_scale = -torch.log(variance + LEAST) / 2
        y = (x - over(mean, x)) * over(torch.exp(log_scale), x)
        return y, (places(x) * log_scale.sum()).expand(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return y * over(torch.sqrt(self.variance + LEAST), y) + over(self.mean, y)

    def inverse_and_log_det(self, y: Tensor) -> tuple[Tensor, Tensor]:
        log_det = places(y) * torch.log(self.variance + LEAST).sum() / 2
        return self.inverse(y), log_det.expand(len(y))

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance that x is normalised by; in training they are kept."""
        if not self.training or len(x) * places(x) == 1:
            return self.mean, self.variance
        places_too = [0, *range(2, x.dim())]
        of_batch, mean_of_batch = torch.var_mean(x, places_too, correction=0)
        share = torch.clamp(1 / (self.seen + 1), min=1 - self.lag).to(x.dtype)
        mean = torch.lerp(self.mean, mean_of_batch, share)
        variance = torch.lerp(self.variance, of_batch, share)
        with torch.no_grad():
            self.mean.copy_(mean)
            self.variance.copy_(variance)
            self.seen.add_(1)
        return mean, variance
