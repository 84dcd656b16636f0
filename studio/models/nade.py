"""NADE: the neural autoregressive distribution estimator. Larochelle and Murray 2011.

p(x_i = 1 | x_<i) = σ(b_i + V_i · h_i), h_i = σ(c + Σ_{j<i} W_j x_j): all conditionals share W, so that the activations
of one follow from those of the last by one addition, and the likelihood of an example takes O(D H).
"""

from __future__ import annotations

import math
from typing import Annotated, cast

from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.model import Course, Paper
from studio.models.core.ordered_bits import OrderedBits, OrderedBitsRecipe, Running
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.nade import RunningSums


@recipe
class NADERecipe(OrderedBitsRecipe):
    """500 units as in the paper, which descends by plain gradients, one example at a time: ``optimiser = "sgd"`` with a
    rate of about 0.005, and ``rate_decay``."""

    hidden: Annotated[
        int, Field("hidden units, which all conditionals share", 1, 8192, "units", essential=True, scale="log")
    ] = 500


class NADE(OrderedBits):
    """See the top of this file."""

    title = "NADE"
    paper = Paper("Larochelle and Murray", 2011, "The Neural Autoregressive Distribution Estimator", "")
    about = "A network for each bit given those before it, all sharing their weights, so that one pass does for all."
    recipe_type = NADERecipe
    recipe: NADERecipe

    def build(self, data: DataSpec) -> None:
        self.sums = RunningSums(math.prod(data.shape), self.recipe.hidden)

    def logits(self, bits: Tensor) -> Tensor:
        found: Tensor = self.sums(bits)
        return found

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return _Activations(self, count)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        values = cast("NADERecipe", recipe)
        return cls._fits(values, data, 2 * math.prod(data.shape) * values.hidden, "hidden")

    @classmethod
    def made_for(cls, data: DataSpec) -> bool:
        return data.kind == "vectors"

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind == "vectors":
            return {"steps": 2500, "batch": 50, "hidden": 150, "rate": 0.005}
        return {"steps": 4000, "hidden": 100, "rate": 0.005}


class _Activations(Running):
    """The activations so far: a bit that is 1 adds its row, O(H)."""

    def __init__(self, model: NADE, count: int) -> None:
        super().__init__(model)
        sums = model.sums
        self._reading, self._writing, self._bias = sums.reading.detach(), sums.writing.detach(), sums.bias.detach()
        self._sums = sums.hidden_bias.detach().repeat(count, 1)

    def logit(self, i: int) -> Tensor:
        return self._sums.sigmoid() @ self._writing[i] + self._bias[i]

    def put(self, i: int, bit: Tensor) -> None:
        self._sums.addcmul_(bit[:, None], self._reading[i])
