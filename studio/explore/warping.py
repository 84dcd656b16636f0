"""The plane bent step by step by a flow of points: which latents are traced, and what is seen of them in between.

A flow's steps are bijections, so the lattice of latents never folds: the density after any step is known at each of
its corners (the prior's there, and the volumes of the steps so far), and in its cells by interpolation. NumPy alone:
the window and the exports draw from the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from studio.models.core.latents import Prior, draw

Points = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

CELLS = 96
"""Cells of the lattice that the density is drawn from, a side."""
EDGE = 4.5
"""It reaches so many σ of the prior: beyond lies 4e-5 of the mass."""
LINES = 3.0
"""The lattice that is seen reaches so many σ, with a line every half of one."""
FINE = 145
"""Corners of a line that is seen."""
CIRCLES = (1.0, 2.0, 3.0)
"""Radii of the circles that are seen, in σ; of two normal values 39, 86 and 99 % lie within."""
MOST_SAMPLES = 5000
FAR = 1e9
"""Nothing that far off is drawn."""
DEPTH = 10.0
"""Nats below its highest value that a logarithmic picture of a density shows."""
SHARES = (0.5, 0.9, 0.99)
"""Of the mass, that contour lines hold."""


@dataclass(frozen=True, eq=False)
class Course:
    """What the engine found of latents on their way. ``names`` of the K + 1 stations; ``points`` (K+1)×N×2;
    ``log_density`` (K+1)×N, in nats."""

    names: tuple[str, ...]
    points: Points
    log_density: Numbers

    @property
    def steps(self) -> int:
        """K."""
        return len(self.names) - 1

    def at(self, step: float) -> tuple[Numbers, Numbers]:
        """Points N×2 and log-densities N after so many steps, 0..K. Between two of them, where a flow is nowhere, each
        point is on the straight line from the one to the other."""
        step = min(max(step, 0.0), float(self.steps))
        first = min(int(step), max(self.steps - 1, 0))
        share = step - first
        if share == 0 or self.steps == 0:
            return self.points[first].astype(np.float64), self.log_density[first]
        mixed = (1 - share) * self.points[first].astype(np.float64) + share * self.points[first + 1]
        return mixed, (1 - share) * self.log_density[first] + share * self.log_density[first + 1]

    def tame(self) -> Course:
        """The same, with no number in place of one that no picture can hold: of a flow that has diverged."""
        with np.errstate(invalid="ignore"):
            good = np.asarray((np.abs(self.points) < FAR).all(axis=-1))
        if good.all():
            return self
        points = np.where(good[..., None], self.points, np.float32(np.nan))
        return Course(self.names, points, np.where(good, self.log_density, np.nan))

    def part(self, which: slice) -> Course:
        """Some of the latents."""
        return Course(self.names, self.points[:, which], self.log_density[:, which])


@dataclass(frozen=True)
class Window:
    """A square of the plane: its centre, and half its side."""

    centre: tuple[float, float]
    reach: float

    @classmethod
    def around(cls, real: npt.NDArray[np.float64], reach: float = LINES) -> Window:
        """Holds the real points, all but their farthest outliers, and the prior as far as ``reach`` σ."""
        low, high = np.full(2, -reach), np.full(2, reach)
        if len(real):
            inner, outer = np.percentile(real, [0.5, 99.5], axis=0)
            margin = 0.125 * float((outer - inner).max())
            low, high = np.minimum(low, inner - margin), np.maximum(high, outer + margin)
        middle = (low + high) / 2
        return cls((float(middle[0]), float(middle[1])), max(float((high - low).max()) / 2, 1e-6))

    def widened(self, points: npt.NDArray[np.float64]) -> Window:
        """The same where it holds these points, all but the farthest; else one around both."""
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            return self
        (x, y), r = self.centre, self.reach
        inner, outer = np.percentile(points, [1, 99], axis=0)
        low, high = np.minimum((x - r, y - r), inner), np.maximum((x + r, y + r), outer)
        middle = (low + high) / 2
        return Window((float(middle[0]), float(middle[1])), float((high - low).max()) / 2)

    def towards(self, other: Window, share: float) -> Window:
        """So much of the way to another one, 0..1."""
        x, y, reach = (
            a + share * (b - a) for a, b in zip((*self.centre, self.reach), (*other.centre, other.reach), strict=True)
        )
        return Window((x, y), reach)

    def pixels(self, points: npt.NDArray[np.float64], size: int) -> Numbers:
        """Where points N×2 are in a picture of so many pixels a side; the middle of the first pixel is at 0, 0."""
        return ((points - self.centre) / self.reach * (0.5, -0.5) + 0.5) * size - 0.5


# --- which latents


def lattice() -> Points:
    """Corners of the cells that the density is drawn from, (CELLS+1)²×2, row by row."""
    along = np.linspace(-EDGE, EDGE, CELLS + 1, dtype=np.float32)
    x, y = np.meshgrid(along, along)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def samples(count: int, seed: int) -> Points:
    """Of the prior, count×2: those of the same seed in every other panel."""
    return draw(Prior.of("normal", 2), count, seed)


@dataclass(frozen=True)
class Seen:
    """Samples and lines in one array, so that one question traces them all."""

    count: int
    seed: int

    @cached_property
    def latents(self) -> Points:
        return np.concatenate([samples(self.count, self.seed), *lines(), *circles()])

    def of(self, course: Course) -> tuple[Course, Course, Course]:
        """Samples, lines of the lattice, circles."""
        cut = self.count + len(lines()) * FINE
        return course.part(slice(0, self.count)), course.part(slice(self.count, cut)), course.part(slice(cut, None))


def lines() -> list[Points]:
    """Of the lattice that is seen: FINE×2 each."""
    along, made = np.linspace(-LINES, LINES, FINE), []
    for place in np.linspace(-LINES, LINES, round(4 * LINES) + 1):
        there = np.full(FINE, place)
        made += [np.stack([along, there], axis=1), np.stack([there, along], axis=1)]
    return [m.astype(np.float32) for m in made]


def circles() -> list[Points]:
    """Closed: 2·FINE×2 each."""
    turn = np.linspace(0, 2 * np.pi, 2 * FINE)
    return [np.stack([r * np.cos(turn), r * np.sin(turn)], axis=1).astype(np.float32) for r in CIRCLES]


def broken(points: npt.NDArray[np.float64], each: int) -> Numbers:
    """Lines of so many corners as one array, with a NaN between two of them."""
    apart = points.reshape(-1, each, 2)
    return np.concatenate([apart, np.full((len(apart), 1, 2), np.nan)], axis=1).reshape(-1, 2)


# --- colours


def hues(latents: Points) -> Numbers:
    """Of each latent, by its angle, 0..1: it keeps it on its way."""
    turn: Numbers = np.arctan2(latents[:, 1], latents[:, 0]).astype(np.float64) / (2 * np.pi) % 1
    return turn


def wheel(count: int, *, dark: bool) -> Bytes:
    """So many hues as red, green and blue, count×3: all equally light and strong, in Oklch (Ottosson 2020)."""
    angle = 2 * np.pi * np.arange(count) / count
    light, chroma = (0.8, 0.13) if dark else (0.62, 0.16)
    a, b = chroma * np.cos(angle), chroma * np.sin(angle)
    cones = np.stack(
        [
            light + 0.3963377774 * a + 0.2158037573 * b,
            light - 0.1055613458 * a - 0.0638541728 * b,
            light - 0.0894841775 * a - 1.2914855480 * b,
        ],
        axis=1,
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(cones**3 @ to_rgb.T, 0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    made: Bytes = np.rint(255 * rgb).astype(np.uint8)
    return made


# --- densities


def raster(points: npt.NDArray[np.float64], values: Numbers, window: Window, size: int) -> Numbers:
    """A picture of values that are known at the corners of a warped lattice: linear in the triangles of its cells.

    Args:
        points, values: of the corners, N×2 and N, row by row of a square lattice.

    Returns:
        size×size, row 0 at the top; −inf where the lattice does not reach.
    """
    triangles = _triangles(math.isqrt(len(values)))
    places = window.pixels(points, size)
    good = np.isfinite(places).all(axis=1) & np.isfinite(values)
    triangles = triangles[good[triangles].all(axis=1)]
    at, known = places[triangles], values[triangles]  # T×3×2, T×3
    area = _cross(at[:, 1] - at[:, 0], at[:, 2] - at[:, 0])
    low, high = at.min(axis=1), at.max(axis=1)
    seen = (np.abs(area) > 1e-12) & (high >= 0).all(axis=1) & (low <= size - 1).all(axis=1)
    at, known, area = at[seen], known[seen], area[seen]
    # one row of pixels of one triangle at a time: what lies between its sides
    first = np.ceil(np.maximum(at[..., 1].min(axis=1), 0)).astype(np.int64)
    last = np.floor(np.minimum(at[..., 1].max(axis=1), size - 1)).astype(np.int64)
    one, y = _spread(first, last)
    left, right = np.zeros(len(one)), np.full(len(one), float(size - 1))
    weights = []
    for i in range(3):
        p, q = at[:, (i + 1) % 3], at[:, (i + 2) % 3]
        # the share of corner i at a place, 0 on the side over against it: slope·x + rest
        slope = (-(q[:, 1] - p[:, 1]) / area)[one]
        rest = (((q[:, 0] - p[:, 0]) / area)[one]) * (y - p[one, 1]) + ((q[:, 1] - p[:, 1]) / area * p[:, 0])[one]
        weights.append((slope, rest))
        with np.errstate(divide="ignore", invalid="ignore"):
            edge = -rest / slope
        left = np.where(slope > 0, np.maximum(left, edge), left)
        right = np.where(slope < 0, np.minimum(right, edge), right)
        right = np.where((slope == 0) & (rest < -1e-9), -1.0, right)
    run, x = _spread(np.ceil(left - 1e-6).astype(np.int64), np.floor(right + 1e-6).astype(np.int64))
    value = np.zeros(len(run))
    for i, (slope, rest) in enumerate(weights):
        value += known[one[run], i] * (slope[run] * x + rest[run])
    picture = np.full((size, size), -np.inf)
    picture[y[run], x] = value
    return picture


def _triangles(side: int) -> npt.NDArray[np.int64]:
    """Corners of the two triangles of each cell of a square lattice of so many corners a side, T×3."""
    corner = np.arange(side * side).reshape(side, side)
    a, b, c, d = (corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:])
    return np.concatenate([np.stack([m.ravel() for m in three], axis=1) for three in ((a, b, c), (b, d, c))])


def latent_at(mesh: Course, step: float, place: tuple[float, float]) -> tuple[float, float] | None:
    """The latent that is at a place after so many steps, linear within a cell of the lattice; None where it does not
    reach."""
    points, _ = mesh.at(step)
    triangles = _triangles(math.isqrt(len(points)))
    a, b, c = (points[triangles[:, i]] for i in range(3))
    here = np.array(place)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = _cross(b - a, c - a)
        shares = np.stack([_cross(b - here, c - here), _cross(c - here, a - here), _cross(a - here, b - here)]) / area
    inside = np.flatnonzero((shares >= -1e-9).all(axis=0))
    if not len(inside):
        return None
    x, y = shares[:, inside[0]] @ mesh.points[0, triangles[inside[0]]].astype(np.float64)
    return float(x), float(y)


def _cross(a: Numbers, b: Numbers) -> Numbers:
    made: Numbers = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return made


def _spread(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    """All whole numbers from each first to its last, and of which of them each one is."""
    many = np.maximum(last - first + 1, 0)
    which = np.repeat(np.arange(len(many)), many)
    before = np.repeat(np.cumsum(many) - many, many)
    return which, np.arange(len(which)) - before + first[which]


def levels(mesh: Course, step: float) -> list[float]:
    """Log-densities of the lines within which the SHARES of the mass lie, the densest part of it. Each corner of the
    lattice carries its mass along: that of the prior."""
    log_density, mass = np.nan_to_num(mesh.at(step)[1], nan=-np.inf), np.exp(np.nan_to_num(mesh.log_density[0]))
    order = np.argsort(log_density)[::-1]
    held = np.cumsum(mass[order]) / mass.sum()
    return [float(log_density[order[np.searchsorted(held, share)]]) for share in SHARES]


def pasted(field: Numbers, seen: Window, known: Numbers, where: Window) -> Numbers:
    """A field over one window, with what is known better over another one put in, linear between its cells."""
    size, cells = len(field), len(known)
    at = (np.arange(size) + 0.5) / size * 2 - 1
    column = ((seen.centre[0] + seen.reach * at - where.centre[0]) / where.reach + 1) / 2 * cells
    row = (1 - (seen.centre[1] - seen.reach * at - where.centre[1]) / where.reach) / 2 * cells
    across, down = (np.flatnonzero((place >= 0) & (place <= cells)) for place in (column, row))
    deep = np.maximum(known, np.nanmax(known, initial=-np.inf) - 1e4)  # −inf has no middle
    for axis, place in ((0, row[down]), (1, column[across])):
        place = np.clip(place - 0.5, 0, cells - 1)
        first = np.minimum(place.astype(np.int64), cells - 2)
        share = (place - first)[:, None] if axis == 0 else place - first
        deep = (1 - share) * deep.take(first, axis) + share * deep.take(first + 1, axis)
    whole = field.copy()
    whole[np.ix_(down, across)] = deep
    return whole


def shaded(log_density: Numbers, *, log: bool) -> tuple[Numbers, float, float]:
    """A density for a colour map, 0..1, and what its ends stand for: log-density in nats, or the density itself."""
    finite = log_density[np.isfinite(log_density)]
    top = float(finite.max()) if len(finite) else 0.0
    if log:
        low = top - DEPTH
        return np.clip((np.nan_to_num(log_density, nan=low, neginf=low, posinf=top) - low) / DEPTH, 0, 1), low, top
    return np.exp(np.nan_to_num(log_density, nan=-np.inf, posinf=top) - top), 0.0, math.exp(min(top, 700.0))


def stations(steps: int) -> list[int]:
    """After which steps the small pictures are: each of a few, else 0, 1, 2, 4, … and the last one."""
    if steps <= 6:
        return list(range(steps + 1))
    return [0, *(2**i for i in range(steps.bit_length()) if 2**i < steps), steps]
