"""From real examples to latents: by the model's encoder, or by searching for the latent that draws the example."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.explore.questions.base import Pictures, Question, Where
from studio.explore.questions.real import Browsed, Real

ROUND = 0.4
"""Seconds after which a search tells how far it is, so that it can be watched and nothing waits long behind it."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """Latents of N examples, and how well each draws its example again.

    Attributes:
        step: of the weights.
        z: float32 N×size.
        labels: of the examples, −1 for none.
        errors: for images and vectors the root-mean-square difference of all values in grey levels (0..255), for points
            the distance in data units; N.
        originals, images: the examples and what their latents decode to; none (N = 0) for points.
        original_points, points: the same for points, N×2.
    """

    step: int
    z: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    errors: npt.NDArray[np.float32]
    originals: Pictures
    images: Pictures
    original_points: npt.NDArray[np.float32] | None = None
    points: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.z)


@dataclass(frozen=True)
class Look(Question[Browsed]):
    """The examples themselves, as a model of this run sees them: of files what fits its dataset; their index is −1."""

    run: str
    real: Real


@dataclass(frozen=True)
class Encode(Question[Encoded]):
    """By the model's own encoder."""

    where: Where
    real: Real


@dataclass(frozen=True, eq=False)
class Compare(Question[Encoded]):
    """Examples beside what latents N×size decode to that were found before."""

    where: Where
    real: Real
    z: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Search:
    """How a latent is searched for, see :mod:`studio.explore.inversion`.

    Attributes:
        restarts: starting points that are followed to the end.
        iterations: of Adam, from each.
        rate: its learning rate at the start, in σ of the prior; it falls to 0.
        pull: weight of |z|² (the mean over a normal part's dimensions) beside the mean squared difference on the
            model's scale.
        seed: of the starting points.
        refine: begin with the encoder's latent, and with that alone.
    """

    restarts: int = 4
    iterations: int = 500
    rate: float = 0.2
    pull: float = 1e-4
    seed: int = 0
    refine: bool = False


@dataclass(frozen=True, eq=False)
class Sought:
    """Where a search stands between two rounds: all that it needs to go on as if it had never paused.

    Attributes:
        values: the N examples as the dataset has them: uint8 N×C×H×W, or float32 N×2.
        labels: −1 for none.
        free: what Adam moves, float32 (N·K)×size for K candidates of each example: the latent in σ of the prior;
            for categories logits.
        moments: Adam's, 2×(N·K)×size.
        done: iterations so far.
        curve: error of the best candidate before each of them, done×N.
        tried: where all values of the categories were tried, the least error of each combination, N×V; else N×0.
    """

    values: npt.NDArray[np.uint8] | npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    free: npt.NDArray[np.float32]
    moments: npt.NDArray[np.float32]
    done: int
    curve: npt.NDArray[np.float32]
    tried: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Inverted(Encoded):
    """What a search has found so far. ``restarts``: the error of each candidate, the best first, N×K; ``apart``: how
    far its latent is from the best one's, root-mean-square in σ of the prior, N×K."""

    restarts: npt.NDArray[np.float32]
    apart: npt.NDArray[np.float32]
    sought: Sought
    finished: bool


@dataclass(frozen=True, eq=False)
class Invert(Question[Inverted]):
    """One round of a search. ``sought`` None: the first; else what the round before it ended with. Rounds of any
    length lead to the same latents; a run that trains on is followed to its newer weights."""

    where: Where
    real: Real
    search: Search = Search()
    sought: Sought | None = None
    seconds: float = ROUND
