"""A model that is made up, so that pictures tell the latent that made them: a blob at (z0, z1), as large as z2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from studio.data.dataset import DataSpec
from studio.engine.messages import Advanced, Answer, Ask, Cancel, Failed
from studio.explore.questions import (
    Decode,
    Decoded,
    Describe,
    Directions,
    DirectionsFound,
    ModelView,
    Nearest,
    NearestFound,
    Through,
    ThroughTime,
)
from studio.export.jobs import (
    ExportBundle,
    ExportFilm,
    ExportFrames,
    ExportLatents,
    ExportSamples,
    ExportWalk,
    ExportWeights,
    Written,
)
from studio.models.core.latents import Kind, Prior
from tests.gui.conftest import FakeEngine

IMAGES = DataSpec("toys", "images", (3, 16, 16), 100, fingerprint="toys")
POINTS = DataSpec("ring", "points", (2,), 100, fingerprint="ring")
EXPORTS: tuple[type[Any], ...] = (
    ExportSamples,
    ExportLatents,
    ExportWalk,
    ExportFilm,
    ExportFrames,
    ExportWeights,
    ExportBundle,
)


class Toy:
    """Answers questions as the engine would. ``step`` moves the colours, so that newer weights look newer."""

    def __init__(
        self, data: DataSpec = IMAGES, size: int = 12, prior: Kind = "normal", parts: Prior | None = None
    ) -> None:
        self.data = data
        self.prior = parts or Prior.of(prior, size)
        self.capabilities: tuple[str, ...] = ("decode latent", "criticise")
        self.checkpoints: tuple[int, ...] = (100, 200, 300)
        self.step = 300

    def decode(self, z: np.ndarray[Any, Any], step: int | None = None) -> Decoded:
        step = self.step if step is None else step
        if self.data.kind == "points":
            turn = step / 300
            return Decoded(step, np.zeros((0, 1, 1, 3), np.uint8), (z[:, :2] * turn).astype(np.float32))
        height, width = self.data.size
        y, x = np.mgrid[0:height, 0:width] / (height - 1) * 4 - 2
        away = np.hypot(x - z[:, 0, None, None], y + z[:, 1, None, None])
        blob = np.clip(1.2 + 0.3 * z[:, 2, None, None] - away, 0, 1)[..., None]
        shade = 1 / (1 + np.exp(-z[:, 3:6]))[:, None, None, :]
        ground = np.array([20, 20, 40 + step % 200], np.float64)
        shown = ground + blob * (255 * shade / shade.max(axis=-1, keepdims=True) - ground)
        return Decoded(step, np.clip(shown, 0, 255).astype(np.uint8))

    def answer(self, question: Any) -> Any:
        match question:
            case Describe():
                view = (self.step, self.data, self.capabilities, self.prior, self.checkpoints)
                return ModelView(*view)  # type: ignore[arg-type]
            case Decode(where=where, z=z):
                return self.decode(z, where.checkpoint)
            case Directions(count=count):
                turned = np.roll(np.eye(self.prior.size, dtype=np.float32), 1, axis=0)[:count]
                return DirectionsFound(self.step, turned, np.linspace(1, 0.1, count, dtype=np.float32))
            case Nearest(z=z, k=k):
                near = self.decode(np.repeat(z, k, axis=0) + np.linspace(0, 0.4, k)[:, None])
                away = np.linspace(3, 17, k, dtype=np.float32)[None]
                return NearestFound(self.step, np.arange(k)[None] * 7, away, near.images, near.points)
            case ThroughTime(z=z):
                past = [self.decode(z[None], s) for s in self.checkpoints]
                points = None if past[0].points is None else np.concatenate([p.points for p in past])  # type: ignore[misc]
                return Through(self.checkpoints, np.concatenate([p.images for p in past]), points)
            case _:
                raise LookupError(f"a toy knows no {type(question).__name__}")


class DenseToy(Toy):
    """A toy that scores a likelihood, whose sheet is drawn at 0.7."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = ("decode latent", "score likelihood")

    def answer(self, question: Any) -> Any:
        found = super().answer(question)
        return replace(found, temperature=0.7) if isinstance(found, ModelView) else found


class ToyEngine(FakeEngine):
    """A fake engine with a toy inside: :meth:`pump` answers what waits, by topic newest first as the real one does."""

    def __init__(self, toy: Toy | None = None) -> None:
        super().__init__()
        self.toy = toy or Toy()
        self.answered: set[int] = set()

    def waiting(self, *kinds: type[Any]) -> list[Ask]:
        """Questions without an answer yet, of those kinds or of all but exports."""
        asks = [m for m in self.sent if isinstance(m, Ask) and m.stamp not in self.answered]
        newest = {a.topic: a.stamp for a in asks if a.topic}
        asks = [a for a in asks if not a.topic or newest[a.topic] == a.stamp]
        return [a for a in asks if (isinstance(a.question, kinds) if kinds else not isinstance(a.question, EXPORTS))]

    def pump(self, *kinds: type[Any]) -> None:
        """Answer until nothing waits."""
        while asks := self.waiting(*kinds):
            for ask in asks:
                self.answered.add(ask.stamp)
                self.tell(Answer(ask.stamp, self.toy.answer(ask.question)))

    def exported(self) -> Ask:
        return self.waiting(*EXPORTS)[-1]

    def advance(self, done: int, total: int) -> None:
        self.tell(Advanced(self.exported().stamp, done, total))

    def write(self, *paths: str) -> None:
        ask = self.exported()
        self.answered.add(ask.stamp)
        self.tell(Answer(ask.stamp, Written(paths)))

    def fail(self, message: str) -> None:
        ask = self.exported()
        self.answered.add(ask.stamp)
        self.tell(Failed(ask.stamp, message))

    def cancelled(self) -> list[int]:
        return [m.stamp for m in self.sent if isinstance(m, Cancel)]
