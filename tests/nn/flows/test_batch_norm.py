"""Batch normalisation as a step of a flow: running statistics that lag, and a volume that is counted."""

from __future__ import annotations

from typing import Any

import nflows.transforms.normalization as nflows_normalization
import pytest
import torch
from torch import Tensor, nn

from studio.nn.flows.batch_norm import LEAST, BatchNorm
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken


def examples(*shape: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 + 2 * torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("shape", [(3, 2, 2), (3,)])
def test_in_evaluation_the_way_back_is_exact_and_the_volume_autograds(shape: tuple[int, ...]) -> None:
    step = shaken(BatchNorm(3, 0.9).double())
    x = examples(4, *shape)
    y, log_det = step(x)
    assert (step.inverse(y) - x).abs().max() < 1e-10
    assert torch.allclose(log_det, log_volume(lambda v: step(v)[0], x), atol=1e-8)
    assert torch.allclose(step.inverse_and_log_det(y)[1], -log_det)


def test_in_evaluation_an_example_is_alone() -> None:
    step = shaken(BatchNorm(3, 0.9).double())
    x = examples(4, 3, 2, 2)
    for whole, one in zip(step(x), step(x[:1]), strict=True):
        assert torch.allclose(whole[:1], one)
    assert not step.seen


def test_without_lag_it_is_torchs_batch_normalisation() -> None:
    step = BatchNorm(3, 0.0).double().train()
    theirs = nn.BatchNorm2d(3, eps=LEAST, affine=False).double().train()
    for seed in range(3):
        x = examples(4, 3, 2, 2, seed=seed)
        assert torch.allclose(step(x)[0], theirs(x), atol=1e-12)


def test_its_first_batch_comes_out_normalised_whatever_the_lag() -> None:
    y, _ = BatchNorm(3, 0.99).double().train()(examples(50, 3))
    assert y.mean(0).abs().max() < 1e-12
    assert (y.var(0, correction=0) - 1).abs().max() < 1e-4


def test_running_statistics_lag_behind_the_batches() -> None:
    step = BatchNorm(2, 0.75).double().train()
    batches = [examples(20, 2, seed=s) for s in range(8)]
    for x in batches[:4]:
        step(x)
    assert torch.allclose(step.mean, torch.stack([x.mean(0) for x in batches[:4]]).mean(0)), "at first the mean of all"
    for x in batches[4:]:
        expected = 0.75 * step.mean + 0.25 * x.mean(0)
        spread = 0.75 * step.variance + 0.25 * x.var(0, correction=0)
        y, log_det = step(x)
        assert torch.allclose(step.mean, expected)
        assert torch.allclose(y, (x - expected) / torch.sqrt(spread + LEAST)), "the present batch takes part"
        assert torch.allclose(log_det, -torch.log(spread + LEAST).sum() / 2)


def test_the_gradient_flows_through_the_batchs_part_alone() -> None:
    step = BatchNorm(1, 0.75).double().train()
    for seed in range(6):
        step(examples(5, 1, seed=seed))
    x = examples(5, 1, seed=9).requires_grad_()
    mean, variance = step.statistics(x)
    (slope,) = torch.autograd.grad(mean.sum(), x, retain_graph=True)
    assert torch.allclose(slope, torch.full_like(slope, 0.25 / 5))
    (slope,) = torch.autograd.grad(variance.sum(), x)
    assert torch.allclose(slope, 0.25 * 2 / 5 * (x - x.mean()))
    assert not step.mean.requires_grad
    assert not step.variance.requires_grad


def test_one_value_per_channel_is_normalised_by_what_was_seen_before() -> None:
    step = BatchNorm(2, 0.9).double().train()
    x = examples(1, 2)
    y, log_det = step(x)
    assert torch.allclose(y, x / (1 + LEAST) ** 0.5), "nothing was"
    assert log_det.isfinite().all()
    for seed in range(3):
        step(examples(20, 2, seed=seed))
    before = step.mean.clone()
    assert torch.allclose(step.inverse(step(x)[0]), x)
    assert torch.equal(step.mean, before)
    assert step.seen == 3


def test_one_picture_is_a_batch() -> None:
    step = BatchNorm(2, 0.9).double().train()
    y, log_det = step(examples(1, 2, 4, 4))
    assert torch.allclose(y.var((0, 2, 3), correction=0), torch.ones(2, dtype=torch.float64), atol=1e-4)
    assert log_det.shape == (1,)


def test_it_agrees_with_nflows() -> None:
    step = shaken(BatchNorm(3, 0.9).double())
    theirs: Any = nflows_normalization.BatchNorm(3, eps=LEAST).double().eval()
    theirs.running_mean.copy_(step.mean)
    theirs.running_var.copy_(step.variance)
    x = examples(4, 3)
    for own, other in zip(step(x), theirs(x), strict=True):
        assert torch.allclose(own, other, atol=1e-9)
