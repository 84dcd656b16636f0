"""Fréchet distance, kernel distance, score, precision and recall of any features, as torch-fidelity computes them.

Of Inception's features these are FID (Heusel et al. 2017), KID (Bińkowski et al. 2018), IS (Salimans et al. 2016) and
improved precision and recall (Kynkäänniemi et al. 2019, there on VGG features). What the features are of is for the
caller to say beside each number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.data.torchvision_shim import torchvision
from studio.data.watch import Watch

SUBSETS, SUBSET = 100, 1000
"""Of the kernel distance: how many random subsets, of how many examples each."""
ROUNDS = 10
"""The subsets are done in so many parts, between which one can cancel."""
SPLITS = 10
"""Of the score."""
NEIGHBOURS = 3
"""k of precision and recall."""


@dataclass(frozen=True)
class Spread:
    """A mean and the standard deviation of what it is the mean of (subsets, splits)."""

    value: float
    sd: float
    of: int
    size: int


@dataclass(frozen=True)
class Covered:
    """Shares 0..1: of samples inside a ball around a real example that reaches its k-th neighbour, and of real
    examples inside such a ball around a sample."""

    precision: float
    recall: float


def frechet(samples: Tensor, real: Tensor) -> float:
    """‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½) of features N×F and M×F.

    Too high for few examples: the covariance of fewer than F has no full rank.

    Raises:
        ValueError: for fewer than two examples or features.
    """
    _check(samples, real)
    if samples.shape[1] < 2:
        raise ValueError("a Fréchet distance needs two features or more")
    fid = _library("metric_fid")
    # in float64: the means of thousands of float32 values are good to a few digits less than the difference needs
    sides = [fid.fid_features_to_statistics(side.double().cpu()) for side in (samples, real)]
    found = fid.fid_statistics_to_metric(*sides, False)[fid.KEY_METRIC_FID]
    return max(float(found), 0.0)  # rounding puts equal sets a hair below


def kernel_distance(samples: Tensor, real: Tensor, *, seed: int = 0, watch: Watch | None = None) -> Spread:
    """Unbiased MMD² with k(x, y) = (x·y/F + 1)³: mean over 100 random subsets of 1,000 (of all, when there are fewer).
    May be negative, for sets that cannot be told apart."""
    _check(samples, real)
    kid = _library("metric_kid")
    watch = watch or Watch()
    size = min(SUBSET, len(samples), len(real))
    a, b = samples.double().cpu(), real.double().cpu()
    # where a subset is all there is, they are all the same
    subsets, rounds = (1, 1) if size == len(samples) == len(real) else (SUBSETS, ROUNDS)
    each = []
    for done in range(rounds):
        watch.advance(done, rounds, "kernel distance")
        options = {"kid_subsets": subsets // rounds, "kid_subset_size": size, "rng_seed": seed + done, "verbose": False}
        found = kid.kid_features_to_metric(a, b, **options)
        each.append((found[kid.KEY_METRIC_KID_MEAN], found[kid.KEY_METRIC_KID_STD]))
    means, sds = np.array(each).T
    return Spread(float(means.mean()), float(np.sqrt((sds**2).mean() + means.var())), subsets, size)


def score(logits: Tensor) -> Spread:
    """exp E KL(p(y|x) ‖ p(y)) of a classifier's logits N×K for samples: between 1 and K; mean and sd over 10 splits
    of the shuffled samples. Log-probabilities serve as logits.

    Raises:
        ValueError: for fewer samples than splits.
    """
    if logits.ndim != 2 or len(logits) < SPLITS:
        raise ValueError(f"a score needs {SPLITS} samples or more, not {len(logits)}")
    isc = _library("metric_isc")
    found = isc.isc_features_to_metric(logits.cpu(), splits=SPLITS)
    return Spread(
        float(found[isc.KEY_METRIC_ISC_MEAN]), float(found[isc.KEY_METRIC_ISC_STD]), SPLITS, len(logits) // SPLITS
    )


def covered(samples: Tensor, real: Tensor) -> Covered:
    """Precision and recall with k = 3.

    Raises:
        ValueError: for no more than k examples in a set.
    """
    _check(samples, real, at_least=NEIGHBOURS + 1)
    prc = _library("metric_prc")
    options = {"prc_neighborhood": NEIGHBOURS, "prc_batch_size": 2048, "save_cpu_ram": True, "verbose": False}
    found = prc.prc_features_to_metric(samples.float().cpu(), real.float().cpu(), **options)
    return Covered(float(found[prc.KEY_METRIC_PRECISION]), float(found[prc.KEY_METRIC_RECALL]))


def _check(samples: Tensor, real: Tensor, at_least: int = 2) -> None:
    if samples.ndim != 2 or real.ndim != 2 or samples.shape[1] != real.shape[1]:
        raise ValueError(f"features of one kind are compared, not {tuple(samples.shape)} and {tuple(real.shape)}")
    if min(len(samples), len(real)) < at_least:
        raise ValueError(f"{at_least} examples or more are needed on each side, not {len(samples)} and {len(real)}")
    if not (torch.isfinite(samples).all() and torch.isfinite(real).all()):
        raise ValueError("the features are not finite numbers")


@cache
def _library(module: str) -> Any:
    torchvision()  # torch-fidelity imports it, and beside some builds of torch it only loads with help
    return import_module(f"torch_fidelity.{module}")
