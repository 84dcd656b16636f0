"""Soft logic: truth values in 0..1, and rules over the labels of a classifier. Hu et al. 2016, arXiv:1603.06318.

The connectives are Łukasiewicz's (Bach et al. 2015, probabilistic soft logic; Hu et al., section 3.1):

    A & B = max(A + B − 1, 0)     A ∨ B = min(A + B, 1)     ¬A = 1 − A     A ⇒ B = ¬A ∨ B = min(1 − A + B, 1)

and A₁ ∧ … ∧ A_N is the mean of them, for which a rule is still more true the more of its parts are. At 0 and 1 all but
the mean are the connectives of ordinary logic. Everything is differentiable almost everywhere.
"""

from __future__ import annotations

import torch
from torch import Tensor


def both(a: Tensor, b: Tensor) -> Tensor:
    """A & B = max(A + B − 1, 0), of truth values of any shapes that broadcast."""
    return (a + b - 1).clamp(min=0)


def either(a: Tensor, b: Tensor) -> Tensor:
    """A ∨ B = min(A + B, 1)."""
    return (a + b).clamp(max=1)


def negated(a: Tensor) -> Tensor:
    """¬A = 1 − A."""
    return 1 - a


def implies(a: Tensor, b: Tensor) -> Tensor:
    """A ⇒ B = ¬A ∨ B = min(1 − A + B, 1)."""
    return either(negated(a), b)


def averaged(*parts: Tensor) -> Tensor:
    """A₁ ∧ … ∧ A_N = (A₁ + … + A_N) / N, of parts of one shape."""
    return torch.stack(parts).mean(0)


def but_rule(clause: Tensor) -> Tensor:
    """The truth of "A but B ⇒ the whole is as B is" for each of two labels, had the sentence this label.

    (y = +) ⇒ σ(B)₊  ∧  σ(B)₊ ⇒ (y = +), which is (1 + σ(B)₊)/2 for the label + and (2 − σ(B)₊)/2 for −
    (section 4.1). By it the two exponents of a teacher are at most Cλ/2 apart.

    Args:
        clause: σ(B), what is said of the clause B, B×2: probabilities of − and +.

    Returns:
        B×2, ½..1.
    """
    positive = clause[:, 1:]
    label = torch.tensor([[0.0, 1.0]], dtype=clause.dtype, device=clause.device).expand(len(clause), 2)
    said = positive.expand(-1, 2)
    return averaged(implies(label, said), implies(said, label))


def taught(log_p: Tensor, penalty: Tensor) -> Tensor:
    """log q(y|x) of the teacher q* ∝ p(y|x) exp(−penalty), the closed form of the projection

        min over q of  KL(q(y|x) ‖ p(y|x)) + E_q penalty,     penalty = Σ_l C λ_l (1 − r_l(x, y))

    (equations 3 and 4). Worked out in logarithms, so that no penalty overflows; one of 0 for all labels, or the same
    for all, gives p back.

    Args:
        log_p: of the student, B×K, normalised or not.
        penalty: B×K, each rule counted once.
    """
    return torch.log_softmax(log_p - penalty, dim=1)
