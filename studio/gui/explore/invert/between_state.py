"""The way between two real examples on the inversion panel: its places and its latents. No Qt here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from studio.explore import latents
from studio.gui.explore.invert.state import Between
from studio.models.core.latents import Prior

Vectors = npt.NDArray[np.float32]
FRAMES = (3, 64)
FPS = (1, 30)


def whole(between: Between) -> bool:
    """Whether there are two ends to go between."""
    return len(between.start) == 1 and len(between.end) == 1


def turned(between: Between) -> Between:
    """From the other end; what is looked at stays."""
    return replace(between, start=between.end, end=between.start, t=1 - between.t)


def places(count: int, *, back: bool = False) -> npt.NDArray[np.float64]:
    """t of each of so many frames, 0..1; ``back``: there and back, so that an animation repeats without a jump."""
    if back:
        return np.asarray(1 - np.abs(1 - 2 * np.arange(count) / max(count, 1)))
    return np.linspace(0.0, 1.0, count) if count > 1 else np.zeros(1)


def way(between: Between, a: Vectors, b: Vectors, t: npt.ArrayLike, prior: Prior) -> Vectors:
    """What lies at N places t between the latents (size,) of the two ends, N×size. The ends themselves are met bit for
    bit, so that they decode to their examples."""
    along = np.atleast_1d(np.asarray(t, np.float64))
    made = latents.between(a, b, along, between.kind, prior)
    made[along <= 0], made[along >= 1] = a, b
    return made
