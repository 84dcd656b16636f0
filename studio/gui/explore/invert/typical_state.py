"""How likely an example is among others: what is compared with, and what the numbers say. No Qt here.

A *value* is a log-likelihood in the unit of the answer: bits/dim, where less is likelier, or nats, where more is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.explore.questions import Likelihoods, LikelihoodsFound, Where
from studio.gui.explore.invert.state import Typical

Numbers = npt.NDArray[np.float64]
CHOICES = (64, 256, 1024)
"""How many examples of each kind a person can ask for."""
USUAL, RARE = 0.05, 0.005
"""Shares of the crowd that are as far from its mean: from the one on an example is typical, below the other it is not;
between them it is unusual."""
MOST_OTHERS = 4


def question(typical: Typical, where: Where) -> Likelihoods:
    return Likelihoods(where, typical.count, typical.strangers, typical.others)


# --- what was found, kept for the next session


def found_as_plain(found: LikelihoodsFound) -> dict[str, Any]:
    """For JSON, to a thousandth of the unit; :func:`found_from_plain` reads it."""

    def numbers(values: Numbers) -> list[float | None]:
        return [round(float(v), 3) if math.isfinite(v) else None for v in values]

    return {
        "step": found.step,
        "unit": found.unit,
        "held_out": numbers(found.held_out),
        "train": numbers(found.train),
        "strangers": {name: numbers(values) for name, values in found.strangers.items()},
    }


def found_from_plain(plain: Any) -> LikelihoodsFound | None:
    """What :func:`found_as_plain` gave, or None when it is damaged."""

    def numbers(values: Any) -> Numbers:
        return np.array([np.nan if v is None else float(v) for v in values], np.float64)

    try:
        return LikelihoodsFound(
            int(plain["step"]),
            "bits/dim" if plain["unit"] == "bits/dim" else "nats",
            numbers(plain["held_out"]),
            numbers(plain["train"]),
            {str(name): numbers(values) for name, values in plain["strangers"].items()},
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


# --- what the numbers say


@dataclass(frozen=True)
class Crowd:
    """Whom an example is held against: the held-out examples, or those of training where none are held out."""

    name: str
    values: Numbers
    lower_is_likelier: bool

    @classmethod
    def of(cls, found: LikelihoodsFound) -> Crowd:
        held = found.held_out[np.isfinite(found.held_out)]
        name = "held-out" if len(held) else "training"
        return cls(name, held if len(held) else found.train[np.isfinite(found.train)], found.unit == "bits/dim")

    @property
    def mean(self) -> float:
        return float(self.values.mean()) if len(self.values) else math.nan

    @property
    def sd(self) -> float:
        return float(self.values.std(ddof=1)) if len(self.values) > 1 else math.nan

    def off(self, value: float) -> float:
        """Distance of a value from the mean in σ, negative where it is likelier than the mean; NaN without σ."""
        if not self.sd > 0:
            return math.nan
        return (value - self.mean) / self.sd * (1 if self.lower_is_likelier else -1)

    def less_likely(self, value: float) -> float:
        """Share of the crowd, 0..1, that is less likely than this; of equals one half."""
        above = float((self.values > value).mean()) + 0.5 * float((self.values == value).mean())
        return above if self.lower_is_likelier else 1 - above

    def further(self, value: float) -> float:
        """Share of the crowd, 0..1, that is at least as far from the mean, on whichever side."""
        return float((np.abs(self.values - self.mean) >= abs(value - self.mean)).mean())


def standing(crowd: Crowd, value: float) -> str:
    """Where one example stands, in a sentence, from both sides: too likely is untypical too."""
    if not len(crowd.values):
        return ""
    if not math.isfinite(value):
        return "Its likelihood is no finite number: the model rules it out."
    less = crowd.less_likely(value)
    likelier = less >= 0.5
    part = less if likelier else 1 - less
    many = f"{len(crowd.values):,} {crowd.name} images"
    share = (
        f"{'More' if likelier else 'Less'} likely than {f'all {many}' if part == 1 else f'{_percent(part)} of {many}'}"
    )
    off = crowd.off(value)
    if not math.isfinite(off):
        return f"{share}."
    apart = f"{abs(off):.1f}\u00a0σ {'above' if (off > 0) == crowd.lower_is_likelier else 'below'} their mean"
    as_far = crowd.further(value)
    if as_far >= USUAL:
        return f"{share}, {apart}: typical; {_percent(as_far)} of them are as far from it or farther."
    if as_far > RARE:
        return f"{share}, {apart}: unusual; only {_percent(as_far)} of them are as far from it."
    return f"{share}, {apart}: untypical{', as much as one that is too unlikely' if off < 0 else ''}."


def _percent(share: float) -> str:
    text = f"{100 * share:.1f}" if 0 < share < 0.1 or 0.9 < share < 1 else f"{100 * share:.0f}"
    return f"{text}\u00a0%"


def detected(crowd: Crowd, strangers: Numbers) -> tuple[float, float]:
    """How well strangers are told from the crowd: the area under the ROC curve of "less likely" and of "farther from
    the mean, on either side"; 1 tells all apart, ½ none, 0 takes each stranger for more of the data than the data.

    Infinite values count as unlikely as can be; NaN when there is nothing to compare.
    """
    own = crowd.values
    others = np.where(np.isnan(strangers), np.inf if crowd.lower_is_likelier else -np.inf, strangers)
    if not len(own) or not len(others):
        return math.nan, math.nan
    sign = 1.0 if crowd.lower_is_likelier else -1.0
    mean = crowd.mean
    return _auc(sign * own, sign * others), _auc(np.abs(own - mean), np.abs(others - mean))


def _auc(low: Numbers, high: Numbers) -> float:
    """Share of pairs in which the one of ``high`` is larger; of equals one half."""
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, "left") + np.searchsorted(ordered, high, "right")
    return float(below.mean() / (2 * len(ordered)))
