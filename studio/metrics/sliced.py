"""The sliced Wasserstein distance: the mean of one-dimensional transports, each of which is a matter of sorting.

Rabin et al. 2011; Bonneel et al. 2015. Here over raw values, not over patches of a pyramid as in Karras et al. 2018.
"""

from __future__ import annotations

import functools
from math import exp, lgamma, pi, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
ORTHOGONAL_UP_TO = 4096
"""Dimensions up to which projections are made orthogonal; beyond, random ones all but are, and QR takes seconds."""


def sliced_wasserstein(x: Floats, y: Floats, *, power: int = 1, projections: int = 256, seed: int = 0) -> float:
    """(mean over unit directions u of W_p(u·x, u·y)^p)^(1/p), in the unit of the values; exact but for the mean.

    Args:
        x, y: N×D and M×D; of unequal sizes the quantile functions are compared.
        power: p, 1 or 2.
        projections: how many directions, the same for the same D and seed.

    Raises:
        ValueError: for sets of other dimensions, or empty ones.
    """
    _check(x, y)
    directions = unit_directions(x.shape[1], projections, seed)
    costs = transport_1d(x.astype(np.float32) @ directions, y.astype(np.float32) @ directions, power)
    return float(costs.mean() ** (1 / power))


def transport_1d(x: Floats, y: Floats, power: int = 1) -> npt.NDArray[np.float64]:
    """W_p^p of each column of N×K against the same of M×K: ∫|F⁻¹(q) − G⁻¹(q)|^p dq, exactly, for any N and M."""
    a, b = np.sort(x, axis=0), np.sort(y, axis=0)
    n, m = len(a), len(b)
    if n == m:
        gaps = np.abs(a - b, dtype=np.float64)
        return np.asarray((gaps**power).mean(axis=0), np.float64)
    # Both quantile functions are steps; between two of the places where either steps, both are flat. The places are
    # counted in units of 1/(n·m), so that they are whole numbers and compare exactly.
    places = np.union1d(np.arange(n, dtype=np.int64) * m, np.arange(m, dtype=np.int64) * n)
    widths = np.diff(np.append(places, n * m)) / (n * m)
    gaps = np.abs(a[places // m] - b[places // n], dtype=np.float64)
    return np.asarray(widths @ gaps**power, np.float64)


@functools.lru_cache(maxsize=4)
def unit_directions(dimension: int, count: int, seed: int) -> npt.NDArray[np.float32]:
    """Unit columns D×count, each uniform on the sphere; orthogonal in blocks of D, which evens out their mean."""
    random = np.random.default_rng([seed, dimension])
    blocks = []
    for start in range(0, count, dimension):
        block = random.standard_normal((dimension, min(dimension, count - start)))
        if 1 < dimension <= ORTHOGONAL_UP_TO:
            block, upper = np.linalg.qr(block)
            block *= np.sign(np.diag(upper))  # else QR's choice of signs is not uniform
        blocks.append(block / np.linalg.norm(block, axis=0))
    made = np.concatenate(blocks, axis=1).astype(np.float32)
    made.flags.writeable = False
    return made


def shift_factor(dimension: int, power: int = 1) -> float:
    """What the sliced distance makes of a pure shift by 1: (E|u₁|^p)^(1/p) for u uniform on the unit sphere.

    Divided by it, the sliced distance of a shift is the length of the shift, as of the exact distance, and in
    general it is at most the exact distance: |u·(x − y)| averages to shift_factor · ‖x − y‖ along any coupling.
    """
    if power == 2:
        return sqrt(1 / dimension)
    return exp(lgamma(dimension / 2) - lgamma((dimension + 1) / 2)) / sqrt(pi)


def _check(x: Floats, y: Floats) -> None:
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"two sets of vectors of one dimension are compared, not {x.shape} and {y.shape}")
    if not len(x) or not len(y):
        raise ValueError("an empty set has no distance to anything")
