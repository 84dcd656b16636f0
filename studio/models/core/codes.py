"""Codes: parts of a latent that a model gives a meaning to, how they are written in a recipe, and the information L_I.

For a code c and the reading Q(c|x) of a picture made with it, E log Q(c|x) + H(c) ≤ I(c; x) (Chen et al. 2016, eq. 4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from studio.models.core.latents import Part, Prior

MOST_VALUES = 1000
MOST_CODES = 64


def parse(text: str) -> tuple[Part, ...]:
    """ "10, u, u" → a categorical code of ten values and two continuous ones in −1..1: c1, c2, c3.

    Raises:
        ValueError: naming the word that is no code, in words for the person.
    """
    words = [w.strip().lower() for w in text.split(",") if w.strip()]
    if not words:
        raise ValueError(
            "at least one code is needed: a number of values for a categorical one, u for a continuous one"
        )
    if len(words) > MOST_CODES:
        raise ValueError(f"at most {MOST_CODES} codes, not {len(words)}")
    found = []
    for number, word in enumerate(words, 1):
        if word == "u":
            found.append(Part(f"c{number}", "uniform", 1, "code"))
        elif word.isascii() and word.isdecimal() and 2 <= int(word) <= MOST_VALUES:
            found.append(Part(f"c{number}", "categorical", int(word), "code"))
        else:
            raise ValueError(
                f"“{word}” is no code: write how many values it has (2 to {MOST_VALUES:,}), or u for a number in −1..1"
            )
    return tuple(found)


def entropy(part: Part) -> float:
    """H(c) in nats: ln 10 for ten values; ln 2 for U(−1, 1), differential, in each dimension."""
    return math.log(part.size) if part.kind == "categorical" else math.log(2) * part.size


def log_likelihood(part: Part, read: Tensor, code: Tensor) -> Tensor:
    """E log Q(c|x) in nats, a scalar to ascend.

    Args:
        read: B×size: logits of a categorical code; means of a continuous one, a Gaussian of standard deviation 1 as in
            the authors' code.
        code: B×size: what the picture was made with.
    """
    if part.kind == "categorical":
        return (log_softmax(read, dim=1) * code).sum(1).mean()
    return (-0.5 * (code - read).square() - 0.5 * math.log(2 * math.pi)).sum(1).mean()


def information(part: Part, read: Tensor, code: Tensor) -> Tensor:
    """L_I = E log Q(c|x) + H(c) in nats, at most the mutual information; a scalar.

    A Gaussian of standard deviation 1 says of U(−1, 1) less than nothing, however well its mean fits. So for a
    continuous code the standard deviation is the one that suits these readings best, √E (c − mean)², dimension by
    dimension: still a Q, so still a bound, and one that rises with what is known.
    """
    if part.kind == "categorical":
        return log_likelihood(part, read, code) + entropy(part)
    squared = (code - read).square().mean(0).clamp_min(1e-12)
    return -0.5 * (2 * math.pi * math.e * squared).log().sum() + entropy(part)


def code_loss(prior: Prior, read: Tensor, z: Tensor, weights: Mapping[str, float]) -> tuple[Tensor, dict[str, Tensor]]:
    """Σ λ E log Q(c|x) over the codes of a latent, with λ by kind, and what to show: each code's L_I and their sum.

    Args:
        read: B×(sizes of all codes): Q's parameters.
        z: whole latents B×size.
    """
    gained, shows, at = read.new_zeros(()), {}, 0
    whole = read.new_zeros(())
    for part, where in prior.placed("code"):
        own, code = read[:, at : at + part.size], z[:, where]
        gained = gained + weights[part.kind] * log_likelihood(part, own, code)
        one = information(part, own.detach(), code)
        whole = whole + one
        values = f"{part.size} values" if part.kind == "categorical" else "continuous"
        shows[f"information/L_I of {part.name} ({values})"] = one
        at += part.size
    return gained, shows | {"information/L_I of all codes": whole}


def read_back(prior: Prior, read: Tensor) -> Tensor:
    """Q's parameters as a person reads them: probabilities of a categorical code's values, a continuous one's mean."""
    found, at = [], 0
    for part, _ in prior.placed("code"):
        own = read[:, at : at + part.size]
        found.append(own.softmax(1) if part.kind == "categorical" else own)
        at += part.size
    return torch.cat(found, dim=1)
