"""Toys with codes and classes: one whose reading is known, so that a test can say what must be on screen."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.data.dataset import DataSpec
from studio.explore.codes import confusion, dials, match, readings, recoded
from studio.explore.questions import (
    Browse,
    Browsed,
    Classified,
    Classify,
    CodesRead,
    CodeTable,
    CodeTables,
    ReadCodes,
    ReadReal,
    RealRead,
    TabulateCodes,
)
from studio.models.core.latents import Part, Prior, draw
from tests.gui.explore.toy import Toy

CLASSES = ("cat", "dog", "fox", "owl")
CODES = Prior(
    (
        Part("noise", "uniform", 6),
        Part("c1", "categorical", 4, "code"),
        Part("c2", "uniform", 1, "code"),
        Part("c3", "uniform", 1, "code"),
    )
)
LABELS = Prior((Part("noise", "normal", 8), Part("class", "categorical", 4, "class", CLASSES)))


class CodedToy(Toy):
    """Q reads the category rightly with 0.97, and 0.8 of every number. The real examples are what latents of one
    seed make; the label is the category, but for one in five."""

    def __init__(self, prior: Prior = CODES, *, labels: bool = True, points: bool = False) -> None:
        classes = CLASSES if labels else ()
        data = DataSpec("toys", "images", (3, 16, 16), 100, 40, classes=classes, fingerprint="toys")
        if points:
            data = DataSpec("ring", "points", (2,), 100, 40, classes=classes, fingerprint="ring")
        super().__init__(data, parts=prior)
        codes = any(p.role == "code" for p in prior.parts)
        self.capabilities = ("decode latent", "take codes" if codes else "take classes")
        self.classifier = False
        self.reals = draw(prior, 40, 99)

    def labels(self) -> np.ndarray[Any, Any]:
        if not self.data.classes:
            return np.full(len(self.reals), -1)
        first = next(d for d in dials(self.prior) if d.categorical)
        right = self.reals[:, first.where].argmax(axis=1)
        return np.where(np.arange(len(right)) % 5 == 0, (right + 1) % 4, right)

    def read(self, z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found = []
        for dial in dials(self.prior, "code"):
            own = z[:, dial.where]
            found.append(0.97 * own + 0.03 / 3 * (1 - own) if dial.categorical else 0.8 * own)
        return np.concatenate(found, axis=1).astype(np.float32)

    def seen(self, z: np.ndarray[Any, Any], step: int | None) -> CodesRead:
        made = self.decode(z, step)
        return CodesRead(made.step, made.images, made.points, self.read(z))

    def answer(self, question: Any) -> Any:
        match_ = match
        match question:
            case ReadCodes(where=where, z=z):
                return self.seen(z, where.checkpoint)
            case Browse(offset=offset, count=count, label=label):
                order = np.arange(40) if label is None else np.flatnonzero(self.labels() == label)
                chosen = order[offset : offset + count]
                return Browsed(len(order), chosen, self.labels()[chosen], self.decode(self.reals[chosen]).images)
            case ReadReal(where=where, real=real, z=z):
                chosen = np.array(real.indices, np.int64) if real.indices else np.arange(len(real.paths))
                own = self.seen(self.reals[chosen], where.checkpoint)
                made = recoded(self.prior, own.codes, z)
                labels = self.labels()[chosen] if real.indices else np.full(len(chosen), -1)
                return RealRead(own, self.seen(made, where.checkpoint), labels, made)
            case Classify(z=z, train=train):
                self.classifier = self.classifier or train
                if not self.classifier:
                    return Classified(self.step)
                seen = z[:, -4:].argmax(axis=1)
                seen[::4] = (seen[::4] + 1) % 4
                return Classified(self.step, seen, 0.98, 1000)
            case TabulateCodes(count=count):
                n = min(count, 40)
                q = readings(self.prior, self.read(self.reals[:n]))
                tables = []
                for dial in dials(self.prior, "code"):
                    if dial.categorical:
                        known = bool(self.data.classes)
                        labels = self.labels()[:n] if known else np.zeros(n, np.int64)
                        counts = confusion(q[dial.name].argmax(axis=1), labels, (dial.part.size, 4 if known else 1))
                        tables.append(CodeTable(dial.name, counts, match_(counts) if known else None))
                return CodeTables(self.step, n, "held out", tuple(tables))
            case _:
                return super().answer(question)
