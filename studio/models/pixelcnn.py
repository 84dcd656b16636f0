"""PixelCNN: pixels in a row, each given those before it, by masked convolutions. van den Oord et al. 2016,
arXiv:1601.06759, sections 3.3 to 3.5 and table 1.

Its receptive field has a blind spot: a mask that lets nothing of the rows below through lets the layers above nothing
see of what lies up to the right beyond their steps.
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, pixels
from studio.models.core.flow import epochs
from studio.models.core.model import Course, Paper
from studio.models.core.ordered import Ordered, OrderedRecipe
from studio.models.core.raster import Raster, in_order, raster_problems
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.pixel_masks import MaskedConv
from studio.nn.pixel_steps import Steps


@recipe
class PixelCNNRecipe(OrderedRecipe):
    """Defaults of the paper's network for CIFAR-10, by Adam."""

    steps: int = 100_000
    batch: int = 16
    width: Annotated[
        int,
        Field("channels inside a residual block, h; 2h outside", 4, 512, "channels", essential=True, scale="log"),
    ] = 128
    blocks: Annotated[int, Field("residual blocks", 1, 40, "blocks", essential=True, term="residual block")] = 15
    head: Annotated[int, Field("channels of the layers behind the blocks", 4, 2048, "channels", scale="log")] = 256
    first: Annotated[int, Field("side of the first kernel; odd", 3, 15, "px", term="masked convolution")] = 7
    kernel: Annotated[int, Field("side of a block's kernel; odd", 3, 9, "px", term="masked convolution")] = 3


class Block(nn.Module):
    """x + what 1×1 (2h to h), k×k (h to h) and 1×1 (h to 2h) make of it, a ReLU before each: figure 5, left."""

    def __init__(self, width: int, kernel: int, groups: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            MaskedConv(into, out, side, "B", groups)
            for into, out, side in ((2 * width, width, 1), (width, width, kernel), (width, 2 * width, 1))
        )

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for conv in self.convs:
            y = conv(y.relu())
        return x + y


class PixelCNN(Ordered):
    """See the top of this file."""

    title = "PixelCNN"
    paper = Paper("van den Oord, Kalchbrenner, Kavukcuoglu", 2016, "Pixel Recurrent Neural Networks", "1601.06759")
    about = "Draws an image pixel by pixel, each given those above and to the left; exact likelihood."
    recipe_type = PixelCNNRecipe
    recipe: PixelCNNRecipe

    def build(self, data: DataSpec) -> None:
        r, groups = self.recipe, data.channels
        self.first = MaskedConv(groups, 2 * r.width, r.first, "A", groups)
        self.blocks = nn.ModuleList(Block(r.width, r.kernel, groups) for _ in range(r.blocks))
        self.head = MaskedConv(2 * r.width, r.head, 1, "B", groups)
        self.last = MaskedConv(r.head, groups * self.value_count, 1, "B", groups)

    def log_probabilities(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        h = self.first(x)
        for block in self.blocks:
            h = block(h)
        return in_order(self.last(self.head(h.relu()).relu()), self.data.channels)

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return Drawing(self, count)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, PixelCNNRecipe)
        return raster_problems(cls.title, recipe, data, kernels=("first", "kernel"))

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Smaller than the paper's: networks that two processor cores train in minutes.
        small: dict[str, Value] = {"rate": 3e-3, "average": 0.995, "steps": epochs(data, 60, 32, 4000), "batch": 32}
        if data.channels > 1:  # a bit for each channel says little of a colour; 256 levels are most of the work
            small |= {"values": "levels", "bits": 5, "batch": 16, "steps": epochs(data, 60, 16, 1500)}
        if pixels(data) <= TINY:
            return {**small, "width": 32, "blocks": 4, "head": 64, "first": 5}
        if pixels(data) <= SMALL:
            return {**small, "width": 16, "blocks": 8, "head": 32}
        return {**small, "width": 16, "blocks": 4, "head": 32, "batch": 16 if data.channels == 1 else 8}


class Drawing(Raster):
    """An image on its way, from what the layers kept."""

    def __init__(self, model: PixelCNN, count: int) -> None:
        super().__init__(model, count)
        self._first, *rest = (Steps(conv, count, self.width) for conv in self._convolutions(model))
        self._blocks = [rest[i : i + 3] for i in range(0, len(rest) - 2, 3)]
        self._head, self._last = rest[-2:]

    @staticmethod
    def _convolutions(model: PixelCNN) -> list[MaskedConv]:
        return [m for m in model.modules() if isinstance(m, MaskedConv)]

    def logits(self, column: int, channel: int) -> Tensor:
        at = (column, channel)
        h = self._first.step(*at)
        for block in self._blocks:
            y = h
            for conv in block:
                y = conv.through(*at, y.relu())
            h = h + y
        return self._last.through(*at, self._head.through(*at, h.relu()).relu())

    def put(self, column: int, channel: int, x: Tensor) -> None:
        self._first.put(column, channel, x)

    def end_row(self) -> None:
        self._first.end_row()
        for block in self._blocks:
            block[1].end_row()
