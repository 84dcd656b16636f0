"""The plane in which latents are seen: two of their coordinates, or their two principal components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg

Floats = npt.NDArray[np.float32]
ROWS = 4096
"""Latents whose products are summed at once."""


@dataclass(frozen=True, eq=False)
class LatentPlane:
    """The place of a latent z is (z − mean) axesᵀ.

    Attributes:
        mean: size; axes: 2×size, orthonormal.
        explained: share of the variance of all latents that lies along each axis.
    """

    mean: Floats
    axes: Floats
    explained: tuple[float, float]

    def places(self, z: Floats) -> Floats:
        """N×2 of latents N×size."""
        return ((z - self.mean) @ self.axes.T).astype(np.float32)


def coordinates(z: Floats, first: int, second: int) -> LatentPlane:
    """Two coordinates as they are. Raises ValueError for coordinates that there are not, or one twice."""
    size = z.shape[1]
    if first == second or not (0 <= first < size and 0 <= second < size):
        raise ValueError(f"a plane takes two different dimensions of the latent, 0 to {size - 1}")
    axes = np.zeros((2, size), np.float32)
    axes[0, first] = axes[1, second] = 1
    variance = z.var(axis=0, dtype=np.float64) if len(z) else np.zeros(size)
    return LatentPlane(np.zeros(size, np.float32), axes, _shares(variance[[first, second]], float(variance.sum())))


def principal(z: Floats) -> LatentPlane:
    """The two directions of largest variance, the larger one first, each with its largest entry positive: the
    eigenvectors of the covariance (LAPACK's, by scipy).

    Raises:
        ValueError: for fewer than two latents, or fewer than two dimensions.
    """
    count, size = z.shape
    if size < 2:
        raise ValueError("a latent of one dimension has no plane")
    if count < 2:
        raise ValueError("principal components take at least two examples")
    mean = z.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((size, size))
    for start in range(0, count, ROWS):
        part = (z[start : start + ROWS] - mean).astype(np.float32)
        covariance += part.T @ part
    covariance /= count
    weights, vectors = scipy.linalg.eigh(covariance, subset_by_index=[size - 2, size - 1])
    axes = vectors.T[::-1]
    axes = axes * np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, None]
    return LatentPlane(
        mean.astype(np.float32), axes.astype(np.float32), _shares(weights[::-1], float(np.trace(covariance)))
    )


def _shares(along: npt.NDArray[Any], whole: float) -> tuple[float, float]:
    if not whole > 0:
        return 0.0, 0.0
    return float(max(along[0], 0) / whole), float(max(along[1], 0) / whole)
