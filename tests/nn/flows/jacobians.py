"""An independent opinion on any bijection: what autograd says of its volume."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def log_volume(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """log|det ∂f/∂x| of each of B examples, B, from the whole Jacobian, one example at a time."""
    found = []
    for one in x:
        flat = one.flatten()

        def of_flat(values: Tensor, like: Tensor = one) -> Tensor:
            return function(values.view(1, *like.shape)).flatten()

        jacobian = torch.autograd.functional.jacobian(of_flat, flat)  # type: ignore[no-untyped-call]
        found.append(torch.linalg.slogdet(jacobian).logabsdet)
    return torch.stack(found)
