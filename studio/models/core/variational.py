"""What variational autoencoders share: a decoder p(x|z), a posterior q(z|x) that an encoder says, and their bound.

log p(x) ≥ E_q [log p(x|z) + log p(z) − log q(z|x)] (Kingma & Welling 2014, arXiv:1312.6114, equation 3): the ELBO, the
reconstruction E_q log p(x|z) less KL(q(z|x) ‖ p(z)). What stands in the brackets is a log-weight; the logarithm of the
mean of K weights is a better bound (Burda et al. 2016, arXiv:1509.00519, equation 8), of which K = 1 is the ELBO. All
is summed over values and latents, and then the mean is taken over the batch.

A system says its networks in ``build``, and what its posterior and its prior are in these few words:
:meth:`Variational.posterior` (what the encoder says), :meth:`Variational.sample` (z, log q(z|x), log p(z) from normal
noise), :meth:`Variational.divergence` (the KL, where it has a closed form), :meth:`Variational.unravel` (what the
decoder takes, from what a person moves). The defaults are a diagonal Gaussian under N(0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Generator, Tensor

from studio.data.dataset import DataSpec
from studio.models.core.decoding import DecoderRecipe, Decoding, decoder_problems, standard
from studio.models.core.likelihood import ACTIVE, bits_per_dim
from studio.models.core.model import Batch, Gauge, Inferred, Loss, Optimiser, Update
from studio.models.core.recipe import Field, Problem, recipe
from studio.nn.coding import Head

WIDEST = 8.0
"""|log σ| of a posterior is held below this: far from where anything is learned, and nothing overflows."""


@recipe
class VariationalRecipe(DecoderRecipe):
    """A decoder, an encoder, and how they are trained."""

    objective: Annotated[
        Literal["elbo", "iwae"],
        Field("the bound that is raised: the mean of log-weights, or the importance-weighted one", term="iwae"),
    ] = "elbo"
    samples: Annotated[
        int, Field("draws K of the latent for each example", 1, 500, "draws", scale="log", term="iwae")
    ] = 1
    beta: Annotated[float, Field("weight β of the KL; 1 is the bound itself", 0, 100, term="beta")] = 1.0
    anneal: Annotated[
        int, Field("steps in which β rises to its value; 0: at once", 0, 1_000_000, "steps", term="kl warm-up")
    ] = 0
    free: Annotated[
        float,
        Field("λ: KL that a latent may have without paying, in the mean over a batch", 0, 10, "nats", term="free bits"),
    ] = 0.0
    optimiser: Annotated[Literal["adam", "adamax"], Field("how it descends", group="Optimiser", term="adam")] = "adam"
    rate: Annotated[
        float, Field("learning rate", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate")
    ] = 1e-3
    clip: Annotated[
        float,
        Field(
            "largest norm of the gradient; a longer one is scaled down; 0: never",
            0,
            1e9,
            group="Optimiser",
            term="gradient clipping",
        ),
    ] = 0.0


@dataclass(frozen=True)
class Posterior:
    """What an encoder says of B examples: a diagonal Gaussian, B×d, and the features that it is read off, B×F."""

    mean: Tensor
    log_sigma: Tensor
    features: Tensor


@dataclass(frozen=True)
class Sampled:
    """S latents for each of B examples.

    Attributes:
        z: as the decoder's network takes it, S×B×d.
        log_q: log q(z|x) in nats, S×B×d, the share of each dimension; what belongs to none is shared out evenly.
        log_p: log p(z), in the same way.
        code: the same latent as ``decode`` takes it, where that is something else: what becomes N(0, 1) by the prior.
    """

    z: Tensor
    log_q: Tensor
    log_p: Tensor
    code: Tensor | None = None


class Variational(Decoding):
    """A variational autoencoder of images, binary vectors or points."""

    recipe: VariationalRecipe
    gauges = (Gauge("active units/of a minibatch", "latents in use", good=(0.1, 1.0)),)

    taken: Tensor
    """Steps so far, for β."""

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.encoder = self.features()
        self.head = Head(self.encoder.out, r.latent, r.latent)
        self.emission = self.emitted()
        self.decoder = self.writer(self.emission.outputs)
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))

    # --- posterior and prior: what a system may say otherwise

    def posterior(self, x: Tensor) -> Posterior:
        """What the encoder says of examples as they are held, B×shape."""
        features = self.encoder(x)
        mean, log_sigma = self.head(features)
        return Posterior(mean, log_sigma.clamp(-WIDEST, WIDEST), features)

    def sample(self, q: Posterior, noise: Tensor) -> Sampled:
        """Latents of the posterior from N(0, 1) noise S×B×d: z = μ + σ ε, with gradients to what the encoder says."""
        z = q.mean + q.log_sigma.exp() * noise
        return Sampled(z, standard(noise) - q.log_sigma, standard(z))

    def divergence(self, q: Posterior) -> Tensor | None:
        """KL(q(z_j|x) ‖ p(z_j)) of each dimension, B×d in nats: ½ (μ² + σ² − 1 − log σ²); None where it has no closed
        form."""
        return (q.mean.square() + (2 * q.log_sigma).exp() - 1) / 2 - q.log_sigma

    # --- the bound

    def infer(self, x: Tensor, samples: int = 1, generator: Generator | None = None) -> Inferred:
        q = self.posterior(x)
        return self.weighed(x, q, samples, generator)

    def weighed(self, x: Tensor, q: Posterior, samples: int, generator: Generator | None) -> Inferred:
        """:meth:`infer`, given what the encoder says."""
        noise = torch.randn((samples, *q.mean.shape), generator=generator, device=q.mean.device)
        drawn = self.sample(q, noise)
        reconstruction = self.reconstructed(x, drawn.z, generator)
        known = self.divergence(q)
        return Inferred(
            mean=self.centre(q),
            z=drawn.z if drawn.code is None else drawn.code,
            reconstruction=reconstruction,
            kl=(drawn.log_q - drawn.log_p).mean(0) if known is None else known,
            log_weights=reconstruction + (drawn.log_p - drawn.log_q).sum(-1),
            kl_estimator="closed form" if known is not None else "mean over samples",
        )

    def centre(self, q: Posterior) -> Tensor:
        """Where noise of 0 leads, B×d, as ``decode`` takes it: of a Gaussian its mean."""
        drawn = self.sample(q, torch.zeros_like(q.mean)[None])
        return (drawn.z if drawn.code is None else drawn.code)[0]

    def log_likelihood(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """One log-weight of each example: log p(x, z) − log q(z|x) for one z of the posterior."""
        return self.infer(self.held(x, generator), 1, generator).log_weights[0]

    # --- training

    def updates(self) -> Sequence[Update]:
        return [Update("autoencoder", self, self.loss, self.optimiser(), after=self.count, averaged=True)]

    def optimiser(self) -> Optimiser:
        return Optimiser(self.recipe.optimiser, self.recipe.rate, clip=self.recipe.clip)

    def count(self) -> None:
        self.taken += 1

    @property
    def beta(self) -> Tensor:
        """β of this step: rising linearly to its value."""
        share = ((self.taken + 1) / max(self.recipe.anneal, 1)).clamp(max=1)
        return self.recipe.beta * share

    def loss(self, batch: Batch) -> Loss:
        """−E log p(x|z) + β Σ_j max(λ, KL_j), KL_j in the mean over the batch (free bits: Kingma et al. 2016,
        arXiv:1606.04934, equation 15); or minus the importance-weighted bound."""
        found = self.infer(self.held(batch.x), self.recipe.samples)
        value, more = self.descended(found)
        shown, spreads = self.shown(found)
        return Loss(value, {**shown, **more}, spreads)

    def descended(self, found: Inferred) -> tuple[Tensor, dict[str, Tensor]]:
        """What is descended, and what to show of how it differs from the bound."""
        r, beta = self.recipe, self.beta
        shows = {"annealing/β": beta} if r.anneal or r.beta != 1 else {}
        if r.objective == "iwae":
            weights = found.reconstruction + beta * (found.log_weights - found.reconstruction)
            bound = (weights.logsumexp(0) - math.log(len(weights))).mean()
            return -bound, shows | {f"elbo/importance-weighted, K = {len(weights)}": bound.detach()}
        each = found.kl.mean(0)
        if r.free:
            shows["free bits/share of latents that stay within theirs"] = (each.detach() < r.free).float().mean()
        return beta * each.clamp(min=r.free).sum() - found.reconstruction.mean(), shows

    def shown(self, found: Inferred) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Curves, in nats per example unless they say otherwise, and spreads."""
        reconstruction, each = found.reconstruction.detach().mean(0), found.kl.detach().sum(1)
        bound = (reconstruction - each).mean()
        name = "ELBO, of a minibatch" if self.scores else "−cross-entropy − KL, no likelihood"
        shows = {
            f"elbo/{name}": bound,
            "elbo/reconstruction": reconstruction.mean(),
            "kl/KL(q‖p), of a minibatch": each.mean(),
            "active units/of a minibatch": active(found.mean.detach()).float().mean(),
        }
        if self.scores and self.in_bits:
            shows["bits per dim/training"] = bits_per_dim(bound, math.prod(self.data.shape))
        elif self.scores:
            shows["log-likelihood/training"] = bound
        return shows, {"kl/of each example": each}

    # --- capabilities

    def encode(self, x: Tensor) -> Tensor:
        return self.centre(self.posterior(self.held(x) if self.recipe.binarise == "threshold" else x))

    def embed(self, x: Tensor) -> Tensor:
        """The posterior's mean."""
        return self.encode(x)


def active(means: Tensor) -> Tensor:
    """Which latents are active among examples with these posterior means, B×d: bool d."""
    return means.var(0, unbiased=False) > ACTIVE


def variational_problems(model: str, values: VariationalRecipe, data: DataSpec) -> list[Problem]:
    """What keeps such a model from being built for this dataset, in words; empty when nothing does."""
    found = decoder_problems(model, values, data)
    if values.objective == "iwae" and values.free:
        found.append(Problem("free", "free bits are of the ELBO; with iwae set them to 0"))
    return found
