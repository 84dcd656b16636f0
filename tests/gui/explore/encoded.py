"""A toy whose real examples are pictures of its own, so that their latents are known; it encodes, or is searched."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.data.dataset import DataSpec
from studio.explore.latents import draw
from studio.explore.questions import Browse, Browsed, Encode, Encoded, Invert, Inverted, Real, Sought
from studio.explore.questions.encoding import Compare, Look
from tests.gui.explore.toy import Toy

LABELLED = DataSpec("toys", "images", (3, 16, 16), 100, 20, ("round", "square"), fingerprint="toys")
PER_ROUND = 200


class EncodeToy(Toy):
    """Example i is what latent i of seed 5 draws; a file is example 90. A search halves the error in each round."""

    def __init__(self, data: DataSpec = LABELLED, *, encoder: bool = False) -> None:
        super().__init__(data)
        self.capabilities = ("decode latent", "encode") if encoder else ("decode latent",)

    def latents(self, real: Real) -> Any:
        every = draw(self.prior, 100, 5)
        return every[[*real.indices, *(90 for _ in real.paths)]]

    def labels(self, real: Real) -> Any:
        known = [i % 2 for i in real.indices] if self.data.classes else [-1] * len(real.indices)
        return np.array([*known, *(-1 for _ in real.paths)], np.int64)

    def encoded(self, real: Real, off: float, given: Any = None) -> dict[str, Any]:
        true = self.latents(real)
        z = (true + off).astype(np.float32) if given is None else given
        original, made = self.decode(true, 300), self.decode(z)
        apart = made.images.astype(float) - original.images if made.points is None else made.points - original.points  # type: ignore[operator]
        errors = np.sqrt((apart.reshape(len(z), -1) ** 2).mean(axis=1)).astype(np.float32)
        return {
            "step": self.step,
            "z": z,
            "labels": self.labels(real),
            "errors": errors,
            "originals": original.images,
            "images": made.images,
            "original_points": original.points,
            "points": made.points,
        }

    def answer(self, question: Any) -> Any:
        match question:
            case Browse(offset=offset, count=count, part=part, label=label):
                whole = np.arange(20) if part == "held out" else np.arange(20, 100)
                if label is not None:
                    whole = whole[whole % 2 == label]
                here = whole[offset : offset + count]
                real = Real(tuple(here.tolist()))
                seen = self.decode(self.latents(real), 300)
                return Browsed(len(whole), here, self.labels(real), seen.images, seen.points)
            case Look(real=real):
                seen = self.decode(self.latents(real), 300)
                indices = np.array([*real.indices, *(-1 for _ in real.paths)])
                return Browsed(len(real), indices, self.labels(real), seen.images, seen.points)
            case Encode(real=real):
                return Encoded(**self.encoded(real, 0.25))
            case Compare(real=real, z=z):
                return Encoded(**self.encoded(real, 0.0, z))
            case Invert(real=real, search=search, sought=sought):
                done = min((sought.done if sought else 0) + PER_ROUND, search.iterations)
                count, kept = len(real), search.restarts
                found = self.encoded(real, 0.0 if done == search.iterations else 0.5 ** (done / PER_ROUND))
                curve = np.repeat(100.0 / np.arange(1, done + 1)[:, None], count, axis=1).astype(np.float32)
                none = np.zeros((count, 0), np.float32)
                went = Sought(found["originals"], found["labels"], none, none[None], done, curve, none)
                several = found["errors"][:, None] + np.arange(kept, dtype=np.float32)
                apart = np.repeat(np.arange(kept, dtype=np.float32)[None], count, axis=0)
                return Inverted(**found, restarts=several, apart=apart, sought=went, finished=done == search.iterations)
            case _:
                return super().answer(question)
