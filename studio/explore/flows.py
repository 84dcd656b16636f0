"""What the panels of exact inversion show: the way there and back, pictures that a model was not made for, directions
of attributes, densities of points.

An attribute is a direction in latent space, the mean latent of examples that have something minus that of examples
that lack it (Kingma and Dhariwal 2018, arXiv:1807.03039, section 5.2). Whether it means anything is tried on other
examples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from studio.data.dataset import Dataset
from studio.data.sprites import FACTORS, SHAPES
from studio.data.watch import Watch
from studio.explore.questions.flows import STRANGERS, ByFactor, ByLabel
from studio.explore.warping import Course
from studio.metrics.likelihood import finite, rows
from studio.models.core.latents import Prior
from studio.models.core.model import FlowsInSteps, InvertsExactly, Model

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
LARGEST_GRID = 1024


class Invertible(Model, InvertsExactly):
    """A model that inverts exactly, for the type checker."""


def invertible(model: Model) -> Invertible:
    """The same, known to invert exactly. Raises ValueError."""
    if not isinstance(model, InvertsExactly):
        raise ValueError(f"{model.title} does not invert exactly; search for the latents instead")
    return model  # type: ignore[return-value]


# --- there and back


@dataclass(frozen=True, eq=False)
class Inverses:
    """As :class:`studio.models.core.model.Inverse`, of N examples; ``log_dets`` N×S in the order of ``steps``."""

    z: Floats
    x: Floats
    log_prior: Numbers
    steps: tuple[str, ...]
    log_dets: Numbers

    @property
    def log_likelihood(self) -> Numbers:
        return finite(self.log_prior + self.log_dets.sum(axis=1))


def inverses(
    model: Model,
    x: Floats,
    within: Floats | None = None,
    watch: Watch | None = None,
    along: tuple[int, int] | None = None,
) -> Inverses:
    """Of examples N×shape on the model's scale, a few at a time.

    Args:
        within: where in its grey level each value lies, 0..1, (shape) for all examples alike; None: in the middle.
        along: how many were done before, and how many there are in all, for ``watch``.

    Raises:
        ValueError: for a model that does not invert exactly.
    """
    can, watch = invertible(model), watch or Watch()
    before, total = along or (0, len(x))
    device = next(model.parameters()).device
    noise = None if within is None else torch.from_numpy(within).to(device)
    at_once = rows(x.shape[1:])
    found = []
    with torch.inference_mode():
        for start in range(0, len(x), at_once):
            watch.advance(before + start, total, "inverting")
            part = torch.from_numpy(np.ascontiguousarray(x[start : start + at_once], np.float32)).to(device)
            found.append(can.invert(part, None if noise is None else noise.expand_as(part)))
    if not found:
        nothing = np.zeros(0)
        return Inverses(np.empty((0, can.prior.size), np.float32), x, nothing, (), nothing.reshape(0, 0))
    steps = tuple(found[0].log_dets)
    return Inverses(
        torch.cat([f.z for f in found]).float().cpu().numpy(),
        torch.cat([f.x for f in found]).float().cpu().numpy(),
        torch.cat([f.log_prior for f in found]).double().cpu().numpy(),
        steps,
        torch.cat([torch.stack([f.log_dets[s].double() for s in steps], dim=1) for f in found]).cpu().numpy(),
    )


def drawn_likelihood(model: Model, x: Floats, draws: int, seed: int = 0, watch: Watch | None = None) -> Numbers:
    """log p of images in nats, N×draws: the same noise for all of them, so that an example's number does not depend on
    which others stand beside it. Of points, which have no noise, N×1."""
    if x.ndim == 2:
        return inverses(model, x, None, watch).log_likelihood[:, None]
    noise = np.random.default_rng(seed).random((draws, *x.shape[1:]), np.float32)
    total = draws * len(x)
    found = [inverses(model, x, u, watch, (n * len(x), total)).log_likelihood for n, u in enumerate(noise)]
    return np.stack(found, axis=1)


# --- pictures that a model was not made for


def stranger(
    kind: str, images: npt.NDArray[np.uint8], shape: tuple[int, ...], count: int, seed: int
) -> npt.NDArray[np.uint8]:
    """``count`` pictures uint8 N×C×H×W of a kind of STRANGERS. Those that are real ones in disguise are made of the
    first of ``images``, and are at most as many.

    Raises:
        ValueError: for another kind.
    """
    random = np.random.default_rng(seed)
    if kind == "noise":
        return random.integers(0, 256, (count, *shape), np.uint8)
    if kind == "flat":
        return np.broadcast_to(random.integers(0, 256, (count, 1, 1, 1), np.uint8), (count, *shape)).copy()
    chosen = images[:count]
    if kind == "negative":
        return 255 - chosen
    if kind == "shuffled":  # a pixel keeps its colour
        flat = chosen.reshape(*chosen.shape[:2], -1)
        moved = [each[:, random.permutation(each.shape[1])] for each in flat]
        return np.stack(moved).reshape(chosen.shape) if moved else chosen
    raise ValueError(f"no strangers are called {kind!r}; there are: {', '.join(STRANGERS)}")


# --- attributes


@dataclass(frozen=True, eq=False)
class Examples:
    """Indices of examples that have something, and of as many that lack it: to find it, and others to try it on."""

    having: Indices
    lacking: Indices
    having_others: Indices
    lacking_others: Indices


def chosen(data: Dataset, by: ByLabel | ByFactor, seed: int = 0) -> Examples:
    """The examples of an attribute.

    Raises:
        ValueError: when the dataset has no such label or factor, or too few examples of either kind.
    """
    random = np.random.default_rng(seed)
    train, held = random.permutation(data.train), random.permutation(data.held_out)
    if isinstance(by, ByLabel):
        have, name = _of_label(data, by)
        lack = ~have
    else:
        have, lack, name = _of_factor(data, by)
    found = []
    for indices in (train, held):
        sets = indices[have[indices]], indices[lack[indices]]
        many = min(len(sets[0]), len(sets[1]), max(by.count, 1))
        found += [np.sort(part[:many]) for part in sets]
    if not len(found[0]):
        raise ValueError(f"{data.spec.name} has too few training examples to tell {name} from others")
    return Examples(*found)


def _of_label(data: Dataset, by: ByLabel) -> tuple[npt.NDArray[np.bool_], str]:
    classes = data.spec.classes
    if data.labels is None or not classes:
        raise ValueError(f"{data.spec.name} has no labels; choose examples by hand instead")
    if not 0 <= by.label < len(classes):
        raise ValueError(f"{data.spec.name} has classes 0 to {len(classes) - 1}, not {by.label}")
    return np.asarray(data.labels == by.label), classes[by.label]


def _of_factor(data: Dataset, by: ByFactor) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], str]:
    if by.factor not in data.factors:
        there = f"known are {', '.join(data.factors)}" if data.factors else "none is known"
        raise ValueError(f"{data.spec.name} was not drawn by a factor {by.factor!r}; {there}")
    values = data.factors[by.factor]
    if by.value is not None:
        is_it = np.asarray(values == by.value)
        return is_it, ~is_it, f"{by.factor} {by.value}"
    if by.factor == FACTORS[0]:
        raise ValueError(f"{by.factor} is one of {len(SHAPES)}; name which")
    low, high = np.quantile(values[data.train], [1 / 3, 2 / 3])
    return np.asarray(values > high), np.asarray(values < low), by.factor


def direction(prior: Prior, having: Floats, lacking: Floats) -> Floats:
    """Mean latent with minus mean latent without, (size,), of latents N×size and M×size; 0 where a class stands.

    Raises:
        ValueError: when there are none of either.
    """
    if not len(having) or not len(lacking):
        raise ValueError("an attribute needs at least one example that has it and one that lacks it")
    found = having.mean(axis=0, dtype=np.float64) - lacking.mean(axis=0, dtype=np.float64)
    for _, where in prior.placed("class"):
        found[where] = 0
    return np.asarray(found, np.float32)


def separation(vector: Floats, having: Floats, lacking: Floats, others: tuple[Floats, Floats]) -> float:
    """Share of other latents, those with and those without counting alike, that are on the right side of the middle
    between the means of ``having`` and ``lacking`` along the vector; NaN where there are none of either."""
    if not len(others[0]) or not len(others[1]):
        return math.nan
    along = vector.astype(np.float64)
    middle = ((having @ along).mean() + (lacking @ along).mean()) / 2
    right = [(others[0] @ along > middle).mean(), (others[1] @ along < middle).mean()]
    return float(np.mean(right))


# --- points in the plane


def traced(model: Model, z: Floats, watch: Watch | None = None) -> Course:
    """What becomes of latents N×2, N ≥ 1, step by step, a few at a time.

    Raises:
        ValueError: for a model of something else, or latents of another size.
    """
    if not isinstance(model, FlowsInSteps) or model.data.kind != "points":
        raise ValueError(f"the steps of {model.title} are shown of points in the plane, not of {model.data.kind}")
    z, watch = np.ascontiguousarray(z, np.float32), watch or Watch()
    if z.ndim != 2 or z.shape[1] != model.prior.size or not len(z):
        raise ValueError(f"a latent of this model has {model.prior.size} values; given were {z.shape}")
    at_once, device = rows(model.data.shape), next(model.parameters()).device
    found = []
    with torch.inference_mode():
        for start in range(0, len(z), at_once):
            watch.advance(start, len(z), "tracing")
            found.append(model.trace(torch.from_numpy(z[start : start + at_once]).to(device)))
    stations = list(zip(*found, strict=True))
    return Course(
        tuple(parts[0].name for parts in stations),
        torch.stack([torch.cat([p.points for p in parts]) for parts in stations]).float().cpu().numpy(),
        torch.stack([torch.cat([p.log_density for p in parts]) for parts in stations]).double().cpu().numpy(),
    )


def grid(centre: tuple[float, float], reach: float, size: int) -> Floats:
    """The middles of the cells of a square window, (size·size)×2, row by row from the top.

    Raises:
        ValueError: for a window that is none.
    """
    if not (0 < size <= LARGEST_GRID and 0 < reach < math.inf and all(map(math.isfinite, centre))):
        raise ValueError(f"a window has a finite middle, a reach above 0 and up to {LARGEST_GRID} cells a side")
    across = ((np.arange(size) + 0.5) / size * 2 - 1) * reach
    x, y = np.meshgrid(centre[0] + across, centre[1] - across)
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def density_after(model: Model, points: Floats, steps: int, watch: Watch | None = None) -> Numbers:
    """The log-density at points N×2 of what the prior has become after so many steps, N in nats, a few at a time; −inf
    for what is no number.

    Raises:
        ValueError: for a model of something else, or steps that it has not.
    """
    if not isinstance(model, FlowsInSteps) or model.data.kind != "points":
        raise ValueError(f"the steps of {model.title} are shown of points in the plane, not of {model.data.kind}")
    watch, at_once, device = watch or Watch(), rows(model.data.shape), next(model.parameters()).device
    found = [np.zeros(0)]
    with torch.inference_mode():
        for start in range(0, len(points), at_once):
            watch.advance(start, len(points), "density")
            part = torch.from_numpy(np.ascontiguousarray(points[start : start + at_once], np.float32)).to(device)
            found.append(model.density_after(part, steps).double().cpu().numpy())
    return finite(np.concatenate(found))


def mass(log_density: Numbers, reach: float) -> float:
    """What a density size×size over a window sums to."""
    return float(np.exp(log_density).sum() * (2 * reach / len(log_density)) ** 2)
