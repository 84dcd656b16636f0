"""Masked couplings: what is passed on, what is changed, and what three other libraries make of the same networks."""

from __future__ import annotations

from typing import Any

import nflows.transforms.coupling as nflows_coupling
import normflows
import pytest
import torch
import zuko
from torch import Tensor, nn

from studio.nn.dense import Dense
from studio.nn.flows.masked import Alternate, Channels, Checkerboard, Coupling, Mask, Reordered, diagonals, outputs
from studio.nn.flows.scales import Squeeze
from studio.nn.residual import Residual
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken

PICTURE = (2, 4, 4)
MASKS: dict[str, tuple[Mask, tuple[int, ...]]] = {
    "checkerboard": (Checkerboard(PICTURE, odd=False), PICTURE),
    "checkerboard, odd": (Checkerboard(PICTURE, odd=True), PICTURE),
    "checkerboard of odd sides": (Checkerboard((1, 3, 5), odd=True), (1, 3, 5)),
    "first channels": (Channels(4, second=False), (4, 2, 2)),
    "second channels": (Channels(4, second=True), (4, 2, 2)),
    "second of three channels": (Channels(3, second=True), (3, 2, 2)),
    "every other": (Alternate(32, odd=False), PICTURE),
    "every other, odd": (Alternate(32, odd=True), PICTURE),
    "first coordinate": (Alternate(2, odd=False), (2,)),
    "second coordinate": (Alternate(2, odd=True), (2,)),
    "one of three": (Alternate(3, odd=True), (3,)),
}
every = pytest.mark.parametrize("name", MASKS)


def network(mask: Mask, affine: bool) -> nn.Module:
    torch.manual_seed(5)
    if isinstance(mask, Alternate):
        return Dense(mask.reads, 16, outputs(mask, affine))
    return Residual(mask.reads, outputs(mask, affine), 6, 1)


def coupling(mask: Mask, affine: bool = True) -> Coupling:
    """In float64, at random weights, with scales that matter."""
    made = shaken(Coupling(mask, network(mask, affine), affine).double())
    if made.scale is not None:
        nn.init.uniform_(made.scale, 0.5, 1)
    return made


def examples(shape: tuple[int, ...], n: int = 3) -> Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def passed_on(mask: Mask, x: Tensor) -> Tensor:
    """Of the shape of x: where nothing is spread."""
    kept = mask.kept(x)
    return mask.spread(x.new_ones(len(x), mask.changes, *kept.shape[2:]), x) == 0


@every
def test_what_is_passed_on_is_the_very_same_and_the_rest_is_not(name: str) -> None:
    mask, shape = MASKS[name]
    x = examples(shape)
    y, _ = coupling(mask)(x)
    same = passed_on(mask, x)
    assert torch.equal(y[same], x[same])
    assert (y[~same] != x[~same]).all()


@every
def test_about_half_is_passed_on(name: str) -> None:
    mask, shape = MASKS[name]
    share = passed_on(mask, examples(shape)).double().mean().item()
    assert abs(share - 0.5) <= 0.5 / 3 + 1e-9


@every
@pytest.mark.parametrize("affine", [True, False])
def test_the_way_back_is_exact_and_the_volume_autograds(name: str, affine: bool) -> None:
    mask, shape = MASKS[name]
    made, x = coupling(mask, affine), examples(shape)
    y, log_det = made(x)
    assert (made.inverse(y) - x).abs().max() < 1e-10
    assert torch.allclose(log_det, log_volume(lambda v: made(v)[0], x), atol=1e-8)
    back, less = made.inverse_and_log_det(y)
    assert torch.equal(back, made.inverse(y))
    assert torch.allclose(less, -log_det)


@every
def test_in_float32_the_way_back_is_within_a_hundred_thousandth(name: str) -> None:
    mask, shape = MASKS[name]
    made, x = coupling(mask).float(), examples(shape, 20).float()
    assert (made.inverse(made(x)[0]) - x).abs().max() < 1e-5


@every
def test_the_jacobian_is_triangular_once_what_is_passed_on_stands_first(name: str) -> None:
    mask, shape = MASKS[name]
    made, x = coupling(mask), examples(shape, 1)

    def flat(values: Tensor) -> Tensor:
        return made(values.view(1, *shape))[0].flatten()

    jacobian: Tensor = torch.autograd.functional.jacobian(flat, x.flatten())  # type: ignore[no-untyped-call]
    same = passed_on(mask, x).flatten()
    kept, changed = same.nonzero().flatten(), (~same).nonzero().flatten()
    size = len(kept)
    ordered = jacobian[torch.cat([kept, changed])][:, torch.cat([kept, changed])]
    assert torch.equal(ordered[:size, :size], torch.eye(size, dtype=torch.float64))
    assert not ordered[:size, size:].any()
    assert ordered[size:, :size].any(), "what is passed on matters to the rest"
    below = ordered[size:, size:]
    assert torch.equal(below, torch.diag(below.diagonal())), "no value that is changed sees another"


@every
def test_additive_couplings_keep_the_volume_exactly(name: str) -> None:
    mask, shape = MASKS[name]
    assert torch.equal(coupling(mask, affine=False)(examples(shape))[1], torch.zeros(3, dtype=torch.float64))


@pytest.mark.parametrize("pair", [("checkerboard", "checkerboard, odd"), ("every other", "every other, odd")])
def test_two_parities_pass_on_everything_once(pair: tuple[str, str]) -> None:
    (one, shape), (other, _) = (MASKS[name] for name in pair)
    assert torch.equal(passed_on(one, examples(shape)), ~passed_on(other, examples(shape)))


def test_under_autocast_only_the_network_is_rounded() -> None:
    mask, shape = MASKS["checkerboard"]
    made, x = coupling(mask).float(), examples(shape).float()
    with torch.autocast("cpu", torch.bfloat16):
        y, log_det = made(x)
        assert (made.inverse(y) - x).abs().max() < 1e-5
    assert y.dtype == log_det.dtype == torch.float32
    same = passed_on(mask, x)
    assert torch.equal(y[same], x[same])
    assert not torch.equal(y, made(x)[0]), "the network is"


# --- independent implementations


class Told(nn.Module):
    """One of the two outputs of a coupling's network, as another library asks for it."""

    def __init__(self, of: Coupling, which: int, b: Tensor) -> None:
        super().__init__()
        self.of, self.which = of, which
        self.b = b

    def forward(self, kept: Tensor) -> Tensor:
        with_mask = torch.cat([kept, self.b[:1].expand(len(kept), -1, -1, -1)], dim=1)
        t, raw = self.of.network(with_mask).chunk(2, dim=1)
        assert self.of.scale is not None
        found: Tensor = (t, self.of.scale.view(-1, 1, 1) * torch.tanh(raw))[self.which]
        return found


@pytest.mark.parametrize("odd", [False, True])
def test_a_checkerboard_agrees_with_normflows(odd: bool) -> None:
    mine = coupling(Checkerboard(PICTURE, odd))
    b = torch.tensor([[float((i + j) % 2 == odd) for j in range(4)] for i in range(4)], dtype=torch.float64)
    b = b.expand(PICTURE).contiguous()
    theirs: Any = normflows.flows.MaskedAffineFlow(b, t=Told(mine, 0, b), s=Told(mine, 1, b))
    x = examples(PICTURE)
    for own, other in zip(mine(x), theirs(x), strict=True):
        assert torch.allclose(own, other, atol=1e-12)
    for own, other in zip(mine.inverse_and_log_det(x), theirs.inverse(x), strict=True):
        assert torch.allclose(own, other, atol=1e-12)


@pytest.mark.parametrize("affine", [True, False])
def test_channels_agree_with_normflows(affine: bool) -> None:
    mine = coupling(Channels(4, second=False), affine)
    scale = mine.scale

    class Interleaved(nn.Module):
        def forward(self, kept: Tensor) -> Tensor:
            if scale is None:
                return mine.network(kept)  # type: ignore[no-any-return]
            t, raw = mine.network(kept).chunk(2, dim=1)
            return torch.stack([t, scale.view(-1, 1, 1) * torch.tanh(raw)], dim=2).flatten(1, 2)

    theirs: Any = normflows.flows.affine.coupling.AffineCoupling(Interleaved(), scale=affine)
    x = examples((4, 2, 2))
    y, log_det = mine(x)
    halves, other = theirs([x[:, :2], x[:, 2:]])
    assert torch.allclose(y, torch.cat(halves, dim=1), atol=1e-12)
    assert torch.allclose(log_det, torch.as_tensor(other).expand(3).to(log_det), atol=1e-12)


@pytest.mark.parametrize("odd", [False, True])
def test_every_other_value_shifted_agrees_with_nflows(odd: bool) -> None:
    mine = coupling(Alternate(7, odd), affine=False)

    class Given(nn.Module):
        def forward(self, kept: Tensor, context: object) -> Tensor:
            return mine.network(kept)  # type: ignore[no-any-return]

    changed = [int(i % 2 != odd) for i in range(7)]
    theirs: Any = nflows_coupling.AdditiveCouplingTransform(changed, lambda *_: Given())
    x = examples((7,))
    for own, other in zip(mine(x), theirs(x), strict=True):
        assert torch.allclose(own, other, atol=1e-12)


@pytest.mark.parametrize("odd", [False, True])
def test_every_other_value_scaled_agrees_with_zuko(odd: bool) -> None:
    mine = coupling(Alternate(6, odd))

    def given(kept: Tensor) -> torch.distributions.Transform:
        t, raw = mine.network(kept).chunk(2, dim=1)
        assert mine.scale is not None
        return torch.distributions.AffineTransform(t, torch.exp(mine.scale * torch.tanh(raw)), event_dim=1)

    b = torch.arange(6) % 2 == int(odd)
    theirs: Any = zuko.transforms.CouplingTransform(given, b)
    x = examples((6,))
    y, log_det = mine(x)
    assert torch.allclose(theirs(x), y, atol=1e-12)
    assert torch.allclose(theirs.log_abs_det_jacobian(x, y), log_det, atol=1e-12)
    assert torch.allclose(theirs.inv(y), x, atol=1e-12)


# --- orders


def test_another_order_is_undone_and_keeps_the_volume() -> None:
    step = Reordered([2, 0, 1])
    x = examples((3, 2, 2))
    y, log_det = step(x)
    assert torch.equal(y, torch.stack([x[:, 2], x[:, 0], x[:, 1]], dim=1))
    assert torch.equal(step.inverse(y), x)
    assert not log_det.any()


def test_of_each_four_pixels_the_diagonal_comes_first_in_all_colours() -> None:
    pixels = torch.arange(4).view(1, 1, 2, 2) + torch.tensor([10, 20, 30]).view(1, 3, 1, 1)
    y, _ = Reordered(diagonals(12))(Squeeze()(pixels.double())[0])
    assert y.flatten().tolist() == [10, 20, 30, 13, 23, 33, 11, 21, 31, 12, 22, 32]
