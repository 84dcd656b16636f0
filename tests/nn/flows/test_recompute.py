"""Inputs worked out again from outputs: the same gradients, and memory that does not grow with the number of steps."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from studio.bench.flows import kept
from studio.nn.flows.actnorm import ActNorm
from studio.nn.flows.base import Bijection, Chain, LogDets
from studio.nn.flows.glow import CouplingKind, GlowStep, MixingKind
from tests.nn.flows.weights import shaken


def chain(depth: int, recompute: bool, mixing: MixingKind = "plain", coupling: CouplingKind = "affine") -> Chain:
    torch.manual_seed(0)
    steps = [(f"step {i + 1}", GlowStep(4, 8, coupling, mixing)) for i in range(depth)]
    return shaken(Chain(steps, recompute).double(), 0.1)


def examples(dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(5, 4, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)


def value(made: Chain, x: Tensor) -> Tensor:
    """Of the last y and of each log-det, none as the other."""
    found: LogDets = {}
    y = made(x, found)
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)
    return (weights * y.sin()).sum() + sum((i + 1) * d.square().sum() for i, d in enumerate(found.values()))


def gradients(made: Chain, x: Tensor) -> list[Tensor]:
    x = x.clone().requires_grad_()
    return list(torch.autograd.grad(value(made, x), [x, *made.parameters()]))


@pytest.mark.parametrize("mixing", ["plain", "LU", "reverse"])
@pytest.mark.parametrize("coupling", ["affine", "additive"])
def test_the_gradients_are_those_of_what_is_stored(mixing: MixingKind, coupling: CouplingKind) -> None:
    stored, again = (chain(4, r, mixing, coupling) for r in (False, True))
    x = examples()
    assert torch.allclose(value(stored, x), value(again, x))
    for a, b in zip(gradients(stored, x), gradients(again, x), strict=True):
        assert (a - b).abs().max() <= 1e-8 * a.abs().max().clamp(min=1)
    stored, again, x = stored.float(), again.float(), x.float()
    for a, b in zip(gradients(stored, x), gradients(again, x), strict=True):
        assert (a - b).abs().max() <= 1e-3 * a.abs().max().clamp(min=1)


def test_names_and_log_dets_are_those_of_what_is_stored() -> None:
    stored: LogDets = {}
    again: LogDets = {}
    y = chain(2, False)(examples(), stored, "level 1/")
    assert torch.equal(y, chain(2, True)(examples(), again, "level 1/"))
    assert list(stored) == list(again)
    assert all(torch.equal(stored[n], again[n]) for n in stored)


def test_gradients_are_only_added_where_one_is_wanted() -> None:
    made = chain(2, True)
    made.steps[1].requires_grad_(False)
    value(made, examples()).backward()
    assert all(p.grad is None for p in made.steps[1].parameters())
    assert all(p.grad is not None for p in made.steps[0].parameters())
    before = [p.grad.clone() for p in made.steps[0].parameters() if p.grad is not None]
    value(made, examples()).backward()
    for parameter, once in zip(made.steps[0].parameters(), before, strict=True):
        assert parameter.grad is not None
        assert torch.allclose(parameter.grad, 2 * once), "a second gradient is added to the first"


def test_a_module_that_stands_twice_gets_the_gradients_of_both() -> None:
    torch.manual_seed(0)
    norm = shaken(ActNorm(4).double())
    twice = [("a", norm), ("b", norm)]
    for a, b in zip(gradients(Chain(twice), examples()), gradients(Chain(twice, True), examples()), strict=True):
        assert torch.allclose(a, b)


def test_the_first_batch_sets_actnorm_on_the_way() -> None:
    made = []
    for recompute in (False, True):
        torch.manual_seed(0)
        made.append(Chain([(f"step {i}", GlowStep(4, 8, "affine", "plain")) for i in range(3)], recompute).double())
    stored, again = made
    for a, b in zip(gradients(stored, examples()), gradients(again, examples()), strict=True):
        assert torch.allclose(a, b, atol=1e-8)
    for name, buffer in again.named_buffers():
        assert torch.equal(buffer, stored.get_buffer(name))
        assert not name.endswith("begun") or bool(buffer)


def test_what_is_kept_does_not_grow_with_the_depth() -> None:
    held = {}
    for recompute in (False, True):
        for depth in (2, 8):
            made = chain(depth, recompute)
            held[recompute, depth] = kept(made, lambda made=made: value(made, examples()))
    assert held[False, 8] > 3.5 * held[False, 2]
    assert held[True, 8] <= held[True, 2] + 6 * 3 * 5 * 8 * 4, "no more than what is made of the log-dets"
    assert held[True, 2] < held[False, 2] / 5


def test_a_parameter_that_moved_in_between_is_noticed() -> None:
    made = chain(2, True)
    found = value(made, examples())
    with torch.no_grad():
        next(made.parameters()).add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        found.backward()


class Doubled(Bijection):
    """A step of no special kind: the inverse is all that a chain needs of it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.3, dtype=torch.float64))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x * self.scale.exp(), (self.scale * x[0].numel()).expand(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return y * (-self.scale).exp()


def test_any_bijection_can_stand_in_such_a_chain() -> None:
    made = [Chain([("a", Doubled()), ("b", Chain([("c", Doubled())]))], recompute) for recompute in (False, True)]
    for a, b in zip(*(gradients(m, examples()) for m in made), strict=True):
        assert torch.allclose(a, b)


def test_under_autocast_the_networks_see_the_same_precision_on_the_way_back() -> None:
    stored, again, x = chain(3, False).float(), chain(3, True).float(), examples(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        first = value(stored, x)
        second = value(again, x)
    assert torch.equal(first, second)
    parameters = list(zip(stored.parameters(), again.parameters(), strict=True))
    of_first = torch.autograd.grad(first, [p for p, _ in parameters])
    of_second = torch.autograd.grad(second, [p for _, p in parameters])
    for a, b in zip(of_first, of_second, strict=True):
        assert (a - b).norm() <= 0.1 * a.norm() + 1e-3  # a last digit of bfloat16 tips here and there
