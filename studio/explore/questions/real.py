"""Real examples: those of the dataset, and picture files that a person brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.explore.questions.base import Pictures, Question

MOST_FILES = 64


@dataclass(frozen=True)
class Real:
    """Which real examples: first those of the dataset by index, then picture files, which are brought to the
    dataset's size (cropped) and colour. At most MOST_FILES files. ``negative``: light and dark of the files change
    places (ink on paper, for a model that knows white on black)."""

    indices: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    negative: bool = False

    def __len__(self) -> int:
        return len(self.indices) + len(self.paths)


@dataclass(frozen=True, eq=False)
class Browsed:
    """A page of real examples: ``total`` there are; for points ``points`` N×2 is filled, and no images (N = 0).
    ``labels`` −1 where there are none."""

    total: int
    indices: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    images: Pictures
    points: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Browse(Question[Browsed]):
    """Real examples of the dataset of a run to pick from, in an order that a seed shuffles, the same each time."""

    run: str
    offset: int = 0
    count: int = 64
    part: Literal["held out", "train"] = "held out"
    label: int | None = None
    seed: int = 0
