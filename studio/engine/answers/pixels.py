"""Of models that draw value by value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.pictures import in_grid
from studio.engine.answers.base import Floats, answer, no_pictures, shown
from studio.engine.answers.real import real_examples
from studio.engine.context import Context
from studio.explore import completion
from studio.explore.completion import Painter, painter
from studio.explore.questions import DrawInOrder, DrawnInOrder, Real, Surprise, Surprised
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.model import ScoresLikelihood

MOST = 64
"""Examples that are drawn, or looked at, at once."""


@answer.register
def _(question: DrawInOrder, context: Context) -> DrawnInOrder:
    if not 1 <= question.count <= MOST:
        raise ValueError(f"1 to {MOST} examples are drawn at once, not {question.count}")
    loaded, step = context.model(question.where)
    model = painter(loaded)
    order = model.order.cpu().numpy()
    known = np.zeros(len(order), np.bool_)
    original = None
    if question.real is not None and question.known is not None and question.known.any():
        known = completion.places_known(question.known, order, model.data)
        first = Real(question.real.indices[:1], () if question.real.indices else question.real.paths[:1])
        if not len(first):
            raise ValueError("choose the example that is to be completed")
        x, _ = real_examples(Real(first.indices, first.paths, question.real.negative), model.data, context)
        original = _held(model, x, question.seed)
    made = completion.draw(
        model,
        question.count,
        question.seed,
        label=question.label,
        given=original,
        known=known,
        watch=context.watch,
    )
    images, _ = shown(completion.examples_of(model, made.values).numpy(), model)
    return DrawnInOrder(
        step,
        model.value_count,
        order,
        made.values.numpy().astype(np.uint8),
        known,
        made.chances.numpy(),
        made.nats.numpy(),
        images,
        no_pictures() if original is None else shown(original.float().cpu().numpy(), model)[0],
    )


@answer.register
def _(question: Surprise, context: Context) -> Surprised:
    if len(question.real) > MOST:
        raise ValueError(f"at most {MOST} examples are looked at at once, not {len(question.real)}")
    loaded, step = context.model(question.where)
    model, spec = painter(loaded), loaded.data
    x, labels = real_examples(question.real, spec, context)
    held = _held(model, x, question.seed)
    given = labels if question.label is None else np.full(len(x), question.label, np.int64)
    nats = completion.surprise(model, held, given, context.watch).numpy()
    totals = nats.sum(1, dtype=np.float64)
    flat = np.empty_like(nats)
    flat[:, model.order.cpu().numpy()] = nats
    seen = in_grid(flat, spec, np.nan)[:, 0] if spec.kind == "vectors" else flat.reshape(len(x), *spec.shape).sum(1)
    bits = bits_per_dim(torch.from_numpy(-totals), nats.shape[1]).numpy() if model.in_bits else None
    return Surprised(
        step,
        seen.astype(np.float32),
        totals.astype(np.float32),
        _estimator(model, given),
        None if bits is None else bits.astype(np.float32),
        shown(held.float().cpu().numpy(), model)[0],
        labels,
    )


def _held(model: Painter, x: Floats, seed: int) -> Tensor:
    """Examples as the model holds them, on its device; what is left to chance of that hangs on the seed."""
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    with torch.inference_mode():
        return model.held(torch.from_numpy(x).to(device), generator)


def _estimator(model: Painter, labels: npt.NDArray[np.int64]) -> str:
    """What kind of number −log p(x) is."""
    said = model.likelihood if isinstance(model, ScoresLikelihood) else "exact"
    if completion.class_part(model) is None or not len(labels):
        return said
    return f"{said}, {'given the class' if (labels >= 0).all() else 'over all classes'}"
