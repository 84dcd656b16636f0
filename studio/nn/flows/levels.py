"""Grey levels of images as values of a density, and the bijections that take them to where a flow begins."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from studio.nn.flows.base import Bijection


class Dequantised:
    """Images in −1..1 ↔ values in 0..2^bits, whose whole part is the grey level.

    Args:
        bits: that are kept of the 8.
    """

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.levels = 2**bits
        self._step = 256 // self.levels

    def values(self, x: Tensor, within: Tensor | None) -> Tensor:
        """Values of images B×C×H×W; ``within`` 0..1: where in its level each one lies; None: in the middle."""
        return self._whole(x) + (0.5 if within is None else within)

    def images(self, values: Tensor) -> Tensor:
        """Back, without rounding: the middle of level k of L gives grey 255 k / (L − 1). So black and white stay what
        they are with fewer bits too, and no level falls between two of the 256, where rounding would be a toss-up."""
        x: Tensor = (values - 0.5) * (2 / (self.levels - 1)) - 1
        return x.clamp(-1, 1)

    def kept(self, x: Tensor) -> Tensor:
        """Images with the grey levels that are kept of them."""
        return self.images(self._whole(x) + 0.5)

    def _whole(self, x: Tensor) -> Tensor:
        return torch.floor(((x + 1) * 127.5).round() / self._step)


class Range(Bijection):
    """Values in 0..levels to −½..½."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        size = x[0].numel()
        return x / self.levels - 0.5, x.new_full((len(x),), -size * math.log(self.levels))

    def inverse(self, y: Tensor) -> Tensor:
        return (y + 0.5) * self.levels


class Logit(Bijection):
    """Values in 0..levels to logit(α + (1 − 2α) v / levels), so that the network need not keep within bounds.

    With p the argument, the log-det is Σ −log p − log(1 − p) + log(1 − 2α) − log levels. Dinh et al. 2017, section 4.1
    print α + (1 − α) v / 256 with α = 0.05, whose logit has no end at white, and log(1 − α) with it; the authors' code,
    from which their figures come, keeps the margin of 0.05 on both sides, as is done here.
    """

    def __init__(self, levels: int, alpha: float = 0.05) -> None:
        super().__init__()
        self.levels, self.alpha = levels, alpha

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        p = self.alpha + (1 - 2 * self.alpha) * (x / self.levels)
        log_det = -torch.log(p) - torch.log1p(-p) + math.log(1 - 2 * self.alpha) - math.log(self.levels)
        return torch.logit(p), log_det.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> Tensor:
        return (torch.sigmoid(y) - self.alpha) / (1 - 2 * self.alpha) * self.levels
