"""Learning with constraints, for any model that samples. Hu et al. 2018, arXiv:1806.09764; Ganchev et al. 2010.

A constraint f scores examples, more being better. Next to its own loss L(θ) a model then wants E_q f to be large for
the posterior-regularised q* ∝ p_θ exp(λ f) (:mod:`studio.models.core.posterior`):

- a model that is only sampled from ("implicit") descends  L(θ) + α·KL(p_θ‖q*), whose gradient at the present weights
  is that of  L(θ) − α λ E_{p_θ} f: it flows through the samples;
- a model with a likelihood ("explicit") descends  L(θ) − α E_{q*} log p_θ(x), over samples x of the present weights
  with their importance weights (less a share of E_{p_θ} log p_θ(x), whose gradient is 0: chance has less to say);
- a learned constraint moves too, by  max_φ  E_data f_φ − E_{q*} f_φ  (the gradient of the likelihood of q* as an
  energy-based model); it rests where the two are equal.

What keeps f_φ finite. Seen through q*, learning φ is a maximum-likelihood fit of an energy-based model of which p_θ is
the base: where a minibatch of samples misses what the data have, nothing ends its rise. So ½ (E_data h + E_q* h) / B is
taken off, B the recipe's bound. For networks h = f²: of all functions f the best is then
B (p_data − q*) / (p_data + q*), which lies within ±B whatever the network can do. For a sum Σ φ_k T_k of statistics
h = ½‖φ‖²: a Gaussian prior on φ, so that the moments meet up to E_data T − E_q* T = φ / (2B) (relaxed moment matching,
Ganchev's ε‖λ‖ with the squared norm). A constraint that was taught (a parser) takes its lessons on beside, or f would
rise by saying "forearm" wherever a pose asks for nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from studio.models.core.moves import Batch


class Constraint(nn.Module):
    """f_φ: a score for each example.

    Attributes:
        unit: of the score, for its curve ("nats per pixel").
        taught: whether it has lessons to take before it means anything.
        lessons: int64 scalar, how many it has taken; part of the state, so that a resumed training knows.
    """

    unit: str = ""
    taught: bool = False
    lessons: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("lessons", torch.zeros((), dtype=torch.int64))

    @abstractmethod
    def score(self, batch: Batch) -> Tensor:
        """f(x), B, of the examples ``batch.x``; more is better. What they were made under (a pose) is in
        ``batch.columns``. Differentiable in the examples and in φ. Called in evaluation mode and in float32."""

    def lesson(self, batch: Batch) -> Tensor | None:
        """A loss by which it first learns from real examples what it judges (a parser the parts, a classifier the
        classes), in training mode; None for what needs no teaching (:attr:`taught`)."""
        return None

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """What the score is the weighted sum of, by name, B each, for curves of their own; nothing where it is one."""
        return {}

    def held(self, batch: Batch, f: Tensor) -> Tensor:
        """h, B: what keeps a learned f finite, see the module.

        Args:
            f: the score of the batch.
        """
        return f.square()


@contextmanager
def as_it_is(module: nn.Module) -> Iterator[None]:
    """Inside, in evaluation mode: what it says depends on no other example, and no statistics are taken."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training
