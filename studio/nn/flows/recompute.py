"""Gradients through a chain of bijections without keeping what lies between its steps: each step's input is worked out
again from its output, on the way back (Gomez et al. 2017, arXiv:1707.04585, for residual networks; Kingma & Dhariwal
2018, arXiv:1807.03039, section 1, name it as what flows allow).

Memory for activations: one step's, however many steps there are. Time: each step forward once more, so 4/3 of a
training step whose backward costs twice its forward, and its inverse beside.

What comes back differs from what was there by rounding, which grows along the chain: in float32 that is far below
the noise of a batch; with networks in bfloat16 a last digit may tip a whole network output, so train such a chain in
float32 (``Update.full_precision``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from studio.nn.flows.base import Chain, LogDets


def recomputed(chain: Chain, x: Tensor, found: LogDets, at: str) -> Tensor:
    """``chain.run(x, found, at)``, with the same gradients, keeping only the last y.

    Every step must be undone by what its ``inverse`` computes: none may depend on other examples of the batch or on
    chance.
    """
    names: list[str] = []
    y, log_dets = _Recomputed.apply(chain, names, at, x, *chain.parameters())  # type: ignore[no-untyped-call]
    found.update(zip(names, log_dets.unbind(), strict=True))
    return y  # type: ignore[no-any-return]


class _Recomputed(torch.autograd.Function):
    """x and the parameters of the chain → the last y, and log-dets S×B of S steps."""

    @staticmethod
    def forward(ctx: Any, chain: Chain, names: list[str], at: str, x: Tensor, *parameters: Tensor) -> Any:
        device = x.device.type
        ctx.arithmetic = {
            "device_type": device,
            "enabled": torch.is_autocast_enabled(device),
            "dtype": torch.get_autocast_dtype(device),
            # What a network's weights are cast to here has no gradient: nobody else may find it.
            "cache_enabled": False,
        }
        found: LogDets = {}
        with torch.autocast(**ctx.arithmetic):
            y = chain.run(x, found, at)
        names += found
        ctx.chain, ctx.at, ctx.names = chain, at, tuple(found)
        ctx.save_for_backward(y, *parameters)
        return y, torch.stack([*found.values()])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        of_y, of_log_dets = gradients
        y, *parameters = ctx.saved_tensors  # raises when a parameter has moved since
        of_log_det = dict(zip(ctx.names, of_log_dets.unbind(), strict=True))
        place = {id(p): i for i, p in enumerate(ctx.chain.parameters())}
        of_parameters: list[Tensor | None] = [None] * len(parameters)
        for name, step in reversed(list(ctx.chain.single(ctx.at))):
            own = [p for p in step.parameters() if p.requires_grad]
            with torch.enable_grad(), torch.autocast(**ctx.arithmetic):
                x, again, log_det = step.again(y)
            outputs, of_outputs = [again], [of_y]
            if name in of_log_det and log_det.requires_grad:
                outputs, of_outputs = [again, log_det], [of_y, of_log_det[name]]
            of_x, *of_own = torch.autograd.grad(outputs, [x, *own], of_outputs, allow_unused=True)
            for parameter, gradient in zip(own, of_own, strict=True):
                if gradient is not None:
                    at = place[id(parameter)]
                    before = of_parameters[at]
                    of_parameters[at] = gradient if before is None else before + gradient
            y, of_y = x.detach(), of_x
        return None, None, None, of_y, *of_parameters
