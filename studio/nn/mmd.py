"""Maximum mean discrepancy: how far apart two sets are in the eyes of a kernel. Gretton et al. 2012, JMLR 13.

Differentiable, so that a model can descend it (Li et al. 2015) and a measure can report it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Kernel = Callable[[Tensor, Tensor], Tensor]
"""Two sets N×D and M×D to N×M."""
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Of the median squared distance: bandwidths that suit any data."""


@dataclass(frozen=True)
class GaussianMixture:
    """k(x, y) = Σ_q exp(−‖x − y‖² / (2 σ_q)), as Li et al. 2015 have it.

    Attributes:
        bandwidths: the σ_q; in their code, and here, a variance: in the unit of a squared distance.
    """

    bandwidths: tuple[float, ...]

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        return self.each(x, y).sum(dim=0)

    def each(self, x: Tensor, y: Tensor) -> Tensor:
        """What each bandwidth adds, Q×N×M."""
        apart = squared_distances(x, y)
        return torch.stack([torch.exp(apart / (-2 * s)) for s in self.bandwidths])

    @property
    def at_zero(self) -> float:
        """k(x, x)."""
        return float(len(self.bandwidths))


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """‖x − y‖² for all pairs, N×M, never negative."""
    apart = (x * x).sum(dim=1)[:, None] + (y * y).sum(dim=1)[None, :] - 2 * x @ y.T
    return apart.clamp_min(0)


def mmd2(x: Tensor, y: Tensor, kernel: Kernel, *, unbiased: bool = False) -> Tensor:
    """Squared MMD between two sets N×D and M×D, a scalar.

    Biased, the V-statistic: mean k(x, x′) − 2 mean k(x, y) + mean k(y, y′) over all pairs, never below 0, and 0 for
    equal sets. Unbiased, the U-statistic: pairs of an example with itself are left out, so it is 0 on average for two
    sets of one distribution, and below 0 half the time.

    Raises:
        ValueError: for sets of other dimensions, or too few examples (2 each, unbiased).
    """
    if x.dim() != 2 or y.dim() != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(
            f"two sets of vectors of one dimension are compared, not {tuple(x.shape)} and {tuple(y.shape)}"
        )
    if min(len(x), len(y)) < 1 + unbiased:
        raise ValueError("too few examples for a discrepancy")
    return statistic(kernel(x, x), kernel(x, y), kernel(y, y), unbiased=unbiased)


def statistic(xx: Tensor, xy: Tensor, yy: Tensor, *, unbiased: bool = False) -> Tensor:
    """Squared MMD, of kernel values …×N×N, …×N×M and …×M×M: what stands before is kept, as bandwidths apart."""
    if not unbiased:
        return xx.mean((-2, -1)) - 2 * xy.mean((-2, -1)) + yy.mean((-2, -1))
    return _off_diagonal(xx) - 2 * xy.mean((-2, -1)) + _off_diagonal(yy)


def median_square(x: Tensor) -> Tensor:
    """The median squared distance between two examples of N×D, a scalar; 1 where it is 0, or where there is one
    example: the unit of bandwidths that suit any data (Gretton et al. 2012, section 8)."""
    apart = squared_distances(x, x)
    pairs = apart[torch.ones_like(apart, dtype=torch.bool).triu(1)]
    middle = pairs.median() if len(pairs) else apart.new_zeros(())
    return torch.where(middle > 0, middle, 1.0)


def _off_diagonal(gram: Tensor) -> Tensor:
    n = gram.shape[-1]
    return (gram.sum((-2, -1)) - gram.diagonal(dim1=-2, dim2=-1).sum(-1)) / (n * (n - 1))
