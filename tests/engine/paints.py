"""A made-up system that draws in order: each value leans towards the one before it, and towards its class."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.ordered import Ordered, OrderedRecipe


class Leaning(Ordered):
    """p(x_i = v | x_<i, c) ∝ exp(a (v − m)²) with m of the last value and the class: exact, and quick to run."""

    title = "Leaning"
    recipe_type = OrderedRecipe

    def build(self, data: DataSpec) -> None:
        self.pull = nn.Parameter(torch.tensor(-1.5))
        self.class_conditional = bool(data.classes)

    def log_probabilities(self, x: Tensor, classes: Tensor | None) -> Tensor:
        values = self.as_values(x).float() / (self.value_count - 1)
        before = torch.cat([torch.full_like(values[:, :1], 0.5), values[:, :-1]], 1)
        if classes is not None:
            before = (before + classes.argmax(1, keepdim=True) / max(classes.shape[1] - 1, 1)) / 2
        grid = torch.linspace(0, 1, self.value_count)
        return (self.pull * 3 * (grid - before[..., None]).square() + 0.3 * grid).log_softmax(2)


def leaning(data: DataSpec, **changed: object) -> Leaning:
    return Leaning(OrderedRecipe(**changed), data).eval()  # type: ignore[arg-type]
