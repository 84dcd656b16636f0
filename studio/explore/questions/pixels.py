"""Of models that draw value by value: drawing, completing, and how surprising each value of a real example is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.explore.questions.base import Pictures, Question, Where
from studio.explore.questions.real import Real


@dataclass(frozen=True, eq=False)
class DrawnInOrder:
    """N examples and how they came to be.

    Attributes:
        step: of the weights.
        value_count: how many values a place can have.
        order: int64 D: which place of a flattened example (C×H×W, or D of a vector) came when.
        values: uint8 N×D in 0..value_count−1, in order.
        known: bool D, in order: what was given.
        chances: float16 M×D×value_count: the probabilities of each value when its turn came, of the first M examples,
            as many as fit into 8 MB, at least one.
        nats: −log p of each value when its turn came, float32 N×D in order.
        images: the finished examples. original: the example that was completed, as the model holds it, N = 1; none
            (N = 0) where nothing was given.
    """

    step: int
    value_count: int
    order: npt.NDArray[np.int64]
    values: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]
    chances: npt.NDArray[np.float16]
    nats: npt.NDArray[np.float32]
    images: Pictures
    original: Pictures


@dataclass(frozen=True, eq=False)
class DrawInOrder(Question[DrawnInOrder]):
    """Draw ``count`` examples, or complete one in so many ways.

    Attributes:
        seed: of the uniform numbers; bits of a grey example are drawn by it too.
        label: class to be drawn, of models that take classes; None: each of its own, by seed.
        real: the example to complete: its first.
        known: bool H×W, or D of a vector: what of it is given; None: nothing, whatever ``real`` is.
    """

    where: Where
    count: int = 4
    seed: int = 0
    label: int | None = None
    real: Real | None = None
    known: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Surprised:
    """How surprising each pixel of N examples is.

    Attributes:
        nats: −log p(x_i | those before it), float32 N×H×W, summed over channels; of vectors in their grid, NaN in cells
            that hold no value.
        totals: −log p(x), N, in nats. likelihood: what kind of number that is.
        bits_per_dim: N, or None where the model is of bits.
        images: the examples as the model holds them.
        labels: −1 for none.
    """

    step: int
    nats: npt.NDArray[np.float32]
    totals: npt.NDArray[np.float32]
    likelihood: str
    bits_per_dim: npt.NDArray[np.float32] | None
    images: Pictures
    labels: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Surprise(Question[Surprised]):
    """``label``: given which class, of models that take classes; None: its own where it has one, else summed over all.
    ``seed``: of the bits, where they are drawn from grey levels."""

    where: Where
    real: Real
    label: int | None = None
    seed: int = 0
