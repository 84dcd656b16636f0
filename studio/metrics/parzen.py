"""Parzen-window log-likelihood by the protocol of 2014: Gaussians around samples, as wide as suits validation images.

Goodfellow et al. 2014, arXiv:1406.2661, section 5; Breuleux et al. 2011. Kept to compare with what papers of those
years report, and for nothing else: real images as "samples" reach 260 nats on MNIST, and blurred models more than that
(Theis et al. 2016, arXiv:1511.01844).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

import numpy as np
import numpy.typing as npt
import torch

from studio.data.watch import Watch

Floats = npt.NDArray[np.float32]
WIDTHS = tuple(float(s) for s in np.logspace(-1, 0, 10))
"""The widths σ that are tried, for values in 0..1."""
VALIDATION = 1000
"""Validation images that choose among them."""
ROWS = 256


@dataclass(frozen=True)
class Parzen:
    """Mean log-density over test images in nats, its standard error (sd/√n), and the width that was chosen."""

    value: float
    error: float
    width: float


def parzen(samples: Floats, validation: Floats, test: Floats, watch: Watch | None = None) -> Parzen:
    """The estimate of 2014: log-likelihood of ``test`` at the width that is best for ``validation``.

    Args:
        samples: N×D in 0..1; the papers take 10,000.
        validation, test: M×D in 0..1, with no example in both, and none that the model was trained on.

    Raises:
        ValueError: for sets of other dimensions, or empty ones.
    """
    watch = watch or Watch()
    total = len(validation) + len(test)
    chosen = log_densities(samples, validation, WIDTHS, watch, (0, total)).mean(axis=1).argmax()
    width = WIDTHS[int(chosen)]
    found = log_densities(samples, test, (width,), watch, (len(validation), total))[0]
    spread = found.std() / np.sqrt(len(found))  # as the papers do, without Bessel's correction
    return Parzen(float(found.mean()), float(spread), width)


def log_densities(
    samples: Floats,
    at: Floats,
    widths: tuple[float, ...],
    watch: Watch | None = None,
    along: tuple[int, int] = (0, 0),
) -> npt.NDArray[np.float64]:
    """log (1/N) Σ N(x; sample, σ²I) for each width and each x in ``at``, K×M, in nats.

    Args:
        along: how much was done before, and how much there is in all, for ``watch``.
    """
    if samples.ndim != 2 or at.ndim != 2 or samples.shape[1] != at.shape[1]:
        raise ValueError(f"two sets of vectors of one dimension are compared, not {samples.shape} and {at.shape}")
    if not len(samples) or not len(at):
        raise ValueError("an empty set has no density")
    watch = watch or Watch()
    n, d = samples.shape
    middle = samples.mean(axis=0)  # small numbers lose less in the difference of squares
    centres = torch.from_numpy(samples - middle)
    squares = (centres * centres).sum(dim=1)
    found = np.empty((len(widths), len(at)))
    with torch.inference_mode():
        for start in range(0, len(at), ROWS):
            watch.advance(along[0] + start, along[1] or len(at), "Parzen window")
            rows = torch.from_numpy(at[start : start + ROWS] - middle)
            apart = torch.addmm(squares[None], rows, centres.T, alpha=-2)
            apart = (apart + (rows * rows).sum(dim=1, keepdim=True)).clamp_min(0)
            for number, width in enumerate(widths):
                logs = torch.logsumexp(apart / (-2 * width * width), dim=1).double()
                found[number, start : start + ROWS] = (logs - log(n) - d / 2 * log(2 * pi * width * width)).numpy()
    return found
