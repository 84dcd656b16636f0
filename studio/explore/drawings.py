"""Examples that were drawn value by value, as they looked on the way. NumPy only: the window shows them so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from studio.data import pictures
from studio.data.dataset import DataSpec
from studio.explore.questions.base import Pictures
from studio.explore.questions.pixels import DrawnInOrder

Mask = npt.NDArray[np.bool_]
OUTSIDE = 128
"""Grey level of the cells of a grid that hold no value."""
MISSING = (176, 190, 222)
"""Colour of what is not drawn yet, in a film: none that a grey picture has."""


@dataclass(frozen=True)
class Turn:
    """One value: when it comes, and where it stands. ``channel`` counts from 0."""

    at: int
    row: int
    column: int
    channel: int


@dataclass(frozen=True, eq=False)
class Laid:
    """The order in which values of examples come, laid out on the picture that they are seen as.

    Attributes:
        order: int64 D, place of a flattened example by turn.
    """

    spec: DataSpec
    order: npt.NDArray[np.int64]

    @property
    def size(self) -> tuple[int, int]:
        return self.spec.size

    @property
    def channels(self) -> int:
        return self.spec.channels if self.spec.kind == "images" else 1

    @cached_property
    def turns(self) -> npt.NDArray[np.int64]:
        """When each value of a pixel comes, H×W×channels; −1 in cells that hold none."""
        flat = np.empty(len(self.order), np.int64)
        flat[self.order] = np.arange(len(self.order))
        return self._in_picture(flat, -1)

    def _in_picture(self, flat: npt.NDArray[np.int64], empty: int) -> npt.NDArray[np.int64]:
        high, wide = self.size
        if self.spec.kind == "vectors":
            return pictures.in_grid(flat[None], self.spec, empty).reshape(high, wide, 1)
        return np.ascontiguousarray(flat.reshape(self.channels, high, wide).transpose(1, 2, 0))

    def turn(self, at: int) -> Turn:
        """Of a value, by its turn 0..D−1."""
        high, wide = self.size
        place = int(self.order[at])
        channel, pixel = divmod(place, high * wide) if self.spec.kind == "images" else (0, place)
        return Turn(at, pixel // wide, pixel % wide, channel)

    def at_pixel(self, row: int, column: int) -> tuple[int, ...]:
        """The turns of a pixel's values, channel by channel; none for cells that hold no value or lie outside."""
        high, wide = self.size
        if not (0 <= row < high and 0 <= column < wide):
            return ()
        return tuple(int(t) for t in self.turns[row, column] if t >= 0)

    def picture(
        self, values: npt.NDArray[np.uint8], value_count: int, at: int, known: Mask | None = None
    ) -> tuple[Pictures, Mask]:
        """An example after ``at`` of its values (D in order, 0..value_count−1) were drawn.

        Args:
            known: D in order, what stood from the beginning.

        Returns:
            uint8 H×W×3, and H×W: where nothing is drawn yet. Of a pixel of which some channels are, the others are 0.
        """
        grey = np.rint(values.astype(np.float32) * (255 / max(value_count - 1, 1))).astype(np.int64)
        there = np.arange(len(self.order)) < at
        if known is not None:
            there |= known
        turns = self.turns
        drawn = (turns >= 0) & there[turns]
        shown = np.where(drawn, grey[turns], 0)
        shown[turns < 0] = OUTSIDE
        missing = ~drawn.any(2) & (turns[..., 0] >= 0)
        return np.broadcast_to(shown, (*self.size, 3)).astype(np.uint8), missing


def laid(found: DrawnInOrder, spec: DataSpec) -> Laid:
    return Laid(spec, found.order)


def stops(found: DrawnInOrder, frames: int) -> list[int]:
    """After how many values the frames of a film show: evenly from the first that was not known to the last."""
    drawn = np.flatnonzero(~found.known)
    if not len(drawn):
        return [len(found.known)]
    ends = np.unique(np.rint(np.linspace(0, len(drawn), max(min(frames, len(drawn) + 1), 2))).astype(int))
    return [int(drawn[e]) if e < len(drawn) else len(found.known) for e in ends]


def film(found: DrawnInOrder, spec: DataSpec, frames: int, samples: tuple[int, ...] = ()) -> Pictures:
    """How examples came to be, side by side, behind the original where there is one.

    Args:
        samples: which; empty: all.

    Returns:
        uint8 F×H×W×3, F ≤ ``frames``.
    """
    plan = laid(found, spec)
    chosen = samples or tuple(range(len(found.values)))
    made = []
    for at in stops(found, frames):
        row = list(found.original)
        for sample in chosen:
            picture, missing = plan.picture(found.values[sample], found.value_count, at, found.known)
            picture = picture.copy()
            picture[missing] = MISSING
            row.append(picture)
        made.append(pictures.sheet(np.stack(row), columns(len(row))) if len(row) > 1 else row[0])
    return np.stack(made)


def columns(count: int) -> int:
    """Of a sheet of so many pictures: one row of a few."""
    return count if count <= 9 else int(np.ceil(np.sqrt(count)))


def wholly(known: Mask | None, spec: DataSpec) -> Mask:
    """A mask of pixels, H×W, of what the question takes: H×W, or D of a vector; None: nothing is known."""
    high, wide = spec.size
    if known is None:
        return np.zeros((high, wide), np.bool_)
    if spec.kind == "vectors":
        grid: Mask = pictures.in_grid(known.astype(np.uint8)[None], spec, 1)[0, 0] > 0
        return grid
    return known


def asked(mask: Mask, spec: DataSpec) -> Mask:
    """The other way: a mask H×W as the question takes it."""
    return mask.reshape(-1)[: spec.shape[0]] if spec.kind == "vectors" else mask
