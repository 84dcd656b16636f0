"""The moves of model and constraint against enumeration, on five states."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from tests.models.core.finite import DATA, REAL, STATES, F, Scores, batch_of, game

COUNTS = [2, 4, 6, 5, 3]
P = torch.tensor(COUNTS, dtype=torch.float64) / 20
LAMBDA = 0.7


def tilted(p: Tensor, f: Tensor, strength: float) -> Tensor:
    return (p.log() + strength * f).softmax(0)


def test_the_explicit_move_follows_alpha_times_p_less_q() -> None:
    """The gradient of −α E_q* log softmax θ in θ is α (p − q*), for λ and α that differ."""
    model, _, both = game(counts=COUNTS, constraint="fixed", strength=LAMBDA, outer=3.0)
    value, *_ = both.explicit(REAL)
    value.backward()
    q = tilted(P, F, LAMBDA)
    assert model.logits.grad is not None
    assert torch.allclose(model.logits.grad, 3.0 * (P - q), atol=1e-6)
    share = 1 / float((q.square() / P).sum())  # of the effective samples
    assert float(value.detach()) == pytest.approx(-3.0 * float((q - share * P) @ P.log()), rel=1e-5)


def test_reversed_kl_moves_as_the_score_does_where_p_is_what_q_came_from() -> None:
    """∇ KL(p_θ‖q*) at the θ that q* was made from is −λ ∇ E_p f: what the implicit move descends."""
    logits = P.log().requires_grad_()
    p = logits.softmax(0)
    q = tilted(P, F, LAMBDA)
    (of_kl,) = torch.autograd.grad((p * (p.log() - q.log())).sum(), logits, retain_graph=True)
    (of_score,) = torch.autograd.grad(-LAMBDA * (p @ F), logits)
    assert torch.allclose(of_kl, of_score, atol=1e-12)


@pytest.mark.parametrize("strength", [0.0, LAMBDA, 3.0])
def test_the_gradient_of_a_learned_constraint_is_that_of_the_log_likelihood_of_q(strength: float) -> None:
    """E_data ∇f − E_q* ∇f is, but for λ, the gradient of E_data λ f − log Z, here by finite differences."""
    _, scores, both = game(counts=COUNTS, constraint="learned", strength=strength)
    both.constraint_loss(REAL).value.backward()
    assert scores.f.grad is not None
    assert torch.allclose(-scores.f.grad, DATA - tilted(P, F, strength), atol=1e-6)
    if strength == 0:
        return

    def likelihood(f: Tensor) -> Tensor:
        return strength * DATA @ f - torch.logsumexp(P.log() + strength * f, 0)

    for k in range(STATES):
        step = torch.zeros(STATES, dtype=torch.float64)
        step[k] = 1e-5
        slope = (likelihood(F + step) - likelihood(F - step)) / 2e-5
        assert -strength * float(scores.f.grad[k]) == pytest.approx(float(slope), abs=1e-6)


def test_learning_rests_where_the_data_and_q_score_alike() -> None:
    """With f = log(data/p)/λ + a constant q* is the data: the two parts of the gradient are equal."""
    f = (DATA / P).log() / LAMBDA + 0.3
    _, scores, both = game(f, COUNTS, constraint="learned", strength=LAMBDA)
    loss = both.constraint_loss(REAL)
    loss.value.backward()
    assert scores.f.grad is not None
    assert scores.f.grad.abs().max() < 1e-7
    assert float(loss.shows["constraint/f of data − f under q"]) == pytest.approx(0, abs=1e-6)


def test_the_penalty_keeps_the_best_score_within_its_bound() -> None:
    """Of E_data f − E_q f − (E_data f² + E_q f²)/2B the best f is B (data − q)/(data + q), for a q that stays."""
    bound = 4.0

    class Held(Scores):
        held = Scores.__mro__[1].held  # of Constraint: f²

    model, _, both = game(counts=COUNTS, constraint="learned", strength=0.0, bound=bound)
    scores = Held(F)
    both._f = scores
    for _ in range(300):
        scores.zero_grad()
        both.constraint_loss(REAL).value.backward()
        assert scores.f.grad is not None
        scores.f.data -= 5.0 * scores.f.grad
    assert torch.allclose(scores.f.detach(), bound * (DATA - P) / (DATA + P), atol=1e-4)
    assert scores.f.abs().max() < bound
    assert model.logits.grad is None, "the weights of the samples are held"


def test_an_explicit_model_never_loses_by_its_moves() -> None:
    """L(θ) + log Z(θ), what is left of the objective once q is at its best, rises with every M-step, and ends where p
    is half data and half q*."""
    model, _, both = game(constraint="fixed", strength=LAMBDA)
    model.drawn = 50_000
    torch.manual_seed(0)
    (update,) = model.updates()
    constrained = both.under_it(update)

    def objective() -> float:
        p = model.p.detach()
        return float(DATA @ p.log() + torch.logsumexp(p.log() + LAMBDA * F, 0))

    seen = [objective()]
    for _ in range(60):
        model.zero_grad()
        constrained.loss(REAL).value.backward()
        assert model.logits.grad is not None
        model.logits.data -= 0.5 * model.logits.grad
        seen.append(objective())
    assert all(after > before - 1e-4 for before, after in itertools.pairwise(seen))
    assert seen[-1] > seen[0] + 0.05
    p = model.p.detach()
    assert torch.allclose(p, (DATA + tilted(p, F, LAMBDA)) / 2, atol=5e-3)


def test_without_strength_an_explicit_model_is_not_moved() -> None:
    model, _, both = game(counts=COUNTS, constraint="fixed", strength=0.0)
    value, shows, _ = both.explicit(REAL)
    value.backward()
    assert model.logits.grad is not None
    assert model.logits.grad.abs().max() < 1e-7, "q* is p"
    assert float(shows["constraint/log Z"]) == pytest.approx(0, abs=1e-6)
    assert float(shows["effective sample size/share of the batch"]) == pytest.approx(1)


@pytest.mark.parametrize("strength", [1.0, 1e6])
def test_what_is_shown_is_what_enumeration_gives(strength: float) -> None:
    _, _, both = game(counts=COUNTS, constraint="fixed", strength=strength)
    _, shows, spreads = both.explicit(REAL)
    q = tilted(P, F, strength)
    w = q / P  # times 1/20 each
    assert float(shows["constraint/f of samples, p"]) == pytest.approx(float(P @ F), rel=1e-6)
    assert float(shows["constraint/f of samples, q"]) == pytest.approx(float(q @ F), rel=1e-6)
    assert float(shows["constraint/f of data"]) == pytest.approx(float(DATA @ F), rel=1e-6)
    assert float(shows["constraint/log Z"]) == pytest.approx(
        float(torch.logsumexp(P.log() + strength * F, 0)), rel=1e-6
    )
    assert float(shows["effective sample size/share of the batch"]) == pytest.approx(
        1 / float(P @ w.square()), rel=1e-6
    )
    assert torch.equal(spreads["constraint/f of samples"].double(), F[batch_of(COUNTS).x[:, 0].long()].float().double())


def test_a_sample_that_is_no_number_has_no_weight() -> None:
    f = F.clone()
    f[1] = float("nan")
    model, _, both = game(f, COUNTS, constraint="fixed", strength=LAMBDA)
    value, *_ = both.explicit(REAL)
    value.backward()
    rest = P.clone()
    rest[1] = 0
    rest /= rest.sum()
    q = tilted(rest, torch.nan_to_num(f), LAMBDA)
    assert model.logits.grad is not None
    share = 1 / (q.square() / rest.clamp(min=1e-9)).sum()
    assert torch.allclose(model.logits.grad, P - q - share * (P - rest), atol=1e-6)


def test_chance_alone_moves_no_explicit_model() -> None:
    """Without strength q* is p: on samples that are by chance unlike p nothing moves either."""
    model, _, both = game(constraint="fixed", strength=0.0)
    model.drawn = 20
    torch.manual_seed(0)
    value, *_ = both.explicit(REAL)
    value.backward()
    assert model.logits.grad is not None
    assert model.logits.grad.abs().max() < 1e-7
