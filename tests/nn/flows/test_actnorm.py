"""Actnorm: what its first batch leaves, and that there is one first batch only."""

from __future__ import annotations

import normflows
import pytest
import torch
from torch import Tensor

from studio.nn.flows.actnorm import ActNorm
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken


def examples(*shape: int, seed: int = 1) -> Tensor:
    """Channels of their own mean and spread."""
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    of_channel = torch.arange(1.0, shape[1] + 1).view(-1, *[1] * (len(shape) - 2))
    return x * of_channel + 10 * of_channel - 7


def statistics(y: Tensor) -> tuple[Tensor, Tensor]:
    deviation, mean = torch.std_mean(y.movedim(1, -1).flatten(0, -2), 0, correction=0)
    return mean, deviation


@pytest.mark.parametrize("shape", [(8, 3, 5, 4), (64, 3), (1, 3, 6, 6)])
def test_the_first_batch_comes_out_with_mean_0_and_deviation_1(shape: tuple[int, ...]) -> None:
    norm = ActNorm(shape[1]).train()
    y, log_det = norm(examples(*shape))
    mean, deviation = statistics(y.detach())
    assert mean.abs().max() < 1e-5
    assert (deviation - 1).abs().max() < 1e-4
    assert log_det.shape == shape[:1]


def test_a_second_batch_does_not_set_it_again() -> None:
    norm = ActNorm(3).train()
    norm(examples(8, 3, 4, 4))
    kept = {k: v.clone() for k, v in norm.state_dict().items()}
    y, _ = norm(examples(8, 3, 4, 4, seed=2) * 5)
    assert all(torch.equal(v, kept[k]) for k, v in norm.state_dict().items())
    assert (statistics(y)[1] - 1).abs().max() > 1


def test_a_resumed_training_does_not_set_it_again_and_one_from_the_start_does() -> None:
    fresh, norm = ActNorm(3).train(), ActNorm(3).train()
    before = {k: v.clone() for k, v in fresh.state_dict().items()}
    norm(examples(8, 3, 4, 4))
    fresh.load_state_dict(norm.state_dict())
    fresh(examples(8, 3, 4, 4, seed=2) * 5)
    assert torch.equal(fresh.gain, norm.gain)
    fresh.load_state_dict(before)  # back to the very start, as after a training that went astray
    y, _ = fresh(examples(8, 3, 4, 4, seed=2) * 5)
    assert (statistics(y.detach())[1] - 1).abs().max() < 1e-4


def test_in_evaluation_nothing_sets_it() -> None:
    norm, x = ActNorm(3).eval(), examples(8, 3, 4, 4)
    y, log_det = norm(x)
    assert torch.equal(y, x)
    assert not log_det.any()
    assert not norm.begun


def test_a_constant_channel_is_centred_and_not_blown_up() -> None:
    norm, x = ActNorm(3).train(), examples(8, 3, 4, 4)
    x[:, 1] = 4.0
    y, _ = norm(x)
    assert not y[:, 1].any()
    assert norm.scale()[1] == 1
    assert torch.allclose(norm.inverse(y), x, atol=1e-4)


def test_one_point_is_a_batch() -> None:
    norm, x = ActNorm(2).train(), torch.tensor([[3.0, -4.0]])
    y, log_det = norm(x)
    assert not y.any()
    assert torch.equal(log_det, torch.zeros(1))
    assert torch.equal(norm.inverse(y), x)


@pytest.mark.parametrize("shape", [(3, 3, 2, 3), (3, 3)])
def test_the_volume_is_autograds_and_the_way_back_is_exact(shape: tuple[int, ...]) -> None:
    norm, x = shaken(ActNorm(3).double()), examples(*shape).double()
    y, log_det = norm(x)
    assert torch.allclose(log_det, log_volume(lambda v: norm(v)[0], x), atol=1e-10)
    assert (norm.inverse(y) - x).abs().max() < 1e-10
    assert (norm.float().inverse(norm(x.float())[0]) - x.float()).abs().max() < 1e-5


def test_it_begins_as_normflows_does() -> None:
    ours, theirs = ActNorm(3).train(), normflows.flows.ActNorm((3, 1, 1))
    x = examples(200, 3, 4, 4)  # theirs divides by N − 1 and adds 1e-6 to the deviation
    y, log_det = ours(x)
    expected, _ = theirs(x)
    assert torch.allclose(y, expected, atol=1e-3)
    assert torch.allclose(log_det, theirs(x)[1].expand(200), rtol=1e-3)
