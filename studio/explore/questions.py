"""What a person can ask of a model, and what comes back. Torch-free: the window writes these, the engine answers.

Each question is captured whole on the side that asks; the answer is computed from a snapshot of the weights,
whether or not that run is training, and never touches the training's random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from studio.data.dataset import DataSpec

A = TypeVar("A")
Pictures = npt.NDArray[np.uint8]
"""uint8 N×H×W×3, ready to be shown; grey images are repeated over the channels."""


class Question(Generic[A]):
    """Base of all; ``A`` is the type of the answer."""


@dataclass(frozen=True)
class Where:
    """Which weights. ``checkpoint`` None: the newest there are, those in memory while the run trains."""

    run: str
    checkpoint: int | None = None
    averaged: bool = True


@dataclass(frozen=True)
class ModelView:
    """What a panel must know of the model of a run; ``prior_size`` 0 when it decodes no latent."""

    step: int
    data: DataSpec
    capabilities: tuple[str, ...]
    prior_kind: Literal["normal", "uniform"]
    prior_size: int
    checkpoints: tuple[int, ...]


@dataclass(frozen=True)
class Describe(Question[ModelView]):
    where: Where


@dataclass(frozen=True, eq=False)
class Decoded:
    """``images`` for image models; for points float32 N×2 in ``points``, and no images (N = 0)."""

    step: int
    images: Pictures
    points: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Decode(Question[Decoded]):
    """Examples from latents, float32 N×size."""

    where: Where
    z: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DirectionsFound:
    """Orthonormal rows of ``vectors`` (k×size), the strongest first; ``gains``: how much the example changes, in
    root-mean-square value on the model's scale, for one σ along each."""

    step: int
    vectors: npt.NDArray[np.float32]
    gains: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Directions(Question[DirectionsFound]):
    """The principal directions of the latent: eigenvectors of the mean of JᵀJ over the prior, J = ∂decode/∂z."""

    where: Where
    count: int = 10
    seed: int = 0


@dataclass(frozen=True, eq=False)
class NearestFound:
    """Per latent the ``k`` nearest training examples: indices N×k, root-mean-square pixel distances N×k in grey
    levels (0..255), and pictures (N·k)×H×W×3 in that order. For points: distances in data units, ``points`` filled."""

    step: int
    indices: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float32]
    images: Pictures
    points: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Nearest(Question[NearestFound]):
    where: Where
    z: npt.NDArray[np.float32]
    k: int = 5


@dataclass(frozen=True, eq=False)
class Through:
    """One entry per checkpoint: ``steps`` rising and what the latent decoded to then."""

    steps: tuple[int, ...]
    images: Pictures
    points: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class ThroughTime(Question[Through]):
    """The same latent (size,) through the run's checkpoints."""

    run: str
    z: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Evaluation:
    """Measures of a run against its held-out data, by "panel/curve", each labelled with its estimator."""

    step: int
    values: dict[str, float]


@dataclass(frozen=True)
class Evaluate(Question[Evaluation]):
    where: Where
    samples: int = 2048
    seed: int = 0


AnyQuestion = Question[Any]
