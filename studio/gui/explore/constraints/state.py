"""What a person has set on the constraints panel, as one immutable value. No Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

from studio.explore.questions import Asked, Offered

View = Literal["beside", "extremes"]
COUNTS = (64, 128, 256, 512, 1024)
SHOWN = 64
"""Pictures of each sheet."""
STRONGEST, BEND = 1000.0, 0.01
"""λ at most, and where its axis goes over from even to logarithmic."""
HEAVIEST = 100.0
"""A weight at most."""
MOST = 6
"""Constraints at once."""
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Chosen:
    """One constraint of the sum: its name, what it aims at (a number, or the number of a class), its weight."""

    name: str
    target: float = 0.0
    weight: float = 1.0

    @property
    def asked(self) -> Asked:
        return Asked(self.name, self.target)


@dataclass(frozen=True)
class Constrained:
    """See the module.

    Attributes:
        seed, count: of the samples of p.
        chosen: f = Σ weight · fₖ; None: nothing was ever chosen for this run.
        strength: λ; None: not settled yet, by nobody.
        view: samples of p beside samples of q*, or those with most of f beside those with least.
        pick: which sample is the current one, by its number among those of p.
    """

    seed: int = 0
    count: int = 256
    chosen: tuple[Chosen, ...] | None = None
    strength: float | None = None
    view: View = "beside"
    pick: int = 0

    @property
    def rows(self) -> tuple[Chosen, ...]:
        return self.chosen or ()

    @property
    def lam(self) -> float:
        """λ as it acts."""
        return self.strength or 0.0

    @property
    def asked(self) -> tuple[Asked, ...]:
        return tuple(one.asked for one in self.rows)

    @property
    def weights(self) -> tuple[float, ...]:
        return tuple(one.weight for one in self.rows)

    def with_row(self, at: int, row: Chosen) -> Constrained:
        rows = list(self.rows)
        rows[at] = row
        return replace(self, chosen=tuple(rows))

    def without(self, at: int) -> Constrained:
        return replace(self, chosen=(*self.rows[:at], *self.rows[at + 1 :]))

    def plus(self, offered: Offered) -> Constrained:
        """With another constraint, at what it aims at by default."""
        return replace(self, chosen=(*self.rows, Chosen(offered.name, aim(offered))))

    def reset(self) -> Constrained:
        """λ = 0 and every weight 1; what was chosen stays."""
        return replace(self, strength=0.0, chosen=tuple(replace(row, weight=1.0) for row in self.rows))

    def sized(self, count: int) -> Constrained:
        return replace(self, count=count, pick=min(self.pick, count - 1))

    def suited(self, offered: tuple[Offered, ...]) -> Constrained:
        """Without what is not offered, and with targets that are."""
        known = {one.name: one for one in offered}
        rows = tuple(replace(r, target=held(known[r.name], r.target)) for r in self.rows if r.name in known)
        return self if rows == self.rows else replace(self, chosen=rows)


def aim(offered: Offered) -> float:
    return offered.default if offered.target == "number" else 0.0


def held(offered: Offered, target: float) -> float:
    """A target within what is offered."""
    if offered.target == "number":
        return min(max(target, offered.low), offered.high)
    return float(min(max(int(target), 0), len(offered.classes) - 1)) if offered.target == "class" else 0.0


def said(offered: Offered, target: float) -> str:
    """A constraint with what it aims at, in words."""
    if offered.target == "class":
        return f"{offered.title}: {offered.classes[int(target)]}"
    return f"{offered.title} {target:.3g}" if offered.target == "number" else offered.title


def in_words(state: Constrained, offered: Mapping[str, Offered]) -> str:
    """The sum as a recipe says it: "2 brightness 0.3, class 7"; what has the weight 0 is left out."""
    parts = []
    for one in state.rows:
        known = offered.get(one.name)
        if known is None or not one.weight:
            continue
        number = "" if one.weight == 1 else f"{one.weight:.6g} "
        target = f" {one.target:.6g}" if known.target == "number" else ""
        target = f" {known.classes[int(one.target)]}" if known.target == "class" else target
        parts.append(f"{number}{one.name}{target}")
    return ", ".join(parts)


def as_plain(state: Constrained) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    rows = None if state.chosen is None else [vars(row) for row in state.chosen]
    return {**vars(state), "chosen": rows}


def from_plain(plain: Mapping[str, Any]) -> Constrained | None:
    """The state of :func:`as_plain`, or None when it is damaged."""
    try:
        if plain["view"] not in get_args(View):
            return None
        rows, strength = plain["chosen"], plain["strength"]
        count = min(max(int(plain["count"]), COUNTS[0]), COUNTS[-1])
        state = Constrained(
            seed=min(max(int(plain["seed"]), 0), MOST_SEED),
            count=count,
            chosen=None if rows is None else tuple(_row(row) for row in rows[:MOST]),
            strength=None if strength is None else _finite(strength, 0.0, STRONGEST),
            view=cast("View", plain["view"]),
            pick=min(max(int(plain["pick"]), 0), count - 1),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return state


def _row(plain: Mapping[str, Any]) -> Chosen:
    return Chosen(str(plain["name"]), _finite(plain["target"], -1e9, 1e9), _finite(plain["weight"], 0.0, HEAVIEST))


def _finite(value: Any, low: float, high: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return min(max(number, low), high)
