"""Checkpoints: written as whole folders, thinned as they age, read back exactly.

weights.safetensors   the model as it trains
average.safetensors   the whole model as samples are drawn with it
engine.safetensors    the optimisers' memory, the state of the random numbers
state.json            step, place in the cycle and in the data, learning rates, seconds
"""

from __future__ import annotations

import logging
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.models.core import catalog
from studio.models.core.model import Model
from studio.models.core.recipe import make
from studio.runs.folder import DamagedRun, RunFolder
from studio.training.average import shell
from studio.training.cycle import Cycle

log = logging.getLogger(__name__)

RESUMABLE = 2
"""How many of the newest checkpoints training can go on from."""
KEPT = 16
"""How many are kept in all, the older ones with their averaged weights alone."""

WEIGHTS, AVERAGE, ENGINE, STATE = "weights.safetensors", "average.safetensors", "engine.safetensors", "state.json"


class NoCheckpoint(LookupError):
    """There are no weights of that step, or of any; the message says which there are."""


@dataclass(frozen=True, eq=False)
class Saved:
    """A checkpoint in memory; tensors on the CPU."""

    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    engine: dict[str, Tensor]
    plain: dict[str, Any]


def save(run: RunFolder, step: int, saved: Saved) -> Path:
    """Write a checkpoint, whole or not at all, then thin the older ones. One of the same step is replaced.

    Raises:
        OSError: when the disk refuses; what was there before is still there.
    """
    at = run.checkpoint(step)
    at.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = at.with_name(f".{at.name}.new"), at.with_name(f".{at.name}.old")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        about = {"step": str(step), "run": run.path.name}
        for name, tensors in ((WEIGHTS, saved.weights), (AVERAGE, saved.average), (ENGINE, saved.engine)):
            _write(fresh / name, tensors, about)
        (fresh / STATE).write_bytes(orjson.dumps(saved.plain, option=orjson.OPT_INDENT_2))
        _sync(fresh / STATE)
        _sync(fresh)
    except SafetensorError as wrong:  # its own name for a full disk
        shutil.rmtree(fresh, ignore_errors=True)
        raise OSError(f"{at}: {wrong}") from wrong
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if at.exists():
        at.rename(old)  # a crash between these two lines is mended by recover()
    fresh.rename(at)
    _sync(at.parent)
    shutil.rmtree(old, ignore_errors=True)
    thin(run)
    return at


def _write(path: Path, tensors: Mapping[str, Tensor], about: dict[str, str]) -> None:
    own = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    seen: set[int] = set()
    for name, tensor in own.items():  # two names of one tensor: the format wants them apart
        if tensor.data_ptr() in seen and tensor.numel():
            own[name] = tensor.clone()
        seen.add(tensor.data_ptr())
    save_file(own, path, about)
    _sync(path)


def _sync(path: Path) -> None:
    """To the disk. A folder can't be opened for that on Windows, which needs no such thing."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def recover(run: RunFolder) -> None:
    """Clear up after a crash in the middle of :func:`save`. Only for whoever holds the run's lock."""
    folder = run.path / "checkpoints"
    for old in folder.glob(".*.old"):
        at = old.with_name(old.name[1 : -len(".old")])
        if at.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(at)
    for fresh in folder.glob(".*.new"):
        shutil.rmtree(fresh, ignore_errors=True)


def thin(run: RunFolder) -> None:
    """Keep the newest as they are, of older ones the average alone, and of those about as many per doubling."""
    steps = run.checkpoints()
    for step in steps[:-RESUMABLE]:
        for name in (ENGINE, WEIGHTS):  # the engine first: without it nobody takes the rest for resumable
            (run.checkpoint(step) / name).unlink(missing_ok=True)
    for step in superfluous(steps):
        gone = run.checkpoint(step).with_name(f".{step:09d}.new")  # half-deleted folders are cleared up like new ones
        run.checkpoint(step).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def superfluous(steps: list[int], kept: int = KEPT) -> list[int]:
    """Which of these rising steps to drop: again and again the one whose neighbours are closest in ratio, never
    the first or the newest two, so that those left lie about evenly on a logarithmic axis."""
    left, dropped = list(steps), []
    while len(left) > max(kept, RESUMABLE + 1):
        inner = range(1, len(left) - RESUMABLE)
        least = min(inner, key=lambda i: math.log((left[i + 1] + 1) / (left[i - 1] + 1)))
        dropped.append(left.pop(least))
    return dropped


def load(run: RunFolder, step: int) -> Saved:
    """A resumable checkpoint.

    Raises:
        DamagedRun: when a file of it is missing or broken.
    """
    at = run.checkpoint(step)
    try:
        plain = orjson.loads((at / STATE).read_bytes())
    except (OSError, orjson.JSONDecodeError) as wrong:
        raise DamagedRun(f"{at / STATE}: {wrong}") from wrong
    return Saved(read(at / WEIGHTS), read(at / AVERAGE), read(at / ENGINE), plain)


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of one file, on the CPU.

    Raises:
        DamagedRun: when it is missing or broken.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as wrong:
        raise DamagedRun(f"{path}: {wrong}") from wrong


def load_model(
    run: RunFolder, checkpoint: int | None = None, *, averaged: bool = True, device: str = "cpu"
) -> tuple[Model, int]:
    """The model of a checkpoint in evaluation mode, without gradients, and the step it is of.

    Consumes no random numbers: the networks are built on the meta device.

    Args:
        checkpoint: its step; None for the newest.
        averaged: the weights that samples are drawn with; False for those that trained.

    Raises:
        NoCheckpoint: when there are no such weights (any more).
        DamagedRun: when a file is broken or does not fit the recipe.
    """
    steps = run.checkpoints()
    if not steps:
        raise NoCheckpoint(f"{run.path.name} has no checkpoint yet; train it first")
    step = steps[-1] if checkpoint is None else checkpoint
    if step not in steps:
        raise NoCheckpoint(f"{run.path.name} has no checkpoint of step {step}; there are: {', '.join(map(str, steps))}")
    path = run.checkpoint(step) / (AVERAGE if averaged else WEIGHTS)
    if not path.is_file():
        raise NoCheckpoint(f"of step {step} only the averaged weights are kept; ask for those")
    name, values = run.recipe()
    try:
        model_type = catalog.load(name)
        recipe = make(model_type.recipe_type, values)
    except (KeyError, ValueError) as wrong:
        raise DamagedRun(f"{run.path / 'recipe.toml'}: {wrong}") from wrong
    try:
        model = shell(model_type, recipe, run.info().data, read(path))
    except RuntimeError as wrong:
        raise DamagedRun(f"{path} does not fit the recipe: {wrong}") from wrong
    model.to(device).hold()
    return model, step


def take(cycle: Cycle, seconds: float) -> Saved:
    """What :func:`save` writes of a training in progress. No copies: it is good until the next move."""
    return Saved(
        cycle.model.state_dict(), cycle.average.state(), cycle.tensors(), {**cycle.plain(), "seconds": seconds}
    )


def resume(run: RunFolder, cycle: Cycle) -> float:
    """Put a training where the newest resumable checkpoint left it; of a run that has only thinned ones (a fork)
    take the weights of the newest; with none at all put it where it begins: at its start, or at the checkpoint of
    another run that it begins from.

    Returns:
        Seconds of training so far.

    Raises:
        DamagedRun: when there are checkpoints, and none can be read.
    """
    failed: DamagedRun | None = None
    for step in reversed(run.checkpoints(resumable=True)):
        try:
            saved = load(run, step)
            cycle.load(saved.weights, saved.average, saved.engine, saved.plain)
            return float(saved.plain["seconds"])
        except DamagedRun as wrong:
            failed = failed or wrong
        except (KeyError, RuntimeError, ValueError, TypeError) as wrong:
            failed = failed or DamagedRun(f"{run.checkpoint(step)} does not fit the recipe: {wrong}")
        log.warning("checkpoint %d of %s can't be read, an older one is tried: %s", step, run.path, failed)
    if failed is not None:
        raise failed
    steps = run.checkpoints()
    if not steps:
        return begin(run, cycle)
    path = run.checkpoint(steps[-1]) / AVERAGE
    try:
        cycle.start_from(read(path), steps[-1])
    except RuntimeError as wrong:
        raise DamagedRun(f"{path} does not fit the recipe: {wrong}") from wrong
    return 0.0


def begin(run: RunFolder, cycle: Cycle) -> float:
    """Put a training that has no checkpoint yet where it begins. From another run it takes over all but the weights
    that it has no use for (those of a constraint that it goes on without).

    Returns:
        0: the seconds of the other one are its own.

    Raises:
        DamagedRun: when that run is not there, is not so far, or has other networks.
    """
    whose, _, step = run.info().begins_from.partition("@")
    if not whose:
        return 0.0
    other = next((r for r in _beside(run) if _id(r) == whose), None)
    if other is None or int(step) not in other.checkpoints(resumable=True):
        there = "is not in the library" if other is None else f"has no checkpoint of step {int(step):,} to go on from"
        name = f"the run {whose}" if other is None else other.info().title
        raise DamagedRun(f"{run.info().title} begins where another run ended, but {name} {there}. Train that one first")
    saved, own = load(other, int(step)), cycle.model.state_dict().keys()
    weights, average = ({k: t for k, t in of.items() if k in own} for of in (saved.weights, saved.average))
    try:
        cycle.load(weights, average, saved.engine, saved.plain)
    except (KeyError, RuntimeError, ValueError, TypeError) as wrong:
        raise DamagedRun(f"{other.checkpoint(int(step))} does not fit the recipe: {wrong}") from wrong
    return 0.0


def _beside(run: RunFolder) -> list[RunFolder]:
    return [RunFolder(p.parent) for p in sorted(run.path.parent.glob("*/run.json")) if p.parent != run.path]


def _id(run: RunFolder) -> str:
    try:
        return run.info().id
    except DamagedRun:
        return ""
