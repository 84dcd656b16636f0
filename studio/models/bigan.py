"""Bidirectional GAN. Donahue, Krähenbühl and Darrell 2017, arXiv:1605.09782.

Beside the generator G, which makes a picture of a latent, an encoder E makes a latent of a picture, and the
discriminator D sees both: it tells pairs (x, E(x)) from pairs (G(z), z). G and E win when the pairs cannot be told
apart, and that is when E undoes G. Nobody ever compares x with G(E(x)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

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
from studio.models.core.model import Batch, Loss, Model, Optimiser, Paper, Prior, Scheduled, Update
from studio.models.core.noise import sample
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.pyramid import Trunk, Upward
from studio.nn.starts import normal_start

LEAK = 0.2
LAST = 0.01
"""Of the learning rate, what is left of it at the end."""


@recipe
class BiGANRecipe(GameRecipe):
    """Defaults of the paper's permutation-invariant MNIST, as in the authors' code: 200 epochs and 200 more while the
    rates fall."""

    steps: int = 187_500
    batch: int = 128
    latent: int = 50
    width: Annotated[
        int,
        Field(
            "of convolutional networks: channels next to the image; deeper layers have up to 8 times as many",
            4,
            512,
            "channels",
            scale="log",
        ),
    ] = 32
    generator_rate: float = 2e-4
    networks: Annotated[
        Literal["dense", "convolutional"],
        Field("dense layers, as the paper has them for digits, or DCGAN's convolutions below them"),
    ] = "dense"
    units: Annotated[int, Field("units of every dense layer", 8, 8192, "units", essential=True, scale="log")] = 1024
    decay: Annotated[
        float, Field("weight decay: the share of every weight that is added to its gradient", 0, 1, group="Optimiser")
    ] = 2.5e-5
    falling: Annotated[
        bool,
        Field("let the rates fall to a hundredth over the second half", group="Optimiser", term="rate"),
    ] = True


class Normed(nn.Module):
    """A dense layer, plus a learned projection of the latent where one is given, then normalised by batch without gain
    or bias: (B×into, B×latent) to B×out. With the normalisation off, as in the first layer, only the sum."""

    def __init__(self, into: int, out: int, latent: int, norm: bool = True) -> None:
        super().__init__()
        self.of_x = nn.Linear(into, out, bias=False)
        self.of_z = nn.Linear(latent, out, bias=False) if latent else None
        self.norm = nn.BatchNorm1d(out, affine=False) if norm else nn.Identity()

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        h = self.of_x(x)
        if self.of_z is not None:
            h = h + self.of_z(z)
        return self.norm(h)  # type: ignore[no-any-return]


class Generator(nn.Module):
    """Latents B×latent to pictures in −1..1: two normalised layers, the latent entering both, and a sigmoid."""

    def __init__(self, data: DataSpec, r: BiGANRecipe) -> None:
        super().__init__()
        self.shape = data.shape
        self.first = Normed(r.latent, r.units, 0)
        self.second = Normed(r.units, r.units, r.latent)
        self.last = nn.Linear(r.units, torch.Size(data.shape).numel(), bias=False)

    def forward(self, z: Tensor) -> Tensor:
        h = self.first(z).relu()
        h = self.second(h, z).relu()
        return self.last(h).sigmoid().view(-1, *self.shape) * 2 - 1  # type: ignore[no-any-return]


class Features(nn.Module):
    """Pictures B×C×H×W, and the latent where it is part of the question, to B×units: the trunk of E, and of D.

    The paper takes pixels 0..1 through two dense layers, the first without normalisation. For larger or colour
    pictures, and this is ours, DCGAN's convolutions come below them, and then both are normalised.
    """

    def __init__(self, data: DataSpec, r: BiGANRecipe, latent: int) -> None:
        super().__init__()
        self.latent = latent
        self.convolutions = Trunk(data.channels, data.size, r.width, "batch") if r.networks == "convolutional" else None
        into = torch.Size(data.shape).numel() if self.convolutions is None else self.convolutions.out
        self.first = Normed(into, r.units, latent, norm=self.convolutions is not None)
        self.second = Normed(r.units, r.units, latent)

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        h = self.convolutions(x) if self.convolutions is not None else (x.flatten(1) + 1) / 2
        h = nn.functional.leaky_relu(self.first(h, z), LEAK)
        return nn.functional.leaky_relu(self.second(h, z), LEAK)


class Encoder(nn.Module):
    """Pictures to latents B×latent in −1..1, the prior's range, by 2σ(a) − 1 of a linear layer on the features: so the
    authors' code, where the paper speaks of the linear layer alone. Without it D knows E(x) by its length and need not
    look at x, and G learns dim pictures."""

    def __init__(self, data: DataSpec, r: BiGANRecipe) -> None:
        super().__init__()
        self.features = Features(data, r, 0)
        self.last = nn.Linear(r.units, r.latent, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return (self.last(self.features(x)).float() / 2).tanh()  # type: ignore[no-any-return]


class Discriminator(nn.Module):
    """Pairs of picture and latent to a logit each, B; the latent enters at every dense layer.

    The authors start the last layer at 0; here it starts as the others do, so that G and E learn from the first move.
    """

    def __init__(self, data: DataSpec, r: BiGANRecipe) -> None:
        super().__init__()
        self.features = Features(data, r, r.latent)
        self.last = nn.Linear(r.units, 1, bias=False)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.last(self.features(x, z)).squeeze(1).float()  # type: ignore[no-any-return]


class Pair(nn.Module):
    """G and E, who play together."""

    def __init__(self, generator: nn.Module, encoder: nn.Module) -> None:
        super().__init__()
        self.generator = generator
        self.encoder = encoder


class BiGAN(Model):
    """See the top of this file."""

    title = "BiGAN"
    paper = Paper("Donahue, Krähenbühl, Darrell", 2017, "Adversarial Feature Learning", "1605.09782")
    about = "A GAN that learns the way back: its encoder finds the latent of a picture, and features that tell classes."
    recipe_type = BiGANRecipe
    recipe: BiGANRecipe
    simultaneous = True
    levels = BALANCE

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        generator = (
            Generator(data, r)
            if r.networks == "dense"
            else Upward(r.latent, data.channels, data.size, r.width, "batch", dense=r.units)
        )
        self.pair = Pair(generator, Encoder(data, r))
        self.discriminator = Discriminator(data, r)
        self.apply(normal_start)

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        return [
            Update(
                "discriminator",
                self.discriminator,
                self.discriminator_loss,
                Optimiser("adam", r.discriminator_rate, r.beta1, r.beta2, weight_decay=r.decay),
                schedule=self.rates,
            ),
            Update(
                "generator and encoder",
                self.pair,
                self.pair_loss,
                Optimiser("adam", r.generator_rate, r.beta1, r.beta2, weight_decay=r.decay),
                averaged=True,
                schedule=self.rates,
            ),
        ]

    def rates(self, cycle: int) -> Scheduled:
        """As they are for the first half, then falling exponentially to a hundredth."""
        half = self.recipe.steps / 2
        fallen = max(0.0, min(1.0, (cycle - half) / half)) if self.recipe.falling else 0.0
        return Scheduled(LAST**fallen)

    def discriminator_loss(self, batch: Batch) -> Loss:
        """−½ E log D(x, E(x)) − ½ E log (1 − D(G(z), z)), halved as the authors' code does, and its weight decay wants.
        Real and made pairs go through apart, each with the statistics of its own batch."""
        z = self.noise(batch.x)
        with torch.no_grad():
            found, fake = self.pair.encoder(batch.x), self.pair.generator(z)
        on_real, on_fake = self.discriminator(batch.x, found), self.discriminator(fake, z)
        value = (softplus(-on_real).mean() + softplus(on_fake).mean()) / 2
        return Loss(value, game_shows(on_real, on_fake))

    def pair_loss(self, batch: Batch) -> Loss:
        """−½ E log D(G(z), z) − ½ E log (1 − D(x, E(x))): the labels are swapped for both, so E works against D too."""
        z = self.noise(batch.x)
        found, fake = self.pair.encoder(batch.x), self.pair.generator(z)
        on_real, on_fake = self.discriminator(batch.x, found), self.discriminator(fake, z)
        return Loss(
            (softplus(-on_fake).mean() + softplus(on_real).mean()) / 2,
            shows=self.reconstruction(batch.x, found.detach()),
            spreads=reaching(fake),
        )

    @torch.no_grad()
    def reconstruction(self, x: Tensor, found: Tensor) -> dict[str, Tensor]:
        """The mean of ‖x − G(E(x))‖₂, with pixels in 0..1 as in the paper, and beside it that of ‖x′ − G(E(x))‖₂ for
        another example x′: only what is below it is reconstruction. The generator is taken as it will be used, so that
        its normalisation keeps the statistics of the latents that it is trained on."""
        was = self.pair.generator.training
        again = self.pair.generator.eval()(found)
        self.pair.generator.train(was)
        off, other = ((again - to).float().flatten(1).norm(dim=1).mean() / 2 for to in (x, x.roll(1, 0)))
        return {"reconstruction/‖x − G(E(x))‖": off, "reconstruction/‖x′ − G(E(x))‖, x′ another example": other}

    def noise(self, like: Tensor) -> Tensor:
        return sample(self.prior, len(like), like.device)

    # --- capabilities

    @property
    def prior(self) -> Prior:
        return Prior.of("uniform", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.pair.generator(z)  # type: ignore[no-any-return]

    def encode(self, x: Tensor) -> Tensor:
        return self.pair.encoder(x)  # type: ignore[no-any-return]

    def embed(self, x: Tensor) -> Tensor:
        """The layer before E's output: neighbours there are of one class more often than in the latent (97 against
        92 % of MNIST's digits, in the authors' log)."""
        return self.pair.encoder.features(x).float()  # type: ignore[no-any-return, operator]

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, BiGANRecipe)
        return image_problems(cls.title, data) + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Fewer units than the paper's: what two processor cores train in minutes.
        if data.channels == 1 and pixels(data) <= TINY:
            return {"units": 256, "batch": 64, "steps": 10_000}
        if data.channels == 1 and pixels(data) <= SMALL:
            return {"units": 512, "batch": 64, "steps": 10_000}
        steps = 15_000 if pixels(data) <= SMALL else 50_000
        return {"networks": "convolutional", "units": 512, "batch": 64, "steps": steps}
