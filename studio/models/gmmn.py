"""Generative moment matching network. Li, Swersky & Zemel 2015, Generative Moment Matching Networks, arXiv:1502.02761.

A generator turns uniform noise into examples, and descends the root of the maximum mean discrepancy between a batch of
them and a batch of data, in the eyes of a mixture of Gaussian kernels (:mod:`studio.models.core.moments`). There is no
opponent, and so no game: the loss says how far it has come.

As in the authors' code: z uniform in −1..1 in 10 dimensions, ReLU layers of 64, 256, 256 and 1024, a sigmoid; batches
of 1,000 samples and 1,000 images with grey levels in 0..1, bandwidths 2, 5, 10, 20, 40 and 80.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import TINY, image_problems, pixels, training_problems
from studio.models.core.binary import unit
from studio.models.core.model import Paper, Update
from studio.models.core.moments import Generator, MomentMatching, MomentRecipe, bandwidth_problems
from studio.models.core.recipe import Problem, Recipe, Value, recipe


@recipe
class GMMNRecipe(MomentRecipe):
    """Defaults of the authors' settings for MNIST."""


class GMMN(MomentMatching):
    """See the top of this file."""

    title = "GMMN"
    paper = Paper("Li, Swersky and Zemel", 2015, "Generative Moment Matching Networks", "1502.02761")
    about = "A generator without an opponent: a kernel says how far its samples are from the data, moment by moment."
    recipe_type = GMMNRecipe
    recipe: GMMNRecipe

    def build(self, data: DataSpec) -> None:
        self.generator = Generator(self.recipe, math.prod(data.shape), bounded=data.pictured)
        self.remember_unit()

    def updates(self) -> Sequence[Update]:
        return [self.generator_update()]

    def compared(self, x: Tensor) -> Tensor:
        """Grey levels and bits in 0..1, points as they are."""
        return unit(x) if self.data.pictured else x.float()

    def written(self, made: Tensor) -> Tensor:
        values = 2 * made - 1 if self.data.pictured else made
        return values.view(-1, *self.data.shape)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, GMMNRecipe)
        found = [] if data.kind in ("points", "vectors") else image_problems(cls.title, data)
        return bandwidth_problems(recipe) + found + training_problems(recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Adam needs fewer steps than the authors' descent, and smaller batches less time for each.
        small: dict[str, Value] = {"optimiser": "adam", "rate": 1e-3, "batch": 500, "steps": 4000}
        if data.kind == "points":
            return small | {"bandwidths": "auto", "width": 256, "steps": 6000}
        if data.kind == "vectors":
            return small | {"bandwidths": "auto", "width": 256}
        if pixels(data) <= TINY:
            return small | {"bandwidths": "auto", "width": 512}
        return small
