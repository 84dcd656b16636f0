"""From real examples to latents."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from studio.engine.answers.base import PIXELS, Floats, answer, decoded, decoder, shown
from studio.engine.answers.real import real_examples
from studio.engine.context import Context
from studio.explore import inversion
from studio.explore.questions.encoding import Compare, Encode, Encoded, Invert, Inverted, Look, Sought
from studio.explore.questions.real import Browsed
from studio.models.core.model import Encodes, Model


@answer.register
def _(question: Look, context: Context) -> Browsed:
    model = context.empty(context.run(question.run))
    x, labels = real_examples(question.real, model.data, context)
    images, points = shown(x, model)
    indices = np.full(len(x), -1, np.int64)
    indices[: len(question.real.indices)] = question.real.indices
    return Browsed(len(x), indices, labels, images, points)


@answer.register
def _(question: Encode, context: Context) -> Encoded:
    model, step = context.model(question.where)
    x, labels = real_examples(question.real, model.data, context)
    return _beside(x, labels, encoded(model, x, context), model, step, context)


@answer.register
def _(question: Compare, context: Context) -> Encoded:
    model, step = context.model(question.where)
    x, labels = real_examples(question.real, model.data, context)
    if len(x) != len(question.z):
        raise ValueError(f"{len(question.z)} latents are compared with as many examples, not {len(x)}")
    return _beside(x, labels, question.z, model, step, context)


def _beside(x: Floats, labels: npt.NDArray[np.int64], z: Floats, model: Model, step: int, context: Context) -> Encoded:
    """Examples and what latents decode to."""
    made = decoded(model, z, context)
    originals, original_points = shown(x, model)
    images, points = shown(made, model)
    errors = inversion.error(torch.from_numpy(made), torch.from_numpy(x)).numpy()
    return Encoded(step, z, labels, errors, originals, images, original_points, points)


@answer.register
def _(question: Invert, context: Context) -> Inverted:
    model, step = context.model(question.where)
    can, sought, search = decoder(model), question.sought, question.search
    if sought is None:
        sought = _begin(question, model, context)
    sought = inversion.go_on(can, sought, search, context.watch, question.seconds)
    z, made, restarts, apart = inversion.best(can, sought, context.watch)
    originals, original_points = shown(inversion.on_scale(sought.values).numpy(), model)
    images, points = shown(made, model)
    return Inverted(
        step,
        z,
        sought.labels,
        restarts[:, 0],
        originals,
        images,
        original_points,
        points,
        restarts=restarts,
        apart=apart,
        sought=sought,
        finished=sought.done >= search.iterations,
    )


def _begin(question: Invert, model: Model, context: Context) -> Sought:
    x, labels = real_examples(question.real, model.data, context)
    if not len(x):
        raise ValueError("choose at least one example to search a latent for")
    values = np.rint((x + 1) * 127.5).astype(np.uint8) if model.data.pictured else x
    codes = encoded(model, x, context) if question.search.refine else None
    return inversion.begin(decoder(model).prior, values, labels, question.search, codes)


def encoded(model: Model, x: Floats, context: Context) -> Floats:
    """Latents N×size of examples on the model's scale. Raises ValueError when the model has no encoder."""
    if not isinstance(model, Encodes):
        raise ValueError(f"{model.title} has no encoder; search for the latents instead")
    rows = max(1, PIXELS // int(np.prod(model.data.shape)))
    found = [np.empty((0, decoder(model).prior.size), np.float32)]
    random = torch.Generator().manual_seed(0)  # of bits, of a model that sees grey levels so
    with torch.inference_mode():
        for start in range(0, len(x), rows):
            context.watch.advance(start, len(x), "encoding")
            held = model.held(torch.from_numpy(x[start : start + rows]), random)
            found.append(model.encode(held).float().numpy())
    return np.concatenate(found)
