"""IDX, the form of MNIST and its relatives, packed or not, with labels found beside the images.

Bytes 0, 0, type, number of dimensions; then the dimensions as big-endian uint32; then the numbers, big-endian.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.errors import Unreadable, Unrecognised
from studio.data.fitting import Scale, Size
from studio.data.readers.array_images import Raw, TreeArrays, check_shape, records, scale_of
from studio.data.readers.encoded import title_of
from studio.data.reading import Source
from studio.data.sniff import sniff
from studio.data.trees import FileTree, Tree, read_fully

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
LOOKED_INTO = 200


@dataclass(frozen=True)
class Header:
    """Type and shape of one IDX file."""

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """Images and their labels' file, and whether they are meant for testing."""

    images: Header
    labels: Header | None
    held: bool


def claim(tree: Tree) -> Source | None:
    """Images of IDX files with the labels beside them; train and t10k files together are one source.

    Raises:
        Unrecognised: when there are several sets and no telling which is meant.
    """
    if len(tree.entries) > LOOKED_INTO:
        return None
    headers = [h for h in (_header(tree, e.name) for e in tree.entries) if h is not None]
    pictures = [h for h in headers if _is_image(h)]
    if not pictures:
        return None
    flat = {h.name: h for h in headers if len(h.shape) == 1}
    parts = [Part(h, _labels(tree, h, flat, len(pictures)), _is_test(h.name)) for h in pictures]
    train, test = [p for p in parts if not p.held], [p for p in parts if p.held]
    if len(train) > 1 or len(test) > 1 or {p.images.shape[1:] for p in parts} != {parts[0].images.shape[1:]}:
        names = ", ".join(sorted(p.images.name for p in parts))
        raise Unrecognised(f"{tree.path.name}: holds several sets of IDX images ({names}). Drop one of these files.")
    return IdxImages(tree, [*train, *test] if train else [Part(p.images, p.labels, False) for p in test])


class IdxImages(TreeArrays):
    """One or two parts, training images first."""

    def __init__(self, tree: Tree, parts: list[Part]) -> None:
        labelled = all(p.labels is not None for p in parts)
        self._parts = parts if labelled else [Part(p.images, None, p.held) for p in parts]
        files = [h.name for p in self._parts for h in (p.images, p.labels) if h is not None]
        super().__init__(tree, "IDX", _title(tree), files)
        shape = parts[0].images.shape
        for part in parts:
            check_shape(part.images.shape[0], (part.images.shape[1], part.images.shape[2]), part.images.name)
        self.count = sum(p.images.shape[0] for p in parts)
        self.held_count = sum(p.images.shape[0] for p in parts if p.held)
        self.size: Size = (shape[1], shape[2])
        self.channels = shape[3] if len(shape) == 4 else 1
        self._values = [_read_labels(tree, p) for p in self._parts]
        known = [v for v in self._values if v is not None]
        if known:
            self.classes = tuple(str(i) for i in range(1 + max(int(v.max(initial=0)) for v in known)))
        self._scales: dict[str, Scale] = {}

    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.note for s in self._scales.values() if s.note))

    def raw(self) -> Iterator[Raw]:
        for part, labels in zip(self._parts, self._values, strict=True):
            at = 0
            for images in self._images(part.images):
                yield Raw(images, None if labels is None else labels[at : at + len(images)], part.held)
                at += len(images)

    def _images(self, header: Header) -> Iterator[npt.NDArray[np.uint8]]:
        if header.name not in self._scales:
            self._scales[header.name] = scale_of(self._numbers(header), header.dtype, header.name)
        for block in self._numbers(header):
            yield self._scales[header.name].apply(np.nan_to_num(block))

    def _numbers(self, header: Header) -> Iterator[npt.NDArray[Any]]:
        with self.tree.opened(header.name) as stream:
            read_fully(stream, 4 + 4 * len(header.shape))
            bytes_each = math.prod(header.shape[1:]) * header.dtype.itemsize
            for block in records(stream, header.name, header.shape[0], bytes_each):
                yield block.view(header.dtype).reshape(-1, *self.size, self.channels)


def _header(tree: Tree, name: str) -> Header | None:
    head = tree.head(name, 64)
    if sniff(head) != "idx":
        return None
    dims = head[3]
    if len(head) < 4 + 4 * dims:
        return None
    shape = struct.unpack(f">{dims}I", head[4 : 4 + 4 * dims])
    return Header(name, np.dtype(TYPES[head[2]]), tuple(int(n) for n in shape))


def _is_image(header: Header) -> bool:
    shape = header.shape
    return len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))


def _is_test(name: str) -> bool:
    return re.search(r"(^|[^a-z])(t10k|test)([^a-z]|$)", name.rpartition("/")[2].lower()) is not None


def _labels(tree: Tree, images: Header, flat: dict[str, Header], sets: int) -> Header | None:
    """The labels' file: named as the images with "labels" for "images"; or the only one of the same length."""
    folder, slash, short = images.name.rpartition("/")
    named = re.sub(r"(?i)idx3|idx4", "idx1", re.sub(r"(?i)images?|imgs", "labels", short))
    bases = {named, named.removesuffix(".gz"), named.removesuffix(".gz") + ".gz"}
    bases |= {base.replace(".idx1", "-idx1") for base in bases} | {base.replace("-idx1", ".idx1") for base in bases}
    for name in sorted(folder + slash + base for base in bases - {short}):
        found = flat.get(name) or (_header(tree, name) if isinstance(tree, FileTree) and tree.has(name) else None)
        if found is not None and found.shape == images.shape[:1]:
            return found
    same = [h for h in flat.values() if h.shape == images.shape[:1]]
    return same[0] if sets == 1 and len(same) == 1 else None


def _read_labels(tree: Tree, part: Part) -> npt.NDArray[np.int64] | None:
    header = part.labels
    if header is None:
        return None
    with tree.opened(header.name) as stream:
        read_fully(stream, 8)
        blocks = list(records(stream, header.name, header.shape[0], header.dtype.itemsize))
    values = np.concatenate(blocks).view(header.dtype).reshape(-1).astype(np.int64)
    if values.min(initial=0) < 0 or values.max(initial=0) > 100_000:
        raise Unreadable(f"{header.name}: labels from {values.min()} to {values.max()} are no class numbers")
    return values


def _title(tree: Tree) -> str:
    title = title_of(tree)
    return re.sub(r"(?i)[-_.](images?|labels?)[-_.]?idx\d[-_.]ubyte$", "", title)
