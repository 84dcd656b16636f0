"""How a model learns under a constraint: what is added to its players. The mathematics: :mod:`.constraint`.

The E-step takes a batch of the model's own samples under the batch's conditions, and weighs them by softmax(λ f): over
the batch as a whole, so that of a model with conditions q* ∝ p(c) p(x|c) exp(λ f) is meant.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from studio.models.core.constraint import Constraint, as_it_is
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.constraints.scores import summed
from studio.models.core.constraints.table import AUTO, parse
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.moves import Batch, Loss, Optimiser, Scheduled, Update

if TYPE_CHECKING:
    from studio.models.core.model import Model

PLAYER = "constraint"
LOST = 1e30
"""What |f| of a sample that is no number counts as: it has no weight."""


def constraint_of(model: Model) -> Constraint | None:
    """The constraint that a model's recipe asks for, made anew; None where it asks for none."""
    r = model.recipe
    if not isinstance(r, ConstrainedRecipe) or r.constraint == "none":
        return None
    own = model.own_constraint() if r.asked.strip().lower() == AUTO else None
    learned = r.constraint == "learned"
    return own if own is not None else summed(parse(r.asked, model.data, learned=learned), model.data, learned=learned)


def players(model: Model, constraint: Constraint) -> list[Update]:
    """The model's players under a constraint, and the constraint's own, which moves first: while it takes lessons, and
    from then on when it is learned."""
    r = model.recipe
    assert isinstance(r, ConstrainedRecipe)
    game = Game(model, constraint, r)
    found = [replace(u, module=_apart(model)) if u.module is model else u for u in model.updates()]
    at = max(i for i, update in enumerate(found) if update.averaged)
    found[at] = game.under_it(found[at])
    return [*game.own(), *found]


def _apart(model: Model) -> nn.Module:
    """All of the model but its constraint."""
    rest = nn.Module()
    for name, part in model.named_children():
        if part is not model.constraint:
            rest.add_module(name, part)
    for name, parameter in model.named_parameters(recurse=False):
        rest.register_parameter(name, parameter)
    for name, buffer in model.named_buffers(recurse=False):
        rest.register_buffer(name, buffer)
    return rest


class Game:
    """A model and its constraint, as losses."""

    def __init__(self, model: Model, constraint: Constraint, recipe: ConstrainedRecipe) -> None:
        self._model, self._f, self._recipe = model, constraint, recipe
        self._to_take = recipe.lessons if constraint.taught else 0

    def own(self) -> Sequence[Update]:
        """The constraint's moves."""
        r = self._recipe
        learned = r.constraint == "learned"
        if not learned and not self._to_take:
            return []
        return [
            Update(
                PLAYER,
                self._f,
                self.constraint_loss,
                Optimiser("adam", r.constraint_rate),
                times=1 if learned else lambda cycle: int(cycle < self._to_take),
                after=self._count,
                full_precision=True,
                schedule=self._pace if learned and self._to_take else None,
            )
        ]

    def _pace(self, cycle: int) -> Scheduled:
        """What was taught goes on learning more slowly: samples that are bad at first would unteach it."""
        return Scheduled(1.0 if cycle < self._to_take else self._recipe.tuning)

    def under_it(self, update: Update) -> Update:
        """The move of the model, with what the constraint adds to its loss."""

        def loss(batch: Batch) -> Loss:
            own = update.loss(batch)
            if self.lessons_due:
                return own
            value, shows, spreads = self.explicit(batch) if self._model.explains else self.implicit(batch)
            return Loss(own.value + value, own.shows | shows, own.spreads | spreads)

        return replace(update, loss=loss)

    @property
    def lessons_due(self) -> bool:
        """Whether the constraint is still being taught, and does not count."""
        return bool(self._to_take) and int(self._f.lessons) < self._to_take

    def _count(self) -> None:
        if self.lessons_due:
            self._f.lessons += 1

    # --- φ

    def constraint_loss(self, batch: Batch) -> Loss:
        """A lesson; or −(E_data f − E_q* f), the weights held, with what keeps it bounded, and with the lesson of what
        was taught, so that it goes on meaning that."""
        if self.lessons_due or self._recipe.constraint == "fixed":
            taught = self._f.lesson(batch)
            if taught is None:
                raise ValueError("the constraint has to be taught, and these examples have nothing to teach it")
            return Loss(taught)
        with torch.no_grad(), as_it_is(self._model):
            made = self._model.draw(batch)
        f_real, f_made = self.score(batch), self.score(made)
        w = weights(f_made, self._recipe.strength)
        held = self._held(batch, f_real).mean() + (w * self._held(made, f_made)).sum()
        gap = f_real.mean() - (w * f_made).sum()
        loss = held / (2 * self._recipe.bound) - gap
        lesson = self._f.lesson(batch) if self._to_take else None
        shows = {"constraint/f of data − f under q": gap.detach()}
        return Loss(loss if lesson is None else loss + lesson, shows)

    # --- θ

    def implicit(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        """−α λ E_p f, through the samples."""
        made = self._model.draw(batch)
        f = self.score(made)
        return -self._recipe.outer * self._recipe.strength * f.mean(), *self._seen(batch, made, f.detach())

    def explicit(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        """−α (E_q* − e E_p) log p(x), of samples of the present weights; in bits/dim of images and nats of points, as
        the loss of a flow is, so that α = 1 gives them as much say as the data.

        E_p ∇ log p is 0, so that for any e the gradient is that of −α E_q* log p; e E_p takes off what chance makes of
        it on a batch (a baseline, as of REINFORCE). e is the effective sample size as a share: where λ is 0 nothing
        moves at all; where few samples have all the weight the others are not pushed down, which has no end (e = 1 cost
        a NICE of 8×8 digits 1.0 bits/dim under a fixed wish, this 0.1; docs/experiments.md).
        """
        with as_it_is(self._model):
            with torch.no_grad():
                made = self._model.draw(batch)
                f = torch.nan_to_num(self.score(made), nan=-LOST, posinf=-LOST, neginf=-LOST)
            counted = f > -LOST
            kept = torch.where(counted, torch.arange(len(f), device=f.device), f.argmax())
            made = replace(made, x=made.x[kept])  # nothing times what is no number is no number
            w = weights(f, self._recipe.strength)
            many = counted.sum().clamp(min=1)
            baseline = counted / many * effective(w) / many
            nats = ((w - baseline) * self._model.explained(made)).sum()
        images = self._model.data.kind == "images"
        lost = bits_per_dim(nats, math.prod(self._model.data.shape)) if images else -nats
        return self._recipe.outer * lost, *self._seen(batch, made, f[counted] if counted.any() else f)

    # --- what both need

    def score(self, batch: Batch) -> Tensor:
        """f, B, in float32 whatever the precision around it."""
        with self._judging(batch) as examples:
            return self._f.score(examples).float()

    def _held(self, batch: Batch, f: Tensor) -> Tensor:
        with self._judging(batch) as examples:
            return self._f.held(examples, f)

    @contextmanager
    def _judging(self, batch: Batch) -> Iterator[Batch]:
        """The constraint as it is when it judges, and the examples in float32."""
        with torch.autocast(batch.x.device.type, enabled=False), as_it_is(self._f):
            yield replace(batch, x=batch.x.float())

    @torch.no_grad()
    def _seen(self, batch: Batch, made: Batch, f: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Curves, and the spread of f, of samples and their scores beside the data."""
        strength = self._recipe.strength
        w = weights(f, strength)
        shows = {
            "constraint/f of samples, p": f.mean(),
            "constraint/f of samples, q": (w * f).sum(),
            "constraint/f of data": self.score(batch).mean(),
            "constraint/log Z": torch.logsumexp(strength * f, 0) - torch.tensor(len(f)).log(),
            "effective sample size/share of the batch": effective(w) / len(f),
        }
        with self._judging(made) as examples:
            shows |= {f"constraint terms/{name}": t.float().mean() for name, t in self._f.terms(examples).items()}
        return shows, {"constraint/f of samples": f}


def effective(w: Tensor) -> Tensor:
    """The effective sample size 1 / Σ w²."""
    return 1 / w.square().sum()


def weights(f: Tensor, strength: float) -> Tensor:
    """exp(λ f), normalised over the batch: no gradient, no overflow (the largest exponent is taken off)."""
    return torch.softmax(strength * f.detach(), 0)
