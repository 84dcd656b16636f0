"""Latents for pictures that a person sees: from a seed of their own, by NumPy, never from the training's generator."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri


def draw(
    prior_kind: Literal["normal", "uniform"],
    size: int,
    n: int,
    seed: int,
    truncation: float | None = None,
) -> npt.NDArray[np.float32]:
    """``n`` latents of ``size`` dimensions, float32 n×size. The same seed gives the same latents; more of them
    begin with the same rows.

    Each value is the prior's inverse distribution function at a uniform number that depends on the seed alone, so a
    latent moves smoothly, and keeps its place among the others, when only ``truncation`` changes.

    Args:
        prior_kind: ``normal`` is N(0, 1), ``uniform`` is U(−1, 1).
        truncation: values beyond ± this are ruled out (the prior given that they are not there); None: as trained.
            In σ for ``normal``; 0 gives zeros.

    Raises:
        ValueError: for a negative or undefined truncation.
    """
    if truncation is not None and not truncation >= 0:
        raise ValueError(f"truncation must be 0 or more, not {truncation}")
    u = np.random.default_rng(seed).random((n, size)) + 2.0**-54  # never 0, where the normal has no value
    if prior_kind == "uniform":
        bound = 1.0 if truncation is None else min(truncation, 1.0)
        return ((2 * u - 1) * bound).astype(np.float32)
    if truncation is not None:
        outside = ndtr(-truncation)
        u = outside + u * (1 - 2 * outside)
    return np.asarray(ndtri(u), dtype=np.float32)
