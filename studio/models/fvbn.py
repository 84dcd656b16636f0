"""Fully visible belief network, or logistic autoregression. Frey, Hinton and Dayan 1996; Frey 1998.

Each bit is a logistic regression on those before it: p(x_i = 1 | x_<i) = σ(b_i + Σ_{j<i} W_ij x_j). The likelihood is
concave in W and b: whoever climbs long enough arrives at the same place.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.model import Course, Paper
from studio.models.core.ordered_bits import OrderedBits, OrderedBitsRecipe, Running
from studio.models.core.recipe import Problem, Recipe, Value, recipe


@recipe
class FVBNRecipe(OrderedBitsRecipe):
    """A little decay of the weights, which few examples want; what is concave can be climbed fast."""

    rate: float = 0.01
    weight_decay: float = 1e-5


class FVBN(OrderedBits):
    """See the top of this file."""

    title = "FVBN"
    paper = Paper("Frey, Hinton and Dayan", 1996, "Does the Wake-Sleep Algorithm Produce Good Density Estimators?", "")
    about = (
        "Each bit is a logistic regression on the bits before it: the simplest exact model of them, and a convex one."
    )
    recipe_type = FVBNRecipe
    recipe: FVBNRecipe

    def build(self, data: DataSpec) -> None:
        size = math.prod(data.shape)
        self.weight = nn.Parameter(torch.zeros(size, size))
        self.bias = nn.Parameter(torch.zeros(size))

    @property
    def before(self) -> Tensor:
        """W with zeros on and above the diagonal: W_ij is what bit j says of bit i."""
        return self.weight.tril(-1)

    def logits(self, bits: Tensor) -> Tensor:
        return bits @ self.before.T + self.bias

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return _Sums(self, count)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        return cls._fits(cast("FVBNRecipe", recipe), data, math.prod(data.shape) ** 2, "")

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        return {"steps": 6000, "batch": 50} if data.kind == "vectors" else {"steps": 6000, "batch": 100}


class _Sums(Running):
    """Every logit so far: a bit that is 1 adds its column, O(D)."""

    def __init__(self, model: FVBN, count: int) -> None:
        super().__init__(model)
        self._weight = model.before.detach()
        self._logits = model.bias.detach().repeat(count, 1)

    def logit(self, i: int) -> Tensor:
        return self._logits[:, i]

    def put(self, i: int, bit: Tensor) -> None:
        self._logits.addcmul_(bit[:, None], self._weight[:, i])
