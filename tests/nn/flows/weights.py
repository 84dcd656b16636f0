"""Flows away from where they begin: at first many steps do nothing, and nothing is easily undone."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from studio.nn.flows.actnorm import GAIN, Normed
from studio.nn.flows.batch_norm import BatchNorm

M = TypeVar("M", bound=nn.Module)


@torch.no_grad()
def shaken(module: M, spread: float = 0.3, seed: int = 3) -> M:
    """Each parameter moved by N(0, spread²), the logarithm of a scale too, and each running statistic of a
    normalisation away from 0 and 1; in evaluation."""
    generator = torch.Generator().manual_seed(seed)

    def noise(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator, dtype=torch.float64).to(like)

    quick = {id(part.gain) for part in module.modules() if isinstance(part, Normed)}
    for parameter in module.parameters():
        parameter.add_(spread * noise(parameter) / (GAIN if id(parameter) in quick else 1))
    for part in module.modules():
        if isinstance(part, BatchNorm):
            part.mean.add_(spread * noise(part.mean))
            part.variance.mul_(torch.exp(spread * noise(part.variance)))
        elif isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None
            assert part.running_var is not None
            part.running_mean.add_(spread * noise(part.running_mean))
            part.running_var.mul_(torch.exp(spread * noise(part.running_var)))
        elif isinstance(part, Normed):
            part.begun.fill_(True)
    return module.eval()
