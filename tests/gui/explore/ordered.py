"""A made-up model that draws value by value: bits whose chances are told by their place, and stripes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from studio.data.dataset import DataSpec
from studio.explore import drawings
from studio.explore.questions import (
    Browse,
    Browsed,
    DrawInOrder,
    DrawnInOrder,
    Real,
    Surprise,
    Surprised,
)
from studio.models.core.latents import Part, Prior
from tests.gui.explore.toy import Toy

BITS = DataSpec("bits", "images", (1, 6, 6), 40, held_out=12, fingerprint="bits")
LABELLED = replace(BITS, name="labelled", classes=("cold", "warm"), fingerprint="labelled")
COLOURS = DataSpec("colours", "images", (3, 4, 4), 40, fingerprint="colours")
VECTORS = DataSpec("answers", "vectors", (22,), 40, fingerprint="answers")
NONE = np.zeros((0, 1, 1, 3), np.uint8)


class OrderedToy(Toy):
    """``levels`` values in each place; distributions are kept of the first ``kept`` samples."""

    def __init__(self, data: DataSpec = BITS, levels: int = 2) -> None:
        parts = [Part("noise", "uniform", int(np.prod(data.shape)))]
        if data.classes:
            parts.append(Part("class", "categorical", len(data.classes), "class", data.classes))
        super().__init__(data, parts=Prior(tuple(parts)))
        self.capabilities = ("decode latent", "score likelihood", "draw in order")
        self.levels, self.kept = levels, 99

    @property
    def order(self) -> np.ndarray[Any, Any]:
        d = int(np.prod(self.data.shape))
        if self.data.kind == "vectors":
            return np.arange(d)
        return np.arange(d).reshape(self.data.channels, -1).T.reshape(-1)

    def real(self, real: Real) -> np.ndarray[Any, Any]:
        """Values of real examples N×D in order: more and more of them are the highest one."""
        d = len(self.order)
        numbers = [*real.indices, *(90 + i for i in range(len(real.paths)))]
        return np.stack([(np.arange(d) % (n % 5 + 2) == 0) * (self.levels - 1) for n in numbers]).astype(np.uint8)

    def chances(self, label: int | None) -> np.ndarray[Any, Any]:
        """D×levels."""
        d = len(self.order)
        raised = np.linspace(-1, 1, self.levels) * np.linspace(-2, 2, d)[:, None]
        p = np.exp(raised + (label or 0) * np.linspace(0, 1.5, self.levels))
        shares: np.ndarray[Any, Any] = p / p.sum(1, keepdims=True)
        return shares

    def nats(self, values: np.ndarray[Any, Any], label: int | None) -> np.ndarray[Any, Any]:
        """Of values N×D."""
        p = self.chances(label)
        return np.asarray(-np.log(p[np.arange(len(p)), values.astype(int)]), np.float32)

    def seen(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        plan = drawings.Laid(self.data, self.order)
        return np.stack([plan.picture(v, self.levels, len(self.order))[0] for v in values])

    def answer(self, question: Any) -> Any:
        match question:
            case DrawInOrder(where=where, count=count, seed=seed, label=label, real=real, known=known):
                d, p = len(self.order), self.chances(label)
                u = np.random.default_rng(seed).random((count, d))
                values = (u[..., None] >= p.cumsum(1)).sum(2).clip(0, self.levels - 1).astype(np.uint8)
                stands, original = np.zeros(d, np.bool_), NONE
                if real is not None and known is not None and known.any():
                    flat = known.reshape(-1)
                    whole = flat if self.data.kind == "vectors" else np.tile(flat, self.data.channels)
                    stands = whole[self.order]
                    given = self.real(real)
                    values = np.where(stands, given, values)
                    original = self.seen(given)
                kept = np.repeat(p[None], min(count, self.kept), 0).astype(np.float16)
                step = self.step if where.checkpoint is None else where.checkpoint
                nats, images = self.nats(values, label), self.seen(values)
                return DrawnInOrder(step, self.levels, self.order, values, stands, kept, nats, images, original)
            case Surprise(where=where, real=real, label=label):
                values = self.real(real)
                flat = np.zeros((len(values), len(self.order)), np.float32)
                flat[:, self.order] = self.nats(values, label)
                if self.data.kind == "vectors":
                    high, wide = self.data.size
                    cells = np.full((len(values), high * wide), np.nan, np.float32)
                    cells[:, : len(self.order)] = flat
                    seen: np.ndarray[Any, Any] = cells.reshape(-1, high, wide)
                else:
                    seen = flat.reshape((-1, *self.data.shape)).sum(axis=1)
                labels = np.array([i % 2 if self.data.classes else -1 for i in real.indices] + [-1] * len(real.paths))
                return Surprised(self.step, seen, flat.sum(1), "exact", None, self.seen(values), labels)
            case Browse(offset=offset, count=count):
                indices = np.arange(offset, min(offset + count, 40))
                images = self.seen(self.real(Real(tuple(indices.tolist()))))
                return Browsed(40, indices, np.where(self.data.classes != (), indices % 2, -1), images)
            case _:
                return super().answer(question)
