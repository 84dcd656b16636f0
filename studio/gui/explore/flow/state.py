"""What a person has set on the flow panel, as one immutable value. No Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from studio.explore.flow_pictures import Layers
from studio.explore.warping import MOST_SAMPLES

MOST_SEED = 2**31 - 1
FEWEST = 10
PACES = (0.1, 20.0)
FAR = 1e6
"""No place that is looked at closely lies beyond."""
Place = tuple[float, float]


@dataclass(frozen=True)
class Flowing:
    """See the module.

    Attributes:
        at: after how many steps, 0..K and between; None: after all of them.
        seed, count: of the samples.
        pace: of the player, in steps a second.
        x, z: the point that is looked at closely, by its place in the data or by its latent; at most one of them.
    """

    at: float | None = None
    layers: Layers = field(default_factory=Layers)
    seed: int = 0
    count: int = 1000
    pace: float = 1.0
    x: Place | None = None
    z: Place | None = None

    def step(self, steps: int) -> float:
        """Where it stands, of so many steps in all."""
        return float(steps) if self.at is None else min(self.at, float(steps))

    def moved(self, at: float, steps: int) -> Flowing:
        """After ``at`` of all steps; at the end it stays there, however many steps another model has."""
        return replace(self, at=None if at >= steps else max(at, 0.0))

    def following(self, *, x: Place | None = None, z: Place | None = None) -> Flowing:
        """Another point is looked at closely, or none."""
        return replace(self, x=x, z=None if x is not None else z)

    def reset(self) -> Flowing:
        """What is seen as at the beginning; seed and pace stay."""
        return replace(self, at=None, layers=Layers(), x=None, z=None)


def as_plain(state: Flowing) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    return asdict(state)


def from_plain(plain: Mapping[str, Any]) -> Flowing | None:
    """The state of :func:`as_plain`, or None when it is damaged; numbers out of bounds are brought back."""
    try:
        layers = plain["layers"]
        at, x, z = plain["at"], _place(plain["x"]), _place(plain["z"])
        return Flowing(
            None if at is None else max(_finite(at), 0.0),
            Layers(**{f.name: bool(layers[f.name]) for f in fields(Layers)}),
            int(min(max(int(plain["seed"]), 0), MOST_SEED)),
            int(min(max(int(plain["count"]), FEWEST), MOST_SAMPLES)),
            min(max(_finite(plain["pace"]), PACES[0]), PACES[1]),
            x,
            z if x is None else None,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _place(value: Any) -> Place | None:
    if value is None:
        return None
    x, y = (_finite(v) for v in value)
    if max(abs(x), abs(y)) > FAR:
        raise ValueError("a place beyond all data")
    return x, y


def _finite(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)


def kind_of(name: str) -> str:
    """Of a step, from its path: "coupling" of "step 3/coupling", nothing of "step 3"."""
    path, _, kind = name.rpartition("/")
    return kind if path else ""


def caption(names: tuple[str, ...], at: float) -> str:
    """Where the flow stands, in words. Steps are counted from the prior on; their own names count as their model does,
    some from the data."""
    steps = len(names) - 1
    if steps == 0:
        return "the prior; this flow has no step"
    if at <= 0:
        return f"the prior, before the first of {steps} steps" if steps != 1 else "the prior, before the one step"
    whole = math.floor(at)
    if at == whole:
        kind = kind_of(names[whole])
        return f"after step {whole} of {steps}" + (f": {kind}" if kind else "")
    return f"between steps {whole} and {whole + 1} of {steps}; the way between is drawn straight"
