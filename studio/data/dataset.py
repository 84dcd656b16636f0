"""What a person dropped in, in the one form that everything downstream reads.

A dataset is a folder in the cache, named by what it holds (see :mod:`studio.data.store`), and in memory the arrays
of that folder, memory-mapped: opening 70,000 images costs nothing until they are looked at.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["images", "points", "vectors", "sentences"]


@dataclass(frozen=True)
class DataSpec:
    """What a model must know of a dataset to be built for it; plain data, no arrays.

    Attributes:
        name: what the person calls it ("MNIST", "holiday photos").
        kind: ``images`` are uint8 N×C×H×W in 0..255; ``points`` are float32 N×2; ``vectors`` are binary, uint8 N×D,
            each value 0 or 255, so that they are scaled and shown as images are; ``sentences`` are int32 N×L, each a
            row of word numbers that count from 1, and 0 behind the last word.
        shape: of one example: ``(C, H, W)``, ``(2,)``, ``(D,)`` or ``(L,)``.
        count: examples in all, held-out ones included.
        held_out: how many of them are kept from training, for metrics.
        classes: names of the classes in label order; empty when there are no labels.
        fingerprint: of the source and of how it was prepared; names the folder in the cache.
        source: where it came from, as a person would write it: a path, or ``builtin:digits``.
        carries: names of the columns that every example has besides its value and label (:attr:`Dataset.columns`).
            Posed people are images that carry "joints" and "person", and "parts" where exact masks are known.
        vocabulary: of sentences, how many words there are; their numbers are 1..vocabulary.
        vectors: of sentences that came with word vectors, how many dimensions these have; 0: none came.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    count: int
    held_out: int = 0
    classes: tuple[str, ...] = ()
    fingerprint: str = ""
    source: str = ""
    carries: tuple[str, ...] = ()
    vocabulary: int = 0
    vectors: int = 0

    @property
    def channels(self) -> int:
        return self.shape[0] if self.kind == "images" else 1

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels of the picture that an example is seen as: of a vector the most square grid that
        its values fill, row by row, or nearly fill; (1, 1) for points and sentences."""
        if self.kind == "vectors":
            return _grid(self.shape[0])
        return (self.shape[1], self.shape[2]) if self.kind == "images" else (1, 1)

    @property
    def pictured(self) -> bool:
        """Whether an example is seen as a picture of its values, which lie in 0..255."""
        return self.kind in ("images", "vectors")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> DataSpec:
        """The inverse of :meth:`as_dict`, also after a trip through JSON or TOML, where tuples became lists.

        Raises:
            KeyError, TypeError: when a field is missing or unknown.
        """
        tuples = {name: tuple(plain.get(name, ())) for name in ("classes", "carries")}
        return cls(**{**plain, **tuples, "shape": tuple(plain["shape"])})


def _grid(values: int) -> tuple[int, int]:
    """Rows and columns: without a cell left over, unless the grid would be five times as wide as high."""
    rows = next(r for r in range(math.isqrt(values), 0, -1) if values % r == 0)
    if values <= 5 * rows * rows:
        return rows, values // rows
    rows = math.isqrt(values)
    return rows, math.ceil(values / rows)


@dataclass(frozen=True, eq=False)
class Dataset:
    """The arrays of one dataset with its split into training and held-out examples.

    Attributes:
        values: as :attr:`DataSpec.kind` has it; may be a read-only memory map.
        labels: int64 N, indices into ``spec.classes``, or None.
        train: int64 indices of the training examples.
        held_out: int64 indices of those kept for metrics; disjoint from ``train``; may be empty.
        factors: true generative factors by name, float64 N each, for datasets that were drawn by a procedure.
        columns: what every example carries besides, by name, N rows each; may be memory maps. Of posed people: "joints"
            float32 N×18×3 (:mod:`studio.data.skeleton`), "person" int64 N, "parts" uint8 N×H×W (numbers of
            :data:`~studio.data.skeleton.PARTS`). Of sources that come in three parts: "part" int64 N, 0 train, 1
            validation, 2 test; the last two are held out.
        tables: what belongs to the whole, by name. "pairs" int64 M×2: which picture of a person is to be turned into
            which, for sources that say so. Of sentences: "words", text V, the word with number i at i − 1; "vectors"
            float32 V×D, NaN in the rows of words that have none.
    """

    spec: DataSpec
    values: npt.NDArray[Any]
    labels: npt.NDArray[np.int64] | None
    train: npt.NDArray[np.int64]
    held_out: npt.NDArray[np.int64]
    factors: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    tables: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)


def split_groups(
    groups: npt.NDArray[np.int64], share: float, seed: int = 0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """As :func:`split`, but whole groups are held out: nobody who is held out is seen in training.

    Args:
        groups: a number for each example; those with the same one stay together.
        share: of the groups. At least one group is always left to train on.
    """
    members, inverse = np.unique(groups, return_inverse=True)
    _, held = split(len(members), share, seed)
    out = np.isin(inverse, held)
    return np.flatnonzero(~out).astype(np.int64), np.flatnonzero(out).astype(np.int64)


def split(count: int, share: float, seed: int = 0) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Training and held-out indices, each in rising order: the same count, share and seed give the same split.

    Args:
        share: held-out share, 0..0.9. At least one example is always left to train on.
    """
    order = np.random.default_rng(seed).permutation(count)
    kept = min(round(count * share), count - 1)
    return np.sort(order[kept:]).astype(np.int64), np.sort(order[:kept]).astype(np.int64)
