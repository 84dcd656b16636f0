"""Samples of a model beside real examples, and every measure of them by its name in :mod:`studio.metrics.figures`.

**Against what.** Held-out examples, as many as there are samples, or all there are; which ones depends on the seed
alone. Where nothing is held out, half of the training examples stands in and every number says so. Images are compared
as they are stored and shown: as whole grey levels.

Floors, "real v real", are what training examples score against the same held-out ones: no model need be better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.data.dataset import Dataset
from studio.data.watch import Watch
from studio.metrics import fidelity
from studio.metrics.classifier import Classifier
from studio.metrics.figures import Figure
from studio.metrics.inception import Inception
from studio.metrics.mmd import discrepancy, scaled
from studio.metrics.nearest import class_accuracy, two_sample
from studio.metrics.parzen import VALIDATION, parzen
from studio.metrics.swd import patch_distances
from studio.models.core.model import Model

Floats = npt.NDArray[np.float32]
Values = npt.NDArray[Any]
CHUNK = 512


@dataclass(frozen=True, eq=False)
class Looked:
    """What a network saw: features N×F of samples, of held-out and of training examples (None: not looked at), and
    the logits of samples. ``title`` names the features, ``how`` whatever else their numbers depend on."""

    samples: Tensor
    real: Tensor
    training: Tensor | None
    logits: Tensor
    title: str
    how: str


@dataclass(frozen=True, eq=False)
class Embedding:
    """Features of examples on the model's scale (Batch.x): N×F; ``title`` says what they are."""

    look: Callable[[Tensor], Tensor]
    title: str


@dataclass(eq=False)
class Compared:
    """See the module.

    Attributes:
        samples: as the dataset stores its examples: uint8 N×C×H×W, or float32 N×2.
        like: the model that drew them: real examples are held as it holds them, where that is what it draws.
        keep: holds what a network saw of real examples, so that the next comparison need not look again.
    """

    samples: Values
    data: Dataset
    seed: int = 0
    keep: Callable[[tuple[Any, ...], Callable[[], Tensor]], Tensor] = lambda key, make: make()
    like: Model | None = None
    _looks: dict[str, Looked] = field(default_factory=dict)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        train, held = random.permutation(self.data.train), random.permutation(self.data.held_out)
        self.split = "held-out"
        if len(held) < 2:
            self.split = "training"
            train, held = train[: len(train) // 2], train[len(train) // 2 :]
        if len(held) < 2 or len(train) < 2:
            raise ValueError(f"{self.data.spec.name} has too few examples ({len(self.data)}) to measure anything by")
        self.held, self.train = held, train
        self.real = self._values(held[: len(self.samples)])
        """As many as samples, or all there are."""
        self.training = self._values(train[: len(self.real)])

    @property
    def images(self) -> bool:
        return self.data.spec.pictured

    @property
    def size(self) -> str:
        return f"{len(self.samples):,} samples v {len(self.real):,} {self.split} examples"

    def vectors(self, values: Values) -> Floats:
        """N×D: images in 0..1, points as they are."""
        flat = values.reshape(len(values), -1).astype(np.float32)
        return flat / np.float32(255) if self.images else flat

    def equal(self) -> tuple[Values, Values, Values]:
        """Samples, held-out and training examples, as many of each."""
        n = min(len(self.samples), len(self.real), len(self.training))
        return self.samples[:n], self.real[:n], self.training[:n]

    def _values(self, indices: npt.NDArray[np.int64]) -> Values:
        # in rising order, so that a memory map is read along; the choice itself is random
        taken = np.asarray(self.data.values[np.sort(indices)])
        if self.like is None or self.like.draws != "examples" or not self.images:
            return taken
        random = torch.Generator().manual_seed(self.seed)
        held = self.like.held(torch.from_numpy(taken.astype(np.float32) / np.float32(127.5) - 1), random)
        return ((held + 1) * 127.5).round().to(torch.uint8).numpy()

    # --- what networks see

    def seen_by_inception(self, network: Inception, watch: Watch) -> Looked:
        def make() -> Looked:
            total = len(self.samples) + len(self.real)
            samples, logits = network.look(self.samples, watch, (0, total))
            along = len(self.samples), total
            real = self.keep(self._key("inception", network.source), lambda: network.look(self.real, watch, along)[0])
            how = f"{network.source}; to 299×299 by TensorFlow 1's bilinear resizer, without smoothing"
            return Looked(samples, real, None, logits, "Inception 2015, 2,048 features", how)

        return self._once("inception", make)

    def seen_by_classifier(self, network: Classifier, watch: Watch) -> Looked:
        def make() -> Looked:
            def features(values: Values) -> Tensor:
                watch.advance(0, 0, "classifier")
                return torch.cat([network.features(part) for part in self.scaled(values)])

            samples, real, training = features(self.samples), features(self.real), features(self.training)
            logits = torch.cat([network.probabilities(part) for part in self.scaled(self.samples)]).clamp_min(1e-30)
            told = f"{100 * network.accuracy:.1f} % right, {samples.shape[1]} features"
            how = f"a classifier trained on this dataset, {100 * network.accuracy:.1f} % of {network.checked:,} right"
            return Looked(samples, real, training, logits.log(), f"classifier features ({told})", how)

        return self._once("classifier", make)

    def scaled(self, values: Values) -> Iterator[Tensor]:
        """Some at a time, on the scale of models: pixels in −1..1."""
        for start in range(0, len(values), CHUNK):
            part = torch.from_numpy(np.ascontiguousarray(values[start : start + CHUNK])).float()
            yield part / 127.5 - 1 if self.images else part

    def _once(self, name: str, make: Callable[[], Looked]) -> Looked:
        if name not in self._looks:
            self._looks[name] = make()
        return self._looks[name]

    def _key(self, *parts: str) -> tuple[Any, ...]:
        return (*parts, self.data.spec.fingerprint, len(self.real), self.seed)

    # --- measures of the values themselves

    def swd(self, watch: Watch) -> list[Figure]:
        samples, real, training = self.equal()
        found, floor = (patch_distances(s, real, seed=self.seed, watch=watch) for s in (samples, training))
        how = f"{len(real):,} samples v as many {self.split} images, 128 patches of 7×7 each, 512 directions"
        if len(found) == 1:
            how += "; one level only, as the next would be below 16 pixels"
        made = []
        for name, values in (("", found), (", floor (real v real)", floor)):
            made += [Figure(f"swd/{level} px{name}", v, unit="×10⁻³", how=how) for level, v in values.items()]
            if len(values) > 1:
                made.append(Figure(f"swd/mean of levels{name}", float(np.mean(list(values.values()))), how=how))
        return made

    def mmd(self, watch: Watch) -> list[Figure]:
        real = self.vectors(self.real)
        kernel = scaled(real)
        widths = ", ".join(f"{b:.3g}" for b in kernel.bandwidths)
        how = f"{self.size}; sum of Gaussians exp(−‖x−y‖²/2σ), σ = {widths}: ¼ to 4 times the median squared distance"
        found = discrepancy(self.vectors(self.samples), real, kernel, watch)
        floor = discrepancy(self.vectors(self.training), real, kernel, watch)
        return [
            Figure("mmd/MMD², unbiased", found.unbiased, how=how),
            Figure("mmd/MMD², biased", found.biased, how=how),
            Figure("mmd/MMD², unbiased, floor (real v real)", floor.unbiased, how=how),
            Figure("mmd/MMD², biased, floor (real v real)", floor.biased, how=how),
        ]

    def two_sample(self, watch: Watch) -> list[Figure]:
        samples, real, _ = map(self.vectors, self.equal())
        found = two_sample(samples, real, watch)
        what = "pixels" if self.images else "points"
        how = f"{len(real):,} samples and as many {self.split} examples, leave one out, Euclidean distance of {what}"
        # as if the 2n answers were independent; they are nearly
        error = 100 * np.sqrt(found.all * (1 - found.all) / (2 * len(real)))
        return [
            Figure(f"two-sample/1-NN accuracy ({what})", 100 * found.all, float(error), "standard error", "%", how),
            Figure("two-sample/of real examples", 100 * found.real, unit="%", how=how),
            Figure("two-sample/of samples", 100 * found.samples, unit="%", how=how),
        ]

    def parzen(self, watch: Watch) -> list[Figure]:
        # too few for the protocol's thousand: half and half
        kept = min(VALIDATION, len(self.held) // 2)
        held = [self.vectors(self._values(part)) for part in (self.held[:kept], self.held[kept:])]
        found = parzen(self.vectors(self.samples), held[0], held[1], watch)
        how = (
            f"{len(self.samples):,} samples, σ = {found.width:.3g} chosen on {len(held[0]):,} {self.split} images, "
            f"tested on {len(held[1]):,} others, pixels in 0..1"
        )
        key = "parzen/Parzen-window log-likelihood"
        return [Figure(key, found.value, found.error, "standard error over test images", "nats", how)]

    def nn(self, embeddings: list[Embedding], watch: Watch) -> list[Figure]:
        """1-NN class accuracy of each embedding, and of the values themselves as the baseline."""
        labels = self.data.labels
        if labels is None:
            raise ValueError(f"{self.data.spec.name} has no labels")
        test, train = np.sort(self.held[: len(self.samples)]), np.sort(self.train)
        what = "raw pixels" if self.images else "raw points"
        found = []
        for embedding in (*embeddings, Embedding(lambda x: x.flatten(1), what)):

            def look(indices: npt.NDArray[np.int64], through: Embedding = embedding) -> Floats:
                values = np.asarray(self.data.values[indices])
                with torch.inference_mode():
                    return torch.cat([through.look(part).float().cpu() for part in self.scaled(values)]).numpy()

            parts = (train[start : start + 4 * CHUNK] for start in range(0, len(train), 4 * CHUNK))
            known = ((look(part), labels[part]) for part in parts)
            share = class_accuracy(known, look(test), labels[test], watch, len(train))
            error = 100 * np.sqrt(share * (1 - share) / len(test))
            how = f"{len(test):,} {self.split} examples, nearest of {len(train):,} training ones, Euclidean"
            key = f"nn/1-NN accuracy, {embedding.title}"
            found.append(Figure(key, 100 * share, float(error), "standard error", "%", how))
        return found

    # --- measures of features

    def frechet(self, looked: Looked, name: str, title: str) -> list[Figure]:
        how = self._how(looked)
        least = min(len(looked.samples), len(looked.real))
        if least < looked.samples.shape[1]:
            how += f"; fewer examples ({least:,}) than features: too high"
        made = [Figure(f"{name}/{title}", fidelity.frechet(looked.samples, looked.real), how=how)]
        if looked.training is not None:
            floor = fidelity.frechet(looked.training, looked.real)
            made.append(Figure(f"{name}/{title}, floor (real v real)", floor, how=how))
        return made

    def kernel(self, looked: Looked, name: str, title: str, watch: Watch) -> list[Figure]:
        found = fidelity.kernel_distance(looked.samples, looked.real, seed=self.seed, watch=watch)
        how = f"{self._how(looked)}; cubic kernel"
        made = [Figure(f"{name}/{title}", found.value, how=how)]
        if found.of > 1:
            how += f", mean of {found.of} subsets of {found.size:,}"
            made = [Figure(f"{name}/{title}", found.value, found.sd, f"sd of {found.of} subsets", how=how)]
        if looked.training is not None:
            floor = fidelity.kernel_distance(looked.training, looked.real, seed=self.seed, watch=watch)
            made.append(Figure(f"{name}/{title}, floor (real v real)", floor.value, how=how))
        return made

    def score(self, looked: Looked, name: str, title: str) -> list[Figure]:
        found = fidelity.score(looked.logits)
        how = f"{len(looked.logits):,} samples, {found.of} splits of {found.size:,}; {looked.how}"
        return [Figure(f"{name}/{title}", found.value, found.sd, f"sd of {found.of} splits", how=how)]

    def covered(self, looked: Looked, name: str, title: str) -> list[Figure]:
        found = fidelity.covered(looked.samples, looked.real)
        how = f"{self._how(looked)}; k = {fidelity.NEIGHBOURS}"
        return [
            Figure(f"{name}/precision {title}", found.precision, how=how),
            Figure(f"{name}/recall {title}", found.recall, how=how),
        ]

    def _how(self, looked: Looked) -> str:
        return f"{self.size}; {looked.how}"
