"""What a move of a player is: the examples it sees, its loss, its optimiser, how often it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """Examples for one move of one player.

    Attributes:
        x: images float32 B×C×H×W in −1..1, points float32 B×2, binary vectors float32 B×D of −1 and 1, or
            sentences int64 B×L (numbers of words, 0 behind the last).
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
