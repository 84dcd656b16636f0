"""Autoregressive steps: triangular, with the volume that autograd finds, undone exactly, at first nearly nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from studio.nn.flows.autoregressive import Autoregressions, Autoregressive
from tests.nn.flows.jacobians import log_volume


def steps(
    length: int = 3, size: int = 5, context: int = 4, spread: float = 0.3, dtype: torch.dtype = torch.float64
) -> Autoregressions:
    torch.manual_seed(0)
    made = Autoregressions(size, length, (32,), context).to(dtype)
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=spread)
    return made


def cloud(n: int = 6, size: int = 5, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(n, size, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(dtype)


def test_m_and_s_of_a_value_depend_on_those_before_it_alone() -> None:
    step = steps(1).steps[0]
    assert isinstance(step, Autoregressive)
    z, h = cloud(1), cloud(1, 4)
    not_before = torch.arange(5)[:, None] <= torch.arange(5)
    for which in (0, 1):
        found = torch.autograd.functional.jacobian(lambda v, w=which: step.read(v, h)[w][0], z)[:, 0]  # type: ignore[no-untyped-call]
        assert not found[not_before].any()
        assert found[~not_before].any()


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_the_log_det_is_the_one_autograd_finds(length: int) -> None:
    made, z, h = steps(length), cloud(), cloud(6, 4)
    _, claimed = made(z, h)
    each = [log_volume(lambda v, given=h[i : i + 1]: made(v, given)[0], z[i : i + 1])[0] for i in range(6)]
    assert torch.allclose(claimed, torch.stack(each), atol=1e-6)


@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
@pytest.mark.parametrize("length", [0, 1, 2, 5])
@torch.no_grad()
def test_latents_come_back_one_value_after_the_other(length: int, dtype: torch.dtype, close: float) -> None:
    made, z, h = steps(length, spread=0.15, dtype=dtype), cloud(50, dtype=dtype), cloud(50, 4, dtype)
    assert (made.inverse(made(z, h)[0], h) - z).abs().max() < close
    plain = steps(length, context=0, spread=0.15, dtype=dtype)
    assert (plain.inverse(plain(z)[0]) - z).abs().max() < close


def test_after_two_steps_every_value_can_depend_on_every_other() -> None:
    """As the order is turned round between them, of the values."""
    made = steps(2, context=0)
    found = torch.autograd.functional.jacobian(lambda v: made(v)[0][0], cloud(1))[:, 0]  # type: ignore[no-untyped-call]
    assert (found != 0).all()


@torch.no_grad()
def test_an_open_gate_lets_everything_through_and_at_first_it_is_nearly_open() -> None:
    z = cloud(dtype=torch.float32)
    made = Autoregressions(5, 1, (32,))
    gate = torch.exp(made(z)[1] / 5)
    assert 0.7 < float(gate.min()) < float(gate.max()) < 0.9
    step = made.steps[0]
    assert isinstance(step, Autoregressive)
    step.network.last.bias[5:] = 30.0
    moved, log_det = made(z)
    assert torch.allclose(moved, z, atol=1e-6)
    assert log_det.abs().max() < 1e-6


@torch.no_grad()
def test_the_same_values_lie_the_same_whoever_stands_beside_them() -> None:
    made, z, h = steps(), cloud(), cloud(6, 4)
    y, _ = made(z, h)
    assert torch.allclose(made.inverse(y, h)[2:3], made.inverse(y[2:3], h[2:3]), atol=1e-12)
