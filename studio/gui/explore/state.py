"""What a person has set on the latent panel, as one immutable value: undo is to go back to an earlier one.

No Qt here. Every operation returns a new :class:`Latents`; arrays in it are never written to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from studio.explore import latents
from studio.explore.codes import Dial, dials
from studio.gui.explore import dimensions
from studio.models.core.latents import Prior

Vector = npt.NDArray[np.float32]
PathKind = Literal["linear", "spherical"]
SLOTS = ("A", "B", "C")
SHOWN_DIMENSIONS = 6
MOST_SAMPLES = 1024
HOTTEST = 2.0
"""Temperature of the samples, at most."""


@dataclass(frozen=True, eq=False)
class Walk:
    """A path through ``keys`` (K×size). ``frames`` between each two, ``loop`` back to the first."""

    keys: Vector
    kind: PathKind = "spherical"
    frames: int = 24
    fps: int = 25
    loop: bool = True

    def path(self, prior: Prior) -> Vector:
        """All latents of the walk, frames×size; none for fewer than two keys."""
        if len(self.keys) < 2:
            return self.keys[:0]
        return latents.path(self.keys, self.frames, self.kind, self.loop, prior)


@dataclass(frozen=True, eq=False)
class Pad:
    """A lattice of ``side``×``side`` seeds and the place on it.

    Attributes:
        corners: side²×size latents, row by row from the top left.
        at: (x, y) in 0..1 from the top left.
    """

    corners: Vector
    side: int = 2
    kind: PathKind = "spherical"
    at: tuple[float, float] = (0.5, 0.5)

    def latent(self, prior: Prior, at: tuple[float, float] | None = None) -> Vector:
        """The latent at a place; at a seed's place it is that seed."""
        x, y = at or self.at
        column, right = _cell(x, self.side)
        row, down = _cell(y, self.side)
        grid = self.corners.reshape(self.side, self.side, -1)
        cell = grid[row : row + 2, column : column + 2].reshape(4, -1)
        found: Vector = latents.lattice(cell, [down], [right], self.kind, prior)[0]
        return found

    def tiles(self, across: int, prior: Prior) -> Vector:
        """across²×size latents evenly over the pad, row by row; the outermost are seeds at the corners."""
        even = [float(v) for v in np.linspace(0.0, 1.0, across)]
        return np.stack([self.latent(prior, (x, y)) for y in even for x in even])


def _cell(place: float, side: int) -> tuple[int, float]:
    """Which cell of a row of ``side`` seeds a place 0..1 is in, and how far along it."""
    along = min(max(place, 0.0), 1.0) * (side - 1)
    cell = min(int(along), side - 2)
    return cell, along - cell


@dataclass(frozen=True, eq=False)
class Latents:
    """See the module.

    Attributes:
        seed, count, truncation, temperature: of the samples to pick from; ``truncation`` None: not truncated.
        pick: index of the sample that ``base`` is, None when it is something else.
        base: where the sliders' resets go back to.
        z: the current latent, size.
        locked: what holds its value: sliders ("dim:3", "dir:0") and categories ("cat:c1").
        dims: dimensions that have a slider.
        slots: picks of A, B and C of the arithmetic, each K×size.
        source: where ``base`` comes from when it is no sample, for the caption.
    """

    prior: Prior
    seed: int
    count: int
    truncation: float | None
    pick: int | None
    base: Vector
    z: Vector
    dims: tuple[int, ...]
    pad: Pad
    walk: Walk
    locked: frozenset[str] = frozenset()
    slots: Mapping[str, Vector] = field(default_factory=dict)
    source: str = ""
    temperature: float = 1.0

    @property
    def size(self) -> int:
        return len(self.z)

    @property
    def in_sigma(self) -> bool:
        """Whether the bound of truncation is in σ: some of the noise is normal."""
        return any(part.kind == "normal" for part, _ in self.prior.placed("noise"))

    @property
    def categories(self) -> tuple[Dial, ...]:
        return tuple(d for d in dials(self.prior) if d.categorical)

    def sigma(self, along: npt.NDArray[Any]) -> float:
        """Standard deviation of the prior along a unit vector."""
        return float(np.linalg.norm(along * self.prior.sigmas))

    @property
    def edited(self) -> bool:
        return not np.array_equal(self.z, self.base)

    @property
    def name(self) -> str:
        """What ``base`` is, in words."""
        return self.source if self.pick is None else f"sample {self.pick + 1} of seed {self.seed}"

    def samples(self) -> Vector:
        """The latents to pick from, count×size."""
        return latents.draw(self.prior, self.count, self.seed, self.truncation, self.temperature)

    # --- picking and drawing

    def picked(self, index: int) -> Latents:
        """That sample becomes the current latent, and what the sliders reset to."""
        z = self.samples()[index]
        return replace(self, pick=index, base=z, z=z)

    def taken(self, z: npt.NDArray[Any], source: str = "latent from elsewhere") -> Latents:
        """A latent from elsewhere (a walk, an arithmetic, a file) becomes the current one."""
        z = np.asarray(z, np.float32)
        return replace(self, pick=None, base=z, z=z, source=source)

    def redrawn(self, *, seed: int | None = None, count: int | None = None, **rest: float | None) -> Latents:
        """Other samples. A pick that was not edited follows to the sample of its place; an edited one stays.

        Args:
            rest: ``truncation``, when it changes (None is a value of it), and ``temperature``.
        """
        follows = self.pick is not None and not self.edited
        new = replace(
            self,
            seed=self.seed if seed is None else seed,
            count=self.count if count is None else count,
            **rest,  # type: ignore[arg-type]
        )
        if follows and self.pick is not None:
            return new.picked(min(self.pick, new.count - 1))
        if self.pick is None:
            return new
        return replace(new, pick=None, source=self.name)

    # --- sliders

    def axis(self, slider: str, directions: npt.NDArray[Any]) -> Vector:
        """The unit vector along which a slider moves."""
        kind, number = slider.split(":")
        if kind == "dir":
            return np.asarray(directions[int(number)], np.float32)
        along = np.zeros(self.size, np.float32)
        along[int(number)] = 1.0
        return along

    def moved(self, slider: str, to: float, directions: npt.NDArray[Any]) -> Latents:
        """The slider's coordinate becomes ``to``; locked coordinates stay, the others change as little as can be."""
        held = [self.axis(s, directions) for s in self._held() if s != slider]
        along = self.axis(slider, directions)
        if not held:
            z = self.z + (to - float(along @ self.z)) * along
        else:
            rows = np.stack([*held, along]).astype(np.float64)
            z = constrained(self.z, rows, np.array([*(rows[:-1] @ self.z), to]))
        return replace(self, z=np.asarray(z, np.float32))

    def _held(self) -> list[str]:
        """The locked sliders. Categories need no watching: nothing slides along them."""
        return sorted(s for s in self.locked if not s.startswith("cat:"))

    def chosen(self, category: Dial, value: int) -> Latents:
        """One value of a category, whole."""
        return replace(self, z=category.put(self.z, value))

    def randomised(self, seed: int, directions: npt.NDArray[Any]) -> Latents:
        """A fresh draw, as near to it as the locked coordinates allow; a category gets one value, whole."""
        fresh = latents.draw(self.prior, 1, seed, self.truncation, self.temperature)[0]
        for category in self.categories:
            if f"cat:{category.name}" in self.locked:
                fresh[category.where] = self.z[category.where]
        if held := self._held():
            rows = np.stack([self.axis(s, directions) for s in held]).astype(np.float64)
            fresh = np.asarray(constrained(fresh, rows, rows @ self.z), np.float32)
        return replace(self, z=fresh)

    def with_lock(self, slider: str, locked: bool) -> Latents:
        return replace(self, locked=self.locked | {slider} if locked else self.locked - {slider})

    # --- slots of the arithmetic

    def slot(self, name: str) -> Vector:
        return self.slots.get(name, np.zeros((0, self.size), np.float32))

    def with_slot(self, name: str, picks: npt.NDArray[Any]) -> Latents:
        return replace(self, slots={**self.slots, name: np.asarray(picks, np.float32).reshape(-1, self.size)})

    def averages(self) -> dict[str, Vector]:
        """The mean latent of each slot that has picks; its categories are those of most picks."""
        return {s: latents.average(self.slot(s), self.prior) for s in SLOTS if len(self.slot(s))}

    def result(self) -> Vector | None:
        """mean A − mean B + mean C (Radford 2016, section 6.3.2), once there are picks in all three."""
        a, b, c = (self.slot(name) for name in SLOTS)
        return latents.arithmetic(a, b, c, self.prior) if len(a) and len(b) and len(c) else None


def constrained(near: npt.NDArray[Any], rows: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The point nearest to ``near`` whose products with ``rows`` are ``values``; rows may depend on each other."""
    short = values - rows @ near
    return np.asarray(near + np.linalg.lstsq(rows, short, rcond=None)[0], np.float64)


def corners(prior: Prior, side: int, seed: int, temperature: float = 1.0) -> Vector:
    """side² latents, one of each seed from ``seed`` on."""
    return np.concatenate([latents.draw(prior, 1, seed + i, None, temperature) for i in range(side * side)])


def beginning(prior: Prior, *, count: int = 64, temperature: float = 1.0) -> Latents:
    """How a run is first shown: seed 0, its first sample picked, two seeds to walk between."""
    samples = latents.draw(prior, count, 0, None, temperature)
    return Latents(
        prior=prior,
        seed=0,
        count=count,
        truncation=None,
        pick=0,
        base=samples[0],
        z=samples[0],
        dims=dimensions.first(prior, SHOWN_DIMENSIONS),
        pad=Pad(corners(prior, 2, 1, temperature)),
        walk=Walk(np.zeros((0, prior.size), np.float32)),
        temperature=temperature,
    )


# --- to and from plain data, for the session that comes back


def as_plain(state: Latents) -> dict[str, Any]:
    """For JSON; :func:`from_plain` reads it."""
    return {
        "prior": state.prior.as_plain(),
        "seed": state.seed,
        "count": state.count,
        "truncation": state.truncation,
        "temperature": state.temperature,
        "pick": state.pick,
        "source": state.source,
        "base": state.base.tolist(),
        "z": state.z.tolist(),
        "dims": list(state.dims),
        "locked": sorted(state.locked),
        "slots": {name: picks.tolist() for name, picks in state.slots.items()},
        "pad": _plain(state.pad, "corners"),
        "walk": _plain(state.walk, "keys"),
    }


def _plain(part: Pad | Walk, array: str) -> dict[str, Any]:
    return {**vars(part), array: getattr(part, array).tolist()}


def from_plain(plain: Mapping[str, Any]) -> Latents | None:
    """The state of :func:`as_plain`, or None when it is damaged."""
    try:
        prior = Prior.from_plain(plain["prior"])
        size, sliding = prior.size, set(dimensions.first(prior, prior.size))
        lockable = {f"cat:{d.name}" for d in dials(prior) if d.categorical} | {f"dim:{d}" for d in sliding}
        walk, pad = dict(plain["walk"]), dict(plain["pad"])
        state = Latents(
            prior=prior,
            seed=int(plain["seed"]),
            count=min(max(int(plain["count"]), 1), MOST_SAMPLES),
            truncation=None if plain["truncation"] is None else float(plain["truncation"]),
            temperature=float(_array([plain.get("temperature", 1.0)], (1,)).clip(0.0, HOTTEST)[0]),
            pick=None if plain["pick"] is None else int(plain["pick"]),
            source=str(plain.get("source", "")),
            base=_array(plain["base"], (size,)),
            z=_array(plain["z"], (size,)),
            dims=tuple(d for d in map(int, plain["dims"]) if d in sliding),
            locked=frozenset(s for s in plain["locked"] if isinstance(s, str) and s[:4] in ("dim:", "cat:")),
            slots={s: _array(plain["slots"][s], (-1, size)) for s in SLOTS if s in plain["slots"]},
            pad=Pad(
                **{
                    **pad,
                    "corners": _array(pad["corners"], (pad["side"] ** 2, size)),
                    "at": (pad["at"][0], pad["at"][1]),
                }
            ),
            walk=Walk(**{**walk, "keys": _array(walk["keys"], (-1, size))}),
        )
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    return state if state.locked <= lockable else None


def _array(plain: Any, shape: tuple[int, ...]) -> Vector:
    made = np.asarray(plain, np.float32)
    if not np.isfinite(made).all():
        raise ValueError("not a finite number")
    return made.reshape(shape) if made.size else np.zeros((0, shape[-1]), np.float32)
