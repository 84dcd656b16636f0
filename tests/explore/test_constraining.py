"""What follows from the scores of samples: weights, effective size, a sample of q* that keeps its places."""

from __future__ import annotations

import numpy as np
import pytest

from studio.explore.constraining import Weighed, effective_over, strength_for, total

F = np.random.default_rng(0).normal(size=400) * 3


def test_a_sample_is_drawn_as_often_as_its_weight_says() -> None:
    """Over many seeds: the mean count of each is N·w, within five standard errors of a binomial one."""
    f, seeds = F[:60], 4000
    counts = np.mean([Weighed(f, 0.4, seed).counts for seed in range(seeds)], 0)
    share = 60 * Weighed(f, 0.4).weights
    assert Weighed(f, 0.4).counts.sum() == 60
    assert (np.abs(counts - share) < 5 * np.sqrt(np.maximum(share, 0.05) / seeds)).all()


def test_a_picture_keeps_its_place_while_lambda_moves() -> None:
    assert np.array_equal(Weighed(F, 0.0).places, np.arange(400))
    for strength in (0.1, 0.5, 2.0):
        weighed = Weighed(F, strength)
        likely = np.flatnonzero(400 * weighed.weights >= 1)
        assert np.array_equal(weighed.places[likely], likely), "what q* has more of than p stays"
    moved = Weighed(F, 0.5).places != Weighed(F, 0.51).places
    assert moved.mean() < 0.05
    assert (Weighed(F, 0.5).places == Weighed(F, 0.5).places).all(), "the same again"
    assert len(set(Weighed(F, 1e6).places.tolist())) == 1


def test_the_mean_under_q_tends_to_that_of_the_tilted_distribution() -> None:
    """p = N(0, 1), f = x: q* = N(λ, 1), log Z = λ²/2."""
    x = np.random.default_rng(1).normal(size=200_000)
    weighed = Weighed(x, 0.5)
    assert weighed.mean(x) == pytest.approx(0.5, abs=0.02)
    assert weighed.mean((x - 0.5) ** 2) == pytest.approx(1, abs=0.03)
    assert weighed.log_normaliser == pytest.approx(0.125, abs=0.01)
    assert weighed.effective / len(x) == pytest.approx(np.exp(-0.25), abs=0.01)


def test_the_effective_size_over_lambda_is_that_of_each() -> None:
    strengths = [0.0, 0.3, 4.0, 1e5]
    found = effective_over(F, strengths)
    assert found == pytest.approx([Weighed(F, s).effective for s in strengths])
    assert found[0] == pytest.approx(400)
    assert found[-1] == pytest.approx(1)


def test_the_strength_for_a_share_gives_that_share() -> None:
    strength = strength_for(F, 0.5, 1000.0)
    assert Weighed(F, strength).effective == pytest.approx(200, rel=1e-6)
    assert strength_for(np.zeros(50), 0.5, 1000.0) == 1000.0


def test_few_is_less_than_a_twentieth() -> None:
    assert not Weighed(F, 0.0).few
    assert Weighed(F, 100.0).few


def test_the_sum_is_weighted_and_none_is_0() -> None:
    scores = np.array([[1.0, 10.0], [2.0, 20.0]])
    assert total(scores, (2.0, 0.5)).tolist() == [7, 14]
    assert total(np.zeros((3, 0)), ()).tolist() == [0, 0, 0]
