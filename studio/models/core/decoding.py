"""What models of latents share whose decoder says a distribution of each value: p(x|z), its forms and its networks.

z ~ N(0, 1), x ~ p(x|z), and an example is scored by draws of z that its system finds for it, however it does.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from torch import Generator, Tensor

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import image_problems, training_problems
from studio.models.core.binary import binarised
from studio.models.core.constraints.recipe import ConstrainedRecipe
from studio.models.core.model import Model, Prior
from studio.models.core.recipe import Field, Problem, recipe
from studio.nn.coding import Features, Writer
from studio.nn.emission import Bits, Emission, Gaussian, Logistic

LOG_TWO_PI = math.log(2 * math.pi)


@recipe
class DecoderRecipe(ConstrainedRecipe):
    """A decoder of latents, and networks for it and for what finds the latents."""

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


class Decoding(Model):
    """A model of images, binary vectors or points; a system makes ``emission`` and ``decoder`` in its ``build``."""

    recipe: DecoderRecipe
    draws = "means"
    weighted = 64
    bound = "ELBO"
    """What one draw of ``log_likelihood`` is on average, for its label."""
    emission: Emission
    decoder: Writer

    # --- networks, as the recipe has them

    def features(self) -> Features:
        """Examples to the features that the encoder reads its posterior off."""
        r = self.recipe
        return Features(self.data, r.networks, [r.width] * r.layers, r.channels, r.activation)

    def writer(self, outputs: int) -> Writer:
        """Latents to what the decoder says, so many numbers for each value."""
        r = self.recipe
        return Writer(self.data, r.networks, r.latent, [r.width] * r.layers, r.channels, r.activation, outputs)

    def emitted(self) -> Emission:
        """p(x|z), given what the decoder says."""
        r = self.recipe
        if r.decoder == "bernoulli":
            return Bits()
        if r.decoder == "logistic":
            return Logistic(r.spread, r.sigma, r.floor)
        return Gaussian(r.spread, r.sigma, r.floor, images=self.data.kind == "images")

    # --- likelihood

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

    @property
    def likelihood(self) -> str:
        """Raises AttributeError where grey levels are taken for probabilities: there is no likelihood then."""
        r = self.recipe
        if not self.scores:
            raise AttributeError("the cross-entropy of grey levels is no likelihood; binarise them")
        how = ""
        if self.emission.noisy:
            how = ", uniform dequantisation"
        elif self.data.kind == "images" and r.decoder == "bernoulli":
            how = {"dynamic": ", bits drawn anew", "threshold": ", bits by threshold"}[r.binarise]
        return f"lower bound ({self.bound}{how})"

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

    # --- from latents to examples

    def unravel(self, code: Tensor) -> Tensor:
        """What the decoder's network takes, of what ``decode`` takes, N×d: the same."""
        return code

    @property
    def prior(self) -> Prior:
        return Prior.of("normal", self.recipe.latent)

    def decode(self, z: Tensor) -> Tensor:
        """The mean of p(x|z)."""
        return self.emission.mean(self.decoder(self.unravel(z)))


def standard(z: Tensor) -> Tensor:
    """log N(z; 0, 1) of each value, in nats."""
    return -z.square() / 2 - LOG_TWO_PI / 2


def decoder_problems(model: str, values: DecoderRecipe, data: DataSpec) -> list[Problem]:
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
    return found
