"""A part parser: which part of a body each pixel of a picture shows. The constraint function of Hu et al. 2018,
arXiv:1806.09764, section 4.1, trained by itself.

A U-Net descends the cross-entropy per pixel against the dataset's own masks of parts. Where a dataset has none, the
joints say what they can: the middle of each limb is that limb, what is far from the skeleton is background, and the
pixels between teach nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import training_problems
from studio.models.core.body import Parser, parts_drawn, posed_problems, true_parts
from studio.models.core.model import Batch, Gauge, Loss, Model, Optimiser, Paper, Update
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.parts import parsing_loss, right


@recipe
class PartParserRecipe(Recipe):
    """Adam, as the authors of the U-Net would today."""

    steps: int = 5000
    batch: int = 32
    width: Annotated[
        int,
        Field(
            "channels of the level next to the image; the n-th level has n times as many",
            4,
            256,
            "channels",
            essential=True,
            scale="log",
        ),
    ] = 32
    rate: Annotated[
        float,
        Field("learning rate", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate"),
    ] = 1e-3


class PartParser(Model):
    """See the top of this file."""

    title = "Part parser"
    paper = Paper(
        "Hu, Yang, Salakhutdinov, Liang, Qin, Dong and Xing",
        2018,
        "Deep Generative Models with Learnable Knowledge Constraints",
        "1806.09764",
    )
    about = "Tells head, torso and limbs apart, pixel by pixel: what made people are judged by."
    recipe_type = PartParserRecipe
    recipe: PartParserRecipe
    wants = ("joints", "parts")
    gauges = (Gauge("pixels right/training examples", "pixels right", good=(0.9, 1.0)),)

    def build(self, data: DataSpec) -> None:
        self.parser = Parser(data, self.recipe.width)

    def updates(self) -> Sequence[Update]:
        return [Update("parser", self.parser, self.parser_loss, Optimiser("adam", self.recipe.rate), averaged=True)]

    def parser_loss(self, batch: Batch) -> Loss:
        """−E log p(part | pixel), in nats per pixel."""
        logits, parts = self.parser.net(batch.x), true_parts(batch)
        return Loss(parsing_loss(logits, parts), {"pixels right/training examples": right(logits.detach(), parts)})

    # --- capabilities

    def parse(self, x: Tensor) -> Tensor:
        return self.parser.parse(x)

    def illustrate(self, batch: Batch) -> dict[str, Tensor]:
        parsed = self.parser.parse(batch.x).argmax(1)
        return {"picture": batch.x, "parsed": parts_drawn(parsed), "truth": parts_drawn(true_parts(batch))}

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        return posed_problems(cls.title, data, pairs=False) + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if max(data.size) <= 64:  # what two processor cores train in minutes
            return {"width": 16, "batch": 16, "steps": 1500}
        return {}
