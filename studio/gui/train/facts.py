"""What the page shows of a run on disk, read by a worker in one go; and the words for how a run is doing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from studio.data.dataset import DataSpec
from studio.models.core.recipe import Value
from studio.runs.folder import RunFolder, RunState


@dataclass(frozen=True)
class RunFacts:
    """A run as its folder says. ``resumable``: whether there is a checkpoint to go on from, or nothing was done yet."""

    path: str
    title: str
    model: str
    values: dict[str, Value]
    data: DataSpec
    state: RunState
    crashed: bool
    resumable: bool
    checkpoints: tuple[int, ...] = ()
    sheets: list[tuple[int, Path]] = field(default_factory=list)


def read(path: str) -> RunFacts:
    """Read a run's folder.

    Raises:
        DamagedRun: naming the file that is missing or unreadable.
    """
    run = RunFolder(path)
    model, values = run.recipe()
    info, state = run.info(), run.state()
    going_on = run.checkpoints(resumable=True)
    return RunFacts(
        path=path,
        title=info.title,
        model=model,
        values=values,
        data=info.data,
        state=state,
        crashed=run.crashed(),
        resumable=bool(going_on) or state.step == 0,
        checkpoints=tuple(run.checkpoints()),
        sheets=run.sheets(),
    )


@dataclass(frozen=True)
class Doing:
    """How a run is doing: an icon and words for it, and the name of a colour of the palette ("" for plain text)."""

    icon: str
    words: str
    colour: str = ""


def resting(state: RunState, *, crashed: bool, waiting: int = 0) -> Doing:
    """Of a run that is not in training here. ``waiting``: its place in the queue from 1, 0 for none."""
    far = f" at step {state.step:,} of {state.steps:,}"
    if waiting:
        return Doing("queue", f"waiting, number {waiting} in the queue")
    if crashed:
        return Doing("warning", f"interrupted{far}", "warn")
    match state.status:
        case "new":
            return Doing("circle", "not trained yet")
        case "running" | "paused":
            return Doing("lock", f"in training elsewhere{far}", "quiet")
        case "stopped":
            return Doing("stop-circle", f"stopped{far}")
        case "finished":
            return Doing("check-circle", f"finished, {state.step:,} steps", "good")
        case "failed":
            return Doing("warning-circle", f"failed{far}" + (f": {state.message}" if state.message else ""), "bad")


def going(step: int, steps: int, *, paused: str = "", message: str = "", starting: bool = False) -> Doing:
    """Of the run in training. ``paused``: the reason, empty while it moves."""
    far = f"step {step:,} of {steps:,}"
    if starting:
        return Doing("hourglass", "starting …", "quiet")
    match paused:
        case "":
            return Doing("play-circle", f"training · {far}", "accent")
        case "nan":
            return Doing("warning", f"paused, a value is not a number · {far}\n{message}".strip(), "warn")
        case "memory":
            return Doing("warning", f"paused, out of memory · {far}\n{message}".strip(), "warn")
        case "disk":
            return Doing("warning", f"paused, the disk takes no more · {far}\n{message}".strip(), "warn")
        case _:
            return Doing("pause-circle", f"paused · {far}")
