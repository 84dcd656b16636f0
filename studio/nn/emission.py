"""What a decoder says of an example: a distribution of each of its values, independent of the others given the latent.

A network says ``outputs`` numbers for each value, N×outputs×shape; these turn them into log p(x|z) in nats, in float32,
and into the mean of p(x|z).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import softplus

from studio.nn import logistic

Spread = Literal["fixed", "learned", "predicted"]
"""How wide a distribution is: as given; one number for all values, which is learned; what the network says of each."""


class Emission(nn.Module):
    """Distributions of values in −1..1."""

    outputs = 1
    noisy = False
    """Whether its log-probability leaves something to chance, besides the latent."""

    def log_probability(self, x: Tensor, said: Tensor, generator: Generator | None = None) -> Tensor:
        """log p(x|z) in nats, N: summed over the values of x, N×shape, given what the network says, N×outputs×shape."""
        raise NotImplementedError

    def mean(self, said: Tensor) -> Tensor:
        """E[x|z], N×shape."""
        raise NotImplementedError


class Bits(Emission):
    """Bernoulli: the probability that a value is 1, the other being −1. Of values between, x is read as the share of
    1: then this is a cross-entropy and no log-probability of anything."""

    def log_probability(self, x: Tensor, said: Tensor, generator: Generator | None = None) -> Tensor:
        logits = said[:, 0].float()
        return ((x + 1) / 2 * logits - softplus(logits)).flatten(1).sum(1)

    def mean(self, said: Tensor) -> Tensor:
        return (said[:, 0].float() / 2).tanh()


class _Spreading(Emission):
    """Has a width. ``start``: what it is, or begins with; ``floor``: what a learned one stays above."""

    def __init__(self, spread: Spread, start: float, floor: float) -> None:
        super().__init__()
        self.spread, self.start, self.floor = spread, start, floor
        self.outputs = 2 if spread == "predicted" else 1
        self.log_extra = nn.Parameter(torch.tensor(self._begin)) if spread == "learned" else None

    @property
    def _begin(self) -> float:
        return math.log(max(self.start - self.floor, 1e-3 * self.start))

    def width(self, said: Tensor) -> Tensor:
        """Float32, a number or N×shape: the floor and a positive number more, so that it can always widen again."""
        if self.log_extra is not None:
            return self.floor + self.log_extra.float().exp()
        if self.spread == "fixed":
            return torch.tensor(self.start, device=said.device)
        return self.floor + (said[:, 1].float() + self._begin).clamp(max=8).exp()


class Gaussian(_Spreading):
    """N(m, σ²) of each value. Of images m is held in −1..1 by tanh, and the density is of grey levels on 0..256, each
    with a uniform number added (dequantisation): its mean over that number bounds the log-probability of the levels
    from below, as it does of flows. Of points it is in data units."""

    def __init__(self, spread: Spread, start: float, floor: float, *, images: bool) -> None:
        super().__init__(spread, start, floor)
        self.noisy = images

    def log_probability(self, x: Tensor, said: Tensor, generator: Generator | None = None) -> Tensor:
        x = x.float()
        shift = 0.0
        if self.noisy:
            within = torch.rand(x.shape, generator=generator, device=x.device)
            x = (((x + 1) * 127.5).round() + within) / 128 - 1
            shift = math.log(128)
        width = self.width(said)
        off = (x - self.mean(said)) / width
        each = -off.square() / 2 - width.log() - math.log(2 * math.pi) / 2 - shift
        return each.flatten(1).sum(1)

    def mean(self, said: Tensor) -> Tensor:
        mean = said[:, 0].float()
        return mean.tanh() if self.noisy else mean


class Logistic(_Spreading):
    """The discretised logistic over 256 grey levels: a probability, and nothing is left to chance."""

    def log_probability(self, x: Tensor, said: Tensor, generator: Generator | None = None) -> Tensor:
        return logistic.log_probability(x, said[:, 0], self.width(said).log()).flatten(1).sum(1)

    def mean(self, said: Tensor) -> Tensor:
        return logistic.clipped_mean(said[:, 0], self.width(said).log())
