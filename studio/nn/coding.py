"""Networks of encoders and decoders: dense ones, and for images those of DCGAN (:mod:`studio.nn.pyramid`)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.nn.pyramid import Trunk, Upward

Networks = Literal["dense", "convolutional"]
Activation = Literal["tanh", "relu", "elu", "sigmoid"]
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "elu": nn.ELU, "sigmoid": nn.Sigmoid}


class Hidden(nn.Sequential):
    """Dense layers with an activation behind each: B×widths[0] to B×``out``, which is widths[-1]. With one width it is
    the identity. Weights start as Glorot and Bengio 2010 have them, biases at 0."""

    def __init__(self, *widths: int, activation: Activation) -> None:
        layers: list[nn.Module] = []
        for into, out in itertools.pairwise(widths):
            layers += [started(nn.Linear(into, out)), ACTIVATIONS[activation]()]
        super().__init__(*layers)
        self.out = widths[-1]


def started(layer: nn.Linear) -> nn.Linear:
    """The same, as Glorot and Bengio 2010 start it."""
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Features(nn.Module):
    """Examples B×shape to features B×``out``.

    Args:
        widths: of the dense layers; of convolutional networks those above the convolutions.
        channels: of convolutional networks, next to the image.
    """

    def __init__(
        self, data: DataSpec, networks: Networks, widths: Sequence[int], channels: int, activation: Activation
    ) -> None:
        super().__init__()
        self.below = Trunk(data.channels, data.size, channels, "none") if networks == "convolutional" else nn.Flatten()
        into = self.below.out if isinstance(self.below, Trunk) else math.prod(data.shape)
        self.dense = Hidden(into, *widths, activation=activation)
        self.out = self.dense.out

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.below(x))  # type: ignore[no-any-return]


class Writer(nn.Module):
    """Latents N×latent to ``outputs`` numbers for each value of an example, N×outputs×shape: dense layers of these
    widths, in this order, and then the way that :class:`Features` came."""

    def __init__(
        self,
        data: DataSpec,
        networks: Networks,
        latent: int,
        widths: Sequence[int],
        channels: int,
        activation: Activation,
        outputs: int = 1,
    ) -> None:
        super().__init__()
        self.shape = (outputs, *data.shape)
        self.dense = Hidden(latent, *widths, activation=activation)
        self.last: nn.Module
        if networks == "convolutional":
            self.last = Upward(
                self.dense.out, data.channels * outputs, data.size, channels, "none", bounded=False
            )  # fmt: skip
        else:
            self.last = started(nn.Linear(self.dense.out, math.prod(self.shape)))

    def forward(self, z: Tensor) -> Tensor:
        said: Tensor = self.last(self.dense(z))
        return said.reshape(len(z), *self.shape)


class Head(nn.Module):
    """Features B×into to several groups of numbers, float32 whatever the precision around: log σ of a latent decides
    over nats, and bfloat16 has three digits."""

    def __init__(self, into: int, *sizes: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.linear = started(nn.Linear(into, sum(sizes)))

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast(features.device.type, enabled=False):
            said = self.linear(features.to(self.linear.weight.dtype))
        return tuple(torch.split(said, list(self.sizes), dim=1))
