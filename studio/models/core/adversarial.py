"""What adversarial recipes share, and which images convolutional pairs can be built for."""

from __future__ import annotations

from typing import Annotated

from studio.data.dataset import DataSpec
from studio.models.core.recipe import Field, Problem, Recipe, recipe

SMALLEST, LARGEST = 8, 128
"""Sides of images, in pixels, for which the convolutional networks are made."""


@recipe
class AdversarialRecipe(Recipe):
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
    return []


def pixels(data: DataSpec) -> int:
    return data.size[0] * data.size[1]


TINY, SMALL = 16 * 16, 40 * 40
"""Pixels up to which a recipe is fitted to a small machine: networks that two processor cores train in minutes."""
