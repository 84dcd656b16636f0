"""InfoGAN. Chen et al. 2016, arXiv:1606.03657.

Part of the latent is a code c. Beside the game of G and D, a head Q on D's trunk reads the code back off the picture,
and both players are rewarded by L_I = E log Q(c|x) + H(c) ≤ I(c; G(z, c)): the code must mean something that can be
seen. What it comes to mean nobody says: on MNIST, ten values become the ten digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import (
    BALANCE,
    SMALL,
    TINY,
    GameRecipe,
    game_shows,
    image_problems,
    pixels,
    reaching,
    training_problems,
)
from studio.models.core.codes import code_loss, parse, read_back
from studio.models.core.model import Batch, Loss, Model, Optimiser, Paper, Part, Prior, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.pyramid import Trunk, Upward
from studio.nn.starts import normal_start

BASE = 7
"""Least side of the smallest level: 28-14-7, as in the paper's appendix; its kernels are 4×4, ours 5×5."""


@recipe
class InfoGANRecipe(GameRecipe):
    """Defaults of the paper's MNIST experiment, as in the authors' code."""

    batch: int = 128
    latent: Annotated[
        int, Field("dimensions of the noise z, beside the codes", 0, 1024, "dimensions", term="latent")
    ] = 62
    codes: Annotated[
        str,
        Field(
            "codes beside the noise: a number of values for a categorical one, u for a continuous one in −1..1",
            essential=True,
            term="code",
        ),
    ] = "10, u, u"
    categorical_weight: Annotated[
        float, Field("weight λ of the information about categorical codes", 0, 100, essential=True, term="information")
    ] = 1.0
    continuous_weight: Annotated[
        float, Field("weight λ of the information about continuous codes", 0, 100, essential=True, term="information")
    ] = 1.0
    dense: Annotated[
        int, Field("units of the dense layer in both players", 0, 4096, "units; 0: none", scale="linear")
    ] = 1024
    head: Annotated[int, Field("units of the layer of Q above the trunk", 1, 2048, "units", scale="log")] = 128
    generator_rate: float = 1e-3
    discriminator_rate: Annotated[
        float,
        Field(
            "learning rate of the discriminator and of Q",
            1e-7,
            1,
            essential=True,
            group="Optimiser",
            scale="log",
            term="rate",
        ),
    ] = 2e-4


class Players(nn.Module):
    """D and Q on one trunk: images to a logit each, B, and to the parameters of Q(c|x), B×codes."""

    def __init__(self, data: DataSpec, recipe: InfoGANRecipe, codes: int) -> None:
        super().__init__()
        self.trunk = Trunk(data.channels, data.size, recipe.width, "batch", base=BASE, dense=recipe.dense)
        self.score = nn.Linear(self.trunk.out, 1)
        self.read = nn.Sequential(
            nn.Linear(self.trunk.out, recipe.head, bias=False),
            nn.BatchNorm1d(recipe.head),
            nn.LeakyReLU(0.1),
            nn.Linear(recipe.head, codes),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(x)
        return self.score(features).squeeze(1).float(), self.read(features).float()


class InfoGAN(Model):
    """See the top of this file."""

    title = "InfoGAN"
    paper = Paper(
        "Chen, Duan, Houthooft, Schulman, Sutskever, Abbeel",
        2016,
        "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets",
        "1606.03657",
    )
    about = "A GAN with codes that it gives a meaning to by itself: on digits one code becomes the digit, others slant."
    recipe_type = InfoGANRecipe
    recipe: InfoGANRecipe
    levels = BALANCE

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.codes = parse(r.codes)
        sizes = sum(part.size for part in self.codes)
        self.generator = Upward(self.prior.size, data.channels, data.size, r.width, "batch", base=BASE, dense=r.dense)
        self.discriminator = Players(data, r, sizes)
        self.apply(normal_start)

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        adam = Optimiser("adam", r.discriminator_rate, r.beta1, r.beta2)
        return [
            Update("discriminator", self.discriminator, self.discriminator_loss, adam),
            Update(
                "generator",
                self.generator,
                self.generator_loss,
                Optimiser("adam", r.generator_rate, r.beta1, r.beta2),
                averaged=True,
            ),
        ]

    def discriminator_loss(self, batch: Batch) -> Loss:
        """−E log D(x) − E log (1 − D(G(z, c))) − λ L_I. Q moves here too, with D's rate: so the authors' code."""
        z = self.noise(batch.x)
        with torch.no_grad():
            fake = self.generator(z)
        on_real, _ = self.discriminator(batch.x)
        on_fake, read = self.discriminator(fake)
        game = softplus(-on_real).mean() + softplus(on_fake).mean()
        return Loss(game - self.information(read, z)[0], game_shows(on_real, on_fake))

    def generator_loss(self, batch: Batch) -> Loss:
        """−E log D(G(z, c)) − λ L_I."""
        z = self.noise(batch.x)
        fake = self.generator(z)
        on_fake, read = self.discriminator(fake)
        gained, shows = self.information(read, z)
        return Loss(softplus(-on_fake).mean() - gained, shows, reaching(fake))

    def information(self, read: Tensor, z: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Σ λ L_I over the codes, but for the constant H(c), and each code's L_I in nats."""
        return code_loss(
            self.prior,
            read,
            z,
            {"categorical": self.recipe.categorical_weight, "uniform": self.recipe.continuous_weight},
        )

    def noise(self, like: Tensor) -> Tensor:
        return sample(self.prior, len(like), like.device)

    # --- capabilities

    @property
    def prior(self) -> Prior:
        noise = (Part("noise", "uniform", self.recipe.latent),) if self.recipe.latent else ()
        return Prior((*noise, *parse(self.recipe.codes)))

    def decode(self, z: Tensor) -> Tensor:
        return self.generator(z)  # type: ignore[no-any-return]

    def read_codes(self, x: Tensor) -> Tensor:
        return read_back(self.prior, self.discriminator(x)[1])

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, InfoGANRecipe)
        found = []
        try:
            parse(recipe.codes)
        except ValueError as wrong:
            found.append(Problem("codes", str(wrong)))
        return found + image_problems(cls.title, data) + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        many = len(data.classes) if 2 <= len(data.classes) <= 100 else 10
        codes: dict[str, Value] = {"codes": f"{many}, u, u"}
        if pixels(data) <= TINY:
            return codes | {"width": 32, "dense": 256, "batch": 64, "steps": 6000}
        if pixels(data) <= SMALL:
            return codes | {"width": 32, "dense": 256, "batch": 64, "steps": 8000}
        return codes | {"batch": 64, "steps": 30_000}
