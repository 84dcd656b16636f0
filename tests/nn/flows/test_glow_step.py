"""A step of Glow: fused where it is quicker, and the same map as its parts one by one."""

from __future__ import annotations

from typing import get_args

import normflows
import pytest
import torch
from torch import Tensor, nn

from studio.bench.normflows_glow import copy_step
from studio.nn.flows.base import Chain, LogDets
from studio.nn.flows.glow import ChannelCoupling, CouplingKind, GlowStep, MixingKind, NormedConv
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken

LU = pytest.mark.filterwarnings("ignore:torch.lu is deprecated")  # normflows still calls it
COUPLINGS, MIXINGS = get_args(CouplingKind), get_args(MixingKind)


def step(mixing: MixingKind = "plain", coupling: CouplingKind = "affine", channels: int = 4) -> GlowStep:
    torch.manual_seed(0)
    return shaken(GlowStep(channels, 8, coupling, mixing).double(), 0.2)


def examples(channels: int = 4, n: int = 3, side: int = 3) -> Tensor:
    return torch.randn(n, channels, side, side, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("mixing", MIXINGS)
@pytest.mark.parametrize("channels", [4, 5])
def test_the_volume_is_autograds_and_the_way_back_is_exact(
    mixing: MixingKind, coupling: CouplingKind, channels: int
) -> None:
    made, x = step(mixing, coupling, channels), examples(channels)
    found: LogDets = {}
    y = made(x, found)
    volume = log_volume(lambda v: made(v, {}), x)
    assert torch.allclose(sum(found.values(), torch.zeros(3)), volume, atol=1e-8)
    assert (made.inverse(y) - x).abs().max() < 1e-10
    one = made.float()
    assert (one.inverse(one(x.float(), {})) - x.float()).abs().max() < 1e-5


@pytest.mark.parametrize("mixing", MIXINGS)
def test_fused_it_is_its_parts_one_by_one(mixing: MixingKind) -> None:
    made, x = step(mixing), examples()
    found: LogDets = {}
    apart: LogDets = {}
    assert torch.allclose(made(x, found, "a/"), Chain.run(made, x, apart, "a/"), atol=1e-12)
    assert found.keys() == apart.keys() >= {"a/actnorm", "a/coupling"}
    assert all(torch.allclose(found[name], apart[name].expand(3), atol=1e-12) for name in found)


def test_a_coupling_begins_with_shift_0_and_scale_sigmoid_2() -> None:
    coupling, x = ChannelCoupling(4, 8, "affine"), examples().float()
    y, log_det = coupling(x)
    assert torch.equal(y[:, :2], x[:, :2])
    assert torch.allclose(y[:, 2:], x[:, 2:] * torch.tensor(2.0).sigmoid())
    assert torch.allclose(log_det, torch.tensor(2.0).sigmoid().log() * 2 * 9)


def test_an_additive_coupling_begins_as_the_identity_and_keeps_the_volume() -> None:
    coupling, x = ChannelCoupling(4, 8, "additive"), examples().float()
    assert torch.equal(coupling(x)[0], x)
    y, log_det = shaken(coupling)(x)
    assert not torch.equal(y, x)
    assert not log_det.any()


def test_shift_comes_before_scale() -> None:
    coupling, x = shaken(ChannelCoupling(4, 8, "affine").double()), examples()
    shift, raw = coupling.network(x[:, :2]).chunk(2, dim=1)
    assert torch.allclose(coupling(x)[0][:, 2:], (x[:, 2:] + shift) * torch.sigmoid(raw + 2))


@pytest.mark.parametrize("n", [1, 40])
def test_a_convolution_with_actnorm_is_one_behind_the_other(n: int) -> None:
    """However it is computed: by scaled weights, or by scaled outputs where those are fewer."""
    made, x = shaken(NormedConv(6, 5, 3).double()), examples(6, n)
    norm = made.norm
    plain = nn.functional.conv2d(x, made.weight, padding=1)
    expected = ((plain + norm.bias.view(-1, 1, 1)) * norm.scale().view(-1, 1, 1)).relu()
    assert torch.allclose(made(x), expected, atol=1e-12)


def test_the_first_batch_sets_actnorm_in_the_step_and_in_its_network() -> None:
    torch.manual_seed(0)
    made = GlowStep(4, 8, "affine", "plain").train()
    seen: dict[str, Tensor] = {}
    coupling = made.steps[2]
    assert isinstance(coupling, ChannelCoupling)
    for name, layer in zip(("first", "second"), coupling.network, strict=False):
        layer.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.detach()}))
    x = 5 * examples(n=64).float() + 3
    made(x, {})
    for out in seen.values():  # of N(0, 1), ReLU leaves half, and a mean of 1/√(2π) ≈ 0.4
        assert ((out > 0).float().mean((0, 2, 3)) - 0.5).abs().max() < 0.15
        assert (out.mean((0, 2, 3)) - 0.4).abs().max() < 0.1
    assert (made.steps[0](x)[0].std((0, 2, 3), correction=0) - 1).abs().max() < 1e-4  # type: ignore[operator]
    assert all(bool(b) for name, b in made.named_buffers() if name.endswith("begun"))


def test_under_autocast_only_the_network_is_rounded() -> None:
    made, x = step().float(), examples().float()
    exact: LogDets = {}
    rough: LogDets = {}
    y = made(x, exact)
    with torch.autocast("cpu", torch.bfloat16):
        again = made(x, rough)
        back = made.inverse(again)
    assert torch.equal(y[:, :2], again[:, :2]), "what stays has met actnorm and mixing alone"
    assert not torch.equal(y[:, 2:], again[:, 2:])
    assert all(torch.equal(exact[name], rough[name]) for name in ("actnorm", "mixing"))
    assert {v.dtype for v in (*rough.values(), again, back)} == {torch.float32}
    assert (back - x).abs().max() < 1e-5, "the same rounding both ways is undone"


def test_one_picture_and_one_place_are_enough() -> None:
    made, x = step(), examples(side=1, n=1)
    assert (made.inverse(made(x, {})) - x).abs().max() < 1e-10


@LU
@pytest.mark.parametrize("coupling", COUPLINGS)
def test_with_the_same_weights_it_agrees_with_normflows(coupling: CouplingKind) -> None:
    made, x = step("LU", coupling), examples()
    theirs = normflows.flows.GlowBlock(4, 8, scale=coupling == "affine", use_lu=True, net_actnorm=True).double()
    copy_step(made, theirs)
    found: LogDets = {}
    y = made(x, found)
    expected, log_det = theirs.inverse(x)  # theirs is written from the latent on
    assert torch.allclose(y, expected, atol=1e-10)
    assert torch.allclose(sum(found.values(), torch.zeros(3)), log_det, atol=1e-10)
    assert torch.allclose(made.inverse(y), theirs(y)[0], atol=1e-10)
