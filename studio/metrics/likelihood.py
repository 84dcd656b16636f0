"""Log-likelihood of real examples, by models that score one: while a model trains, and as a measure.

**Unit.** Nats: of a picture as a whole with its whole-numbered grey levels, of the same picture as bits where the model
sees it so, of a vector of bits, of a point as a density in data units. Of grey levels also bits/dim, −log p / (D ln 2),
of which lower is better.

**Estimators.** A model of densities sees each grey level as an interval, and where in it a value lies is left to
chance. The mean of log p over that noise is a lower bound on the log-probability of the picture (Theis et al. 2016,
arXiv:1511.01844, section 3.1): so its bits/dim are an upper bound, and the ones that papers of flows report. The
logarithm of the mean of p over k draws of the noise is a bound too, never lower than the mean and rising with k on
average (Burda et al. 2016, arXiv:1509.00519, theorem 1; Hoogeboom et al. 2021, arXiv:2001.11235, for dequantisation).
A model with latents leaves to chance which one it looks at: the mean of its log-weights is its bound (ELBO), and the
logarithm of the mean weight of k latents the importance-weighted one, L_k, by the same arithmetic.

Where grey levels are drawn as bits, they are drawn once for each example, and then held: the bound is of those bits.

Nothing here draws from torch's global generator: the same seed gives the same noise, beside a training too.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch

from studio.data.dataset import Dataset
from studio.data.watch import Watch
from studio.metrics.figures import Diverged, Figure
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.model import Model, ScoresLikelihood

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
VALUES, ROWS = 1 << 16, 4096
"""Values, and examples, that go through a network at once."""
LIVE, LIVE_POINTS = 256, 2048
"""Examples that are followed while a model trains: images, and what costs less (points, vectors)."""
DIVERGED = "the model gives no example a finite likelihood; it has diverged"


class Scorer(Model, ScoresLikelihood):
    """A model that scores a likelihood, for the type checker."""


def scorer(model: Model) -> Scorer:
    """The same, known to score one. Raises ValueError."""
    if not isinstance(model, ScoresLikelihood):
        raise ValueError(f"{model.title} gives examples no likelihood")
    return model  # type: ignore[return-value]


def rows(shape: tuple[int, ...]) -> int:
    """How many examples of this shape go through a network at once."""
    return min(ROWS, max(1, VALUES // math.prod(shape)))


def log_likelihoods(
    model: Model,
    x: Floats,
    *,
    draws: int = 1,
    seed: int = 0,
    watch: Watch | None = None,
    along: tuple[int, int] | None = None,
) -> Numbers:
    """log p of examples N×shape on the model's scale, N×draws in nats; the model is in evaluation mode.

    An example that is too far off for the model's arithmetic has −inf.

    Args:
        draws: of what the model leaves to chance (:attr:`~studio.models.core.model.Model.chance`), of examples that are
            held once.
        seed: of the bits of an example and of those draws, which differ between examples.
        along: how many passes of an example were done before, and how many there are in all, for ``watch``.

    Raises:
        ValueError: for a model that scores none.
        Diverged: when no example has a finite one.
    """
    can, watch = scorer(model), watch or Watch()
    before, total = along or (0, len(x) * draws)
    device = next(model.parameters()).device
    random = torch.Generator(device).manual_seed(seed)
    at_once = rows(x.shape[1:])
    found = np.empty((len(x), draws))
    with torch.inference_mode():
        for start in range(0, len(x), at_once):
            watch.advance(before + start * draws, total, "log-likelihood")
            part = torch.from_numpy(np.ascontiguousarray(x[start : start + at_once], np.float32)).to(device)
            part = can.held(part, random)
            for draw in range(draws):
                found[start : start + len(part), draw] = can.log_likelihood(part, random).cpu().double().numpy()
    return finite(found)


def finite(found: Numbers) -> Numbers:
    """The same, −inf for what is no number. Raises Diverged when nothing is finite."""
    if found.size and not np.isfinite(found).any():
        raise Diverged(DIVERGED)
    return np.where(np.isnan(found), -np.inf, found)


def bits(nats: Numbers, shape: tuple[int, ...]) -> Numbers:
    """Bits/dim of pictures of this shape."""
    return np.asarray(bits_per_dim(nats, math.prod(shape)))


class Followed:
    """Held-out examples, and as many training ones, whose likelihood is looked at now and then: the same examples with
    the same noise each time, so that a curve moves only because the model does."""

    def __init__(self, data: Dataset, seed: int = 0) -> None:
        self._seed = seed
        kind = data.spec.kind
        most = LIVE if kind == "images" else LIVE_POINTS
        train = _shuffled(data, seed)[0]
        held = held_out(data, seed)
        chosen = {}
        for name, indices in held.items():
            many = min(most, len(indices), len(train))
            chosen[f"{name} ({many:,} {kind})"] = indices[:many]
        if held:
            chosen[f"training {kind}, as many"] = train[: max(map(len, chosen.values()))]
        else:
            chosen[f"training ({min(most, len(train)):,} {kind}), nothing held out"] = train[:most]
        self._parts = {name: examples(data, indices) for name, indices in chosen.items()}

    def values(self, model: Model) -> dict[str, float]:
        """Means by "panel/curve": bits per dim of grey levels, nats of all else. What else is known of the estimator
        stands in the name of the curve. Raises as :func:`log_likelihoods`."""
        can, found = scorer(model), {}
        told = "" if can.likelihood == "exact" or can.chance == "the noise" else f", {can.likelihood}"
        for name, x in self._parts.items():
            nats = log_likelihoods(model, x, seed=self._seed)
            if can.in_bits:
                found[f"bits per dim/{name}{told}"] = float(bits(nats, x.shape[1:]).mean())
            else:
                found[f"log-likelihood/{name}{told}"] = float(nats.mean())
        return found


def figures(
    model: Model, data: Dataset, count: int, seed: int = 0, watch: Watch | None = None, draws: int = 0
) -> list[Figure]:
    """The measure: of held-out examples (test and validation ones each, where a source has both), and of training ones.

    Args:
        count: examples of each; as many as there are, when those are fewer. Of points and vectors, whose likelihood
            costs little, all.
        draws: of what the model leaves to chance; 0: as many as the model advises.
    """
    can, kind = scorer(model), data.spec.kind
    train = _shuffled(data, seed)[0]
    held = held_out(data, seed)
    chosen = {name: indices[:count] if kind == "images" else indices for name, indices in held.items()}
    most = max(map(len, chosen.values()), default=count if kind == "images" else len(train))
    chosen["training"] = train[:most]
    draws = (draws or can.weighted) if can.chance else 1
    work = {name: draws if name != "training" or not held else 1 for name in chosen}
    total, done, made = sum(len(chosen[name]) * many for name, many in work.items()), 0, list[Figure]()
    for number, (name, indices) in enumerate(chosen.items()):
        many = work[name]
        values = examples(data, indices)
        found = log_likelihoods(model, values, draws=many, seed=seed, watch=watch, along=(done, total))
        done += len(indices) * many
        how = f"{len(indices):,} {name} {kind}; {can.likelihood}"
        drawn = f", mean of {many} draws of {can.chance}" if many > 1 else f", one draw of {can.chance}"
        said = "" if number == 0 else f", {name} examples"
        made += _two(said, found.mean(axis=1), can, how + (drawn if can.chance else ""))
        if many > 1:
            weighted = np.logaddexp.reduce(found, axis=1) - math.log(many)
            over = f"{how}, log mean p over {many} draws of {can.chance}"
            made += _two(f"{said}, importance-weighted", weighted, can, over)
    return made


def _two(name: str, nats: Numbers, model: Scorer, how: str) -> list[Figure]:
    """In nats, and of grey levels in bits/dim."""
    error, of = float(nats.std(ddof=1) / math.sqrt(len(nats))) if len(nats) > 1 else None, "standard error"
    found = [Figure(f"likelihood/log-likelihood{name}", float(nats.mean()), error, of, "nats", how)]
    if model.in_bits:
        size = math.prod(model.data.shape)
        value, scaled = float(bits_per_dim(nats.mean(), size)), None if error is None else -bits_per_dim(error, size)
        found.insert(0, Figure(f"likelihood/bits per dim{name}", value, scaled, of, "bits/dim", how))
    return found


def _shuffled(data: Dataset, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Training and held-out indices in an order that depends on the seed alone."""
    random = np.random.default_rng(seed)
    return random.permutation(data.train), random.permutation(data.held_out)


def held_out(data: Dataset, seed: int) -> dict[str, npt.NDArray[np.int64]]:
    """Held-out indices in an order that depends on the seed alone: "test" and "validation", where the source has both,
    else "held-out"; nothing, where fewer than two are held out."""
    held = _shuffled(data, seed)[1]
    if len(held) < 2:
        return {}
    if "part" in data.columns:
        of = np.asarray(data.columns["part"])[held]
        parts = {"test": held[of == 2], "validation": held[of == 1]}
        if all(len(part) > 1 for part in parts.values()):
            return parts
    return {"held-out": held}


def examples(data: Dataset, indices: npt.NDArray[np.int64]) -> Floats:
    """Examples N×shape on the model's scale, in the order of their indices in the dataset."""
    values = np.asarray(data.values[np.sort(indices)], np.float32)
    return values / np.float32(127.5) - 1 if data.spec.pictured else values
