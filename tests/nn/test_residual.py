"""Residual networks with weight normalisation."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from studio.nn.residual import Residual, WeightNormed


def test_weights_are_normalised_as_torch_normalises_them() -> None:
    mine = WeightNormed(3, 5, 3, bias=True)
    assert mine.gain is not None
    nn.init.uniform_(mine.gain, 0.5, 2)
    theirs = weight_norm(nn.Conv2d(3, 5, 3, padding=1))
    with torch.no_grad():
        theirs.parametrizations.weight.original0.copy_(mine.gain)
        theirs.parametrizations.weight.original1.copy_(mine.weight)
        theirs.bias.copy_(mine.bias)
    x = torch.randn(2, 3, 6, 6)
    assert torch.allclose(mine(x), theirs(x), atol=1e-6)


def test_at_first_the_gain_changes_nothing() -> None:
    torch.manual_seed(0)
    mine = WeightNormed(3, 5, 3)
    plain = nn.Conv2d(3, 5, 3, padding=1, bias=False)
    plain.load_state_dict({"weight": mine.weight.detach()})
    x = torch.randn(2, 3, 6, 6)
    assert torch.allclose(mine(x), plain(x), atol=1e-6)


def test_the_length_of_the_weights_is_the_gains_alone() -> None:
    mine, x = WeightNormed(2, 4, 3), torch.randn(2, 2, 5, 5)
    before = mine(x)
    with torch.no_grad():
        mine.weight.mul_(7)
    assert torch.allclose(mine(x), before, atol=1e-5)


def test_sides_are_kept_whatever_they_are() -> None:
    made = Residual(2, 6, 8, 3)
    for side in (2, 5, 8):
        assert made(torch.randn(3, 2, side, side)).shape == (3, 6, side, side)


def test_one_picture_trains_it() -> None:
    made = Residual(2, 6, 8, 2)
    made(torch.randn(1, 2, 2, 2)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in made.parameters())
