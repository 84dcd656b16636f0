"""A latent-variable model whose posterior, bound and likelihood are known: z ~ N(0, I), x given z ~ N(Wz + b, s²I)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from studio.data.dataset import DataSpec
from studio.models.core.latents import Prior
from studio.models.core.model import Inferred, Loss, Model, Optimiser, Update
from studio.models.core.recipe import Recipe

S2 = 0.25


class LinearGaussian(Model):
    """``off`` is added to the posterior's mean: 0 for the exact one. The columns of W stand upright on each other, so
    that the posterior's dimensions are independent; the last one is 0: a latent that says nothing. It sees examples
    as they are, or as bits."""

    title = "linear"
    recipe_type = Recipe
    off = 0.0
    bits = False

    def build(self, data: DataSpec) -> None:
        values, size = math.prod(data.shape), 3
        basis = torch.linalg.qr(torch.randn(values, size, generator=Generator().manual_seed(0)))[0]
        self.w = torch.nn.Parameter(basis * torch.tensor([1.5, 1.0, 0.0]))
        self.b = torch.nn.Parameter(torch.full((values,), 0.1))

    def updates(self) -> Sequence[Update]:
        return [Update("none", self, lambda batch: Loss(self.b.sum()), Optimiser("adam", 1e-3))]

    @property
    def prior(self) -> Prior:
        return Prior.of("normal", 3)

    def decode(self, z: Tensor) -> Tensor:
        return (z @ self.w.T + self.b).view(-1, *self.data.shape)

    def held(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        if not self.bits:
            return x
        return torch.where(torch.rand(x.shape, generator=generator) < (x + 1) / 2, 1.0, -1.0)

    @property
    def spread(self) -> Tensor:
        """Variance of the posterior, d."""
        return 1 / (1 + self.w.square().sum(0) / S2)

    def encode(self, x: Tensor) -> Tensor:
        return self.spread * ((x.flatten(1) - self.b) @ self.w) / S2 + self.off

    def infer(self, x: Tensor, samples: int = 1, generator: Generator | None = None) -> Inferred:
        mean, variance = self.encode(x), self.spread
        noise = torch.randn((samples, *mean.shape), generator=generator)
        z = mean + variance.sqrt() * noise
        made = z @ self.w.T + self.b
        given = normal(x.flatten(1), made, torch.tensor(S2)).sum(-1)
        prior, posterior = normal(z, torch.zeros(()), torch.ones(())), normal(z, mean, variance)
        kl = (variance + mean.square() - 1 - variance.log()) / 2
        return Inferred(mean, z, given, kl, given + (prior - posterior).sum(-1))

    def log_evidence(self, x: Tensor) -> Tensor:
        """log p(x), exactly."""
        flat = x.flatten(1)
        covariance = self.w @ self.w.T + S2 * torch.eye(flat.shape[1])
        found: Tensor = torch.distributions.MultivariateNormal(self.b, covariance).log_prob(flat)  # type: ignore[no-untyped-call]
        return found


def normal(x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    return -((x - mean).square() / variance + variance.log() + math.log(2 * math.pi)) / 2


def built(data: DataSpec, **changed: Any) -> LinearGaussian:
    made = LinearGaussian(Recipe(), data).eval()
    for name, value in changed.items():
        setattr(made, name, value)
    return made
