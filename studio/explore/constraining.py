"""What follows from the scores of samples, for any λ: weights, how many samples they are worth, a sample of q*.

The arithmetic of the E-step is in :mod:`studio.models.core.posterior`; here it is put together for a person to look at.
NumPy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from studio.models.core import posterior

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
FEW = 0.05
"""Effective samples, as a share of all, below which estimates under q* rest on next to nothing."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """Samples of p seen as samples of q* ∝ p exp(λ f).

    Attributes:
        scores: f of each sample, N: the sum of the weighted constraints.
        strength: λ.
        seed: of the resampling.
    """

    scores: Floats
    strength: float
    seed: int = 0

    @cached_property
    def weights(self) -> Floats:
        """Self-normalised importance weights, N, with the sum 1."""
        return posterior.weights(self.scores, self.strength)

    @cached_property
    def effective(self) -> float:
        """Effective sample size, 1..N."""
        return posterior.effective_sample_size(self.weights)

    @property
    def few(self) -> bool:
        """Whether so few samples carry the weights that q* is hardly seen."""
        return self.effective < FEW * len(self.scores)

    @cached_property
    def log_normaliser(self) -> float:
        """log Z in nats, estimated from the samples."""
        return posterior.log_normaliser(self.scores, self.strength)

    def mean(self, values: npt.ArrayLike) -> float:
        """E_q* of something that each sample has."""
        return float(self.weights @ np.asarray(values, np.float64))

    @cached_property
    def places(self) -> Indices:
        """As many samples of q*, N indices of samples of p, laid out so that a picture keeps its place while λ moves.

        The place of a sample of p keeps it with probability min(1, N·wᵢ); else it goes to one drawn from what the
        weights have beyond 1/N (the maximal coupling of the two empirical distributions; Lindvall 2002, chapter I.5).
        Over all places that is a draw from the weights, and no other way leaves more of them as they are. The random
        numbers hang on the seed alone, so a small move of λ moves few pictures.
        """
        count = len(self.scores)
        kept, noise = _numbers(count, self.seed)
        found = np.arange(count)
        free = np.flatnonzero(kept >= count * self.weights)
        spare = self.weights - 1 / count
        others = np.flatnonzero(spare > 0)
        if len(free) and len(others):
            drawn = (noise[np.ix_(free, others)] + np.log(spare[others])).argmax(1)  # Gumbel's trick
            found[free] = others[drawn]
        return found.astype(np.int64)

    @cached_property
    def counts(self) -> Indices:
        """How often each sample of p is among those of q*, N."""
        return np.bincount(self.places, minlength=len(self.scores)).astype(np.int64)


@lru_cache(maxsize=2)
def _numbers(count: int, seed: int) -> tuple[Floats, Floats]:
    """N numbers in 0..1 and N×N of Gumbel's distribution."""
    random = np.random.default_rng(seed)
    kept = random.random(count)
    return kept, random.gumbel(size=(count, count))


def total(scores: npt.ArrayLike, weights: npt.ArrayLike) -> Floats:
    """f = Σₖ wₖ fₖ of scores N×K and weights K; 0 without constraints."""
    f = np.asarray(scores, np.float64)
    return np.asarray(f @ np.asarray(weights, np.float64), np.float64) if f.shape[1] else np.zeros(len(f))


def effective_over(scores: Floats, strengths: npt.ArrayLike) -> Floats:
    """The effective sample size at each λ."""
    raised = np.asarray(strengths, np.float64)[:, None] * scores[None]
    w = np.exp(raised - raised.max(1, keepdims=True))
    return np.asarray(np.square(w.sum(1)) / np.square(w).sum(1))


def strength_for(scores: Floats, share: float, most: float) -> float:
    """The largest λ in 0..``most`` at which samples are still worth this share of their number, by bisection: the
    effective size falls as λ grows. ``most`` where it never falls so low."""
    goal = share * len(scores)
    if posterior.effective_sample_size(posterior.weights(scores, most)) >= goal:
        return most
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        enough = posterior.effective_sample_size(posterior.weights(scores, middle)) >= goal
        low, high = (middle, high) if enough else (low, middle)
    return low
