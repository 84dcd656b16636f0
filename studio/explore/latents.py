"""Ways through a latent: drawing, straight and round paths, arithmetic, lattices, directions. NumPy only.

A latent is a float32 vector of ``size`` values of a prior: N(0, 1), U(−1, 1) or one-hot categories, part by part.
High-dimensional normal latents lie close to a sphere of radius √size, which a straight line leaves; so paths between
them are round. Between two categories the way is straight: from all of the one to all of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.models.core.latents import Prior, draw, one_hot

__all__ = [
    "Path",
    "arithmetic",
    "average",
    "between",
    "components",
    "draw",
    "lattice",
    "linear",
    "move",
    "path",
    "spherical",
]

Latent = npt.NDArray[np.float32]
"""float32, one latent (size,) or several N×size."""
Path = Literal["linear", "spherical"]
Places = int | Sequence[float] | npt.NDArray[np.floating]
SMALL = 1e-6
"""Below this angle (radians) or length a round path is not to be told from a straight one in float32."""


def linear(a: npt.ArrayLike, b: npt.ArrayLike, t: npt.ArrayLike) -> Latent:
    """The straight line: ``a`` at t = 0, ``b`` at t = 1.

    Args:
        a, b: latents of one size.
        t: a number, or N of them; beyond 0..1 the line goes on.

    Returns:
        (size,) for a number, N×size for N of them.
    """
    start, end = _pair(a, b)
    share = np.asarray(t, np.float64)[..., None]
    made: Latent = ((1 - share) * start + share * end).astype(np.float32)
    return made


def spherical(a: npt.ArrayLike, b: npt.ArrayLike, t: npt.ArrayLike) -> Latent:
    """The round way (slerp, Shoemake 1985; for latents White 2016, arXiv:1609.04468): the direction turns at a
    steady angle, the length changes steadily from that of ``a`` to that of ``b``.

    Parallel latents have the straight line between them. Opposite ones have no shortest way: of all half circles
    one is taken that is the same each time (towards the coordinate in which ``a`` is smallest). A latent of length
    zero has no direction: straight line.

    Args, returns: as :func:`linear`.
    """
    start, end = _pair(a, b)
    lengths = float(np.linalg.norm(start)), float(np.linalg.norm(end))
    if min(lengths) < SMALL:
        return linear(start, end, t)
    u, v = start / lengths[0], end / lengths[1]
    # atan2 of the chord's two parts is exact at both ends, where arccos of a product loses half of the digits.
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if angle < SMALL or start.size == 1:
        return linear(start, end, t)
    aside = v - (v @ u) * u if np.pi - angle > SMALL else _aside(u)
    aside /= np.linalg.norm(aside)
    share = np.asarray(t, np.float64)[..., None]
    length = (1 - share) * lengths[0] + share * lengths[1]
    made: Latent = (length * (np.cos(share * angle) * u + np.sin(share * angle) * aside)).astype(np.float32)
    return made


def between(a: npt.ArrayLike, b: npt.ArrayLike, t: npt.ArrayLike, kind: Path, prior: Prior | None = None) -> Latent:
    """The way of that kind, part by part of the prior (None: all normal). Only normal parts have a sphere to go round
    on: uniform ones fill a cube, and categories are corners; between them the way is straight."""
    if kind == "linear":
        return linear(a, b, t)
    if prior is None:
        return spherical(a, b, t)
    start, end = _pair(a, b)
    ways = [(spherical if p.kind == "normal" else linear)(start[w], end[w], t) for p, w in prior.placed()]
    return np.concatenate(ways, axis=-1)


def path(
    keys: npt.ArrayLike,
    frames: int,
    kind: Path = "spherical",
    loop: bool = False,
    prior: Prior | None = None,
) -> Latent:
    """A walk from key to key, ``frames`` steps between each two.

    Args:
        keys: K×size, K ≥ 2.
        frames: ≥ 1; the first of each stretch is the key itself.
        loop: back to the first key. The last frame is then one step before it, so that an animation repeats smoothly;
            without, the last frame is the last key.

    Returns:
        (K·frames)×size with ``loop``, else ((K−1)·frames + 1)×size.

    Raises:
        ValueError: for fewer than two keys, or frames < 1.
    """
    stops = np.asarray(keys, np.float32)
    if stops.ndim != 2 or len(stops) < 2:
        raise ValueError("a walk needs at least two latents to go between")
    if frames < 1:
        raise ValueError(f"a walk needs at least one frame between two latents, not {frames}")
    t = np.arange(frames) / frames
    ends = np.roll(stops, -1, axis=0) if loop else stops[1:]
    stretches = [between(a, b, t, kind, prior) for a, b in zip(stops, ends, strict=False)]
    made: Latent = np.concatenate(stretches if loop else [*stretches, stops[-1:]])
    return made


def average(picks: npt.ArrayLike, prior: Prior | None = None) -> Latent:
    """The mean of N×size latents, (size,); of a category the value that most of them have, the first of equals."""
    stops = np.atleast_2d(np.asarray(picks, np.float64))
    return _settled(stops.mean(axis=0), prior)


def arithmetic(a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike, prior: Prior | None = None) -> Latent:
    """A − B + C, each the average of one or more picks (Radford 2016, section 6.3.2: averages of three).

    A category has one value in the end: the one with the most left over, where two have as much that of C.

    Args:
        a, b, c: (size,) or N×size each.

    Returns:
        (size,).
    """
    means = [np.atleast_2d(np.asarray(x, np.float64)).mean(axis=0) for x in (a, b, c)]
    return _settled(means[0] - means[1] + means[2], prior, means[2])


def _settled(z: npt.NDArray[np.float64], prior: Prior | None, doubt: npt.NDArray[np.float64] | None = None) -> Latent:
    """The same with one value in each category, the largest; of several that are, the one largest in ``doubt``."""
    made = z.astype(np.float32)
    for part, where in prior.placed() if prior is not None else ():
        if part.kind == "categorical":
            largest = z[where] > z[where].max() - SMALL
            made[where] = one_hot(np.argmax(largest * (1 + (0 if doubt is None else doubt[where]))), part.size)
    return made


def lattice(
    corners: npt.ArrayLike,
    rows: Places,
    columns: Places,
    kind: Path = "spherical",
    prior: Prior | None = None,
) -> Latent:
    """Between four latents: first along the top and the bottom edge, then from the one to the other.

    Args:
        corners: 4×size: top left, top right, bottom left, bottom right.
        rows, columns: where, 0..1 from the top and from the left. A whole number n ≥ 1 stands for n evenly spread
            places, both edges included; an array for the places themselves (one for where a finger is).

    Returns:
        (R·C)×size, row by row.
    """
    stops = np.asarray(corners, np.float32)
    if stops.ndim != 2 or len(stops) != 4:
        raise ValueError(f"a lattice hangs between four latents, not {len(stops)}")
    down, across = _places(rows), _places(columns)
    top = between(stops[0], stops[1], across, kind, prior)
    bottom = between(stops[2], stops[3], across, kind, prior)
    made = np.stack([between(x, y, down, kind, prior) for x, y in zip(top, bottom, strict=True)], axis=1)
    return np.ascontiguousarray(made.reshape(-1, stops.shape[1]))


def components(z: npt.ArrayLike, vectors: npt.ArrayLike) -> Latent:
    """How far a latent goes along each direction: what sliders over the directions stand at.

    Args:
        z: (size,) or N×size.
        vectors: orthonormal rows, k×size.

    Returns:
        (k,) or N×k.
    """
    return (np.asarray(z, np.float64) @ np.asarray(vectors, np.float64).T).astype(np.float32)


def move(z: npt.ArrayLike, vectors: npt.ArrayLike, to: npt.ArrayLike) -> Latent:
    """The latent with its components along the directions set to ``to``, and all else as it was.

    Args:
        z: (size,).
        vectors: orthonormal rows, k×size.
        to: (k,), or N×k for N latents at once.

    Returns:
        (size,) or N×size.
    """
    rows = np.asarray(vectors, np.float64)
    start = np.asarray(z, np.float64)
    return (start + (np.asarray(to, np.float64) - start @ rows.T) @ rows).astype(np.float32)


def _pair(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    start, end = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if start.ndim != 1 or start.shape != end.shape:
        raise ValueError(f"a way goes between two latents of one size, not {start.shape} and {end.shape}")
    return start, end


def _aside(u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A direction at right angles to the unit vector u, the same each time."""
    axis = np.zeros_like(u)
    axis[np.argmin(np.abs(u))] = 1
    made: npt.NDArray[np.float64] = axis - (axis @ u) * u
    return made


def _places(given: Places) -> npt.NDArray[np.float64]:
    if isinstance(given, int):
        return np.linspace(0, 1, given) if given > 1 else np.zeros(1)
    return np.asarray(given, np.float64).reshape(-1)
