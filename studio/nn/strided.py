"""Convolutions of stride 2 and their adjoints, with weight gradients by matrix multiplication where that is faster.

On the CPU, oneDNN's weight gradient of a deep layer (many channels, few pixels) runs at a fifth of the speed of the
processor's matrix multiplication, in bfloat16 at less, and it is most of the time of a training. The same numbers
come from one product: patches of the input, one row per output pixel, against the gradient of the output. Only the
layers that gain take that way (measured, :func:`gains`), only while training on a CPU; everything else, and every
export, is torch's own convolution.

Three maps are bound together by one identity, ⟨down(x, w), y⟩ = ⟨x, up(y, w)⟩ = ⟨w, weight(x, y)⟩, which also gives all
their derivatives, of any order: the gradient penalty differentiates twice.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDE = 2
MOST = 2**29
"""Bytes that the patches of one layer may take; beyond it torch's own way is taken."""


class Conv(nn.Conv2d):
    """Odd kernel, stride 2: sides are halved, rounding up."""

    def __init__(self, into: int, out: int, kernel: int, bias: bool) -> None:
        super().__init__(into, out, kernel, stride=STRIDE, padding=kernel // 2, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        size = ((x.shape[2] + 1) // 2, (x.shape[3] + 1) // 2)
        if not (self.training and _here(x, self.weight) and gains(self.weight, len(x), size, _type(x))):
            return super().forward(x)
        y: Tensor = _Down.apply(*_cast(x, self.weight))  # type: ignore[no-untyped-call]
        return y if self.bias is None else y + self.bias.to(y.dtype).view(-1, 1, 1)


class Transposed(nn.ConvTranspose2d):
    """The adjoint of :class:`Conv`: sides are doubled to ``size``, which is even or, one less, odd."""

    def __init__(self, into: int, out: int, kernel: int, size: tuple[int, int], bias: bool) -> None:
        spare = (1 - size[0] % 2, 1 - size[1] % 2)
        super().__init__(
            into, out, kernel, stride=STRIDE, padding=kernel // 2, output_padding=spare, bias=bias
        )  # fmt: skip
        self.size = size

    def forward(self, y: Tensor, output_size: list[int] | None = None) -> Tensor:
        small = (y.shape[2], y.shape[3])
        if not (self.training and _here(y, self.weight) and gains(self.weight, len(y), small, _type(y))):
            return super().forward(y, output_size)
        x: Tensor = _Up.apply(*_cast(y, self.weight), self.size)  # type: ignore[no-untyped-call]
        return x if self.bias is None else x + self.bias.to(x.dtype).view(-1, 1, 1)


def gains(weight: Tensor, batch: int, small: tuple[int, int], dtype: torch.dtype) -> bool:
    """Whether a layer of these weights, with ``small`` height and width on its small side, is faster our way."""
    pixels, channels = small[0] * small[1], min(weight.shape[:2])
    if batch * pixels * weight[0].numel() * dtype.itemsize > MOST:
        return False
    if dtype == torch.bfloat16:
        return channels >= 128
    return channels >= 128 and pixels <= 16


def _here(x: Tensor, weight: Tensor) -> bool:
    return x.device.type == "cpu" and torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)


def _type(x: Tensor) -> torch.dtype:
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype


def _cast(*tensors: Tensor) -> tuple[Tensor, ...]:
    return tuple(t.to(_type(t)) for t in tensors)


def down(x: Tensor, weight: Tensor) -> Tensor:
    """B×C×H×W to B×D×⌈H/2⌉×⌈W/2⌉ by weights D×C×k×k."""
    return F.conv2d(x, weight, None, STRIDE, weight.shape[-1] // 2)


def up(y: Tensor, weight: Tensor, size: tuple[int, int]) -> Tensor:
    """The adjoint of :func:`down` in x: B×D×⌈H/2⌉×⌈W/2⌉ to B×C×H×W, ``size`` = (H, W)."""
    spare = (1 - size[0] % 2, 1 - size[1] % 2)
    return F.conv_transpose2d(y, weight, None, STRIDE, weight.shape[-1] // 2, spare)


def weight_gradient(x: Tensor, y: Tensor, kernel: int) -> Tensor:
    """The adjoint of :func:`down` in the weights: D×C×k×k, laid out channels last."""
    rows = y.permute(0, 2, 3, 1).reshape(-1, y.shape[1])
    product = rows.t() @ patches(x, kernel)
    return product.view(y.shape[1], kernel, kernel, x.shape[1]).permute(0, 3, 1, 2)


def patches(x: Tensor, kernel: int) -> Tensor:
    """What each output pixel of :func:`down` sees: (B·⌈H/2⌉·⌈W/2⌉)×(k·k·C), zeros beyond the edge."""
    batch, channels, height, width = x.shape
    edge = kernel // 2
    framed = F.pad(x.permute(0, 2, 3, 1), (0, 0, edge, edge, edge, edge))
    n, h, w, c = framed.stride()
    seen = framed.as_strided(
        (batch, (height + 1) // 2, (width + 1) // 2, kernel, kernel, channels),
        (n, STRIDE * h, STRIDE * w, h, w, c),
    )
    return seen.reshape(-1, kernel * kernel * channels)


class _Down(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return down(x, weight)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        by_x, by_weight = ctx.needs_input_grad
        return (
            _Up.apply(slope, weight, (x.shape[2], x.shape[3])) if by_x else None,  # type: ignore[no-untyped-call]
            _Weight.apply(x, slope, weight.shape[-1]) if by_weight else None,  # type: ignore[no-untyped-call]
        )


class _Up(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Tensor, weight: Tensor, size: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(y, weight)
        return up(y, weight, size)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:
        y, weight = ctx.saved_tensors
        by_y, by_weight, _ = ctx.needs_input_grad
        return (
            _Down.apply(slope, weight) if by_y else None,  # type: ignore[no-untyped-call]
            _Weight.apply(slope, y, weight.shape[-1]) if by_weight else None,  # type: ignore[no-untyped-call]
            None,
        )


class _Weight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, kernel: int) -> Tensor:
        ctx.save_for_backward(x, y)
        return weight_gradient(x, y, kernel)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:
        x, y = ctx.saved_tensors
        by_x, by_y, _ = ctx.needs_input_grad
        return (
            _Up.apply(y, slope, (x.shape[2], x.shape[3])) if by_x else None,  # type: ignore[no-untyped-call]
            _Down.apply(x, slope) if by_y else None,  # type: ignore[no-untyped-call]
            None,
        )
