"""Of models that invert exactly: real examples as latents and back, likelihoods, attributes, 2-D flows step by step.

Units: log-likelihoods in nats, of an image as a whole with its whole-numbered grey levels (dequantised), of a point as
a density in data units. Bits/dim for images alone; NaN for points.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.explore.questions.base import Question, Where
from studio.explore.questions.encoding import Encoded
from studio.explore.questions.latent import Decoded
from studio.explore.questions.real import Real

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Unfolded(Encoded):
    """Exact latents of N examples, and the way back.

    Attributes:
        worst: the largest difference of any value between the example as the model holds it and what its latent decodes
            to, before rounding; in grey levels (0..255), for points in data units; N.
        same: whether the reconstruction, rounded to grey levels, is the example itself, bit for bit, N; of a model that
            keeps fewer bits, the example with as many. Of points: equal in all digits, which is rare.
        log_likelihood: mean over the draws of the dequantisation noise, N.
        bits: the same in bits/dim, N; ``bits_sd``: standard deviation over the draws, 0 where there is one.
        log_prior, log_dets: of the example in the middle of its grey levels, N and N×S; with the names of the ``steps``
            from the example to the latent, as in :class:`studio.models.core.model.Inverse`.
    """

    worst: Floats
    same: npt.NDArray[np.bool_]
    log_likelihood: Numbers
    bits: Numbers
    bits_sd: Numbers
    log_prior: Numbers
    steps: tuple[str, ...]
    log_dets: Numbers


@dataclass(frozen=True)
class Unfold(Question[Unfolded]):
    """By the model's own inverse. ``draws`` of the dequantisation noise for the likelihood."""

    where: Where
    real: Real
    draws: int = 4


@dataclass(frozen=True, eq=False)
class Scored(Decoded):
    """What latents decode to, and how likely that is: of images as they are shown, rounded to grey levels; N each."""

    log_likelihood: Numbers = field(default_factory=lambda: np.zeros(0))
    bits: Numbers = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, eq=False)
class DecodeScored(Question[Scored]):
    """Examples from latents, float32 N×size, with their likelihood: the mean over as many ``draws`` of the
    dequantisation noise, the same ones that :class:`Unfold` takes, so that a picture that is left as it is has the
    same number in both."""

    where: Where
    z: Floats
    draws: int = 1


STRANGERS: dict[str, str] = {
    "noise": "uniform noise",
    "flat": "one grey all over",
    "negative": "held-out images in negative",
    "shuffled": "held-out images, pixels shuffled",
}
"""Images that the model was not made for, and how a person calls them."""


@dataclass(frozen=True, eq=False)
class LikelihoodsFound:
    """How likely examples are: ``unit`` "bits/dim" (lower is likelier) or "nats" (higher is).

    Attributes:
        held_out, train: of as many examples each; ``held_out`` is empty where the dataset has none.
        strangers: of images that are none of the dataset's, by the keys of STRANGERS or the name of another dataset;
            those that are made of held-out images are missing where there are none.

    An example that is too far off for the model's arithmetic has infinite bits/dim, or −∞ nats.
    """

    step: int
    unit: str
    held_out: Numbers
    train: Numbers
    strangers: dict[str, Numbers]


@dataclass(frozen=True)
class Likelihoods(Question[LikelihoodsFound]):
    """Of ``count`` examples of each kind, the same for the same seed; one draw of the dequantisation noise each.

    ``others``: fingerprints of prepared datasets whose images are brought to this one's size.
    """

    where: Where
    count: int = 256
    strangers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    seed: int = 0


# --- attributes: the mean latent of examples with something minus the mean of those without


@dataclass(frozen=True)
class ByLabel:
    """Training examples of this class, against as many of all others; at most ``count`` of each."""

    label: int
    count: int = 300


@dataclass(frozen=True)
class ByFactor:
    """Of a dataset that was drawn by a procedure: the third of its training examples with the largest value of a factor
    against the third with the smallest; at most ``count`` of each. Of "shape", a number: that shape against others."""

    factor: str
    value: int | None = None
    count: int = 300


@dataclass(frozen=True)
class ByPicks:
    """Examples that a person has chosen."""

    having: Real
    lacking: Real


@dataclass(frozen=True, eq=False)
class Attribute:
    """A direction in latent space.

    Attributes:
        vector: mean latent with minus mean latent without, (size,): 1 of it is the whole way from the one to the other.
            A class in the latent is left alone: 0 there.
        having, lacking: how many examples there were.
        separation: share of other examples (held out; not of picks) that are on the right side of the middle along the
            vector; NaN where there are none to try. ½ says that it means nothing.
    """

    step: int
    vector: Floats
    having: int
    lacking: int
    separation: float


@dataclass(frozen=True)
class FindAttribute(Question[Attribute]):
    where: Where
    by: ByLabel | ByFactor | ByPicks


# --- flows of points in the plane


@dataclass(frozen=True, eq=False)
class TraceFound:
    """Latents N×2 on their way to the data. ``names`` of the K + 1 stations, "prior" first; ``points`` (K+1)×N×2 at
    each; ``log_density`` (K+1)×N there, of what the prior has become by then."""

    step: int
    names: tuple[str, ...]
    points: Floats
    log_density: Numbers


@dataclass(frozen=True, eq=False)
class Trace(Question[TraceFound]):
    where: Where
    z: Floats


@dataclass(frozen=True, eq=False)
class Followed:
    """One point on its way, and back again.

    Attributes:
        z: its latent, 2.
        names, points, log_density: of the K + 1 stations, as in :class:`TraceFound`; (K+1)×2 and K+1.
        back_x: largest difference of a value between the point and what its latent decodes to, in data units.
        back_z: largest difference of a value between its latent and the latent of what that decodes to, in σ.
    """

    step: int
    z: Floats
    names: tuple[str, ...]
    points: Floats
    log_density: Numbers
    back_x: float
    back_z: float


@dataclass(frozen=True)
class Follow(Question[Followed]):
    """By a latent or by a place in the data; ``x`` is inverted exactly first. One of the two is given."""

    where: Where
    x: tuple[float, float] | None = None
    z: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class DensityFound:
    """``log_density`` size×size at the middles of the cells of a square window, row 0 at the top; ``mass``: what the
    density sums to over the window, 1 where it holds all."""

    step: int
    log_density: Numbers
    mass: float


@dataclass(frozen=True)
class Density(Question[DensityFound]):
    """The density on a grid; ``centre`` and half the side of the window in data units. ``after`` so many of the
    steps of a flow, from the prior on; None: that of the model."""

    where: Where
    centre: tuple[float, float]
    reach: float
    size: int = 128
    after: int | None = None
