"""How the first GANs were trained, 2014, as in Goodfellow's published settings for MNIST: two losses of the generator
to choose from, descent whose rate decays and whose momentum rises, pictures that begin as the mean of the data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import GameRecipe
from studio.models.core.model import Optimiser, Scheduled
from studio.models.core.recipe import Field, recipe


@recipe
class ClassicRecipe(GameRecipe):
    """Fully connected players and stochastic gradient descent."""

    batch: int = 100
    latent: int = 100
    width: Annotated[
        int,
        Field("units of the widest layers of the generator", 2, 8192, "units", essential=True, scale="log"),
    ] = 1200
    loss: Annotated[
        Literal["non-saturating", "minimax"],
        Field(
            "what the generator descends: −log D(G(z)), or log(1 − D(G(z))) of the game itself, "
            "which gives it no gradient while D is sure",
            essential=True,
            term="saturation",
        ),
    ] = "non-saturating"
    norm: Annotated[
        Literal["none", "batch"], Field("normalisation in the generator", term="batch normalisation")
    ] = "none"  # fmt: skip
    units: Annotated[
        int, Field("maxout units in a layer of the discriminator", 2, 4096, "units", scale="log", term="maxout")
    ] = 240
    pieces: Annotated[
        int, Field("linear pieces of each maxout unit", 1, 16, "pieces", term="maxout")
    ] = 5  # fmt: skip
    dropout: Annotated[
        float, Field("share of the units that is left out at each move, in hidden layers", 0, 0.95, term="dropout")
    ] = 0.5
    input_dropout: Annotated[
        float,
        Field("share of the values that the discriminator does not see at each move", 0, 0.95, term="dropout"),
    ] = 0.2
    optimiser: Annotated[
        Literal["sgd", "adam"],
        Field(
            "how both players descend: sgd wants rates near 0.1, adam near 0.0002", essential=True, group="Optimiser"
        ),
    ] = "sgd"
    generator_rate: float = 0.1
    discriminator_rate: float = 0.1
    decay: Annotated[
        float, Field("by what both rates are divided at each step (sgd)", 1, 1.01, group="Optimiser", term="rate")
    ] = 1.000004
    least_rate: Annotated[
        float, Field("below it no rate falls (sgd)", 0, 1, group="Optimiser", scale="log", term="rate")
    ] = 1e-6
    momentum: Annotated[
        float, Field("momentum at the beginning (sgd)", 0, 0.999, group="Optimiser", term="momentum")
    ] = 0.5
    final_momentum: Annotated[
        float, Field("momentum at the end of its rise (sgd)", 0, 0.999, group="Optimiser", term="momentum")
    ] = 0.7
    momentum_epochs: Annotated[
        int, Field("how long the momentum rises (sgd)", 1, 100_000, "epochs", group="Optimiser", term="momentum")
    ] = 250


def optimiser(recipe: ClassicRecipe, rate: float) -> Optimiser:
    if recipe.optimiser == "adam":
        return Optimiser("adam", rate, recipe.beta1, recipe.beta2)
    return Optimiser("sgd", rate, momentum=recipe.momentum)


def schedule(recipe: ClassicRecipe, data: DataSpec, rate: float) -> Callable[[int], Scheduled] | None:
    """Of SGD: after k cycles the rate is max(rate · decay⁻ᵏ, least rate); the momentum rises linearly, from epoch to
    epoch, for ``momentum_epochs``. None for Adam."""
    if recipe.optimiser == "adam":
        return None
    examples = data.count - data.held_out

    def at(cycles: int) -> Scheduled:
        share = min(cycles * recipe.batch // examples / recipe.momentum_epochs, 1.0)
        return Scheduled(
            max(recipe.decay**-cycles, recipe.least_rate / rate),
            recipe.momentum + share * (recipe.final_momentum - recipe.momentum),
        )

    return at


def discriminator_loss(on_real: Tensor, on_fake: Tensor) -> Tensor:
    """−½ (E log D(x) + E log(1 − D(G(z)))), of logits: the mean of two cross entropies, as in the published settings.
    Halving it is halving its rate under SGD."""
    return (softplus(-on_real).mean() + softplus(on_fake).mean()) / 2


def generator_loss(on_fake: Tensor, kind: Literal["non-saturating", "minimax"]) -> Tensor:
    """−E log D(G(z)), or of the game itself E log(1 − D(G(z))). With σ = D(G(z)) and a its logit, their slopes in a are
    −(1 − σ) and −σ: the same direction, σ/(1 − σ) apart."""
    return softplus(-on_fake).mean() if kind == "non-saturating" else -softplus(on_fake).mean()


@torch.no_grad()
def begin(last: nn.Linear, begun: Tensor, x: Tensor) -> None:
    """Once, the bias of a sigmoid layer becomes the logit of each pixel's mean over the images x (in −1..1) at hand.

    Args:
        begun: a buffer of the model, False until then: a training that is resumed does not begin again.
    """
    if not begun:
        least = 1 / (len(x) + 1)  # a pixel that is always black
        last.bias.copy_(((x.flatten(1) + 1) / 2).mean(0).clamp(least, 1 - least).logit())
        begun.fill_(True)
