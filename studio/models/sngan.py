"""Spectral-norm GAN with the hinge loss. Miyato et al. 2018, arXiv:1802.05957.

Each layer of the discriminator D is divided by its largest singular value, so D cannot rise steeply anywhere, and the
generator gets a gradient wherever its samples are. The loss is the hinge of Lim & Ye 2017, arXiv:1705.02894, which the
paper's image experiments and later BigGAN take: real examples want to score above 1, made ones below −1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import (
    SMALL,
    TINY,
    GameRecipe,
    image_problems,
    pixels,
    reaching,
    training_problems,
)
from studio.models.core.model import Batch, Level, Loss, Model, Optimiser, Paper, Prior, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.dense import Dense
from studio.nn.pyramid import KERNEL, Upward, sizes, widths
from studio.nn.spectral import Spectral
from studio.nn.strided import Conv

LEAK = 0.1


@recipe
class SNGANRecipe(GameRecipe):
    """Defaults of the paper's experiments with the hinge loss."""

    latent: Annotated[int, Field("numbers that a sample is made from", 1, 1024, "dimensions", term="latent")] = 128
    generator_rate: float = 2e-4
    beta1: float = 0.0
    beta2: float = 0.9
    discriminator_steps: Annotated[
        int,
        Field(
            "moves of the discriminator for each of the generator",
            1,
            100,
            "moves",
            essential=True,
            term="discriminator",
        ),
    ] = 5


def discriminator(data: DataSpec, width: int) -> nn.Sequential:
    """The paper's table 3: convolutions of stride 1, which double the channels, and of stride 2 by turns, one more, and
    a dense layer. Ours are 3×3 and 5×5 (the paper's 3×3 and 4×4), so that any size will do. Points: dense layers."""
    if data.kind == "points":
        layers: list[nn.Module] = []
        for into in (2, width, width):
            layers += [Spectral(nn.Linear(into, width)), nn.LeakyReLU(LEAK)]
        return nn.Sequential(*layers, Spectral(nn.Linear(width, 1)), nn.Flatten(0))
    levels = sizes(data.size)
    wide = widths(width, len(levels))
    layers = []
    for into, out in zip((data.channels, *wide), wide, strict=False):
        if layers:
            layers += [Spectral(Conv(into, into, KERNEL, bias=True)), nn.LeakyReLU(LEAK)]
        layers += [Spectral(nn.Conv2d(into, out, 3, padding=1)), nn.LeakyReLU(LEAK)]
    flat = wide[-1] * levels[-1][0] * levels[-1][1]
    return nn.Sequential(*layers, nn.Flatten(), Spectral(nn.Linear(flat, 1)), nn.Flatten(0))


class SNGAN(Model):
    """See the top of this file."""

    title = "SN-GAN"
    paper = Paper(
        "Miyato, Kataoka, Koyama, Yoshida",
        2018,
        "Spectral Normalization for Generative Adversarial Networks",
        "1802.05957",
    )
    about = "A GAN kept in balance by its discriminator's layers: each is divided by its largest singular value."
    recipe_type = SNGANRecipe
    recipe: SNGANRecipe
    levels = (
        Level("score", "margin of real examples", 1.0, "hinge"),
        Level("score", "margin of made examples", -1.0, "hinge"),
        Level("total variation", "most possible", 1.0, "total-variation"),
    )

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.generator: nn.Module
        if data.kind == "points":
            self.generator = Dense(r.latent, r.width, r.width, r.width, 2)
        else:
            self.generator = Upward(r.latent, data.channels, data.size, r.width, "batch")
        self.discriminator = discriminator(data, r.width)

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        return [
            Update(
                "discriminator",
                self.discriminator,
                self.discriminator_loss,
                Optimiser("adam", r.discriminator_rate, r.beta1, r.beta2),
                times=r.discriminator_steps,
            ),
            Update(
                "generator",
                self.generator,
                self.generator_loss,
                Optimiser("adam", r.generator_rate, r.beta1, r.beta2),
                averaged=True,
            ),
        ]

    def discriminator_loss(self, batch: Batch) -> Loss:
        """E max(0, 1 − D(x)) + E max(0, 1 + D(G(z))). Nothing in D depends on the batch, so real and made examples go
        through together: one step of the power iteration for each move, as in algorithm 1.

        For any D this is at least 2 (1 − TV), TV the total variation between data and samples, with equality for the
        best: so 1 − loss/2 is the part of the two distributions that this D can tell apart."""
        with torch.no_grad():
            fake = self.generator(self.noise(batch.x))
        on_real, on_fake = self.scores(torch.cat([batch.x, fake.to(batch.x.dtype)])).tensor_split([len(batch.x)])
        value = relu(1 - on_real).mean() + relu(1 + on_fake).mean()
        return Loss(
            value,
            shows={
                "score/D(x)": on_real.detach().mean(),
                "score/D(G(z))": on_fake.detach().mean(),
                "total variation/that D implies, at least": 1 - value.detach() / 2,
            },
        )

    def generator_loss(self, batch: Batch) -> Loss:
        """−E D(G(z))."""
        fake = self.generator(self.noise(batch.x))
        return Loss(-self.scores(fake).mean(), spreads=reaching(fake))

    def scores(self, x: Tensor) -> Tensor:
        return self.discriminator(x).float()  # type: ignore[no-any-return]

    def noise(self, like: Tensor) -> Tensor:
        return sample(self.prior, len(like), like.device)

    # --- capabilities. It does not criticise: the hinge asks for margins, not for the widest gap.

    @property
    def prior(self) -> Prior:
        return Prior.of("normal", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.generator(z)  # type: ignore[no-any-return]

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        found = [] if data.kind == "points" else image_problems(cls.title, data)
        return found + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind == "points":
            return {"latent": 2, "width": 128, "batch": 256, "steps": 5000}
        # The paper's setting C with one move each, and narrower: what two processor cores train in minutes.
        quick: dict[str, Value] = {"beta1": 0.5, "beta2": 0.999, "discriminator_steps": 1}
        if pixels(data) <= TINY:
            return quick | {"width": 32, "steps": 4000}
        if pixels(data) <= SMALL:
            return quick | {"width": 16, "steps": 8000}
        return quick | {"steps": 50_000}
