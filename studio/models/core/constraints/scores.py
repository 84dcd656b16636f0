"""What the constraints of the library compute: :mod:`.table` says what each is."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.data.dataset import DataSpec
from studio.models.core.constraint import Constraint
from studio.models.core.constraints.table import UNIT, Term
from studio.models.core.moves import Batch
from studio.nn import classifying

GROUND = 0.25
"""Difference from the border's mean, of 0..1, at which a pixel counts 1 − e^(−½) = 0.39 as ink; at twice that 0.86."""


def grey(x: Tensor) -> Tensor:
    """B×H×W in 0..1 of images B×C×H×W in −1..1: the mean of the channels."""
    return (x.mean(1) + 1) / 2


def brightness(x: Tensor) -> Tensor:
    """The mean grey of each image, B, 0..1."""
    return grey(x).mean((1, 2))


def ink(x: Tensor) -> Tensor:
    """The share of each image that is drawn, B, 0..1: the mean of 1 − exp(−½ (d/¼)²), d how far a pixel is from the
    mean of the border's pixels, whichever of the two is the darker. The border is taken as it is: no gradient changes
    the ground instead of what is on it."""
    values = grey(x)
    rows, columns = values[:, [0, -1], :].flatten(1), values[:, 1:-1, [0, -1]].flatten(1)
    ground = torch.cat([rows, columns], 1).mean(1).detach()
    away = values - ground[:, None, None]
    return (1 - torch.exp(-(away / GROUND).square() / 2)).mean((1, 2))


def asymmetry(x: Tensor) -> Tensor:
    """The mean difference between a pixel and its mirror image, left and right, B, 0..1."""
    return (x - x.flip(3)).abs().mean((1, 2, 3)) / 2


def total_variation(x: Tensor) -> Tensor:
    """The mean difference between neighbouring pixels, across and down, B, 0..1."""
    across = (x[..., :, 1:] - x[..., :, :-1]).abs().flatten(1)
    down = (x[..., 1:, :] - x[..., :-1, :]).abs().flatten(1)
    return torch.cat([across, down], 1).mean(1) / 2


def near(u: Tensor) -> Tensor:
    """−½u²."""
    return -u.square() / 2


MEASURED: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor], int]] = {
    "brightness": (brightness, near, 2),
    "ink": (ink, near, 2),
    "symmetry": (asymmetry, torch.neg, 1),
    "total variation": (total_variation, torch.neg, 1),
    "half plane": (lambda x: x[:, 0], F.logsigmoid, 2),
    "circle": (lambda x: x.norm(dim=1), near, 2),
}
"""Name → what is measured, f of u = (measured − target)/s, and how many moments of u a learned one has."""


class Measured(Constraint):
    """f(u) of one measured quantity, or, learned, Σ φ_k u^k/k!, which begins with φ = 0: nothing is asked for, and as
    little is as the data demand (the q* of least KL(q‖p) with the data's moments)."""

    unit = UNIT

    def __init__(self, term: Term, *, learned: bool) -> None:
        super().__init__()
        self.measure, self._f, moments = MEASURED[term.entry.name]
        self.target, self.tolerance = term.target, term.entry.tolerance
        self.phi = nn.Parameter(torch.zeros(moments)) if learned else None

    def score(self, batch: Batch) -> Tensor:
        u = (self.measure(batch.x) - self.target) / self.tolerance
        return self._f(u) if self.phi is None else self.moments(u) @ self.phi

    def moments(self, u: Tensor) -> Tensor:
        """u, or u and ½u²: B×K."""
        assert self.phi is not None
        return torch.stack([u, u.square() / 2][: len(self.phi)], 1)

    def held(self, batch: Batch, f: Tensor) -> Tensor:
        return torch.zeros_like(f) if self.phi is None else (self.phi.square().sum() / 2).expand(len(f))


class ClassScore(Constraint):
    """f = log p(class | x) of a classifier, which takes lessons from labelled examples. Learned, it also moves by φ.

    Args:
        target: the number of the class.
        network: of :func:`studio.nn.classifying.network`, with what it has learned; None: a new one.
    """

    unit = UNIT

    def __init__(self, data: DataSpec, target: int, network: nn.Sequential | None = None) -> None:
        super().__init__()
        self.target = target
        self.taught = network is None
        self.network = classifying.network(data, len(data.classes)) if network is None else network

    def score(self, batch: Batch) -> Tensor:
        return self.log_probabilities(batch.x)[:, self.target]

    def log_probabilities(self, x: Tensor) -> Tensor:
        """B×K, in nats."""
        return F.log_softmax(self.network(classifying.reduced(x)).float(), 1)

    def lesson(self, batch: Batch) -> Tensor | None:
        if batch.labels is None or not self.taught:
            return None
        return F.nll_loss(self.log_probabilities(batch.x), batch.labels)


class NetworkScore(Constraint):
    """f = f_φ(x), a network without normalisation, so that a score depends on no other example. Its last layer begins
    with zeros: f = 0, and q* is p."""

    unit = UNIT

    def __init__(self, data: DataSpec) -> None:
        super().__init__()
        self.network = classifying.network(data, 1, normed=False)
        last = self.network[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def score(self, batch: Batch) -> Tensor:
        f: Tensor = self.network(classifying.reduced(batch.x)).squeeze(1)
        return f


class Sum(Constraint):
    """Σ w_k f_k of several constraints, each with a name."""

    unit = UNIT

    def __init__(self, parts: list[tuple[float, str, Constraint]]) -> None:
        super().__init__()
        self.weights = [weight for weight, *_ in parts]
        self.names = [name for _, name, _ in parts]
        self.parts = nn.ModuleList(part for *_, part in parts)
        self.taught = any(part.taught for *_, part in parts)

    def each(self) -> list[tuple[float, Constraint]]:
        return [(w, part) for w, part in zip(self.weights, self.parts, strict=True) if isinstance(part, Constraint)]

    def score(self, batch: Batch) -> Tensor:
        return torch.stack([weight * part.score(batch) for weight, part in self.each()]).sum(0)

    def lesson(self, batch: Batch) -> Tensor | None:
        found = [loss for _, part in self.each() if (loss := part.lesson(batch)) is not None]
        return torch.stack(found).sum() if found else None

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        return {name: part.score(batch) for name, (_, part) in zip(self.names, self.each(), strict=True)}

    def held(self, batch: Batch, f: Tensor) -> Tensor:
        return torch.stack([weight * part.held(batch, part.score(batch)) for weight, part in self.each()]).sum(0)


def made(term: Term, data: DataSpec, *, learned: bool = False, network: nn.Sequential | None = None) -> Constraint:
    """The constraint of one term, without its weight.

    Args:
        network: for "class": a classifier that has learned already.
    """
    match term.entry.name:
        case "class":
            return ClassScore(data, int(term.target), network)
        case "network":
            return NetworkScore(data)
        case _:
            return Measured(term, learned=learned)


def summed(terms: tuple[Term, ...], data: DataSpec, *, learned: bool) -> Constraint:
    """The constraint that several terms ask for together."""
    parts = [(term.weight, term.said(data), made(term, data, learned=learned)) for term in terms]
    return parts[0][2] if len(parts) == 1 and parts[0][0] == 1 else Sum(parts)
