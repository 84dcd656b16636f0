"""Of models with a posterior over latents: what a bound is made of, which dimensions are used; and, of all that encode,
where a dataset lies in a plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.engine.answers.base import PIXELS, Floats, answer, decoded, decoder, shown
from studio.engine.answers.real import NONE, real_examples
from studio.engine.context import Context
from studio.explore import planes
from studio.explore.questions.inferring import BoundSplit, FindUnits, Scatter, Scattered, SplitBound, UnitsFound
from studio.metrics.likelihood import examples
from studio.models.core.model import Encodes, Inferred, InfersLatents, Model

BLOCK = 2048
"""Examples of a scatter that are encoded, and kept for the same weights, together."""
KEPT = 128 << 20
"""Bytes of latents of a whole dataset that are kept; larger ones are encoded again when they are asked for again."""
Indices = npt.NDArray[np.int64]


@answer.register
def _(question: SplitBound, context: Context) -> BoundSplit:
    model, step = context.model(question.where)
    infers = inferring(model)
    x, labels = real_examples(question.real, model.data, context)
    if not len(x) or question.samples < 1:
        raise ValueError("choose at least one example, and one sample of its posterior")
    held, found = [], list[Inferred]()
    with torch.inference_mode():
        for number in range(len(x)):
            context.watch.advance(number, len(x), "posteriors")
            random = _random(model, question.seed, number)  # of its own: other examples leave it as it is
            held.append(model.held(_on(model, x[number : number + 1]), random))
            found.append(infers.infer(held[-1], question.samples, random))
    weights = _joined([f.log_weights for f in found], 1).astype(np.float64)
    mean, z = _joined([f.mean for f in found]), _joined([f.samples for f in found], 1)
    by_example = np.ascontiguousarray(z.transpose(1, 0, 2)).reshape(-1, z.shape[2])
    seen = np.concatenate([h.float().cpu().numpy() for h in held])
    originals, original_points = shown(seen, model)
    means, mean_points = shown(decoded(model, mean, context), model)
    drawn, drawn_points = shown(decoded(model, by_example, context), model)
    context.watch.advance(len(x), len(x), "posteriors")
    return BoundSplit(
        step,
        labels,
        _joined([f.reconstruction for f in found], 1).mean(axis=0),
        _joined([f.kl for f in found]),
        found[0].kl_estimator,
        weights.mean(axis=0).astype(np.float32),
        (np.logaddexp.reduce(weights, axis=0) - math.log(question.samples)).astype(np.float32),
        mean,
        z,
        originals,
        means,
        drawn,
        original_points,
        mean_points,
        drawn_points,
    )


@answer.register
def _(question: FindUnits, context: Context) -> UnitsFound:
    model, step = context.model(question.where)
    infers = inferring(model)
    data = context.data(model.data)
    held_out = len(data.held_out) > 1
    chosen = np.random.default_rng(question.seed).permutation(data.held_out if held_out else data.train)
    chosen = np.sort(chosen[: question.count])
    if len(chosen) < 2:
        raise ValueError("active units are told from at least two examples")
    random, rows = _random(model, question.seed), _rows(model)
    means, kl, bound, reconstruction, estimator = [], [], 0.0, 0.0, ""
    for start in range(0, len(chosen), rows):
        context.watch.advance(start, len(chosen), "examples")
        x = _on(model, examples(data, chosen[start : start + rows]))
        with torch.inference_mode():
            found = infers.infer(model.held(x, random), 1, random)
        means.append(found.mean.float().cpu().numpy())
        kl.append(found.kl.float().cpu().numpy())
        bound += float(found.log_weights.double().sum())
        reconstruction += float(found.reconstruction.double().sum())
        estimator = found.kl_estimator
    context.watch.advance(len(chosen), len(chosen), "examples")
    mean, each = np.concatenate(means).astype(np.float64), np.concatenate(kl).astype(np.float64)
    return UnitsFound(
        step,
        mean.var(axis=0).astype(np.float32),
        each.mean(axis=0).astype(np.float32),
        mean.mean(axis=0).astype(np.float32),
        bound / len(chosen),
        reconstruction / len(chosen),
        len(chosen),
        "held out" if held_out else "training",
        estimator,
    )


@answer.register
def _(question: Scatter, context: Context) -> Scattered:
    model, step = context.model(question.where)
    data = context.data(model.data)
    order = {"train": data.train, "held out": data.held_out, "all": np.arange(len(data))}[question.part]
    order = np.random.default_rng(question.seed).permutation(order)
    many = min(question.count, len(order))
    if many < 2:
        raise ValueError(f"{model.data.name} has too few such examples to be scattered: {many}")
    found, small = [], decoder(model).prior.size * len(order) * 4 <= KEPT
    for number, start in enumerate(range(0, many, BLOCK)):
        block: Indices = order[start : start + BLOCK]  # whole, so that its bits are the same however many are shown

        def encode(number: int = number, block: Indices = block) -> Floats:
            return _encoded(model, block, question, number, many, context)

        key = ("scattered", question.part, question.sampled, question.seed, number)
        found.append(context.of_model(model, key, encode) if small else encode())
        context.watch.advance(min(start + BLOCK, many), many, "encoding")
    z = np.concatenate(found)[:many]
    if not np.isfinite(z).all():
        raise ValueError("the latents of these examples are not finite numbers; the model has diverged")
    way = question.way if question.way != "auto" else "latent" if z.shape[1] == 2 else "pca"
    if way == "latent":
        plane = planes.coordinates(z, question.first, question.second)
        names = f"z {question.first}", f"z {question.second}"
    else:
        plane, names = planes.principal(z), ("principal component 1", "principal component 2")
    indices = order[:many]
    labels = np.full(many, NONE, np.int64) if data.labels is None else np.asarray(data.labels[indices], np.int64)
    return Scattered(step, plane.places(z), indices, labels, plane.mean, plane.axes, plane.explained, names)


def _encoded(model: Model, block: Indices, asked: Scatter, number: int, many: int, context: Context) -> Floats:
    """Latents of one block of a scatter."""
    data, rows, random = context.data(model.data), _rows(model), _random(model, asked.seed, number)
    latents = sampled if asked.sampled else encoded
    order = np.sort(block)  # as they lie on the disk
    found = []
    for start in range(0, len(order), rows):
        context.watch.advance(min(number * BLOCK + start, many), many, "encoding")
        found.append(latents(model, examples(data, order[start : start + rows]), random))
    made = np.empty((len(block), found[0].shape[1]), np.float32)
    made[np.argsort(block)] = np.concatenate(found)
    return made


def encoded(model: Model, x: Floats, random: torch.Generator) -> Floats:
    """Latents N×size of a few examples on the model's scale; bits of grey ones are drawn from ``random``. Raises
    ValueError when the model has no encoder."""
    if not isinstance(model, Encodes):
        raise ValueError(f"{model.title} has no encoder")
    with torch.inference_mode():
        return model.encode(model.held(_on(model, x), random)).float().cpu().numpy()


def sampled(model: Model, x: Floats, random: torch.Generator) -> Floats:
    """The same, with one sample of each posterior. Raises ValueError when the model has none."""
    infers = inferring(model)
    with torch.inference_mode():
        return infers.infer(model.held(_on(model, x), random), 1, random).samples[0].float().cpu().numpy()


def inferring(model: Model) -> InfersLatents:
    """The same, known to infer. Raises ValueError."""
    if not isinstance(model, InfersLatents):
        raise ValueError(f"{model.title} has no posterior over latents")
    return model


def _rows(model: Model) -> int:
    return max(1, PIXELS // int(np.prod(model.data.shape)))


def _on(model: Model, x: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(x, np.float32)).to(next(model.parameters()).device)


def _random(model: Model, *seeds: int) -> torch.Generator:
    """A generator of one's own: the global one belongs to a training."""
    (seed,) = np.random.SeedSequence(seeds).generate_state(1, np.uint64)
    return torch.Generator(next(model.parameters()).device).manual_seed(int(seed >> np.uint64(1)))


def _joined(parts: list[Tensor], axis: int = 0) -> npt.NDArray[Any]:
    return np.concatenate([p.float().cpu().numpy() for p in parts], axis=axis)
