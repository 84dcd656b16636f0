"""One curve of a plot, and how its series becomes a line: the part in view, thinned to pixels, logarithmic or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.gui.widgets.series import Series


@dataclass(eq=False)
class Curve:
    """One line of the panel.

    ``reference``: a level to compare with (a floor), drawn quiet, never smoothed, and named upon the line.
    ``term``: of the glossary, "" for none.
    """

    key: str
    label: str
    series: Series
    run: int
    reference: bool = False
    hidden: bool = False
    raw: Any = None
    line: Any = None
    name: Any = None
    term: str = ""


def extent(shown: list[Curve]) -> tuple[float, float]:
    """First and last step of all these curves; 0 to 1 when there are none."""
    if not shown:
        return 0.0, 1.0
    low = min(float(c.series.x[0]) for c in shown)
    high = max(float(c.series.x[-1]) for c in shown)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def scaled(
    series: Series, low: float, high: float, width: int, *, log: bool = False, reference: bool = False
) -> tuple[Any, Any]:
    """What is drawn of a series between two steps on so many pixels: steps, and values or their logarithms."""
    x, y = series.view(low, high, width)
    if reference:  # a level holds everywhere, however seldom it was measured
        x, y = np.r_[min(low, x[0]), x, max(high, x[-1])], np.r_[y[0], y, y[-1]]
    elif len(x) == 1:  # a line of one point has no length: a short one stands for it
        reach = 3 * (high - low) / width
        x, y = np.r_[x - reach, x + reach], np.r_[y, y]
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.where(y > 0, np.log10(y), np.nan)
    return x, y


def widen(
    bottom: float, top: float, y: Any, low: float, high: float, x: Any, *, robust: bool = False
) -> tuple[float, float]:
    """The range of values in view. ``robust``: of a raw line behind a smooth one, without the rarest spikes."""
    seen = y[(x >= low) & (x <= high)]
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        return bottom, top
    if robust and len(seen) > 50:
        below, above = np.percentile(seen, (1, 99))
        return min(bottom, float(below)), max(top, float(above))
    return min(bottom, float(seen.min())), max(top, float(seen.max()))
