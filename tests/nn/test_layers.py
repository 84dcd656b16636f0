"""The layers against their mathematics: sizes, adjoints, slopes, weight gradients of any order."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.nn import strided
from studio.nn.dense import Dense
from studio.nn.pyramid import Downward, Upward, sizes, widths
from studio.nn.slopes import between, gradient_norms
from studio.nn.strided import Conv, Transposed


@pytest.mark.parametrize(
    "size", [(8, 8), (9, 13), (12, 12), (28, 28), (32, 32), (28, 20), (64, 48), (64, 64), (100, 9), (128, 128)]
)
def test_every_size_goes_up_and_comes_down(size: tuple[int, int]) -> None:
    made = Upward(5, 3, size, 4, "batch")(torch.randn(2, 5))
    assert made.shape == (2, 3, *size)
    assert made.abs().max() <= 1
    assert Downward(3, size, 4, "none")(made).shape == (2,)


def test_the_levels_are_those_of_the_papers() -> None:
    assert sizes((64, 64)) == [(64, 64), (32, 32), (16, 16), (8, 8), (4, 4)]
    assert sizes((28, 28)) == [(28, 28), (14, 14), (7, 7), (4, 4)]
    assert widths(128, 4) == [128, 256, 512, 1024]
    assert widths(8, 5) == [8, 16, 32, 64, 64]


@pytest.mark.parametrize("size", [(8, 8), (7, 7), (7, 10)])
def test_transposed_convolution_is_the_adjoint(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    conv, transposed = Conv(3, 4, 5, bias=False).double(), Transposed(4, 3, 5, size, bias=False).double()
    transposed.weight = conv.weight
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    seen = conv(x)
    y = torch.randn_like(seen)
    assert torch.allclose((seen * y).sum(), (x * transposed(y)).sum(), rtol=1e-12)
    by_weight = strided.weight_gradient(x, y, 5)
    assert torch.allclose((by_weight * conv.weight).sum(), (seen * y).sum(), rtol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
def test_our_weight_gradients_are_those_of_torch_to_second_order(bias: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    fall, rise = Conv(2, 3, 5, bias).double(), Transposed(3, 2, 5, (7, 8), bias).double()
    x = torch.randn(2, 2, 7, 8, dtype=torch.float64, requires_grad=True)

    def derivatives() -> list[Tensor]:
        score = rise(fall(x).tanh()).square().sum()
        (slope,) = torch.autograd.grad(score, x, create_graph=True)
        twice = (slope.square().sum() + score) * 0.1
        return list(torch.autograd.grad(twice, [x, *fall.parameters(), *rise.parameters()]))

    assert not strided.gains(fall.weight, 2, (4, 4), torch.float64)
    theirs = derivatives()
    monkeypatch.setattr(strided, "gains", lambda *about: True)
    for own, other in zip(derivatives(), theirs, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-10, atol=1e-10)


def test_only_training_takes_our_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(strided, "gains", lambda *about: bool(asked.append(True)))
    layer = Conv(2, 2, 5, bias=True)
    x = torch.randn(1, 2, 8, 8)
    layer.eval()(x)
    with torch.no_grad():
        layer.train()(x)
    assert not asked
    layer(x)
    assert asked


def test_gradient_norms_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    critic = Downward(1, (8, 8), 4, "none").double()
    x = torch.randn(3, 1, 8, 8, dtype=torch.float64)
    found = gradient_norms(critic, x)
    step = 1e-6
    for i in range(3):
        slope = torch.zeros(64, dtype=torch.float64)
        for pixel in range(64):
            off = torch.zeros(64, dtype=torch.float64)
            off[pixel] = step
            up, down = critic((x[i].flatten() + off).view(1, 1, 8, 8)), critic((x[i].flatten() - off).view(1, 1, 8, 8))
            slope[pixel] = ((up - down) / (2 * step)).item()
        assert found[i].item() == pytest.approx(slope.norm().item(), rel=1e-6)


def test_a_flat_function_has_slope_zero_and_a_finite_gradient() -> None:
    weight = torch.zeros(3, requires_grad=True)
    norms = gradient_norms(lambda x: x @ weight, torch.randn(4, 3))
    (norms - 1).square().mean().backward()
    assert norms.tolist() == [0, 0, 0, 0]
    assert weight.grad is not None
    assert torch.isfinite(weight.grad).all()


def test_points_between_lie_on_the_line_each_with_a_share_of_its_own() -> None:
    torch.manual_seed(0)
    share = between(torch.ones(64, 2, 3), torch.zeros(64, 2, 3))
    assert ((share >= 0) & (share <= 1)).all()
    assert (share == share[:, :1, :1]).all()
    assert len(share[:, 0, 0].unique()) == 64


def test_dense_weights_have_the_variance_of_he() -> None:
    torch.manual_seed(0)
    layers = [m for m in Dense(512, 512, 512).modules() if isinstance(m, torch.nn.Linear)]
    assert layers[0].weight.var().item() == pytest.approx(2 / 512, rel=0.05)
    assert layers[1].weight.var().item() == pytest.approx(1 / 512, rel=0.05)
    assert Dense(2, 8, 1)(torch.zeros(5, 2)).shape == (5,)


def test_scores_have_full_precision_whatever_the_networks_compute_in() -> None:
    torch.manual_seed(0)
    critic, x = Downward(1, (8, 8), 4, "none"), torch.randn(64, 1, 8, 8)
    exact = critic(x)
    with torch.autocast("cpu", torch.bfloat16):
        rough = critic(x)
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, exact, rtol=0.1, atol=0.01)
    assert len(rough.unique()) == 64
