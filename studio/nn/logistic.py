"""The discretised logistic: a distribution over evenly spaced grey levels, alone and in mixtures.

Kingma et al. 2016 (arXiv:1606.04934, appendix C.2) and Salimans et al. 2017 (arXiv:1701.05517, section 2.1). With σ the
logistic function, a level at x, −1..1, has the probability σ((x + h − m)/s) − σ((x − h − m)/s), h half the distance
between two levels; the lowest level has all that lies below it as well, the highest all above, so that they sum to 1.

That difference of two numbers near 0 or near 1 is never taken: σ(a) − σ(b) = σ(a) σ(−b) (1 − e^(b − a)), whose
logarithm is exact wherever the level lies, also where the authors' codes go over to the density at its centre.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

LEVELS = 256
SMALLEST = -7.0
"""log s below which a scale counts as this: a quarter of a grey level, of 256 in −1..1."""


def log_probability(x: Tensor, mean: Tensor, log_scale: Tensor, levels: int = LEVELS) -> Tensor:
    """log P(x) in nats, float32, of the shape that the three have together.

    Args:
        x: values −1, −1 + 2/(levels − 1), …, 1.
        mean, log_scale: m and log s, on the scale of x.
    """
    x, mean = x.float(), mean.float()
    log_scale = log_scale.float().clamp(min=SMALLEST)
    half = 1 / (levels - 1)
    narrow = torch.exp(-log_scale)
    above, below = (x - mean + half) * narrow, (x - mean - half) * narrow
    at_most, at_least = logsigmoid(above), logsigmoid(-below)
    inside = at_most + at_least + torch.log(-torch.expm1(-2 * half * narrow))
    return torch.where(x < half - 1, at_most, torch.where(x > 1 - half, at_least, inside))


def log_probabilities(mean: Tensor, log_scale: Tensor, levels: int = LEVELS) -> Tensor:
    """The same of every level, from black to white: …×levels."""
    grid = torch.linspace(-1, 1, levels, device=mean.device)
    return log_probability(grid, mean[..., None], log_scale[..., None], levels)


def log_mixture(x: Tensor, logits: Tensor, means: Tensor, log_scales: Tensor, levels: int = LEVELS) -> Tensor:
    """log Σ_k π_k Π_c P_k(x_c) in nats, …: of values that choose their component together (the channels of a pixel).

    Args:
        x: …×C. logits: …×K, π before its softmax. means, log_scales: …×K×C.
    """
    each = log_probability(x[..., None, :], means, log_scales, levels).sum(-1)
    return (logits.float().log_softmax(-1) + each).logsumexp(-1)


def clipped_mean(mean: Tensor, log_scale: Tensor) -> Tensor:
    """The mean of the logistic once what lies outside of −1..1 is put at its edge: where a picture of means is wanted.
    In −1..1."""
    scale = torch.exp(log_scale.float().clamp(min=SMALLEST))
    mean = mean.float()
    found = scale * (softplus((mean + 1) / scale) - softplus((mean - 1) / scale)) - 1
    return found.clamp(-1, 1)  # the difference of two large numbers may be off by its last digit


def conditioned(x: Tensor, means: Tensor, coefficients: Tensor) -> Tensor:
    """Means of each channel, …×K×C, given the channels before it, which move them along: for red μ_r, for green
    μ_g + a·r, for blue μ_b + b·r + c·g (Salimans et al. 2017, section 2.2).

    Args:
        x: …×C. means: …×K×C, μ. coefficients: …×K×(C(C−1)/2), a, b, c, in the order of the channels that they are for.
    """
    found, at = [], 0
    for channel in range(means.shape[-1]):
        own = coefficients[..., at : at + channel]
        found.append(means[..., channel] + (own * x[..., None, :channel]).sum(-1))
        at += channel
    return torch.stack(found, -1)


def log_mixture_conditionals(
    x: Tensor, logits: Tensor, means: Tensor, log_scales: Tensor, levels: int = LEVELS
) -> Tensor:
    """log P(x_c | x_<c) in nats, …×C, of the same mixture: they sum to :func:`log_mixture`."""
    each = log_probability(x[..., None, :], means, log_scales, levels).cumsum(-1)
    joint = (logits.float().log_softmax(-1)[..., None] + each).logsumexp(-2)
    return torch.cat([joint[..., :1], joint.diff(dim=-1)], -1)


def next_log_probabilities(
    x: Tensor, logits: Tensor, means: Tensor, log_scales: Tensor, levels: int = LEVELS
) -> Tensor:
    """log P(x_c = v | x_<c) of every level v, …×levels, where x …×c are the channels before, which say which component
    it may be. means, log_scales: …×K×(c + 1), or with more channels, which have no say."""
    known = x.shape[-1]
    log_weights = logits.float()
    if known:
        log_weights = log_weights + log_probability(
            x[..., None, :], means[..., :known], log_scales[..., :known], levels
        ).sum(-1)
    each = log_probabilities(means[..., known], log_scales[..., known], levels)
    return (log_weights.log_softmax(-1)[..., None] + each).logsumexp(-2)
