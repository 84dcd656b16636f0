"""The sums that a NADE runs along an example: activations after each value are those before it and one row more."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BLOCK = 1 << 17
"""Numbers (examples × values × units) that are summed at once: half a megabyte, which stays near the processor."""


class RunningSums(nn.Module):
    """logit_i = b_i + V_i · σ(c + Σ_{j<i} W_j x_j) for all i in O(D H). Larochelle and Murray 2011, algorithm 1."""

    def __init__(self, values: int, hidden: int) -> None:
        super().__init__()
        self.reading = nn.Parameter(torch.empty(values, hidden))
        """W: row j is what value j adds to the activations."""
        self.writing = nn.Parameter(torch.empty(values, hidden))
        """V: row i makes the logit of value i from them."""
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))
        self.bias = nn.Parameter(torch.zeros(values))
        nn.init.normal_(self.reading, std=0.05)
        nn.init.normal_(self.writing, std=0.05)

    def forward(self, bits: Tensor) -> Tensor:
        """Logits B×D of bits float32 B×D of 0 and 1."""
        count, values = bits.shape
        hidden = len(self.hidden_bias)
        many = max(1, min(values, BLOCK // max(1, count * hidden)))
        sums = self.hidden_bias.expand(count, -1)
        found = []
        for start in range(0, values, many):
            stop = min(values, start + many)
            logits, sums = self._block(bits[:, start:stop], self.reading[start:stop], self.writing[start:stop], sums)
            found.append(logits)
        return torch.cat(found, 1) + self.bias

    @staticmethod
    def _block(bits: Tensor, reading: Tensor, writing: Tensor, sums: Tensor) -> tuple[Tensor, Tensor]:
        """Logits without bias of neighbouring values, and the activations after the last of them."""
        added = bits[..., None] * reading
        after = sums[:, None] + added.cumsum(1)
        before = torch.cat([sums[:, None], after[:, :-1]], 1)
        return (before.sigmoid() * writing).sum(2), after[:, -1]
