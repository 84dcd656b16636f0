"""Masked convolutions: what a feature may see, and the same pixel by pixel."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor

from studio.nn.pixel_masks import MaskedConv, RowsAbove, gated, groups_of, shifted_down
from studio.nn.pixel_steps import RollingRows, Steps

SIDE = 5


def seen(features: Tensor, x: Tensor, feature: int, row: int, column: int) -> Tensor:
    """Which of x, C×H×W, one feature at a pixel depends on, by autograd."""
    return torch.autograd.grad(features[0, feature, row, column], x, retain_graph=True)[0][0] != 0


def test_features_are_shared_out_evenly_in_order() -> None:
    assert groups_of(6, 3) == [0, 0, 1, 1, 2, 2]
    assert groups_of(5, 3, repeats=2) == [0, 0, 1, 1, 2] * 2
    assert groups_of(3 * 256, 3)[::256] == [0, 1, 2]
    with pytest.raises(ValueError, match="2 features"):
        groups_of(2, 3)
    with pytest.raises(ValueError, match="no middle"):
        MaskedConv(1, 1, 4, "A")


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("mask", ["A", "B"])
def test_a_feature_sees_what_comes_before_it_in_its_window_and_all_of_that(mask: Literal["A", "B"], flat: bool) -> None:
    """Over every pixel and channel, at a kernel of 3 and three channels."""
    torch.manual_seed(0)
    conv = MaskedConv(3, 6, 3, mask, 3, flat=flat)
    x = torch.randn(1, 3, SIDE, SIDE, requires_grad=True)
    y = conv(x)
    assert y.shape == (1, 6, SIDE, SIDE)
    for feature, own in enumerate(conv.to_group):
        for row in range(SIDE):
            for column in range(SIDE):
                may = torch.zeros(3, SIDE, SIDE, dtype=torch.bool)
                if not flat and row:
                    may[:, row - 1, max(0, column - 1) : column + 2] = True
                if column:
                    may[:, row, column - 1] = True
                may[: own + (mask == "B"), row, column] = True
                assert torch.equal(seen(y, x, feature, row, column), may), (feature, row, column)


def test_the_vertical_stack_sees_rows_and_is_for_the_row_below() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 1, SIDE, SIDE, requires_grad=True)
    y = shifted_down(RowsAbove(1, 2, 3)(x))
    assert not y[:, :, 0].any()
    found = seen(y, x, 0, 3, 2)[0].nonzero().tolist()
    assert found == [[r, c] for r in (1, 2) for c in (1, 2, 3)]


def test_a_gate_is_the_tanh_of_one_half_by_the_sigmoid_of_the_other() -> None:
    x = torch.randn(2, 6, 3)
    assert torch.equal(gated(x), x[:, :3].tanh() * x[:, 3:].sigmoid())


@pytest.mark.parametrize(
    ("into", "out", "side", "mask", "groups", "repeats", "flat"),
    [
        (1, 4, 7, "A", 1, 1, False),
        (4, 4, 3, "B", 1, 2, True),
        (4, 6, 1, "B", 1, 1, False),
        (3, 7, 5, "A", 3, 2, True),
        (7, 5, 3, "B", 3, 1, False),
        (7, 4, 1, "B", 3, 1, False),
    ],
)
@torch.no_grad()
def test_steps_are_the_convolution_pixel_by_pixel(
    into: int, out: int, side: int, mask: Literal["A", "B"], groups: int, repeats: int, flat: bool
) -> None:
    """With what is added along the row and to every feature; no value is put before it is known."""
    torch.manual_seed(0)
    conv = MaskedConv(into, out, side, mask, groups, repeats, flat)
    x, offset = torch.randn(2, into, 4, 6), torch.randn(2, out * repeats)
    whole = conv(x) + offset[..., None, None]
    steps = Steps(conv, 2, 6, offset)
    from_group = torch.tensor(conv.from_group)
    for row in range(4):
        if conv.flat:
            more = torch.randn(2, out * repeats, 6)
            steps.add(more)
            whole[:, :, row] += more
        for column in range(6):
            for group in range(groups):
                put = x[:, from_group == group, row, column]
                if mask == "B":
                    found = steps.through(column, group, put)
                else:
                    found = steps.step(column, group)
                    steps.put(column, group, put)
                wanted = whole[:, steps.rows_of[group], row, column]
                assert torch.allclose(found, wanted, atol=1e-5), (row, column, group)
        if not steps_alone(conv):
            assert torch.equal(steps.row(), x[:, :, row])
        steps.end_row()


def steps_alone(conv: MaskedConv) -> bool:
    """What a 1×1 convolution is told of one group is not kept."""
    return conv.reach == 0 and conv.channel_groups == 1


@torch.no_grad()
def test_rows_are_the_convolution_row_by_row() -> None:
    torch.manual_seed(0)
    conv = RowsAbove(3, 4, 5)
    x, offset = torch.randn(2, 3, 6, 4), torch.randn(2, 4)
    for each, added in ((None, 0.0), (offset, offset[..., None])):
        rolling = RollingRows.of(conv, 2, 4, each)
        for row in range(6):
            wanted = conv(x)[:, :, row] + added
            assert torch.allclose(rolling.after(x[:, :, row]), wanted, atol=1e-5)
