"""Of models that take classes."""

from __future__ import annotations

import torch

from studio.engine.answers.base import answer, decoded
from studio.engine.context import Context
from studio.explore.questions import Classified, Classify


@answer.register
def _(question: Classify, context: Context) -> Classified:
    from studio.metrics.classifier import cached, classifier  # with the first question that needs it

    model, step = context.model(question.where)
    seen = cached(model.data)
    if seen is None and question.train:
        seen = classifier(context.data(model.data), context.watch)
    if seen is None:
        return Classified(step)
    labels = seen.classify(torch.from_numpy(decoded(model, question.z, context)))
    return Classified(step, labels, seen.accuracy, seen.checked)
