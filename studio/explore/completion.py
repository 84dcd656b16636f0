"""Examples drawn value by value: from nothing or round what is known, and how surprising each value was. Needs torch.

What is seen of it, frame by frame: :mod:`studio.explore.drawings`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.data.watch import Watch
from studio.models.core import latents
from studio.models.core.model import Course, DecodesLatent, DrawsInOrder, Model
from studio.models.core.ordered import NOISE, drawn

Floats = npt.NDArray[np.float32]
CHANCES = 8 << 20
"""Bytes of distributions that are kept of one drawing."""
AT_ONCE = 1 << 22
"""Probabilities that a network gives at once."""


class Painter(Model, DrawsInOrder, DecodesLatent):
    """A model that draws in order, for the type checker."""


def painter(model: Model) -> Painter:
    """The same, known to draw in order. Raises ValueError."""
    if not isinstance(model, DrawsInOrder) or not isinstance(model, DecodesLatent):
        raise ValueError(f"{model.title} does not draw value by value")
    return model  # type: ignore[return-value]


def values_of(model: Painter, x: Tensor) -> Tensor:
    """Examples as the model holds them, B×shape in −1..1, as int64 B×D in 0..value_count−1, in order."""
    flat = x.flatten(1)[:, model.order.to(x.device)].float()
    return ((flat + 1) / 2 * (model.value_count - 1)).round().long().clamp(0, model.value_count - 1)


def examples_of(model: Painter, values: Tensor) -> Tensor:
    """The other way: B×shape in −1..1, evenly from the first value to the last."""
    flat = torch.empty(values.shape, device=values.device)
    flat[:, model.order.to(values.device)] = values.float() * (2 / (model.value_count - 1)) - 1
    return flat.view(-1, *model.data.shape)


def places_known(known: npt.NDArray[np.bool_], order: npt.NDArray[np.int64], spec: DataSpec) -> npt.NDArray[np.bool_]:
    """Which values are given, D in order, where the pixels H×W (of a vector its D values) are known.

    Raises:
        ValueError: for a mask of another size.
    """
    wanted = (spec.shape[0],) if spec.kind == "vectors" else spec.size
    if known.shape != wanted:
        raise ValueError(f"what is known has the size {known.shape}; examples of {spec.name} have {wanted}")
    whole = known.reshape(-1)
    if spec.kind == "images":
        whole = np.tile(whole, spec.channels)
    return np.ascontiguousarray(whole[order])


@dataclass(frozen=True, eq=False)
class Drawing:
    """N examples drawn in order: ``values`` int64 N×D, ``nats`` float32 N×D and ``chances`` float16 M×D×V in order, as
    in :class:`~studio.explore.questions.pixels.DrawnInOrder`."""

    values: Tensor
    nats: Tensor
    chances: Tensor


class _Watched:
    """A course whose distributions are kept. Whoever waits is told how far it is, and may call it off."""

    def __init__(self, course: Course, count: int, dimensions: int, value_count: int, watch: Watch) -> None:
        self._course, self._watch = course, watch
        kept = max(1, min(count, CHANCES // (2 * dimensions * value_count)))
        self.chances = torch.zeros(kept, dimensions, value_count, dtype=torch.float16)
        self.nats = torch.zeros(count, dimensions)
        self._logs = torch.empty(0)
        self._at = 0

    def next(self) -> Tensor:
        self._watch.advance(self._at, self.nats.shape[1], "drawing")
        self._logs = self._course.next().float()
        return self._logs

    def take(self, values: Tensor) -> None:
        if self._at < self.nats.shape[1]:
            self.chances[:, self._at] = self._logs[: len(self.chances)].exp().half()
            self.nats[:, self._at] = -self._logs.gather(1, values[:, None])[:, 0].cpu()
        self._course.take(values)
        self._at += 1


def draw(
    model: Painter,
    count: int,
    seed: int,
    *,
    label: int | None = None,
    given: Tensor | None = None,
    known: npt.NDArray[np.bool_] | None = None,
    watch: Watch | None = None,
) -> Drawing:
    """``count`` examples of one seed: the same as the model's samples of that seed, as far as nothing is known.

    Args:
        label: class of all, of models that take classes; None: each of the class that comes with its seed.
        given, known: an example as the model holds it, 1×shape, and which of its values stand, D in order. Each other
            value is drawn given those before it; what comes behind it has no say.

    Raises:
        ValueError: no such class. Cancelled: by the watch.
    """
    prior = model.prior
    z = torch.from_numpy(latents.draw(prior, count, seed)).to(next(model.parameters()).device)
    u = (z[:, prior.place(NOISE)] + 1) / 2
    part = class_part(model)
    classes = None if part is None else z[:, prior.place(part.name)]
    if label is not None:
        classes = one_class(model, label, count).to(z)
    values = None if given is None else values_of(model, given).expand(count, -1)
    stands = None if given is None or known is None else torch.from_numpy(known).to(z.device)
    with torch.inference_mode():
        course = _Watched(model.course(count, classes), count, u.shape[1], model.value_count, watch or Watch())
        found = drawn(course, u, values, stands)
    return Drawing(found.cpu(), course.nats, course.chances)


def surprise(
    model: Painter, x: Tensor, labels: npt.NDArray[np.int64] | None = None, watch: Watch | None = None
) -> Tensor:
    """−log p(x_i | those before it) in nats, float32 N×D in order, of examples as the model holds them.

    Args:
        labels: class of each, N; −1 and None: over all classes, each as likely as the others. The values' own shares
            are then those of p(x_1..x_i) = 1/K Σ_c p(x_1..x_i | c), and sum to −log of it as well.
    """
    rows = max(1, AT_ONCE // (int(np.prod(model.data.shape)) * model.value_count))
    part = class_part(model)
    found = []
    with torch.inference_mode():
        for start in range(0, len(x), rows):
            if watch is not None:
                watch.advance(start, len(x), "examples")
            some = x[start : start + rows]
            if part is None:
                found.append(-model.log_conditionals(some).float().cpu())
                continue
            own = np.full(len(some), -1) if labels is None else labels[start : start + rows]
            nats = torch.empty(len(some), int(np.prod(model.data.shape)))
            for label in np.unique(own):
                here = torch.from_numpy(own == label)
                nats[here] = _given(model, some[here.to(some.device)], int(label), part.size)
            found.append(nats)
    return torch.cat(found) if found else torch.empty(0, int(np.prod(model.data.shape)))


def _given(model: Painter, x: Tensor, label: int, count: int) -> Tensor:
    if label >= 0:
        return -model.log_conditionals(x, one_class(model, label, len(x)).to(x)).float().cpu()
    each = [model.log_conditionals(x, one_class(model, c, len(x)).to(x)).double().cumsum(1) for c in range(count)]
    whole = torch.stack(each).logsumexp(0) - math.log(count)
    before = torch.cat([torch.zeros_like(whole[:, :1]), whole[:, :-1]], 1)
    return (before - whole).float().cpu()


def class_part(model: Painter) -> latents.Part | None:
    """The part of the latent that says which class is drawn; None of models that take none."""
    return next((part for part, _ in model.prior.placed("class")), None)


def one_class(model: Painter, label: int, count: int) -> Tensor:
    """One-hot count×K. Raises ValueError for a class that there is not."""
    part = class_part(model)
    size = 0 if part is None else part.size
    if not 0 <= label < size:
        none = f"has classes 0 to {size - 1}, and no {label}" if size else "takes no class"
        raise ValueError(f"{model.title} of {model.data.name} {none}")
    return torch.from_numpy(latents.one_hot(np.full(count, label), size))
