"""NumPy files: .npy, and .npz with images under a usual key. N×H×W×C, N×C×H×W, N×H×W, or flat squares.

``allow_pickle`` is off: an array of Python objects is refused. Members of an npz are read as streams, so that neither
a large nor a lying file fills the memory.
"""

from __future__ import annotations

import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tokenize import TokenError
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from studio.data.errors import Refused, Unreadable, Unrecognised
from studio.data.fitting import Scale, Size
from studio.data.readers.array_images import Raw, TreeArrays, check_shape, records, scale_of
from studio.data.readers.encoded import title_of
from studio.data.reading import Skipped, Source
from studio.data.sniff import sniff
from studio.data.trees import MOST_BYTES, Tree, damage_told

IMAGE_KEYS = ("images", "x_train", "train_images", "train_x", "x", "data", "arr_0", "imgs", "image", "train")
TEST_KEYS = ("x_test", "test_images", "test_x")
LABEL_KEYS = ("labels", "y_train", "train_labels", "train_y", "y", "label", "targets", "target", "arr_1")
TEST_LABEL_KEYS = ("y_test", "test_labels", "test_y")
LOOKED_INTO = 20

# NumPy remarks on headers that Python 2 wrote; they are read all the same
warnings.filterwarnings("ignore", message="Reading `.npy` or `.npz` file required additional header parsing")


@dataclass(frozen=True)
class Member:
    """One array: the file it is in, its key (empty for .npy), type and shape."""

    file: str
    key: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    by_columns: bool

    @property
    def called(self) -> str:
        return f"{self.file}: {self.key}" if self.key else self.file


@dataclass(frozen=True)
class Layout:
    """How one example lies in memory."""

    size: Size
    channels: int
    planar: bool

    def arrange(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Flat rows n×(H·W·C) as n×H×W×C."""
        height, width = self.size
        if self.planar:
            return rows.reshape(-1, self.channels, height, width).transpose(0, 2, 3, 1)
        return rows.reshape(-1, height, width, self.channels)


def claim(tree: Tree) -> Source | None:
    """The images of the only .npy or .npz, or the one that has some.

    Raises:
        Refused: arrays of Python objects. Unrecognised: arrays, but none of images; says what they are.
    """
    if len(tree.entries) > LOOKED_INTO:
        return None
    seen: list[Member] = []
    for entry in tree.entries:
        found = members(tree, entry.name)
        seen.extend(found)
        images = _choose(found, IMAGE_KEYS)
        if images is not None:
            return NumpyImages(tree, images, found)
    if len(seen) == 0 or any(m.shape[1:] in ((2,), (3,)) for m in seen):
        return None
    told = "; ".join(f"{m.called} is {m.dtype} {'×'.join(map(str, m.shape))}" for m in seen[:6])
    raise Unrecognised(
        f"{tree.path.name}: holds no images (N×H×W, N×H×W×C or N×C×H×W), no points (N×2) and no binary vectors "
        f"(N×D of 0 and 1 alone): {told}"
    )


def members(tree: Tree, name: str) -> list[Member]:
    """The arrays of a .npy or .npz by their headers; empty for any other file."""
    kind = sniff(tree.head(name, 64))
    if kind == "npy":
        with tree.opened(name) as stream:
            return [_member(stream, name, "")]
    if kind != "zip":
        return []
    found = []
    with damage_told(name), tree.raw(name) as raw, zipfile.ZipFile(raw) as archive:
        for info in archive.infolist():
            if info.filename.endswith(".npy") and info.file_size <= MOST_BYTES:
                with archive.open(info) as stream:
                    found.append(_member(cast("BinaryIO", stream), name, info.filename.removesuffix(".npy")))
    return found


@contextmanager
def member_stream(tree: Tree, member: Member) -> Iterator[BinaryIO]:
    """The numbers of one array, behind its header."""
    if not member.key:
        with tree.opened(member.file) as stream:
            _member(stream, member.file, "")
            yield stream
        return
    name = f"{member.key}.npy"
    with (
        damage_told(member.called),
        tree.raw(member.file) as raw,
        zipfile.ZipFile(raw) as archive,
        archive.open(name) as packed,
    ):
        stream = cast("BinaryIO", packed)
        _member(stream, member.file, member.key)
        yield stream


def load(tree: Tree, member: Member, most: int = 1 << 30) -> npt.NDArray[Any]:
    """All of a small array.

    Raises:
        Refused: when it is larger than ``most`` bytes.
    """
    each = math.prod(member.shape[1:]) * member.dtype.itemsize
    count = member.shape[0] if member.shape else 0
    if each * count > most:
        raise Refused(f"{member.called}: is larger than {most >> 20} MB")
    with member_stream(tree, member) as stream:
        rows = list(records(stream, member.called, count, each)) or [np.empty((0, each), np.uint8)]
    flat = np.concatenate(rows).reshape(-1).view(member.dtype)
    return flat.reshape(member.shape, order="F" if member.by_columns else "C")


class NumpyImages(TreeArrays):
    """Images under one key, and those under a test key when they have the same shape."""

    def __init__(self, tree: Tree, images: Member, among: list[Member]) -> None:
        layout = _layout(images)
        if layout is None:
            raise Unreadable(f"{images.called}: its shape {images.shape} is none of images")
        test = _choose(among, TEST_KEYS)
        if test is not None and (test.shape[1:] != images.shape[1:] or test.key == images.key):
            test = None
        self._layout = layout
        self._arrays = [images] if test is None else [images, test]
        for one in self._arrays:
            check_shape(one.shape[0], layout.size, one.called)
            if one.by_columns:
                raise Unreadable(f"{one.called}: is stored by columns; save it with numpy.ascontiguousarray")
        super().__init__(tree, "NumPy arrays", title_of(tree), [images.file])
        self.count = sum(a.shape[0] for a in self._arrays)
        self.held_count = 0 if test is None else test.shape[0]
        self.size, self.channels = layout.size, layout.channels
        self._labels = self._find_labels(among)
        if self._labels:
            self.classes = tuple(str(i) for i in range(1 + max(int(v.max(initial=0)) for v in self._labels)))
        self._scale: Scale | None = None

    def notes(self) -> tuple[str, ...]:
        return (self._scale.note,) if self._scale is not None and self._scale.note else ()

    def raw(self) -> Iterator[Raw]:
        if self._scale is None:
            every = (block for array in self._arrays for block in self._rows(array))
            self._scale = scale_of(every, self._arrays[0].dtype, self._arrays[0].called)
        for place, array in enumerate(self._arrays):
            at = 0
            for rows in self._rows(array):
                labels = self._labels[place][at : at + len(rows)] if self._labels else None
                yield self._raw(rows, labels, place == 1, at, array)
                at += len(rows)

    def _raw(
        self, rows: npt.NDArray[Any], labels: npt.NDArray[np.int64] | None, held: bool, at: int, array: Member
    ) -> Raw:
        assert self._scale is not None
        skipped: tuple[Skipped, ...] = ()
        if array.dtype.kind == "f":
            good = np.isfinite(rows).all(axis=1)
            skipped = tuple(
                Skipped(f"{array.called}[{at + i}]", "holds NaN or infinity") for i in np.flatnonzero(~good)
            )
            rows, labels = rows[good], None if labels is None else labels[good]
        return Raw(self._scale.apply(self._layout.arrange(rows)), labels, held, skipped)

    def _rows(self, array: Member) -> Iterator[npt.NDArray[Any]]:
        each = math.prod(array.shape[1:]) * array.dtype.itemsize
        with member_stream(self.tree, array) as stream:
            for block in records(stream, array.called, array.shape[0], each):
                yield block.view(array.dtype)

    def _find_labels(self, among: list[Member]) -> list[npt.NDArray[np.int64]]:
        found = []
        for array, keys in zip(self._arrays, (LABEL_KEYS, TEST_LABEL_KEYS), strict=False):
            fitting = [m for m in among if m.dtype.kind in "iu" and m.shape in (array.shape[:1], (array.shape[0], 1))]
            labels = next((m for key in keys for m in fitting if m.key.lower() == key), None)
            if labels is None:
                return []
            numbers = load(self.tree, labels).reshape(-1).astype(np.int64)
            if numbers.min(initial=0) < 0 or numbers.max(initial=0) > 100_000:
                return []
            found.append(numbers)
        return found


def _member(stream: BinaryIO, file: str, key: str) -> Member:
    called = f"{file}: {key}" if key else file
    try:
        version = np.lib.format.read_magic(stream)
        header = {(1, 0): np.lib.format.read_array_header_1_0}.get(version, np.lib.format.read_array_header_2_0)
        shape, by_columns, dtype = header(stream)
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, TokenError, Warning) as wrong:
        raise Unreadable(f"{called}: is no NumPy array, or its header is damaged ({wrong})") from wrong
    if dtype.hasobject:
        raise Refused(
            f"{called}: refused, because it holds Python objects, which could run anything when they are read. "
            "Save plain numbers."
        )
    return Member(file, key, dtype, tuple(int(n) for n in shape), bool(by_columns) and len(shape) > 1)


def _choose(found: list[Member], keys: tuple[str, ...]) -> Member | None:
    able = [m for m in found if _layout(m) is not None]
    named = (m for key in keys for m in able if m.key.lower() == key)
    if keys is not IMAGE_KEYS:
        return next(named, None)
    tests = {*TEST_KEYS, *LABEL_KEYS, *TEST_LABEL_KEYS} - set(IMAGE_KEYS)
    return next(named, None) or next((m for m in able if not m.key or m.key.lower() not in tests), None)


def _layout(member: Member) -> Layout | None:
    """How the shape can be read as images; None when it can't. Channels last unless only first fits."""
    if member.dtype.kind not in "uifb" or not re.fullmatch(r"[|<>=][buif][1248]", member.dtype.str):
        return None
    match member.shape:
        case (_, height, width, (1 | 3) as channels):
            return Layout((height, width), channels, False)
        case (_, (1 | 3) as channels, height, width):
            return Layout((height, width), channels, True)
        case (_, height, width) if min(height, width) > 3:
            return Layout((height, width), 1, False)
        case (_, flat) if flat >= 16 and math.isqrt(flat) ** 2 == flat:
            return Layout((math.isqrt(flat),) * 2, 1, False)
        case (_, flat) if flat >= 192 and flat % 3 == 0 and math.isqrt(flat // 3) ** 2 == flat // 3:
            return Layout((math.isqrt(flat // 3),) * 2, 3, True)
    return None
