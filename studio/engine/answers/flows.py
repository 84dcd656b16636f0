"""Of models that invert exactly, and of others that score a likelihood."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from studio.data import store
from studio.data.dataset import Dataset, DataSpec
from studio.data.fitting import Fitting
from studio.data.watch import Watch
from studio.engine.answers.base import Floats, answer, decoded, shown
from studio.engine.answers.real import real_examples
from studio.engine.context import Context
from studio.explore import flows, inversion
from studio.explore.questions.flows import (
    Attribute,
    ByPicks,
    DecodeScored,
    Density,
    DensityFound,
    FindAttribute,
    Likelihoods,
    LikelihoodsFound,
    Scored,
    Trace,
    TraceFound,
    Unfold,
    Unfolded,
)
from studio.metrics.figures import Diverged
from studio.metrics.likelihood import DIVERGED, bits, examples, log_likelihoods, scorer
from studio.models.core.model import Model
from studio.training.sheets import to_bytes

Numbers = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
OF_HELD_OUT = ("negative", "shuffled")
"""Strangers that are made of held-out images."""


@answer.register
def _(question: Unfold, context: Context) -> Unfolded:
    model, step = context.model(question.where)
    flows.invertible(model)
    x, labels = real_examples(question.real, model.data, context)
    if not len(x) or question.draws < 1:
        raise ValueError("choose at least one example to invert, and one draw of the noise")
    found = flows.inverses(model, x, watch=context.watch)
    nats = flows.drawn_likelihood(model, x, question.draws, watch=context.watch)
    made = decoded(model, found.z, context)
    apart = np.abs(made - found.x).reshape(len(x), -1).max(axis=1)
    originals, original_points = shown(x, model)
    images, points = shown(made, model)
    if model.data.kind == "images":
        apart *= np.float32(127.5)
        equal = to_bytes(torch.from_numpy(made)) == to_bytes(torch.from_numpy(found.x))
    else:
        equal = made == found.x
    of_draws = _bits(nats, model.data)
    return Unfolded(
        step,
        found.z,
        labels,
        inversion.error(torch.from_numpy(made), torch.from_numpy(x)).numpy(),
        originals,
        images,
        original_points,
        points,
        worst=apart,
        same=equal.reshape(len(x), -1).all(axis=1),
        log_likelihood=nats.mean(axis=1),
        bits=of_draws.mean(axis=1),
        bits_sd=of_draws.std(axis=1, ddof=1) if nats.shape[1] > 1 else np.zeros(len(x)),
        log_prior=found.log_prior,
        steps=found.steps,
        log_dets=found.log_dets,
    )


@answer.register
def _(question: DecodeScored, context: Context) -> Scored:
    model, step = context.model(question.where)
    made = decoded(flows.invertible(model), question.z, context)
    if question.draws < 1:
        raise ValueError("a likelihood takes at least one draw of the noise")
    seen = made
    if model.data.kind == "images":
        seen = to_bytes(torch.from_numpy(made)).astype(np.float32) / np.float32(127.5) - 1
    nats = flows.drawn_likelihood(model, seen, question.draws, watch=context.watch).mean(axis=1)
    return Scored(step, *shown(made, model), log_likelihood=nats, bits=_bits(nats, model.data))


def _bits(nats: Numbers, data: DataSpec) -> Numbers:
    return bits(nats, data.shape) if data.kind == "images" else np.full(nats.shape, np.nan)


# --- how likely examples are


@answer.register
def _(question: Likelihoods, context: Context) -> LikelihoodsFound:
    model, step = context.model(question.where)
    scorer(model)
    data, seed = context.data(model.data), question.seed
    count = min(question.count, len(data.train), len(data.held_out) or question.count)
    if count < 1:
        raise ValueError(f"at least one example is needed, not {question.count}")
    random = np.random.default_rng(seed)
    train, held = random.permutation(data.train)[:count], random.permutation(data.held_out)[:count]
    made: dict[str, tuple[str, Callable[[], Floats]]] = {
        "held out": ("held out", lambda: examples(data, held)),
        "train": ("train", lambda: examples(data, train)),
    }
    for kind in question.strangers:
        if kind not in OF_HELD_OUT or len(held):
            made[kind] = kind, functools.partial(_stranger, kind, data, held, count, seed)
    for fingerprint in question.others:
        spec = store.details(fingerprint).spec
        name = spec.name if spec.name not in made else f"{spec.name} ({spec.source})"
        made[name] = fingerprint, functools.partial(_other, spec, data.spec, count, seed, context)
    found: dict[str, Numbers] = {}
    for part, (name, (key, make)) in enumerate(made.items()):
        work = functools.partial(_scores, model, make, seed, context.watch.part(part, len(made)))
        found[name] = context.of_model(model, ("likelihoods", key, count, seed), work)
    context.watch.advance(1, 1, "likelihoods")
    held_out, seen = found.pop("held out"), found.pop("train")
    return LikelihoodsFound(step, "bits/dim" if model.data.kind == "images" else "nats", held_out, seen, found)


def _scores(model: Model, make: Callable[[], Floats], seed: int, watch: Watch) -> Numbers:
    """In the unit of the answer, N."""
    nats = log_likelihoods(model, make(), seed=seed, watch=watch)[:, 0]
    return bits(nats, model.data.shape) if model.data.kind == "images" else nats


def _stranger(kind: str, data: Dataset, held: npt.NDArray[np.int64], count: int, seed: int) -> Floats:
    if data.spec.kind != "images":
        raise ValueError(f"strangers are images, and {data.spec.name} holds {data.spec.kind}")
    made = flows.stranger(kind, np.asarray(data.values[np.sort(held)]), data.spec.shape, count, seed)
    return made.astype(np.float32) / np.float32(127.5) - 1


def _other(spec: DataSpec, like: DataSpec, count: int, seed: int, context: Context) -> Floats:
    """Examples of another dataset, brought to the size and colour of this one in the way that this one was."""
    if spec.kind != "images" or like.kind != "images":
        raise ValueError(f"{spec.name} holds {spec.kind}, {like.name} {like.kind}: images are set beside images")
    data = context.data(spec)
    order = np.random.default_rng(seed).permutation(data.held_out if len(data.held_out) else data.train)
    values = np.asarray(data.values[np.sort(order[:count])])
    fit = store.details(like.fingerprint).preparation.fit
    fitted = Fitting(like.size, fit, like.channels).array(np.ascontiguousarray(values.transpose(0, 2, 3, 1)))
    return fitted.astype(np.float32) / np.float32(127.5) - 1


# --- attributes


@answer.register
def _(question: FindAttribute, context: Context) -> Attribute:
    model, step = context.model(question.where)
    flows.invertible(model)
    by = question.by
    if isinstance(by, ByPicks) and (by.having.paths or by.lacking.paths):  # what is in a file may have changed
        return _attribute(question, model, step, context)
    return replace(context.of_model(model, by, lambda: _attribute(question, model, step, context)), step=step)


def _attribute(question: FindAttribute, model: Model, step: int, context: Context) -> Attribute:
    by, spec = question.by, model.data
    if isinstance(by, ByPicks):
        sets = [real_examples(real, spec, context)[0] for real in (by.having, by.lacking)]
        sets += [sets[0][:0], sets[0][:0]]
    else:
        data = context.data(spec)
        chosen = flows.chosen(data, by)
        each = chosen.having, chosen.lacking, chosen.having_others, chosen.lacking_others
        sets = [examples(data, indices) for indices in each]
    total, done, z = sum(map(len, sets)), 0, []
    for part in sets:
        z.append(flows.inverses(model, part, watch=context.watch, along=(done, total)).z)
        done += len(part)
    context.watch.advance(total, total, "inverting")
    having, lacking, *others = z
    vector = flows.direction(flows.invertible(model).prior, having, lacking)
    if not np.isfinite(vector).all():
        raise Diverged(DIVERGED)
    right = flows.separation(vector, having, lacking, (others[0], others[1]))
    return Attribute(step, vector, len(having), len(lacking), right)


# --- points in the plane


@answer.register
def _(question: Trace, context: Context) -> TraceFound:
    model, step = context.model(question.where)
    found = flows.traced(model, question.z, context.watch)
    return TraceFound(step, found.names, found.points, found.log_density)


@answer.register
def _(question: Density, context: Context) -> DensityFound:
    model, step = context.model(question.where)
    if model.data.kind != "points":
        raise ValueError(f"a density is drawn of points in the plane; {model.data.name} holds {model.data.kind}")
    at = flows.grid(question.centre, question.reach, question.size)
    if question.after is None:
        found = log_likelihoods(model, at, watch=context.watch)[:, 0]
    else:
        found = flows.density_after(model, at, question.after, context.watch)
    found = found.reshape(question.size, question.size)
    return DensityFound(step, found, flows.mass(found, question.reach))
