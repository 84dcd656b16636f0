"""Chains of bijections and several scales: whatever the steps are, the volume is right and the way back exact."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from studio.nn.flows.base import Bijection, Chain, Reversed
from studio.nn.flows.scales import Scales, Split, Squeeze, Top, ZeroConv, inner
from tests.nn.flows.jacobians import log_volume


class Bend(Bijection):
    """y = a·x + sinh⁻¹(x), channel by channel: neither linear nor of constant volume."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.linspace(0.5, 2, channels))

    def _per_channel(self, x: Tensor) -> Tensor:
        return self.a.view(-1, *[1] * (x.dim() - 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a = self._per_channel(x)
        return a * x + torch.asinh(x), torch.log(a + 1 / torch.sqrt(x * x + 1)).flatten(1).sum(1)

    def inverse(self, y: Tensor) -> Tensor:
        a = self._per_channel(y)
        x = y / (a + 1)
        for _ in range(60):  # Newton; monotone and smooth
            x = x - (a * x + torch.asinh(x) - y) / (a + 1 / torch.sqrt(x * x + 1))
        return x


def scales(shape: tuple[int, ...], count: int, learned: bool) -> Scales:
    levels = [
        Chain([("step 1", Chain([("bend", Bend(c)), ("back", Reversed(Bend(c)))])), ("step 2", Bend(c))])
        for c, *_ in inner(shape, count)
    ]
    made = Scales(shape, levels, learned).double()
    torch.manual_seed(3)
    for parameter in made.parameters():
        nn.init.normal_(parameter, 0.6, 0.2)
    return made


def examples(*shape: int, n: int = 3) -> Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize(("shape", "count"), [((1, 4, 4), 1), ((1, 4, 4), 2), ((3, 4, 4), 2), ((2,), 1)])
def test_the_volume_is_autograds_and_the_way_back_is_exact(shape: tuple[int, ...], count: int, learned: bool) -> None:
    whole = scales(shape, count, learned)
    x = examples(*shape)
    parts, found = whole(x)
    assert [tuple(p.shape[1:]) for p in parts] == [tuple(s) for s in whole.shapes]
    assert (whole.inverse(parts) - x).abs().max() < 1e-10

    def flat(values: Tensor) -> Tensor:
        return torch.cat([p.flatten(1) for p in whole(values)[0]], dim=1)

    assert torch.allclose(sum(found.values()), log_volume(flat, x), atol=1e-8)


def test_log_dets_are_named_by_level_and_step_in_order() -> None:
    named = list(scales((1, 4, 4), 2, True)(examples(1, 4, 4))[1])
    assert named == [
        "level 1/step 1/bend", "level 1/step 1/back", "level 1/step 2", "level 1/split",
        "level 2/step 1/bend", "level 2/step 1/back", "level 2/step 2",
    ]  # fmt: skip
    points = scales((2,), 1, True)
    assert list(points(examples(2))[1]) == ["step 1/bend", "step 1/back", "step 2"]
    assert [name for name, _ in points.chain(0).single()] == ["step 1/bend", "step 1/back", "step 2"]


def test_steps_that_are_not_learned_to_split_add_no_log_det() -> None:
    assert "level 1/split" not in scales((1, 4, 4), 2, False)(examples(1, 4, 4))[1]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_value_is_lost_or_made(count: int) -> None:
    assert sum(c * h * w for c, h, w in scales((3, 16, 24), count, False).shapes) == 3 * 16 * 24


def own_squeezes() -> Scales:
    """A scale with a step on either side of its squeeze, then one that is never squeezed: RealNVP's order."""
    first = Chain([("before", Bend(1)), ("squeeze", Squeeze()), ("after", Bend(4))])
    return Scales((1, 4, 4), [first, Chain([("last", Bend(2))])], learned=False, squeeze=False).double()


def test_a_squeeze_is_where_the_steps_have_it_and_is_not_listed() -> None:
    whole = own_squeezes()
    assert whole.shapes == [(2, 2, 2), (2, 2, 2)]
    x = examples(1, 4, 4)
    parts, found = whole(x)
    assert list(found) == ["level 1/before", "level 1/after", "level 2/last"]
    assert [p.shape for p in parts] == [(3, 2, 2, 2)] * 2
    assert (whole.inverse(parts) - x).abs().max() < 1e-10

    def flat(values: Tensor) -> Tensor:
        return torch.cat([p.flatten(1) for p in whole(values)[0]], dim=1)

    assert torch.allclose(sum(found.values()), log_volume(flat, x), atol=1e-8)


def test_a_split_and_a_top_begin_as_standard_normal() -> None:
    h = examples(4, 2, 2).float()
    on, noise, log_det = Split(4, learned=True)(h)
    assert torch.equal(torch.cat([on, noise], dim=1), h)
    assert log_det is not None
    assert torch.equal(log_det, torch.zeros(3))
    same, log_det = Top(4)(h, None)
    assert torch.equal(same, h)
    assert torch.equal(log_det, torch.zeros(3))


def test_a_zero_convolution_gives_zero_and_learns() -> None:
    conv = ZeroConv(2, 3)
    made = conv(examples(2, 4, 4).float())
    assert not made.any()
    made.sum().backward()
    assert conv.weight.grad is not None
    assert conv.weight.grad.any()


def test_the_prior_of_a_class_is_its_own_and_every_class_is_compared_alike() -> None:
    top = Top(3, classes=4).double()
    nn.init.normal_(top.shared, 0, 0.5)
    assert top.by_class is not None
    nn.init.normal_(top.by_class, 0, 0.5)
    h = examples(3, 2, 2, n=5)
    for k in range(4):
        chosen = torch.eye(4, dtype=torch.float64)[[k] * 5]
        noise, log_det = top(h, chosen)
        assert torch.allclose(top.inverse(noise, chosen), h)
        normal = torch.distributions.Normal(0, 1).log_prob(noise).flatten(1).sum(1)
        constant = 12 / 2 * torch.log(torch.tensor(2 * torch.pi))
        assert torch.allclose(top.every_class(h)[:, k], normal + constant + log_det)
    with pytest.raises(ValueError, match="class"):
        top(h, None)
