"""A made-up model whose samples can be asked for things: brightness about how large the blob is, class by its side."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.data.dataset import DataSpec
from studio.explore.questions import OfferConstraints, Offered, SamplesScored, ScoreSamples
from studio.models.core.latents import draw
from tests.gui.explore.toy import IMAGES, Toy

OFFERED = (
    Offered("brightness", "Brightness", "f = −½ (b − t)²/s²", "nats", "number", 0, 1, 0.5),
    Offered("symmetry", "Symmetry", "f = −a/s", "nats"),
    Offered("class", "Class", "f = log p(class | x)", "nats", "class", classes=("left", "right"), ready=False),
)


class ConstrainedToy(Toy):
    def __init__(self, data: DataSpec = IMAGES) -> None:
        super().__init__(data)
        self.taught = False
        self.scored = 0

    def score(self, z: np.ndarray[Any, Any], name: str, target: float) -> np.ndarray[Any, Any]:
        """f of latents, N."""
        if name == "brightness":
            return np.asarray(-((z[:, 2] / 3 + 0.5 - target) ** 2) / 0.02)
        if name == "symmetry":
            return np.asarray(-np.abs(z[:, 0]) * 2)
        return np.asarray(-np.logaddexp(0, -4 * z[:, 0] * (1 if target else -1)))

    def answer(self, question: Any) -> Any:
        match question:
            case OfferConstraints():
                return OFFERED
            case ScoreSamples(where=where, asked=asked, count=count, seed=seed):
                self.scored += 1
                self.taught = self.taught or any(one.name == "class" for one in asked)
                z, real = draw(self.prior, count, seed), draw(self.prior, 200, 99)
                found = self.decode(z, where.checkpoint)
                both = [
                    np.stack([self.score(v, a.name, a.target) for a in asked], 1).astype(np.float64)
                    if asked
                    else np.zeros((len(v), 0))
                    for v in (z, real)
                ]
                near = None if found.points is None else real[:, :2]
                return SamplesScored(found.step, z, found.images, both[0], both[1], found.points, near)
            case _:
                return super().answer(question)
