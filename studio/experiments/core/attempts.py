"""Attempts at an experiment, on disk. No torch.

Every one is kept, whatever became of it, in a folder that explains itself::

    <home>/experiments/infogan_mnist/2026-03-01-174502/
        attempt.json     what was asked for, on which data, machine and versions; its runs; what came of it
        *.png            the pictures of its findings
        .lock            held by whoever is at it

Its runs are ordinary runs of the library. An attempt that was interrupted goes on where it stopped: runs resume from
their checkpoints, those that have finished are not trained again.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import filelock
import orjson

from studio.data import files, places
from studio.data.dataset import DataSpec
from studio.experiments.core.experiment import (
    Evidence,
    Experiment,
    Findings,
    Planned,
    PresetName,
    Ran,
    findings_from_plain,
)
from studio.models.core.recipe import Value
from studio.runs.folder import DamagedRun, RunFolder, free_path, versions

Status = Literal["running", "finished", "failed", "cancelled", "damaged"]
FILE = "attempt.json"
FORMAT = 1


@dataclass(frozen=True)
class MadeRun:
    """A run of an attempt: the key that it was planned under, and its folder (relative to the library when in it)."""

    key: str
    path: str
    id: str

    @property
    def folder(self) -> Path:
        at = Path(self.path)
        return at if at.is_absolute() else places.runs() / at


@dataclass(frozen=True)
class Attempt:
    """One attempt, as attempt.json has it. Times in seconds since the epoch.

    Attributes:
        path: its folder.
        status: ``running`` until it has a conclusion, also while nobody is at it; ``damaged`` when the file cannot be
            read (``message`` says why, and little else is known).
        seconds: of its trainings and its conclusion, together.
        device: as it was asked for ("auto", "cpu", "cuda").
        machine: for a person ("AMD EPYC 9654, 2 cores; NVIDIA H200"); of the newest work on it.
        datasets: by their names in the experiment.
        message: why it failed.
    """

    path: Path
    experiment: str
    preset: PresetName = "short"
    seeds: tuple[int, ...] = (0,)
    status: Status = "running"
    started: float = 0.0
    ended: float = 0.0
    seconds: float = 0.0
    device: str = "auto"
    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, DataSpec] = field(default_factory=dict)
    runs: tuple[MadeRun, ...] = ()
    message: str = ""
    findings: Findings | None = None

    @property
    def pictures(self) -> list[Path]:
        """The pictures of its findings that are there."""
        found = self.findings.pictures if self.findings is not None else ()
        return [at for p in found if (at := self.path / p.file).is_file()]

    def lock(self) -> filelock.FileLock:
        """Held by whoever is at it; taking it without waiting fails with filelock.Timeout when somebody else is."""
        return filelock.FileLock(self.path / ".lock")


def folder() -> Path:
    return places.home() / "experiments"


# --- making


def begin(
    experiment: Experiment,
    preset: PresetName,
    seeds: Sequence[int],
    datasets: Mapping[str, DataSpec],
    defaults: Mapping[str, Mapping[str, Value]],
    *,
    device: str = "auto",
) -> Attempt:
    """A new attempt with its runs, none of them trained yet. Writes small files only.

    Args:
        datasets: as :func:`studio.experiments.core.material.prepare` returned them.
        defaults: of each model's recipe, by the model's name (``ModelCard.defaults``).

    Raises:
        ValueError: when a model that it needs is not there.
        OSError: nothing is left behind.
    """
    planned = experiment.planned(preset, seeds)
    if missing := sorted({p.model for p in planned} - set(defaults)):
        raise ValueError(f"{experiment.name} needs the model {', '.join(missing)}, which is not there")
    path, made, ends = _free(experiment.name), list[MadeRun](), dict[str, str]()
    try:
        for one in planned:
            made.append(_make(one, datasets[one.dataset], defaults[one.model], ends))
            ends[one.key] = f"{made[-1].id}@{one.values.get('steps', defaults[one.model]['steps'])}"
        attempt = Attempt(
            path,
            experiment.name,
            preset,
            tuple(seeds),
            started=time.time(),
            device=device,
            machine=machine(),
            versions=versions(),
            datasets=dict(datasets),
            runs=tuple(made),
        )
        write(attempt)
    except BaseException:  # a full disk: leave no half of an attempt behind
        for folder in [path, *(run.folder for run in made)]:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return attempt


def _make(planned: Planned, data: DataSpec, defaults: Mapping[str, Value], ends: Mapping[str, str]) -> MadeRun:
    """``ends``: "id@step" of the last step of each run made before it, by key."""
    at = free_path(places.runs(), planned.model, data)
    begins = ends[planned.begins_from] if planned.begins_from else ""
    run = RunFolder.create(
        at,
        planned.model,
        {**defaults, **planned.values},
        data,
        title=planned.title,
        forked_from=begins,
        begins_from=begins,
    )
    return MadeRun(planned.key, at.name, run.info().id)


def _free(name: str) -> Path:
    """A new folder, named by the time."""
    stamp, number = time.strftime("%Y-%m-%d-%H%M%S"), 1
    while True:
        path = folder() / name / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            number += 1


def machine() -> str:
    """The processor in words, and how many of its cores this process may use."""
    name = platform.processor() or platform.machine()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{name}, {cores} core{'s' if cores != 1 else ''}"


# --- looking


def read(path: Path) -> Attempt:
    """One attempt; one whose file is damaged says so in its status and message, and is never an exception."""
    experiment = path.parent.name
    try:
        plain = orjson.loads((path / FILE).read_bytes())
        return _from_plain(path, plain)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        return Attempt(path, experiment, status="damaged", message=f"{path / FILE}: {wrong}")


def listed(experiment: str = "") -> list[Attempt]:
    """All attempts, at one experiment or (empty) at any, the newest first."""
    found = [p.parent for p in folder().glob(f"{experiment or '*'}/*/{FILE}")]
    return sorted(map(read, found), key=lambda a: a.path.name, reverse=True)


def unfinished(experiment: str = "") -> list[Attempt]:
    """Those that wait for somebody to go on with them, the newest first; nobody else is at them."""
    return [a for a in listed(experiment) if a.status == "running" and not taken(a)]


def taken(attempt: Attempt) -> bool:
    """Whether somebody, perhaps another program, is at it now."""
    try:
        with attempt.lock().acquire(blocking=False):
            return False
    except filelock.Timeout:
        return True


def left(attempt: Attempt) -> list[Path]:
    """The runs that still have to be trained, in order.

    Raises:
        DamagedRun: when one of them is gone or cannot be read; the message says which.
    """
    return [r.folder for r in attempt.runs if not _whole(r)]


def _whole(made: MadeRun) -> bool:
    run = RunFolder(made.folder)
    if run.info().id != made.id:
        raise DamagedRun(f"{made.folder}: is another run than the one that was made for this attempt")
    state = run.state()
    return state.status == "finished" or state.step >= int(run.recipe()[1]["steps"])


def evidence(attempt: Attempt, experiment: Experiment, **more: Any) -> Evidence:
    """What the conclusion is drawn from; ``more`` as :class:`Evidence` has it.

    Raises:
        ValueError: when a run is not finished, or the experiment has since come to plan other runs.
        DamagedRun: when one is gone.
    """
    planned = {p.key: p for p in experiment.planned(attempt.preset, attempt.seeds)}
    if set(planned) != {r.key for r in attempt.runs}:
        raise ValueError("this attempt is from another version of the experiment; make a new one")
    if waiting := left(attempt):
        raise ValueError(f"{len(waiting)} of its {len(attempt.runs)} runs are not finished: {waiting[0].name}")
    ran = [Ran(planned[r.key], RunFolder(r.folder)) for r in attempt.runs]
    return Evidence(ran, attempt.preset, attempt.seeds, attempt.path, **more)


# --- how it went


def write(attempt: Attempt) -> None:
    """Replace attempt.json as a whole."""
    plain = {k: v for k, v in asdict(attempt).items() if k != "path"}
    files.write(attempt.path / FILE, orjson.dumps({"format": FORMAT, **plain}, option=orjson.OPT_INDENT_2))


def finish(attempt: Attempt, findings: Findings, seconds: float, machine: str = "") -> Attempt:
    """Write down what came out. ``seconds``: of the conclusion; those of the runs are added."""
    return _ended(attempt, "finished", seconds=_trained(attempt) + seconds, findings=findings, machine=machine)


def fail(attempt: Attempt, message: str) -> Attempt:
    """Write down that it did not work, and why. It is kept, and a new one can be made."""
    return _ended(attempt, "failed", seconds=_trained(attempt), message=message)


def cancel(attempt: Attempt) -> Attempt:
    """Write down that a person called it off. Its runs stay in the library as they are."""
    return _ended(attempt, "cancelled", seconds=_trained(attempt))


def again(attempt: Attempt) -> Attempt:
    """Take up one that failed or was called off: it goes on where it stopped."""
    taken_up = replace(attempt, status="running", ended=0.0, message="", findings=None)
    write(taken_up)
    return taken_up


def _ended(attempt: Attempt, status: Status, *, machine: str = "", **more: Any) -> Attempt:
    now = replace(attempt, status=status, ended=time.time(), machine=machine or attempt.machine, **more)
    write(now)
    return now


def _trained(attempt: Attempt) -> float:
    """Seconds that its runs have taken so far, as far as they can be read."""
    total = 0.0
    for run in attempt.runs:
        with suppress(DamagedRun):
            total += RunFolder(run.folder).state().seconds
    return total


def _from_plain(path: Path, plain: Any) -> Attempt:
    known = {k: v for k, v in plain.items() if k != "format"}
    if known["status"] not in get_args(Status) or known["preset"] not in get_args(PresetName):
        raise ValueError(f"unknown status {known['status']!r} or preset {known['preset']!r}")
    findings = known["findings"]
    return Attempt(
        path,
        **{
            **known,
            "seeds": tuple(known["seeds"]),
            "datasets": {k: DataSpec.from_dict(v) for k, v in known["datasets"].items()},
            "runs": tuple(MadeRun(**r) for r in known["runs"]),
            "findings": None if findings is None else findings_from_plain(findings),
        },
    )
