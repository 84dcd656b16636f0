"""What a model's samples are measured by, against held-out data: three estimates of one distance, in one unit.

**Unit.** Wasserstein-1 under the Euclidean distance between two examples on the model's scale: pixels in −1..1, all
D values as one vector; points in their own units. It is the unit of a critic with slope 1, as the gradient penalty
asks for, so the curve that such a critic draws while it trains has it too. Divided by √D it reads as a
root-mean-square difference per pixel: for 28×28 images, 2.8 is 0.1 per pixel, a tenth of the way from black to grey.

**Estimators**

``wasserstein/exact (n v n)``  optimal transport between n samples and n held-out examples. Exact for these sets, too
    high for the distributions: so its floor is shown, held-out examples against as many training examples.
``wasserstein/sliced``  256 fixed one-dimensional projections, divided by :func:`~studio.metrics.sliced.shift_factor`:
    then a shift counts as in the exact distance, and everything else as at most that. Its floor is shown too.
``wasserstein/critic estimate, held-out``  mean of the critic over held-out examples minus its mean over samples. A
    lower bound as far as the critic's slope is at most 1, which a gradient penalty asks for and does not ensure. A
    critic with a slope of its own (WGAN's clipped one) measures in another unit: its curve says which, and stands in a
    panel of its own, ``critic gap/…``.

``modes/…``  for the Gaussian mixtures, how many modes have a sample within 3 σ of them, and the share of samples that
    are so near one (see :mod:`~studio.metrics.modes`): 0.989 for the data itself.

Where a dataset has nothing held out, training data stands in and every key says "against training data".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.dataset import Dataset
from studio.data.watch import Watch
from studio.metrics.exact import exact_wasserstein
from studio.metrics.modes import coverage
from studio.metrics.sliced import shift_factor, sliced_wasserstein
from studio.models.core.latents import draw
from studio.models.core.model import WASSERSTEIN, Criticises, DecodesLatent, Model

Floats = npt.NDArray[np.float32]
Score = Callable[[Tensor], Tensor]
EXACT = 256
"""Size of the minibatches of the exact distance."""
MIXTURES = ("builtin:8gaussians", "builtin:25gaussians")
"""Datasets that are equal mixtures of round Gaussians, labelled by mode."""
CHUNK = 256
"""Examples that go through a network at once."""


class Reference:
    """The real side of the comparison: chosen once by a seed, so that a curve moves only because the model does.

    Args:
        samples: how many examples are compared; as many as there are real ones, when those are fewer.
        exact: as ``samples``, for the exact distance; it takes the first so many of them.
    """

    def __init__(self, data: Dataset, *, samples: int = 2048, exact: int = EXACT, seed: int = 0) -> None:
        self.data = data
        self.seed = seed
        random = np.random.default_rng(seed)
        train, kept = random.permutation(data.train), random.permutation(data.held_out)
        self.suffix = ""
        if len(kept) < 2:
            self.suffix = ", against training data"
            train, kept = train[: len(train) // 2], train[len(train) // 2 :]
        self.count = min(samples, len(kept), len(train))
        if self.count < 1:
            raise ValueError(f"{data.spec.name} has too few examples ({len(data)}) to measure anything against")
        self.exact = min(exact, self.count)
        self.held = _vectors(data, kept[: self.count])
        self._train = train[: self.count]
        self._floor: dict[str, float] | None = None
        self._mixture: tuple[npt.NDArray[np.float64], float] | None = None

    def floor(self) -> dict[str, float]:
        """The distances of real data to other real data: no model can be told from the data below them."""
        if self._floor is None:
            found = self.distances(_vectors(self.data, self._train))
            self._floor = {f"wasserstein/floor ({name}, real v real){self.suffix}": v for name, v in found.items()}
        return self._floor

    def distances(self, samples: Floats) -> dict[str, float]:
        """ "sliced" and "exact" distance of N×D samples from the held-out examples, in the unit above."""
        sliced = sliced_wasserstein(samples, self.held, seed=self.seed) / shift_factor(self.held.shape[1])
        exact = exact_wasserstein(samples[: self.exact], self.held[: self.exact])
        return {"sliced": sliced, "exact": exact}

    def modes(self, samples: Floats) -> dict[str, float]:
        """How many modes the samples reach and the share of them near one, where the data is a known mixture."""
        data = self.data
        if data.spec.source not in MIXTURES or data.labels is None:
            return {}
        if self._mixture is None:
            points, labels = np.asarray(data.values, np.float64), np.asarray(data.labels)
            centres = np.stack([points[labels == i].mean(axis=0) for i in range(len(data.spec.classes))])
            self._mixture = centres, float((points - centres[labels]).std())
        found = coverage(samples, *self._mixture)
        return {f"modes/reached of {found.of}": float(found.modes), "modes/share within 3 σ": found.high_quality}

    def measure(self, model: Model, *, critic: Score | None = None, watch: Watch | None = None) -> dict[str, float]:
        """All that is known of this model, by "panel/curve"; see the module. ``model`` is in evaluation mode.

        Args:
            critic: scores a batch, B; None: the model's own, when it has one.

        Raises:
            ValueError: when the model has nothing to sample with, or its samples are not finite.
        """
        watch = watch or Watch()
        if not isinstance(model, DecodesLatent):
            raise ValueError(f"{model.title} decodes no latent, so there are no samples to measure")
        score = critic or (model.criticise if isinstance(model, Criticises) else None)
        prior, device = model.prior, next(model.parameters()).device
        latents = torch.from_numpy(draw(prior, self.count, self.seed))
        found: list[Floats] = []
        gaps: list[tuple[float, int]] = []
        held = self.held.reshape(-1, *self.data.spec.shape)
        total = self.count + CHUNK  # the distances are about as much work as one chunk more
        with torch.inference_mode():
            for start in range(0, self.count, CHUNK):
                watch.advance(start, total, "sampling")
                fake = model.decode(latents[start : start + CHUNK].to(device))
                if score is not None:
                    real = torch.from_numpy(held[start : start + CHUNK]).to(device)
                    gaps.append((float(score(real).float().mean() - score(fake).float().mean()), len(fake)))
                found.append(fake.float().cpu().numpy().reshape(len(fake), -1))
        samples = np.concatenate(found)
        if not np.isfinite(samples).all():
            raise ValueError("the model's samples are not finite numbers; it has diverged")
        watch.advance(self.count, total, "comparing")
        distances = self.distances(samples)
        values = {
            f"wasserstein/sliced{self.suffix}": distances["sliced"],
            f"wasserstein/exact ({self.exact} v {self.exact}){self.suffix}": distances["exact"],
        }
        if score is not None:
            estimate = sum(gap * n for gap, n in gaps) / self.count
            unit = model.critic_unit if critic is None and isinstance(model, Criticises) else WASSERSTEIN
            curve = "wasserstein/critic estimate" if unit == WASSERSTEIN else f"critic gap/{unit}"
            values[f"{curve}{self.suffix or ', held-out'}"] = estimate
        values |= self.modes(samples)
        watch.advance(total, total, "comparing")
        return values | self.floor()


def measure(
    model: Model,
    data: Dataset,
    *,
    samples: int = 2048,
    seed: int = 0,
    critic: Score | None = None,
    watch: Watch | None = None,
) -> dict[str, float]:
    """:meth:`Reference.measure` for once. Who measures again and again keeps a :class:`Reference`."""
    return Reference(data, samples=samples, seed=seed).measure(model, critic=critic, watch=watch)


def _vectors(data: Dataset, indices: npt.NDArray[np.int64]) -> Floats:
    """Examples N×D on the model's scale."""
    taken = np.asarray(data.values[np.sort(indices)])
    flat = taken.reshape(len(taken), -1).astype(np.float32)
    return flat / np.float32(127.5) - 1 if data.spec.kind == "images" else flat
