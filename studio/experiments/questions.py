"""What the window asks the engine of an experiment. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from studio.experiments.core.attempts import Attempt
from studio.explore.questions.base import Question


@dataclass(frozen=True)
class Conclude(Question[Attempt]):
    """Draw the conclusion of an attempt whose runs have all finished, and write it down.

    Slow: takes seconds to minutes, with progress; can be called off, and asked again. The answer is the attempt with
    its findings. Fails, in words for a person, when a run is missing or not finished; that is written down too.
    """

    attempt: str
    """Path of the attempt's folder."""
