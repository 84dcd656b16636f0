"""Neural autoregression. Bengio and Bengio 2000, Modeling High-Dimensional Discrete Data with Multi-Layer Networks.

Each bit has a group of hidden units of its own, which reads the bits before it: h_i = tanh(c_i + W_i x_<i). Its logit
reads that group, or all groups up to it: none of them has seen the bit itself.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, cast

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.model import Course, Paper
from studio.models.core.ordered_bits import OrderedBits, OrderedBitsRecipe, Running
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe


@recipe
class NeuralARRecipe(OrderedBitsRecipe):
    """Small groups: there is one for each bit."""

    group: Annotated[
        int, Field("hidden units in the group of each bit", 1, 512, "units", essential=True, scale="log")
    ] = 8
    reads: Annotated[
        Literal["own group", "groups so far"],
        Field("what the logit of a bit reads: its own group, or those of the bits before it as well", essential=True),
    ] = "groups so far"
    weight_decay: float = 1e-4


class NeuralAR(OrderedBits):
    """See the top of this file."""

    title = "Neural autoregression"
    paper = Paper(
        "Bengio and Bengio",
        2000,
        "Modeling High-Dimensional Discrete Data with Multi-Layer Neural Networks",
        "",
    )
    about = "Each bit has a small hidden layer of its own that reads the bits before it; NADE made them share one."
    recipe_type = NeuralARRecipe
    recipe: NeuralARRecipe

    def build(self, data: DataSpec) -> None:
        size, group = math.prod(data.shape), self.recipe.group
        self.reading = nn.Parameter(torch.empty(size, group, size))
        self.hidden_bias = nn.Parameter(torch.zeros(size, group))
        self.writing = nn.Parameter(torch.zeros(size, size if self.far else 1, group))
        self.bias = nn.Parameter(torch.zeros(size))
        nn.init.normal_(self.reading, std=1 / math.sqrt(size))
        nn.init.normal_(self.writing, std=1 / math.sqrt(group * self.writing.shape[1]))

    @property
    def far(self) -> bool:
        return self.recipe.reads == "groups so far"

    @property
    def before(self) -> Tensor:
        """W, D×H×D: what bit j says to group i, 0 unless j < i."""
        return self.reading.transpose(0, 1).tril(-1).transpose(0, 1)

    @property
    def so_far(self) -> Tensor:
        """V, D×D×H where all groups so far are read: what group j says of bit i, 0 unless j ≤ i; else D×1×H."""
        return self.writing.movedim(2, 0).tril().movedim(0, 2) if self.far else self.writing

    def logits(self, bits: Tensor) -> Tensor:
        size, group = self.hidden_bias.shape
        hidden = (bits @ self.before.reshape(-1, size).T).view(-1, size, group).add(self.hidden_bias).tanh()
        if not self.far:
            return (hidden * self.writing[:, 0]).sum(2) + self.bias
        return hidden.flatten(1) @ self.so_far.reshape(size, -1).T + self.bias

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return _Groups(self, count)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        values = cast("NeuralARRecipe", recipe)
        times = 2 if values.reads == "groups so far" else 1
        return cls._fits(values, data, times * values.group * math.prod(data.shape) ** 2, "group")

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        if data.kind == "vectors":
            return {"steps": 4000, "batch": 50, "rate": 0.002}
        return {"steps": 3000, "batch": 100, "group": 4, "reads": "own group"}


class _Groups(Running):
    """The bits so far, and the groups that were computed of them: one group a bit, O(i H)."""

    def __init__(self, model: NeuralAR, count: int) -> None:
        super().__init__(model)
        self._model = model
        size, group = model.hidden_bias.shape
        device = model.bias.device
        self._bits = torch.zeros(count, size, device=device)
        self._hidden = torch.zeros(count, size, group, device=device)

    def logit(self, i: int) -> Tensor:
        model = self._model
        own = self._bits[:, :i] @ model.reading[i, :, :i].T + model.hidden_bias[i]
        self._hidden[:, i] = own.tanh()
        if not model.far:
            return self._hidden[:, i] @ model.writing[i, 0] + model.bias[i]
        return self._hidden[:, : i + 1].flatten(1) @ model.writing[i, : i + 1].reshape(-1) + model.bias[i]

    def put(self, i: int, bit: Tensor) -> None:
        self._bits[:, i] = bit
