"""A toy that scatters: its latents of the examples, in the plane; and one that infers."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.data.dataset import DataSpec
from studio.explore.questions import BoundSplit, FindUnits, Real, Scatter, Scattered, SplitBound, UnitsFound
from studio.models.core.latents import Prior
from tests.gui.explore.encoded import LABELLED, EncodeToy


class ScatterToy(EncodeToy):
    """Example i is latent i; odd ones are "square". ``flip`` turns principal components round."""

    def __init__(self, data: DataSpec = LABELLED, size: int = 12) -> None:
        super().__init__(data, encoder=True)
        self.prior = Prior.of("normal", size)
        self.flip = False

    def answer(self, question: Any) -> Any:
        match question:
            case Scatter(part=part, count=count, way=way, first=first, second=second, sampled=sampled):
                whole = {"all": np.arange(100), "held out": np.arange(20), "train": np.arange(20, 100)}[part][:count]
                z = self.latents(Real(tuple(whole.tolist()))) + np.float32(0.75 if sampled else 0.25)
                axes = np.zeros((2, self.prior.size), np.float32)
                at = (first, second) if way == "latent" else (1, 0)
                axes[0, at[0]] = axes[1, at[1]] = -1 if self.flip and way != "latent" else 1
                mean = np.zeros(self.prior.size, np.float32) if way == "latent" else z.mean(axis=0)
                names = (f"z {first}", f"z {second}") if way == "latent" else ("principal component 1", "… 2")
                labels = self.labels(Real(tuple(whole.tolist())))
                return Scattered(self.step, (z - mean) @ axes.T, whole, labels, mean, axes, (0.4, 0.2), names)
            case _:
                return super().answer(question)


class InferToy(ScatterToy):
    """Of which unit 2 says nothing: KL of unit j of example i is i + j, else 0."""

    def __init__(self, size: int = 12) -> None:
        super().__init__(size=size)
        self.capabilities = (*self.capabilities, "infer latents")

    def answer(self, question: Any) -> Any:
        size = self.prior.size
        match question:
            case SplitBound(real=real, samples=many):
                mean = self.latents(real)
                kl = (np.array(real.indices)[:, None] + np.arange(size)).astype(np.float32)
                kl[:, 2:3] = 0
                z = mean[None] + np.linspace(-0.3, 0.3, many, dtype=np.float32)[:, None, None]
                drawn = self.decode(z.transpose(1, 0, 2).reshape(-1, size)).images
                seen, bound = self.decode(mean).images, -100 - kl.sum(axis=1)
                above = bound + np.float32(0.5 if many > 1 else 0)
                given = np.full(len(mean), -100, np.float32)
                labels = self.labels(real)
                return BoundSplit(self.step, labels, given, kl, "closed form", bound, above, mean, z, seen, seen, drawn)
            case FindUnits():
                variance = np.full(size, 0.5, np.float32)
                variance[2:3] = 0.001
                kl = np.arange(size, dtype=np.float32)
                return UnitsFound(self.step, variance, kl, 0 * kl, -120.0, -90.0, 20, "held out", "closed form")
            case _:
                return super().answer(question)
