"""What a model can do for a person, each a small protocol that panels, metrics, export and command line ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Generator, Tensor, nn

from studio.models.core.latents import Prior
from studio.models.core.moves import Batch


@runtime_checkable
class DecodesLatent(Protocol):
    """Turns a latent into an example: the latent panel, walks, sample sheets."""

    @property
    def prior(self) -> Prior: ...

    def decode(self, z: Tensor) -> Tensor:
        """Examples in the range of :class:`Batch.x` from latents B×size."""
        ...


WASSERSTEIN = "Wasserstein-1 (critic estimate)"
"""The unit of a critic whose slope is held at 1: only such an estimate is drawn beside other Wasserstein distances."""


@runtime_checkable
class Criticises(Protocol):
    """Scores examples so that the mean over real minus the mean over fake estimates a distance."""

    critic_unit: str
    """Label of the estimate: :data:`WASSERSTEIN`, or what else it measures, e.g. "K·W₁, K unknown"."""

    def criticise(self, x: Tensor) -> Tensor:
        """A score per example, B."""
        ...


@runtime_checkable
class TakesCodes(Protocol):
    """Its latent has parts of the role "code", whose meaning the model found itself, and reads them off examples."""

    @property
    def prior(self) -> Prior: ...

    def read_codes(self, x: Tensor) -> Tensor:
        """Q(c|x) of examples B×…, B×(sizes of all code parts, in the prior's order): the probabilities of a
        categorical code's values, the mean of a continuous one."""
        ...


@runtime_checkable
class TakesClasses(Protocol):
    """Its latent has one categorical part of the role "class": the label of what is drawn."""

    @property
    def prior(self) -> Prior: ...

    class_part: str
    """The name of that part."""


@runtime_checkable
class Encodes(Protocol):
    """Finds a latent for an example: decode(encode(x)) should resemble x."""

    def encode(self, x: Tensor) -> Tensor:
        """Latents B×size of examples in the range of :class:`Batch.x`; the mean, when it has a distribution."""
        ...


@runtime_checkable
class Embeds(Protocol):
    """Features of an example in which neighbours are alike: for nearest-neighbour classification."""

    def embed(self, x: Tensor) -> Tensor:
        """Features B×F."""
        ...


@runtime_checkable
class ScoresLikelihood(Protocol):
    """Gives each example a log-likelihood."""

    @property
    def likelihood(self) -> str:
        """What the number is, for its label: "exact", "lower bound (uniform dequantisation)", "bound of 64 samples"."""
        ...

    def log_likelihood(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """log p(x) in nats, B: for images of the whole picture with its whole-numbered grey levels, for points of the
        density in data units. What is left to chance (dequantisation, samples) comes from ``generator``, on the device
        of x; None: torch's global one, which belongs to a training where there is one."""
        ...


@dataclass(frozen=True)
class Inverse:
    """What an exact inversion found of B examples.

    Attributes:
        z: latents B×size, in the order of the prior's parts.
        x: the examples as the model holds them (with fewer grey levels where it is built so), in the range of Batch.x:
            what ``decode(z)`` should give back.
        log_dets: log|det| of each step from the example to its latent, B each, by name, in order. A name is a path,
            "level 1/step 3/coupling", whose last word is the kind of step. With ``log_prior`` they sum to the
            log-likelihood in nats.
        log_prior: log-density of the prior's noise at z, B, in nats. Of a model that takes classes this is given the
            likeliest one, which stands in z; a last entry of ``log_dets``, "top/classes", turns it into the density
            over all classes, each as likely as the others: between −log K and 0.
    """

    z: Tensor
    x: Tensor
    log_dets: dict[str, Tensor]
    log_prior: Tensor

    @property
    def log_likelihood(self) -> Tensor:
        return self.log_prior + sum(self.log_dets.values())


@runtime_checkable
class InvertsExactly(Protocol):
    """``decode`` is a bijection between latents and examples, and this is its other direction."""

    @property
    def prior(self) -> Prior: ...

    def invert(self, x: Tensor, within: Tensor | None = None) -> Inverse:
        """The latent of each example B×….

        Args:
            within: where in its grey level each value lies, 0..1, of the shape of x; None: in the middle, ½, so that
                nothing is left to chance. Points have no levels.
        """
        ...

    def decode(self, z: Tensor) -> Tensor: ...


@runtime_checkable
class FlowsInSteps(Protocol):
    """The bijection is a chain of steps that can be looked at one by one; for points in the plane."""

    @property
    def prior(self) -> Prior: ...

    def trace(self, z: Tensor) -> list[Traced]:
        """What becomes of latents N×2 on their way to the data: first the latents themselves, last the points that
        ``decode`` gives. Raises ValueError for data that are no points."""
        ...

    def density_after(self, points: Tensor, steps: int) -> Tensor:
        """The log-density at points N×2, in nats, N, of what the prior has become after so many steps, 0..K.

        Raises ValueError for data that are no points, and for other steps.
        """
        ...


@dataclass(frozen=True)
class Traced:
    """After one step on the way from latents to data.

    Attributes:
        name: of the step, a path as in :attr:`Inverse.log_dets`; "prior" at first.
        points: N×2.
        log_density: of the distribution that the prior has become by now, at these points, in nats, N.
    """

    name: str
    points: Tensor
    log_density: Tensor


@runtime_checkable
class Illustrates(Protocol):
    """Shows on given examples what it has learned: the sheet of models that draw no samples, of those whose samples
    depend on an example, and of those that are after examples rather than samples."""

    def illustrate(self, batch: Batch) -> dict[str, Tensor]:
        """Pictures B×C×H×W in −1..1 by title, C 1 or 3: a row of the sheet for each example, in this order."""
        ...


@runtime_checkable
class TakesPose(Protocol):
    """Turns a picture of a person into one of the same person in another pose."""

    def pose(self, source: Tensor, joints: Tensor, source_joints: Tensor) -> dict[str, Tensor]:
        """The stages of it by name, in order, images B×C×H×W in −1..1; the last one is the finished picture. A stage
        named "difference" is what was added to the one before it, halved: 0 (mid-grey) where nothing was.

        Args:
            source: images B×C×H×W in −1..1.
            joints: of the pose that is wanted, B×18×3, see :mod:`studio.data.skeleton`.
            source_joints: of the source; all missing where nobody knows them.
        """
        ...


@runtime_checkable
class ParsesParts(Protocol):
    """Tells which part of a body each pixel shows."""

    def parse(self, x: Tensor) -> Tensor:
        """Log-probabilities B×P×H×W of :data:`studio.data.skeleton.PARTS` for images B×C×H×W in −1..1."""
        ...


class Course(Protocol):
    """An example that is being drawn, value by value in the model's order, a batch at a time. It reuses what it has
    computed; what it says must not depend on whether it does."""

    def next(self) -> Tensor:
        """Log-probabilities of the value that comes next, given those taken, B×value_count."""
        ...

    def take(self, values: Tensor) -> None:
        """What it became: int64 B in 0..value_count−1. Has no effect behind the last value."""
        ...


@runtime_checkable
class DrawsInOrder(Protocol):
    """p(x) = Π p(x_i | those before it), each factor a distribution over a few values. A base for such systems is
    :class:`studio.models.core.ordered.Ordered`."""

    @property
    def value_count(self) -> int:
        """How many values one place can have: 2 of bits, up to 256 of grey levels."""
        ...

    @property
    def order(self) -> Tensor:
        """int64 D: which place of a flattened example comes when."""
        ...

    def log_conditionals(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        """log p(x_i | those before it) in nats, B×D in order, of examples as the model holds them
        (:meth:`~studio.models.core.model.Model.held`). ``classes``: one-hot B×K of models that take classes."""
        ...

    def course(self, count: int, classes: Tensor | None = None) -> Course:
        """Begin to draw so many examples."""
        ...


@dataclass(frozen=True)
class Inferred:
    """What a model infers of the latents of B examples, with S samples of its posterior for each.

    Attributes:
        mean: of q(z|x), B×d.
        z: samples of q(z|x), S×B×d, as ``decode`` takes them.
        reconstruction: log p(x|z) in nats, S×B.
        kl: KL(q(z_j|x) ‖ p(z_j)) of each dimension in nats, B×d. Where it has no closed form, or dimensions are not
            independent, shares of an estimate that sum to the whole.
        log_weights: log p(x, z) − log q(z|x) in nats, S×B: their mean is the bound (ELBO), the logarithm of the mean of
            their exponentials the importance-weighted one of S samples (Burda et al. 2016, arXiv:1509.00519).
        kl_estimator: how ``kl`` was found ("closed form", "mean over samples").
        posterior: samples of q(z|x), S×B×d, of a model that weighs others, as nobody knows their density: ``z`` and all
            else are then of the distribution that they were drawn from. None: ``z`` are these.
    """

    mean: Tensor
    z: Tensor
    reconstruction: Tensor
    kl: Tensor
    log_weights: Tensor
    kl_estimator: str = "closed form"
    posterior: Tensor | None = None

    @property
    def samples(self) -> Tensor:
        """Of q(z|x) itself, S×B×d."""
        return self.z if self.posterior is None else self.posterior


@runtime_checkable
class InfersLatents(Protocol):
    """Has a posterior q(z|x) over latents, and a bound of the likelihood that it makes."""

    def infer(self, x: Tensor, samples: int = 1, generator: Generator | None = None) -> Inferred:
        """Of examples as the model holds them (:meth:`~studio.models.core.model.Model.held`)."""
        ...


@runtime_checkable
class MatchesMoments(Protocol):
    """Learns by a kernel that compares its samples with the data as two sets."""

    def mismatch(self, x: Tensor, z: Tensor) -> Tensor:
        """MMD² in the eyes of that kernel between examples B×shape and the samples of latents B'×size, a scalar: the
        unbiased estimate, 0 on average where the model draws from the data's distribution, and below 0 half the
        time then."""
        ...


@dataclass(frozen=True)
class Ruled:
    """What a student and its teacher say of B sentences.

    Attributes:
        student: p(y|x), B×K.
        teacher: q(y|x), B×K: p made to follow the rules.
        truth: of the rule, 0..1, for each class if it were the label, B×K; 1 where no rule applies.
        applies: bool B, whether a rule does.
        clause: what the student says of the clause that the rule is about, B×K; as ``student`` where none applies.
        strength, confidence: C and λ, with which q ∝ p exp(−C λ (1 − truth)).
    """

    student: Tensor
    teacher: Tensor
    truth: Tensor
    applies: Tensor
    clause: Tensor
    strength: float = 1.0
    confidence: float = 1.0


@runtime_checkable
class FollowsRules(Protocol):
    """Classifies sentences, and knows a rule that its teacher follows."""

    def ruled(self, batch: Batch) -> Ruled: ...


CAPABILITIES: dict[str, type] = {
    "decode latent": DecodesLatent,
    "criticise": Criticises,
    "take codes": TakesCodes,
    "take classes": TakesClasses,
    "encode": Encodes,
    "embed": Embeds,
    "score likelihood": ScoresLikelihood,
    "invert exactly": InvertsExactly,
    "flow in steps": FlowsInSteps,
    "draw in order": DrawsInOrder,
    "infer latents": InfersLatents,
    "match moments": MatchesMoments,
    "illustrate": Illustrates,
    "take a pose": TakesPose,
    "parse parts": ParsesParts,
    "follow rules": FollowsRules,
}
"""Name of each capability as the person reads it → its protocol. A later capability is one more line."""


def capabilities(model: type[nn.Module] | nn.Module) -> list[str]:
    """The names of what this model can do.

    Told by the protocol's members, so that it holds for classes (whose ``prior`` is a property) as for instances. An
    instance can do less than its class says, where a recipe left something out: a property that raises AttributeError.
    """
    return [name for name, protocol in CAPABILITIES.items() if all(hasattr(model, m) for m in members(protocol))]


def members(protocol: type) -> set[str]:
    """The attributes that a protocol asks for."""
    own = set(protocol.__dict__) | set(getattr(protocol, "__annotations__", {}))
    return {m for m in own if not m.startswith("_")}
