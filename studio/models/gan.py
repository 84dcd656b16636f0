"""Generative adversarial nets. Goodfellow et al. 2014, arXiv:1406.2661.

    min over G, max over D of  V(D, G) = E log D(x) + E log(1 − D(G(z)))

Both players are fully connected and move at once. For the best D, V = −log 4 + 2 JSD(data ‖ made).

As in the authors' published MNIST settings, with three things said differently. Their z is U(−√3, √3): here z is
U(−1, 1), times √3 in the first layer's sight. Their pixels are in 0..1 behind a sigmoid σ(a): here the sample is
2σ(a) − 1 = tanh(a/2), and D looks at (x + 1)/2, so dropout leaves out to black as theirs does. Their generator's last
bias begins at the logit of each pixel's mean over the data: here over the first batch, before anything moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core import classic
from studio.models.core.adversarial import (
    BALANCE,
    TINY,
    game_shows,
    image_problems,
    pixels,
    reaching,
    training_problems,
)
from studio.models.core.classic import ClassicRecipe
from studio.models.core.model import Batch, Loss, Model, Paper, Prior, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.dense import Dense
from studio.nn.maxout import Maxout
from studio.nn.starts import uniform_start


@recipe
class GANRecipe(ClassicRecipe):
    """Defaults of the authors' MNIST settings."""

    noise: Annotated[
        Literal["uniform", "normal"],
        Field("distribution of the latent, of variance 1 in each dimension either way", term="prior"),
    ] = "uniform"
    layers: Annotated[int, Field("hidden layers of the generator", 1, 8, "layers")] = 2
    discriminator_layers: Annotated[int, Field("hidden layers of the discriminator", 1, 8, "layers")] = 2


class Generator(nn.Module):
    """Latents B×latent to examples: images in −1..1, points as they come."""

    def __init__(self, data: DataSpec, recipe: GANRecipe) -> None:
        super().__init__()
        self.spread = math.sqrt(3) if recipe.noise == "uniform" else 1.0
        self.shape, self.images = data.shape, data.kind == "images"
        self.layers = Dense(recipe.latent, *[recipe.width] * recipe.layers, math.prod(data.shape), norm=recipe.norm)
        self.apply(uniform_start(0.05))
        self.begun: Tensor
        self.register_buffer("begun", torch.tensor(not self.images))

    def begin(self, x: Tensor) -> None:
        classic.begin(self.layers.last, self.begun, x)

    def forward(self, z: Tensor) -> Tensor:
        a = self.layers(z * self.spread).unflatten(1, self.shape)
        return (a / 2).tanh() if self.images else a  # type: ignore[no-any-return]


class Discriminator(nn.Module):
    """Examples to logits of "real", B."""

    def __init__(self, data: DataSpec, recipe: GANRecipe) -> None:
        super().__init__()
        self.images = data.kind == "images"
        layers: list[nn.Module] = [nn.Dropout(recipe.input_dropout)]
        into = math.prod(data.shape)
        for _ in range(recipe.discriminator_layers):
            layers += [Maxout(into, recipe.units, recipe.pieces), nn.Dropout(recipe.dropout)]
            into = recipe.units
        self.layers = nn.Sequential(*layers, nn.Linear(into, 1))
        self.apply(uniform_start(0.005))

    def forward(self, x: Tensor) -> Tensor:
        seen = (x + 1) / 2 if self.images else x
        return self.layers(seen.flatten(1)).squeeze(1).float()  # type: ignore[no-any-return]


class GAN(Model):
    """See the top of this file."""

    title = "GAN"
    paper = Paper(
        "Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio",
        2014,
        "Generative Adversarial Nets",
        "1406.2661",
    )
    about = "The first of them: two fully connected players of one game. For points and small pictures."
    simultaneous = True
    recipe_type = GANRecipe
    recipe: GANRecipe
    levels = BALANCE

    def build(self, data: DataSpec) -> None:
        self.generator = Generator(data, self.recipe)
        self.discriminator = Discriminator(data, self.recipe)

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        return [
            Update(
                "discriminator",
                self.discriminator,
                self.discriminator_loss,
                classic.optimiser(r, r.discriminator_rate),
                schedule=classic.schedule(r, self.data, r.discriminator_rate),
            ),
            Update(
                "generator",
                self.generator,
                self.generator_loss,
                classic.optimiser(r, r.generator_rate),
                schedule=classic.schedule(r, self.data, r.generator_rate),
                averaged=True,
            ),
        ]

    def discriminator_loss(self, batch: Batch) -> Loss:
        self.generator.begin(batch.x)
        with torch.no_grad():
            fake = self.generator(self.noise(batch.x))
        on_real, on_fake = self.discriminator(batch.x), self.discriminator(fake)
        return Loss(classic.discriminator_loss(on_real, on_fake), game_shows(on_real, on_fake))

    def generator_loss(self, batch: Batch) -> Loss:
        """With D's dropout at work, as in the authors' settings."""
        self.generator.begin(batch.x)
        fake = self.generator(self.noise(batch.x))
        return Loss(classic.generator_loss(self.discriminator(fake), self.recipe.loss), spreads=reaching(fake))

    def noise(self, like: Tensor) -> Tensor:
        return sample(self.prior, len(like), like.device)

    # --- capabilities

    @property
    def prior(self) -> Prior:
        return Prior.of(self.recipe.noise, self.recipe.latent)

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
            # The networks on which mode collapse is counted: Lin et al. 2018, PacGAN, arXiv:1712.04086, appendix.
            return {
                "latent": 2, "noise": "normal", "width": 400, "layers": 4, "norm": "batch",
                "units": 200, "discriminator_layers": 3, "dropout": 0.0, "input_dropout": 0.0,
                "optimiser": "adam", "generator_rate": 1e-4, "discriminator_rate": 1e-4, "beta1": 0.8,
                "steps": 10_000,
            }  # fmt: skip
        # Adam, a normalised generator and small layers: networks that two processor cores train in minutes.
        small: dict[str, Value] = {
            "optimiser": "adam", "generator_rate": 1e-3, "discriminator_rate": 2e-4, "norm": "batch",
            "width": 256, "units": 100, "pieces": 3, "batch": 64,
        }  # fmt: skip
        return small | {"steps": 10_000 if pixels(data) <= TINY else 20_000}
