"""Writing blocks of examples into the files of a dataset as they come, never holding them all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.data import pictures
from studio.data.errors import Unavailable, Unreadable
from studio.data.reading import Block, Skipped

SHOWN = 25
CELL = 48
KEPT_SKIPS = 1000
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

    def sheet(self) -> bytes:
        """A PNG of 25 examples spread over the whole, or of the points."""
        values = np.load(self.folder / "values.npy", mmap_mode="r", allow_pickle=False)
        if len(self.shape) == 1:
            return pictures.png(pictures.points_picture(values[:: max(1, self.count // 5000)]))
        some = [i * self.count // SHOWN for i in range(SHOWN)] if self.count >= SHOWN else list(range(self.count))
        seen = np.asarray(values[some]).transpose(0, 2, 3, 1)
        shown = np.ascontiguousarray(np.broadcast_to(seen, (*seen.shape[:3], 3)))
        return pictures.png(pictures.sheet(_cells(shown), gap=2))


def write_values(folder: Path, blocks: Iterator[Block]) -> Written:
    """Write ``values.npy``, ``labels.npy`` and ``factors.npz``.

    Raises:
        Unreadable: no example at all. Unavailable: the disk is about to be full. OSError.
    """
    count, shape, dtype = 0, (), np.dtype(np.uint8)
    labels: list[npt.NDArray[np.int64]] = []
    held: list[npt.NDArray[np.bool_]] = []
    factors: dict[str, list[npt.NDArray[np.float64]]] = {}
    skipped: list[Skipped] = []
    skips = 0
    with (folder / "values.npy").open("wb") as file:
        start = 0
        for block in blocks:
            skips += len(block.skipped)
            skipped.extend(block.skipped[: KEPT_SKIPS - len(skipped)])
            if not len(block.values):
                continue
            if not count:
                shape, dtype = block.values.shape[1:], block.values.dtype
                start = _header(file, count, shape, dtype)
            free = shutil.disk_usage(folder).free
            if free < block.values.nbytes + SPARED:
                raise Unavailable(
                    f"the disk of {folder.parent} is almost full ({free >> 20:,} MB left after {count:,} examples). "
                    "Choose a smaller size, make room, or move everything with GEN_STUDIO_HOME."
                )
            file.write(np.ascontiguousarray(block.values).data)
            count += len(block.values)
            if block.labels is not None:
                labels.append(block.labels)
            if block.held is not None:
                held.append(block.held)
            for name, values in block.factors.items():
                factors.setdefault(name, []).append(values)
        if not count:
            raise Unreadable("there is no example that can be read")
        file.seek(0)
        if _header(file, count, shape, dtype) != start:  # NumPy leaves room for the count to grow
            raise RuntimeError("the header of values.npy grew over its numbers")
    if labels:
        np.save(folder / "labels.npy", np.concatenate(labels))
    if factors:
        drawn: dict[str, Any] = {name: np.concatenate(parts) for name, parts in factors.items()}
        np.savez(folder / "factors.npz", **drawn)
    return Written(folder, shape, count, bool(labels), np.concatenate(held) if held else None, tuple(skipped), skips)


def _header(file: Any, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    plain = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (count, *shape)}
    np.lib.format.write_array_header_1_0(file, plain)
    return int(file.tell())


def _cells(images: pictures.Pictures) -> pictures.Pictures:
    """Small images enlarged by a whole factor to about 48 px, large ones shrunk to it."""
    longest = max(images.shape[1:3])
    if longest <= CELL:
        return pictures.enlarged(images, CELL)
    height, width = (max(1, round(side * CELL / longest)) for side in images.shape[1:3])
    small = [Image.fromarray(one).resize((width, height), Image.Resampling.LANCZOS) for one in images]
    return np.stack([np.asarray(one, np.uint8) for one in small])
