"""Learning with constraints, for any model that samples. Hu et al. 2018, arXiv:1806.09764; Ganchev et al. 2010.

A constraint f scores examples, more being better. Next to its own loss L(θ) a model then wants E_q f to be large for
the posterior-regularised q* ∝ p_θ exp(λ f) (:mod:`studio.models.core.posterior`):

- a model that is only sampled from ("implicit") descends  L(θ) + α·KL(p_θ‖q*), whose gradient at the present weights
  is that of  L(θ) − α λ E_{p_θ} f: it flows through the samples;
- a model with a likelihood ("explicit") descends  L(θ) − α E_{q*} log p_θ(x), over samples x of the present weights
  with their importance weights;
- a learned constraint moves too, by  max_φ  E_data f_φ − E_{q*} f_φ  (the gradient of the likelihood of q* as an
  energy-based model); it rests where the two are equal.
"""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from studio.models.core.model import Batch


class Constraint(nn.Module):
    """f_φ: a score for each example.

    Attributes:
        unit: of the score, for its curve ("nats per pixel").
    """

    unit: str = ""

    @abstractmethod
    def score(self, batch: Batch) -> Tensor:
        """f(x), B, of the examples ``batch.x``; more is better. What they were made under (a pose) is in
        ``batch.columns``. Differentiable in the examples and in φ."""

    def lesson(self, batch: Batch) -> Tensor | None:
        """A loss by which it first learns from real examples what it judges (a parser the parts, a classifier the
        classes); None for what needs no teaching."""
        return None
