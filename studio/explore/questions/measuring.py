"""Measures of a run against its data."""

from __future__ import annotations

from dataclasses import dataclass

from studio.explore.questions.base import Question, Where


@dataclass(frozen=True)
class Evaluation:
    """Measures of a run against its held-out data, by "panel/curve", each labelled with its estimator."""

    step: int
    values: dict[str, float]


@dataclass(frozen=True)
class Evaluate(Question[Evaluation]):
    where: Where
    samples: int = 2048
    seed: int = 0
