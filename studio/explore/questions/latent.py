"""Of models that decode a latent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.data.dataset import DataSpec
from studio.explore.questions.base import Pictures, Question, Where
from studio.models.core.latents import Prior


@dataclass(frozen=True)
class ModelView:
    """What a panel must know of the model of a run; ``prior`` has no parts when it decodes no latent. ``temperature``:
    what the noise of its sample sheet is multiplied by."""

    step: int
    data: DataSpec
    capabilities: tuple[str, ...]
    prior: Prior
    checkpoints: tuple[int, ...]
    temperature: float = 1.0

    @property
    def tempered(self) -> bool:
        """Whether samples are drawn at a temperature, as those of a density are, rather than truncated."""
        noise = self.prior.placed("noise")
        return "score likelihood" in self.capabilities and any(part.kind == "normal" for part, _ in noise)


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
