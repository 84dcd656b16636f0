"""A scale for each value, and logistic values made normal."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal, SigmoidTransform, TransformedDistribution, Uniform

from studio.nn.flows.scaling import FromLogistic, Scaling, log_tail
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken


def test_a_scale_is_undone_and_its_volume_is_autograds() -> None:
    step = shaken(Scaling((2, 3, 3)).double())
    x = torch.randn(4, 2, 3, 3, dtype=torch.float64)
    y, log_det = step(x)
    assert (step.inverse(y) - x).abs().max() < 1e-12
    assert torch.allclose(log_det, log_volume(lambda v: step(v)[0], x), atol=1e-9)


def test_its_first_batch_comes_out_normalised_value_by_value() -> None:
    step = Scaling((2, 3)).double().train()
    x = 5 + torch.linspace(0.01, 9, 6).view(2, 3) * torch.randn(200, 2, 3, dtype=torch.float64)
    y, _ = step(x)
    assert y.mean(0).abs().max() < 1e-9
    assert (y.std(0, correction=0) - 1).abs().max() < 1e-9
    assert torch.allclose(step(x[:1])[0], y[:1]), "once"


@pytest.mark.parametrize(("dtype", "reach", "error"), [(torch.float64, 80.0, 1e-9), (torch.float32, 15.0, 1e-5)])
def test_logistic_values_come_back(dtype: torch.dtype, reach: float, error: float) -> None:
    x = torch.linspace(-reach, reach, 4001, dtype=dtype)[:, None]
    z, log_det = FromLogistic()(x)
    assert z.isfinite().all()
    assert (FromLogistic().inverse(z) - x).abs().max() < error
    assert (z.diff(dim=0) > 0).all()
    assert torch.allclose(z, -z.flip(0), atol=1e-6)
    assert log_det.shape == (4001,)


@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-12), (torch.float32, 3e-6)])
def test_the_tail_of_a_normal_is_torchs(dtype: torch.dtype, error: float) -> None:
    a = torch.linspace(0, 36, 3601, dtype=dtype)
    exact = torch.special.log_ndtr(-a.double())
    assert ((log_tail(a).double() - exact) / exact).abs().max() < error


@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_values_come_back_from_far_beyond_what_a_float_has_tails_for(dtype: torch.dtype, error: float) -> None:
    x = torch.tensor([[-5000.0], [-900.0], [-200.0], [-88.0], [88.0], [300.0], [1e5]], dtype=dtype)
    z, log_det = FromLogistic()(x)
    assert ((FromLogistic().inverse(z) - x) / x).abs().max() < error
    normal = -z[:, 0].square() / 2 - math.log(2 * math.pi) / 2
    assert torch.allclose(normal + log_det, -x[:, 0].abs(), rtol=1e-5)


def test_before_a_normal_prior_it_makes_a_logistic_one() -> None:
    x = torch.linspace(-30, 30, 601, dtype=torch.float64)[:, None]
    z, log_det = FromLogistic()(x)
    uniform = Uniform(torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64), validate_args=False)
    logistic = TransformedDistribution(uniform, [SigmoidTransform().inv], validate_args=False)
    whole = Normal(0.0, 1.0).log_prob(z)[:, 0] + log_det  # type: ignore[no-untyped-call]
    assert torch.allclose(whole[250:351], logistic.log_prob(x[250:351])[:, 0], atol=1e-9)  # type: ignore[no-untyped-call]
    assert torch.allclose(whole, -x[:, 0].abs() - 2 * torch.log1p(torch.exp(-x[:, 0].abs())), atol=1e-9)
    assert whole.exp().sum() * 0.1 == pytest.approx(1, abs=1e-9)


def test_its_volume_is_autograds() -> None:
    x = torch.tensor([[-12.0, 0.5, 3.0], [-0.1, 20.0, 7.0]], dtype=torch.float64)
    assert torch.allclose(FromLogistic()(x)[1], log_volume(lambda v: FromLogistic()(v)[0], x), atol=1e-7)


def test_its_ends_are_finite_and_so_are_their_slopes() -> None:
    x = torch.tensor([[-200.0, 200.0]], requires_grad=True)
    z, log_det = FromLogistic()(x)
    nats = -z.square().sum() / 2 - math.log(2 * math.pi) + log_det.sum()
    nats.backward()
    assert nats.item() == pytest.approx(-400, rel=1e-5)
    assert x.grad is not None
    assert torch.allclose(x.grad, torch.tensor([[1.0, -1.0]]), atol=1e-4)
