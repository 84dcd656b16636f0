"""Which classes of the data the samples cover, as a classifier sees them; for mixtures :mod:`studio.metrics.modes`
does it without one.

The classifier is wrong now and then, so that a class of which nothing is drawn still gets a few samples: a class
counts as covered from a tenth of what the data would have of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ENOUGH = 0.1
"""Share of a class's share in the data from which it is covered."""


@dataclass(frozen=True)
class ClassCoverage:
    """Of n samples.

    Attributes:
        covered: per class, whether it is.
        rarest: the least, over classes, of a class's share in the samples over its share in the data: 0 when one is
            gone, 1 when all are as in the data.
        divergence: KL(samples ‖ data) of the classes, in nats, with the shares of these n as they are (plug-in).
        floor: what that is on average for n samples of the data itself, (K − 1)/(2n), to first order in 1/n
            (Miller 1955).
    """

    covered: tuple[bool, ...]
    rarest: float
    divergence: float
    floor: float

    @property
    def count(self) -> int:
        return sum(self.covered)


def class_coverage(labels: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]) -> ClassCoverage:
    """What the labels of n samples cover.

    Args:
        labels: N, 0..K−1.
        shares: of the classes in the data, K; those of share 0 are left out of everything but ``covered``, where
            they count as covered.

    Raises:
        ValueError: without samples, or for shares that sum to nothing.
    """
    if not len(labels) or not shares.sum() > 0:
        raise ValueError("no samples, or no classes, to look for")
    wanted = shares / shares.sum()
    n = len(labels)
    counts = np.bincount(labels, minlength=len(shares))
    there = wanted > 0
    p, q = counts[there] / n, wanted[there]
    covered = np.ones(len(shares), bool)
    covered[there] = counts[there] >= np.maximum(1, ENOUGH * q * n - 1e-6)
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = np.where(p > 0, p * np.log(p / q), 0.0).sum()
    return ClassCoverage(
        tuple(map(bool, covered)), float((p / q).min()), float(max(divergence, 0.0)), (int(there.sum()) - 1) / (2 * n)
    )
