"""Gated PixelCNN: two stacks without a blind spot, gated units, told the class. van den Oord et al. 2016,
arXiv:1606.05328, sections 2.1 to 2.3 and figure 2.

The vertical stack sees all of the rows above, the horizontal one the row up to the pixel; the first tells the second
what it has found, one row further down. Each layer is y = tanh(W_f ∗ x + V_fᵀ h) ⊙ σ(W_g ∗ x + V_gᵀ h), h the class.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, pixels
from studio.models.core.flow import epochs
from studio.models.core.model import Course, Paper
from studio.models.core.ordered import Ordered, OrderedRecipe
from studio.models.core.raster import Raster, in_order, raster_problems
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.pixel_masks import MaskedConv, RowsAbove, gated, shifted_down
from studio.nn.pixel_steps import RollingRows, Steps


@recipe
class GatedPixelCNNRecipe(OrderedRecipe):
    """Defaults of the paper's network for CIFAR-10, by Adam."""

    steps: int = 100_000
    batch: int = 16
    width: Annotated[
        int, Field("channels of each stack", 4, 512, "channels", essential=True, scale="log", term="two stacks")
    ] = 128
    layers: Annotated[int, Field("gated layers", 1, 40, "layers", essential=True, term="gated unit")] = 20
    head: Annotated[int, Field("channels of the layer before the last", 4, 2048, "channels", scale="log")] = 256
    first: Annotated[int, Field("side of the first kernel; odd", 3, 15, "px", term="masked convolution")] = 7
    kernel: Annotated[int, Field("side of the other kernels; odd", 3, 9, "px", term="masked convolution")] = 5
    conditional: Annotated[
        bool,
        Field("told the class, where the dataset has classes", essential=True),
    ] = True


class Layer(nn.Module):
    """One layer of both stacks.

    Args:
        into: channels of what comes in, in either stack. classes: of the dataset, 0: it is told none.
        first: whether it sees the picture itself: its mask is A then, and it has nothing to add to.
    """

    def __init__(self, into: int, width: int, side: int, groups: int, classes: int, first: bool) -> None:
        super().__init__()
        self.vertical = RowsAbove(into, 2 * width, side)
        self.link = nn.Conv2d(2 * width, 2 * width, 1, bias=False)
        self.horizontal = MaskedConv(into, width, side, "A" if first else "B", groups, repeats=2, flat=True)
        self.out = MaskedConv(width, width, 1, "B", groups)
        self.told = nn.Linear(classes, 4 * width, bias=False) if classes else None
        self.first = first

    def forward(self, v: Tensor, h: Tensor, classes: Tensor | None) -> tuple[Tensor, Tensor]:
        """The vertical and the horizontal features, B×width×H×W each, of those of the layer before."""
        above, below = self.of_class(classes)
        found, along = self.vertical(v), self.horizontal(h)
        if above is not None and below is not None:
            found, along = found + above[..., None, None], along + below[..., None, None]
        along = along + self.link(shifted_down(found))
        said = self.out(gated(along))
        return gated(found), said if self.first else h + said

    def of_class(self, classes: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """V h of the vertical and of the horizontal stack, B×2·width each, of classes one-hot B×K; None: h = 0."""
        if self.told is None or classes is None:
            return None, None
        above, below = self.told(classes).chunk(2, 1)
        return above, below


class GatedPixelCNN(Ordered):
    """See the top of this file."""

    title = "Gated PixelCNN"
    paper = Paper(
        "van den Oord, Kalchbrenner, Vinyals, Espeholt, Graves, Kavukcuoglu",
        2016,
        "Conditional Image Generation with PixelCNN Decoders",
        "1606.05328",
    )
    about = "Draws an image pixel by pixel from all that lies above and to the left, of the class you choose."
    recipe_type = GatedPixelCNNRecipe
    recipe: GatedPixelCNNRecipe

    def build(self, data: DataSpec) -> None:
        r, groups = self.recipe, data.channels
        classes = len(data.classes) if self.class_conditional else 0
        self.layers = nn.ModuleList(
            Layer(r.width if i else groups, r.width, r.kernel if i else r.first, groups, classes, first=i == 0)
            for i in range(r.layers)
        )
        self.head = MaskedConv(r.width, r.head, 1, "B", groups)
        self.last = MaskedConv(r.head, groups * self.value_count, 1, "B", groups)

    @property
    def class_conditional(self) -> bool:  # type: ignore[override]
        return self.recipe.conditional and len(self.data.classes) > 1

    @property
    def class_part(self) -> str:
        if not self.class_conditional:
            raise AttributeError("it is told no class")
        return "class"

    def log_probabilities(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        v = h = x
        for layer in self.layers:
            v, h = layer(v, h, classes)
        return in_order(self.last(self.head(h.relu()).relu()), self.data.channels)

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return Drawing(self, count, classes)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, GatedPixelCNNRecipe)
        return raster_problems(cls.title, recipe, data, kernels=("first", "kernel"))

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Smaller than the paper's: networks that two processor cores train in minutes.
        small: dict[str, Value] = {"rate": 5e-3, "average": 0.995, "steps": epochs(data, 60, 32, 4000), "batch": 32}
        if data.channels > 1:  # a bit for each channel says little of a colour; 256 levels are most of the work
            small |= {"values": "levels", "bits": 5, "batch": 16, "steps": epochs(data, 60, 16, 1500)}
        if pixels(data) <= TINY:
            return {**small, "width": 32, "layers": 4, "head": 64, "first": 5, "kernel": 3}
        if pixels(data) <= SMALL:
            return {**small, "width": 16, "layers": 6, "head": 32}
        return {**small, "width": 16, "layers": 4, "head": 32, "kernel": 3, "batch": 16 if data.channels == 1 else 8}


class Drawing(Raster):
    """An image on its way: the vertical stack a row at a time, the horizontal one pixel by pixel."""

    def __init__(self, model: GatedPixelCNN, count: int, classes: Tensor | None) -> None:
        super().__init__(model, count)
        self._layers = [LayerSteps(layer, count, self.width, classes) for layer in model.layers]
        self._head, self._last = (Steps(conv, count, self.width) for conv in (model.head, model.last))

    def logits(self, column: int, channel: int) -> Tensor:
        first, *others = self._layers
        h = first.of_pixel(column, channel)
        for layer in others:
            layer.along.put(column, channel, h)
            h = h + layer.of_pixel(column, channel)
        h = self._head.through(column, channel, h.relu())
        return self._last.through(column, channel, h.relu())

    def put(self, column: int, channel: int, x: Tensor) -> None:
        self._layers[0].along.put(column, channel, x)

    def end_row(self) -> None:
        row = self._layers[0].along.row()
        for layer in self._layers:
            row = layer.end_row(row)


class LayerSteps:
    """One layer of both stacks, as far as it has been drawn."""

    @torch.inference_mode()
    def __init__(self, layer: Layer, count: int, width: int, classes: Tensor | None) -> None:
        above, below = layer.of_class(classes)
        self.along = Steps(layer.horizontal, count, width, below)
        self._out = Steps(layer.out, count, width)
        self._vertical = RollingRows.of(layer.vertical, count, width, above)
        self._link = layer.link.weight[:, :, 0, 0]

    def of_pixel(self, column: int, channel: int) -> Tensor:
        return self._out.through(column, channel, gated(self.along.step(column, channel)))

    def end_row(self, row: Tensor) -> Tensor:
        """The vertical features of a finished row, B×width×W, of those of the layer before."""
        found = self._vertical.after(row)
        self.along.add(self._link @ found)
        return gated(found)
