"""One run as the library shows it, and how it is read from its folder."""

from __future__ import annotations

import os
import stat
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from studio.data.dataset import DataSpec, Kind
from studio.runs.folder import DamagedRun, RunFolder, RunState


@dataclass(frozen=True)
class Entry:
    """One run as the library shows it.

    Attributes:
        title, model, tags, note: as in its files; a damaged run has its folder's name for a title.
        data: what it was trained on; None only when damaged.
        thumbnail: the newest sample sheet, or None before there is one.
        size: of all its files, bytes.
        created: seconds since the epoch.
        crashed: it says that it is running, and nobody is running it: offer to resume.
        damaged: why it cannot be used, empty when it can.
    """

    path: Path
    title: str
    model: str = ""
    data: DataSpec | None = None
    state: RunState = field(default_factory=RunState)
    tags: tuple[str, ...] = ()
    note: str = ""
    thumbnail: Path | None = None
    size: int = 0
    created: float = 0.0
    id: str = ""
    forked_from: str = ""
    crashed: bool = False
    damaged: str = ""

    def as_plain(self) -> dict[str, Any]:
        """For a cache: without what depends on where the library lies, and on who runs what now."""
        plain = asdict(self) | {"thumbnail": self.thumbnail.name if self.thumbnail else ""}
        del plain["path"], plain["crashed"]
        return plain

    @classmethod
    def from_plain(cls, path: Path, plain: dict[str, Any]) -> Entry:
        """The inverse of :meth:`as_plain`, after a trip through JSON; whether it crashed is looked up now.

        Raises:
            KeyError, TypeError, ValueError: when it is not what that made.
        """
        thumbnail = path / "sheets" / plain["thumbnail"] if plain["thumbnail"] else None
        entry = cls(
            **{
                **plain,
                "path": path,
                "data": DataSpec.from_dict(plain["data"]) if plain["data"] is not None else None,
                "state": RunState(**plain["state"]),
                "tags": tuple(plain["tags"]),
                "thumbnail": thumbnail,
            }
        )
        return entry if entry.state.status not in ("running", "paused") else replace(entry, crashed=_crashed(path))


def read(path: Path) -> Entry:
    """The entry of a run's folder; never raises for what is in it, but says what is wrong."""
    run = RunFolder(path)
    size, sheet = _measure(str(path))
    thumbnail = path / "sheets" / sheet if sheet else None
    try:
        info, state = run.info(), run.state()
        model, _ = run.recipe()
        entry = Entry(
            path=path,
            title=info.title,
            model=model,
            data=info.data,
            state=state,
            tags=info.tags,
            note=info.note,
            thumbnail=thumbnail,
            size=size,
            created=info.created,
            id=info.id,
            forked_from=info.forked_from,
            crashed=_crashed(path),
        )
        wrong = _nonsense(entry)
        if not wrong:
            return entry
        reason = f"{path}: {wrong}"
    except DamagedRun as error:
        reason = str(error)
    except (OSError, ValueError, TypeError, AttributeError) as error:  # a list where a table should be, and the like
        reason = f"{path}: its files hold something unexpected ({error})"
    return Entry(path=path, title=path.name, thumbnail=thumbnail, size=size, created=_made(path), damaged=reason)


def _nonsense(entry: Entry) -> str:
    """Files that can be read may still hold a text where a number belongs, at which lists and sorting would break."""
    data, state = entry.data, entry.state
    good: dict[str, bool] = {
        "run.json, title": isinstance(entry.title, str),
        "run.json, id": isinstance(entry.id, str),
        "run.json, note": isinstance(entry.note, str),
        "run.json, tags": all(isinstance(t, str) for t in entry.tags),
        "run.json, created": isinstance(entry.created, int | float),
        "run.json, data": data is not None
        and data.kind in get_args(Kind)
        and len(data.shape) == (3 if data.kind == "images" else 1)
        and all(isinstance(n, int) for n in (*data.shape, data.count, data.held_out, data.vocabulary, data.vectors))
        and all(isinstance(t, str) for t in (data.name, data.fingerprint, data.source, *data.classes, *data.carries)),
        "state.json, status": state.status in ("new", "running", "paused", "stopped", "finished", "failed"),
        "state.json, message": isinstance(state.message, str),
        "state.json": all(isinstance(n, int | float) for n in (state.step, state.steps, state.seconds, state.updated)),
    }
    return next((f"{place} is not what it should be" for place, fine in good.items() if not fine), "")


def _crashed(path: Path) -> bool:
    try:
        return RunFolder(path).crashed()
    except (DamagedRun, OSError):
        return False


def _made(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _measure(path: str) -> tuple[int, str]:
    """Size of all files below, links not followed, and the name of the newest sample sheet, empty when there is none.

    In texts, for a Path per file would be most of the time of a scan.
    """
    size, newest, waiting = 0, "", [path]
    sheets = f"{path}{os.sep}sheets"
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as found:
                for item in found:
                    if item.is_dir(follow_symlinks=False):
                        waiting.append(item.path)
                        continue
                    about = item.stat(follow_symlinks=False)
                    size += about.st_size if stat.S_ISREG(about.st_mode) else 0
                    name = item.name
                    if folder == sheets and name.endswith(".png") and name[:-4].isdecimal():
                        newest = max(newest, name, key=lambda n: (len(n), n))
        except OSError:
            continue  # it went while we looked, or is not ours to read
    return size, newest
