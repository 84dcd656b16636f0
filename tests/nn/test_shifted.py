"""Shifted convolutions: where they look, and how they begin."""

from __future__ import annotations

import pytest
import torch

from studio.nn.shifted import Enlarging, GatedBlock, Shifted, Way, concat_elu


@pytest.mark.parametrize(
    ("kernel", "way", "rows", "columns"),
    [((2, 3), "down", (2, 3), (1, 2, 3)), ((2, 2), "right", (2, 3), (1, 2)), ((1, 3), "down", (3,), (1, 2, 3))],
)
def test_a_kernel_lies_above_its_pixel_or_above_and_to_the_left(
    kernel: tuple[int, int], way: Way, rows: tuple[int, ...], columns: tuple[int, ...]
) -> None:
    x = torch.randn(1, 2, 5, 5, requires_grad=True)
    (found,) = torch.autograd.grad(Shifted(2, 3, kernel, way)(x)[0, :, 3, 2].sum(), x)
    seen = {(int(i), int(j)) for _, i, j in found[0].nonzero()}
    assert seen == {(i, j) for i in rows for j in columns}


@pytest.mark.parametrize("way", ["down", "right"])
@pytest.mark.parametrize("side", [6, 7])
def test_what_was_halved_and_doubled_lies_where_it_lay_and_knows_nothing_of_the_future(way: Way, side: int) -> None:
    halve = Shifted(1, 4, (2, 3 if way == "down" else 2), way, stride=2)
    double = Enlarging(4, 1, way)
    x = torch.randn(1, 1, side, side, requires_grad=True)
    small = halve(x)
    assert small.shape == (1, 4, -(-side // 2), -(-side // 2))
    back = double(small)[0, 0, :side, :side]
    for i in range(side):
        for j in range(side):
            (found,) = torch.autograd.grad(back[i, j], x, retain_graph=True)
            seen = found[0, 0].nonzero()
            assert (seen[:, 0] <= i).all()
            if way == "right":
                assert (seen[:, 1] <= j).all()


def test_the_first_batch_gives_features_of_the_spread_that_was_asked_for_and_later_ones_change_nothing() -> None:
    torch.manual_seed(0)
    conv = Shifted(3, 5, (2, 3), "down", spread=0.1).train()
    x = torch.randn(8, 3, 6, 6) * 7 + 2
    first = conv(x)
    assert torch.allclose(first.mean((0, 2, 3)), torch.zeros(5), atol=1e-5)
    assert torch.allclose(first.std((0, 2, 3), correction=0), torch.full((5,), 0.1), atol=1e-5)
    conv(x * 3)
    assert torch.allclose(conv(x), first)
    again = Shifted(3, 5, (2, 3), "down", spread=0.1).train()
    again.load_state_dict(conv.state_dict())
    again(x * 3)
    assert torch.allclose(again(x), first), "a resumed training does not begin anew"
    assert torch.allclose(torch.linalg.vector_norm(conv.normed().flatten(1), dim=1), conv.gain.abs())


def test_in_evaluation_nothing_begins() -> None:
    conv = Shifted(1, 1, (1, 1), "right").eval()
    conv(torch.randn(2, 1, 3, 3))
    assert not conv.begun


def test_a_block_is_its_input_while_its_gate_says_nothing_and_a_class_moves_it() -> None:
    block = GatedBlock(4, "right", beside=2, classes=3, dropout=0.5).eval()
    x, beside = torch.randn(2, 4, 5, 5), torch.randn(2, 2, 5, 5)
    one, other = (torch.eye(3)[c].expand(2, -1) for c in (0, 1))
    assert not torch.allclose(block(x, beside, one), block(x, beside, other))
    assert not torch.allclose(block(x, beside, one), block(x, beside * 2, one))
    torch.nn.init.zeros_(block.second.gain)
    torch.nn.init.zeros_(block.second.offset)
    assert torch.equal(block(x, beside), x)
    assert concat_elu(x).shape == (2, 8, 5, 5)
