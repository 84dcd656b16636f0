"""What is answered to each kind of question. No question touches torch's global generator while a run trains.

``answer(question, Context())`` works in any process: the engine's lanes call it, and so does the command line.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from studio.data import places
from studio.data.pictures import to_pictures
from studio.engine.context import Context
from studio.engine.messages import Catalogue, Proposal, Propose
from studio.engine.proposals import propose
from studio.explore.directions import principal_directions
from studio.explore.questions import (
    Decode,
    Decoded,
    Describe,
    Directions,
    DirectionsFound,
    Evaluate,
    Evaluation,
    ModelView,
    Nearest,
    NearestFound,
    Through,
    ThroughTime,
    Where,
)
from studio.export.jobs import ExportBundle, ExportLatents, ExportSamples, ExportWalk, ExportWeights, Written
from studio.models.core import catalog
from studio.models.core.catalog import ModelCard
from studio.models.core.model import DecodesLatent, Model, capabilities
from studio.training.sheets import to_bytes

__all__ = ["Context", "answer"]

PIXELS = 1 << 18
"""Values that go through a decoder at once: enough to be fast, few enough to fit beside a training."""


@functools.singledispatch
def answer(question: object, context: Context) -> Any:
    """The answer to a question, of the type that the question names.

    Raises:
        ValueError, DamagedRun, DataError, OSError: in words for the person.
        Cancelled: when ``context.watch`` was told to.
    """
    raise ValueError(f"nobody here can answer a {type(question).__name__}")


# --- about the model


@answer.register
def _(question: Describe, context: Context) -> ModelView:
    run = context.run(question.where.run)
    data, steps = run.info().data, run.checkpoints()
    model = context.empty(run)
    can = tuple(capabilities(model))
    prior = model.prior if isinstance(model, DecodesLatent) else None
    step = question.where.checkpoint
    if step is None:
        step = max(steps, default=0)
        if question.where.averaged:
            step = context.live_step(question.where.run) or step
    return ModelView(
        step, data, can, prior.kind if prior else "normal", prior.size if prior else 0, checkpoints=tuple(steps)
    )


@answer.register
def _(question: Decode, context: Context) -> Decoded:
    model, step = context.model(question.where)
    return Decoded(step, *_shown(_decoded(model, question.z, context), model))


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
        found.append(_decoded(model, question.z[None], context))
    context.watch.advance(len(steps), len(steps), "checkpoints")
    return Through(tuple(steps), *_shown(np.concatenate(found), model))


@answer.register
def _(question: Directions, context: Context) -> DirectionsFound:
    model, step = context.model(question.where)
    vectors, gains = principal_directions(_decoder(model), question.count, question.seed, context.watch)
    return DirectionsFound(step, vectors, gains)


# --- about the model and its data


@answer.register
def _(question: Nearest, context: Context) -> NearestFound:
    model, step = context.model(question.where)
    spec = model.data
    values = _decoded(model, question.z, context)
    indices, distances = context.neighbours(spec).find(values, question.k, context.watch)
    chosen = np.asarray(context.data(spec).values[indices.reshape(-1)])
    if spec.kind == "points":
        return NearestFound(step, indices, distances, _no_pictures(), chosen.astype(np.float32))
    return NearestFound(step, indices, distances, to_pictures(chosen, spec))


@answer.register
def _(question: Evaluate, context: Context) -> Evaluation:
    model, step = context.model(question.where)
    reference = context.reference(model.data, question.samples, question.seed)
    return Evaluation(step, reference.measure(model, watch=context.watch))


# --- about models in general


@answer.register
def _(question: Catalogue, context: Context) -> tuple[ModelCard, ...]:
    return tuple(catalog.refresh(places.cache() / "models.json"))


@answer.register
def _(question: Propose, context: Context) -> Proposal:
    return propose(question, context)


# --- to take away. The writers are loaded when they are needed: animations and ONNX take seconds to import.


@answer.register
def _(job: ExportSamples, context: Context) -> Written:
    from studio.export.samples import export_samples

    return export_samples(job, context)


@answer.register
def _(job: ExportLatents, context: Context) -> Written:
    from studio.export.samples import export_latents

    return export_latents(job, context)


@answer.register
def _(job: ExportWalk, context: Context) -> Written:
    from studio.export.walks import export_walk

    return export_walk(job, context)


@answer.register
def _(job: ExportWeights, context: Context) -> Written:
    from studio.export.weights import export_weights

    return export_weights(job, context)


@answer.register
def _(job: ExportBundle, context: Context) -> Written:
    from studio.export.bundle import export_bundle

    return export_bundle(job, context)


# --- shared


class Decoder(Model, DecodesLatent):
    """A model that decodes latents, for the type checker."""


def _decoder(model: Model) -> Decoder:
    if not isinstance(model, DecodesLatent):
        raise ValueError(f"{model.title} has no latent that could be decoded")
    return model  # type: ignore[return-value]


def _decoded(model: Model, z: npt.NDArray[np.float32], context: Context) -> npt.NDArray[np.float32]:
    """Examples B×(shape) on the model's scale from latents B×size.

    Raises:
        ValueError: for latents of another size.
    """
    decoder = _decoder(model)
    if z.ndim != 2 or z.shape[1] != decoder.prior.size:
        raise ValueError(f"a latent of this model has {decoder.prior.size} values; given were {z.shape}")
    rows = max(1, PIXELS // int(np.prod(model.data.shape)))
    device = next(model.parameters()).device
    made = []
    with torch.inference_mode():
        for start in range(0, len(z), rows):
            if len(z) > rows:
                context.watch.advance(start, len(z), "decoding")
            part = torch.from_numpy(np.ascontiguousarray(z[start : start + rows], np.float32)).to(device)
            made.append(decoder.decode(part).float().cpu().numpy())
    return np.concatenate(made) if made else np.empty((0, *model.data.shape), np.float32)


def _shown(values: npt.NDArray[np.float32], model: Model) -> tuple[Any, npt.NDArray[np.float32] | None]:
    """Pictures and points, as the answers carry them: of the two, one is there."""
    if model.data.kind == "points":
        return _no_pictures(), values
    return to_pictures(to_bytes(torch.from_numpy(values)), model.data), None


def _no_pictures() -> Any:
    return np.empty((0, 1, 1, 3), np.uint8)
