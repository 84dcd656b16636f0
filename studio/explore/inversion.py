"""Which latent draws this example? By descent from several starting points, for generators that have no encoder.

min over z of mean (decode(z) − x)² + λ·mean z² (Lipton and Tripathi 2017, arXiv:1702.04782; Creswell and Bharath 2018,
arXiv:1611.05644), with Adam, whose rate falls to zero along a half cosine. The surface has many valleys: more starting
points than are asked for go a fifth of the way, and the best of them all the way. What a prior cannot draw is ruled
out: a uniform part is clamped to −1..1 after each move, and a category is one value. Where there are few values all
are tried; else a softmax, whose temperature falls, gives way to its largest value.

Each row of a batch is searched for itself, from starting points of a seed of its own: an example's latent depends
neither on what else is searched for, nor on where the search paused, nor on torch's global generator.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.watch import Watch
from studio.explore.questions.encoding import Search, Sought
from studio.models.core.latents import Part, Prior, draw, one_hot

Floats = npt.NDArray[np.float32]

VALUES = 1 << 18
"""Values of examples that go through the network at once."""
TRIED = 16
"""So many combinations of categories are all tried; beyond it the search decides between values as it goes."""
SCOUTS = 4
"""Starting points for each that is followed to the end."""
SCOUTED = 0.2
SOFT = 2 / 3
"""Share of the iterations after which the best candidates are kept, and after which a category is one value."""
LOGIT = 4.0
"""Logits move by so much for each σ that the other parts do."""
COLDEST = 0.1
BETAS = (0.9, 0.999)


class Decoder(Protocol):
    """A model that decodes a latent (:class:`~studio.models.core.model.DecodesLatent`)."""

    @property
    def prior(self) -> Prior: ...
    def decode(self, z: Tensor) -> Tensor: ...


def begin(
    prior: Prior,
    values: npt.NDArray[np.uint8] | Floats,
    labels: npt.NDArray[np.int64],
    search: Search,
    codes: Floats | None = None,
) -> Sought:
    """The starting points.

    Args:
        values: uint8 N×C×H×W or N×D, or float32 N×2.
        codes: an encoder's latents N×size, with which ``search.refine`` begins.

    Raises:
        ValueError: for settings that are no search, or ``refine`` without codes.
    """
    if search.restarts < 1 or search.iterations < 1 or not search.rate > 0 or not search.pull >= 0:
        raise ValueError("a search needs a starting point, an iteration, a rate above 0 and no negative weight")
    if search.refine and codes is None:
        raise ValueError("this model has no encoder whose latent could be refined")
    if codes is not None and search.refine:
        free = loosened(prior, codes)
    else:
        tried = combinations(prior)
        starts = search.restarts * max(SCOUTS, len(tried))
        z = draw(prior, starts, search.seed)
        for row, values_of in zip(z, itertools.cycle(tried), strict=False):
            for (part, where), value in zip(tried_parts(prior), values_of, strict=True):
                row[where] = one_hot(value, part.size)
        free = np.tile(loosened(prior, z), (len(values), 1))
    none = np.zeros((0, len(values)), np.float32)
    return Sought(values, labels, free, np.zeros((2, *free.shape), np.float32), 0, none, none.T.copy())


def go_on(
    model: Decoder, sought: Sought, search: Search, watch: Watch | None = None, seconds: float = math.inf
) -> Sought:
    """Search on for about so long, for one iteration at least, or to the end.

    Raises:
        Cancelled: when the watch says so; ``sought`` is as it was.
    """
    watch = watch or Watch()
    until = time.monotonic() + seconds
    prior, count = model.prior, len(sought.values)
    x = on_scale(sought.values)
    free, optimiser = _optimiser(sought)
    scouts, curve, done, tried = round(search.iterations * SCOUTED), [sought.curve], sought.done, sought.tried
    while done < search.iterations:
        watch.advance(done, search.iterations, "searching")
        if done == scouts and len(free) > count * search.restarts:
            errors = errors_of(model, free.detach(), x, search, done, watch).reshape(count, -1)
            tried = _least(errors, len(combinations(prior)))
            best = np.sort(np.argsort(errors, axis=1, kind="stable")[:, : search.restarts], axis=1)
            free, optimiser = _optimiser(_rows(free, optimiser, best, sought, done))
        optimiser.param_groups[0]["lr"] = search.rate * 0.5 * (1 + math.cos(math.pi * done / search.iterations))
        grad, errors = _gradient(model, free, x, search, done, watch)
        free.grad = grad
        optimiser.step()
        _clamp(prior, free)
        curve.append(errors.reshape(count, -1).min(axis=1)[None])
        done += 1
        if time.monotonic() >= until:
            break
    watch.advance(done, search.iterations, "searching")
    first, second = _moments(free, optimiser)
    return replace(
        sought,
        free=free.detach().numpy().copy(),
        moments=np.stack([first.numpy(), second.numpy()]),
        done=done,
        curve=np.concatenate(curve),
        tried=tried,
    )


def best(model: Decoder, sought: Sought, watch: Watch | None = None) -> tuple[Floats, Floats, Floats, Floats]:
    """What the search has found: every candidate as a latent of the prior (categories are one value), by its error.

    Returns:
        The best latents N×size, what they decode to N×shape, errors N×K with the best first, and how far each
        candidate is from the best one, root-mean-square in σ, N×K.
    """
    watch = watch or Watch()
    count, size = len(sought.values), model.prior.size
    x = on_scale(sought.values)
    z = tightened(model.prior, torch.from_numpy(sought.free), None)
    errors, made = [], []
    with torch.inference_mode():
        for rows, wanted in _chunks(z, x):
            watch.advance(0, 0, "comparing")
            drawn = model.decode(rows).float()
            errors.append(error(drawn, wanted).numpy())
            made.append(drawn.numpy())
    found = np.concatenate(errors).reshape(count, -1)
    order = np.argsort(found, axis=1, kind="stable")
    every = z.numpy().reshape(count, -1, size)
    sorted_z = np.take_along_axis(every, order[..., None], axis=1)
    away = np.sqrt((((sorted_z - sorted_z[:, :1]) / np.maximum(model.prior.sigmas, 1e-12)) ** 2).mean(axis=2))
    decoded = np.concatenate(made).reshape(count, found.shape[1], *x.shape[1:])
    chosen = np.take_along_axis(decoded, order[:, :1].reshape(count, 1, *[1] * (x.dim() - 1)), axis=1)[:, 0]
    return (
        np.ascontiguousarray(sorted_z[:, 0]),
        chosen,
        np.take_along_axis(found, order, axis=1),
        away.astype(np.float32),
    )


# --- examples


def on_scale(values: npt.NDArray[np.uint8] | Floats) -> Tensor:
    """Examples on the model's scale: pixels and bits in −1..1, points as they are."""
    made = torch.from_numpy(np.asarray(values, np.float32))
    return made / 127.5 - 1 if values.dtype == np.uint8 else made


def error(made: Tensor, x: Tensor) -> Tensor:
    """Of each of N: for images and vectors of bits root-mean-square in grey levels (0..255), for points, which are N×2,
    the distance in data units."""
    if x.shape[1:] == (2,):
        apart: Tensor = torch.linalg.vector_norm(made - x, dim=1)
        return apart
    return torch.sqrt((made.clamp(-1, 1) - x).square().flatten(1).mean(1)) * 127.5


# --- what Adam moves, and latents


def loosened(prior: Prior, z: Floats) -> Floats:
    """What Adam moves for latents N×size: values in σ; of categories the largest is ahead of the others by one."""
    free = z / prior.sigmas
    for part, where in prior.placed():
        if part.kind == "categorical":
            free[:, where] = one_hot(z[:, where].argmax(axis=1), part.size)
        elif part.kind == "uniform":
            free[:, where] = np.clip(free[:, where], -1 / part.sigma, 1 / part.sigma)
    return np.asarray(free, np.float32)


def tightened(prior: Prior, free: Tensor, temperature: float | None) -> Tensor:
    """The latents of :func:`loosened`. ``temperature``: categories that are not tried one by one are a softmax of it;
    None: one value."""
    tried = [part for part, _ in tried_parts(prior)]
    made = []
    for part, where in prior.placed():
        own = free[:, where]
        if part.kind != "categorical":
            made.append(own * part.sigma)
        elif temperature is None or part in tried:
            made.append(torch.nn.functional.one_hot(own.argmax(1), part.size).float())
        else:
            made.append((own * LOGIT / temperature).softmax(1))
    return torch.cat(made, dim=1)


def temperature_at(done: int, search: Search) -> float | None:
    """Of the softmax of categories after so many iterations; None once they are one value."""
    share = done / (search.iterations * SOFT)
    return None if search.refine or share >= 1 else COLDEST**share


def tried_parts(prior: Prior) -> list[tuple[Part, slice]]:
    """The categories of which all combinations are tried: the first ones, as far as those are few."""
    found, many = [], 1
    for part, where in prior.placed():
        if part.kind == "categorical" and many * part.size <= TRIED:
            many *= part.size
            found.append((part, where))
    return found


def combinations(prior: Prior) -> list[tuple[int, ...]]:
    """Of the values of :func:`tried_parts`, the last changing first; one empty one when there are no such parts."""
    return list(itertools.product(*(range(part.size) for part, _ in tried_parts(prior))))


def _clamp(prior: Prior, free: Tensor) -> None:
    with torch.no_grad():
        for part, where in prior.placed():
            if part.kind == "uniform":
                free[:, where].clamp_(-1 / part.sigma, 1 / part.sigma)


# --- one iteration


def _gradient(
    model: Decoder, free: Tensor, x: Tensor, search: Search, done: int, watch: Watch
) -> tuple[Tensor, Floats]:
    """The gradient of each row's own loss, and each row's error."""
    normal = [where for part, where in model.prior.placed() if part.kind == "normal"]
    temperature = temperature_at(done, search)
    grads, errors = [], []
    for rows, wanted in _chunks(free.detach(), x):
        watch.advance(done, search.iterations, "searching")
        with torch.enable_grad():
            own = rows.requires_grad_()
            z = tightened(model.prior, own, temperature)
            made = model.decode(z).float()
            loss = (made - wanted).square().flatten(1).mean(1)
            if search.pull and normal:
                loss = loss + search.pull * torch.cat([z[:, w] for w in normal], dim=1).square().mean(1)
            (grad,) = torch.autograd.grad(loss.sum(), own)
        grads.append(grad)
        errors.append(error(made.detach(), wanted).numpy())
    return torch.cat(grads), np.concatenate(errors)


def errors_of(model: Decoder, free: Tensor, x: Tensor, search: Search, done: int, watch: Watch) -> Floats:
    """Each row's error as it stands, N·K."""
    errors = []
    with torch.inference_mode():
        for rows, wanted in _chunks(free, x):
            watch.advance(done, search.iterations, "searching")
            z = tightened(model.prior, rows, temperature_at(done, search))
            errors.append(error(model.decode(z).float(), wanted).numpy())
    return np.concatenate(errors)


def _chunks(rows: Tensor, x: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Candidates (N·K)×size a few at a time, each beside its own example."""
    each = len(rows) // len(x)
    at_once = max(1, VALUES // x[0].numel())
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once].clone()
        yield part, x[torch.arange(start, start + len(part)) // each]


def _least(errors: Floats, combinations: int) -> Floats:
    """The least error of each combination of categories, N×V; candidates go through the combinations in turn."""
    if combinations == 1:
        return np.zeros((len(errors), 0), np.float32)
    return np.stack([errors[:, v::combinations].min(axis=1) for v in range(combinations)], axis=1)


# --- Adam, taken apart and put together again


def _optimiser(sought: Sought) -> tuple[Tensor, torch.optim.Adam]:
    free = torch.from_numpy(sought.free.copy()).requires_grad_()
    adam = torch.optim.Adam([free], betas=BETAS)
    first, second = torch.from_numpy(sought.moments.copy())
    adam.state[free] = {"step": torch.tensor(float(sought.done)), "exp_avg": first, "exp_avg_sq": second}
    return free, adam


def _moments(free: Tensor, adam: torch.optim.Adam) -> tuple[Tensor, Tensor]:
    state = adam.state[free]
    return state["exp_avg"], state["exp_avg_sq"]


def _rows(free: Tensor, adam: torch.optim.Adam, chosen: npt.NDArray[np.int64], sought: Sought, done: int) -> Sought:
    """The same search with these candidates of each example alone, N×K."""
    count = len(chosen)
    each = len(free) // count
    rows = (np.arange(count)[:, None] * each + chosen).reshape(-1)
    first, second = _moments(free, adam)
    moments = np.stack([first.numpy()[rows], second.numpy()[rows]])
    return replace(sought, free=free.detach().numpy()[rows], moments=moments, done=done)
