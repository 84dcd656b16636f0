"""The data of a training, kept ready as uint8, and the order in which it is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import torch
from torch import Tensor

from studio.data.dataset import Dataset
from studio.models.core.model import Batch


class Order:
    """Every example once per epoch, in an order that depends on seed and epoch alone: its place is two numbers.

    A batch may reach over the end of an epoch into the next.
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.seed = seed
        self.epoch = 0
        self.at = 0
        self._order = self._shuffled()

    def take(self, n: int) -> npt.NDArray[np.int64]:
        """The next ``n`` positions in 0..count−1."""
        taken: list[npt.NDArray[np.int64]] = []
        while n:
            if self.at == self.count:
                self.epoch, self.at = self.epoch + 1, 0
                self._order = self._shuffled()
            part = self._order[self.at : self.at + n]
            taken.append(part)
            self.at += len(part)
            n -= len(part)
        return taken[0] if len(taken) == 1 else np.concatenate(taken)

    def go_to(self, epoch: int, at: int) -> None:
        self.epoch, self.at = epoch, at
        self._order = self._shuffled()

    def _shuffled(self) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self.seed, self.epoch]).permutation(self.count).astype(np.int64)


class Feed:
    """Batches of the training examples, on the device, images in −1..1.

    The examples lie in memory as one tensor (on the device where they fit easily); only data that would take more
    than a quarter of what is free stays in its memory-mapped file.

    Args:
        mirror: show images mirrored half of the time; drawn from torch's generator.
    """

    def __init__(self, data: Dataset, batch: int, seed: int, mirror: bool, device: torch.device) -> None:
        self.order = Order(len(data.train), seed)
        self.batch = batch
        self.device = device
        self._mirror = mirror
        self._images = data.spec.kind == "images"
        self._train = data.train
        self._mapped: npt.NDArray[Any] | None = None
        self._values = torch.empty(0)
        size = data.values[:1].nbytes * len(data.train)
        if size > psutil.virtual_memory().available / 4:
            self._mapped = data.values
        else:
            self._values = torch.from_numpy(np.array(data.values[data.train]))
            if device.type == "cuda" and size < torch.cuda.mem_get_info(device)[0] / 4:
                self._values = self._values.to(device)
        self._labels = None if data.labels is None else torch.from_numpy(np.array(data.labels[data.train])).to(device)

    def next(self) -> Batch:
        """A fresh batch."""
        chosen = self.order.take(self.batch)
        where = torch.from_numpy(chosen)
        if self._mapped is not None:
            raw = torch.from_numpy(np.asarray(self._mapped[self._train[chosen]]))
        else:
            raw = self._values.index_select(0, where.to(self._values.device))
        labels = None if self._labels is None else self._labels.index_select(0, where.to(self.device))
        return Batch(self._prepared(raw.to(self.device)), labels)

    def _prepared(self, raw: Tensor) -> Tensor:
        if not self._images:
            return raw.float()
        x = raw.float().div_(127.5).sub_(1)
        if self._mirror:
            turned = (torch.rand(len(x)) < 0.5).to(self.device).view(-1, 1, 1, 1)
            x = torch.where(turned, x.flip(3), x)
        return x.contiguous(memory_format=torch.channels_last)
