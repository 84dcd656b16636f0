"""Moment matching in the code of an autoencoder. Li, Swersky & Zemel 2015, arXiv:1502.02761, section 4 (GMMN+AE).

First an autoencoder learns a code: layer by layer, each made to give back what it saw through dropout, then as a
whole. From then on it is held, and a moment matching network (:mod:`studio.models.core.moments`) learns to draw codes,
which the decoder writes out. Distances between codes mean more than those between pixels, and there are fewer of them
to match.

As in the authors' code: 784–1024–32 sigmoid units, dropout 0.2 and 0.5 on the way in, cross-entropy, one Gaussian with
σ = 1 in the kernel. Theirs are batches of 100 for the autoencoder; here every batch is as large as the generator's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated

from torch import Tensor, nn
from torch.nn.functional import dropout, softplus

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import TINY, image_problems, pixels, training_problems
from studio.models.core.binary import unit
from studio.models.core.model import Batch, Loss, Optimiser, Paper, Update
from studio.models.core.moments import Generator, MomentMatching, MomentRecipe, bandwidth_problems
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe

CLIP = 10.0
"""Largest norm of the autoencoder's gradient, as in the authors' code."""


@recipe
class GMMNAERecipe(MomentRecipe):
    """Defaults of the authors' settings for MNIST."""

    steps: int = 49_000
    bandwidths: str = "1"
    code: Annotated[
        int, Field("numbers of the autoencoder's code", 1, 1024, "dimensions", essential=True, term="code")
    ] = 32
    hidden: Annotated[
        int, Field("sigmoid units between example and code", 1, 8192, "units", scale="log", term="autoencoder")
    ] = 1024
    input_dropout: Annotated[
        float, Field("share of the values that the encoder does not see while it learns", 0, 0.95, term="dropout")
    ] = 0.2
    hidden_dropout: Annotated[
        float,
        Field("share of the encoder's hidden units that is left out while it learns", 0, 0.95, term="dropout"),
    ] = 0.5
    pretraining: Annotated[
        int,
        Field(
            "steps for each of the autoencoder's two layers by itself, at first; 0: none",
            0,
            10_000_000,
            "steps",
            group="Training",
            term="autoencoder",
        ),
    ] = 3000
    autoencoder: Annotated[
        int,
        Field(
            "steps for the autoencoder as a whole, before the generator begins",
            0,
            10_000_000,
            "steps",
            essential=True,
            group="Training",
            term="autoencoder",
        ),
    ] = 3000
    autoencoder_rate: Annotated[
        float,
        Field("learning rate of the autoencoder", 1e-7, 10, group="Optimiser", scale="log", term="rate"),
    ] = 0.1


class GMMNAE(MomentMatching):
    """See the top of this file."""

    title = "GMMN+AE"
    paper = Paper("Li, Swersky and Zemel", 2015, "Generative Moment Matching Networks", "1502.02761")
    about = "An autoencoder learns a code of the data, and then a generator matches the moments of these codes."
    recipe_type = GMMNAERecipe
    recipe: GMMNAERecipe

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        sizes = (math.prod(data.shape), r.hidden, r.code)
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.decoder = nn.ModuleList(nn.Linear(b, a) for a, b in pairwise(sizes))
        self.generator = Generator(r, r.code, bounded=True)
        self.remember_unit()

    # --- training: one thing after the other

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        rate, momentum = r.autoencoder_rate, r.momentum if r.optimiser == "sgd" else 0.0
        how = Optimiser(r.optimiser, rate, momentum=momentum, clip=CLIP)
        first, second, begun = r.pretraining, 2 * r.pretraining, 2 * r.pretraining + r.autoencoder
        whole = nn.ModuleList([self.encoder, self.decoder])
        return [
            Update("layer 1", self.layer(0), lambda batch: self.layer_loss(batch, 0), how, times=between(0, first)),
            Update(
                "layer 2", self.layer(1), lambda batch: self.layer_loss(batch, 1), how, times=between(first, second)
            ),
            Update("autoencoder", whole, self.autoencoder_loss, how, times=between(second, begun)),
            self.generator_update(begun, times=between(begun, math.inf)),
        ]

    def layer(self, number: int) -> nn.Module:
        """A layer of the encoder and the one that undoes it."""
        return nn.ModuleList([self.encoder[number], self.decoder[number]])

    def layer_loss(self, batch: Batch, number: int) -> Loss:
        """Cross-entropy of what a layer gives back of its input, in nats."""
        seen = unit(batch.x)
        for below in self.encoder[:number]:
            seen = below(seen).sigmoid().detach()
        code = self.encoder[number](dropout(seen, self.dropouts[number])).sigmoid()
        return Loss(cross_entropy(seen, self.decoder[number](code)))

    def autoencoder_loss(self, batch: Batch) -> Loss:
        seen = made = unit(batch.x)
        for layer, share in zip(self.encoder, self.dropouts, strict=True):
            made = layer(dropout(made, share)).sigmoid()
        return Loss(cross_entropy(seen, self.logits(made)))

    @property
    def dropouts(self) -> tuple[float, float]:
        return self.recipe.input_dropout, self.recipe.hidden_dropout

    # --- both directions

    def compared(self, x: Tensor) -> Tensor:
        """The code, in 0..1."""
        made = unit(x)
        for layer in self.encoder:
            made = layer(made).sigmoid()
        return made

    def logits(self, code: Tensor) -> Tensor:
        first, second = self.decoder
        return first(second(code).sigmoid())  # type: ignore[no-any-return]

    def written(self, made: Tensor) -> Tensor:
        return (2 * self.logits(made).sigmoid() - 1).view(-1, *self.data.shape)

    def embed(self, x: Tensor) -> Tensor:
        return self.compared(x)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, GMMNAERecipe)
        found = [] if data.kind == "vectors" else image_problems(cls.title, data)
        before = 2 * recipe.pretraining + recipe.autoencoder
        if before >= recipe.steps:
            said = (
                f"layer by layer and as a whole the autoencoder takes {before:,} of the {recipe.steps:,} steps, and "
                "none is left for the generator: take fewer, or train longer"
            )
            found.append(Problem("autoencoder", said))
        return bandwidth_problems(recipe) + found + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        small: dict[str, Value] = {
            "optimiser": "adam", "rate": 1e-3, "autoencoder_rate": 1e-3, "batch": 500, "width": 512,
            "pretraining": 300, "autoencoder": 1500, "steps": 5000,
        }  # fmt: skip
        if data.kind == "vectors":
            return small | {"code": 16, "hidden": 256, "bandwidths": "auto"}
        return small | {"code": 16, "hidden": 256} if pixels(data) <= TINY else small


def between(first: int, last: float) -> Callable[[int], int]:
    """How often a player moves in a cycle that has its turn from cycle ``first`` up to ``last``."""
    return lambda cycle: int(first <= cycle < last)


def cross_entropy(x: Tensor, logits: Tensor) -> Tensor:
    """Of values in 0..1, summed over them, in nats: the mean of a batch."""
    return (softplus(logits) - x * logits).sum(1).mean()
