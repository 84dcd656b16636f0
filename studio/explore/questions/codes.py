"""Of models that take codes: what their reading Q(c|x) says of pictures, made and real."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.explore.codes import Match
from studio.explore.questions.base import Question, Where
from studio.explore.questions.latent import Decoded
from studio.explore.questions.real import Real


def _none() -> npt.NDArray[np.float32]:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class CodesRead(Decoded):
    """Examples with Q(c|x) of each, N×(sizes of all code parts): probabilities of categories, means of numbers."""

    codes: npt.NDArray[np.float32] = field(default_factory=_none)


@dataclass(frozen=True, eq=False)
class ReadCodes(Question[CodesRead]):
    """Examples from latents, float32 N×size, and the codes that are read back off them."""

    where: Where
    z: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RealRead:
    """Real examples and what Q makes of them.

    Attributes:
        real, again: the examples, and those that their codes make with the noise held; ``codes`` of each are those
            read off it.
        labels: N, −1 where there are none.
        z: the latents N×size that made ``again``.
    """

    real: CodesRead
    again: CodesRead
    labels: npt.NDArray[np.int64]
    z: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ReadReal(Question[RealRead]):
    """The codes that Q assigns to real examples, and what they make beside the noise of the latent ``z`` (size,)."""

    where: Where
    real: Real
    z: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class CodeTable:
    """One categorical code against the labels: V×L counts over the examples, and the assignment that suits them best.
    Without labels L is 1: how often each value was read; and there is no match."""

    name: str
    counts: npt.NDArray[np.int64]
    match: Match | None


@dataclass(frozen=True, eq=False)
class CodeTables:
    """``count`` examples of the ``part`` "held out" (or "training", where none are held out) were read."""

    step: int
    count: int
    part: str
    tables: tuple[CodeTable, ...]


@dataclass(frozen=True)
class TabulateCodes(Question[CodeTables]):
    """Every categorical code against the labels, over the first ``count`` examples of a shuffle by ``seed``."""

    where: Where
    count: int = 2000
    seed: int = 0
