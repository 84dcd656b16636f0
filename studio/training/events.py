"""What the trainer tells its listener: frozen, torch-free, NumPy at most. :class:`Ended` always arrives, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Event:
    """``run`` is the path of the run's folder, as text; ``step`` counts finished cycles of updates."""

    run: str
    step: int


@dataclass(frozen=True)
class Started(Event):
    """Training goes on from ``step``.

    Attributes:
        rates: learning rate by player, in the order in which they move.
        device: for a person ("CPU, 2 threads", "NVIDIA H200").
    """

    steps: int
    rates: dict[str, float]
    device: str
    precision: str


@dataclass(frozen=True)
class Progress(Event):
    """A few times a second. ``memory`` in bytes, of the process or the device; ``seconds_left`` None: not yet known."""

    steps: int
    examples_per_second: float
    seconds: float
    seconds_left: float | None
    memory: int


@dataclass(frozen=True)
class Measured(Event):
    """Values of one step by "panel/curve"; the same record stands in metrics.jsonl. ``seconds`` of training so far."""

    seconds: float
    values: dict[str, float]


@dataclass(frozen=True, eq=False)
class Spread(Event):
    """How a number that each example has is spread (a gradient's norm): a histogram, now and then; the run's
    spreads.jsonl has some of them, fewer the longer the training. ``seconds`` of training so far.

    Attributes:
        name: "panel/what".
        edges: rising, bins + 1, in equal steps on the ``scale``; counts: bins, the first with all that lies below.
        left_out: how many numbers were not finite.
    """

    seconds: float
    name: str
    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    scale: Literal["linear", "log"] = "linear"
    left_out: int = 0


@dataclass(frozen=True)
class Alarm(Event):
    """Something about the samples needs a person's eye; the training goes on. An empty message: it is over.

    Attributes:
        about: what it concerns ("classes"); a newer alarm about the same thing takes the place of the older one.
    """

    about: str
    message: str = ""


@dataclass(frozen=True, eq=False)
class SheetDrawn(Event):
    """The fixed-seed samples: ``images`` uint8 N×H×W×3. Points arrive as one picture of all of them (N = 1).
    ``columns``: how many belong in a row (one for each class, say); 0: as many as fit. ``titles`` of the columns, where
    each has one."""

    images: npt.NDArray[np.uint8]
    columns: int = 0
    titles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checkpointed(Event):
    """A checkpoint of this step is safely on disk."""


@dataclass(frozen=True)
class Paused(Event):
    """Weights stay in memory. ``reason`` other than "asked" is trouble, and ``message`` says what and what to do."""

    reason: Literal["asked", "nan", "memory", "disk"]
    message: str = ""


@dataclass(frozen=True)
class Resumed(Event):
    pass


@dataclass(frozen=True)
class RateChanged(Event):
    player: str
    rate: float


@dataclass(frozen=True)
class Ended(Event):
    """The last event of a run, whatever happened. ``message`` is empty unless it failed."""

    reason: Literal["finished", "stopped", "failed"]
    message: str = ""
