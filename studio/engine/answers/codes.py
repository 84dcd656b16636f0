"""Of models that take codes."""

from __future__ import annotations

import numpy as np
import torch

from studio.engine.answers.base import PIXELS, Floats, answer, decoded, shown
from studio.engine.answers.real import real_examples
from studio.engine.context import Context
from studio.explore.codes import confusion, match, readings, recoded
from studio.explore.questions import (
    CodesRead,
    CodeTable,
    CodeTables,
    ReadCodes,
    ReadReal,
    Real,
    RealRead,
    TabulateCodes,
)
from studio.models.core.model import Model, TakesCodes


class Reader(Model, TakesCodes):
    """A model that reads codes, for the type checker."""


def reader(model: Model) -> Reader:
    """The same, known to read codes. Raises ValueError."""
    if not isinstance(model, TakesCodes):
        raise ValueError(f"{model.title} has no codes that could be read")
    return model  # type: ignore[return-value]


def read(model: Model, x: Floats, context: Context, done: int = 0, total: int = 0) -> Floats:
    """Q(c|x), N×(sizes of all code parts), of examples N×shape on the model's scale.

    Args:
        done, total: for the progress, where these are some of many.
    """
    can = reader(model)
    rows = max(1, PIXELS // int(np.prod(model.data.shape)))
    device = next(model.parameters()).device
    found = []
    for start in range(0, len(x), rows):
        if total:
            context.watch.advance(done + start, total, "examples")
        with torch.inference_mode():
            part = torch.from_numpy(np.ascontiguousarray(x[start : start + rows], np.float32)).to(device)
            found.append(can.read_codes(part).float().cpu().numpy())
    sizes = sum(part.size for part, _ in can.prior.placed("code"))
    return np.concatenate(found) if found else np.empty((0, sizes), np.float32)


def _seen(model: Model, step: int, x: Floats, context: Context) -> CodesRead:
    return CodesRead(step, *shown(x, model), read(model, x, context))


@answer.register
def _(question: ReadCodes, context: Context) -> CodesRead:
    model, step = context.model(question.where)
    return _seen(model, step, decoded(reader(model), question.z, context), context)


@answer.register
def _(question: ReadReal, context: Context) -> RealRead:
    model, step = context.model(question.where)
    x, labels = real_examples(question.real, model.data, context)
    real = _seen(model, step, x, context)
    z = recoded(reader(model).prior, real.codes, question.z)
    return RealRead(real, _seen(model, step, decoded(model, z, context), context), labels, z)


@answer.register
def _(question: TabulateCodes, context: Context) -> CodeTables:
    model, step = context.model(question.where)
    prior, spec = reader(model).prior, model.data
    data = context.data(spec)
    held_out = len(data.held_out) > 0
    order = np.random.default_rng(question.seed).permutation(data.held_out if held_out else data.train)
    chosen = order[: question.count]
    values: dict[str, list[np.ndarray]] = {p.name: [] for p, _ in prior.placed("code") if p.kind == "categorical"}
    labels, block = [], 256
    for start in range(0, len(chosen), block):
        part = chosen[start : start + block]
        x, own = real_examples(Real(tuple(part.tolist())), spec, context)
        labels.append(own)
        for name, q in readings(prior, read(model, x, context, start, len(chosen))).items():
            if name in values:
                values[name].append(q.argmax(axis=1))
    context.watch.advance(len(chosen), len(chosen), "examples")
    known = data.labels is not None and len(spec.classes) > 0
    tables = []
    for coded, _ in prior.placed("code"):
        if coded.name in values and len(chosen):
            against = np.concatenate(labels) if known else np.zeros(len(chosen), np.int64)
            shape = coded.size, len(spec.classes) if known else 1
            counts = confusion(np.concatenate(values[coded.name]), against, shape)
            tables.append(CodeTable(coded.name, counts, match(counts) if known else None))
    return CodeTables(step, len(chosen), "held out" if held_out else "training", tuple(tables))
