"""Sources of encoded image files (PNG, JPEG, ...), however they are named and labelled: surveyed, then decoded."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from studio.data.errors import DataError, Refused, Unreadable
from studio.data.fitting import Fitting, Header, Size, all_grey, fitting, header, suggest
from studio.data.parallel import ordered
from studio.data.reading import THUMBNAILS, Block, Found, Preparation, Skipped, Source
from studio.data.trees import Tree
from studio.data.watch import Watch

T = TypeVar("T")

CHUNK = 64
SURVEYED = 10_000
"""Headers read for the dataset sheet; of more images this many, evenly spread."""
MOST_ENCODED = 256 << 20
SMALL_FILE = 1 << 16
THUMBNAIL_SIDE = 64


@dataclass(frozen=True)
class Item:
    """One image file: its name in the tree, its label (−1: none), whether the source sets it aside for testing.

    ``said``: which line of which file speaks of it, where several do and that is what a person would look up.
    """

    name: str
    label: int = -1
    held: bool = False
    said: str = ""


@dataclass(frozen=True, eq=False)
class Decoded:
    """One prepared example: uint8 C×H×W, and a row of each column."""

    image: npt.NDArray[np.uint8]
    columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


class LeftOut(Exception):
    """An example that can't be used although its file can be read; the message says why."""


@dataclass(frozen=True)
class _Giant(Skipped):
    """An image that is too large to be decoded, not broken."""


@dataclass(frozen=True)
class _Survey:
    """What the headers say: sizes, how many have colour, how many were looked at, what was skipped."""

    sizes: Counter[Size]
    coloured: int
    looked_at: int
    skipped: list[Skipped]


class EncodedImages(Source):
    """Image files of one tree. Readers find the items and their labels; all the rest is here.

    Attributes:
        thumbnail_side: pixels that thumbnails have at most.

    Args:
        prefix: the folder that all names begin with; it is no part of what identifies the content.
        others: files that say something about the images.
        skipped: what the reader left out already.
    """

    thumbnail_side = THUMBNAIL_SIDE

    def __init__(
        self,
        tree: Tree,
        kind_of: str,
        items: Sequence[Item],
        classes: tuple[str, ...],
        *,
        prefix: str = "",
        others: Sequence[str] = (),
        notes: tuple[str, ...] = (),
        skipped: Sequence[Skipped] = (),
    ) -> None:
        self.tree, self.items, self.classes, self.prefix = tree, tuple(items), classes, prefix
        self.path, self.origin, self.kind_of = tree.path, str(tree.path), kind_of
        self.title = title_of(tree)
        self.files = list(dict.fromkeys([*others, *(i.name for i in items)]))
        self._notes, self._left_out = notes, tuple(skipped)
        self._surveyed: _Survey | None = None

    def notes(self) -> tuple[str, ...]:
        return self._notes

    def signature(self) -> str:
        return self.tree.signature(self.files)

    def content(self, watch: Watch) -> str:
        return self.tree.content([(name, name.removeprefix(self.prefix)) for name in self.files], watch)

    def inspect(self, watch: Watch | None = None) -> Found:
        survey = self._survey(watch or Watch())
        pictures, broken = self._thumbnails(survey)
        coloured = survey.coloured > 0
        looks_grey = coloured and bool(pictures) and all_grey(pictures)
        count, held = len(self.items), sum(i.held for i in self.items)
        notes = list(self.notes())
        if survey.looked_at < count:
            notes.append(f"sizes are those of {survey.looked_at:,} of the {count:,} images")
        if looks_grey:
            notes.append("the images are stored in colour but look grey, so grey is suggested")
        skipped = {s.name: s for s in (*self._left_out, *survey.skipped, *broken)}
        return Found(
            kind="images",
            count=count - len({s.name for s in (*survey.skipped, *broken)}),
            sizes={f"{wide}×{high}": many for (high, wide), many in survey.sizes.most_common()},
            channels=3 if coloured else 1,
            classes=self.classes,
            labelled=bool(self.classes),
            thumbnails=np.stack(pictures) if pictures else np.zeros((0, THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3), np.uint8),
            skipped=list(skipped.values()),
            suggested=suggest(survey.sizes, min(held / count, 0.9) if held else 0.1, looks_grey),
            notes=tuple(notes),
            natural_held_out=held,
        )

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        survey = self._survey(watch)
        if preparation.size is None and len(survey.sizes) > 1:
            preparation = replace(preparation, size=suggest(survey.sizes, 0).size)
        fit = fitting(preparation, survey.sizes.most_common(1)[0][0], survey.coloured > 0)
        held = any(i.held for i in self.items)

        def decoded(chunk: Sequence[Item]) -> Block:
            seen = [(item, self._try(item, lambda file, item: self._decoded(fit, file, item))) for item in chunk]
            good = [(item, one) for item, one in seen if not isinstance(one, Skipped)]
            empty = np.empty((0, fit.channels, *fit.size), np.uint8)
            return Block(
                np.stack([one.image for _, one in good]) if good else empty,
                np.array([i.label for i, _ in good], np.int64) if self.classes else None,
                np.array([i.held for i, _ in good], bool) if held else None,
                skipped=tuple(s for _, s in seen if isinstance(s, Skipped)),
                columns={name: np.stack([one.columns[name] for _, one in good]) for name in good[0][1].columns}
                if good
                else {},
            )

        done = kept = 0
        first: list[Skipped] = []
        left_out = self._left_out
        for block in ordered(decoded, _chunks(self.items)):
            done += len(block.values) + len(block.skipped)
            kept += len(block.values)
            first.extend(block.skipped[: 0 if first else 1])
            watch.advance(done, len(self.items), "Reading the images")
            yield replace(block, skipped=(*left_out, *block.skipped))
            left_out = ()
        if not kept:
            raise self._nothing(first)

    def _survey(self, watch: Watch) -> _Survey:
        """Sizes and colour by the headers; once for each source.

        Raises:
            Unreadable, Refused: when no image is left; the message gives the first reason.
        """
        if self._surveyed is None:
            survey = _Survey(Counter(), 0, 0, [])
            chosen = _spread(self.items, SURVEYED)
            for seen in ordered(lambda chunk: [self._try(i, self._header) for i in chunk], _chunks(chosen)):
                good = [one for one in seen if not isinstance(one, Skipped)]
                survey.sizes.update(one.size for one in good)
                survey.skipped.extend(one for one in seen if isinstance(one, Skipped))
                survey = replace(
                    survey,
                    coloured=survey.coloured + sum(one.coloured for one in good),
                    looked_at=survey.looked_at + len(seen),
                )
                watch.advance(survey.looked_at, len(chosen), "Looking at the images")
            if not survey.sizes:
                raise self._nothing(survey.skipped)
            self._surveyed = survey
        return self._surveyed

    def _thumbnails(self, survey: _Survey) -> tuple[list[npt.NDArray[np.uint8]], list[Skipped]]:
        sizes = list(survey.sizes)
        side = self.thumbnail_side
        native = sizes[0] if len(sizes) == 1 and max(sizes[0]) <= side else (side, side)
        fit = Fitting(native, "crop", 3)
        seen = [
            self._try(item, lambda file, item: self._thumbnail(fit, file, item))
            for item in _spread(self.items, THUMBNAILS)
        ]
        pictures = [one.transpose(1, 2, 0) for one in seen if not isinstance(one, Skipped)]
        return pictures, [one for one in seen if isinstance(one, Skipped)]

    def _header(self, file: BinaryIO, item: Item) -> Header:
        return header(file, item.name)

    def _decoded(self, fit: Fitting, file: BinaryIO, item: Item) -> Decoded:
        return Decoded(fit.decode(file, item.name))

    def _thumbnail(self, fit: Fitting, file: BinaryIO, item: Item) -> npt.NDArray[np.uint8]:
        """3×H×W."""
        return self._decoded(fit, file, item).image

    def _try(self, item: Item, work: Callable[[BinaryIO, Item], T]) -> T | Skipped:
        called = f"{item.name} ({item.said})" if item.said else item.name
        try:
            with self.tree.raw(item.name) as file:
                if self.tree.size(item.name) <= SMALL_FILE:
                    return work(io.BytesIO(file.read()), item)
                if self.tree.size(item.name) > MOST_ENCODED:
                    return _Giant(called, f"is a file of more than {MOST_ENCODED >> 20} MB")
                return work(file, item)
        except Refused as giant:
            return _Giant(called, str(giant).removeprefix(f"{item.name}: "))
        except LeftOut as why:
            return Skipped(called, str(why))
        except MemoryError:
            return _Giant(called, "does not fit into memory")
        except Exception as wrong:  # a stranger's file in a decoder: Pillow's plugins raise whatever they stumble upon
            return Skipped(called, _reason(wrong))

    def _nothing(self, skipped: Sequence[Skipped]) -> DataError:
        first = skipped[0]
        what = (
            f"{self.title}: none of its {len(self.items):,} images can be read. The first, {first.name}: {first.reason}"
        )
        return Refused(what) if isinstance(first, _Giant) else Unreadable(what)


def title_of(tree: Tree) -> str:
    """A name for the dataset: the folder's or file's, without what tells its format."""
    name = tree.path.resolve().name or str(tree.path)
    if tree.path.is_dir():
        return name
    while (stem := name.rpartition(".")) and stem[0] and stem[2].lower() in _FORMAT_ENDINGS:
        name = stem[0]
    return name


_FORMAT_ENDINGS = {
    *("zip", "tar", "gz", "tgz", "bz2", "xz", "npz", "npy", "csv", "tsv", "txt", "bin", "pkl", "pickle", "gif", "webp"),
    *("png", "apng", "tif", "tiff"),
}


def _reason(wrong: Exception) -> str:
    text = str(wrong)
    if "cannot identify image file" in text:
        return "is no image, or its beginning is damaged"
    if "truncated" in text or isinstance(wrong, EOFError):
        return "is cut short"
    return f"is damaged ({text or type(wrong).__name__})"


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + CHUNK] for at in range(0, len(items), CHUNK))


def _spread(items: Sequence[T], most: int) -> Sequence[T]:
    if len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]
