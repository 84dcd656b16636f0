"""How steep a scalar function is, example by example."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def gradient_norms(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """‖∂function(x)ᵢ/∂xᵢ‖₂ for each example i, B, itself differentiable. x: B×...; function: to B.

    Right only when the score of one example does not depend on the others: no batch normalisation inside.
    The norm has gradient 0 where it is 0, so a flat function gives no NaN.
    """
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    norms: Tensor = torch.linalg.vector_norm(slope.float().flatten(1), dim=1)
    return norms


def between(a: Tensor, b: Tensor) -> Tensor:
    """One point on the line from each example of ``a`` to that of ``b``, uniformly, each with a number of its own."""
    share = torch.rand(len(a), *[1] * (a.dim() - 1), device=a.device, dtype=a.dtype)
    return torch.lerp(b, a, share)
