"""CIFAR-10 and CIFAR-100 as their authors publish them: pickled batches, or binary records; packed in a tar or not.

Python version: dicts with ``data`` N×3072 (planar RGB) and ``labels`` or ``fine_labels``; names in ``batches.meta`` or
``meta``. Binary version: records of label + 3072 bytes, or coarse label + fine label + 3072 bytes.
The files named test are what the authors set aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.errors import DataError, Refused, Unreadable
from studio.data.readers.array_images import Raw, TreeArrays, records
from studio.data.readers.encoded import title_of
from studio.data.readers.pickled import load
from studio.data.reading import Source
from studio.data.sniff import sniff
from studio.data.trees import FileTree, Tree

PIXELS = 3072
MOST_PICKLED = 1 << 30
LOOKED_INTO = 50
META = {"batches.meta": "label_names", "meta": "fine_label_names"}
META_TEXT = ("batches.meta.txt", "fine_label_names.txt")
RECORDS = {PIXELS + 1: (10,), PIXELS + 2: (20, 100)}
"""Bytes of a record → how many classes each of its leading label bytes can name; the last one is used."""


def claim(tree: Tree) -> Source | None:
    """Batches of either kind.

    Raises:
        Refused: a single file, or nothing but files, of pickles that want to run something.
    """
    if len(tree.entries) > LOOKED_INTO:
        return None
    binary = [e.name for e in tree.entries if _is_binary(tree, e.name)]
    if binary:
        return CifarBinary(tree, _ordered(binary), RECORDS[_record(tree.size(binary[0]))])
    pickled = [e.name for e in tree.entries if sniff(tree.head(e.name, 64)) == "pickle"]
    batches = [name for name in pickled if _short(name) not in META]
    if not batches:
        return None
    if not isinstance(tree, FileTree) and len(pickled) * 2 < len(tree.entries):
        return None  # a project's folder with a pickle in it is no dataset of pickles
    for name in batches:
        _batch(tree, name)
    return CifarPython(tree, _ordered(batches))


@dataclass(frozen=True, eq=False)
class _Batch:
    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None


class _Cifar(TreeArrays):
    size = (32, 32)
    channels = 3
    _batches: list[str]

    def _count(self, counts: dict[str, int]) -> None:
        tests = {name for name in counts if "test" in _short(name)}
        self._held = tests if len(tests) < len(counts) else set()
        self.count = sum(counts.values())
        self.held_count = sum(counts[name] for name in self._held)


class CifarPython(_Cifar):
    """Pickled batches. Each is read again for each pass: the largest of the originals is 150 MB."""

    def __init__(self, tree: Tree, batches: list[str]) -> None:
        self._batches = batches
        names, meta = _pickled_names(tree, batches[0])
        super().__init__(tree, "CIFAR, Python version", title_of(tree), [*batches, *meta])
        seen = {name: _batch(tree, name) for name in batches}
        self._count({name: len(batch.pixels) for name, batch in seen.items()})
        tops = [int(b.labels.max(initial=-1)) for b in seen.values() if b.labels is not None]
        self._labelled = len(tops) == len(seen)
        if self._labelled:
            self.classes = names if len(names) > max(tops) else tuple(str(i) for i in range(max(tops) + 1))

    def raw(self) -> Iterator[Raw]:
        for name in self._batches:
            batch = _batch(self.tree, name)
            for at in range(0, len(batch.pixels), 2000):
                labels = batch.labels[at : at + 2000] if self._labelled and batch.labels is not None else None
                yield Raw(_planar(batch.pixels[at : at + 2000]), labels, name in self._held)


class CifarBinary(_Cifar):
    """Binary records."""

    def __init__(self, tree: Tree, batches: list[str], ranges: tuple[int, ...]) -> None:
        self._batches, self._lead = batches, len(ranges)
        folder = batches[0].rpartition("/")[0]
        meta = [n for n in (f"{folder}/{m}".lstrip("/") for m in META_TEXT) if tree.has(n)][:1]
        super().__init__(tree, "CIFAR, binary version", title_of(tree), [*batches, *meta])
        self._count({name: tree.size(name) // (PIXELS + self._lead) for name in batches})
        lines = tree.read(meta[0], 1 << 16).decode(errors="replace").split("\n") if meta else []
        names = tuple(line.strip() for line in lines if line.strip())
        self.classes = names if len(names) == ranges[-1] else tuple(str(i) for i in range(ranges[-1]))

    def raw(self) -> Iterator[Raw]:
        for name in self._batches:
            size = PIXELS + self._lead
            with self.tree.opened(name) as stream:
                for block in records(stream, name, self.tree.size(name) // size, size):
                    labels = block[:, self._lead - 1].astype(np.int64)
                    yield Raw(_planar(block[:, self._lead :]), labels, name in self._held)


def _planar(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _ordered(batches: list[str]) -> list[str]:
    """Training batches by number, the test batch at the end."""
    return sorted(batches, key=lambda n: ("test" in _short(n), [int(d) for d in re.findall(r"\d+", _short(n))], n))


def _record(size: int) -> int:
    return next((r for r in RECORDS if size and size % r == 0), 0)


def _is_binary(tree: Tree, name: str) -> bool:
    """Ten records or more (or an ending .bin), and every label byte in its range: chance does not do that."""
    size = tree.size(name)
    record = _record(size)
    if not record or size > MOST_PICKLED or (size < 10 * record and not name.endswith(".bin")):
        return False
    if sniff(tree.head(name, 64)):
        return False
    with tree.raw(name) as stream:
        content = np.frombuffer(stream.read(1 << 24), np.uint8)
    rows = content[: len(content) // record * record].reshape(-1, record)
    return all(int(rows[:, at].max()) < limit for at, limit in enumerate(RECORDS[record]))


def _batch(tree: Tree, name: str) -> _Batch:
    plain = load(tree.read(name, MOST_PICKLED), name)
    pixels = plain.get("data") if isinstance(plain, dict) else None
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        raise Unreadable(
            f"{name}: is a pickle, but not a CIFAR batch (a dict with “data”, N×{PIXELS} bytes). Use .npz."
        )
    labels = next((plain[key] for key in ("fine_labels", "labels") if key in plain), None)
    if labels is None:
        return _Batch(pixels, None)
    try:
        numbers = np.array(labels, np.int64)
    except (ValueError, TypeError, OverflowError) as wrong:
        raise Unreadable(f"{name}: its labels are no numbers ({wrong})") from wrong
    if numbers.shape != (len(pixels),) or numbers.min(initial=0) < 0 or numbers.max(initial=0) > 100_000:
        raise Unreadable(f"{name}: should have one class number for each of its {len(pixels):,} images")
    return _Batch(pixels, numbers)


def _pickled_names(tree: Tree, beside: str) -> tuple[tuple[str, ...], list[str]]:
    folder = beside.rpartition("/")[0]
    for short, key in META.items():
        name = f"{folder}/{short}".lstrip("/")
        if not tree.has(name):
            continue
        try:
            plain: Any = load(tree.read(name, 1 << 20), name)
        except Refused:
            raise
        except DataError:
            continue  # names are a comfort, not a need
        names = plain.get(key) if isinstance(plain, dict) else None
        if isinstance(names, (list, tuple)) and all(isinstance(n, str) for n in names):
            return tuple(names), [name]
    return (), []
