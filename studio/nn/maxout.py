"""Maxout: each unit is the largest of several linear functions. Goodfellow et al. 2013, arXiv:1302.4389."""

from __future__ import annotations

from torch import Tensor, nn


class Maxout(nn.Module):
    """B×into to B×units: unit i is max over j of wᵢⱼ·x + bᵢⱼ, j = 1..pieces."""

    def __init__(self, into: int, units: int, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(into, units * pieces)

    def forward(self, x: Tensor) -> Tensor:
        all_pieces: Tensor = self.linear(x)
        return all_pieces.view(len(x), -1, self.pieces).amax(2)
