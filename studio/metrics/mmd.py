"""Maximum mean discrepancy of large sets, block by block; the statistic itself is :func:`studio.nn.mmd.mmd2`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.watch import Watch
from studio.nn.mmd import SCALES, GaussianMixture, median_square

Floats = npt.NDArray[np.float32]
ROWS = 1024
"""Examples of one set whose kernel values are held at once."""


@dataclass(frozen=True)
class Discrepancy:
    """Squared MMD: ``biased`` is never below 0, ``unbiased`` is 0 on average between equal distributions."""

    biased: float
    unbiased: float


def discrepancy(x: Floats, y: Floats, kernel: GaussianMixture, watch: Watch | None = None) -> Discrepancy:
    """Both estimates of MMD² between N×D and M×D, N, M ≥ 2; memory grows with N + M, not with N·M.

    Raises:
        ValueError: for sets of other dimensions, or with fewer than two examples.
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"two sets of vectors of one dimension are compared, not {x.shape} and {y.shape}")
    if min(len(x), len(y)) < 2:
        raise ValueError("a discrepancy needs two examples in each set")
    watch = watch or Watch()
    middle = y.mean(axis=0)  # small numbers lose less in the difference of squares
    a, b = torch.from_numpy(x - middle), torch.from_numpy(y - middle)
    n, m = len(a), len(b)
    total = 2 * n + m
    xx = _sum(a, a, kernel, watch, 0, total)
    xy = _sum(a, b, kernel, watch, n, total)
    yy = _sum(b, b, kernel, watch, 2 * n, total)
    # k(x, x) is known exactly, and leaves with the diagonal
    own_x, own_y = n * kernel.at_zero, m * kernel.at_zero
    return Discrepancy(
        biased=xx / n**2 - 2 * xy / (n * m) + yy / m**2,
        unbiased=(xx - own_x) / (n * (n - 1)) - 2 * xy / (n * m) + (yy - own_y) / (m * (m - 1)),
    )


def _sum(a: Tensor, b: Tensor, kernel: GaussianMixture, watch: Watch, done: int, total: int) -> float:
    found = 0.0
    with torch.inference_mode():
        for start in range(0, len(a), ROWS):
            watch.advance(done + start, total, "comparing")
            rows = a[start : start + ROWS]
            for across in range(0, len(b), ROWS):
                block = kernel(rows, b[across : across + ROWS]).double()
                if a is b and across == start:
                    block.fill_diagonal_(kernel.at_zero)  # rounding would leave a little distance to oneself
                found += float(block.sum())
    return found


def scaled(real: Floats) -> GaussianMixture:
    """Gaussians whose bandwidths are :data:`~studio.nn.mmd.SCALES` of the median squared distance between real
    examples, so that one rule serves pixels and points. Of the first 1,000 examples."""
    some = torch.from_numpy(np.ascontiguousarray(real[:1000]))
    middle = float(median_square(some - some.mean(dim=0)))
    return GaussianMixture(tuple(s * middle for s in SCALES))
