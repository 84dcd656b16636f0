"""The data of a training, kept ready as uint8, and the order in which it is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import torch
from torch import Tensor

from studio.data.dataset import Dataset
from studio.data.skeleton import SWAPPED
from studio.models.core.model import Batch
from studio.nn.parts import mirrored_parts


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


class Examples:
    """Examples of a dataset as batches, on the device, images and vectors in −1..1: the chosen ones, in the order
    that is asked for.

    They lie in memory as one tensor (on the device where they fit easily); only data that would take more than a
    quarter of what is free stays in its memory-mapped file.

    Args:
        indices: of the examples that may be asked for.
        wants: names of the columns that come along, where the dataset carries them.
    """

    def __init__(
        self, data: Dataset, indices: npt.NDArray[np.int64], device: torch.device, wants: tuple[str, ...] = ()
    ) -> None:
        self._device = device
        self._kind = data.spec.kind
        self._values = _Column(data.values, indices, device)
        self._columns = {name: _Column(data.columns[name], indices, device) for name in wants if name in data.columns}
        self._labels = None if data.labels is None else torch.from_numpy(np.array(data.labels[indices])).to(device)

    def at(self, positions: npt.NDArray[np.int64]) -> Batch:
        """The examples at these positions of ``indices``."""
        where = torch.from_numpy(positions)
        labels = None if self._labels is None else self._labels.index_select(0, where.to(self._device))
        columns = {name: column.at(where) for name, column in self._columns.items()}
        return Batch(self._prepared(self._values.at(where)), labels, columns)

    def _prepared(self, raw: Tensor) -> Tensor:
        if self._kind == "sentences":
            return raw.long()
        if self._kind == "points":
            return raw.float()
        scaled = raw.float().div_(127.5).sub_(1)
        return scaled.contiguous(memory_format=torch.channels_last) if self._kind == "images" else scaled


class _Column:
    def __init__(self, values: npt.NDArray[Any], indices: npt.NDArray[np.int64], device: torch.device) -> None:
        self._device = device
        self._indices = indices
        self._mapped: npt.NDArray[Any] | None = None
        self._held = torch.empty(0)
        size = values[:1].nbytes * len(indices)
        if size > psutil.virtual_memory().available / 4:
            self._mapped = values
            return
        self._held = torch.from_numpy(np.array(values[indices]))
        if device.type == "cuda" and size < torch.cuda.mem_get_info(device)[0] / 4:
            self._held = self._held.to(device)

    def at(self, where: Tensor) -> Tensor:
        if self._mapped is not None:
            return torch.from_numpy(np.asarray(self._mapped[self._indices[where.numpy()]])).to(self._device)
        return self._held.index_select(0, where.to(self._held.device)).to(self._device)


class Feed:
    """Batches of the training examples, in the order of a seed.

    Where partners are wanted, a batch comes with another picture of the same person for each of its own: as the
    dataset's pairs say (an epoch then shows each pair once: from the partner to the example), else drawn by seed and
    place in the order.

    Args:
        mirror: show images mirrored half of the time, their partners with them; drawn from torch's generator.
        wants, pairs: as of :class:`~studio.models.core.model.Model`.
    """

    def __init__(
        self,
        data: Dataset,
        batch: int,
        seed: int,
        mirror: bool,
        device: torch.device,
        wants: tuple[str, ...] = (),
        pairs: bool = False,
    ) -> None:
        self.batch = batch
        self.device = device
        self._mirror = mirror
        self._seed = seed
        self._examples = Examples(data, data.train, device, wants)
        self._partners = Partners(data, data.train) if pairs else None
        self.order = Order(len(data.train) if self._partners is None else self._partners.count, seed)

    def next(self) -> Batch:
        """A fresh batch."""
        place = self.order.epoch, self.order.at
        chosen = self.order.take(self.batch)
        if self._partners is None:
            made = self._examples.at(chosen)
        else:
            sources, targets = self._partners.of(chosen, (self._seed, *place))
            made = replace(self._examples.at(targets), partner=self._examples.at(sources))
        if not self._mirror:
            return made
        turned = (torch.rand(len(made.x)) < 0.5).to(self.device)
        return mirrored(made, turned)


def chosen(
    data: Dataset,
    count: int,
    seed: int,
    device: torch.device,
    wants: tuple[str, ...] = (),
    pairs: bool = False,
) -> Batch:
    """A batch of up to ``count`` held-out examples (of training ones, where nothing is held out), with partners where
    they are wanted: the same ones for the same seed."""
    indices = data.held_out if len(data.held_out) else data.train
    partners = Partners(data, indices) if pairs else None
    total = len(indices) if partners is None else partners.count
    positions = np.sort(np.random.default_rng(seed).permutation(total)[:count])
    if partners is None:
        some = np.asarray(indices)[positions]
        return Examples(data, some, device, wants).at(np.arange(len(some)))
    sources, targets = partners.of(positions, (seed,))
    examples = [Examples(data, np.asarray(indices)[p], device, wants).at(np.arange(len(p))) for p in (sources, targets)]
    return replace(examples[1], partner=examples[0])


def rows(batch: Batch, at: slice) -> Batch:
    """Some of a batch, partners and columns with them."""
    return Batch(
        batch.x[at],
        None if batch.labels is None else batch.labels[at],
        {name: column[at] for name, column in batch.columns.items()},
        None if batch.partner is None else rows(batch.partner, at),
    )


class Partners:
    """Who is whose partner among some examples of posed people.

    Attributes:
        listed: the dataset's own pairs of them, positions M×2 (from, to), or None.
        count: listed pairs, where there are some, else examples: what an epoch shows.
    """

    def __init__(self, data: Dataset, indices: npt.NDArray[np.int64]) -> None:
        self.listed: npt.NDArray[np.int64] | None = None
        position = np.full(len(data), -1, np.int64)
        position[indices] = np.arange(len(indices))
        if "pairs" in data.tables:
            pairs = position[np.asarray(data.tables["pairs"])]
            pairs = pairs[(pairs >= 0).all(axis=1)]
            self.listed = pairs if len(pairs) else None
        self.count = len(indices) if self.listed is None else len(self.listed)
        people = np.asarray(data.columns["person"])[indices]
        self._sorted = np.argsort(people, kind="stable")
        ordered = people[self._sorted]
        self._first = np.searchsorted(ordered, people, "left")
        self._many = np.searchsorted(ordered, people, "right") - self._first
        self._rank = np.empty(len(people), np.int64)
        self._rank[self._sorted] = np.arange(len(people))

    def of(
        self, chosen: npt.NDArray[np.int64], seed: tuple[int, ...]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Positions of sources and targets. ``chosen``: numbers of listed pairs, where there are some, else positions
        of targets; the source is another picture of the same person then, or the same one when there is no other."""
        if self.listed is not None:
            return self.listed[chosen, 0], self.listed[chosen, 1]
        many = self._many[chosen]
        random = np.random.default_rng(seed).random(len(chosen))
        steps = 1 + (random * np.maximum(many - 1, 1)).astype(np.int64)
        own = self._rank[chosen] - self._first[chosen]
        return self._sorted[self._first[chosen] + (own + steps) % many], chosen


def mirrored(batch: Batch, turned: Tensor) -> Batch:
    """The batch with the images at ``turned`` (bool B) mirrored, and with them what depends on left and right."""
    mask = turned.view(-1, 1, 1, 1)
    columns = dict(batch.columns)
    width = batch.x.shape[3]
    if "joints" in columns:
        joints = columns["joints"][:, list(SWAPPED)]
        known = joints[..., 2:] > 0
        x = torch.where(known, width - joints[..., :1], 0)
        columns["joints"] = torch.where(mask[:, 0], torch.cat([x, joints[..., 1:]], 2), columns["joints"])
    if "parts" in columns:
        columns["parts"] = torch.where(mask[:, 0], mirrored_parts(columns["parts"]), columns["parts"])
    x = torch.where(mask, batch.x.flip(3), batch.x).contiguous(memory_format=torch.channels_last)
    partner = None if batch.partner is None else mirrored(batch.partner, turned)
    return replace(batch, x=x, columns=columns, partner=partner)
