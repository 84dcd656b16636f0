"""Log-likelihood of real examples, by models that score one: while a model trains, and as a measure.

**Unit.** Nats: of a picture as a whole with its whole-numbered grey levels, of a point as a density in data units. Of
pictures also bits/dim, −log p / (D ln 2), of which lower is better.

**Estimators.** A model of densities sees each grey level as an interval, and where in it a value lies is left to
chance. The mean of log p over that noise is a lower bound on the log-probability of the picture (Theis et al. 2016,
arXiv:1511.01844, section 3.1): so its bits/dim are an upper bound, and the ones that papers of flows report. The
logarithm of the mean of p over k draws of the noise is a bound too, never lower than the mean and rising with k on
average (Burda et al. 2016, arXiv:1509.00519, theorem 1; Hoogeboom et al. 2021, arXiv:2001.11235, for dequantisation).

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
from studio.models.core.model import InvertsExactly, Model, ScoresLikelihood

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
VALUES, ROWS = 1 << 16, 4096
"""Values, and examples, that go through a network at once."""
LIVE, LIVE_POINTS = 256, 2048
"""Examples of either kind that are followed while a model trains."""
DRAWS = 4
"""Of the dequantisation noise, for the measure: images vary much more than draws do, and each costs a pass."""
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
        seed: of the noise, which differs between examples and draws.
        along: how many were done before, and how many there are in all, for ``watch``.

    Raises:
        ValueError: for a model that scores none.
        Diverged: when no example has a finite one.
    """
    can, watch = scorer(model), watch or Watch()
    before, total = along or (0, len(x))
    device = next(model.parameters()).device
    random = torch.Generator(device).manual_seed(seed)
    at_once = rows(x.shape[1:])
    found = np.empty((len(x), draws))
    with torch.inference_mode():
        for start in range(0, len(x), at_once):
            watch.advance(before + start, total, "log-likelihood")
            part = torch.from_numpy(np.ascontiguousarray(x[start : start + at_once], np.float32)).to(device)
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
        self._images = data.spec.kind == "images"
        most = LIVE if self._images else LIVE_POINTS
        train, held = _shuffled(data, seed)
        many = min(most, len(train), len(held) if len(held) > 1 else most)
        named = f"{many:,} {data.spec.kind}"
        chosen = {f"held-out ({named})": held[:many], f"training {data.spec.kind}, as many": train[:many]}
        if len(held) < 2:
            chosen = {f"training ({named}), nothing held out": train[:many]}
        self._parts = {name: examples(data, indices) for name, indices in chosen.items()}

    def values(self, model: Model) -> dict[str, float]:
        """Means by "panel/curve": bits per dim of images, nats of points. Raises as :func:`log_likelihoods`."""
        group = "bits per dim" if self._images else "log-likelihood"
        found = {}
        for name, x in self._parts.items():
            nats = log_likelihoods(model, x, seed=self._seed)
            found[f"{group}/{name}"] = float((bits(nats, x.shape[1:]) if self._images else nats).mean())
        return found


def figures(model: Model, data: Dataset, count: int, seed: int = 0, watch: Watch | None = None) -> list[Figure]:
    """The measure: of held-out examples, and of as many training ones.

    Args:
        count: examples; as many as there are, when those are fewer. Of points, whose likelihood costs little, all.
    """
    images = data.spec.kind == "images"
    train, held = _shuffled(data, seed)
    split = "held-out"
    if len(held) < 2:
        split, held, train = "training", train, train[:0]
    held = held if not images else held[:count]
    train = train[: len(held)]
    draws = DRAWS if images else 1
    total = len(held) + len(train)
    found = log_likelihoods(model, examples(data, held), draws=draws, seed=seed, watch=watch, along=(0, total))
    how = f"{len(held):,} {split} {data.spec.kind}; {scorer(model).likelihood}"
    noisy = images and isinstance(model, InvertsExactly)  # p itself is known, up to the noise
    made = _two("", found.mean(axis=1), data, how + (f", mean of {draws} draws of the noise" if noisy else ""))
    if noisy:
        weighted = np.logaddexp.reduce(found, axis=1) - math.log(draws)
        made += _two(", importance-weighted", weighted, data, f"{how}, log mean p over {draws} draws of the noise")
    if len(train):
        seen = log_likelihoods(model, examples(data, train), seed=seed, watch=watch, along=(len(held), total))
        how = f"{len(train):,} training {data.spec.kind}; {scorer(model).likelihood}"
        made += _two(", training examples", seen[:, 0], data, how + (", one draw of the noise" if noisy else ""))
    return made


def _two(name: str, nats: Numbers, data: Dataset, how: str) -> list[Figure]:
    """In nats, and of images in bits/dim."""
    error, of = float(nats.std(ddof=1) / math.sqrt(len(nats))) if len(nats) > 1 else None, "standard error"
    found = [Figure(f"likelihood/log-likelihood{name}", float(nats.mean()), error, of, "nats", how)]
    if data.spec.kind == "images":
        size = math.prod(data.spec.shape)
        value, scaled = float(bits_per_dim(nats.mean(), size)), None if error is None else -bits_per_dim(error, size)
        found.insert(0, Figure(f"likelihood/bits per dim{name}", value, scaled, of, "bits/dim", how))
    return found


def _shuffled(data: Dataset, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Training and held-out indices in an order that depends on the seed alone."""
    random = np.random.default_rng(seed)
    return random.permutation(data.train), random.permutation(data.held_out)


def examples(data: Dataset, indices: npt.NDArray[np.int64]) -> Floats:
    """Examples N×shape on the model's scale, in the order of their indices in the dataset."""
    values = np.asarray(data.values[np.sort(indices)], np.float32)
    return values / np.float32(127.5) - 1 if data.spec.pictured else values
