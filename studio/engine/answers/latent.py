"""Of models that decode a latent."""

from __future__ import annotations

import numpy as np

from studio.data.pictures import to_pictures
from studio.engine.answers.base import answer, decoded, decoder, no_pictures, shown
from studio.engine.context import Context
from studio.explore.directions import principal_directions
from studio.explore.questions import (
    Decode,
    Decoded,
    Describe,
    Directions,
    DirectionsFound,
    ModelView,
    Nearest,
    NearestFound,
    Through,
    ThroughTime,
    Where,
)
from studio.models.core.model import DecodesLatent, Prior, capabilities


@answer.register
def _(question: Describe, context: Context) -> ModelView:
    run = context.run(question.where.run)
    data, steps = run.info().data, run.checkpoints()
    model = context.empty(run)
    can = tuple(capabilities(model))
    prior = model.prior if isinstance(model, DecodesLatent) else Prior()
    step = question.where.checkpoint
    if step is None:
        step = max(steps, default=0)
        if question.where.averaged:
            step = context.live_step(question.where.run) or step
    return ModelView(step, data, can, prior, checkpoints=tuple(steps), temperature=model.temperature)


@answer.register
def _(question: Decode, context: Context) -> Decoded:
    model, step = context.model(question.where)
    return Decoded(step, *shown(decoded(model, question.z, context), model))


@answer.register
def _(question: ThroughTime, context: Context) -> Through:
    run = context.run(question.run)
    steps = run.checkpoints()
    if not steps:
        raise ValueError(f"{run.path.name} has no checkpoint yet; train it first")
    found = []
    for done, step in enumerate(steps):
        context.watch.advance(done, len(steps), "checkpoints")
        model, _ = context.model(Where(question.run, step))
        found.append(decoded(model, question.z[None], context))
    context.watch.advance(len(steps), len(steps), "checkpoints")
    return Through(tuple(steps), *shown(np.concatenate(found), model))


@answer.register
def _(question: Directions, context: Context) -> DirectionsFound:
    model, step = context.model(question.where)
    vectors, gains = principal_directions(decoder(model), question.count, question.seed, context.watch)
    return DirectionsFound(step, vectors, gains)


@answer.register
def _(question: Nearest, context: Context) -> NearestFound:
    model, step = context.model(question.where)
    spec = model.data
    values = decoded(model, question.z, context)
    indices, distances = context.neighbours(spec).find(values, question.k, context.watch)
    chosen = np.asarray(context.data(spec).values[indices.reshape(-1)])
    if spec.kind == "points":
        return NearestFound(step, indices, distances, no_pictures(), chosen.astype(np.float32))
    return NearestFound(step, indices, distances, to_pictures(chosen, spec))
