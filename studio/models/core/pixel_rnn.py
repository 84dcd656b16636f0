"""What PixelRNNs share, whichever way their LSTMs run: recipe, training, drawing. Van den Oord et al. 2016,
arXiv:1601.06759."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, pixels
from studio.models.core.flow import epochs
from studio.models.core.model import Course, Optimiser, Paper
from studio.models.core.ordered import Ordered, OrderedRecipe
from studio.models.core.raster import Raster, in_order, raster_problems
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.pixel_rnn import Direction, PixelRNN
from studio.nn.pixel_rnn_steps import ResidualSteps
from studio.nn.pixel_steps import Steps

PAPER = Paper("van den Oord, Kalchbrenner, Kavukcuoglu", 2016, "Pixel Recurrent Neural Networks", "1601.06759")


@recipe
class PixelRNNRecipe(OrderedRecipe):
    """Defaults of the paper's experiment with MNIST (section 5.4), by Adam."""

    steps: int = 50_000
    batch: int = 16
    width: Annotated[
        int,
        Field("h: units of an LSTM; 2h features go past it", 4, 512, "units", essential=True, scale="log", term="lstm"),
    ] = 16
    layers: Annotated[int, Field("LSTM layers, one above the other", 1, 24, "layers", essential=True)] = 7
    head: Annotated[int, Field("features behind the LSTM layers", 4, 2048, "features", scale="log")] = 32
    optimiser: Annotated[
        Literal["adam", "rmsprop"], Field("how it descends; the paper takes RMSProp", group="Optimiser")
    ] = "adam"


class Recurrent(Ordered):
    """A PixelRNN. A system says which way its LSTMs run."""

    paper = PAPER
    recipe_type = PixelRNNRecipe
    recipe: PixelRNNRecipe
    direction: ClassVar[Direction] = "row"

    def build(self, data: DataSpec) -> None:
        self.network = self.made(self.direction, self.recipe.layers)

    def made(self, direction: Direction, layers: int, told: int = 0) -> PixelRNN:
        """A network by the recipe; ``told``: features of a map that it is told at every pixel."""
        r = self.recipe
        return PixelRNN(direction, self.data.channels, self.value_count, r.width, layers, r.head, told)

    def optimiser(self) -> Optimiser:
        r = self.recipe
        return Optimiser(r.optimiser, r.rate, clip=r.clip)

    def log_probabilities(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        return in_order(self.network(x), self.data.channels)

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return Drawing(self, self.network, count)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, PixelRNNRecipe)
        return raster_problems(cls.title, recipe, data)

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Fewer layers than the paper's, and steps that two processor cores take in minutes; a diagonal has two LSTMs,
        # and twice as many steps along a side.
        often, most = (60, 3000) if cls.direction == "row" else (30, 1500)
        small: dict[str, Value] = {"rate": 2e-3, "average": 0.995, "batch": 32, "layers": 2}
        if data.channels > 1:
            small |= {"values": "levels", "bits": 5}
        if pixels(data) <= TINY:
            return {**small, "width": 32, "head": 64, "steps": epochs(data, often, 32, most)}
        small["steps"] = most
        return {**small, "batch": 16} if pixels(data) <= SMALL else {**small, "batch": 8}


class Drawing(Raster):
    """An image on its way through a network, from what its layers kept.

    Args:
        network: of the model; of images of another size, if that is said.
        told: B×told×H×W, where it is told anything.
    """

    @torch.inference_mode()
    def __init__(
        self,
        model: Ordered,
        network: PixelRNN,
        count: int,
        size: tuple[int, int] | None = None,
        told: Tensor | None = None,
    ) -> None:
        super().__init__(model, count)
        if size is not None:
            self.height, self.width = size
        self._layers = [ResidualSteps(layer, count, self.width, told) for layer in network.layers]  # type: ignore[arg-type]
        self._first, self._head, self._last = (
            Steps(conv, count, self.width) for conv in (network.first, network.head, network.last)
        )

    def logits(self, column: int, channel: int) -> Tensor:
        h = self._first.step(column, channel)
        for layer in self._layers:
            h = layer.through(column, channel, h)
        h = self._head.through(column, channel, h.relu())
        return self._last.through(column, channel, h.relu())

    def put(self, column: int, channel: int, x: Tensor) -> None:
        self._first.put(column, channel, x)

    def end_row(self) -> None:
        self._first.end_row()
        for layer in self._layers:
            layer.end_row()
