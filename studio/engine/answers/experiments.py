"""The conclusion of an experiment whose runs have finished."""

from __future__ import annotations

from pathlib import Path

from studio.engine.answers.base import answer
from studio.engine.context import Context
from studio.experiments.core.attempts import Attempt
from studio.experiments.questions import Conclude


@answer.register
def _(question: Conclude, context: Context) -> Attempt:
    from studio.experiments.core.concluding import conclude

    return conclude(Path(question.attempt), context.watch)
