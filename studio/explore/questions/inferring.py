"""Of models with a posterior over latents: what a bound is made of, which dimensions are used, where a dataset lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.explore.questions.base import Pictures, Question, Where
from studio.explore.questions.real import Real


@dataclass(frozen=True, eq=False)
class BoundSplit:
    """Of N examples, with S samples of the posterior each.

    Attributes:
        step: of the weights.
        labels: −1 for none.
        reconstruction: E_q log p(x|z) in nats, N, mean over the samples.
        kl: of each dimension in nats, N×d. kl_estimator: how it was found.
        bound: mean of the log-weights (ELBO), N; weighted: log of the mean weight, the bound of S samples, N.
        mean: of the posterior, N×d; z: its samples, S×N×d.
        originals: as the model holds them; means: what the mean decodes to; drawn: what the samples do, (N·S) of them,
            those of one example together; none (N = 0) for points, which are in the fields below, N×2 and (N·S)×2.
    """

    step: int
    labels: npt.NDArray[np.int64]
    reconstruction: npt.NDArray[np.float32]
    kl: npt.NDArray[np.float32]
    kl_estimator: str
    bound: npt.NDArray[np.float32]
    weighted: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float32]
    z: npt.NDArray[np.float32]
    originals: Pictures
    means: Pictures
    drawn: Pictures
    original_points: npt.NDArray[np.float32] | None = None
    mean_points: npt.NDArray[np.float32] | None = None
    drawn_points: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class SplitBound(Question[BoundSplit]):
    where: Where
    real: Real
    samples: int = 8
    seed: int = 0


@dataclass(frozen=True, eq=False)
class UnitsFound:
    """How much each dimension of the latent says of the data.

    Attributes:
        variance: Var_x(E_q z_j), d; a unit is active above 0.01 (Burda et al. 2016, section 5.2).
        kl: mean over examples of each dimension's, in nats, d.
        mean: of E_q z, d.
        bound: mean over examples of the ELBO in nats, reconstruction: of E_q log p(x|z).
        count: examples, held-out ones where there are any.
        kl_estimator: as above.
    """

    step: int
    variance: npt.NDArray[np.float32]
    kl: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float32]
    bound: float
    reconstruction: float
    count: int
    split: str
    kl_estimator: str


@dataclass(frozen=True)
class FindUnits(Question[UnitsFound]):
    where: Where
    count: int = 2000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Scattered:
    """Where examples lie in a plane.

    Attributes:
        step: of the weights.
        places: float32 N×2.
        indices: of the examples in the dataset; labels: −1 for none.
        mean: of the latents, d; axes: 2×d, orthonormal: the place of a latent z is (z − mean) axesᵀ. Of latents shown
            as they are the mean is 0, and the axes are two of the coordinates.
        explained: share of the variance of all latents that lies along each axis, 2.
        names: of the axes ("z 0", "principal component 1").
    """

    step: int
    places: npt.NDArray[np.float32]
    indices: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    mean: npt.NDArray[np.float32]
    axes: npt.NDArray[np.float32]
    explained: tuple[float, float]
    names: tuple[str, str]


@dataclass(frozen=True)
class Scatter(Question[Scattered]):
    """The latents of examples, in the plane: the mean, where there is a distribution, or a sample.

    Attributes:
        part: which examples. count: at most so many, chosen by seed; the first ``count`` of more are the same.
        way: ``latent``: two coordinates, ``first`` and ``second``; ``pca``: the two principal components of these
            latents; ``auto``: the latent itself where it has two dimensions, else pca.
        sampled: one sample of each example's posterior in place of its mean, of models that infer.
    """

    where: Where
    part: Literal["train", "held out", "all"] = "all"
    count: int = 10_000
    way: Literal["auto", "latent", "pca"] = "auto"
    first: int = 0
    second: int = 1
    sampled: bool = False
    seed: int = 0
