"""MADE: an output sees what stands before it, all of what is given besides, and nothing else."""

from __future__ import annotations

import pytest
import torch

from studio.nn.made import MADE, MaskedLinear


def sees(made: MADE, context: torch.Tensor | None = None) -> torch.Tensor:
    """Whether output (e, i) depends on input j, bool each×D×D, by autograd."""
    x = torch.randn(1, made.size, dtype=torch.float64)
    found = torch.autograd.functional.jacobian(lambda v: made(v, context)[0], x)  # type: ignore[no-untyped-call]
    return (found[:, :, 0] != 0).bool()  # type: ignore[no-any-return]


@pytest.mark.parametrize(("size", "hidden"), [(1, (4,)), (5, (5,)), (6, (40, 40)), (7, (50, 30, 20))])
def test_each_output_depends_on_every_input_before_it_and_on_none_behind(size: int, hidden: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    made = MADE(size, hidden, 3).double()
    seen = torch.stack([sees(made) for _ in range(8)]).any(0)  # a ReLU may be shut at one place
    before = torch.arange(size)[:, None] > torch.arange(size)
    assert not (seen & ~before).any()
    if hidden[0] >= 20:  # with one unit of a number, it may be shut everywhere
        assert torch.equal(seen, before.expand(3, -1, -1))


def test_what_is_given_besides_reaches_every_output() -> None:
    torch.manual_seed(0)
    made = MADE(5, (30,), 2, context=3).double()
    x, h = torch.randn(1, 5, dtype=torch.float64), torch.randn(1, 3, dtype=torch.float64)
    found = torch.autograd.functional.jacobian(lambda v: made(x, v)[0], h)  # type: ignore[no-untyped-call]
    assert (found != 0).all()
    assert not (sees(made, h) & ~(torch.arange(5)[:, None] > torch.arange(5))).any()


def test_weights_behind_the_mask_neither_count_nor_move() -> None:
    layer = MaskedLinear(torch.tensor([[True, False, True]]))
    x = torch.randn(4, 3)
    before = layer(x)
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad[0, 1] == 0
    with torch.no_grad():
        layer.weight[0, 1] = 100.0
    assert torch.equal(layer(x), before)


def test_it_is_built_on_the_meta_device_and_filled_by_assignment() -> None:
    made = MADE(5, (10,), 2, context=2)
    with torch.device("meta"):
        other = MADE(5, (10,), 2, context=2)
    other.load_state_dict(made.state_dict(), assign=True)
    x, h = torch.randn(3, 5), torch.randn(3, 2)
    assert torch.equal(made(x, h), other(x, h))
