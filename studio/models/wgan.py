"""Wasserstein GAN. Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1.

The critic f climbs E f(x) − E f(G(z)); after each of its moves every weight is clipped to −c..c, so its slope has some
bound K, and at its best the gap is K times the Wasserstein-1 distance. The generator descends it. Nobody knows K: the
gap tells whether samples get better, not how far they are from the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import (
    SMALL,
    TINY,
    CriticRecipe,
    image_problems,
    pixels,
    reaching,
    training_problems,
)
from studio.models.core.model import Batch, Gauge, Level, Loss, Model, Optimiser, Paper, Prior, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.dense import Dense
from studio.nn.pyramid import Downward, Upward
from studio.nn.starts import normal_start


@recipe
class WGANRecipe(CriticRecipe):
    """Defaults of algorithm 1 and of the paper's image experiments."""

    latent: Annotated[int, Field("numbers that a sample is made from", 1, 1024, "dimensions", term="latent")] = 100
    generator_rate: float = 5e-5
    critic_rate: float = 5e-5
    critic_steps: Annotated[
        int, Field("moves of the critic for each of the generator", 1, 100, "moves", term="critic")
    ] = 5
    clip: Annotated[
        float, Field("bound c of every weight of the critic", 1e-5, 10, essential=True, scale="log", term="clipping")
    ] = 0.01
    thorough: Annotated[
        bool,
        Field(
            "100 moves of the critic for each of the generator's first 25 and every 500th, as in the authors' code",
            term="critic",
        ),
    ] = False


class WGAN(Model):
    """See the top of this file."""

    title = "WGAN"
    paper = Paper("Arjovsky, Chintala, Bottou", 2017, "Wasserstein Generative Adversarial Networks", "1701.07875")
    about = "The first GAN whose loss falls as the samples get better: slow, and its critic stays simple."
    recipe_type = WGANRecipe
    recipe: WGANRecipe
    levels = (Level("critic gap", "made and real alike to the critic", 0.0, "wasserstein-critic"),)
    gauges = (Gauge("clip/share of weights at the clip", "weights at the clip", good=(0.0, 0.8)),)
    critic_unit = "K·W₁ (critic estimate, K unknown)"

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.generator: nn.Module
        self.critic: nn.Module
        if data.kind == "points":
            self.generator = Dense(r.latent, r.width, r.width, r.width, 2)
            self.critic = Dense(2, r.width, r.width, r.width, 1)
        else:
            self.generator = Upward(r.latent, data.channels, data.size, r.width, "batch")
            self.critic = Downward(data.channels, data.size, r.width, "batch")
            self.apply(normal_start)

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        return [
            Update(
                "critic",
                self.critic,
                self.critic_loss,
                Optimiser("rmsprop", r.critic_rate),
                times=self.critic_moves,
                after=self.clip,
            ),
            Update(
                "generator",
                self.generator,
                self.generator_loss,
                Optimiser("rmsprop", r.generator_rate),
                averaged=True,
            ),
        ]

    def critic_moves(self, cycle: int) -> int:
        thorough = self.recipe.thorough and (cycle < 25 or cycle % 500 == 0)
        return 100 if thorough else self.recipe.critic_steps

    def critic_loss(self, batch: Batch) -> Loss:
        """E f(G(z)) − E f(x). Real and made examples go through apart: the critic normalises by batch."""
        with torch.no_grad():
            fake = self.generator(self.noise(batch.x))
        gap = self.critic(batch.x).mean() - self.critic(fake).mean()
        return Loss(
            -gap,
            shows={
                f"critic gap/{self.critic_unit}": gap.detach(),
                "clip/share of weights at the clip": self.at_the_clip(),
            },
        )

    def clip(self) -> None:
        """w ← clip(w, −c, c), for every parameter of the critic: those of its normalisation too."""
        for weight in self.critic.parameters():
            weight.clamp_(-self.recipe.clip, self.recipe.clip)

    def generator_loss(self, batch: Batch) -> Loss:
        """−E f(G(z))."""
        fake = self.generator(self.noise(batch.x))
        return Loss(-self.critic(fake).mean(), spreads=reaching(fake))

    @torch.no_grad()
    def at_the_clip(self) -> Tensor:
        """The share of the critic's weights that its last move left at −c or c, 0..1. Near 1, it can hardly be less
        simple than a sum of its inputs (Gulrajani et al. 2017, section 3)."""
        weights = torch.cat([weight.flatten() for weight in self.critic.parameters()])
        return (weights.abs() == self.recipe.clip).float().mean()

    def noise(self, like: Tensor) -> Tensor:
        return sample(self.prior, len(like), like.device)

    # --- capabilities

    @property
    def prior(self) -> Prior:
        return Prior.of("normal", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.generator(z)  # type: ignore[no-any-return]

    def criticise(self, x: Tensor) -> Tensor:
        """By the statistics of all batches so far, real and made: then f is a function of one example. While it trains,
        each batch is normalised by its own, so its gap there is another number."""
        return self.critic(x)  # type: ignore[no-any-return]

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        found = [] if data.kind == "points" else image_problems(cls.title, data)
        return found + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind == "points":
            return {"latent": 2, "width": 128, "steps": 10_000}
        # The algorithm as it is; narrower networks, that two processor cores train in minutes.
        if pixels(data) <= TINY:
            return {"width": 32, "steps": 6000}
        if pixels(data) <= SMALL:
            return {"width": 16, "steps": 6000}
        return {"steps": 50_000}
