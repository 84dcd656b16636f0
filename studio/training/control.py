"""What a person can ask of a training in progress. Each is answered within one move of one player."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """Base of all of them."""


@dataclass(frozen=True)
class Pause(Control):
    """Stop moving; weights stay in memory, and a checkpoint is written."""


@dataclass(frozen=True)
class Resume(Control):
    """Go on after a pause."""


@dataclass(frozen=True)
class Stop(Control):
    """Write a checkpoint and end."""


@dataclass(frozen=True)
class SaveNow(Control):
    """Write a checkpoint after this cycle."""


@dataclass(frozen=True)
class StepOnce(Control):
    """While paused: move one player once, and stay paused."""

    player: str


@dataclass(frozen=True)
class SetRate(Control):
    """Change the learning rate of a player from the next move on; kept in checkpoints."""

    player: str
    rate: float
