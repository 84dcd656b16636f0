"""The training examples nearest to a picture, exactly: has the model learned, or does it repeat?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.dataset import Dataset
from studio.data.watch import Watch

KEPT = 256 << 20
"""Bytes of examples that are kept ready as float32; of larger datasets each search converts them again."""
CHUNK = 32 << 20
"""Bytes of examples that are compared at once."""
SPARE = 32
"""More candidates than asked for, so that rounding in float32 cannot push a true neighbour out."""


class Neighbours:
    """Searches the training split of one dataset by Euclidean distance.

    The search is in float32 by one matrix product; its best candidates are then compared again in float64, so that
    order and distances are those of the values themselves.
    """

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._images = data.spec.pictured
        self._dimension = int(np.prod(data.spec.shape))
        self._rows = max(1, CHUNK // (4 * self._dimension))
        self._ready: list[tuple[Tensor, Tensor]] | None = None
        self.bytes = 4 * self._dimension * len(data.train)
        if self.bytes <= KEPT:
            self._ready = list(self._chunks())
        else:
            self.bytes = 0

    def find(
        self, queries: npt.NDArray[np.float32], k: int, watch: Watch | None = None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """The ``k`` nearest of each query, nearest first; of equally near ones the first.

        Args:
            queries: N×D on the model's scale: pixels in −1..1, points as they are.
            k: as many as there are, when that is fewer.

        Returns:
            Indices into ``data.values`` N×k, and distances N×k: for images root-mean-square in grey levels (0..255),
            for points in their own units.
        """
        watch = watch or Watch()
        flat = np.asarray(queries, np.float32).reshape(len(queries), -1)
        if self._images:
            flat = flat.clip(-1, 1) * np.float32(127.5)
        asked = torch.from_numpy(np.ascontiguousarray(flat))
        count = len(self._data.train)
        wanted = min(k + SPARE, count)
        best = torch.empty(len(asked), 0)
        where = torch.empty(len(asked), 0, dtype=torch.int64)
        start = 0
        for rows, squares in self._ready or self._chunks():
            watch.advance(start, count, "comparing")
            # ‖q‖² is the same for all of a query's candidates, and left out
            apart = torch.addmm(squares[None], asked, rows.T, alpha=-2)
            found = apart.topk(min(wanted, len(rows)), dim=1, largest=False)
            best = torch.cat([best, found.values], dim=1)
            where = torch.cat([where, found.indices + start], dim=1)
            kept = best.topk(min(wanted, best.shape[1]), dim=1, largest=False)
            best, where = kept.values, where.gather(1, kept.indices)
            start += len(rows)
        watch.advance(count, count, "comparing")
        return self._decided(flat, where.numpy(), min(k, count))

    def _decided(
        self, flat: npt.NDArray[np.float32], candidates: npt.NDArray[np.int64], k: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        indices = np.empty((len(flat), k), np.int64)
        distances = np.empty((len(flat), k), np.float32)
        for row, (query, places) in enumerate(zip(flat, candidates, strict=True)):
            chosen = np.sort(self._data.train[places])
            examples = np.asarray(self._data.values[chosen]).reshape(len(chosen), -1).astype(np.float64)
            if self._images:
                examples -= 127.5
            squares = ((examples - query) ** 2).sum(axis=1)
            order = np.argsort(squares, kind="stable")[:k]
            indices[row] = chosen[order]
            distances[row] = np.sqrt(squares[order] / (self._dimension if self._images else 1))
        return indices, distances

    def _chunks(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Examples as float32 rows around zero (grey levels less 127.5), with their squared lengths."""
        for start in range(0, len(self._data.train), self._rows):
            raw = np.asarray(self._data.values[self._data.train[start : start + self._rows]])
            rows = torch.from_numpy(raw.reshape(len(raw), -1).astype(np.float32))
            if self._images:
                rows -= 127.5
            yield rows, (rows * rows).sum(dim=1)
