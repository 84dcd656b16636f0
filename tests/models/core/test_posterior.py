"""The E-step by enumeration: on a finite set of samples everything can be worked out another way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import LinearConstraint, minimize
from scipy.special import logsumexp, rel_entr

from studio.models.core import posterior

Floats = npt.NDArray[np.float64]
P = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
"""A distribution over five states, in twentieths: twenty samples stand for it exactly."""
SAMPLES = np.repeat(np.arange(5), np.round(P * 20).astype(int))
F = np.array([-3.0, 0.5, -1.0, 1.2, 0.0])


def q_of(f: Floats, strength: float) -> Floats:
    """q* over the states, from the weights of the samples."""
    return np.bincount(SAMPLES, posterior.weights(f[SAMPLES], strength), minlength=5)


def least(loss: object, *constraints: LinearConstraint) -> Floats:
    """The point of the simplex at which a function is least, by numbers."""
    whole = LinearConstraint(np.ones(5), 1, 1)
    found = minimize(loss, P, method="SLSQP", bounds=[(1e-12, 1)] * 5, constraints=[whole, *constraints],
                     options={"ftol": 1e-13, "maxiter": 1000})  # fmt: skip
    assert found.success
    return np.asarray(found.x)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 4.0])
def test_q_is_where_kl_less_the_score_is_least(strength: float) -> None:
    numeric = least(lambda q: rel_entr(q, P).sum() - strength * q @ F)
    assert q_of(F, strength) == pytest.approx(numeric, abs=2e-5)
    exact = P * np.exp(strength * F)
    assert q_of(F, strength) == pytest.approx(exact / exact.sum(), abs=1e-14)


def test_strength_zero_gives_p() -> None:
    assert np.array_equal(posterior.weights(F, 0), np.full(5, 0.2))
    assert q_of(F, 0) == pytest.approx(P, abs=1e-15)
    assert posterior.log_normaliser(F[SAMPLES], 0) == 0
    assert posterior.effective_sample_size(posterior.weights(F, 0)) == pytest.approx(5)


@pytest.mark.parametrize("bound", [-0.5, 0.2, 0.9, 1.1])
def test_the_dual_finds_the_projection_and_leaves_no_slack(bound: float) -> None:
    """Ganchev: of all q with E_q f ≥ b the one closest to p, by λ* ≥ 0 from the concave dual b λ − log Z(λ)."""
    strength = posterior.strength_for(F[SAMPLES], bound)
    q = q_of(F, strength)
    closest = least(lambda q: rel_entr(q, P).sum(), LinearConstraint(F, bound, np.inf))
    assert q == pytest.approx(closest, abs=1e-4)
    assert strength * (q @ F - bound) == pytest.approx(0, abs=1e-9)
    assert (strength == 0) == (bound <= P @ F)

    def dual(at: float) -> float:
        return at * bound - posterior.log_normaliser(F[SAMPLES], at)

    assert dual(strength) >= max(dual(strength + d) for d in (-0.01, 0.01) if strength + d >= 0)
    assert dual(strength) == pytest.approx(rel_entr(q, P).sum(), abs=1e-9), "strong duality"


def test_a_score_that_no_sample_reaches_is_refused() -> None:
    with pytest.raises(ValueError, match=r"best of them scores 1\.2"):
        posterior.strength_for(F[SAMPLES], 1.3)


def test_the_estimate_tends_to_the_truth_like_one_over_the_root_of_the_number() -> None:
    exact = q_of(F, 1.0) @ F
    random = np.random.default_rng(0)

    def error(count: int) -> float:
        """Root mean square over 400 repetitions."""
        wrong = []
        for _ in range(400):
            f = F[random.choice(5, count, p=P)]
            wrong.append(posterior.weights(f, 1.0) @ f - exact)
        return float(np.sqrt(np.mean(np.square(wrong))))

    errors = [error(n) for n in (50, 800, 12_800)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.25)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.25)


@pytest.mark.parametrize("strength", [1e6, 1e300])
def test_nothing_overflows_however_strong(strength: float) -> None:
    with np.errstate(over="raise", invalid="raise"):
        w = posterior.weights(F * 1e3, strength)
        assert posterior.log_normaliser(F * 1e3, 1e6) == pytest.approx(1.2e9 - np.log(5))
    assert np.array_equal(w, [0, 0, 0, 1, 0])
    assert posterior.effective_sample_size(w) == 1


def test_the_normaliser_is_that_of_all_states() -> None:
    assert posterior.log_normaliser(F[SAMPLES], 2.0) == pytest.approx(logsumexp(2 * F, b=P))


def test_rules_may_be_rewarded_or_their_breaking_punished() -> None:
    """exp{Σ λ r} is exp{−Σ C λ' (1 − r)} once it is normalised, with λ = C λ'."""
    random = np.random.default_rng(1)
    truth, strengths, c = random.random((3, 30)), np.array([0.3, 1.0, 2.0]), 6.0
    rewarded = posterior.weights(c * strengths @ truth, 1.0)
    punished = posterior.weights(-c * strengths @ (1 - truth), 1.0)
    assert rewarded == pytest.approx(punished, rel=1e-12)


@pytest.mark.parametrize("bad", [[], [0.0, np.nan], [np.inf]])
def test_scores_that_are_no_numbers_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="finite score"):
        posterior.weights(bad, 1.0)


def test_samples_are_drawn_by_their_weights_and_stay_when_these_hardly_move() -> None:
    w = posterior.weights(np.random.default_rng(0).normal(size=200), 1.0)
    drawn = posterior.resampled(w, 1000, seed=3)
    often = np.bincount(drawn, minlength=200)
    assert np.all(np.abs(often - 1000 * w) < 1)
    assert np.array_equal(drawn, posterior.resampled(w, 1000, seed=3))
    moved = posterior.resampled(posterior.weights(np.log(w), 1.001), 1000, seed=3)
    assert np.mean(moved != drawn) < 0.2
