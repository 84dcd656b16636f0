"""The engine against a plain PyTorch loop of the same DCGAN-64: cycles in turn, block by block, in one process.

Three sides: the plain loop, the engine with precision as it chooses it, and the engine held at float32. Each keeps its
own networks and goes on where it stopped, so that every side does the same cycles and their losses can be compared.
"""

from __future__ import annotations

import argparse
import queue
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from studio.bench.plain_dcgan import training
from studio.bench.result import Result
from studio.data.dataset import Dataset, DataSpec, split
from studio.models.core import catalog
from studio.models.core.recipe import values_of
from studio.runs.folder import RunFolder
from studio.training.control import Control, Pause, Resume, Stop
from studio.training.events import Ended, Event, Measured, Paused, Started
from studio.training.trainer import Trainer

Images = npt.NDArray[np.uint8]
WIDTH, BATCH, LATENT = 32, 128, 100
BLOCKS, CYCLES = 6, 6
"""Each side has BLOCKS turns of CYCLES cycles; the first turn is not counted."""


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    pictures = _pictures(2048)
    with tempfile.TemporaryDirectory() as scratch:
        sides: dict[str, _Plain | _Engine] = {
            "plain": _Plain(pictures),
            "auto": _Engine(pictures, Path(scratch) / "auto", "auto"),
            "float32": _Engine(pictures, Path(scratch) / "float32", "float32"),
        }
        seconds: dict[str, list[float]] = {name: [] for name in sides}
        try:
            for block in range(BLOCKS):
                for name, side in sides.items():
                    spent = side.go(CYCLES)
                    if block:
                        seconds[name].append(spent)
        finally:
            for side in sides.values():
                side.close()
    yield Result("plain float32 loop", BATCH / statistics.median(seconds["plain"]), "images/s")
    for name, target in (("auto", 1.3), ("float32", 0.97)):
        ratios = [p / s for p, s in zip(seconds["plain"], seconds[name], strict=True)]
        yield Result(
            f"engine ({sides[name].precision}) against the plain loop",
            statistics.median(ratios),
            "×",
            target,
            "at least",
            (min(ratios), max(ratios)),
            f"{BATCH / statistics.median(seconds[name]):.0f} images/s",
        )
    for player in ("discriminator", "generator"):
        means = {name: statistics.fmean(side.losses[player][CYCLES:]) for name, side in sides.items()}
        note = ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
        apart = max(abs(means[n] - means["plain"]) / abs(means["plain"]) for n in ("auto", "float32"))
        yield Result(f"loss of the {player}, mean after the first {CYCLES} cycles, apart", apart, "of it", note=note)


class _Plain:
    precision = "float32"

    def __init__(self, pictures: Images) -> None:
        self.losses: dict[str, list[float]] = {"discriminator": [], "generator": []}
        self._cycles = training(torch.from_numpy(pictures), LATENT, WIDTH, BATCH, seed=0)

    def go(self, cycles: int) -> float:
        """Seconds per cycle."""
        before = time.perf_counter()
        for _ in range(cycles):
            for player, loss in zip(("discriminator", "generator"), next(self._cycles), strict=True):
                self.losses[player].append(loss)
        return (time.perf_counter() - before) / cycles

    def close(self) -> None:
        self._cycles.close()


class _Engine:
    """A trainer in a thread of its own that is paused while it is not its turn."""

    def __init__(self, pictures: Images, at: Path, precision: str) -> None:
        self.losses: dict[str, list[float]] = {"discriminator": [], "generator": []}
        self.precision = precision
        spec = _spec(pictures)
        train, held_out = split(len(pictures), 0)
        recipe = values_of(catalog.load("dcgan").recipe_type()) | {
            "steps": 1_000_000, "batch": BATCH, "width": WIDTH, "latent": LATENT, "precision": precision,
        }  # fmt: skip
        run = RunFolder.create(at, "dcgan", recipe, spec)
        self._trainer = Trainer(run, Dataset(spec, pictures, None, train, held_out), save_every=1e9)
        self._controls: queue.SimpleQueue[Control] = queue.SimpleQueue()
        self._heard: queue.SimpleQueue[tuple[float, Event]] = queue.SimpleQueue()
        self._controls.put(Pause())
        self._thread = threading.Thread(target=self._trainer.run, args=(self._hear, self._controls))
        self._thread.start()
        self._until(Paused)

    def _hear(self, event: Event) -> None:
        self._heard.put((time.perf_counter(), event))

    def _until(self, kind: type[Event]) -> None:
        while True:
            _, event = self._heard.get(timeout=120)
            self._note(event)
            if isinstance(event, Ended) and kind is not Ended:
                raise RuntimeError(f"the training of the benchmark ended: {event.message}")
            if isinstance(event, kind):
                return

    def _note(self, event: Event) -> None:
        if isinstance(event, Started):
            self.precision = event.precision
        if isinstance(event, Measured):
            for player, losses in self.losses.items():
                if (loss := event.values.get(f"loss/{player}")) is not None:
                    losses.append(loss)

    def go(self, cycles: int) -> float:
        """Seconds per cycle, from the end of the first to the end of the last."""
        self._controls.put(Resume())
        ends: list[float] = []
        while len(ends) <= cycles:
            at, event = self._heard.get(timeout=120)
            self._note(event)
            if isinstance(event, Measured) and any(k.startswith("loss/") for k in event.values):
                ends.append(at)
        self._controls.put(Pause())
        self._until(Paused)
        return (ends[-1] - ends[0]) / (len(ends) - 1)

    def close(self) -> None:
        self._controls.put(Stop())
        self._until(Ended)
        self._thread.join()


def _spec(pictures: Images) -> DataSpec:
    return DataSpec("made-up pictures", "images", pictures.shape[1:], len(pictures), fingerprint="bench")


def _pictures(count: int) -> Images:
    """Discs of random place, size and colour on grounds of another, uint8 N×3×64×64: something to learn, no file."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64].astype(np.float32)
    centre = rng.uniform(16, 48, (count, 2, 1, 1)).astype(np.float32)
    radius = rng.uniform(6, 20, (count, 1, 1)).astype(np.float32)
    inside = np.clip(radius - np.hypot(y - centre[:, 0], x - centre[:, 1]) + 0.5, 0, 1)[:, None]
    ground, disc = rng.uniform(0, 255, (2, count, 3, 1, 1)).astype(np.float32)
    pictures: Images = (inside * disc + (1 - inside) * ground).astype(np.uint8)
    return pictures
