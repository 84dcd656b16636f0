"""What autoregressive systems share: an example is a row of values, each with a distribution given those before it.

log p(x) = Σ log p(x_i | x_<i), exact. A sample is made of one uniform number for each value: the value is where the
number lies among the probabilities (inverse of the distribution function). So what is left to chance is a latent like
any other: fixed seeds, sheets and exports work as for all models, and a value can be held while the others are drawn.

A system says ``build`` and :meth:`Ordered.log_probabilities`; what it can compute cheaper than from all of those,
:meth:`Ordered.log_conditionals` and :meth:`Ordered.course`, it may say too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from studio.models.core.binary import binarised
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.latents import Part, Prior
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.model import Batch, Course, Loss, Model, Optimiser, Update
from studio.models.core.recipe import Field, recipe
from studio.nn.threads import alone

NOISE = "noise"


@recipe
class OrderedRecipe(ConstrainedRecipe):
    """A model of values in an order."""

    values: Annotated[
        Literal["dynamic", "threshold", "levels"],
        Field(
            "what a grey level becomes: a bit drawn anew each time, a bit by threshold, or one of a few levels",
            essential=True,
            term="binarisation",
        ),
    ] = "dynamic"
    bits: Annotated[
        int, Field("bits per value that are kept of images, with levels", 1, 8, "bits", term="dequantisation")
    ] = 8
    rate: Annotated[
        float, Field("learning rate", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate")
    ] = 1e-3
    clip: Annotated[
        float,
        Field(
            "largest norm of the gradient; a longer one is scaled down; 0: never",
            0,
            1e6,
            group="Optimiser",
            term="gradient clipping",
        ),
    ] = 1.0


class Ordered(Model):
    """A model that draws in order; images (C×H×W; pixel by pixel, within one channel by channel) or binary vectors."""

    recipe: OrderedRecipe
    class_conditional: bool = False
    """Whether its distributions depend on the label."""
    measured = 256

    # --- what a system says

    def log_probabilities(self, x: Tensor, classes: Tensor | None) -> Tensor:
        """log p(x_i = v | x_<i), B×D×value_count in order, of whole examples: all at once.

        Args:
            x: B×shape as held. classes: one-hot B×K, or None.
        """
        raise NotImplementedError

    # --- values

    @property
    def bits_drawn(self) -> bool:
        return self.data.kind == "vectors" or self.recipe.values != "levels"

    @property
    def value_count(self) -> int:
        return 2 if self.bits_drawn else 1 << self.recipe.bits

    @property
    def dimensions(self) -> int:
        return math.prod(self.data.shape)

    @property
    def order(self) -> Tensor:
        if self.data.kind == "vectors":
            return torch.arange(self.dimensions)
        channels, height, width = self.data.shape
        return torch.arange(self.dimensions).view(channels, height * width).T.reshape(-1)

    def held(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        if self.data.kind == "vectors":
            return x
        how = self.recipe.values
        if how != "levels":
            return binarised(x, how, generator)
        return self.as_examples(self.as_values(x))

    @property
    def holding(self) -> str:
        if self.data.kind == "vectors" or (self.recipe.values == "levels" and self.recipe.bits == 8):
            return ""
        return f"{self.recipe.bits} bits" if self.recipe.values == "levels" else self.recipe.values

    def as_values(self, x: Tensor) -> Tensor:
        """Examples B×shape as int64 B×D in 0..value_count−1, in order: of images with fewer bits the higher ones."""
        if self.bits_drawn:
            values = (x > 0).long()
        else:
            grey = ((x.float() + 1) * 127.5).round().long().clamp(0, 255)
            values = grey >> (8 - self.recipe.bits)
        return values.flatten(1).index_select(1, self.order.to(x.device))

    def as_examples(self, values: Tensor) -> Tensor:
        """The other way: int64 B×D in order as examples B×shape in −1..1, evenly from black to white."""
        flat = torch.empty(values.shape, device=values.device)
        flat[:, self.order.to(values.device)] = values.float() * (2 / (self.value_count - 1)) - 1
        return flat.view(-1, *self.data.shape)

    # --- likelihood

    def log_conditionals(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        chosen = self.as_values(x)[..., None]
        return self.log_probabilities(x, classes).gather(2, chosen)[..., 0]

    @property
    def likelihood(self) -> str:
        if self.data.kind == "vectors":
            return "exact"
        how = {"dynamic": "of bits drawn anew", "threshold": "of bits by threshold", "levels": ""}[self.recipe.values]
        few = f"of {self.recipe.bits}-bit values" if self.recipe.values == "levels" and self.recipe.bits < 8 else ""
        return " ".join(("exact", *(part for part in (how, few) if part)))

    @property
    def in_bits(self) -> bool:
        return not self.bits_drawn

    def log_likelihood(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Of a model that takes classes over all of them, each as likely as the others."""
        x = self.held(x, generator)
        if not self.class_conditional:
            return self.log_conditionals(x).sum(1)
        each = torch.stack([self.log_conditionals(x, c).sum(1) for c in self.every_class(len(x), x)])
        return each.logsumexp(0) - math.log(len(each))

    def every_class(self, count: int, like: Tensor) -> list[Tensor]:
        classes = torch.eye(len(self.data.classes), device=like.device)
        return [row.expand(count, -1) for row in classes]

    # --- training

    def updates(self) -> Sequence[Update]:
        return [Update("model", self, self.loss, self.optimiser(), averaged=True)]

    def optimiser(self) -> Optimiser:
        return Optimiser("adam", self.recipe.rate, clip=self.recipe.clip)

    def loss(self, batch: Batch) -> Loss:
        """−log p: of grey levels in bits/dim, of bits in nats."""
        nats = self.explained(batch).mean()
        if self.in_bits:
            value = bits_per_dim(nats, self.dimensions)
            return Loss(value, {"bits per dim/training": value.detach()})
        return Loss(-nats, {"log-likelihood/training": nats.detach()})

    def explained(self, batch: Batch) -> Tensor:
        classes = None
        if self.class_conditional and batch.labels is not None:
            classes = one_hot(batch.labels, len(self.data.classes)).float()
        return self.log_conditionals(self.held(batch.x), classes).float().sum(1)

    # --- drawing

    @property
    def prior(self) -> Prior:
        """One uniform number for each value, in order."""
        noise = Part(NOISE, "uniform", self.dimensions)
        if not self.class_conditional:
            return Prior((noise,))
        return Prior((noise, Part("class", "categorical", len(self.data.classes), "class", self.data.classes)))

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return Rerun(self, count, classes)

    def decode(self, z: Tensor) -> Tensor:
        classes = z[:, self.prior.place("class")] if self.class_conditional else None
        u = (z[:, : self.dimensions] + 1) / 2
        with alone():
            return self.as_examples(drawn(self.course(len(z), classes), u))


class Rerun:
    """A course that runs the whole model for each value: what a quicker one is held against."""

    def __init__(self, model: Ordered, count: int, classes: Tensor | None) -> None:
        device = next(model.parameters()).device
        self._model, self._classes = model, classes
        self._values = torch.zeros(count, model.dimensions, dtype=torch.int64, device=device)
        self._at = 0

    def next(self) -> Tensor:
        x = self._model.as_examples(self._values)
        return self._model.log_probabilities(x, self._classes)[:, self._at]

    def take(self, values: Tensor) -> None:
        if self._at < self._values.shape[1]:
            self._values[:, self._at] = values
        self._at += 1


@torch.no_grad()
def drawn(
    course: Course,
    u: Tensor,
    given: Tensor | None = None,
    known: Tensor | None = None,
    told: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Values int64 B×D of a course, in order.

    Args:
        u: uniform numbers in 0..1, B×D in order: value i is the first whose cumulative probability exceeds u_i.
        given: values B×D in order that are to stand where ``known`` (bool D or B×D) is: an image is completed so, each
            value given those before it (what comes behind it has no say).
        told: is called with i and the log-probabilities B×value_count, before value i is taken; it may raise to stop.
    """
    found = torch.empty(u.shape, dtype=torch.int64, device=u.device)
    for i in range(u.shape[1]):
        logs = course.next()
        if told is not None:
            told(i, logs)
        cumulative = logs.float().exp().cumsum(1)
        values = (cumulative[:, :-1] <= u[:, i : i + 1] * cumulative[:, -1:]).sum(1)
        if given is not None and known is not None:
            values = torch.where(known[..., i], given[:, i], values)
        found[:, i] = values
        course.take(values)
    return found
