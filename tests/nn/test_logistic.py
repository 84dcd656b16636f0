"""The discretised logistic is a distribution, also where its parameters are extreme."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from studio.nn.logistic import (
    LEVELS,
    SMALLEST,
    clipped_mean,
    conditioned,
    log_mixture,
    log_mixture_conditionals,
    log_probabilities,
    log_probability,
    next_log_probabilities,
)

GRID = torch.linspace(-1, 1, LEVELS)
MEANS = torch.tensor([-50.0, -3.0, -1.0, -0.999, -0.5, 0.0, 0.123, 1.0, 7.0])
LOG_SCALES = torch.tensor([-20.0, SMALLEST, -4.0, -1.0, 0.0, 3.0, 9.0])


def everywhere() -> tuple[Tensor, Tensor]:
    return torch.meshgrid(MEANS, LOG_SCALES, indexing="ij")  # type: ignore[return-value]


def test_the_levels_sum_to_one_at_extreme_parameters() -> None:
    logs = log_probabilities(*everywhere())
    assert logs.isfinite().all()
    assert torch.allclose(logs.double().exp().sum(-1), torch.ones(len(MEANS), len(LOG_SCALES)).double(), atol=1e-4)


@pytest.mark.parametrize("levels", [2, 4, 256])
def test_mixtures_over_channels_sum_to_one(levels: int) -> None:
    random = torch.Generator().manual_seed(0)
    logits, means = torch.randn(3, generator=random) * 20, torch.randn(3, 2, generator=random)
    log_scales = torch.tensor([[-30.0, -5.0], [-1.0, 0.0], [2.0, 5.0]])
    grid = torch.linspace(-1, 1, levels)
    pairs = torch.cartesian_prod(grid, grid)
    logs = log_mixture(pairs, *(p.expand(len(pairs), *p.shape) for p in (logits, means, log_scales)), levels)
    assert float(logs.double().exp().sum()) == pytest.approx(1, abs=2e-4)


def test_it_is_the_difference_of_the_distribution_function_at_the_edges_of_a_level() -> None:
    mean, log_scale = torch.tensor(0.21), torch.tensor(-3.0)
    edges = (torch.linspace(-1, 1, LEVELS).double()[:-1] + 1 / (LEVELS - 1) - 0.21) * math.exp(3)
    below = torch.cat([torch.zeros(1).double(), edges.sigmoid(), torch.ones(1).double()])
    assert torch.allclose(log_probabilities(mean, log_scale).double().exp(), below.diff(), rtol=1e-4, atol=1e-9)


def test_gradients_stay_finite_where_a_level_is_next_to_impossible() -> None:
    mean, log_scale = (p.clone().requires_grad_() for p in everywhere())
    log_probability(torch.tensor(0.5 / 127.5), mean, log_scale).sum().backward()
    for parameter in (mean, log_scale):
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


def test_the_clipped_mean_is_that_of_the_levels() -> None:
    mean, log_scale = everywhere()
    of_levels = (log_probabilities(mean, log_scale).exp() * GRID).sum(-1)
    assert torch.allclose(clipped_mean(mean, log_scale), of_levels, atol=5e-3)  # half a level and a bit


def test_green_is_moved_by_red_and_blue_by_both() -> None:
    x, means = torch.tensor([0.5, -0.25, 1.0]), torch.tensor([[0.1, 0.2, 0.3]])
    found = conditioned(x, means, torch.tensor([[2.0, 3.0, 4.0]]))
    assert torch.allclose(found, torch.tensor([[0.1, 0.2 + 2 * 0.5, 0.3 + 3 * 0.5 + 4 * -0.25]]))


@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_channels_one_after_the_other_say_what_they_say_together(spread: float) -> None:
    random = torch.Generator().manual_seed(3)
    logits, means, log_scales = (torch.randn(6, *s, generator=random) * spread for s in ((4,), (4, 3), (4, 3)))
    x = GRID[torch.randint(LEVELS, (6, 3), generator=random)]
    each = log_mixture_conditionals(x, logits, means, log_scales)
    assert torch.allclose(each.sum(-1), log_mixture(x, logits, means, log_scales), rtol=1e-4)
    for channel in range(3):
        logs = next_log_probabilities(x[:, :channel], logits, means, log_scales)
        assert torch.allclose(logs.double().exp().sum(-1), torch.ones(6).double(), atol=1e-4)
        place = ((x[:, channel] + 1) * 127.5).round().long()[:, None]
        assert torch.allclose(logs.gather(1, place)[:, 0], each[:, channel], rtol=1e-4, atol=2e-3)
