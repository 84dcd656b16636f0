"""The words that readers, the store and the dataset sheet share: what was found, how to prepare it, blocks of it.

A reader turns a form of file into a :class:`Source`. A source is looked at with :meth:`Source.inspect` and read with
:meth:`Source.blocks`, in an order that never changes, a few thousand examples at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from studio.data.dataset import Kind
from studio.data.watch import Watch

Fit = Literal["crop", "pad", "stretch"]
Colour = Literal["keep", "grey", "colour"]

MAX_SIDE = 16_384
"""Pixels. An image with a longer side, or more than :data:`MAX_PIXELS`, is refused by its header, undecoded."""
MAX_PIXELS = 64_000_000
LARGEST_SIZE = 1024
"""Pixels a side that images can be prepared to."""
THUMBNAILS = 24


@dataclass(frozen=True)
class Preparation:
    """How the examples of a source become a dataset.

    Attributes:
        size: height and width of the images; None: as they are (images of mixed sizes: as suggested).
        fit: ``crop`` fills the size and cuts what sticks out; ``pad`` shows all on black; ``stretch`` distorts.
        colour: ``keep`` is grey when all images are, else colour.
        held_out: share kept from training, 0..0.9. Where the source has its own test examples (MNIST's t10k) and
            this is their share to within half a percent, exactly those are held out; otherwise a random draw of all.
        vectors: of sentences, a file of word vectors (:mod:`studio.data.vectors`); empty: none.

    Raises:
        ValueError: for a size or share outside its range.
    """

    size: tuple[int, int] | None = None
    fit: Fit = "crop"
    colour: Colour = "keep"
    held_out: float = 0.1
    vectors: str = ""

    def __post_init__(self) -> None:
        if self.size is not None and not all(1 <= side <= LARGEST_SIZE for side in self.size):
            raise ValueError(f"size: both sides must be 1 to {LARGEST_SIZE} px, not {self.size[0]}×{self.size[1]}")
        if not 0 <= self.held_out <= 0.9:
            raise ValueError(f"held-out share: must be 0 to 0.9, not {self.held_out:g}")
        if self.fit not in ("crop", "pad", "stretch") or self.colour not in ("keep", "grey", "colour"):
            raise ValueError(f"preparation: unknown fit {self.fit!r} or colour {self.colour!r}")

    def sets_aside(self, own: float) -> bool:
        """Whether exactly those examples are held out that the source itself sets aside, a share ``own`` of all."""
        return abs(own - self.held_out) <= 0.005

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "size": None if self.size is None else list(self.size)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Preparation:
        size = plain["size"]
        return cls(**{**plain, "size": None if size is None else (int(size[0]), int(size[1]))})


@dataclass(frozen=True)
class Skipped:
    """One example that was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Found:
    """What a source holds, for the sheet that a person sees before it is read.

    Attributes:
        count: examples that seem readable.
        sizes: "28×28" (width × height, as people say it) → how many, the most frequent first; of images alone.
        channels: 1 grey, 3 colour; 1 for what is no image.
        classes: names of the classes in label order.
        thumbnails: uint8 n×H×W×3, n ≤ 24, spread over the whole; for points and sentences one picture of them.
        skipped: broken files and refused images that were seen so far.
        suggested: a preparation that the models can use.
        notes: what a person should know of how it is read, in sentences.
        natural_held_out: how many examples the source itself sets aside for testing.
        sentences: label and text of some of them, where they are sentences.
    """

    kind: Kind
    count: int
    sizes: dict[str, int]
    channels: int
    classes: tuple[str, ...]
    labelled: bool
    thumbnails: npt.NDArray[np.uint8]
    skipped: list[Skipped]
    suggested: Preparation
    notes: tuple[str, ...] = ()
    natural_held_out: int = 0
    sentences: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Block:
    """Some prepared examples, in order.

    Attributes:
        values: as :attr:`~studio.data.dataset.DataSpec.kind` has them.
        labels: int64 n, or None; all blocks of a source agree.
        held: bool n, true for the source's own test examples; None when it sets none aside.
        factors: float64 n each.
        skipped: examples that should have been in this block.
        columns: as in :attr:`~studio.data.dataset.Dataset.columns`, n rows each; all blocks of a source have the same.
    """

    values: npt.NDArray[Any]
    labels: npt.NDArray[np.int64] | None = None
    held: npt.NDArray[np.bool_] | None = None
    factors: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


class Source(ABC):
    """Something that can be read into a dataset.

    Attributes:
        title: a name for the dataset.
        kind_of: what it is, for the person ("image folder", "IDX").
        path: where it lies; None for built-in ones.
        origin: the path as text, or ``builtin:digits``.
    """

    title: str
    kind_of: str
    path: Path | None
    origin: str
    kind: Kind = "images"

    @abstractmethod
    def inspect(self, watch: Watch | None = None) -> Found:
        """Look at it. May take seconds for many files; ``watch`` sees progress and can cancel.

        Raises:
            Unreadable, Refused, Cancelled, OSError.
        """

    @abstractmethod
    def signature(self) -> str:
        """Changes when a file of the source does, without reading one: their paths, sizes and times."""

    @abstractmethod
    def content(self, watch: Watch) -> str:
        """xxh3_128 of what it holds, in hex: equal for equal content, wherever that lies."""

    @abstractmethod
    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        """All examples, prepared. The order is the same each time."""

    def tables(self) -> dict[str, npt.NDArray[Any]]:
        """As in :attr:`~studio.data.dataset.Dataset.tables`; known once it was read."""
        return {}

    def sheet(self) -> bytes:
        """A PNG that stands for the dataset; empty: one of its pictures, or of its points. Known once it was read."""
        return b""

    def details(self) -> dict[str, Any]:
        """What else is worth keeping with the dataset, as plain JSON; known once it was read."""
        return {}

    def notes(self) -> tuple[str, ...]:
        """As in :attr:`Found.notes`; complete once it was read."""
        return ()
