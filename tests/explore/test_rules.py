"""The window's teacher is the model's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.explore.rules import factors, teacher
from studio.nn.logic import but_rule, taught


def test_it_is_the_teacher_of_the_models_at_every_strength() -> None:
    random = torch.Generator().manual_seed(0)
    p = torch.softmax(torch.randn(20, 2, generator=random, dtype=torch.float64) * 3, 1)
    truth = but_rule(torch.softmax(torch.randn(20, 2, generator=random, dtype=torch.float64), 1))
    for strength in (0.0, 0.5, 6.0, 400.0):
        expected = taught(p.log(), strength * (1 - truth)).exp().numpy()
        assert teacher(p.numpy(), truth.numpy(), strength) == pytest.approx(expected)


def test_p_times_the_factors_is_q_but_for_its_sum() -> None:
    p, truth = np.array([0.3, 0.7]), np.array([0.9, 0.6])
    raised = p * factors(truth, 6)
    assert teacher(p, truth, 6) == pytest.approx(raised / raised.sum())
    assert factors(truth, 6) == pytest.approx([1, np.exp(-6 * 0.3)]), "over the largest"
    assert factors(truth, 1e9).tolist() == [1, 0]


def test_without_a_rule_q_is_p_and_no_strength_overflows() -> None:
    p = np.array([[0.2, 0.8], [1.0, 0.0]])
    assert teacher(p, np.ones((2, 2)), 1e12) == pytest.approx(p)
    hard = teacher(p, np.array([[0.9, 0.6], [0.6, 0.9]]), 1e12)
    assert hard.tolist() == [[1, 0], [1, 0]], "what the student rules out stays so"
