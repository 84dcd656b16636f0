"""A flow that is made up: its pictures are their latents, value for value, so that each is known without a model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from studio.data.dataset import DataSpec
from studio.explore.questions import (
    Attribute,
    Browse,
    Browsed,
    ByFactor,
    ByLabel,
    ByPicks,
    Decode,
    Decoded,
    DecodeScored,
    FindAttribute,
    Likelihoods,
    LikelihoodsFound,
    Real,
    Scored,
    Unfold,
    Unfolded,
)
from studio.explore.questions.encoding import Look
from studio.models.core.latents import Part, Prior
from studio.models.core.likelihood import bits_per_dim
from tests.gui.explore.toy import Toy

SIDE = 8
FLOWN = DataSpec("toys", "images", (1, SIDE, SIDE), 100, 20, ("dark", "light", "striped"), fingerprint="toys")
LEVELS = Prior((Part("level 1", "normal", 32, shape=(2, 4, 4)), Part("level 2", "normal", 32, shape=(8, 2, 2))))
SCALE = 40.0
STEPS = ("level 1/coupling", "level 1/mixing", "level 1/split", "level 2/coupling", "level 2/mixing", "top/prior")


class FlowToy(Toy):
    """Example i is drawn from seed i: dark, light or striped, by turns. z is the picture's grey levels about 128 in
    units of SCALE, in an order that spreads each level over the whole picture; newer weights spread it otherwise."""

    def __init__(self, data: DataSpec = FLOWN, prior: Prior = LEVELS) -> None:
        super().__init__(data, parts=prior)
        self.capabilities = ("decode latent", "invert exactly", "score likelihood", "encode")
        self.strangers_off = {"noise": 6.0, "flat": -1.5, "negative": 0.2, "shuffled": 2.0}
        """By how many bits/dim each kind lies above the data."""

    # --- the pictures

    def values(self, real: Real) -> Any:
        """uint8 N×64; a file is example 90."""
        made = []
        for i in (*real.indices, *(90 for _ in real.paths)):
            rng = np.random.default_rng(i)
            level = {0: 80.0, 1: 170.0, 2: 128.0}[i % 3]
            stripes = 60.0 * (np.arange(SIDE)[None] % 2 * 2 - 1) if i % 3 == 2 else 0.0
            made.append(np.clip(rng.normal(level, 12, (SIDE, SIDE)) + stripes, 0, 255).astype(np.uint8).ravel())
        return np.array(made, np.uint8).reshape(-1, SIDE * SIDE)

    @staticmethod
    def pictures(values: Any) -> Any:
        return np.repeat(values.reshape(-1, SIDE, SIDE, 1), 3, axis=3)

    def labels(self, real: Real) -> Any:
        return np.array([*(i % 3 for i in real.indices), *(-1 for _ in real.paths)], np.int64)

    # --- there and back

    @property
    def order(self) -> Any:
        return np.random.default_rng(self.step).permutation(SIDE * SIDE)

    def inverted(self, values: Any) -> Any:
        return ((values[:, self.order] - 128.0) / SCALE).astype(np.float32)

    def back(self, z: Any) -> Any:
        made = np.empty((len(z), SIDE * SIDE))
        made[:, self.order] = z[:, : SIDE * SIDE] * SCALE + 128
        return np.clip(np.rint(made), 0, 255).astype(np.uint8)

    def decode(self, z: Any, step: int | None = None) -> Decoded:
        return Decoded(self.step, self.pictures(self.back(z)))

    @staticmethod
    def log_prior(z: Any) -> Any:
        own = z[:, : SIDE * SIDE].astype(np.float64)
        return -0.5 * (own**2).sum(axis=1) - 0.5 * own.shape[1] * math.log(2 * math.pi)

    @property
    def log_dets(self) -> Any:
        shares = np.array([0.5, -0.1, 0.1, 0.3, -0.05, 0.25])
        return -SIDE * SIDE * math.log(SCALE) * shares / shares.sum()

    def scored(self, z: Any) -> Scored:
        log_p = self.log_prior(z) + self.log_dets.sum()
        bits = bits_per_dim(log_p, SIDE * SIDE)
        return Scored(self.step, self.pictures(self.back(z)), log_likelihood=log_p, bits=bits)

    def unfolded(self, real: Real) -> Unfolded:
        values = self.values(real)
        z = self.inverted(values)
        scored = self.scored(z)
        n = len(z)
        return Unfolded(
            step=self.step,
            z=z,
            labels=self.labels(real),
            errors=np.zeros(n, np.float32),
            originals=self.pictures(values),
            images=scored.images,
            worst=np.full(n, 1.5e-5, np.float32),
            same=(self.back(z) == values).all(axis=1),
            log_likelihood=scored.log_likelihood,
            bits=scored.bits,
            bits_sd=np.full(n, 0.004),
            log_prior=self.log_prior(z),
            steps=STEPS,
            log_dets=np.repeat(self.log_dets[None], n, axis=0),
        )

    # --- the dataset as a whole

    def likelihoods(self, question: Likelihoods) -> LikelihoodsFound:
        def crowd(seed: int, off: float = 0.0, sd: float = 0.3) -> Any:
            return np.random.default_rng(seed).normal(6.0 + off, sd, question.count)

        strangers = {s: crowd(5 + i, self.strangers_off[s]) for i, s in enumerate(question.strangers)}
        strangers |= {other: crowd(20 + i, 1.0) for i, other in enumerate(question.others)}
        return LikelihoodsFound(self.step, "bits/dim", crowd(1), crowd(2, -0.05), strangers)

    def attribute(self, question: FindAttribute) -> Attribute:
        match question.by:
            case ByLabel(label=label):
                having = Real(tuple(i for i in range(20, 100) if i % 3 == label))
                lacking = Real(tuple(i for i in range(20, 100) if i % 3 != label))
                separation = (0.93, 0.88, 0.52)[label]
            case ByPicks(having=having, lacking=lacking):
                separation = math.nan
            case ByFactor():
                having, lacking, separation = Real(tuple(range(20, 30))), Real(tuple(range(30, 40))), 0.71
        mean_with, mean_without = (self.inverted(self.values(r)).mean(axis=0) for r in (having, lacking))
        return Attribute(self.step, (mean_with - mean_without), len(having), len(lacking), separation)

    def answer(self, question: Any) -> Any:
        match question:
            case Browse(offset=offset, count=count, part=part, label=label):
                known = np.arange(20) if part == "held out" else np.arange(20, 100)
                if label is not None:
                    known = known[known % 3 == label]
                here = known[offset : offset + count]
                real = Real(tuple(here.tolist()))
                return Browsed(len(known), here, self.labels(real), self.pictures(self.values(real)))
            case Look(real=real):
                indices = np.array([*real.indices, *(-1 for _ in real.paths)])
                return Browsed(len(real), indices, self.labels(real), self.pictures(self.values(real)))
            case Unfold(real=real):
                return self.unfolded(real)
            case DecodeScored(z=z):
                return self.scored(z)
            case Decode(z=z):
                return self.decode(z)
            case Likelihoods():
                return self.likelihoods(question)
            case FindAttribute():
                return self.attribute(question)
            case _:
                return super().answer(question)
