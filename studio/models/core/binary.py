"""Grey images as bits. A grey level is read as the probability that its pixel is white.

Three habits are about for MNIST, and their likelihoods must not be compared with each other: bits drawn anew whenever
an image is shown ("dynamic"; Burda et al. 2016, arXiv:1509.00519), bits drawn once for all (a file of Salakhutdinov and
Murray, 2008, which is not read here), and a threshold.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Generator, Tensor
from torch.nn.functional import logsigmoid, softplus

Bits = Literal["dynamic", "threshold"]


def binarised(x: Tensor, how: Bits, generator: Generator | None = None) -> Tensor:
    """Images in −1..1 as −1 and 1, of the same shape. Bits stay as they are, whichever way.

    Args:
        how: ``dynamic``: 1 with probability (x + 1)/2; ``threshold``: 1 where x is above 0.
        generator: of ``dynamic``, on the device of x; None: torch's global one.
    """
    if how == "threshold":
        return torch.where(x > 0, 1.0, -1.0).to(x)
    drawn = torch.rand(x.shape, generator=generator, device=x.device, dtype=torch.float32)
    return torch.where(drawn < (x.float() + 1) / 2, 1.0, -1.0).to(x)


def unit(x: Tensor) -> Tensor:
    """Examples in −1..1 as rows in 0..1, float32."""
    return (x.float().flatten(1) + 1) / 2


def bernoulli(bits: Tensor, logits: Tensor) -> Tensor:
    """The log-probability of each bit, 0 or 1, in nats."""
    return bits * logits - softplus(logits)


def kl_of_bits(q: Tensor, p: Tensor) -> Tensor:
    """KL(q‖p) of each bit in nats, both as logits."""
    on = q.sigmoid()
    return on * (logsigmoid(q) - logsigmoid(p)) + (1 - on) * (logsigmoid(-q) - logsigmoid(-p))
