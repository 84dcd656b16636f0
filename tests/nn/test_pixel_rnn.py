"""PixelRNN's layers: what a pixel of each knows."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.nn.pixel_rnn import DiagonalBiLSTM, Direction, PixelRNN, RowLSTM, lstm, skew, unskew

SIDE = 5


def test_rows_that_are_skewed_and_put_back_are_what_they_were() -> None:
    x = torch.rand(2, 3, 4, 6)
    skewed = skew(x)
    assert skewed.shape == (2, 3, 4, 9)
    for row in range(4):
        assert torch.equal(skewed[:, :, row, row : row + 6], x[:, :, row])
    assert skewed.sum() == pytest.approx(float(x.sum()), rel=1e-5)
    assert torch.equal(unskew(skewed, 6), x)


def test_a_step_is_that_of_an_lstm() -> None:
    cell = torch.nn.LSTMCell(3, 4)
    x, (h, c) = torch.randn(2, 3), torch.randn(2, 2, 4)
    gates = x @ cell.weight_ih.t() + cell.bias_ih + h @ cell.weight_hh.t() + cell.bias_hh
    into, forget, new, out = gates.chunk(4, 1)  # torch's order
    found = lstm(torch.cat([into, forget, out, new], 1), c)
    for ours, theirs in zip(found, cell(x, (h, c)), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_row_lstm_knows_a_triangle_above_the_pixel() -> None:
    row, column = 3, 2
    known = seen(RowLSTM(3), row, column)
    for i in range(SIDE):
        for j in range(SIDE):
            assert known[i, j] == (i <= row and abs(j - column) <= row - i), (i, j)


def test_a_diagonal_bilstm_knows_all_that_comes_before() -> None:
    row, column = 3, 2
    known = seen(DiagonalBiLSTM(3), row, column)
    for i in range(SIDE):
        for j in range(SIDE):
            assert known[i, j] == (i < row or (i == row and j <= column)), (i, j)


def test_without_the_step_down_what_comes_from_the_right_would_know_the_future() -> None:
    """Which is why it is there: the map from the right of the pixel's own row has seen the pixels behind it."""
    layer = DiagonalBiLSTM(3)
    gates = torch.randn(1, 24, SIDE, SIDE, requires_grad=True)
    below = layer(gates)[0, :, 3, 2]  # reads the right's row 2
    (found,) = torch.autograd.grad(below.sum(), gates)
    assert found[0, 12:, 2, 3:].any(), "the row above, behind the column"
    assert not found[0, 12:, 3].any(), "nothing of its own row comes from the right"


@pytest.mark.parametrize("direction", ["row", "diagonal"])
def test_the_whole_network_knows_a_triangle_or_all_that_comes_before(direction: Direction) -> None:
    """But for one pixel: mask A keeps a pixel out of the features at its own place, so that the last one of a row is
    in none of that row, and what comes from the right has not seen it; the 7×7 kernel sees it from nearby."""
    torch.manual_seed(0)
    network = PixelRNN(direction, 1, 2, width=8, layers=2, head=16)
    x = torch.randn(1, 1, 9, 9, requires_grad=True)
    row, column = 6, 1
    (found,) = torch.autograd.grad(network(x)[0, 0, row, column], x)
    for i in range(9):
        for j in range(9):
            before = i < row or (i == row and j < column)
            aside = j > column + 3 + (row - 1 - i)  # what 7×7 and a step a row come to
            hidden = aside if direction == "row" else (i, j) == (row - 1, 8)
            assert bool(found[0, 0, i, j]) == (before and not hidden), (i, j)


def test_what_is_told_reaches_every_pixel_and_every_layer() -> None:
    network = PixelRNN("row", 1, 2, width=4, layers=2, head=4, told=3)
    told = torch.randn(1, 3, 4, 4, requires_grad=True)
    said = network(torch.randn(1, 1, 4, 4), told)
    (found,) = torch.autograd.grad(said[0, 0, 0, 0], told)
    assert found[0, :, 0, 0].all()
    assert sum(name.endswith("told.weight") for name, _ in network.named_parameters()) == 2


def seen(layer: RowLSTM | DiagonalBiLSTM, row: int, column: int) -> Tensor:
    """Which pixels of its map a layer's output at one of them depends on, bool SIDE×SIDE."""
    gates = torch.randn(1, 12 * layer.directions, SIDE, SIDE, requires_grad=True)
    (found,) = torch.autograd.grad(layer(gates)[0, :, row, column].sum(), gates)
    return found[0].abs().sum(0) != 0
