"""Adversarial variational Bayes. Mescheder, Nowozin and Geiger 2017, arXiv:1701.04722.

The encoder is given noise beside the example, z = z_φ(x, ε), and so its posterior can have any shape; but nobody can
say log q(z|x). The bound needs it, and an adversary finds it: T, a logistic regression that tells pairs (x, z) of the
encoder from pairs with z of the prior, is at its best T*(x, z) = log q(z|x) − log p(z) (section 3.1). Encoder and
decoder raise E [log p(x|z) − T(x, z)]; that T* itself depends on φ does not matter, as E_q ∇φ T* = 0 (section 3.2).

Far from each other q and p are easily told apart, and T* is hard to learn. With adaptive contrast (section 4) the
reference is r(z|x), the Gaussian that has the moments of q(z|x), and the rest, log r − log p, is known.

The value of T makes no bound: a T short of its best finds too small a KL. What is reported as likelihood is therefore
found by importance sampling from r(z|x), made a little wider: a bound whatever T and the encoder are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import elu, softplus

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, pixels
from studio.models.core.decoding import DecoderRecipe, Decoding, decoder_problems, standard
from studio.models.core.flow import epochs
from studio.models.core.model import Batch, Inferred, Level, Loss, Optimiser, Paper, Scheduled, Update
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.coding import Features, Hidden, started

FLOOR = 1e-4
"""Added to the variance of r(z|x), wherever it is used."""
WIDENED = 1.2
"""By what the variance of r(z|x) is multiplied where latents are drawn from it: tails that are too light cost more
than tails that are too heavy."""
WIDE = 32
"""Units of the layer that makes a basis variable of its noise."""
LAST = 0.01
"""Of a falling rate, what is left of it at the end."""
SURE = 256
"""Noise vectors that the moments of q(z|x) are found by where they are shown or drawn from; always the same ones."""


@recipe
class AVBRecipe(DecoderRecipe):
    """A decoder, an encoder that is given noise, and the adversary."""

    steps: int = 200_000
    latent: int = 32
    width: int = 256
    activation: Literal["tanh", "relu", "elu", "sigmoid"] = "elu"
    noise: Annotated[
        int, Field("numbers ε that the encoder is given beside an example", 1, 1024, "dimensions", term="latent")
    ] = 64
    encoder: Annotated[
        Literal["joined", "basis"],
        Field(
            "how the noise enters: the layers see it beside the features; or z is a sum of basis variables made of "
            "noise alone, which the example weighs, so that their moments serve every example",
            term="adaptive contrast",
        ),
    ] = "basis"
    basis: Annotated[int, Field("with basis, variables in the sum", 1, 256, "variables", term="adaptive contrast")] = 16
    contrast: Annotated[
        bool,
        Field(
            "adaptive contrast: the adversary tells the posterior from a Gaussian of its moments, not from the prior",
            essential=True,
            term="adaptive contrast",
        ),
    ] = True
    moments: Annotated[
        int, Field("noise vectors that the moments are found by at each step", 2, 1024, "draws", scale="log")
    ] = 64
    units: Annotated[int, Field("units of a layer of the adversary", 1, 4096, "units", scale="log")] = 256
    adversary_steps: Annotated[
        int, Field("moves of the adversary for each of the others", 1, 100, "moves", essential=True, term="adversary")
    ] = 1
    rate: Annotated[
        float,
        Field(
            "learning rate of encoder and decoder",
            1e-7,
            1,
            essential=True,
            group="Optimiser",
            scale="log",
            term="rate",
        ),
    ] = 1e-4
    adversary_rate: Annotated[
        float, Field("learning rate of the adversary", 1e-7, 1, group="Optimiser", scale="log", term="rate")
    ] = 2e-4
    falling: Annotated[
        bool,
        Field(
            "let the rate of encoder and decoder fall to a hundredth over the second half, so that the adversary, "
            "whose rate stays, comes to its best",
            group="Optimiser",
            term="rate",
        ),
    ] = False
    beta1: Annotated[float, Field("Adam's memory of the gradient", 0, 0.999, group="Optimiser", term="adam")] = 0.5


class Joined(nn.Module):
    """z of features and noise that two layers see side by side: any posterior."""

    def __init__(self, features: int, r: AVBRecipe) -> None:
        super().__init__()
        self.draws = (r.noise,)
        self.of_x = started(nn.Linear(features, r.width))
        self.of_noise = nn.Linear(r.noise, r.width, bias=False)
        self.last = nn.Sequential(nn.ELU(), *Hidden(r.width, r.width, activation="elu"), nn.Linear(r.width, r.latent))

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        """S×B×d of features B×F and noise S×B×e, or S×1×e for all examples."""
        return self.last(self.of_x(features) + self.of_noise(noise)).float()  # type: ignore[no-any-return]

    def moments(self, features: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of q(z|x), B×d, by noise S×1×e."""
        z = self(features, noise)
        return z.mean(0), z.var(0)


class Basis(nn.Module):
    """z = b(x) + Σ a_i(x) ⊙ v_i(ε_i), a sum of m basis variables, each made of noise of its own (section 4, and the
    authors' code). Their moments do not depend on x, so many draws of them cost little."""

    def __init__(self, features: int, r: AVBRecipe) -> None:
        super().__init__()
        self.draws = (r.basis, r.noise)
        self.shape = (r.basis, r.latent)
        self.weigh = started(nn.Linear(features, r.basis * r.latent))
        self.shift = started(nn.Linear(features, r.latent))
        self.into = nn.Parameter(torch.randn(r.basis, r.noise, WIDE) / r.noise**0.5)
        self.bias = nn.Parameter(torch.randn(r.basis, 1, WIDE))
        self.out = nn.Parameter(torch.randn(r.basis, WIDE, r.latent) * (2 / WIDE) ** 0.5)

    def variables(self, noise: Tensor) -> Tensor:
        """v, S×B×m×d, of noise S×B×m×e."""
        rows = noise.flatten(0, 1).transpose(0, 1)
        made = elu(rows @ self.into + self.bias) @ self.out
        return made.transpose(0, 1).reshape(*noise.shape[:2], *self.shape).float()

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        """S×B×d of features B×F and noise S×B×m×e, or S×1×m×e for all examples."""
        weights, shift = self.read(features)
        return shift + (weights * self.variables(noise)).sum(-2)

    def moments(self, features: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of q(z|x), B×d, with those of the basis by noise S×1×m×e."""
        weights, shift = self.read(features)
        v = self.variables(noise)[:, 0]
        return shift + (weights * v.mean(0)).sum(-2), (weights.square() * v.var(0)).sum(-2)

    def read(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """a, B×m×d, and b, B×d."""
        weights = self.weigh(features).float().view(-1, *self.shape)
        return weights, self.shift(features).float()


class Encoder(nn.Module):
    """z_φ(x, ε) and the moments of its distribution."""

    def __init__(self, features: Features, r: AVBRecipe) -> None:
        super().__init__()
        self.features = features
        self.noisy = (Joined if r.encoder == "joined" else Basis)(features.out, r)

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        return self.noisy(features, noise)  # type: ignore[no-any-return]

    @torch.no_grad()
    def moments(self, features: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """μ and σ of r(z|x), B×d; no gradient passes them."""
        mean, variance = self.noisy.moments(features.detach(), noise)
        return mean, (variance + FLOOR).sqrt()

    def noise(self, *count: int, generator: Generator | None = None) -> Tensor:
        """N(0, 1), count×…"""
        device = next(self.parameters()).device
        return torch.randn((*count, *self.noisy.draws), generator=generator, device=device)


class Adversary(nn.Module):
    """T(x, z) = θ(x)ᵀ s(z) + t(x) + u(z) + ½‖z‖², B, as in the authors' code: the last term is what is known of T*,
    −log of a standard normal reference."""

    def __init__(self, features: Features, r: AVBRecipe) -> None:
        super().__init__()
        self.of_x = nn.Sequential(features, started(nn.Linear(features.out, r.units + 1)))
        layers = Hidden(r.latent, r.units, r.units, activation="elu")
        self.of_z = nn.Sequential(layers, started(nn.Linear(r.units, r.units + 1)))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        theta, s = self.of_x(x).float(), self.of_z(z).float()
        inner = (theta[:, 1:] * s[:, 1:]).sum(1) / s.shape[1] ** 0.5
        return inner + theta[:, 0] + s[:, 0] + z.square().sum(1) / 2  # type: ignore[no-any-return]


class AVB(Decoding):
    """See the top of this file."""

    title = "Adversarial variational Bayes"
    paper = Paper(
        "Mescheder, Nowozin, Geiger",
        2017,
        "Adversarial Variational Bayes: Unifying Variational Autoencoders and Generative Adversarial Networks",
        "1701.04722",
    )
    about = "A VAE whose posterior has any shape: an adversary finds the KL that nobody can write down."
    recipe_type = AVBRecipe
    recipe: AVBRecipe
    bound = "Gaussian proposal with the posterior's moments"
    levels = (Level("adversary", "balance: cannot tell, log 2", 0.6931, "adversary"),)

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.emission = self.emitted()
        self.encoder = Encoder(self.features(), r)
        self.decoder = self.writer(self.emission.outputs)
        self.adversary = Adversary(Features(data, r.networks, [r.units], r.channels, "elu"), r)
        self.pair = nn.ModuleList([self.encoder, self.decoder, self.emission])

    def updates(self) -> Sequence[Update]:
        r = self.recipe
        return [
            Update(
                "adversary",
                self.adversary,
                self.adversary_loss,
                Optimiser("adam", r.adversary_rate, r.beta1),
                times=r.adversary_steps,
                full_precision=True,
            ),
            Update(
                "autoencoder",
                self.pair,
                self.loss,
                Optimiser("adam", r.rate, r.beta1),
                averaged=True,
                full_precision=True,
                schedule=falling(r.steps) if r.falling else None,
            ),
        ]

    def adversary_loss(self, batch: Batch) -> Loss:
        """−E log σ(T(x, z)) of z ~ q(z|x) − E log (1 − σ(T(x, z))) of z of the reference, halved: their mean."""
        x = self.held(batch.x)
        with torch.no_grad():
            z, mean, sigma = self.drawn(x)
        on_posterior = self.adversary(x, (z - mean) / sigma)
        on_reference = self.adversary(x, torch.randn_like(z))
        value = (softplus(-on_posterior).mean() + softplus(on_reference).mean()) / 2
        return Loss(value, {"adversary/cross-entropy": value.detach()})

    def loss(self, batch: Batch) -> Loss:
        """−E log p(x|z) + E [T(x, z̄) + log r(z|x) − log p(z)], z̄ = (z − μ)/σ; without contrast r is p, and z̄ is z."""
        x = self.held(batch.x)
        z, mean, sigma = self.drawn(x)
        told, known = self.divergence(x, z, mean, sigma)
        reconstruction = self.reconstructed(x, z[None])[0]
        divergence = (told + known).detach()
        shows = {
            "elbo/as the adversary has it, no bound": (reconstruction.detach() - divergence).mean(),
            "elbo/reconstruction": reconstruction.detach().mean(),
            "kl/KL(q‖p), as the adversary has it": divergence.mean(),
        }
        return Loss((told + known - reconstruction).mean(), shows, {"kl/of each example": divergence})

    def drawn(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One z ~ q(z|x) of each example, B×d, and μ and σ of the reference: 0 and 1 without contrast."""
        features = self.encoder.features(x)
        z = self.encoder(features, self.encoder.noise(1, len(x)))[0]
        if not self.recipe.contrast:
            return z, torch.zeros_like(z), torch.ones_like(z)
        return z, *self.encoder.moments(features, self.encoder.noise(self.recipe.moments, 1))

    def divergence(self, x: Tensor, z: Tensor, mean: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """What the adversary says, an estimate of log q − log r, and what is known, log r − log p; nats, B each."""
        scaled = (z - mean) / sigma
        known = (standard(scaled) - sigma.log() - standard(z)).sum(1)
        return self.adversary(x, scaled), known

    # --- capabilities

    def proposal(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and σ of r(z|x), B×d, of examples as they are held. Nothing is left to chance."""
        features = self.encoder.features(x)
        noise = self.encoder.noise(SURE, 1, generator=torch.Generator(x.device).manual_seed(0))
        return self.encoder.moments(features, noise)

    def infer(self, x: Tensor, samples: int = 1, generator: Generator | None = None) -> Inferred:
        """Of r(z|x), the Gaussian of the posterior's moments, somewhat wider: its samples and weights, and its KL. The
        mean is the posterior's own, which has samples of its own too."""
        mean, sigma = self.proposal(x)
        sigma = sigma * WIDENED**0.5
        noise = torch.randn((samples, *mean.shape), generator=generator, device=mean.device)
        z = mean + sigma * noise
        reconstruction = self.reconstructed(x, z, generator)
        return Inferred(
            mean=mean,
            z=z,
            reconstruction=reconstruction,
            kl=(mean.square() + sigma.square() - 1) / 2 - sigma.log(),
            log_weights=reconstruction + (standard(z) - standard(noise) + sigma.log()).sum(-1),
            kl_estimator="closed form, of a Gaussian with the posterior's moments",
            posterior=self.posterior(x, samples, generator),
        )

    def posterior(self, x: Tensor, samples: int, generator: Generator | None = None) -> Tensor:
        """z ~ q(z|x), S×B×d, of examples as they are held."""
        noise = self.encoder.noise(samples, len(x), generator=generator)
        return self.encoder(self.encoder.features(x), noise)  # type: ignore[no-any-return]

    def log_likelihood(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """One log-weight of each example, with z of r(z|x)."""
        return self.infer(self.held(x, generator), 1, generator).log_weights[0]

    def encode(self, x: Tensor) -> Tensor:
        """The mean of q(z|x)."""
        return self.proposal(self.held(x) if self.recipe.binarise == "threshold" else x)[0]

    def embed(self, x: Tensor) -> Tensor:
        """The mean of q(z|x)."""
        return self.encode(x)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, AVBRecipe)
        return decoder_problems(cls.title, recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Smaller than the paper's: networks that two processor cores train in minutes.
        few: dict[str, Value] = {"latent": 2, "noise": 16, "encoder": "joined", "contrast": False, "width": 64}
        quick: dict[str, Value] = {"rate": 5e-4, "adversary_rate": 1e-3}
        if data.kind == "points":
            points: dict[str, Value] = {"decoder": "gaussian", "sigma": 0.5, "floor": 0.01, "batch": 256}
            return {**few, **quick, **points, "units": 128, "adversary_steps": 2, "steps": 8000}
        steps = epochs(data, 60, 128, 15_000)
        if data.kind == "vectors" and data.shape[0] <= 8:
            return {**few, **quick, "falling": True, "batch": 256, "units": 128, "adversary_steps": 2, "steps": 8000}
        if data.kind == "vectors":
            return {**quick, "latent": 8, "width": 128, "units": 128, "noise": 16, "steps": steps}
        if data.channels == 1 and pixels(data) <= SMALL:
            tiny = pixels(data) <= TINY
            dense: dict[str, Value] = {"width": 128 if tiny else 300, "units": 128 if tiny else 256, "layers": 2}
            return {**quick, **dense, "latent": 8 if tiny else 16, "noise": 16, "steps": steps}
        large: dict[str, Value] = {"networks": "convolutional", "decoder": "logistic", "batch": 64, "channels": 16}
        return {**large, "rate": 2e-4, "adversary_rate": 4e-4, "noise": 16, "steps": 20_000}


def falling(steps: int) -> Callable[[int], Scheduled]:
    """The whole rate for half of the steps, then less by the same share at each, to :data:`LAST` at the end."""
    return lambda cycle: Scheduled(LAST ** min(max(2 * cycle / steps - 1, 0), 1))
