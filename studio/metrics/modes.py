"""How many modes of a known mixture the samples reach: the protocol of VEEGAN (Srivastava et al. 2017) and PacGAN
(Lin et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.data.dataset import Dataset
from studio.metrics.exact import distances

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Coverage:
    """``modes`` of ``of`` were reached; ``high_quality`` is the share 0..1 of samples near one.

    Samples of the mixture itself give 1 − exp(−9/2) = 98.89 % in two dimensions, not 100: more means shrunken modes.
    ``reverse_kl`` in nats, of the near samples' modes from the uniform distribution; inf when none is near any.
    ``counts``: near samples by mode.
    """

    modes: int
    of: int
    high_quality: float
    reverse_kl: float
    counts: tuple[int, ...] = ()


def coverage(samples: Floats, centres: Floats, sigma: float, *, within: float = 3.0) -> Coverage:
    """A sample is near a mode when it is within 3 σ of its centre; a mode is reached when a sample is near it.

    Args:
        samples: N×D (2,500 in the papers).
        centres: K×D.
        sigma: standard deviation of each mode, in the unit of the points.

    Raises:
        ValueError: for sets of other dimensions, or empty ones, or a sigma that is not positive.
    """
    if not sigma > 0:
        raise ValueError(f"the width of the modes must be positive, not {sigma}")
    apart = distances(samples, centres)
    nearest = apart.argmin(axis=1)
    near = apart[np.arange(len(apart)), nearest] <= within * sigma
    counts = np.bincount(nearest[near], minlength=len(centres))
    shares = counts[counts > 0] / max(1, counts.sum())
    reverse = float((shares * np.log(shares * len(centres))).sum()) if len(shares) else float("inf")
    return Coverage(int((counts > 0).sum()), len(centres), float(near.mean()), reverse, tuple(counts.tolist()))


def mixture(data: Dataset) -> tuple[npt.NDArray[np.float64], float]:
    """Centres K×D and the common standard deviation of a dataset of round Gaussians, labelled by mode.

    Raises:
        ValueError: when it has no labels.
    """
    if data.labels is None:
        raise ValueError(f"{data.spec.name} has no labels that say which mode a point is of")
    points, labels = np.asarray(data.values, np.float64), np.asarray(data.labels)
    centres = np.stack([points[labels == i].mean(axis=0) for i in range(len(data.spec.classes))])
    return centres, float((points - centres[labels]).std())
