"""The autoencoder. Hinton & Salakhutdinov 2006, Reducing the Dimensionality of Data with Neural Networks.

An encoder f squeezes an example into a few numbers, a decoder g makes it again, and what is descended is how far
g(f(x)) is from x. Without hidden layers both are linear, and the best that they can do is the plane of the principal
components (Bourlard & Kamp 1988; Baldi & Hornik 1989).

It knows no distribution of its codes. So that they can be drawn, moved and looked at as those of other models can, a
Gaussian is fitted to them while it trains, and a latent is a code as that Gaussian has it: with mean 0, variance 1 and
no correlation. Samples are samples of this fit, and as good as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, image_problems, pixels, training_problems
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.flow import epochs
from studio.models.core.model import Batch, Loss, Model, Optimiser, Paper, Prior, Update
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.coding import Features, Head, Writer


@recipe
class AutoencoderRecipe(ConstrainedRecipe):
    """The paper's network for digits, 784-1000-500-250-30 and back."""

    steps: int = 100_000
    batch: int = 128
    latent: Annotated[
        int, Field("numbers that an example is squeezed into", 1, 1024, "dimensions", essential=True, term="code")
    ] = 30
    error: Annotated[
        Literal["squared", "cross-entropy"],
        Field(
            "what is descended: the squared distance, or the cross-entropy of grey levels, which ends above 0",
            essential=True,
            term="autoencoder",
        ),
    ] = "squared"
    width: Annotated[
        int,
        Field(
            "units of the dense layer next to the example; each further one has half as many",
            1,
            8192,
            "units",
            essential=True,
            scale="log",
        ),
    ] = 1000
    layers: Annotated[
        int,
        Field(
            "hidden layers of encoder and decoder each; 0 makes both linear: principal components",
            0,
            8,
            "layers",
            essential=True,
            term="autoencoder",
        ),
    ] = 3
    activation: Annotated[
        Literal["tanh", "relu", "elu", "sigmoid"], Field("what stands behind each hidden dense layer")
    ] = "elu"
    networks: Annotated[
        Literal["dense", "convolutional"], Field("dense layers, or DCGAN's convolutions below them for images")
    ] = "dense"
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
    rate: Annotated[
        float, Field("learning rate", 1e-7, 1, essential=True, group="Optimiser", scale="log", term="rate")
    ] = 1e-3
    decay: Annotated[
        float,
        Field(
            "weight decay: the share of every weight that is added to its gradient",
            0,
            1,
            group="Optimiser",
            term="weight decay",
        ),
    ] = 0.0


class Fit(nn.Module):
    """A Gaussian fitted to codes B×d that pass by: their mean and covariance, of the last hundred batches or so."""

    mean: Tensor
    second: Tensor
    seen: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("second", torch.eye(size))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.kept: Tensor | None = None

    @torch.no_grad()
    def follow(self, codes: Tensor) -> None:
        self.seen += 1
        share = (1 / self.seen).clamp(min=0.01)
        self.mean.lerp_(codes.mean(0), share)
        self.second.lerp_(codes.T @ codes / len(codes), share)

    def keep(self) -> None:
        """Nothing passes by any more: the root is worked out for good."""
        self.kept = None
        self.kept = self.root()

    @torch.no_grad()
    def root(self) -> Tensor:
        """A lower triangle whose square is the covariance, d×d; never singular."""
        if self.kept is not None:
            return self.kept
        covariance = self.second - self.mean[:, None] * self.mean
        least = 1e-4 * covariance.diagonal().mean().clamp(min=1e-6)
        values, axes = torch.linalg.eigh(covariance)
        root: Tensor = torch.linalg.cholesky((axes * torch.maximum(values, least)) @ axes.T)
        return root

    def latents(self, codes: Tensor) -> Tensor:
        found: Tensor = torch.linalg.solve_triangular(self.root(), (codes - self.mean).T, upper=False)
        return found.T

    def codes(self, latents: Tensor) -> Tensor:
        return self.mean + latents @ self.root().T


class Autoencoder(Model):
    """See the top of this file."""

    title = "Autoencoder"
    paper = Paper("Hinton, Salakhutdinov", 2006, "Reducing the Dimensionality of Data with Neural Networks", "")
    about = (
        "Squeezes examples through a few numbers and makes them again; samples are of a Gaussian fitted to its codes."
    )
    recipe_type = AutoencoderRecipe
    recipe: AutoencoderRecipe
    draws = "means"

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        widths = [max(1, r.width >> i) for i in range(r.layers)]
        self.features = Features(data, r.networks, widths, r.channels, r.activation)
        self.head = Head(self.features.out, r.latent)
        self.writer = Writer(data, r.networks, r.latent, widths[::-1], r.channels, r.activation)
        self.fit = Fit(r.latent)

    # --- training

    def updates(self) -> Sequence[Update]:
        return [Update("autoencoder", self, self.loss, self.optimiser(), averaged=True)]

    def optimiser(self) -> Optimiser:
        return Optimiser("adam", self.recipe.rate, weight_decay=self.recipe.decay)

    def loss(self, batch: Batch) -> Loss:
        """Of an example, summed over its values: (x − g(f(x)))² with values in 0..1, or the cross-entropy in nats; the
        mean of a batch."""
        codes = self.code(batch.x)
        if self.training:
            self.fit.follow(codes.detach())
        said = self.writer(codes)[:, 0].float()
        if self.recipe.error == "squared":
            each = ((batch.x - said) / 2).square()
        else:
            each = softplus(said) - (batch.x + 1) / 2 * said
        return Loss(each.flatten(1).sum(1).mean(), self.reconstruction(batch.x, self.seen(said.detach())))

    def reconstruction(self, x: Tensor, made: Tensor) -> dict[str, Tensor]:
        """The mean of ‖x − g(f(x))‖₂, and beside it that of ‖x′ − g(f(x))‖₂ for another example x′: only what is below
        it is reconstruction; and the squared error of an example, of which papers report the mean."""
        off = [((made - to) / 2).flatten(1).norm(dim=1) for to in (x, x.roll(1, 0))]
        return {
            "reconstruction/‖x − g(f(x))‖": off[0].mean(),
            "reconstruction/‖x′ − g(f(x))‖, x′ another example": off[1].mean(),
            "squared error/of an example, values in 0..1": off[0].square().mean(),
        }

    # --- capabilities

    def code(self, x: Tensor) -> Tensor:
        """f(x), B×latent: the paper's code, before the fit."""
        code: Tensor = self.head(self.features(x))[0]
        return code

    def seen(self, said: Tensor) -> Tensor:
        """What the decoder says as an example."""
        if self.recipe.error == "cross-entropy":
            return (said / 2).tanh()
        return said.clamp(-1, 1)

    def hold(self) -> None:
        self.fit.keep()

    @property
    def prior(self) -> Prior:
        return Prior.of("normal", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        return self.seen(self.writer(self.fit.codes(z.float()))[:, 0].float())

    def encode(self, x: Tensor) -> Tensor:
        return self.fit.latents(self.code(x))

    def embed(self, x: Tensor) -> Tensor:
        """The code."""
        return self.code(x)

    def illustrate(self, batch: Batch) -> dict[str, Tensor]:
        made = self.decode(self.encode(batch.x))
        return {"example": self.pictured(batch.x), "made again": self.pictured(made)}

    def pictured(self, x: Tensor) -> Tensor:
        """Examples as pictures: of a vector the grid that it is seen as."""
        if self.data.kind == "images":
            return x
        height, width = self.data.size
        grid: Tensor = nn.functional.pad(x, (0, height * width - x.shape[1]), value=-1)
        return grid.view(-1, 1, height, width)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, AutoencoderRecipe)
        if not data.pictured:
            what = f"an {cls.title.lower()} takes images and binary vectors; {data.name} holds {data.kind}"
            return [Problem("", f"{what}. Choose another model")]
        found = training_problems(recipe, data)
        if recipe.networks == "convolutional":
            if data.kind == "images":
                found += image_problems(cls.title, data)
            else:
                found.append(
                    Problem("networks", f"convolutions are for images; {data.name} holds {data.kind}: take dense")
                )
        return found

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Fewer units than the paper's: what two processor cores train in minutes.
        steps = epochs(data, 40, 128, 10_000)
        if data.kind == "vectors":
            return {"latent": 10, "width": 100, "layers": 1, "error": "cross-entropy", "steps": steps}
        if pixels(data) <= TINY:
            return {"latent": 10, "width": 128, "layers": 2, "steps": steps}
        if data.channels == 1 and pixels(data) <= SMALL:
            return {"width": 512, "steps": steps}
        convolutions: dict[str, Value] = {"networks": "convolutional", "channels": 16, "width": 256, "layers": 1}
        return {**convolutions, "latent": 64, "batch": 64, "rate": 5e-4, "steps": 8000}
