"""PixelCNN++: pixels one by one, all channels of one together, from mixtures of logistics. Salimans, Karpathy, Chen and
Kingma 2017, arXiv:1701.05517.

A grey level is what a few bell curves leave of it between its neighbours (section 2.1), so that near levels are known
to be near; the channels of a pixel share their component, and red moves the means of green and blue (2.2). Pictures
are looked at in several sizes (2.3), with shortcuts from the way down to the way up (2.4), and dropout (2.5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import SMALL, TINY, pixels
from studio.models.core.flow import epochs
from studio.models.core.model import Course, Paper, Scheduled, Update
from studio.models.core.ordered import Ordered, OrderedRecipe
from studio.models.core.raster import Raster, raster_problems
from studio.models.core.recipe import Field, Problem, Recipe, Value, recipe
from studio.nn.logistic import conditioned, log_mixture_conditionals, next_log_probabilities
from studio.nn.pixel_masks import shifted_down
from studio.nn.shifted import Enlarging, GatedBlock, Shifted
from studio.nn.shifted_steps import PixelBlock, PixelSteps, RowBlock, dense, rows_of

S = TypeVar("S", RowBlock, PixelBlock)


@recipe
class PixelCNNPPRecipe(OrderedRecipe):
    """Defaults of the paper's experiment with CIFAR-10, but for the batch of its eight processors."""

    steps: int = 200_000
    batch: int = 16
    average: float = 0.9995
    values: Annotated[
        Literal["dynamic", "threshold", "levels"],
        Field(
            "what a grey level becomes: one of a few levels, or a bit, drawn anew or by threshold", term="binarisation"
        ),
    ] = "levels"
    width: Annotated[int, Field("features of either stream", 4, 512, "features", essential=True, scale="log")] = 160
    blocks: Annotated[
        int, Field("gated residual blocks of each size", 1, 12, "blocks", essential=True, term="residual block")
    ] = 5
    sizes: Annotated[
        int, Field("sizes in which a picture is looked at, each half the last", 1, 5, "sizes", essential=True)
    ] = 3
    components: Annotated[
        int,
        Field("logistics that are mixed", 1, 50, "components", essential=True, term="discretised logistic mixture"),
    ] = 10
    dropout: Annotated[
        float, Field("share of features that are dropped in each block", 0, 0.9, essential=True, term="dropout")
    ] = 0.5
    conditional: Annotated[bool, Field("told the class, where the dataset has classes")] = False
    decay: Annotated[
        float, Field("what the learning rate is multiplied by after each step", 0.99, 1, group="Optimiser")
    ] = 0.999995


class Size(nn.Module):
    """A picture in one size: the way down, smaller sizes, and the way up, of both streams (the paper's figure 2).
    "Above" knows the rows above, "before" all that comes before; it takes a shortcut from the other at each block.

    Args:
        sizes: how many, with those within.
    """

    def __init__(self, width: int, blocks: int, sizes: int, classes: int, dropout: float) -> None:
        super().__init__()

        def row(count: int, way: Literal["down", "right"], beside: int) -> nn.ModuleList:
            return nn.ModuleList(GatedBlock(width, way, beside, classes, dropout) for _ in range(count))

        self.down_above, self.down_before = row(blocks, "down", 0), row(blocks, "right", width)
        self.inner: Size | None = None
        if sizes > 1:
            self.shrink_above = Shifted(width, width, (2, 3), "down", stride=2)
            self.shrink_before = Shifted(width, width, (2, 2), "right", stride=2)
            self.inner = Size(width, blocks, sizes - 1, classes, dropout)
            self.enlarge_above = Enlarging(width, width, "down")
            self.enlarge_before = Enlarging(width, width, "right")
            blocks += 1
        self.up_above, self.up_before = row(blocks, "down", width), row(blocks, "right", 2 * width)

    def forward(self, above: Tensor, before: Tensor, classes: Tensor | None) -> tuple[Tensor, Tensor]:
        """Both streams, B×width×H×W each."""
        kept = [(above, before)]
        for of_above, of_before in zip(self.down_above, self.down_before, strict=True):
            above = of_above(above, None, classes)
            before = of_before(before, above, classes)
            kept.append((above, before))
        if self.inner is None:
            kept.pop()
        else:
            height, width = above.shape[2:]
            above, before = self.inner(self.shrink_above(above), self.shrink_before(before), classes)
            above = self.enlarge_above(above)[:, :, :height, :width]
            before = self.enlarge_before(before)[:, :, :height, :width]
        for of_above, of_before in zip(self.up_above, self.up_before, strict=True):
            other_above, other_before = kept.pop()
            above = of_above(above, other_above, classes)
            before = of_before(before, torch.cat([above, other_before], 1), classes)
        return above, before


class PixelCNNPP(Ordered):
    """See the top of this file."""

    title = "PixelCNN++"
    paper = Paper(
        "Salimans, Karpathy, Chen, Kingma",
        2017,
        "PixelCNN++: Improving the PixelCNN with Discretized Logistic Mixture Likelihood and Other Modifications",
        "1701.05517",
    )
    about = "Draws an image pixel by pixel, whole grey levels or colours from a few bell curves each; exact likelihood."
    recipe_type = PixelCNNPPRecipe
    recipe: PixelCNNPPRecipe
    measured = 128

    def build(self, data: DataSpec) -> None:
        r, into = self.recipe, data.channels + 1  # one more that is 1 inside the picture: where its edges are
        classes = len(data.classes) if self.class_conditional else 0
        self.above = Shifted(into, r.width, (2, 3), "down")
        self.before_above = Shifted(into, r.width, (1, 3), "down")
        self.before_left = Shifted(into, r.width, (2, 1), "right")
        self.streams = Size(r.width, r.blocks, r.sizes, classes, r.dropout)
        self.last = Shifted(r.width, sum(self.numbers), (1, 1), "right")

    @property
    def numbers(self) -> list[int]:
        """Of a pixel, for all components: weights, means, scales, coefficients."""
        k, c = self.recipe.components, self.data.channels
        return [k, k * c, k * c, k * c * (c - 1) // 2]

    @property
    def class_conditional(self) -> bool:  # type: ignore[override]
        return self.recipe.conditional and len(self.data.classes) > 1

    @property
    def class_part(self) -> str:
        if not self.class_conditional:
            raise AttributeError("it is told no class")
        return "class"

    def updates(self) -> Sequence[Update]:
        decay = self.recipe.decay
        schedule = (lambda cycle: Scheduled(max(decay**cycle, 1e-6))) if decay < 1 else None
        return [Update("model", self, self.loss, self.optimiser(), averaged=True, schedule=schedule)]

    # --- the mixture of each pixel

    def mixtures(self, x: Tensor, classes: Tensor | None) -> Mixture:
        """Of all pixels of images B×C×H×W, each given those before it."""
        x = with_edges(x)
        above = shifted_down(self.above(x))
        before = shifted_down(self.before_above(x)) + F.pad(self.before_left(x), (1, -1))
        before = self.streams(above, before, classes)[1]
        return self.mixture(self.last(F.elu(before)).permute(0, 2, 3, 1))

    def mixture(self, said: Tensor) -> Mixture:
        """Of the numbers that the network says, …×numbers."""
        shape = (*said.shape[:-1], self.recipe.components, -1)
        logits, means, log_scales, coefficients = torch.split(said.float(), self.numbers, -1)
        if self.data.channels == 1:
            return Mixture(logits, means.view(shape), log_scales.view(shape), None)
        return Mixture(logits, means.view(shape), log_scales.view(shape), coefficients.view(shape).tanh())

    def log_conditionals(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        by_pixel = x.float().permute(0, 2, 3, 1)
        return self.mixtures(x, classes).log_conditionals(by_pixel, self.value_count).flatten(1)

    def log_probabilities(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        by_pixel = x.float().permute(0, 2, 3, 1)
        mixtures = self.mixtures(x, classes)
        each = [mixtures.of_next(by_pixel[..., :c], self.value_count) for c in range(self.data.channels)]
        return torch.stack(each, 3).flatten(1, 3)

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        return Drawing(self, count, classes)

    # --- which data, and with what recipe

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        assert isinstance(recipe, PixelCNNPPRecipe)
        found = raster_problems(cls.title, recipe, data)
        if data.kind == "images" and 1 << (recipe.sizes - 1) > min(data.size):
            found.append(
                Problem("sizes", f"{data.size[1]}×{data.size[0]} px cannot be halved {recipe.sizes - 1} times")
            )
        return found

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        # Smaller than the paper's: networks that two processor cores train in minutes, and fewer steps to remember.
        small: dict[str, Value] = {"rate": 2e-3, "average": 0.995, "components": 5, "dropout": 0.0, "sizes": 2}
        if pixels(data) <= TINY:
            return {**small, "width": 32, "blocks": 1, "batch": 32, "steps": epochs(data, 30, 32, 1500)}
        small |= {"blocks": 1, "batch": 16, "steps": epochs(data, 30, 16, 1500)}
        return {**small, "width": 24 if pixels(data) <= SMALL else 16}


class Mixture:
    """Mixtures of logistics: logits …×K; means and logarithms of scales …×K×C; coefficients of the channels before, or
    None for one channel."""

    def __init__(self, logits: Tensor, means: Tensor, log_scales: Tensor, coefficients: Tensor | None) -> None:
        self._logits, self._means, self._log_scales, self._coefficients = logits, means, log_scales, coefficients

    def _given(self, x: Tensor) -> Tensor:
        return self._means if self._coefficients is None else conditioned(x, self._means, self._coefficients)

    def log_conditionals(self, x: Tensor, levels: int) -> Tensor:
        """log P(x_c | x_<c) in nats of pixels …×C."""
        return log_mixture_conditionals(x, self._logits, self._given(x), self._log_scales, levels)

    def of_next(self, x: Tensor, levels: int) -> Tensor:
        """log P of all levels, …×levels, of the channel that follows those of x, …×c."""
        more = self._means.shape[-1] - x.shape[-1]
        return next_log_probabilities(x, self._logits, self._given(F.pad(x, (0, more))), self._log_scales, levels)


def with_edges(x: Tensor) -> Tensor:
    """One channel more, of ones: beside the picture it will be 0."""
    return torch.cat([x, torch.ones_like(x[:, :1])], 1)


# --- drawing


class SizeSteps:
    """One size on its way: "above" a row at a time, "before" pixel by pixel."""

    def __init__(self, size: Size, count: int, columns: int, classes: Tensor | None) -> None:
        def steps(kind: Callable[[GatedBlock, int, int, Tensor | None], S], blocks: nn.ModuleList) -> list[S]:
            return [kind(block, count, columns, classes) for block in blocks]  # type: ignore[arg-type]

        self._down_above, self._up_above = steps(RowBlock, size.down_above), steps(RowBlock, size.up_above)
        self._down_before, self._up_before = steps(PixelBlock, size.down_before), steps(PixelBlock, size.up_before)
        self._columns, self._size = columns, size
        self._row = -1
        self._down_rows: list[Tensor] = []
        self._up_rows: list[Tensor] = []
        self.inner: SizeSteps | None = None
        if size.inner is not None:
            self._shrink_above = rows_of(size.shrink_above, count, columns)
            self._shrink_before = PixelSteps(size.shrink_before, count, columns)
            self.inner = SizeSteps(size.inner, count, -(-columns // 2), classes)
            self._two_rows: tuple[Tensor, ...] = ()
            self._four: list[Tensor] = []

    def begin(self, above: Tensor) -> Tensor:
        """The stream "above" of the next row, B×width×columns; those above it are finished."""
        self._row += 1
        if self._row:
            for block in (*self._down_before, *self._up_before):
                block.end_row()
            if self.inner is not None:
                self._shrink_before.end_row()
        rows = [above]
        for down in self._down_above:
            rows.append(above := down.after(above))
        self._down_rows = rows[1:]
        if self.inner is None:
            above = rows.pop()
        else:
            shrunk = self._shrink_above.after(above)[..., ::2]
            if self._row % 2 == 0:
                found = self._size.enlarge_above(self.inner.begin(shrunk)[:, :, None])
                self._two_rows = found[..., : self._columns].unbind(2)
            above = self._two_rows[self._row % 2]
        self._up_rows = []
        for up, beside in zip(self._up_above, reversed(rows), strict=True):
            self._up_rows.append(above := up.after(above, beside))
        return above

    def at(self, column: int, before: Tensor) -> Tensor:
        """The stream "before" of the next pixel of that row, B×width."""
        kept = [before]
        for block, row in zip(self._down_before, self._down_rows, strict=True):
            kept.append(before := block.at(column, before, row[..., column]))
        if self.inner is None:
            kept.pop()
        else:
            before = self._within(self.inner, column, before)
        for block, row, other in zip(self._up_before, self._up_rows, reversed(kept), strict=True):
            before = block.at(column, before, torch.cat([row[..., column], other], 1))
        return before

    def _within(self, inner: SizeSteps, column: int, before: Tensor) -> Tensor:
        """What the smaller sizes say of a pixel: every fourth asks them anew."""
        down, right = self._row % 2, column % 2
        if down or right:
            self._shrink_before.put(column, before)
        else:
            found = inner.at(column // 2, self._shrink_before.at(column, before))
            enlarged = self._size.enlarge_before(found[..., None, None])
            if column == 0:
                self._four = []
            self._four.append(enlarged)
        return self._four[column // 2][:, :, down, right]


class Drawing(Raster):
    """An image on its way: once through the network for each pixel, of which only what is new is worked out."""

    @torch.inference_mode()
    def __init__(self, model: PixelCNNPP, count: int, classes: Tensor | None) -> None:
        super().__init__(model, count)
        self._model = model
        self._above, self._before_above = (rows_of(c, count, self.width) for c in (model.above, model.before_above))
        self._before_left = PixelSteps(model.before_left, count, self.width)
        self._streams = SizeSteps(model.streams, count, self.width, classes)
        self._last = dense(model.last)
        self._nothing = model.above.weight.new_zeros(count, model.recipe.width)
        self._x = with_edges(self._nothing.new_zeros(count, self.channels, self.width))
        self._left = self._nothing
        self._begin(*[self._nothing[..., None].expand(-1, -1, self.width)] * 2)

    def _begin(self, above: Tensor, before: Tensor) -> None:
        self._before_row = before
        self._streams.begin(above)

    def logits(self, column: int, channel: int) -> Tensor:
        if channel == 0:
            before = self._before_row[..., column] + self._left
            self._mixture = self._model.mixture(self._last(F.elu(self._streams.at(column, before))))
        return self._mixture.of_next(self._x[:, :channel, column], self.value_count)

    def put(self, column: int, channel: int, x: Tensor) -> None:
        self._x[:, channel, column] = x[:, 0]
        if channel == self.channels - 1:
            self._left = self._before_left.at(column, self._x[..., column])

    def end_row(self) -> None:
        self._before_left.end_row()
        self._left = self._nothing
        self._begin(self._above.after(self._x), self._before_above.after(self._x))
