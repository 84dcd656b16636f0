"""Whether a generator gets somewhere or goes round in circles, told from what it makes of the same latents.

The samples of fixed latents are one long vector s; over the last k measures it went a way Σ‖s_t − s_{t−1}‖, and got
‖s_k − s_0‖ far. **Oscillation** is 1 − far / way: 0 on a straight line, near 1 in circles (as GANs do around an
equilibrium: Mescheder et al. 2018, arXiv:1801.04406), and 1 − 1/√k for a random walk, whose steps are at right angles
in so many dimensions. A generator that has arrived and only trembles is near 1 too; so **change** goes with it: how
far a sample is from its former self, over how far two different samples are from each other: 0 still, 1 others.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
STEPS = 16
"""k: measures that the way is made of."""
SAMPLES, DIRECTIONS = 256, 16
"""Lengths are taken of so many samples, each seen along so many fixed random directions: right to about a percent."""


def random_walk(steps: int = STEPS) -> float:
    """The oscillation of a random walk in many dimensions: 1 − 1/√k."""
    return 1 - 1 / math.sqrt(steps)


@dataclass(frozen=True)
class Motion:
    """``oscillation`` 0..1, None until there are enough measures; ``change`` since the last measure."""

    oscillation: float | None
    change: float


class Path:
    """The samples of the same latents, measure after measure.

    Args:
        steps: k.
    """

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self._places: deque[npt.NDArray[np.float64]] = deque(maxlen=steps + 1)
        self._directions: npt.NDArray[np.float32] | None = None

    def clear(self) -> None:
        """The next samples are of another training."""
        self._places.clear()

    def add(self, samples: Floats) -> Motion | None:
        """The next measure: N×D, of the same latents each time. None for the first."""
        seen = self._projected(samples[:SAMPLES])
        before = self._places[-1] if self._places else None
        self._places.append(seen)
        if before is None or before.shape != seen.shape:
            return None
        # E‖a − b‖² of two independent samples is 2 · variance
        apart = math.sqrt(2 * float(((seen - seen.mean(axis=0)) ** 2).sum(axis=1).mean()))
        moved = math.sqrt(float(((seen - before) ** 2).sum(axis=1).mean()))
        return Motion(self._oscillation(), moved / apart if apart > 0 else 0.0)

    def _oscillation(self) -> float | None:
        if len(self._places) <= self.steps:
            return None
        places = np.stack([p.ravel() for p in self._places])
        way = float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())
        far = float(np.linalg.norm(places[-1] - places[0]))
        return max(0.0, 1 - far / way) if way > 0 else None

    def _projected(self, samples: Floats) -> npt.NDArray[np.float64]:
        """Along the directions; examples with fewer values than those as they are."""
        dimension = samples.shape[1]
        if dimension <= DIRECTIONS:
            return np.asarray(samples, np.float64)
        if self._directions is None or len(self._directions) != dimension:
            random = np.random.default_rng([0, dimension])
            self._directions = random.standard_normal((dimension, DIRECTIONS)).astype(np.float32)
        return np.asarray(samples.astype(np.float32) @ self._directions, np.float64)
