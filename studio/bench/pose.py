"""From a pose to the picture, as the window gets it: asked of an engine in a process of its own, one after the other,
of a PG² with the short recipe for 64×64 px. What it has learned makes no difference to how long it takes."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from studio.bench.result import Result
from studio.data import builtin, store
from studio.data.dataset import Dataset
from studio.engine.client import Engine
from studio.engine.messages import Answer, Ask, Failed
from studio.explore.questions import Person, Real, TakePose, Where
from studio.metrics import parser
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.cycle import Cycle

MODEL = "pg2"
MOVES, FIRST = 100, 10
"""Poses that are asked for; before them so many whose time does not count."""
POSES = 32
"""At once, as the strip of a film asks for them."""


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as scratch, mock.patch.dict(os.environ, GEN_STUDIO_HOME=f"{scratch}/home"):
        data = store.prepare(builtin.source(builtin.FIGURES))
        run = _run(Path(scratch) / "run", data)
        with mock.patch.object(parser, "STEPS", 2):
            parser.judge(data)
        engine = Engine()
        engine.start()
        try:
            for name, how, target in (
                ("pose to picture", {"parser": "none"}, 100.0),
                ("the same, with parts and scores by the judge", {"parser": "judge"}, 100.0),
                ("the same, by the run's own parser", {"parser": "own"}, 100.0),
            ):
                times = _moves(engine, data, run, how)
                p95, p50 = (float(np.percentile(times, q)) * 1000 for q in (95, 50))
                yield Result(f"{name}, idle, p95", p95, "ms", target, note=f"p50 {p50:.0f} ms")
            joints = np.array(data.columns["joints"][:POSES])
            question = TakePose(Where(str(run.path)), Person(Real((int(data.held_out[0]),))), joints, parser="none")
            took = sorted(_ask(engine, number, question) for number in range(5))[2]
            yield Result(f"{POSES} poses at once, for a film", took * 1000, "ms")
        finally:
            engine.close()


def _run(at: Path, data: Dataset) -> RunFolder:
    """A run with the recipe that suits the data, a parser of its own, and a checkpoint after one cycle."""
    kind = catalog.load(MODEL)
    values = {f.name: f.default for f in recipes.fields(kind.recipe_type)} | kind.suits(data.spec)
    run = RunFolder.create(at, MODEL, values | {"constraint": "fixed"}, data.spec)
    kept = run.recipe()[1]
    cycle = Cycle(kind, recipes.make(kind.recipe_type, kept), data, torch.device("cpu"))
    cycle.move()
    checkpoint.save(run, 1, checkpoint.take(cycle, 1.0))
    return run


def _moves(engine: Engine, data: Dataset, run: RunFolder, how: dict[str, str]) -> list[float]:
    """Seconds from a pose to its answer, an arm being dragged."""
    held = data.held_out
    joints = np.array(data.columns["joints"][held[1]])
    times = []
    for number in range(FIRST + MOVES):
        joints[4, :2] += 0.25 if number % 20 < 10 else -0.25
        pose = joints[None].copy()
        question = TakePose(Where(str(run.path)), Person(Real((int(held[0]),))), pose, None, **how)  # type: ignore[arg-type]
        took = _ask(engine, number, question)
        if number >= FIRST:
            times.append(took)
    return times


def _ask(engine: Engine, stamp: int, question: TakePose) -> float:
    """Raises RuntimeError when the engine can't answer."""
    before = time.perf_counter()
    engine.send(Ask(stamp, question, "pose"))
    while True:
        for said in engine.poll(1.0):
            if isinstance(said, Answer) and said.stamp == stamp:
                return time.perf_counter() - before
            if isinstance(said, Failed):
                raise RuntimeError(said.message)
