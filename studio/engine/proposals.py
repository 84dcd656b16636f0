"""The recipe that suits a dataset, what is wrong with one, and what to expect of it on this machine.

How long a training takes is told from what this machine has done: an earlier run of the same networks, "about"; else
a trial of a few moves on made-up data, "at least": it knows nothing of sheets, measures and checkpoints, nor of what
else the machine will have to do. A trial draws from torch's global generator: there is none while a run trains.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from studio.data import places
from studio.data.dataset import Dataset, DataSpec
from studio.data.skeleton import JOINTS, PARTS
from studio.engine.context import Context
from studio.engine.messages import Proposal, Propose
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.models.core.model import Model
from studio.models.core.recipe import Problem, Value
from studio.runs.folder import DamagedRun, RunFolder, versions
from studio.training import device as devices
from studio.training.cycle import Cycle

SMALL = 16
"""Batch of the first trial; where its moves are quick, another follows with the recipe's own."""
QUICK = 0.05
"""Seconds of a move that is quick."""
PATIENCE = 1.5
"""Seconds after which a trial ends with what it has measured so far."""
RUNS = 200
"""Earlier runs that are looked at, the newest."""
CYCLES = 2000
"""Cycles over which the moves of a player are averaged, where their number changes."""


def propose(question: Propose, context: Context) -> Proposal:
    """See :class:`~studio.engine.messages.Propose`. Raises KeyError when there is no such model."""
    data = question.data
    name = question.model or _fitting(data)
    kind = catalog.load(name)
    values = dict(question.values) if question.values is not None else _suggested(kind, data)
    problems = _problems(kind, values, data)
    return Proposal(name, values, tuple(problems), "" if problems else _expect(name, kind, values, data, context))


def _fitting(data: DataSpec) -> str:
    """The first model without a problem with this dataset, of those made for it, then the steady ones, then all; if
    there is none, the first of all: its problems then say why."""

    def rank(name: str) -> tuple[bool, bool, str]:
        kind = catalog.load(name)
        return not kind.made_for(data), not kind.steady, name

    names = sorted(catalog.names(), key=rank)
    for name in names:
        kind = catalog.load(name)
        if not _problems(kind, _suggested(kind, data), data):
            return name
    return names[0]


def _suggested(kind: type[Model], data: DataSpec) -> dict[str, Value]:
    defaults = {f.name: f.default for f in recipes.fields(kind.recipe_type)}
    return defaults | kind.suits(data)


def _problems(kind: type[Model], values: dict[str, Value], data: DataSpec) -> list[Problem]:
    found = recipes.check(kind.recipe_type, values)
    return found or kind.problems(recipes.make(kind.recipe_type, values), data)


# --- what to expect


def _expect(name: str, kind: type[Model], values: dict[str, Value], data: DataSpec, context: Context) -> str:
    """ "8×8 digits, WGAN-GP, at least 3 minutes on this CPU"; without the time when nothing is known of it."""
    height, width = data.size
    forms = {
        "images": f"{height}×{width} {data.name}",
        "points": f"2-D points ({data.name})",
        "vectors": f"{data.shape[0]} bits of {data.name}",
        "sentences": data.name,
    }
    what = forms[data.kind]
    known = _seconds_per_step(name, kind, values, data, context)
    if known is None:
        return f"{what}, {kind.title}"
    each, how_sure = known
    device = devices.choose()
    where = "this CPU" if device.type == "cpu" else devices.describe(device)
    return f"{what}, {kind.title}, {how_sure} {in_words(each * int(values['steps']))} on {where}"


def in_words(seconds: float) -> str:
    """A length of time as roughly as it is known: "40 seconds", "3 minutes", "1½ hours", "2 days"."""
    if seconds < 90:
        return f"{max(10, round(seconds / 10) * 10)} seconds"
    for unit, size, most in (("minutes", 60.0, 90.0), ("hours", 3600.0, 48.0), ("days", 86400.0, float("inf"))):
        count = seconds / size
        if count < most:
            halves = round(count * 2) if count < 5 else round(count) * 2
            whole, half = divmod(halves, 2)
            number = f"{whole or ''}{'½' if half else ''}"
            return f"{number} {unit if halves > 2 else unit[:-1]}"
    raise AssertionError("the last unit has no end")


def _seconds_per_step(
    name: str, kind: type[Model], values: dict[str, Value], data: DataSpec, context: Context
) -> tuple[float, str] | None:
    """Of one cycle of updates on this machine's first choice of device, and "about" or "at least"; None when it is not
    known now."""
    known = context.seconds_per_step
    key = (name, data.kind, data.shape, str(devices.choose()), _matters(values))
    if key not in known:
        found, how_sure = _of_earlier_runs(name, values, data), "about"
        if found is None:
            found, how_sure = _of_a_trial(kind, values, data, context), "at least"
        if found is None:
            return None
        known[key] = found, how_sure
    return known[key]


def _matters(values: dict[str, Value]) -> tuple[tuple[str, Value], ...]:
    """The fields on which the speed depends: sizes, counts and choices. Real numbers are rates and weights, and
    how far a training goes does not change how fast it gets there."""
    return tuple(sorted((k, v) for k, v in values.items() if not isinstance(v, float) and k not in ("steps", "seed")))


def _of_earlier_runs(name: str, values: dict[str, Value], data: DataSpec) -> float | None:
    here = versions()["system"]
    for run in _newest_runs():
        try:
            model, other = run.recipe()
            if model != name or _matters(other) != _matters(values):
                continue
            info, state = run.info(), run.state()
        except DamagedRun:
            continue
        alike = (info.data.kind, info.data.shape) == (data.kind, data.shape) and info.versions.get("system") == here
        if alike and not info.forked_from and state.step >= 50 and state.seconds >= 2:
            return state.seconds / state.step
    return None


def _newest_runs() -> Iterator[RunFolder]:
    dated = []
    for file in places.runs().glob("*/state.json"):
        try:
            dated.append((file.stat().st_mtime, file.parent))
        except OSError:
            continue  # it went while we looked
    for _, folder in sorted(dated, reverse=True)[:RUNS]:
        yield RunFolder(folder)


def _of_a_trial(kind: type[Model], values: dict[str, Value], data: DataSpec, context: Context) -> float | None:
    """From a few moves of each player on noise, with the engine's own arithmetic; None when a run trains."""
    if not context.alone.acquire(blocking=False):
        return None
    try:
        device = devices.choose()
        batch = int(values["batch"])
        with devices.random_numbers_kept(device):
            until = time.monotonic() + PATIENCE
            small = min(batch, SMALL)
            first = _timed(kind, values, data, small, until, context)
            if first is None or small == batch:
                return first
            if first > QUICK * 4:  # so slow that the work is in the examples, not around them
                return first * batch / small
            return _timed(kind, values, data, batch, until + PATIENCE, context) or first * batch / small
    finally:
        context.alone.release()


def _timed(
    kind: type[Model], values: dict[str, Value], data: DataSpec, batch: int, until: float, context: Context
) -> float | None:
    """Seconds of a cycle with this batch: of each player the quickest move after a first that is not counted."""
    recipe: Any = recipes.make(kind.recipe_type, values | {"batch": batch})
    device = devices.choose()
    cycle = Cycle(kind, recipe, made_up(data), device)
    quickest: dict[str, float] = {}
    for turn in range(4):
        for player in cycle.players:
            if not context.free() or context.watch.cancelled:
                return None
            start = time.perf_counter()
            cycle.move_once(player.name)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            passed = time.perf_counter() - start
            if turn:
                quickest[player.name] = min(passed, quickest.get(player.name, passed))
        if quickest and time.monotonic() > until:
            break
    cycles = range(min(recipe.steps, CYCLES))
    return sum(quickest[p.name] * sum(map(p.update.moves, cycles)) / len(cycles) for p in cycle.players)


def made_up(data: DataSpec, count: int = 256) -> Dataset:
    """A dataset of noise of the same form."""
    random = np.random.default_rng(0)
    if data.kind == "images":
        values: Any = random.integers(0, 256, (count, *data.shape), np.uint8)
    elif data.kind == "vectors":
        values = random.integers(0, 2, (count, *data.shape), np.uint8) * np.uint8(255)
    elif data.kind == "sentences":
        values = random.integers(1, data.vocabulary + 1, (count, *data.shape), np.int32)
    else:
        values = random.standard_normal((count, *data.shape)).astype(np.float32)
    labels = random.integers(0, len(data.classes), count) if data.classes else None
    height, width = data.size
    corner = np.array([width, height, 1], np.float32)
    columns: dict[str, Any] = {
        "joints": np.concatenate([random.random((count, len(JOINTS), 2)), np.ones((count, len(JOINTS), 1))], 2)
        * corner,
        "person": np.arange(count) // 2,
        "parts": random.integers(0, len(PARTS), (count, height, width), np.uint8),
    }
    carried = {name: column for name, column in columns.items() if name in data.carries}
    if "joints" in carried:
        carried["joints"] = carried["joints"].astype(np.float32)
    return Dataset(data, values, labels, np.arange(count), np.arange(0), columns=carried)
