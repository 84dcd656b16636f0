"""Activation normalisation (Kingma & Dhariwal 2018, arXiv:1807.03039, section 3.1): a scale and a bias per channel, set
once so that the first training batch comes out with mean 0 and standard deviation 1, and learned from then on.

Unlike batch normalisation it is the same map for every example, however small the batch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from studio.nn.flows.base import Bijection

GAIN = 3
"""The scale is exp(3·gain), as in the authors' code: it learns three times as fast as the rest."""
LEAST = 1e-6
"""Standard deviation below which a channel counts as constant: it is centred, and its scale stays 1."""


class Normed(nn.Module):
    """Scale and bias per channel, which the first batch in training mode sets: y = (x + bias) · exp(3·gain).

    Args:
        channels: of x, B×channels or B×channels×H×W.
    """

    begun: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.gain = nn.Parameter(torch.zeros(channels))
        self.register_buffer("begun", torch.tensor(False))
        self._known = False  # the buffer's value, so as not to wait for a GPU at each step
        self.register_load_state_dict_post_hook(_forget)  # type: ignore[no-untyped-call]

    @property
    def waits(self) -> bool:
        """Whether the next batch sets it."""
        if not self._known and self.training:
            self._known = bool(self.begun)
        return self.training and not self._known

    @torch.no_grad()
    def begin(self, x: Tensor) -> None:
        """x comes out with mean 0 and standard deviation 1 (over the batch and all places) in each channel."""
        rows = x.detach().to(torch.promote_types(x.dtype, torch.float32)).movedim(1, -1).flatten(0, -2)
        deviation, mean = torch.std_mean(rows, 0, correction=0)
        scale = torch.where(deviation > LEAST, deviation, 1.0)
        self.bias.copy_(-mean)
        self.gain.copy_(-scale.log() / GAIN)
        self.begun.fill_(True)
        self._known = True

    def scale(self) -> Tensor:
        return torch.exp(GAIN * self.gain)

    def log_scale(self) -> Tensor:
        return GAIN * self.gain


def _forget(module: Normed, _: Any) -> None:
    module._known = False


class ActNorm(Normed, Bijection):
    """The same as a step of a flow; its log-det is places · Σ 3·gain."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.waits:
            self.begin(x)
        return (x + over(self.bias, x)) * over(self.scale(), x), self.log_det(x)

    def inverse(self, y: Tensor) -> Tensor:
        return y / over(self.scale(), y) - over(self.bias, y)

    def log_det(self, x: Tensor) -> Tensor:
        """log|det| of each example, B."""
        return (places(x) * self.log_scale().sum()).expand(len(x))


def over(numbers: Tensor, x: Tensor) -> Tensor:
    """One number per channel, of a shape that goes with x B×C×…"""
    return numbers.view(-1, *[1] * (x.dim() - 2))


def places(x: Tensor) -> int:
    """Of x B×C×H×W: H·W; of B×C: 1."""
    return x[0, 0].numel()
