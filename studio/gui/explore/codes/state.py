"""What a person has set on the codes panel, as one immutable value. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.explore.codes import Dial, dials, grid
from studio.models.core.latents import Prior, draw

Vector = npt.NDArray[np.float32]
STEPS = 9
MOST_STEPS = 25
MOST_VALUES = 40
"""Of a category with more values a traversal shows so many, around the one that is set."""
MOST_SEED = 2**31 - 1
FILM_FRAMES = 48
FPS = 12


@dataclass(frozen=True, eq=False)
class Codes:
    """See the module.

    Attributes:
        seed: of the noise; −1 when it came from elsewhere (a file).
        z: the current latent, size: the noise with the codes set.
        rows, columns: names of the dials that the grid traverses; "" for none.
        steps: places of a continuous code in the grid.
        fps: speed of the player, and of the exported film.
    """

    prior: Prior
    seed: int
    z: Vector
    rows: str
    columns: str
    steps: int = STEPS
    fps: int = FPS

    @property
    def dials(self) -> tuple[Dial, ...]:
        return dials(self.prior, "code")

    def dial(self, name: str) -> Dial | None:
        return next((d for d in self.dials if d.name == name), None)

    def turned(self, dial: Dial, value: float) -> Codes:
        return replace(self, z=dial.put(self.z, value))

    def with_noise(self, seed: int) -> Codes:
        """Other noise; the codes stay as they are."""
        fresh = draw(self.prior, 1, seed)[0]
        for _, where in self.prior.placed("code"):
            fresh[where] = self.z[where]
        return replace(self, seed=seed, z=fresh)

    def with_codes(self, z: Vector) -> Codes:
        """The codes of another latent; the noise stays as it is."""
        made = self.z.copy()
        for _, where in self.prior.placed("code"):
            made[where] = z[where]
        return replace(self, z=made)

    def with_axis(self, axis: str, name: str) -> Codes:
        """Another dial on "rows" or "columns"; where it is on the other one, the two change places."""
        rows, columns = (name, self.columns) if axis == "rows" else (self.rows, name)
        if rows == columns:
            rows, columns = self.columns, self.rows
        return replace(self, rows=rows, columns=columns)

    def reset(self) -> Codes:
        """The codes as at the beginning: first values, and 0."""
        return self.with_codes(_neutral(self.prior, self.z))

    def axis(self, name: str) -> tuple[Dial, npt.NDArray[np.float64]] | None:
        """A dial and the values that the grid shows of it."""
        dial = self.dial(name)
        if dial is None:
            return None
        stops = dial.stops(self.steps)
        if len(stops) > MOST_VALUES:
            first = min(max(int(dial.value(self.z)) - MOST_VALUES // 2, 0), len(stops) - MOST_VALUES)
            stops = stops[first : first + MOST_VALUES]
        return dial, stops

    def grid(self) -> tuple[Vector, int]:
        """The latents of the traversal, row by row, and how many are in a row."""
        columns = self.axis(self.columns)
        return grid(self.z, self.axis(self.rows), columns), 1 if columns is None else len(columns[1])

    def film(self, name: str, frames: int, *, whole: bool) -> tuple[Vector, int]:
        """Frames along a dial, F×T×size, and the columns of each: ``whole``: the grid, whose axis of that dial is
        left out; else the current latent alone."""
        dial = self.dial(name)
        if dial is None:
            return np.zeros((0, 1, self.prior.size), np.float32), 1
        base = replace(
            self,
            rows=self.rows if whole and self.rows != name else "",
            columns=self.columns if whole and self.columns != name else "",
        )
        made = [base.turned(dial, value).grid() for value in dial.tour(frames)]
        return np.stack([z for z, _ in made]), made[0][1]


def _neutral(prior: Prior, z: Vector) -> Vector:
    made = z.copy()
    for dial in dials(prior, "code"):
        made = dial.put(made, 0)
    return made


def beginning(prior: Prior) -> Codes:
    """Noise of seed 0, codes in the middle; a grid of the first category against the first number, if there are."""
    known = dials(prior, "code")
    first = sorted(known, key=lambda d: not d.categorical)
    rows = first[0].name if first else ""
    others = [d for d in known if d.name != rows]
    columns = next((d.name for d in others if not d.categorical), others[0].name if others else "")
    return Codes(prior, 0, _neutral(prior, draw(prior, 1, 0)[0]), rows, columns)


def as_plain(state: Codes) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    return {
        "prior": state.prior.as_plain(),
        "seed": state.seed,
        "z": state.z.tolist(),
        "rows": state.rows,
        "columns": state.columns,
        "steps": state.steps,
        "fps": state.fps,
    }


def from_plain(plain: Mapping[str, Any]) -> Codes | None:
    """The state of :func:`as_plain`, or None when it is damaged."""
    try:
        prior = Prior.from_plain(plain["prior"])
        z = np.asarray(plain["z"], np.float32)
        known = {"", *(d.name for d in dials(prior, "code"))}
        if z.shape != (prior.size,) or not np.isfinite(z).all() or not {plain["rows"], plain["columns"]} <= known:
            return None
        return Codes(
            prior,
            min(max(int(plain["seed"]), -1), MOST_SEED),
            z,
            plain["rows"],
            plain["columns"],
            min(max(int(plain["steps"]), 2), MOST_STEPS),
            min(max(int(plain["fps"]), 1), 60),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
