"""Of models that take classes: whether what they draw is of the class that was asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.explore.questions.base import Question, Where


@dataclass(frozen=True, eq=False)
class Classified:
    """What a classifier that was trained on the dataset sees in examples.

    Attributes:
        labels: N, the likeliest class of each; None when there is no classifier yet and none was to be trained.
        accuracy: share of real examples that it gets right, of ``checked`` that it was not trained on.
    """

    step: int
    labels: npt.NDArray[np.int64] | None = None
    accuracy: float = 0.0
    checked: int = 0


@dataclass(frozen=True, eq=False)
class Classify(Question[Classified]):
    """The class that is seen in the example of each latent, N×size.

    Args:
        train: train a classifier where there is none yet, which takes half a minute; else there is no answer then.
    """

    where: Where
    z: npt.NDArray[np.float32]
    train: bool = False
