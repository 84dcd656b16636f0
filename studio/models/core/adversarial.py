"""What adversarial systems share: recipe fields, diagnostics of the game, which images they can be built for."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import softplus

from studio.data.dataset import DataSpec
from studio.models.core.constraints.recipe import ConstrainedRecipe, constraint_problems
from studio.models.core.recipe import Field, Problem, Recipe, recipe
from studio.models.core.showing import Level

SMALLEST, LARGEST = 8, 128
"""Sides of images, in pixels, for which the convolutional networks are made."""


@recipe
class AdversarialRecipe(ConstrainedRecipe):
    """A generator and its opponent."""

    latent: Annotated[
        int, Field("numbers that a sample is made from", 1, 1024, "dimensions", essential=True, term="latent")
    ] = 128
    width: Annotated[
        int,
        Field(
            "channels of the layer next to the image; deeper layers have 2, 4 and 8 times as many",
            4,
            512,
            "channels",
            essential=True,
            scale="log",
        ),
    ] = 64
    generator_rate: Annotated[
        float,
        Field("learning rate of the generator", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate"),
    ] = 1e-4


@recipe
class AdamRecipe(AdversarialRecipe):
    """Both players descend by Adam."""

    beta1: Annotated[float, Field("Adam's memory of the gradient", 0, 0.999, group="Optimiser", term="adam")] = 0.5
    beta2: Annotated[float, Field("Adam's memory of its square", 0, 0.9999, group="Optimiser", term="adam")] = 0.999


@recipe
class GameRecipe(AdamRecipe):
    """The opponent is a discriminator."""

    discriminator_rate: Annotated[
        float,
        Field(
            "learning rate of the discriminator", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate"
        ),
    ] = 2e-4


@recipe
class CriticRecipe(AdversarialRecipe):
    """The opponent is a critic, which has to be near its best before the generator moves."""

    critic_rate: Annotated[
        float,
        Field("learning rate of the critic", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate"),
    ] = 1e-4
    critic_steps: Annotated[
        int, Field("moves of the critic for each of the generator", 1, 100, "moves", essential=True, term="critic")
    ] = 5


BALANCE = (
    Level("discriminator", "balance, ½", 0.5, "balance"),
    Level("divergence", "most possible, log 2", math.log(2), "jsd"),
    Level("value", "no difference, −log 4", -math.log(4), "value"),
)
"""Where D ends when made and real are the same, what the Jensen–Shannon divergence can be at most (no overlap), and
the value of the game below which it cannot fall for the best D."""


def game_shows(on_real: Tensor, on_fake: Tensor) -> dict[str, Tensor]:
    """What a person sees of a discriminator, from its logits a = logit D, B each.

    V(D) = E log D(x) + E log (1 − D(G(z))) ≤ −log 4 + 2 JSD(data ‖ made), with equality for the best D (Goodfellow et
    al. 2014, theorem 1): so (V + log 4)/2 is the divergence in nats that this D has found, at most the true one.
    """
    real, fake = on_real.detach().float(), on_fake.detach().float()
    value = -(softplus(-real).mean() + softplus(fake).mean())
    return {
        "discriminator/D(x)": real.sigmoid().mean(),
        "discriminator/D(G(z))": fake.sigmoid().mean(),
        "divergence/Jensen–Shannon that D implies": (value + math.log(4)) / 2,
        "value/V(D, G)": value,
    }


def reaching(made: Tensor) -> dict[str, Tensor]:
    """A spread of how strong the gradient is that reaches each made example: ‖∂ its share of the loss/∂G(z)‖₂, B.

    Filled in by a hook while the gradient of the generator's mean loss flows back; it vanishes when D is too sure.
    """
    found: dict[str, Tensor] = {}
    if made.requires_grad:

        def note(gradient: Tensor) -> None:
            norms = torch.linalg.vector_norm(gradient.detach().float().flatten(1), dim=1)
            found["gradient norm/reaching the generator"] = norms * len(gradient)

        made.register_hook(note)  # type: ignore[no-untyped-call]
    return found


def image_problems(model: str, data: DataSpec) -> list[Problem]:
    """What keeps a convolutional pair from being built for this dataset, in words; empty when nothing does."""
    found = []
    if data.kind != "images":
        return [Problem("", f"{model} draws images; {data.name} holds {data.kind}. Choose images, or another model")]
    height, width = data.size
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        found.append(
            Problem(
                "",
                f"{model} draws images of {SMALLEST} to {LARGEST} px a side; those of {data.name} are "
                f"{width}×{height}. Add the dataset again at another size",
            )
        )
    if data.channels not in (1, 3):
        found.append(
            Problem("", f"{model} draws grey or colour images; those of {data.name} have {data.channels} channels")
        )
    return found


def training_problems(values: Recipe, data: DataSpec) -> list[Problem]:
    """What is wrong between any recipe and any dataset."""
    examples = data.count - data.held_out
    if examples < 2:
        are = "example" if examples == 1 else "examples"
        return [Problem("", f"{data.name} has {examples} {are} to train on; at least 2 are needed")]
    if values.mirror and data.kind != "images":
        return [Problem("mirror", "only images can be mirrored; switch it off")]
    return constraint_problems(values, data)


def pixels(data: DataSpec) -> int:
    return data.size[0] * data.size[1]


TINY, SMALL = 16 * 16, 40 * 40
"""Pixels up to which a recipe is fitted to a small machine: networks that two processor cores train in minutes."""
