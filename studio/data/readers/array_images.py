"""Sources whose images lie as raw numbers (IDX, CIFAR, npz, ...): read block by block, never the whole at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from studio.data.errors import Unreadable
from studio.data.fitting import Fitting, Scale, Size, all_grey, check_giant, fitting, scale, suggest
from studio.data.reading import THUMBNAILS, Block, Found, Preparation, Skipped, Source
from studio.data.trees import Tree, read_fully
from studio.data.watch import Watch

BLOCK_BYTES = 4 << 20
THUMBNAIL_SIDE = 64


@dataclass(frozen=True, eq=False)
class Raw:
    """Images as they lie there: uint8 n×H×W×C with C 1 or 3, labels, whether they are the source's test images, and
    what each carries besides."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None = None
    held: bool = False
    skipped: tuple[Skipped, ...] = ()
    factors: dict[str, npt.NDArray[np.float64]] | None = None
    columns: dict[str, npt.NDArray[Any]] | None = None


class ArrayImages(Source):
    """Images of one size in arrays. Readers say what there is and yield :class:`Raw` blocks; all the rest is here.

    Attributes:
        count: images in all; ``held_count`` of them are the source's own test examples.
        size: height and width; ``channels`` 1 or 3.
    """

    count: int
    held_count: int = 0
    size: Size
    channels: int
    classes: tuple[str, ...] = ()
    held_out = 0.1

    @abstractmethod
    def raw(self) -> Iterator[Raw]:
        """All images in order. Every block is labelled, or none."""

    def inspect(self, watch: Watch | None = None) -> Found:
        watch = watch or Watch()
        wanted = [i * self.count // THUMBNAILS for i in range(THUMBNAILS)] if self.count > THUMBNAILS else None
        thumb = Fitting(self._thumbnail_size(), "crop", 3)
        pictures: list[npt.NDArray[np.uint8]] = []
        skipped: list[Skipped] = []
        done = 0
        for block in self.raw():
            some = range(len(block.images)) if wanted is None else [i - done for i in wanted]
            pictures.extend(thumb.array(block.images[i : i + 1])[0] for i in some if 0 <= i < len(block.images))
            skipped.extend(block.skipped)
            done += len(block.images)
            watch.advance(min(done, self.count), self.count, "Looking at the images")
        if not done:
            raise self._nothing(skipped)
        shown = np.stack(pictures).transpose(0, 2, 3, 1) if pictures else np.zeros((0, *thumb.size, 3), np.uint8)
        height, width = self.size
        looks_grey = self.channels == 3 and all_grey(shown)
        share = self.held_count / self.count if self.held_count else self.held_out
        return Found(
            kind="images",
            count=done,
            sizes={f"{width}×{height}": done},
            channels=self.channels,
            classes=self.classes,
            labelled=bool(self.classes),
            thumbnails=np.ascontiguousarray(shown),
            skipped=skipped,
            suggested=suggest({self.size: done}, share, looks_grey),
            notes=self.notes(),
            natural_held_out=self.held_count,
        )

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        fit = fitting(preparation, self.size, self.channels == 3)
        done = 0
        skipped: list[Skipped] = []
        for block in self.raw():
            done += len(block.images)
            skipped.extend(block.skipped)
            watch.advance(min(done, self.count), self.count, "Reading the images")
            held = np.full(len(block.images), block.held) if self.held_count else None
            values = fit.array(block.images)
            yield Block(values, block.labels, held, block.factors or {}, block.skipped, block.columns or {})
        if not done:
            raise self._nothing(skipped)

    def _thumbnail_size(self) -> Size:
        height, width = self.size
        scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
        return max(1, round(height * scale)), max(1, round(width * scale))

    def _nothing(self, skipped: list[Skipped]) -> Unreadable:
        why = f" The first, {skipped[0].name}: {skipped[0].reason}" if skipped else ""
        return Unreadable(f"{self.title}: holds no image that can be read.{why}")


class TreeArrays(ArrayImages):
    """Arrays that lie in files of a tree. Their names are no part of what identifies them."""

    def __init__(self, tree: Tree, kind_of: str, title: str, files: list[str]) -> None:
        self.tree, self.kind_of, self.title, self.files = tree, kind_of, title, files
        self.path, self.origin = tree.path, str(tree.path)

    def signature(self) -> str:
        return self.tree.signature(self.files)

    def content(self, watch: Watch) -> str:
        return self.tree.content([(name, "") for name in self.files], watch)


def records(stream: BinaryIO, name: str, count: int, size: int) -> Iterator[npt.NDArray[np.uint8]]:
    """``count`` records of ``size`` bytes each as uint8 n×size, some megabytes at a time.

    Raises:
        Unreadable: when the stream ends early.
    """
    many = max(1, BLOCK_BYTES // max(size, 1))
    for start in range(0, count, many):
        wanted = min(many, count - start)
        content = read_fully(stream, wanted * size)
        if len(content) < wanted * size:
            there = start + len(content) // max(size, 1)
            raise Unreadable(f"{name}: is cut short: it should hold {count:,} examples, and ends after {there:,}")
        yield np.frombuffer(content, np.uint8).reshape(wanted, size)


def scale_of(blocks: Iterator[npt.NDArray[Any]], dtype: np.dtype[Any], name: str) -> Scale:
    """The scale that all of an array needs; NaN and infinities have no say. Bytes need no look unless they are few.

    Raises:
        Unreadable: values that are no image.
    """
    low, high = np.inf, -np.inf
    for block in blocks:
        finite = block if dtype.kind in "iub" else block[np.isfinite(block)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
        if dtype == np.uint8 and high > 16:
            return Scale()
    if low > high:
        raise Unreadable(f"{name}: holds no finite number")
    return scale(dtype, low, high, name)


def check_shape(count: int, size: Size, name: str) -> None:
    """
    Raises:
        Refused: giant images. Unreadable: none at all.
    """
    check_giant(size, name)
    if count < 1 or min(size) < 1:
        raise Unreadable(f"{name}: holds no images (its shape is {count}×{size[0]}×{size[1]})")
