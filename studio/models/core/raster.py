"""What autoregressive models of images share that draw row by row: how a picture is drawn from what was kept of the
rows and pixels before, and which images they are made for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from studio.data.dataset import DataSpec
from studio.models.core.adversarial import training_problems
from studio.models.core.ordered import Ordered, OrderedRecipe
from studio.models.core.recipe import Problem

SMALLEST, LARGEST = 4, 64
"""Sides of images, in pixels: to draw one takes as many steps as it has values."""


class Raster:
    """A course (:class:`~studio.models.core.model.Course`) through an image: row by row, pixel by pixel, channel by
    channel. A system says :meth:`features` and, once for each row, :meth:`end_row`.

    Weights are read when it begins; none of its tensors has a gradient.
    """

    def __init__(self, model: Ordered, count: int) -> None:
        self.channels, self.height, self.width = model.data.shape
        self.count, self.value_count = count, model.value_count
        self.row = self.column = self.channel = 0
        self._said: Tensor | None = None

    @abstractmethod
    def logits(self, column: int, channel: int) -> Tensor:
        """Of the value at this column of the row that is being drawn, B×value_count. It is asked once."""

    @abstractmethod
    def put(self, column: int, channel: int, x: Tensor) -> None:
        """What it became, B×1, in the range of Batch.x."""

    @abstractmethod
    def end_row(self) -> None:
        """The row is finished; another one follows."""

    @torch.inference_mode()
    def next(self) -> Tensor:
        if self._said is None:
            self._said = self.logits(self.column, self.channel).float().log_softmax(1)
        return self._said

    @torch.inference_mode()
    def take(self, values: Tensor) -> None:
        if self.row == self.height:
            return
        self.next()  # what is kept of a value is made on the way to its distribution, asked for or not
        self._said = None
        self.put(self.column, self.channel, values[:, None] * (2 / (self.value_count - 1)) - 1)
        self.channel += 1
        if self.channel < self.channels:
            return
        self.channel, self.column = 0, self.column + 1
        if self.column < self.width:
            return
        self.column, self.row = 0, self.row + 1
        if self.row < self.height:
            self.end_row()


def in_order(logits: Tensor, channels: int) -> Tensor:
    """Log-probabilities B×D×values in order of logits B×(channels · values)×H×W, values of a channel side by side."""
    count, _, height, width = logits.shape
    by_pixel = logits.float().view(count, channels, -1, height, width).permute(0, 3, 4, 1, 2)
    return by_pixel.flatten(1, 3).log_softmax(2)


def raster_problems(model: str, values: OrderedRecipe, data: DataSpec, kernels: Sequence[str] = ()) -> list[Problem]:
    """What keeps such a model from being built for this dataset, in words; empty when nothing does.

    Args:
        kernels: fields that are the side of a kernel, and so odd.
    """
    if data.kind != "images":
        return [Problem("", f"{model} draws images; {data.name} holds {data.kind}. Choose images, or another model")]
    found = training_problems(values, data)
    for name in kernels:
        if (side := getattr(values, name)) % 2 == 0:
            found.append(Problem(name, f"a kernel has a middle, so its side is odd; not {side}"))
    height, width = data.size
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        found.append(
            Problem(
                "",
                f"{model} draws images of {SMALLEST} to {LARGEST} px a side, value by value; those of {data.name} are "
                f"{width}×{height}. Add the dataset again at another size",
            )
        )
    if data.channels not in (1, 3):
        found.append(
            Problem("", f"{model} draws grey or colour images; those of {data.name} have {data.channels} channels")
        )
    return found
