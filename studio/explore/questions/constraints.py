"""Constraints on the samples of a model: what there is to ask for, and how samples score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.explore.questions.base import Pictures, Question, Where


@dataclass(frozen=True)
class Offered:
    """A constraint that can be put on the samples of a run.

    Attributes:
        name: as :class:`Asked` takes it ("brightness").
        title, about: for the person; ``about`` is one line with the formula of f.
        unit: of the score f; it is 0 at best wherever it can be.
        target: what the person chooses beside the weight: "" nothing, "number" between ``low`` and ``high``, "class"
            one of ``classes``.
        default: of a number.
        ready: False where something must be trained first (a classifier): the first question takes a while.
    """

    name: str
    title: str
    about: str
    unit: str
    target: str = ""
    low: float = 0.0
    high: float = 1.0
    default: float = 0.5
    classes: tuple[str, ...] = ()
    ready: bool = True


@dataclass(frozen=True)
class OfferConstraints(Question[tuple[Offered, ...]]):
    """What the images of a run's dataset can be asked for."""

    run: str


@dataclass(frozen=True)
class Asked:
    """One constraint: its name and target (a number, or the number of a class)."""

    name: str
    target: float = 0.0


@dataclass(frozen=True, eq=False)
class SamplesScored:
    """N samples of a model and what constraints say of them.

    Attributes:
        step: of the weights.
        z: latents float32 N×size.
        images: N; none where the examples are points.
        scores: f of each constraint that was asked for, float64 N×K.
        real: of M real examples, held out where there are such, float64 M×K: E_data f.
        points: float32 N×2, where the examples are points; real ones M×2 in ``real_points``.
    """

    step: int
    z: npt.NDArray[np.float32]
    images: Pictures
    scores: npt.NDArray[np.float64]
    real: npt.NDArray[np.float64]
    points: npt.NDArray[np.float32] | None = None
    real_points: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class ScoreSamples(Question[SamplesScored]):
    """Samples of fixed latents, as the model draws them, scored. The weights of q* ∝ p exp(λ f) follow on the spot, for
    any λ and any weighting of the constraints: :mod:`studio.models.core.posterior`."""

    where: Where
    asked: tuple[Asked, ...]
    count: int = 256
    seed: int = 0
