"""Measures of a run."""

from __future__ import annotations

from studio.engine.answers.base import answer
from studio.engine.context import Context
from studio.explore.questions import Evaluate, Evaluation


@answer.register
def _(question: Evaluate, context: Context) -> Evaluation:
    model, step = context.model(question.where)
    reference = context.reference(model.data, question.samples, question.seed)
    return Evaluation(step, reference.measure(model, watch=context.watch))
