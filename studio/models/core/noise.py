"""Latents for training: from torch's global generator, which the engine seeds and keeps."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from studio.models.core.latents import Part, Prior


def sample(prior: Prior, n: int, device: torch.device) -> Tensor:
    """``n`` latents of the prior, float32 n×size, on the device."""
    drawn = [_part(p, n, device) for p in prior.parts]
    return drawn[0] if len(drawn) == 1 else torch.cat(drawn, dim=1)


def _part(part: Part, n: int, device: torch.device) -> Tensor:
    if part.kind == "normal":
        return torch.randn(n, part.size, device=device)
    if part.kind == "uniform":
        return torch.rand(n, part.size, device=device) * 2 - 1
    return one_hot(torch.randint(part.size, (n,), device=device), part.size).float()
