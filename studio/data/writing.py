"""Writing blocks of examples into the files of a dataset as they come, never holding them all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.data import pictures
from studio.data.dataset import DataSpec
from studio.data.errors import Unavailable, Unreadable
from studio.data.reading import Block, Skipped

SHOWN = 25
CELL = 48
KEPT_SKIPS = 1000
COLUMNS, TABLES = "columns", "tables"
"""Folders of a dataset: what each example carries besides, and what belongs to the whole."""
SPARED = 64 << 20
"""Bytes that are left free on the disk: a full one hurts everybody."""


@dataclass(frozen=True, eq=False)
class Written:
    """What was written: shape of one example, how many, and what the store needs besides."""

    folder: Path
    shape: tuple[int, ...]
    count: int
    labelled: bool
    held: npt.NDArray[np.bool_] | None
    skipped: tuple[Skipped, ...]
    skipped_count: int
    columns: tuple[str, ...] = ()

    def column(self, name: str) -> npt.NDArray[Any]:
        return np.load(self.folder / COLUMNS / f"{name}.npy", allow_pickle=False)  # type: ignore[no-any-return]

    def sheet(self, spec: DataSpec) -> bytes:
        """A PNG of 25 examples spread over the whole, or of the points."""
        values = np.load(self.folder / "values.npy", mmap_mode="r", allow_pickle=False)
        if spec.kind == "points":
            return pictures.png(pictures.points_picture(values[:: max(1, self.count // 5000)]))
        some = [i * self.count // SHOWN for i in range(SHOWN)] if self.count >= SHOWN else list(range(self.count))
        shown = pictures.to_pictures(np.asarray(values[some]), spec)
        return pictures.png(pictures.sheet(_cells(shown), gap=2))


def write_values(folder: Path, blocks: Iterator[Block]) -> Written:
    """Write ``values.npy``, ``labels.npy``, ``factors.npz`` and ``columns/<name>.npy``.

    Raises:
        Unreadable: no example at all. Unavailable: the disk is about to be full. OSError.
    """
    labels: list[npt.NDArray[np.int64]] = []
    held: list[npt.NDArray[np.bool_]] = []
    factors: dict[str, list[npt.NDArray[np.float64]]] = {}
    skipped: list[Skipped] = []
    skips = 0
    with ExitStack() as open_files:
        values = open_files.enter_context(_Growing(folder / "values.npy"))
        columns: dict[str, _Growing] = {}
        for block in blocks:
            skips += len(block.skipped)
            skipped.extend(block.skipped[: KEPT_SKIPS - len(skipped)])
            if not len(block.values):
                continue
            free = shutil.disk_usage(folder).free
            if free < block.values.nbytes + sum(c.nbytes for c in block.columns.values()) + SPARED:
                raise Unavailable(
                    f"the disk of {folder.parent} is almost full ({free >> 20:,} MB left after {values.count:,} "
                    "examples). Choose a smaller size, make room, or move everything with GEN_STUDIO_HOME."
                )
            values.add(block.values)
            for name, column in block.columns.items():
                if name not in columns:
                    (folder / COLUMNS).mkdir(exist_ok=True)
                    columns[name] = open_files.enter_context(_Growing(folder / COLUMNS / f"{name}.npy"))
                columns[name].add(column)
            if block.labels is not None:
                labels.append(block.labels)
            if block.held is not None:
                held.append(block.held)
            for name, factor in block.factors.items():
                factors.setdefault(name, []).append(factor)
        if not values.count:
            raise Unreadable("there is no example that can be read")
    if uneven := [name for name, column in columns.items() if column.count != values.count]:
        raise RuntimeError(f"not every block has {', '.join(uneven)}")
    if labels:
        np.save(folder / "labels.npy", np.concatenate(labels))
    if factors:
        drawn: dict[str, Any] = {name: np.concatenate(parts) for name, parts in factors.items()}
        np.savez(folder / "factors.npz", **drawn)
    return Written(
        folder,
        values.shape,
        values.count,
        bool(labels),
        np.concatenate(held) if held else None,
        tuple(skipped),
        skips,
        tuple(sorted(columns)),
    )


class _Growing:
    """An .npy file whose number of rows is known at the end. A context; empty when nothing was added."""

    def __init__(self, path: Path) -> None:
        self.count = 0
        self.shape: tuple[int, ...] = ()
        self._dtype: np.dtype[Any] = np.dtype(np.uint8)
        self._start = 0
        self._file = path.open("wb")

    def add(self, rows: npt.NDArray[Any]) -> None:
        if not self.count:
            self.shape, self._dtype = rows.shape[1:], rows.dtype
            self._start = self._header()
        self._file.write(np.ascontiguousarray(rows).data)
        self.count += len(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._file:
            if kind is None and self.count:
                self._file.seek(0)
                if self._header() != self._start:  # NumPy leaves room for the count to grow
                    raise RuntimeError(f"the header of {self._file.name} grew over its numbers")

    def _header(self) -> int:
        descr = np.lib.format.dtype_to_descr(self._dtype)
        plain = {"descr": descr, "fortran_order": False, "shape": (self.count, *self.shape)}
        np.lib.format.write_array_header_1_0(self._file, plain)
        return int(self._file.tell())


def _cells(images: pictures.Pictures) -> pictures.Pictures:
    """Small images enlarged by a whole factor to about 48 px, large ones shrunk to it."""
    longest = max(images.shape[1:3])
    if longest <= CELL:
        return pictures.enlarged(images, CELL)
    height, width = (max(1, round(side * CELL / longest)) for side in images.shape[1:3])
    small = [Image.fromarray(one).resize((width, height), Image.Resampling.LANCZOS) for one in images]
    return np.stack([np.asarray(one, np.uint8) for one in small])
