"""A teacher worked out again from what is known of its student, for another strength of the rule. NumPy alone: the
window moves C and λ with it, without asking anybody.

Hu et al. 2016, arXiv:1603.06318, equation 4: q(y|x) ∝ p(y|x) exp{−C λ (1 − r(x, y))}.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def factors(truth: npt.ArrayLike, strength: float) -> Floats:
    """What the rule multiplies each label's probability by, exp(−Cλ (1 − r)), over the largest of these factors: only
    their ratio counts, and for a strict teacher all of them are next to nothing. Truths r are …×K, ``strength`` is
    Cλ ≥ 0; the label of which the rule is truest has 1."""
    r = np.asarray(truth, np.float64)
    return np.asarray(np.exp(-strength * (r.max(axis=-1, keepdims=True) - r)))


def teacher(student: npt.ArrayLike, truth: npt.ArrayLike, strength: float) -> Floats:
    """q, …×K, of probabilities p and truths r …×K. The largest exponent is taken off first, so that some label is left
    however large ``strength`` is; where the rule is equally true of all labels q is p."""
    with np.errstate(divide="ignore"):
        raised = np.log(np.asarray(student, np.float64)) - strength * (1 - np.asarray(truth, np.float64))
    q = np.exp(raised - raised.max(axis=-1, keepdims=True))
    return np.asarray(q / q.sum(axis=-1, keepdims=True))
