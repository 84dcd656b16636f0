"""What goes through the pipe between a listener (the window) and the engine. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.data.dataset import DataSpec
from studio.explore.questions import AnyQuestion, Question
from studio.models.core.catalog import ModelCard
from studio.models.core.recipe import Problem, Value
from studio.training.control import Control

# --- to the engine


@dataclass(frozen=True)
class Start:
    """Train the run of this folder from its newest resumable checkpoint, or from nothing, to ``steps`` in all
    (None: as its recipe says). Refused with Ended(failed) when another run is in training."""

    run: str
    steps: int | None = None
    device: str = "auto"


@dataclass(frozen=True)
class Steer:
    """A wish about the run in training."""

    control: Control


@dataclass(frozen=True)
class Ask:
    """A question, stamped by whoever asks. Of several waiting ones with the same topic only the newest is answered;
    the others get no answer at all. An empty topic is never superseded. ``slow`` ones (exports, evaluations) have a
    lane of their own, so that a slider never waits behind them."""

    stamp: int
    question: AnyQuestion
    topic: str = ""
    slow: bool = False


@dataclass(frozen=True)
class Cancel:
    """Give up the question of this stamp; it is answered with Failed("cancelled") when that worked."""

    stamp: int


@dataclass(frozen=True)
class Shutdown:
    """Stop training after a checkpoint, and end. A closed pipe means the same."""


# --- from the engine, beside the events of :mod:`studio.training.events`


@dataclass(frozen=True)
class Ready:
    """torch is loaded. ``devices`` as ``--device`` takes them, with a name for a person; ``memory`` in bytes."""

    devices: dict[str, str]
    versions: dict[str, str]
    memory: int


@dataclass(frozen=True, eq=False)
class Answer:
    stamp: int
    value: Any


@dataclass(frozen=True)
class Failed:
    """The question could not be answered; ``message`` says what happened and what to do."""

    stamp: int
    message: str


@dataclass(frozen=True)
class Advanced:
    """A slow question is under way."""

    stamp: int
    done: int
    total: int


# --- questions that the engine itself answers


@dataclass(frozen=True)
class Catalogue(Question[tuple[ModelCard, ...]]):
    """All models; also renews the cache that the window reads at its next start."""


@dataclass(frozen=True)
class Proposal:
    """A recipe for a dataset: ``values`` is complete; ``expect`` says in one line what to expect on this machine."""

    model: str
    values: dict[str, Value]
    problems: tuple[Problem, ...]
    expect: str


@dataclass(frozen=True)
class Propose(Question[Proposal]):
    """The recipe that a model suggests for a dataset; ``model`` empty: choose a fitting model too.

    With ``values`` given they are checked as they are instead, so that problems show before training starts.
    """

    data: DataSpec
    model: str = ""
    values: dict[str, Value] | None = None


# --- from the client, in the engine's stead


@dataclass(frozen=True)
class EngineDied:
    """The engine is gone without having been asked to go; ``message`` says how and what to do.

    Before it come Ended(failed) for the run that was in training and Failed for every open question, so that nobody
    waits for an answer that cannot come. The client can be started again.
    """

    message: str
