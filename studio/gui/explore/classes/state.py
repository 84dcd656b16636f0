"""What a person has set on the classes panel, as one immutable value. No Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from studio.explore.codes import Dial, blend, dials, sweep
from studio.gui.explore.state import HOTTEST
from studio.models.core.latents import Prior, draw

Vector = npt.NDArray[np.float32]
View = Literal["sweep", "one", "between"]
MOST_SEED = 2**31 - 1
MOST_COLUMNS = 40
MOST_ROWS = 24
MOST_COUNT = 256
MOST_STEPS = 25
FRAMES = 48
FPS = 12
EVERY, BETWEEN = "every class", "between"


@dataclass(frozen=True, eq=False)
class Classes:
    """See the module.

    Attributes:
        seed: of the latents that the grid shows.
        view: every class at some latents; samples of one class; steps between two classes.
        rows: latents of a sweep, and between two classes; a row each.
        count: samples of one class.
        steps: places between two classes, both included.
        chosen: the class that is set.
        other: the class on the far side of ``between``.
        t: how far the current latent is from ``chosen`` to ``other``, 0..1.
        pick: which of the latents of the seed is the current one.
        temperature: what their normal noise is multiplied by.
    """

    prior: Prior
    seed: int = 0
    view: View = "sweep"
    rows: int = 6
    count: int = 64
    steps: int = 9
    chosen: int = 0
    other: int = 1
    t: float = 0.0
    pick: int = 0
    fps: int = FPS
    temperature: float = 1.0

    @property
    def dial(self) -> Dial:
        return dials(self.prior, "class")[0]

    @property
    def names(self) -> tuple[str, ...]:
        return self.dial.part.labels

    @property
    def columns(self) -> tuple[int, ...]:
        """The classes that a sweep shows; of very many, those around the chosen one."""
        many = self.dial.part.size
        shown = min(many, MOST_COLUMNS)
        first = min(max(self.chosen - shown // 2, 0), many - shown)
        return tuple(range(first, first + shown))

    @property
    def places(self) -> tuple[float, ...]:
        """t of each column between two classes."""
        return tuple(float(t) for t in np.linspace(0, 1, self.steps))

    @property
    def held(self) -> int:
        """How many latents of the seed the grid shows."""
        return self.count if self.view == "one" else self.rows

    def latents(self) -> Vector:
        """Those of the seed, held×size, with whatever class they drew."""
        return draw(self.prior, max(self.held, self.pick + 1), self.seed, temperature=self.temperature)

    @property
    def z(self) -> Vector:
        """The current latent, size."""
        own = self.latents()[self.pick]
        if self.view == "between":
            return blend(own, self.dial, self.chosen, self.other, self.t)
        return self.dial.put(own, self.chosen)

    def grid(self) -> tuple[Vector, int | None]:
        """The latents that are shown, row by row, and how many are in a row (None: as fits)."""
        z = self.latents()[: self.held]
        if self.view == "one":
            return self.dial.put(z, self.chosen), None
        if self.view == "between":
            made = [blend(one, self.dial, self.chosen, self.other, t) for one in z for t in self.places]
            return np.stack(made), self.steps
        return sweep(z, self.dial, self.columns), len(self.columns)

    def picked(self, index: int) -> Classes:
        """A tile of the grid becomes the current latent."""
        if self.view == "one":
            return replace(self, pick=index)
        if self.view == "between":
            return replace(self, pick=index // self.steps, t=self.places[index % self.steps])
        across = self.columns
        return replace(self, pick=index // len(across), chosen=across[index % len(across)])

    def with_view(self, view: View) -> Classes:
        """Another view; the current latent stays one of those that it shows."""
        new = replace(self, view=view)
        return replace(new, pick=min(self.pick, new.held - 1))

    def with_class(self, chosen: int) -> Classes:
        """Another class; between two, they change places where it is the far one."""
        return replace(self, chosen=chosen, other=self.chosen if chosen == self.other else self.other)

    def with_other(self, other: int) -> Classes:
        return replace(self, other=other, chosen=self.other if other == self.chosen else self.chosen)

    def reset(self) -> Classes:
        """The classes as at the beginning, at the first latent; seed, view and sizes stay."""
        first = beginning(self.prior)
        return replace(self, chosen=first.chosen, other=first.other, t=first.t, pick=first.pick)

    def sized(self, **sizes: int) -> Classes:
        """Other ``rows``, ``count`` or ``steps``."""
        new = replace(self, **sizes)  # type: ignore[arg-type]
        return replace(new, pick=min(self.pick, new.held - 1))

    def film(self, key: str, frames: int, *, whole: bool) -> tuple[Vector, int]:
        """Frames F×T×size and the columns of each: the current latent, or with ``whole`` all latents of the grid,
        through every class, or from the one class to the other and back."""
        z = self.latents()[: self.held] if whole else self.latents()[self.pick : self.pick + 1]
        across = max(1, round(len(z) ** 0.5))
        if key == EVERY:
            return np.stack([self.dial.put(z, value) for value in self.dial.stops(0)]), across
        share = 1 - np.abs(2 * np.arange(frames) / frames - 1)
        return np.stack([blend(z, self.dial, self.chosen, self.other, float(t)) for t in share]), across

    def films(self) -> dict[str, str]:
        """What can be played: keys of :meth:`film`, in words."""
        a, b = self.names[self.chosen], self.names[self.other]
        return {BETWEEN: f"{a} to {b} and back", EVERY: "every class in turn"}


def beginning(prior: Prior, temperature: float = 1.0) -> Classes:
    """The first class, the second one at the far end."""
    return Classes(prior, other=min(1, dials(prior, "class")[0].part.size - 1), temperature=temperature)


NUMBERS: Sequence[tuple[str, int, int]] = (
    ("seed", 0, MOST_SEED),
    ("rows", 1, MOST_ROWS),
    ("count", 1, MOST_COUNT),
    ("steps", 2, MOST_STEPS),
    ("fps", 1, 60),
)


def as_plain(state: Classes) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    return {**{k: v for k, v in vars(state).items() if k != "prior"}, "prior": state.prior.as_plain()}


def from_plain(plain: Mapping[str, Any]) -> Classes | None:
    """The state of :func:`as_plain`, or None when it is damaged."""
    try:
        prior = Prior.from_plain(plain["prior"])
        size = dials(prior, "class")[0].part.size
        if plain["view"] not in get_args(View):
            return None
        state = Classes(
            prior,
            view=cast("View", plain["view"]),
            chosen=min(max(int(plain["chosen"]), 0), size - 1),
            other=min(max(int(plain["other"]), 0), size - 1),
            t=min(max(float(plain["t"]), 0.0), 1.0),
            temperature=min(max(float(plain.get("temperature", 1.0)), 0.0), HOTTEST),
            **{name: min(max(int(plain[name]), low), high) for name, low, high in NUMBERS},
        )
        if not math.isfinite(state.temperature):
            return None
        return replace(state, pick=min(max(int(plain["pick"]), 0), state.held - 1))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
