"""A run on disk: a folder that a person can read, copy or delete. No torch; see the layout in :class:`RunFolder`."""

from __future__ import annotations

import itertools
import os
import platform
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import filelock
import orjson

from studio.data import files
from studio.data.dataset import DataSpec
from studio.models.core.recipe import Value, from_toml, to_toml
from studio.runs.spreads import SpreadRecord, by_name, parsed

Status = Literal["new", "running", "paused", "stopped", "finished", "failed"]


class DamagedRun(Exception):
    """A folder that is no run, or one whose files cannot be read; the message names the file."""


@dataclass(frozen=True)
class RunInfo:
    """run.json: what does not change by training. Times are seconds since the epoch."""

    id: str
    title: str
    created: float
    data: DataSpec
    tags: tuple[str, ...] = ()
    note: str = ""
    forked_from: str = ""
    begins_from: str = ""
    """"id@step" of a run beside it whose checkpoint it takes over when its own training begins; empty: none."""
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunState:
    """state.json: how far it got. ``seconds`` of training so far; ``message`` explains a failure or a pause."""

    status: Status = "new"
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    updated: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class Record:
    """One line of metrics.jsonl: values of a step by "panel/curve", or a mark ("checkpoint") on the time axis."""

    step: int
    seconds: float
    values: dict[str, float]
    mark: str = ""


class RunFolder:
    """One run. The folder explains itself::

        recipe.toml              the model's name and every field of its recipe
        run.json                 title, dataset, tags, note, where it was forked from, software versions
        state.json               status, step, seconds of training
        metrics.jsonl            append-only: {"step", "seconds", "values": {...}}, a half last line is ignored
        spreads.jsonl            append-only: histograms, {"step", "seconds", "name", "scale", "edges", "counts"}
        measures.jsonl           append-only: every attempt at measuring it, {"step", "samples", "figures": [...], ...}
        checkpoints/000012400/   weights.safetensors, average.safetensors, engine.safetensors, state.json
        sheets/000012400.png     the fixed-seed samples at that step
        .lock                    held by whoever trains it

    Older checkpoints are thinned to ``average.safetensors`` alone: enough to look at, not to resume from.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @classmethod
    def create(
        cls,
        path: Path,
        model: str,
        recipe: Mapping[str, Value],
        data: DataSpec,
        *,
        title: str = "",
        forked_from: str = "",
        begins_from: str = "",
    ) -> RunFolder:
        """Make a new run, ready to be trained. The rest: as :class:`RunInfo` has it.

        Raises:
            FileExistsError: when there already is something at ``path``.
        """
        path.mkdir(parents=True)
        run = cls(path)
        files.write(path / "recipe.toml", to_toml(model, recipe))
        run.write_info(
            RunInfo(
                id=uuid.uuid4().hex,
                title=title or path.name,
                created=time.time(),
                data=data,
                forked_from=forked_from,
                begins_from=begins_from,
                versions=versions(),
            )
        )
        run.write_state(RunState(steps=int(recipe["steps"])))
        return run

    # --- what it is

    def recipe(self) -> tuple[str, dict[str, Value]]:
        """The model's name and its recipe.

        Raises:
            DamagedRun: when recipe.toml is missing or unreadable; so do :meth:`info` and :meth:`state` for theirs.
        """
        try:
            return from_toml((self.path / "recipe.toml").read_text("utf-8"))
        except (OSError, ValueError) as wrong:
            raise DamagedRun(f"{self.path / 'recipe.toml'}: {wrong}") from wrong

    def info(self) -> RunInfo:
        plain = self._json("run.json")
        try:
            return RunInfo(**{**plain, "data": DataSpec.from_dict(plain["data"]), "tags": tuple(plain["tags"])})
        except (KeyError, TypeError) as wrong:
            raise DamagedRun(f"{self.path / 'run.json'}: {wrong}") from wrong

    def write_info(self, info: RunInfo) -> None:
        files.write(self.path / "run.json", orjson.dumps(asdict(info), option=orjson.OPT_INDENT_2))

    def state(self) -> RunState:
        plain = self._json("state.json")
        try:
            return RunState(**plain)
        except TypeError as wrong:
            raise DamagedRun(f"{self.path / 'state.json'}: {wrong}") from wrong

    def write_state(self, state: RunState) -> None:
        now = replace(state, updated=time.time())
        files.write(self.path / "state.json", orjson.dumps(asdict(now), option=orjson.OPT_INDENT_2))

    def _json(self, name: str) -> dict[str, Any]:
        try:
            plain = orjson.loads((self.path / name).read_bytes())
        except (OSError, orjson.JSONDecodeError) as wrong:
            raise DamagedRun(f"{self.path / name}: {wrong}") from wrong
        if not isinstance(plain, dict):
            raise DamagedRun(f"{self.path / name}: holds no table")
        return plain

    # --- how it went

    def append(self, records: list[Record]) -> None:
        """Add lines to metrics.jsonl; they survive the process from then on."""
        lines = [
            orjson.dumps(
                {"step": r.step, "seconds": round(r.seconds, 3), "values": r.values}
                | ({"mark": r.mark} if r.mark else {})
            )
            + b"\n"
            for r in records
        ]
        self._append("metrics.jsonl", lines)

    def append_spreads(self, records: list[SpreadRecord]) -> None:
        """Add lines to spreads.jsonl; they survive the process from then on."""
        self._append("spreads.jsonl", [r.as_line() for r in records])

    def append_measures(self, attempt: Mapping[str, Any]) -> None:
        """Add a line to measures.jsonl; it survives the process from then on."""
        self._append("measures.jsonl", [orjson.dumps(attempt) + b"\n"])

    def measures(self) -> list[dict[str, Any]]:
        """Every attempt at measuring it, in order. Lines that cannot be read are passed over.

        Raises:
            OSError: when measures.jsonl is there and cannot be read.
        """
        found = []
        with suppress(FileNotFoundError), (self.path / "measures.jsonl").open("rb") as file:
            for line in file:
                with suppress(orjson.JSONDecodeError):
                    found.append(orjson.loads(line))
        return [plain for plain in found if isinstance(plain, dict)]

    def _append(self, name: str, lines: list[bytes]) -> None:
        path = self.path / name
        with path.open("ab") as file:
            if file.tell() and not _ends_with_newline(path):
                file.write(b"\n")  # a kill cut the last line short; do not glue the next one to it
            file.write(b"".join(lines))

    def spreads(self) -> dict[str, list[SpreadRecord]]:
        """How numbers that each example has were spread, by "panel/what", each with rising steps; of a step that was
        done again the later one. Lines that cannot be read are passed over.

        Raises:
            OSError: when spreads.jsonl is there and cannot be read.
        """
        try:
            with (self.path / "spreads.jsonl").open("rb") as file:
                return by_name(parsed(file))
        except FileNotFoundError:
            return {}

    def records(self, after: int = -1) -> Iterator[Record]:
        """What was measured, in order. Lines that cannot be read are passed over.

        After a resume from an older checkpoint the steps in between are measured again and stand twice; the later
        line is the one that belongs to the weights on disk.
        """
        try:
            with (self.path / "metrics.jsonl").open("rb") as file:
                for line in file:
                    try:
                        plain = orjson.loads(line)
                        if plain["step"] > after:
                            yield Record(plain["step"], plain["seconds"], plain["values"], plain.get("mark", ""))
                    except (orjson.JSONDecodeError, KeyError, TypeError):
                        continue
        except FileNotFoundError:
            return

    def checkpoints(self, resumable: bool = False) -> list[int]:
        """Steps of which there are weights, rising; with ``resumable`` only those that training can go on from."""
        needed = "engine.safetensors" if resumable else "average.safetensors"
        return sorted(int(p.name) for p in (self.path / "checkpoints").glob("[0-9]*") if (p / needed).is_file())

    def checkpoint(self, step: int) -> Path:
        return self.path / "checkpoints" / f"{step:09d}"

    def sheets(self) -> list[tuple[int, Path]]:
        """Steps and files of the fixed-seed sample sheets, rising."""
        return sorted((int(p.stem), p) for p in (self.path / "sheets").glob("[0-9]*.png"))

    def sheet(self, step: int) -> Path:
        return self.path / "sheets" / f"{step:09d}.png"

    # --- who has it

    def lock(self) -> filelock.FileLock:
        """Held while training; taking it without waiting fails with filelock.Timeout when somebody else has it."""
        return filelock.FileLock(self.path / ".lock")

    def crashed(self) -> bool:
        """Whether it says that it is running, and nobody is running it: offer to resume."""
        if self.state().status not in ("running", "paused"):
            return False
        try:
            with self.lock().acquire(blocking=False):
                return True
        except filelock.Timeout:
            return False


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def free_path(library: Path, model: str, data: DataSpec) -> Path:
    """A folder name that a person can read and that is not taken: ``digits-wgan_gp-3``."""
    stem = f"{''.join(c if c.isalnum() else '-' for c in data.name.lower()).strip('-')}-{model}"
    return next(p for n in itertools.count(1) if not (p := library / f"{stem}-{n}").exists())


def versions() -> dict[str, str]:
    """Of the software that could change a result."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for name in ("gen-studio", "torch", "torchvision", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
