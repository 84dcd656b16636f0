"""What autoregressive models of bits share: a logit for each bit given those before it, and an order of the bits."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import training_problems
from studio.models.core.model import Optimiser, Scheduled, Update
from studio.models.core.ordered import Ordered, OrderedRecipe
from studio.models.core.recipe import Field, Problem, recipe

MOST_WEIGHTS = 100_000_000
MOST_VALUES = 4096
"""Bits of one example: to draw one takes as many steps."""


@recipe
class OrderedBitsRecipe(OrderedRecipe):
    """A model of bits in an order, trained by plain stochastic gradient ascent or by Adam."""

    optimiser: Annotated[
        Literal["adam", "sgd"],
        Field("how it descends; plain gradient descent wants a larger rate that decays", group="Optimiser"),
    ] = "adam"
    rate_decay: Annotated[
        float,
        Field(
            "d: after t steps the learning rate is divided by 1 + d t",
            0,
            1,
            group="Optimiser",
            term="rate decay",
        ),
    ] = 0.0
    weight_decay: Annotated[
        float, Field("λ: weight of the penalty ½ λ ‖W‖²", 0, 10, group="Optimiser", term="weight decay")
    ] = 0.0
    shuffle: Annotated[
        int,
        Field(
            "order in which bits are drawn; 0: as they stand, images row by row; else a shuffled order, by number",
            0,
            2**31 - 1,
            term="order of values",
        ),
    ] = 0


class OrderedBits(Ordered):
    """A model of binary vectors, or of images as bits. A system says ``build``, :meth:`logits` and ``course``."""

    recipe: OrderedBitsRecipe

    @abstractmethod
    def logits(self, bits: Tensor) -> Tensor:
        """log p(x_i = 1 | x_<i) − log p(x_i = 0 | x_<i), B×D, of bits float32 B×D of 0 and 1, both in order."""

    @property
    def order(self) -> Tensor:
        order = super().order
        if not self.recipe.shuffle:
            return order
        random = torch.Generator().manual_seed(self.recipe.shuffle)
        return order[torch.randperm(len(order), generator=random, device="cpu")]

    def log_probabilities(self, x: Tensor, classes: Tensor | None) -> Tensor:
        return pair(self.logits(self._in_order(x)))

    def log_conditionals(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        bits = self._in_order(x)
        return logsigmoid(self.logits(bits) * (2 * bits - 1))

    def _in_order(self, x: Tensor) -> Tensor:
        """Examples B×shape in −1..1 as 0..1, B×D."""
        return (x.float().flatten(1).index_select(1, self.order.to(x.device)) + 1) / 2

    # --- training

    def updates(self) -> Sequence[Update]:
        (update,) = super().updates()
        decay = self.recipe.rate_decay
        schedule = (lambda cycles: Scheduled(1 / (1 + decay * cycles))) if decay else None
        return [replace(update, full_precision=True, schedule=schedule)]

    def optimiser(self) -> Optimiser:
        r = self.recipe
        return Optimiser(r.optimiser, r.rate, weight_decay=r.weight_decay, clip=r.clip)

    @classmethod
    def _fits(cls, values: OrderedBitsRecipe, data: DataSpec, weights: int, advice: str) -> list[Problem]:
        """What stands between a recipe, which makes so many weights, and a dataset."""
        if data.kind not in ("vectors", "images"):
            return [
                Problem(
                    "",
                    f"{cls.title} is of bits; {data.name} holds {data.kind}. Choose binary vectors or images, "
                    "or another model",
                )
            ]
        found = training_problems(values, data)
        size = math.prod(data.shape)
        if size > MOST_VALUES:
            found.append(
                Problem(
                    "",
                    f"{cls.title} draws value by value, at most {MOST_VALUES:,}; examples of {data.name} have "
                    f"{size:,}. Add the dataset again at another size",
                )
            )
        elif weights > MOST_WEIGHTS:
            found.append(
                Problem(advice, f"would make {weights / 1e6:,.0f} million weights for {size:,} values; take less")
            )
        if data.kind == "images" and values.values == "levels":
            found.append(
                Problem("values", f"{cls.title} has one bit for each value: take bits drawn anew, or by threshold")
            )
        return found


class Running:
    """A course (:class:`~studio.models.core.model.Course`) of bits. A system says :meth:`logit` and :meth:`put`.

    Weights are read when it begins; none of its tensors has a gradient.
    """

    def __init__(self, model: OrderedBits) -> None:
        self.size = model.dimensions
        self.at = 0

    @abstractmethod
    def logit(self, i: int) -> Tensor:
        """Of bit i, B."""

    @abstractmethod
    def put(self, i: int, bit: Tensor) -> None:
        """What bit i became: float32 B of 0 and 1."""

    @torch.no_grad()
    def next(self) -> Tensor:
        return pair(self.logit(self.at))

    @torch.no_grad()
    def take(self, values: Tensor) -> None:
        if self.at < self.size:
            self.put(self.at, values.float())
        self.at += 1


def pair(logits: Tensor) -> Tensor:
    """log p of 0 and of 1, in a last dimension of 2."""
    return torch.stack([logsigmoid(-logits), logsigmoid(logits)], -1)
