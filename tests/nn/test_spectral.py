"""Spectral normalisation against the singular value decomposition (papers.md 2.9e, §10.11)."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from studio.nn.spectral import Spectral
from studio.nn.strided import Conv

LAYERS: dict[str, Callable[[], nn.Linear | nn.Conv2d]] = {
    "dense": lambda: nn.Linear(7, 11),
    "convolution": lambda: nn.Conv2d(3, 8, 3, padding=1),
    "strided": lambda: Conv(4, 6, 5, bias=True),
}
INPUTS = {"dense": (5, 7), "convolution": (5, 3, 6, 6), "strided": (5, 4, 9, 9)}


def make(kind: str) -> Spectral:
    torch.manual_seed(0)
    return Spectral(LAYERS[kind]())


def true(made: Spectral) -> float:
    return float(torch.linalg.matrix_norm(made.layer.weight.detach().flatten(1).double(), 2))


@pytest.mark.parametrize("kind", LAYERS)
def test_after_many_steps_the_normalised_weights_have_norm_one(kind: str) -> None:
    made = make(kind)
    for _ in range(300):
        made(torch.zeros(INPUTS[kind]))
    normal = made.layer.weight.detach().flatten(1) / made.sigma().detach()
    assert float(torch.linalg.matrix_norm(normal, 2)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_one_step_never_estimates_more_than_the_true_norm(seed: int) -> None:
    torch.manual_seed(seed)
    made = Spectral(nn.Linear(9, 13))
    assert 0 < float(made.sigma().detach()) <= true(made) * (1 + 1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_the_layer_does_what_its_divided_weights_do(kind: str) -> None:
    made = make(kind).eval()
    x = torch.randn(INPUTS[kind])
    other = copy.deepcopy(made.layer).eval()
    with torch.no_grad():
        other.weight.div_(made.sigma())
    torch.testing.assert_close(made(x), other(x), rtol=1e-5, atol=1e-6)


def test_it_agrees_with_torchs_own_once_both_have_settled() -> None:
    made = make("dense")
    theirs = nn.utils.parametrizations.spectral_norm(copy.deepcopy(made.layer), n_power_iterations=200)
    x = torch.randn(INPUTS["dense"])
    for _ in range(300):
        made(x)
    torch.testing.assert_close(made(x), theirs(x), rtol=1e-4, atol=1e-5)


def test_the_gradient_is_that_of_the_paper() -> None:
    """∂L/∂W = (G − (Σ G∘W̄) u vᵀ)/σ with G = ∂L/∂W̄: equation 12."""
    made = make("dense")
    for _ in range(300):
        made(torch.zeros(1, 7))
    weight = made.layer.weight
    wanted = torch.randn_like(weight)
    x = torch.eye(7)
    (made(x).t() * wanted).sum().backward()
    left, sizes, right = torch.linalg.svd(weight.detach())
    bar = weight.detach() / sizes[0]
    expected = (wanted - (wanted * bar).sum() * torch.outer(left[:, 0], right[0])) / sizes[0]
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, expected, rtol=1e-3, atol=1e-4)


def test_a_step_is_kept_only_while_its_weights_move() -> None:
    made = make("dense")
    x = torch.randn(INPUTS["dense"])
    start = made.u.clone()
    with torch.no_grad():
        made(x)
    made.requires_grad_(False)
    made(x)
    made.requires_grad_().eval()
    made(x)
    assert torch.equal(made.u, start)
    made.train()(x)
    assert not torch.equal(made.u, start)


def test_the_estimate_is_float32_where_the_networks_are_not() -> None:
    made = make("dense")
    plain = made.eval().sigma()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(made.sigma(), plain)
        assert made(torch.randn(INPUTS["dense"])).dtype == torch.bfloat16


def test_it_is_built_on_the_meta_device_and_filled_by_assignment() -> None:
    made = make("strided")
    before = torch.get_rng_state()
    with torch.device("meta"):
        other = Spectral(Conv(4, 6, 5, bias=True))
    assert torch.equal(before, torch.get_rng_state())
    other.load_state_dict(made.state_dict(), assign=True)
    x = torch.randn(INPUTS["strided"])
    assert torch.equal(made.eval()(x), other.eval()(x))
    assert set(made.state_dict()) == {"u", "layer.weight", "layer.bias"}


def test_dense_layers_have_slope_one_at_most_and_convolutions_as_much_as_their_patches_overlap() -> None:
    for kind, most in (("dense", 1.0), ("convolution", 3.0), ("strided", 3.0)):
        made = make(kind)
        for _ in range(300):
            made(torch.zeros(INPUTS[kind]))
        shape = INPUTS[kind][1:]
        size = torch.Size(shape).numel()
        with torch.no_grad():
            made.eval()
            columns = made(torch.eye(size).view(size, *shape)) - made(torch.zeros(1, *shape))  # it is affine
        norm = float(torch.linalg.matrix_norm(columns.flatten(1), 2))
        assert norm <= most * (1 + 1e-4)
        assert kind != "dense" or norm == pytest.approx(1, abs=1e-4)
