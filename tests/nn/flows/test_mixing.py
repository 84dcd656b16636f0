"""Mixing of channels: matrices that begin as rotations, have the volume they claim, and never become singular."""

from __future__ import annotations

import math

import normflows
import pytest
import torch
from torch import Tensor

from studio.nn.flows.mixing import (
    SMALLEST,
    LUMixing,
    Mixing,
    Permuting,
    PlainMixing,
    keep_invertible,
    smallest_singular_value,
)
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken


def make(kind: str, channels: int = 6) -> Mixing:
    torch.manual_seed(0)
    if kind in ("shuffle", "reverse"):
        return Permuting(channels, kind)  # type: ignore[arg-type]
    return (LUMixing if kind == "LU" else PlainMixing)(channels)


def examples(channels: int = 6, n: int = 3) -> Tensor:
    return torch.randn(n, channels, 2, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


every = pytest.mark.parametrize("kind", ["plain", "LU", "shuffle", "reverse"])
learned = pytest.mark.parametrize("kind", ["plain", "LU"])


@every
def test_it_begins_as_a_rotation(kind: str) -> None:
    mixing = make(kind, 12)
    matrix = mixing.matrix().double()
    assert (matrix @ matrix.T - torch.eye(12)).abs().max() < 1e-5
    assert abs(float(mixing.log_abs_det().detach())) < 1e-5


@every
def test_the_volume_is_autograds_and_the_way_back_is_exact(kind: str) -> None:
    mixing, x = shaken(make(kind).double(), 0.2), examples()
    y, log_det = mixing(x)
    assert torch.allclose(log_det, log_volume(lambda v: mixing(v)[0], x), atol=1e-8)
    assert (mixing.inverse(y) - x).abs().max() < 1e-10
    assert (mixing.float().inverse(mixing(x.float())[0]) - x.float()).abs().max() < 1e-5


@every
def test_what_it_does_is_its_matrix_at_every_place(kind: str) -> None:
    mixing, x = shaken(make(kind).double(), 0.2), examples()
    assert torch.allclose(mixing(x)[0], torch.einsum("ij,bjhw->bihw", mixing.matrix().double(), x))
    assert torch.allclose(mixing.log_abs_det().double(), torch.linalg.slogdet(mixing.matrix().double())[1])
    assert torch.allclose(mixing(x[:, :, 0, 0])[0], mixing(x)[0][:, :, 0, 0]), "points too"


@learned
def test_under_autocast_it_is_not_rounded(kind: str) -> None:
    mixing, x = shaken(make(kind), 0.2), examples().float()
    y, log_det = mixing(x)
    with torch.autocast("cpu", torch.bfloat16):
        again, once_more = mixing(x)
        back = mixing.inverse(again)
    assert torch.equal(y, again)
    assert torch.equal(log_det, once_more)
    assert (back - x).abs().max() < 1e-5


def test_only_what_lies_on_its_side_of_the_diagonal_counts() -> None:
    mixing = make("LU")
    assert isinstance(mixing, LUMixing)
    before = mixing.matrix().detach()
    with torch.no_grad():
        mixing.lower.add_(torch.ones(6, 6).triu())
        mixing.upper.add_(torch.ones(6, 6).tril())
    assert torch.equal(mixing.matrix(), before)


# --- singular matrices


@learned
def test_no_loss_that_rewards_collapse_makes_a_matrix_singular(kind: str) -> None:
    """Descended without its log-det, which would hold it back, W goes to 0."""
    mixing, x = make(kind), examples().float()
    optimiser = torch.optim.Adam(mixing.parameters(), 0.05)
    for _ in range(200):
        optimiser.zero_grad()
        mixing(x)[0].square().sum().backward()
        optimiser.step()
        keep_invertible([mixing])
    assert torch.isfinite(mixing.log_abs_det())
    matrix = mixing.matrix().detach()
    floor = torch.linalg.svdvals(matrix).min() if kind == "plain" else torch.tensor(SMALLEST)
    assert floor >= SMALLEST * 0.999
    assert torch.equal(mixing.matrix(), matrix)
    x = x.double()
    assert (mixing.double().inverse(mixing(x)[0]) - x).abs().max() < 1e-8


def test_a_lifted_kernel_keeps_the_directions_that_are_large_enough() -> None:
    mixing = PlainMixing(3)
    with torch.no_grad():
        mixing.weight.copy_(torch.tensor([[0.0, 2.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert keep_invertible([mixing]) == 1
    kept = mixing.weight.detach().clone()
    kept[2, 2] = kept[2, 2].abs()
    expected = torch.tensor([[0.0, 2.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, SMALLEST]])
    assert torch.allclose(kept, expected, atol=1e-6)
    assert keep_invertible([mixing]) == 0


def test_the_smallest_of_all_learned_matrices_is_told() -> None:
    small, other = PlainMixing(4), LUMixing(2)
    with torch.no_grad():
        small.weight.mul_(0.25)
    told = smallest_singular_value([small, other, Permuting(4, "reverse")])
    assert told is not None
    assert told.item() == pytest.approx(0.25)
    assert smallest_singular_value([Permuting(4, "reverse")]) is None


def test_weights_that_are_no_numbers_are_left_to_the_loss_to_tell() -> None:
    mixing = PlainMixing(3)
    with torch.no_grad():
        mixing.weight[0, 0] = math.nan
    assert keep_invertible([mixing]) == 0
    told = smallest_singular_value([mixing])
    assert told is not None
    assert torch.isnan(told)


def test_a_singular_matrix_from_elsewhere_is_refused_in_words() -> None:
    mixing = PlainMixing(3)
    with torch.no_grad():
        mixing.weight.zero_()
    with pytest.raises(ValueError, match="3×3 matrix of a 1×1 convolution is singular"):
        mixing.inverse(examples(3).float())


# --- an independent opinion


@pytest.mark.filterwarnings("ignore:torch.lu is deprecated")  # normflows still calls it
@pytest.mark.parametrize("lu", [True, False])
def test_with_the_same_weights_it_agrees_with_normflows(lu: bool) -> None:
    ours = shaken(make("LU" if lu else "plain").double(), 0.2)
    theirs = normflows.flows.Invertible1x1Conv(6, use_lu=lu).double()
    with torch.no_grad():
        if isinstance(ours, LUMixing):
            theirs.P.copy_(ours.permutation)
            theirs.L.copy_(ours.lower)
            theirs.U.copy_(ours.upper)
            theirs.log_S.copy_(ours.log_s)
            theirs.sign_S.copy_(ours.sign)
        else:
            theirs.W.copy_(ours.matrix())
    x = examples()
    y, log_det = ours(x)
    expected, of_theirs = theirs.inverse(x)  # theirs is written from the latent on
    assert torch.allclose(y, expected)
    assert torch.allclose(log_det, of_theirs.expand(3))
    assert torch.allclose(ours.inverse(y), theirs(y)[0])
