"""The running average of the weights (Polyak; "EMA"), as a model of its own that samples are drawn with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.model import Model
from studio.models.core.recipe import Recipe
from studio.training.fitting import fill


class RunningAverage:
    """After the n-th move (from 0) each averaged tensor becomes d·average + (1 − d)·weights,
    d = min(decay, (1 + n) / (10 + n)), so that the first pictures are not those of the start.

    Floating-point buffers of the same modules (the statistics of batch normalisation) are averaged too; integer ones
    are copied. ``model`` is the whole model in evaluation mode; what is not averaged in it *is* the live tensor.
    """

    def __init__(self, live: Model, averaged: Iterable[nn.Module], decay: float) -> None:
        self.decay = decay
        self.moves = 0
        chosen = {id(t) for m in averaged for t in (*m.parameters(), *m.buffers())} if decay > 0 else set()
        named: dict[str, Tensor] = live.state_dict(keep_vars=True)
        own = {id(t): (t.detach().clone(), t.detach()) for t in named.values() if id(t) in chosen}
        state = {name: own[id(t)][0] if id(t) in chosen else t.detach() for name, t in named.items()}
        self.model = shell(type(live), live.recipe, live.data, state)
        self._pairs = list(own.values())
        self._floats = [p for p in self._pairs if p[0].is_floating_point()]
        self._others = [p for p in self._pairs if not p[0].is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        decay = min(self.decay, (1 + self.moves) / (10 + self.moves))
        self.moves += 1
        if self._floats:
            torch._foreach_lerp_([a for a, _ in self._floats], [b for _, b in self._floats], 1 - decay)
        for average, live in self._others:
            average.copy_(live)

    def state(self) -> dict[str, Tensor]:
        """The whole model as samples are drawn with it; the tensors themselves, no copies."""
        return cast("dict[str, Tensor]", self.model.state_dict())

    @torch.no_grad()
    def load(self, state: dict[str, Tensor], moves: int) -> None:
        """Take over a saved average; live tensors are not touched."""
        mine = self.state()
        own = {t.data_ptr() for t, _ in self._pairs}
        for name, tensor in mine.items():
            if tensor.data_ptr() in own:
                tensor.copy_(state[name])
        self.moves = moves


def shell(model_type: type[Model], recipe: Recipe, data: DataSpec, state: dict[str, Tensor]) -> Model:
    """A model that holds the given tensors themselves, in evaluation mode, without gradients.

    Built on the meta device: no weights are drawn, and so no random numbers.

    Raises:
        Misfit: when the tensors are of another recipe.
    """
    with torch.device("meta"):
        made = model_type(recipe, data)
    fill(made, state, assign=True)
    return made.requires_grad_(False).eval()
