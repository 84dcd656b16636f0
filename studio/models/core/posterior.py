"""The E-step of learning with constraints: q* ∝ p exp(λ f), from samples of p. NumPy alone: the window reads this too.

q* is the q of least KL(q‖p) − λ E_q f (Ganchev et al. 2010; Hu et al. 2018, arXiv:1806.09764, section 3). For samples
xᵢ ~ p the self-normalised importance weights are wᵢ = exp(λ f(xᵢ)) / Σⱼ exp(λ f(xⱼ)), and E_q* g ≈ Σᵢ wᵢ g(xᵢ), which
tends to the truth as there are more of them. How many independent samples of q* they are worth is the effective sample
size 1 / Σᵢ wᵢ².
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def weights(scores: npt.ArrayLike, strength: float) -> Floats:
    """wᵢ of samples with scores f(xᵢ), N, for λ = ``strength``: positive, with the sum 1; λ = 0 gives 1/N each.

    The largest exponent is taken off first, so nothing overflows however large λ is.

    Raises:
        ValueError: for no sample, or a score that is not finite.
    """
    f = np.asarray(scores, np.float64)
    if not f.size or not np.isfinite(f).all():
        raise ValueError("the weights of samples need a finite score for each, and at least one sample")
    raised = strength * f
    w = np.exp(raised - raised.max())
    return np.asarray(w / w.sum())


def effective_sample_size(w: npt.ArrayLike) -> float:
    """1 / Σ wᵢ² of normalised weights: N where they are equal, 1 where one has everything (Kong 1992)."""
    return float(1 / np.square(np.asarray(w, np.float64)).sum())


def log_normaliser(scores: npt.ArrayLike, strength: float) -> float:
    """log Z = log E_p exp(λ f), estimated as the log of the mean over the samples."""
    raised = strength * np.asarray(scores, np.float64)
    top = raised.max()
    return float(top + np.log(np.exp(raised - top).mean()))


def strength_for(scores: npt.ArrayLike, least: float, most: float = 1e6) -> float:
    """The λ* ≥ 0 at which E_q* f reaches ``least``: of all q with E_q f ≥ ``least`` the q* of this λ has the least
    KL(q‖p) (Ganchev et al. 2010, the dual; there with features φ = −f that are to stay below a bound). 0 where the
    samples score so well as they are: then λ* (E_q* f − ``least``) = 0 because of the first factor, else of the second.

    Raises:
        ValueError: where no λ up to ``most`` gets there: no sample scores so well.
    """
    from scipy.optimize import brentq  # a fifth of a second to load, which a window that begins need not wait for

    f = np.asarray(scores, np.float64)

    def missing(strength: float) -> float:
        return float(weights(f, strength) @ f) - least

    if missing(0) >= 0:
        return 0.0
    if missing(most) < 0:
        raise ValueError(f"no weighting of these samples reaches {least:g}; the best of them scores {f.max():g}")
    return float(brentq(missing, 0, most, xtol=1e-12, rtol=1e-13))


def resampled(w: npt.ArrayLike, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Indices of ``count`` samples that are drawn by their weights (systematic resampling): each comes floor or ceil of
    count·wᵢ times. The same seed moves few of them when the weights move a little."""
    edges = np.cumsum(np.asarray(w, np.float64))
    points = (np.arange(count) + np.random.default_rng(seed).random()) / count * edges[-1]
    found: npt.NDArray[np.int64] = np.minimum(np.searchsorted(edges, points, "right"), len(edges) - 1).astype(np.int64)
    return found
