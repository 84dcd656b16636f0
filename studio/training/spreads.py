"""Histograms of what each example of a batch has: which bins, and how often.

**Bins.** Gradient norms span decades while one trains, so numbers that are never negative have bins of equal ratio, a
power of two of them to the decade; what is below ``LEAST`` counts in the first one. Numbers of either sign have bins
of equal width, a power of two. There are as few or as many as suit the size of the batch (2 √n, 8 to 48). All edges of
one name lie on nested grids, so histograms of different steps can be laid over each other without cutting a bin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from studio.runs.spreads import Scale
from studio.training.pace import Pace

Floats = npt.NDArray[np.float64]
LEAST = 1e-12
"""On a scale of ratios, anything smaller counts as this."""
MOST = 48
"""Bins of one histogram."""
FINEST = 12
"""No more than 2^12 bins to the decade, nor bins narrower than 2^-12 of the largest number: that is one value."""
LIVE = 0.5
"""Seconds between two histograms of one name for the listener."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """``edges`` rising, bins + 1; ``counts`` bins; ``left_out`` how many numbers were not finite."""

    edges: Floats
    counts: npt.NDArray[np.int64]
    scale: Scale
    left_out: int


def histogram(values: Floats) -> Histogram | None:
    """Of N numbers; None when none of them is finite."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    most = int(np.clip(math.ceil(2 * math.sqrt(len(finite))), 8, MOST))
    logarithmic = bool((finite >= 0).all())
    placed = np.log10(np.maximum(finite, LEAST)) if logarithmic else finite
    low, high = float(placed.min()), float(placed.max())
    # Steps are powers of two: the finest with which all is covered, and no finer than tells numbers apart.
    least = -FINEST if logarithmic else math.frexp(float(np.abs(finite).max()))[1] - FINEST
    at = max(least, math.ceil(math.log2(max((high - low) / most, 2.0**-1000))))
    while _bins(low, high, at) > most:
        at += 1
    first, count = math.floor(low / 2.0**at), _bins(low, high, at)
    cells = np.clip(np.floor(placed / 2.0**at).astype(np.int64) - first, 0, count - 1)
    grid = (first + np.arange(count + 1)) * 2.0**at
    return Histogram(
        np.asarray(10.0**grid if logarithmic else grid, np.float64),
        np.bincount(cells, minlength=count).astype(np.int64),
        "log" if logarithmic else "linear",
        len(values) - len(finite),
    )


def _bins(low: float, high: float, at: int) -> int:
    return math.floor(high / 2.0**at) - math.floor(low / 2.0**at) + 1


def summary(name: str, values: Floats) -> dict[str, float]:
    """Tenth, fiftieth and ninetieth percentile of the finite ones, as curves of the same panel."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {}
    low, middle, high = np.percentile(finite, [10, 50, 90])
    return {f"{name}, 10 % below": float(low), f"{name}, median": float(middle), f"{name}, 90 % below": float(high)}


@dataclass(frozen=True, eq=False)
class Due:
    """A histogram that is wanted now. ``keep``: on disk too."""

    name: str
    found: Histogram
    curves: dict[str, float]
    keep: bool


class Spreads:
    """Looks at what moves bring, each name at a pace of its own.

    Live it is at most two a second and a fiftieth of the time; on disk the gaps grow with the training, so that a day
    of it has some two thousand of a name, a megabyte.

    Args:
        clock: seconds of training.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._paces: dict[str, tuple[Pace, Pace]] = {}

    def look(self, spreads: Mapping[str, Tensor]) -> list[Due]:
        """What is due of these; the others cost a glance at the clock."""
        return [due for name, values in spreads.items() if (due := self._look(name, values)) is not None]

    def _look(self, name: str, values: Tensor) -> Due | None:
        if name not in self._paces:
            self._paces[name] = (
                Pace(self._clock, 0.02, lambda seconds: LIVE),
                Pace(self._clock, 1.0, lambda seconds: max(LIVE, 0.004 * seconds)),
            )
        live, kept = self._paces[name]
        if not live.due():
            return None
        with live.working():
            numbers = values.detach().float().cpu().numpy().ravel().astype(np.float64)
            found = histogram(numbers)
        if found is None:
            return None
        keep = kept.due()
        if keep:
            with kept.working():
                pass
        return Due(name, found, summary(name, numbers), keep)
