"""Multi-scale PixelRNN: every s-th pixel of every s-th row first, then all others, given those. Van den Oord et al.
2016, arXiv:1601.06759, section 3.6.

log p(x) = log p(x_s) + log p(x | x_s): a network of its own draws the small picture x_s; it is enlarged by transposed
convolutions to a map that is told to every layer of the network that draws the rest. Pixels of x_s are drawn once: the
second network passes over them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.model import Course
from studio.models.core.pixel_rnn import Drawing, PixelRNNRecipe, Recurrent
from studio.models.core.raster import in_order
from studio.models.core.recipe import Field, recipe


@recipe
class MultiscaleRecipe(PixelRNNRecipe):
    """Of both networks."""

    layers: Annotated[
        int, Field("LSTM layers of the network that draws the rest; the small one has half as many", 1, 24, "layers")
    ] = 7
    scale: Annotated[
        int, Field("s: the small picture has every s-th pixel of every s-th row", 2, 8, "px", essential=True)
    ] = 2
    told: Annotated[
        int, Field("features that tell the small picture to the second network", 4, 512, "features", scale="log")
    ] = 16
    direction: Annotated[Literal["row", "diagonal"], Field("which way the LSTMs run", essential=True, term="lstm")] = (
        "row"
    )


class Enlarged(nn.Module):
    """B×channels×h×w to B×told×H×W, of whatever lies around each pixel; no mask: all of it is known."""

    def __init__(self, channels: int, told: int, scale: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, told, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(told, told, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(told, told, scale, stride=scale),
            nn.ReLU(),
        )

    def forward(self, small: Tensor, size: tuple[int, int]) -> Tensor:
        enlarged: Tensor = self.layers(small)
        return enlarged[..., : size[0], : size[1]]


class MultiscalePixelRNN(Recurrent):
    """See the top of this file."""

    title = "Multi-scale PixelRNN"
    about = (
        "Draws a small picture first, then the pixels between its own given all of it: the whole before the details."
    )
    recipe_type = MultiscaleRecipe
    recipe: MultiscaleRecipe

    def build(self, data: DataSpec) -> None:
        r = self.recipe
        self.small = self.made(r.direction, max(1, r.layers // 2))
        self.enlarged = Enlarged(data.channels, r.told, r.scale)
        self.rest = self.made(r.direction, r.layers, r.told)

    def sampled(self, x: Tensor) -> Tensor:
        """x_s of x, B×C×H×W."""
        return x[:, :, :: self.recipe.scale, :: self.recipe.scale]

    def first(self) -> Tensor:
        """Which pixels are of x_s, bool H·W."""
        found = torch.zeros(self.data.size, dtype=torch.bool)
        found[:: self.recipe.scale, :: self.recipe.scale] = True
        return found.flatten()

    @property
    def order(self) -> Tensor:
        first = self.first()
        by_pixel = super().order.view(len(first), -1)
        return torch.cat([by_pixel[first], by_pixel[~first]]).flatten()

    def log_probabilities(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        small = self.sampled(x)
        before = in_order(self.small(small), self.data.channels)
        every = in_order(self.rest(x, self.told(small)), self.data.channels)
        return torch.cat([before, every[:, self.behind().to(x.device)]], 1)

    def told(self, small: Tensor) -> Tensor:
        """What the second network is told of the small picture, B×told×H×W."""
        return self.enlarged(small, self.data.size)  # type: ignore[no-any-return]

    def behind(self) -> Tensor:
        """Of all values, row by row, those that x_s has not: bool D."""
        return ~self.first().repeat_interleave(self.data.channels)

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return Stages(self, count)


class Stages:
    """A course through both networks."""

    def __init__(self, model: MultiscalePixelRNN, count: int) -> None:
        self._model, self._count = model, count
        self._behind = model.behind().tolist()
        height, width = (-(-side // model.recipe.scale) for side in model.data.size)
        self._size = height, width
        self._small = Drawing(model, model.small, count, self._size)
        self._values: list[Tensor] = []  # of x_s, in order
        self._rest: Drawing | None = None
        self._at = 0  # in the second network, of all values

    def next(self) -> Tensor:
        return (self._small if self._rest is None else self._rest).next()

    def take(self, values: Tensor) -> None:
        if self._rest is not None:
            self._rest.take(values)
            self._at += 1
            self._pass_over(self._rest)
            return
        self._small.take(values)
        self._values.append(values)
        if len(self._values) == self._behind.count(False):
            with torch.inference_mode():
                taken = torch.stack(self._values, 1).float() * (2 / (self._model.value_count - 1)) - 1
                small = taken.view(self._count, *self._size, -1).permute(0, 3, 1, 2)
                told = self._model.told(small)
            self._rest = Drawing(self._model, self._model.rest, self._count, told=told)
            self._values.reverse()
            self._pass_over(self._rest)

    def _pass_over(self, rest: Drawing) -> None:
        """Pixels of x_s, which the second network knows."""
        while self._values and not self._behind[self._at]:
            rest.take(self._values.pop())
            self._at += 1
