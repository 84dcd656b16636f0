"""Conditional generative adversarial nets. Mirza and Osindero 2014, arXiv:1411.1784.

    min over G, max over D of  E log D(x|y) + E log(1 − D(G(z|y)|y))

Both players are told the class y, as one-hot numbers with a layer of their own. On the made side y is that of the real
examples of the same batch: so y itself never tells the two sides apart, whatever classes are more frequent, and D can
only judge how x goes with y.

The paper's MNIST networks; its z is U(0, 1), which is (z + 1)/2 of ours, its sigmoid pixels σ(a) are 2σ(a) − 1 =
tanh(a/2) here, and D looks at (x + 1)/2. Where the paper leaves it open, weights begin and momentum rises as in the
GAN's published settings, dropout follows each hidden layer, and D misses as many pixels. The decay of the rate,
1.00004, is as printed: ten times that of the GAN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

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
from studio.models.core.model import Batch, Loss, Model, Paper, Part, Prior, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.maxout import Maxout
from studio.nn.starts import uniform_start


@recipe
class CGANRecipe(ClassicRecipe):
    """Defaults of the paper's MNIST experiment."""

    decay: float = 1.00004
    noise_units: Annotated[
        int, Field("units of the generator that see the noise first", 1, 8192, "units", scale="log")
    ] = 200
    class_units: Annotated[
        int, Field("units of the generator that see the class first", 1, 8192, "units", scale="log")
    ] = 1000
    generator_dropout: Annotated[
        float, Field("share of the generator's hidden units that is left out at each move", 0, 0.95, term="dropout")
    ] = 0.5
    class_maxout: Annotated[
        int, Field("maxout units of the discriminator that see the class first", 1, 4096, "units", term="maxout")
    ] = 50
    joint_pieces: Annotated[
        int, Field("linear pieces of each maxout unit that sees picture and class", 1, 16, "pieces", term="maxout")
    ] = 4


class Generator(nn.Module):
    """Latents B×(noise + classes) to examples: images in −1..1, points as they come."""

    def __init__(self, data: DataSpec, recipe: CGANRecipe) -> None:
        super().__init__()
        self.shape, self.images = data.shape, data.kind == "images"
        self.parts = [recipe.latent, len(data.classes)]
        out = nn.Dropout(recipe.generator_dropout)
        self.of_noise = nn.Sequential(nn.Linear(recipe.latent, recipe.noise_units), nn.ReLU(), out)
        self.of_class = nn.Sequential(nn.Linear(len(data.classes), recipe.class_units), nn.ReLU(), out)
        # Normalised alone, the class would be as loud as all of the noise, and the noise go unheard.
        normed = [nn.BatchNorm1d(recipe.width)] if recipe.norm == "batch" else []
        into = recipe.noise_units + recipe.class_units
        self.joint = nn.Sequential(nn.Linear(into, recipe.width), *normed, nn.ReLU(), out)
        self.last = nn.Linear(recipe.width, math.prod(data.shape))
        self.apply(uniform_start(0.05))
        self.begun: Tensor
        self.register_buffer("begun", torch.tensor(not self.images))

    def begin(self, x: Tensor) -> None:
        classic.begin(self.last, self.begun, x)

    def forward(self, z: Tensor) -> Tensor:
        noise, y = torch.split(z, self.parts, 1)
        both = torch.cat([self.of_noise((noise + 1) / 2), self.of_class(y)], 1)
        a = self.last(self.joint(both)).unflatten(1, self.shape)
        return (a / 2).tanh() if self.images else a  # type: ignore[no-any-return]


class Discriminator(nn.Module):
    """Examples and their classes, one-hot B×classes, to logits of "real", B."""

    def __init__(self, data: DataSpec, recipe: CGANRecipe) -> None:
        super().__init__()
        self.images = data.kind == "images"
        out = nn.Dropout(recipe.dropout)
        self.of_example = nn.Sequential(
            nn.Dropout(recipe.input_dropout), Maxout(math.prod(data.shape), recipe.units, recipe.pieces), out
        )
        self.of_class = nn.Sequential(Maxout(len(data.classes), recipe.class_maxout, recipe.pieces), out)
        self.joint = nn.Sequential(
            Maxout(recipe.units + recipe.class_maxout, recipe.units, recipe.joint_pieces),
            out,
            nn.Linear(recipe.units, 1),
        )
        self.apply(uniform_start(0.005))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        seen = (x + 1) / 2 if self.images else x
        both = torch.cat([self.of_example(seen.flatten(1)), self.of_class(y)], 1)
        return self.joint(both).squeeze(1).float()  # type: ignore[no-any-return]


class CGAN(Model):
    """See the top of this file."""

    title = "Conditional GAN"
    paper = Paper("Mirza, Osindero", 2014, "Conditional Generative Adversarial Nets", "1411.1784")
    about = "Both players are told the class, so you choose what is drawn. For labelled points and small pictures."
    simultaneous = True
    recipe_type = CGANRecipe
    recipe: CGANRecipe
    levels = BALANCE
    class_part = "class"

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
        y = self.told(batch)
        self.generator.begin(batch.x)
        with torch.no_grad():
            fake = self.generator(self.latents(y))
        on_real, on_fake = self.discriminator(batch.x, y), self.discriminator(fake, y)
        return Loss(classic.discriminator_loss(on_real, on_fake), game_shows(on_real, on_fake))

    def generator_loss(self, batch: Batch) -> Loss:
        y = self.told(batch)
        self.generator.begin(batch.x)
        fake = self.generator(self.latents(y))
        return Loss(classic.generator_loss(self.discriminator(fake, y), self.recipe.loss), spreads=reaching(fake))

    def told(self, batch: Batch) -> Tensor:
        """The classes of the batch, one-hot B×classes. Raises ValueError for a batch without labels."""
        if batch.labels is None:
            raise ValueError(f"{self.title} is told classes, and these examples have no labels")
        return one_hot(batch.labels, len(self.data.classes)).float()

    def latents(self, y: Tensor) -> Tensor:
        """Fresh noise with these classes behind it."""
        return torch.cat([sample(Prior(self.prior.parts[:1]), len(y), y.device), y], 1)

    # --- capabilities

    @property
    def prior(self) -> Prior:
        classes = self.data.classes
        return Prior(
            (
                Part("noise", "uniform", self.recipe.latent),
                Part(self.class_part, "categorical", len(classes), "class", classes),
            )
        )

    def decode(self, z: Tensor) -> Tensor:
        return self.generator(z)  # type: ignore[no-any-return]

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        found = [] if data.kind == "points" else image_problems(cls.title, data)
        if len(data.classes) < 2:
            has = "only one class" if data.classes else "no labels"
            found.append(
                Problem(
                    "", f"{cls.title} is told classes; {data.name} has {has}. Choose labelled data or another model"
                )
            )
        return found + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Adam, a normalised generator and small layers: networks that two processor cores train in minutes. D has to
        # be quick: on 8×8 digits with rates of 2e-4 against 1e-3 each class ends as one picture, and often another's.
        small: dict[str, Value] = {
            "optimiser": "adam", "generator_rate": 5e-4, "discriminator_rate": 1e-3, "norm": "batch",
            "dropout": 0.2, "generator_dropout": 0.0, "width": 256, "noise_units": 128, "class_units": 128,
            "units": 100, "pieces": 3, "batch": 64,
        }  # fmt: skip
        if data.kind == "points":
            return small | {"latent": 2, "dropout": 0.0, "input_dropout": 0.0, "steps": 10_000}
        return small | {"steps": 10_000 if pixels(data) <= TINY else 20_000}
