"""What the nearest neighbour tells: the class of an example, and whether an example is a real one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.watch import Watch

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
ROWS = 1024


def class_accuracy(
    train: Iterable[tuple[Floats, Labels]], test: Floats, labels: Labels, watch: Watch | None = None, total: int = 0
) -> float:
    """Share 0..1 of test examples whose nearest training example by Euclidean distance has their label: the measure
    of features of Donahue et al. 2017 (BiGAN), section 4.1. Of equally near ones the first counts.

    Args:
        train: features n×D with labels, some at a time, so that 60,000 images need not be held as numbers at once.
        test: M×D.
        total: training examples in all, for ``watch``.
    """
    if not len(test):
        raise ValueError("there is no example to tell the class of")
    watch = watch or Watch()
    best = torch.full((len(test),), torch.inf)
    told = torch.full((len(test),), -1, dtype=torch.int64)
    middle = test.mean(axis=0)  # small numbers lose less in the difference of squares
    asked = torch.from_numpy(test - middle)
    done = 0
    with torch.inference_mode():
        for features, their in train:
            watch.advance(done, total, "nearest neighbours")
            known, names = torch.from_numpy(features - middle), torch.from_numpy(np.ascontiguousarray(their))
            for start in range(0, len(known), ROWS):
                part = known[start : start + ROWS]
                near, at = torch.addmm((part * part).sum(dim=1)[None], asked, part.T, alpha=-2).min(dim=1)
                nearer = near < best
                best, told = torch.where(nearer, near, best), torch.where(nearer, names[start + at], told)
            done += len(known)
    return float((told == torch.from_numpy(labels)).double().mean())


@dataclass(frozen=True)
class TwoSample:
    """Shares 0..1 of examples whose nearest other example is of their own set: of all, of real ones, of samples.

    One half for equal distributions (Lopez-Paz and Oquab 2017, arXiv:1610.06545; Xu et al. 2018, arXiv:1806.07755).
    Above: the sets lie apart. Below: samples sit on real examples, as those of a model that repeats its data. Few
    modes: ``samples`` high, ``real`` low.
    """

    all: float
    real: float
    samples: float


def two_sample(samples: Floats, real: Floats, watch: Watch | None = None) -> TwoSample:
    """Leave-one-out 1-nearest-neighbour accuracy between N×D and N×D, which should be of equal size: else the larger
    set has the nearest neighbour more often by its number alone.

    Raises:
        ValueError: for sets of other dimensions or sizes, or of fewer than two.
    """
    if samples.shape != real.shape or samples.ndim != 2 or len(real) < 2:
        raise ValueError(f"two sets of as many vectors are compared, not {samples.shape} and {real.shape}")
    watch = watch or Watch()
    n = len(real)
    middle = real.mean(axis=0)
    pooled = torch.from_numpy(np.concatenate([real, samples]) - middle)
    squares = (pooled * pooled).sum(dim=1)
    found: list[Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(pooled), ROWS):
            watch.advance(start, len(pooled), "nearest neighbours")
            rows = pooled[start : start + ROWS]
            apart = torch.addmm(squares[None], rows, pooled.T, alpha=-2)
            own = torch.arange(start, start + len(rows))
            apart[own - start, own] = torch.inf  # nobody is a neighbour of oneself
            found.append(apart.argmin(dim=1))
    watch.advance(len(pooled), len(pooled), "nearest neighbours")
    right = (torch.cat(found) < n) == (torch.arange(2 * n) < n)
    return TwoSample(*(float(part.double().mean()) for part in (right, right[:n], right[n:])))
