"""What a model is: networks, updates, capabilities. Systems in :mod:`studio.models` are written in these words.

A model knows no device, optimiser, thread, file or window. It draws its training noise from torch's global
generator, which the engine seeds and saves; everything shown to a person comes from latents that are handed in.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy.typing as npt
import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import one_hot

from studio.data.dataset import DataSpec
from studio.models.core import noise
from studio.models.core.latents import Part, Prior
from studio.models.core.recipe import Problem, Recipe, Value
from studio.models.core.showing import Gauge, Level

if TYPE_CHECKING:
    from studio.models.core.constraint import Constraint

__all__ = [
    "CAPABILITIES",
    "WASSERSTEIN",
    "Batch",
    "Criticises",
    "DecodesLatent",
    "Embeds",
    "Encodes",
    "FlowsInSteps",
    "FollowsRules",
    "Gauge",
    "Illustrates",
    "Inverse",
    "InvertsExactly",
    "Level",
    "Loss",
    "Model",
    "Optimiser",
    "Paper",
    "ParsesParts",
    "Part",
    "Prior",
    "Ruled",
    "Scheduled",
    "ScoresLikelihood",
    "TakesClasses",
    "TakesCodes",
    "TakesPose",
    "Traced",
    "Update",
    "capabilities",
    "members",
]


@dataclass(frozen=True)
class Paper:
    """Where a system comes from; ``arxiv`` as in "1704.00028"."""

    authors: str
    year: int
    title: str
    arxiv: str


@dataclass(frozen=True)
class Batch:
    """Examples for one move of one player.

    Attributes:
        x: images float32 B×C×H×W in −1..1, points float32 B×2, or sentences int64 B×L (numbers of words, 0 behind the
            last).
        labels: int64 B, or None.
        columns: what the model wants of what the dataset carries (:attr:`Model.wants`), B rows each, as it is there:
            joints in pixels, parts uint8.
        partner: another picture of the same person for each of these, for models with :attr:`Model.pairs`: the source
            that is to be turned into ``x``.
    """

    x: Tensor
    labels: Tensor | None = None
    columns: dict[str, Tensor] = field(default_factory=dict)
    partner: Batch | None = None


@dataclass(frozen=True)
class Loss:
    """A scalar to descend, and what else a person should see of this move.

    ``shows`` maps "panel/curve" to a detached scalar, e.g. ``"wasserstein/critic estimate"``; the loss itself is
    shown as "loss/<player>" by the engine. ``spreads`` maps "panel/what" to one number per example, B, that a person
    should see as a histogram; a hook may fill it in while the gradient flows back, the engine reads it afterwards.
    """

    value: Tensor
    shows: dict[str, Tensor] = field(default_factory=dict)
    spreads: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Optimiser:
    """Which optimiser an update asks of the engine, in the paper's words."""

    name: Literal["adam", "adamax", "adadelta", "rmsprop", "sgd"]
    rate: float
    beta1: float = 0.9
    beta2: float = 0.999
    momentum: float = 0.0
    weight_decay: float = 0.0
    clip: float = 0.0
    """Largest norm of the whole gradient, which is scaled down to it; 0: as it is."""
    rho: float = 0.95
    """Decay of Adadelta's averages."""


@dataclass(frozen=True)
class Scheduled:
    """What an optimiser is set to for one move: its learning rate times ``rate``, and its momentum (None: as it is)."""

    rate: float = 1.0
    momentum: float | None = None


@dataclass(frozen=True)
class Update:
    """One named player's move: the parameters it owns, its loss, how often it moves per cycle.

    Attributes:
        player: shown to the person ("critic", "generator").
        module: the parameters that this update moves; all others are held still while it does.
        loss: of one fresh batch; called ``times`` times per cycle.
        times: moves per cycle; a function of the finished cycles for papers that begin with more of them, or train one
            thing after another (0: not now). Somebody moves in each cycle.
        after: what must hold once it has moved (clip the weights, renormalise), run without gradients.
        averaged: whether samples are drawn with the running average of these weights.
        full_precision: float32 whatever the recipe's precision, for losses that need it.
        schedule: of the finished cycles, for papers whose rates fall or whose momentum rises; depends on nothing else,
            so that a resumed training goes on with it.
    """

    player: str
    module: nn.Module
    loss: Callable[[Batch], Loss]
    optimiser: Optimiser
    times: int | Callable[[int], int] = 1
    after: Callable[[], None] | None = None
    averaged: bool = False
    full_precision: bool = False
    schedule: Callable[[int], Scheduled] | None = None

    def moves(self, cycle: int) -> int:
        """How often it moves in a cycle, counted from 0."""
        return self.times(cycle) if callable(self.times) else self.times


class Model(nn.Module):
    """Networks built for one dataset by one recipe. A system subclasses it, names its capabilities, and says:

    ``title``, ``paper``, ``about`` (one sentence for the person who chooses), ``recipe_type``; ``build``, ``updates``.
    """

    title: ClassVar[str]
    paper: ClassVar[Paper]
    about: ClassVar[str]
    steady: ClassVar[bool] = False
    """Trains well without care: proposed before others to somebody who has not chosen."""
    simultaneous: ClassVar[bool] = False
    """All players move at once, from the same weights and on the same batch; each then moves once per cycle."""
    levels: ClassVar[tuple[Level, ...]] = ()
    """Lines that its curves are read against."""
    gauges: ClassVar[tuple[Gauge, ...]] = ()
    """Curves to be read at a glance."""
    wants: ClassVar[tuple[str, ...]] = ()
    """Columns of the dataset that come with its batches, where the dataset carries them."""
    pairs: ClassVar[bool] = False
    """Its batches come with partners; the dataset must carry "person"."""
    temperature: float = 1.0
    """What the noise of the fixed-seed sample sheet is multiplied by; the density itself has 1."""
    recipe_type: ClassVar[type[Recipe]]

    def __init__(self, recipe: Recipe, data: DataSpec) -> None:
        super().__init__()
        self.recipe = recipe
        self.data = data
        self.build(data)
        from studio.models.core.constrained import constraint_of  # which is written in the words of this module

        self.constraint: Constraint | None = constraint_of(self)
        """What its samples are to satisfy besides, where the recipe asks for something."""

    @abstractmethod
    def build(self, data: DataSpec) -> None:
        """Make the networks, as attributes. May be called under ``torch.device("meta")``."""

    @abstractmethod
    def updates(self) -> Sequence[Update]:
        """The players in the order in which they move within one cycle."""

    def players(self) -> Sequence[Update]:
        """What the engine moves: the updates, and what every model can be given besides (a constraint)."""
        from studio.models.core import constrained

        return self.updates() if self.constraint is None else constrained.players(self, self.constraint)

    # --- learning under a constraint (studio.models.core.constraint)

    def own_constraint(self) -> Constraint | None:
        """A constraint that this model brings with it, made anew: what "auto" asks for; None: one of the library."""
        return None

    def draw(self, batch: Batch) -> Batch:
        """The model's own samples, with gradients, one under the conditions of each example: their classes, where it
        takes classes.

        Raises:
            TypeError: for a model that draws no samples.
        """
        if not isinstance(self, DecodesLatent):
            raise TypeError(f"{self.title} draws no samples that a constraint could score")
        z = noise.sample(self.prior, len(batch.x), batch.x.device)
        told = isinstance(self, TakesClasses) and batch.labels is not None
        if told and batch.labels is not None:
            ((part, where),) = self.prior.placed("class")
            classes = one_hot(batch.labels, part.size).to(z)
            z = torch.cat([z[:, : where.start], classes, z[:, where.stop :]], 1)
        return replace(batch, x=self.decode(z), labels=batch.labels if told else None)

    @property
    def explains(self) -> bool:
        """Whether a constraint moves it by the likelihood of weighted samples, rather than by the gradient that flows
        through them."""
        return isinstance(self, ScoresLikelihood)

    def explained(self, batch: Batch) -> Tensor:
        """log p(x) in nats, B, under the conditions of the batch, with gradients; of models that :attr:`explains`."""
        assert isinstance(self, ScoresLikelihood)
        return self.log_likelihood(batch.x)

    def meet(self, tables: Mapping[str, npt.NDArray[Any]]) -> None:
        """What belongs to the dataset as a whole (:attr:`~studio.data.dataset.Dataset.tables`), told once, before the
        first move of a training that begins; what is taken from it must be in the state, which a resumed one has."""

    def hold(self) -> None:
        """These weights change no more: work out once what every use needs of them alone. Told to models that answer a
        person's questions, never to one that trains."""

    @classmethod
    def problems(cls, recipe: Recipe, data: DataSpec) -> list[Problem]:
        """What stands between this recipe and this dataset, all of it; empty when training can start."""
        return []

    @classmethod
    def made_for(cls, data: DataSpec) -> bool:
        """Whether this is what somebody who brings such a dataset is after: proposed before all others then."""
        return False

    @classmethod
    def suits(cls, data: DataSpec) -> dict[str, Value]:
        """Fields of the recipe that should differ from their defaults for this dataset, and so are filled in."""
        return {}


# --- capabilities: what a model can do for a person. Panels, metrics, export and the command line ask for these.


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
    """Shows on given examples what it has learned: the sheet of models that draw no samples, and of those whose
    samples depend on an example."""

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
    "illustrate": Illustrates,
    "take a pose": TakesPose,
    "parse parts": ParsesParts,
    "follow rules": FollowsRules,
}
"""Name of each capability as the person reads it → its protocol. A later capability is one more line."""


def capabilities(model: type[Model] | Model) -> list[str]:
    """The names of what this model can do.

    Told by the protocol's members, so that it holds for classes (whose ``prior`` is a property) as for instances. An
    instance can do less than its class says, where a recipe left something out: a property that raises AttributeError.
    """
    return [name for name, protocol in CAPABILITIES.items() if all(hasattr(model, m) for m in members(protocol))]


def members(protocol: type) -> set[str]:
    """The attributes that a protocol asks for."""
    own = set(protocol.__dict__) | set(getattr(protocol, "__annotations__", {}))
    return {m for m in own if not m.startswith("_")}
