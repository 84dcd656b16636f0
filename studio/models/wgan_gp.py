"""Wasserstein GAN with gradient penalty. Gulrajani et al. 2017, arXiv:1704.00028, algorithm 1.

The critic f is held near slope 1 between real and made examples, so that E f(x) − E f(G(z)) estimates the
Wasserstein-1 distance between the two; the generator descends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import (
    SMALL,
    TINY,
    AdamRecipe,
    CriticRecipe,
    image_problems,
    pixels,
    reaching,
    training_problems,
)
from studio.models.core.model import Batch, Level, Loss, Model, Optimiser, Paper, Prior, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.dense import Dense
from studio.nn.pyramid import Downward, Upward
from studio.nn.slopes import between, gradient_norms


@recipe
class WGANGPRecipe(CriticRecipe, AdamRecipe):
    """Defaults of the paper's image experiments."""

    beta2: float = 0.9
    penalty: Annotated[
        float, Field("weight λ of the gradient penalty", 0, 1000, essential=True, scale="log", term="gradient penalty")
    ] = 10.0
    norm: Annotated[
        Literal["batch", "none"],
        Field("normalisation in the generator of images; the critic must have none", term="batch normalisation"),
    ] = "batch"


class WGANGP(Model):
    """See the top of this file."""

    title = "WGAN-GP"
    paper = Paper(
        "Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville", 2017, "Improved Training of Wasserstein GANs", "1704.00028"
    )
    about = "Steady adversarial training; the critic's loss estimates the Wasserstein distance to the data."
    steady = True
    recipe_type = WGANGPRecipe
    recipe: WGANGPRecipe
    levels = (Level("gradient norm", "slope of a 1-Lipschitz critic", 1.0, "lipschitz"),)
    critic_unit = "Wasserstein-1 (critic estimate)"

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.generator: nn.Module
        self.critic: nn.Module
        if data.kind == "points":
            self.generator = Dense(r.latent, r.width, r.width, r.width, 2)
            self.critic = Dense(2, r.width, r.width, r.width, 1)
        else:
            self.generator = Upward(r.latent, data.channels, data.size, r.width, r.norm)
            self.critic = Downward(data.channels, data.size, r.width, "none")

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        return [
            Update(
                "critic",
                self.critic,
                self.critic_loss,
                Optimiser("adam", r.critic_rate, r.beta1, r.beta2),
                times=r.critic_steps,
            ),
            Update(
                "generator",
                self.generator,
                self.generator_loss,
                Optimiser("adam", r.generator_rate, r.beta1, r.beta2),
                averaged=True,
            ),
        ]

    def critic_loss(self, batch: Batch) -> Loss:
        """E f(G(z)) − E f(x) + λ E (‖∇f(x̂)‖ − 1)², x̂ on the line between the two, each with an ε of its own."""
        real = self.dequantised(batch.x)
        with torch.no_grad():
            fake = self.generator(self.noise(real))
        gap = self.critic(real).mean() - self.critic(fake).mean()
        slopes = gradient_norms(self.critic, between(real, fake.to(real.dtype)))
        penalty = self.recipe.penalty * (slopes - 1).square().mean()
        return Loss(
            penalty - gap,
            shows={"wasserstein/critic estimate": gap.detach(), "gradient norm/critic": slopes.detach().mean()},
            spreads={"gradient norm/critic, between real and made": slopes.detach()},
        )

    def generator_loss(self, batch: Batch) -> Loss:
        fake = self.generator(self.noise(batch.x))
        return Loss(-self.critic(fake).mean(), spreads=reaching(fake))

    def dequantised(self, x: Tensor) -> Tensor:
        """Pixels on a grid of 256 values get U(0, 1/128) on top, as in the authors' code; points are left alone."""
        return x + torch.rand_like(x) / 128 if self.data.kind == "images" else x

    def noise(self, like: Tensor) -> Tensor:
        return sample(self.prior, len(like), like.device)

    # --- capabilities

    @property
    def prior(self) -> Prior:
        return Prior.of("normal", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.generator(z)  # type: ignore[no-any-return]

    def criticise(self, x: Tensor) -> Tensor:
        return self.critic(x)  # type: ignore[no-any-return]

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        found = [] if data.kind == "points" else image_problems(cls.title, data)
        return found + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind == "points":
            # the authors' toy experiments
            return {"latent": 2, "width": 512, "penalty": 0.1, "batch": 256, "steps": 5000}
        # Narrower than the paper's and faster: measured on two processor cores, against the same data held out.
        if pixels(data) <= TINY:
            return {"width": 32, "generator_rate": 5e-4, "critic_rate": 5e-4, "steps": 4000}
        if pixels(data) <= SMALL:
            return {"width": 32, "batch": 32, "generator_rate": 4e-4, "critic_rate": 4e-4, "steps": 10_000}
        return {"batch": 32, "generator_rate": 2e-4, "critic_rate": 2e-4, "steps": 30_000}
