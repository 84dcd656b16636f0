"""What a model is: networks, updates, capabilities. Systems in :mod:`studio.models` are written in these words.

A model knows no device, optimiser, thread, file or window. It draws its training noise from torch's global
generator, which the engine seeds and saves; everything shown to a person comes from latents that are handed in.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy.typing as npt
import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import one_hot

from studio.data.dataset import DataSpec
from studio.models.core import constrained, noise
from studio.models.core.capabilities import (
    CAPABILITIES,
    WASSERSTEIN,
    Course,
    Criticises,
    DecodesLatent,
    DrawsInOrder,
    Embeds,
    Encodes,
    FlowsInSteps,
    FollowsRules,
    Illustrates,
    Inferred,
    InfersLatents,
    Inverse,
    InvertsExactly,
    MatchesMoments,
    ParsesParts,
    Ruled,
    ScoresLikelihood,
    TakesClasses,
    TakesCodes,
    TakesPose,
    Traced,
    capabilities,
    members,
)
from studio.models.core.constraint import Constraint
from studio.models.core.latents import Part, Prior
from studio.models.core.moves import Batch, Loss, Optimiser, Scheduled, Update
from studio.models.core.recipe import Problem, Recipe, Value
from studio.models.core.showing import Gauge, Level

__all__ = [
    "CAPABILITIES",
    "WASSERSTEIN",
    "Batch",
    "Course",
    "Criticises",
    "DecodesLatent",
    "DrawsInOrder",
    "Embeds",
    "Encodes",
    "FlowsInSteps",
    "FollowsRules",
    "Gauge",
    "Illustrates",
    "Inferred",
    "InfersLatents",
    "Inverse",
    "InvertsExactly",
    "Level",
    "Loss",
    "MatchesMoments",
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
    """Where a system comes from; ``arxiv`` as in "1704.00028", empty where it is not there."""

    authors: str
    year: int
    title: str
    arxiv: str


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
    draws: ClassVar[Literal["examples", "means"]] = "examples"
    """What ``decode`` gives: examples as the model holds them, or the mean of p(x|z), which is none."""
    measured: ClassVar[int] = 2048
    """How many samples are drawn to be measured while it trains, at most: fewer where one takes long."""

    def __init__(self, recipe: Recipe, data: DataSpec) -> None:
        super().__init__()
        self.recipe = recipe
        self.data = data
        self.build(data)
        self.constraint: Constraint | None = constrained.constraint_of(self)
        """What its samples are to satisfy besides, where the recipe asks for something."""

    @abstractmethod
    def build(self, data: DataSpec) -> None:
        """Make the networks, as attributes. May be called under ``torch.device("meta")``."""

    @abstractmethod
    def updates(self) -> Sequence[Update]:
        """The players in the order in which they move within one cycle."""

    def players(self) -> Sequence[Update]:
        """What the engine moves: the updates, and what every model can be given besides (a constraint)."""
        return self.updates() if self.constraint is None else constrained.players(self, self.constraint)

    # --- learning under a constraint (studio.models.core.constraint)

    def own_constraint(self) -> Constraint | None:
        """A constraint that this model brings with it, made anew: what "auto" asks for; None: one of the library."""
        return None

    def draw(self, batch: Batch) -> Batch:
        """The model's own samples, one under the conditions of each example: their classes, where it takes classes;
        with gradients, but of a model that :attr:`explains`.

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

    # --- likelihood (of models that score one)

    def held(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Examples as the model sees them, in the range of :class:`Batch.x`: binarised, where its recipe asks for
        that; as they are else. What is held is held as it is: doing it again changes nothing."""
        return x

    @property
    def holding(self) -> str:
        """In what way examples are held, in a word; those of models with the same one may be compared. Empty: as they
        are."""
        return ""

    @property
    def in_bits(self) -> bool:
        """Whether its likelihood is of grey levels, and so read in bits/dim too; of bits it is read in nats alone."""
        return self.data.kind == "images"

    @property
    def chance(self) -> str:
        """What ``log_likelihood`` leaves to chance of an example that is held ("the noise", "the latent"): its mean is
        a bound then, and the logarithm of the mean of its exponential a better one. Empty: nothing."""
        return ""

    weighted: ClassVar[int] = 4
    """Of how many such draws the better bound is taken, where nobody says."""

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
