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

``mmd/held-out …``  of a model that learns by a kernel, the squared discrepancy in the eyes of that kernel, unbiased.
``modes/…``  for the Gaussian mixtures, how many modes have a sample within 3 σ of them, and the share of samples that
    are so near one (see :mod:`~studio.metrics.modes`): 0.989 for the data itself. For other labelled data, how many
    classes are covered, as a classifier sees it that was trained on the dataset (see :mod:`~studio.metrics.coverage`).
``classes/…``  the rarest class, and how often that classifier is right on examples that it was not trained on: what it
    says of samples is no better.
``class divergence/…``  KL divergence of the samples' classes from the data's, in nats, plug-in; beside it what that is
    on average for as many samples of the data, (K − 1)/2n, and what it is for held-out examples, so classified.

Where a dataset has nothing held out, training data stands in and every key says "against training data".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.dataset import Dataset
from studio.data.watch import Watch
from studio.metrics.classifier import Classifier
from studio.metrics.coverage import ClassCoverage, class_coverage
from studio.metrics.exact import exact_wasserstein
from studio.metrics.figures import Diverged
from studio.metrics.modes import Coverage, coverage, mixture
from studio.metrics.sliced import shift_factor, sliced_wasserstein
from studio.models.core.latents import draw
from studio.models.core.model import WASSERSTEIN, Criticises, DecodesLatent, MatchesMoments, Model

Floats = npt.NDArray[np.float32]
Score = Callable[[Tensor], Tensor]
EXACT = 256
"""Size of the minibatches of the exact distance."""
MIXTURES = ("builtin:8gaussians", "builtin:25gaussians")
"""Datasets that are equal mixtures of round Gaussians, labelled by mode."""
CHUNK = 256
"""Examples that go through a network at once."""
MATCHED = 1000
"""Examples, and samples, whose moments a kernel of the model compares, at most."""
PER_CLASS, MOST = 50, 2048
"""Where classes are looked for there are so many samples for each on average, though not more than that in all."""


@dataclass(frozen=True, eq=False)
class Found:
    """All that was measured of a model once.

    Attributes:
        values: by "panel/curve".
        samples: N×D, of latents that are the same each time.
        covered: whether each class, or mode of a mixture, is covered, in label order; empty where there is none.
    """

    values: dict[str, float]
    samples: Floats
    covered: tuple[bool, ...] = field(default=())


class Reference:
    """The real side of the comparison: chosen once by a seed, so that a curve moves only because the model does.

    Args:
        samples: how many examples are compared; as many as there are real ones, when those are fewer.
        like: the model that is to be measured: real examples are held as it holds them, where that is what it draws
            (bits beside bits).
        exact: as ``samples``, for the exact distance; it takes the first so many of them.
    """

    def __init__(
        self, data: Dataset, *, samples: int = 2048, exact: int = EXACT, seed: int = 0, like: Model | None = None
    ) -> None:
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
        self._like = like if like is not None and like.draws == "examples" else None
        self.held = self._vectors(kept[: self.count])
        self._train = train[: self.count]
        self._floor: dict[str, float] | None = None
        self._mixture: tuple[npt.NDArray[np.float64], float] | None = None
        self._classified: float | None = None

    def floor(self) -> dict[str, float]:
        """The distances of real data to other real data: no model can be told from the data below them."""
        if self._floor is None:
            found = self.distances(self._vectors(self._train))
            self._floor = {f"wasserstein/floor ({name}, real v real){self.suffix}": v for name, v in found.items()}
        return self._floor

    def distances(self, samples: Floats) -> dict[str, float]:
        """ "sliced" and "exact" distance of N×D samples from the held-out examples, in the unit above."""
        sliced = sliced_wasserstein(samples, self.held, seed=self.seed) / shift_factor(self.held.shape[1])
        exact = exact_wasserstein(samples[: self.exact], self.held[: self.exact])
        return {"sliced": sliced, "exact": exact}

    def _vectors(self, indices: npt.NDArray[np.int64]) -> Floats:
        """Examples N×D on the model's scale."""
        taken = np.asarray(self.data.values[np.sort(indices)])
        values = taken.astype(np.float32)
        values = values / np.float32(127.5) - 1 if self.data.spec.pictured else values
        if self._like is not None:
            random = torch.Generator().manual_seed(self.seed)
            values = self._like.held(torch.from_numpy(values), random).numpy()
        return values.reshape(len(values), -1)

    @property
    def is_mixture(self) -> bool:
        """Whether modes can be counted without a classifier."""
        return self.data.spec.source in MIXTURES and self.data.labels is not None

    def modes(self, samples: Floats) -> dict[str, float]:
        """How many modes the samples reach and the share of them near one, where the data is a known mixture."""
        return _of_modes(self._modes(samples)) if self.is_mixture else {}

    def _modes(self, samples: Floats) -> Coverage:
        if self._mixture is None:
            self._mixture = mixture(self.data)
        return coverage(samples, *self._mixture)

    def classes(self, samples: Floats, classifier: Classifier) -> tuple[ClassCoverage, dict[str, float]]:
        """What the samples N×D cover of the data's classes, as this classifier sees it."""
        assert self.data.labels is not None
        count = len(classifier.classes)
        shares = np.bincount(self.data.labels, minlength=count).astype(np.float64)

        def look(examples: Floats) -> ClassCoverage:
            seen = torch.from_numpy(examples.reshape(-1, *self.data.spec.shape))
            return class_coverage(classifier.classify(seen), shares)

        if self._classified is None:
            self._classified = look(self.held).divergence
        found = look(samples)
        return found, {
            f"modes/classes covered of {count}": float(found.count),
            "classes/rarest, its share over that in the data": found.rarest,
            f"classes/accuracy of the classifier on {classifier.checked:,} held-out": classifier.accuracy,
            "class divergence/KL(samples ‖ data)": found.divergence,
            "class divergence/floor (K − 1)/2n": found.floor,
            "class divergence/floor (held-out data, so classified)": self._classified,
        }

    def measure(self, model: Model, *, critic: Score | None = None, watch: Watch | None = None) -> dict[str, float]:
        """The values of :meth:`find`."""
        return self.find(model, critic=critic, watch=watch).values

    def find(
        self,
        model: Model,
        *,
        critic: Score | None = None,
        classifier: Classifier | None = None,
        watch: Watch | None = None,
    ) -> Found:
        """All that is known of this model; see the module. ``model`` is in evaluation mode.

        Args:
            critic: scores a batch, B; None: the model's own, when it has one.
            classifier: of this dataset; None: classes are not looked for.

        Raises:
            ValueError: when the model has nothing to sample with.
            Diverged: when its samples are not finite.
        """
        watch = watch or Watch()
        if not isinstance(model, DecodesLatent):
            raise ValueError(f"{model.title} decodes no latent, so there are no samples to measure")
        score = critic or (model.criticise if isinstance(model, Criticises) else None)
        prior, device = model.prior, next(model.parameters()).device
        wanted = self.count if classifier is None else max(self.count, min(MOST, PER_CLASS * len(classifier.classes)))
        latents = torch.from_numpy(draw(prior, wanted, self.seed))  # more of them begin with the same
        found: list[Floats] = []
        gaps: list[tuple[float, int]] = []
        held = self.held.reshape(-1, *self.data.spec.shape)
        total = wanted + CHUNK  # the distances are about as much work as one chunk more
        with torch.inference_mode():
            for start in range(0, wanted, CHUNK):
                watch.advance(start, total, "sampling")
                fake = model.decode(latents[start : start + CHUNK].to(device))
                if score is not None and start < self.count:
                    real = torch.from_numpy(held[start : start + CHUNK]).to(device)
                    gap = score(real).float().mean() - score(fake[: len(real)]).float().mean()
                    gaps.append((float(gap), len(real)))
                found.append(fake.float().cpu().numpy().reshape(len(fake), -1))
        samples = np.concatenate(found)
        if not np.isfinite(samples).all():
            raise Diverged("the model's samples are not finite numbers; it has diverged")
        watch.advance(wanted, total, "comparing")
        distances = self.distances(samples[: self.count])
        values = {
            f"wasserstein/sliced{self.suffix}": distances["sliced"],
            f"wasserstein/exact ({self.exact} v {self.exact}){self.suffix}": distances["exact"],
        }
        if score is not None:
            estimate = sum(gap * n for gap, n in gaps) / self.count
            unit = model.critic_unit if critic is None and isinstance(model, Criticises) else WASSERSTEIN
            curve = "wasserstein/critic estimate" if unit == WASSERSTEIN else f"critic gap/{unit}"
            values[f"{curve}{self.suffix or ', held-out'}"] = estimate
        if isinstance(model, MatchesMoments):
            n = min(MATCHED, self.count)
            with torch.inference_mode():
                apart = model.mismatch(torch.from_numpy(held[:n]).to(device), latents[:n].to(device))
            values[f"mmd/held-out ({n:,} v {n:,}), unbiased{self.suffix}"] = float(apart)
        covered: tuple[bool, ...] = ()
        if self.is_mixture:
            modes = self._modes(samples)
            values |= _of_modes(modes)
            covered = tuple(n > 0 for n in modes.counts)
        elif classifier is not None:
            seen, of_classes = self.classes(samples, classifier)
            values |= of_classes
            covered = seen.covered
        watch.advance(total, total, "comparing")
        return Found(values | self.floor(), samples, covered)


def _of_modes(found: Coverage) -> dict[str, float]:
    return {f"modes/reached of {found.of}": float(found.modes), "modes/share within 3 σ": found.high_quality}


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
    reference = Reference(data, samples=samples, seed=seed, like=model)
    return reference.measure(model, critic=critic, watch=watch)
