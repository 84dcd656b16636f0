"""A model over five points of the plane, p_θ = softmax θ, whose "samples" stand for p exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.constrained import Game
from studio.models.core.constraint import Constraint
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.model import Batch, Loss, Model, Optimiser, Paper, Update

STATES = 5
DATA = torch.tensor([0.3, 0.1, 0.1, 0.1, 0.4], dtype=torch.float64)
"""What the data are like, in tenths: ten examples stand for it."""
F = torch.tensor([-3.0, 0.5, -1.0, 1.2, 0.0], dtype=torch.float64)
POINTS = DataSpec("five", "points", (2,), 10)


def batch_of(counts: Sequence[int]) -> Batch:
    """Each state so many times, as points (state, 0)."""
    states = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return Batch(torch.stack([states.double(), torch.zeros(len(states)).double()], 1))


REAL = batch_of([3, 1, 1, 1, 4])


class Scores(Constraint):
    """f of each state, a parameter each: the most that a constraint can be."""

    def __init__(self, f: Tensor) -> None:
        super().__init__()
        self.f = nn.Parameter(f.clone())

    def score(self, batch: Batch) -> Tensor:
        return self.f[batch.x[:, 0].long()]

    def held(self, batch: Batch, f: Tensor) -> Tensor:
        return torch.zeros_like(f)


class Finite(Model):
    """``counts``: how many samples of each state stand for p at the present θ; None: they are drawn."""

    title = "Five points"
    paper = Paper("nobody", 2018, "none", "0000.00000")
    about = "A table."
    recipe_type = ConstrainedRecipe
    likelihood = "exact"
    drawn = 100_000

    def build(self, data: DataSpec) -> None:
        self.logits = nn.Parameter(torch.zeros(STATES, dtype=torch.float64))
        self.counts: list[int] | None = None

    def updates(self) -> Sequence[Update]:
        return [Update("table", self, self.loss, Optimiser("sgd", 0.1), averaged=True)]

    def loss(self, batch: Batch) -> Loss:
        return Loss(-self.explained(batch).mean())

    @property
    def p(self) -> Tensor:
        return self.logits.softmax(0)

    def log_likelihood(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return self.logits.log_softmax(0)[x[:, 0].long()]

    def draw(self, batch: Batch) -> Batch:
        if self.counts is not None:
            return batch_of(self.counts)
        drawn = torch.multinomial(self.p.detach(), self.drawn, replacement=True)
        return batch_of(torch.bincount(drawn, minlength=STATES).tolist())


def game(f: Tensor = F, counts: list[int] | None = None, **values: Any) -> tuple[Finite, Scores, Game]:
    """With ``counts``, p is what they are shares of."""
    recipe = ConstrainedRecipe(**values)
    model = Finite(ConstrainedRecipe(), POINTS)
    if counts is not None:
        model.counts = counts
        model.logits.data = torch.tensor(counts, dtype=torch.float64).log()
    scores = Scores(f)
    return model, scores, Game(model, scores, recipe)
