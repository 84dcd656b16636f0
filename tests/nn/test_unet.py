"""The U-Net: any size, a bottleneck that sees the whole picture, blocks that begin as nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.nn.unet import Block, UNet, levels


@pytest.mark.parametrize(("size", "count"), [((128, 64), 5), ((256, 256), 6), ((64, 64), 4), ((8, 8), 1), ((9, 5), 2)])
def test_the_levels_are_the_papers_for_its_sizes(size: tuple[int, int], count: int) -> None:
    assert levels(size) == count


@pytest.mark.parametrize("size", [(16, 16), (17, 23), (64, 32)])
@pytest.mark.parametrize("bottleneck", [0, 5])
def test_any_size_comes_out_as_it_went_in(size: tuple[int, int], bottleneck: int) -> None:
    net = UNet(4, 3, size, 4, levels(size), bottleneck=bottleneck)
    assert net(torch.randn(2, 4, *size)).shape == (2, 3, *size)
    with torch.autocast("cpu", torch.bfloat16):
        assert net(torch.randn(2, 4, *size)).dtype == torch.float32


def test_a_block_begins_as_the_identity_and_the_last_layer_of_a_still_net_with_zeros() -> None:
    net = UNet(3, 3, (16, 16), 4, 2, still=True)
    x = torch.randn(2, 4, 16, 16)
    assert torch.equal(net.falls[0](x), x)
    assert not net(torch.randn(2, 3, 16, 16)).any()
    assert UNet(3, 3, (16, 16), 4, 2)(torch.randn(2, 3, 16, 16)).std() > 0.1


def test_without_a_bottleneck_a_corner_is_too_far_away_and_with_one_the_whole_picture_is_seen() -> None:
    for bottleneck, seen in ((0, False), (5, True)):
        net = _busy(UNet(1, 1, (64, 64), 4, 2, bottleneck=bottleneck))
        x = torch.rand(1, 1, 64, 64).requires_grad_()
        net(x)[0, 0, :2, :2].sum().backward()
        gradient = x.grad
        assert isinstance(gradient, Tensor)
        assert bool(gradient[0, 0, 40:, 40:].any()) == seen
        assert gradient[0, 0, :4, :4].any()


def test_a_picture_moved_by_whole_cells_of_the_smallest_level_moves_what_comes_out() -> None:
    net = _busy(UNet(2, 1, (64, 64), 4, 3)).double()
    x = torch.zeros(1, 2, 64, 64, dtype=torch.float64)
    x[:, :, 28:36, 28:36] = torch.randn(2, 8, 8, dtype=torch.float64)
    with torch.no_grad():
        here, there = net(x), net(x.roll((4, 8), (2, 3)))
    inner = slice(24, 40)
    moved = here.roll((4, 8), (2, 3))
    assert torch.allclose(moved[:, :, inner, inner], there[:, :, inner, inner], atol=1e-5)


def _busy(net: UNet) -> UNet:
    """One whose blocks do something."""
    torch.manual_seed(0)
    for block in net.modules():
        if isinstance(block, Block):
            for conv in block.convs:
                torch.nn.init.normal_(conv.weight, std=0.1)  # type: ignore[arg-type]
    return net
