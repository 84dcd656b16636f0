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
from studio.models.core.adversarial import image_problems, training_problems
from studio.models.core.binary import binarised
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.model import Batch, Gauge, Inferred, Loss, Model, Optimiser, Prior, Update
from studio.models.core.recipe import Field, Problem, recipe
from studio.nn.coding import Features, Head, Writer
from studio.nn.emission import Bits, Emission, Gaussian, Logistic

ACTIVE = 0.01
"""Variance over examples of its posterior mean above which a latent is active: Burda et al. 2016, section 5.2."""
WIDEST = 8.0
"""|log σ| of a posterior is held below this: far from where anything is learned, and nothing overflows."""
LOG_TWO_PI = math.log(2 * math.pi)


@recipe
class VariationalRecipe(ConstrainedRecipe):
    """A decoder, an encoder, and how they are trained."""

    batch: int = 128
    latent: Annotated[
        int, Field("numbers z that an example is made from", 1, 1024, "dimensions", essential=True, term="latent")
    ] = 20
    decoder: Annotated[
        Literal["bernoulli", "gaussian", "logistic"],
        Field(
            "distribution p(x|z) of a value: a bit, a Gaussian, or a logistic over the 256 grey levels",
            essential=True,
            term="decoder distribution",
        ),
    ] = "bernoulli"
    binarise: Annotated[
        Literal["dynamic", "threshold", "none"],
        Field(
            "with bernoulli, what a grey level becomes: a bit drawn anew each time, a bit by threshold; "
            "or nothing else, and then there is no likelihood",
            term="binarisation",
        ),
    ] = "dynamic"
    spread: Annotated[
        Literal["learned", "fixed", "predicted"],
        Field(
            "width of the other decoders: one number that is learned, fixed, or what the network says of each value",
            term="decoder distribution",
        ),
    ] = "learned"
    sigma: Annotated[
        float,
        Field(
            "width that these begin with, or keep when it is fixed, of values in −1..1",
            1e-4,
            10,
            scale="log",
            term="decoder distribution",
        ),
    ] = 0.2
    floor: Annotated[
        float,
        Field(
            "what a width cannot fall below; without it values that never change make the density infinite",
            1e-4,
            1,
            scale="log",
            term="decoder distribution",
        ),
    ] = 1 / 128
    networks: Annotated[
        Literal["dense", "convolutional"], Field("dense layers, or DCGAN's convolutions below them for images")
    ] = "dense"
    width: Annotated[int, Field("units of a hidden dense layer", 1, 8192, "units", essential=True, scale="log")] = 500
    layers: Annotated[int, Field("hidden dense layers of encoder and decoder each", 0, 8, "layers")] = 1
    channels: Annotated[
        int,
        Field(
            "of convolutional networks, channels next to the image; deeper layers have up to 8 times as many",
            4,
            512,
            "channels",
            scale="log",
        ),
    ] = 32
    activation: Annotated[
        Literal["tanh", "relu", "elu", "sigmoid"], Field("what stands behind each hidden dense layer")
    ] = "tanh"
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
    """What an encoder says of B examples: a diagonal Gaussian, B×d, and what a system asks for besides, B×C."""

    mean: Tensor
    log_sigma: Tensor
    context: Tensor


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


class Variational(Model):
    """A variational autoencoder of images, binary vectors or points."""

    recipe: VariationalRecipe
    draws = "means"
    weighted = 64
    context = 0
    """Numbers that the encoder says besides mean and log σ."""
    gauges = (Gauge("active units/of a minibatch", "latents in use", good=(0.1, 1.0)),)

    taken: Tensor
    """Steps so far, for β."""

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.encoder = self.features()
        self.head = Head(self.encoder.out, r.latent, r.latent, *[self.context] * bool(self.context))
        self.emission = self.emitted()
        self.decoder = self.writer(self.emission.outputs)
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))

    # --- networks, as the recipe has them

    def features(self) -> Features:
        """Examples to the features that the encoder reads its posterior off."""
        r = self.recipe
        return Features(self.data, r.networks, r.width, r.layers, r.channels, r.activation)

    def writer(self, outputs: int) -> Writer:
        """Latents to what the decoder says, so many numbers for each value."""
        r = self.recipe
        return Writer(self.data, r.networks, r.latent, r.width, r.layers, r.channels, r.activation, outputs)

    def emitted(self) -> Emission:
        """p(x|z), given what the decoder says."""
        r = self.recipe
        if r.decoder == "bernoulli":
            return Bits()
        if r.decoder == "logistic":
            return Logistic(r.spread, r.sigma, r.floor)
        return Gaussian(r.spread, r.sigma, r.floor, images=self.data.kind == "images")

    # --- posterior and prior: what a system may say otherwise

    def posterior(self, x: Tensor) -> Posterior:
        """What the encoder says of examples as they are held, B×shape."""
        mean, log_sigma, *more = self.head(self.encoder(x))
        return Posterior(mean, log_sigma.clamp(-WIDEST, WIDEST), more[0] if more else mean[:, :0])

    def sample(self, q: Posterior, noise: Tensor) -> Sampled:
        """Latents of the posterior from N(0, 1) noise S×B×d: z = μ + σ ε, with gradients to what the encoder says."""
        z = q.mean + q.log_sigma.exp() * noise
        return Sampled(z, standard(noise) - q.log_sigma, standard(z))

    def divergence(self, q: Posterior) -> Tensor | None:
        """KL(q(z_j|x) ‖ p(z_j)) of each dimension, B×d in nats: ½ (μ² + σ² − 1 − log σ²); None where it has no closed
        form."""
        return (q.mean.square() + (2 * q.log_sigma).exp() - 1) / 2 - q.log_sigma

    def unravel(self, code: Tensor) -> Tensor:
        """What the decoder's network takes, of what ``decode`` takes, N×d: the same."""
        return code

    # --- the bound

    def held(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        how = self.recipe.binarise
        if self.data.kind == "vectors" or self.recipe.decoder != "bernoulli" or how == "none":
            return x
        return binarised(x, how, generator)

    def reconstructed(self, x: Tensor, z: Tensor, generator: Generator | None = None) -> Tensor:
        """log p(x|z) in nats, S×B, of examples B×shape and latents S×B×d as the decoder's network takes them."""
        repeated = x.expand(len(z), *x.shape).flatten(0, 1)
        found = self.emission.log_probability(repeated, self.decoder(z.flatten(0, 1)), generator)
        return found.view(z.shape[:2])

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

    @property
    def likelihood(self) -> str:
        """Raises AttributeError where grey levels are taken for probabilities: there is no likelihood then."""
        r = self.recipe
        if not self.scores:
            raise AttributeError("the cross-entropy of grey levels is no likelihood; binarise them")
        if r.decoder == "gaussian":
            return "lower bound (ELBO" + (", uniform dequantisation)" if self.emission.noisy else ")")
        if r.decoder == "logistic":
            return "lower bound (ELBO)"
        how = {"dynamic": ", bits drawn anew", "threshold": ", bits by threshold"}.get(r.binarise, "")
        return f"lower bound (ELBO{how if self.data.kind == 'images' else ''})"

    @property
    def scores(self) -> bool:
        """Whether p(x|z) is of the examples as they are held."""
        r = self.recipe
        return not (self.data.kind == "images" and r.decoder == "bernoulli" and r.binarise == "none")

    @property
    def in_bits(self) -> bool:
        return self.data.kind == "images" and self.recipe.decoder != "bernoulli"

    @property
    def chance(self) -> str:
        return "the latent and the noise" if self.emission.noisy else "the latent"

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

    @property
    def prior(self) -> Prior:
        return Prior.of("normal", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        """The mean of p(x|z)."""
        return self.emission.mean(self.decoder(self.unravel(z)))

    def encode(self, x: Tensor) -> Tensor:
        return self.centre(self.posterior(self.held(x) if self.recipe.binarise == "threshold" else x))

    def embed(self, x: Tensor) -> Tensor:
        """The posterior's mean."""
        return self.encode(x)


def standard(z: Tensor) -> Tensor:
    """log N(z; 0, 1) of each value, in nats."""
    return -z.square() / 2 - LOG_TWO_PI / 2


def active(means: Tensor) -> Tensor:
    """Which latents are active among examples with these posterior means, B×d: bool d."""
    return means.var(0, unbiased=False) > ACTIVE


def variational_problems(model: str, values: VariationalRecipe, data: DataSpec) -> list[Problem]:
    """What keeps such a model from being built for this dataset, in words; empty when nothing does."""
    if data.kind not in ("images", "vectors", "points"):
        return [
            Problem(
                "",
                f"{model} takes images, binary vectors and points; {data.name} holds {data.kind}. Choose another model",
            )
        ]
    found = training_problems(values, data)
    suitable = {"images": ("bernoulli", "gaussian", "logistic"), "vectors": ("bernoulli",), "points": ("gaussian",)}
    if values.decoder not in suitable[data.kind]:
        found.append(Problem("decoder", f"of {data.kind} it is {suitable[data.kind][0]}, not {values.decoder}"))
    if values.networks == "convolutional":
        if data.kind == "images":
            found += image_problems(model, data)
        else:
            found.append(Problem("networks", f"convolutions are for images; {data.name} holds {data.kind}: take dense"))
    if values.objective == "iwae" and values.free:
        found.append(Problem("free", "free bits are of the ELBO; with iwae set them to 0"))
    return found
