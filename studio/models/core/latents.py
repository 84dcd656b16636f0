"""What a sample is made from: a latent, one flat vector with named parts. No torch: the window reads this module.

Noise, the codes of an InfoGAN and the class of a conditional GAN are parts of one latent, categories as one-hot
vectors. So whatever works on latents (sheets, walks, averages, neighbours, ONNX) works for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["normal", "uniform", "categorical"]
Role = Literal["noise", "code", "class"]
"""Who chooses a part: nobody; the model, which found a meaning for it (InfoGAN's c); the data's labels (a class y)."""


@dataclass(frozen=True)
class Part:
    """One part of a latent.

    Attributes:
        name: as a person reads it ("noise", "c1", "class").
        kind: ``normal`` is N(0, 1) and ``uniform`` U(−1, 1) in each dimension; ``categorical`` is one value of
            ``size``, each as likely as the others, as a one-hot vector.
        size: dimensions.
        values: names of a categorical part's values; empty: 0, 1, …
        shape: (C, H, W) when its values are a picture of so many channels, one of the scales of a flow; empty: a row.
    """

    name: str
    kind: Kind
    size: int
    role: Role = "noise"
    values: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the values of a categorical part."""
        return self.values or tuple(map(str, range(self.size)))

    @property
    def sigma(self) -> float:
        """Standard deviation of one dimension."""
        if self.kind == "normal":
            return 1.0
        return 1 / sqrt(3) if self.kind == "uniform" else sqrt(1 / self.size * (1 - 1 / self.size))


@dataclass(frozen=True)
class Prior:
    """The distribution of a latent: its parts, independent of each other, one behind the other in one vector."""

    parts: tuple[Part, ...] = field(default_factory=tuple)

    @classmethod
    def of(cls, kind: Kind, size: int) -> Prior:
        """Noise alone."""
        return cls((Part("noise", kind, size),))

    @cached_property
    def size(self) -> int:
        return sum(p.size for p in self.parts)

    @cached_property
    def sigmas(self) -> npt.NDArray[np.float32]:
        """Standard deviation of each dimension, (size,)."""
        return np.concatenate([np.full(p.size, p.sigma, np.float32) for p in self.parts] or [np.zeros(0, np.float32)])

    def placed(self, *roles: Role) -> Iterator[tuple[Part, slice]]:
        """The parts of these roles (of all, when none is named) and where each stands in the vector."""
        at = 0
        for part in self.parts:
            if not roles or part.role in roles:
                yield part, slice(at, at + part.size)
            at += part.size

    def place(self, name: str) -> slice:
        """Where a part stands. Raises KeyError."""
        for part, where in self.placed():
            if part.name == name:
                return where
        raise KeyError(f"no part {name!r} in this latent; there are: {', '.join(p.name for p in self.parts)}")

    def part(self, dimension: int) -> Part:
        """The part that a dimension of the vector belongs to."""
        return next(p for p, where in self.placed() if where.start <= dimension < where.stop)

    def has(self, *kinds: Kind) -> bool:
        return any(p.kind in kinds for p in self.parts)

    def as_plain(self) -> list[dict[str, Any]]:
        """For JSON; :meth:`from_plain` reads it."""
        return [{**vars(p), "values": list(p.values), "shape": list(p.shape)} for p in self.parts]

    @classmethod
    def from_plain(cls, plain: Any) -> Prior:
        """Raises KeyError, TypeError, ValueError for what is no prior."""
        return cls(tuple(map(_part, plain)))


def _part(plain: Any) -> Part:
    tuples = {"values": tuple(plain["values"]), "shape": tuple(map(int, plain.get("shape", ())))}
    return Part(**{**plain, **tuples, "size": int(plain["size"])})


def draw(
    prior: Prior, n: int, seed: int, truncation: float | None = None, temperature: float = 1.0
) -> npt.NDArray[np.float32]:
    """``n`` latents for pictures that a person sees, float32 n×size: from a seed of their own, never from the
    training's generator. The same seed gives the same latents; more of them begin with the same rows.

    Each value is the prior's inverse distribution function at a uniform number that depends on the seed alone, so a
    latent moves smoothly, and keeps its place among the others, when only ``truncation`` changes.

    Args:
        truncation: values beyond ± this are ruled out (the prior given that they are not there); None: as trained.
            In σ for ``normal``; 0 gives zeros. Noise alone is truncated, never a code or a class.
        temperature: what normal noise is multiplied by, 0 or more; 1: as trained (Kingma & Dhariwal 2018, section 5.3,
            sample from p(x)^(1/T²) so, as far as the density keeps its volumes).

    Raises:
        ValueError: for a negative or undefined truncation or temperature.
    """
    if not temperature >= 0:
        raise ValueError(f"temperature must be 0 or more, not {temperature}")
    if truncation is not None and not truncation >= 0:
        raise ValueError(f"truncation must be 0 or more, not {truncation}")
    u = np.random.default_rng(seed).random((n, prior.size)) + 2.0**-54  # never 0, where the normal has no value
    made = []
    for p, where in prior.placed():
        value = _inverse(p, u[:, where], truncation if p.role == "noise" else None)
        made.append(value * temperature if p.role == "noise" and p.kind == "normal" else value)
    return np.concatenate(made, axis=1).astype(np.float32) if made else np.zeros((n, 0), np.float32)


def _inverse(part: Part, u: npt.NDArray[np.float64], truncation: float | None) -> npt.NDArray[Any]:
    if part.kind == "categorical":
        return one_hot(np.minimum((u[:, 0] * part.size).astype(np.int64), part.size - 1), part.size)
    if part.kind == "uniform":
        return (2 * u - 1) * (1.0 if truncation is None else min(truncation, 1.0))
    from scipy.special import ndtr, ndtri  # here: the window is on screen before scipy is needed

    if truncation is not None:
        outside = ndtr(-truncation)
        u = outside + u * (1 - 2 * outside)
    return np.asarray(ndtri(u))


def one_hot(values: npt.ArrayLike, size: int) -> npt.NDArray[np.float32]:
    """Rows with a single 1, N×size, for N values 0..size−1."""
    return np.eye(size, dtype=np.float32)[np.asarray(values, np.int64)]
