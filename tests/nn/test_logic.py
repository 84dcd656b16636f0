"""Soft logic, and the teacher in closed form."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.optimize
import torch
from torch import Tensor

from studio.models.core import posterior
from studio.nn.logic import averaged, both, but_rule, either, implies, negated, taught

TWO = list(itertools.product((0.0, 1.0), repeat=2))


@pytest.mark.parametrize(
    ("connective", "table"),
    [(both, (0, 0, 0, 1)), (either, (0, 1, 1, 1)), (implies, (1, 1, 0, 1))],
    ids=["and", "or", "implies"],
)
def test_connectives_are_those_of_ordinary_logic_at_0_and_1(
    connective: Callable[[Tensor, Tensor], Tensor], table: tuple[int, ...]
) -> None:
    a, b = torch.tensor(TWO).T
    assert connective(a, b).tolist() == list(table)


def test_not_and_the_mean_of_several() -> None:
    a = torch.tensor([0.0, 0.25, 1.0])
    assert negated(a).tolist() == [1, 0.75, 0]
    assert averaged(a, torch.ones(3)).tolist() == [0.5, 0.625, 1]
    assert torch.equal(averaged(a), a)


def test_the_connectives_keep_de_morgans_law_and_stay_within_0_and_1() -> None:
    a, b = torch.rand(2, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.allclose(negated(both(a, b)), either(negated(a), negated(b)))
    for value in (both(a, b), either(a, b), implies(a, b)):
        assert value.min() >= 0
        assert value.max() <= 1
    assert torch.allclose(both(torch.tensor(0.75), torch.tensor(0.5)), torch.tensor(0.25))


def test_a_but_b_has_the_truth_that_the_paper_gives() -> None:
    positive = torch.linspace(0, 1, 11, dtype=torch.float64)
    truth = but_rule(torch.stack([1 - positive, positive], 1))
    assert torch.allclose(truth[:, 1], (1 + positive) / 2)
    assert torch.allclose(truth[:, 0], (2 - positive) / 2)


# --- the teacher


def random_p(n: int, k: int) -> Tensor:
    return torch.softmax(torch.randn(n, k, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 2, 1)


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("strength", [0.5, 6.0])
def test_the_teacher_is_the_numerical_minimiser_over_the_simplex(k: int, strength: float) -> None:
    p = random_p(3, k)
    truths = torch.rand(2, 3, k, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    confidence = torch.tensor([1.0, 0.3], dtype=torch.float64)[:, None, None]
    penalty = (strength * confidence * (1 - truths)).sum(0)
    q = taught(p.log(), penalty).exp().numpy()
    for row, own, cost in zip(q, p.numpy(), penalty.numpy(), strict=True):

        def objective(free: Any, own: Any = own, cost: Any = cost) -> float:
            return float((free * (np.log(free) - np.log(own))).sum() + (free * cost).sum())

        found = scipy.optimize.minimize(
            objective,
            np.full(k, 1 / k),
            bounds=[(1e-9, 1.0)] * k,
            constraints=scipy.optimize.LinearConstraint(np.ones((1, k)), 1, 1),
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        assert found.success
        assert row == pytest.approx(found.x, abs=1e-5)
        assert objective(row) <= found.fun + 1e-10


def test_a_rule_that_is_true_of_every_label_changes_nothing_however_hard_it_is_held_to() -> None:
    p = random_p(5, 3)
    for strength in (0.0, 6.0, 1e9):
        assert torch.allclose(taught(p.log(), strength * (1 - torch.ones(5, 3))).exp(), p)


def test_rules_without_weight_give_the_student_back() -> None:
    p = random_p(5, 2)
    assert torch.allclose(taught(p.log(), 0.0 * (1 - but_rule(p))).exp(), p)


def test_a_teacher_held_ever_harder_follows_the_rule_alone_without_overflow() -> None:
    p = torch.tensor([[0.999, 0.001], [0.5, 0.5]], dtype=torch.float64)
    clause = torch.tensor([[0.1, 0.9], [0.8, 0.2]], dtype=torch.float64)
    q = taught(p.log(), 1e9 * (1 - but_rule(clause))).exp()
    assert torch.isfinite(q).all()
    assert torch.allclose(q, torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64))


def test_exponents_of_the_but_rule_are_half_of_what_is_said_of_the_clause_apart_and_counted_once() -> None:
    clause = torch.tensor([[0.2, 0.8]], dtype=torch.float64)
    p = torch.full((1, 2), 0.5, dtype=torch.float64)
    q = taught(p.log(), 6 * (1 - but_rule(clause)))
    assert (q[0, 1] - q[0, 0]).item() == pytest.approx(6 * (0.8 - 0.2) / 2)


def test_minus_c_times_what_is_not_true_is_plus_c_times_what_is() -> None:
    """The two ways in which q* is written, exp{−C λ (1 − r)} and exp{λ' r}, with the weights of :mod:`posterior`."""
    p, truth = random_p(1, 4), torch.rand(1, 4, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    q = taught(p.log(), 6 * (1 - truth)).exp()
    assert q[0].tolist() == pytest.approx(posterior.weights(p.log()[0].numpy() / 6 + truth[0].numpy(), 6))
    assert math.isclose(float(q.sum()), 1)
