"""Nats, bits and active units. Works on numbers, arrays and tensors alike."""

from __future__ import annotations

import math
from typing import TypeVar

N = TypeVar("N")
ACTIVE = 0.01
"""Variance over examples of its posterior mean above which a latent is active: Burda et al. 2016, section 5.2."""


def bits_per_dim(nats: N, dimensions: int) -> N:
    """−log p / (D ln 2) of a log-likelihood in nats over D values.

    Of whole-numbered grey levels, or of a density on 0..256 after dequantisation, which is a lower bound on theirs: so
    what this gives is an upper bound on the true bits/dim, and a model of 256 equally likely levels has 8.
    """
    return -nats / (dimensions * math.log(2))  # type: ignore[operator, no-any-return]
