"""Taking in a run from elsewhere: one file that was exported, or a folder. It is a stranger's: nothing of it is run.

Only the files that a run has are taken, by name, and anything else is left where it is; sizes are bounded before and
while they are written; weights must be safetensors by their own header. The run appears in the library whole, or not
at all.
"""

from __future__ import annotations

import re
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

import orjson

from studio.data.watch import Watch
from studio.runs.folder import DamagedRun, RunFolder

MAX_MEMBERS = 200_000
MAX_BYTES = 64 << 30
MAX_RATIO = 200
"""No file of a run shrinks like that, except tiny ones; a bomb does."""
MAX_TEXT = 64 << 20
MAX_HEADER = 100_000_000
"""Of a safetensors file, as its own reader allows."""

_PART = re.compile(
    r"recipe\.toml|run\.json|state\.json|(metrics|spreads|measures)\.jsonl"
    r"|checkpoints/\d{1,12}/[a-z_]{1,40}\.(json|safetensors)"
    r"|sheets/\d{1,12}\.png"
)
_NEEDED = ("recipe.toml", "run.json", "state.json")
_PNG = b"\x89PNG\r\n\x1a\n"


class Refused(ValueError):
    """It cannot be done, or what was brought is no run, or not a safe one; the message says why."""


def is_part(name: str) -> bool:
    """Whether this is a file that belongs to a run, by its name below the run's folder, with forward slashes."""
    return _PART.fullmatch(name) is not None


def is_bundle(path: Path) -> bool:
    """Whether a file looks like an exported run: a zip with a run.json and a recipe.toml. Never raises."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {PurePosixPath(n).name for n in archive.namelist()[:MAX_MEMBERS] if n.count("/") <= 1}
            return {"run.json", "recipe.toml"} <= names
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def take(path: Path, root: Path, free: Callable[[str], Path], watch: Watch) -> Path:
    """Bring a bundle or a folder into a new folder below ``root``; ``free`` names one that is not taken.

    A run of the same id that is already there stays as it is: the newcomer gets another id, and says of which run it
    is a copy.

    Raises:
        Refused: see there. Cancelled: nothing is left behind.
    """
    if not path.exists():
        raise Refused(f"{path} is not there")
    root.mkdir(parents=True, exist_ok=True)
    part = root / f".incoming-{uuid.uuid4().hex}"
    try:
        name = _copy_folder(path, part, root, watch) if path.is_dir() else _unpack(path, part, root, watch)
        _settle(part, root)
        made = free(name)
        part.rename(made)
        return made
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as wrong:
        raise Refused(f"{path.name} cannot be read as an exported run: {wrong}") from wrong
    except DamagedRun as wrong:
        raise Refused(f"{path.name} holds a damaged run: {str(wrong).replace(f'{part}/', '')}") from wrong
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _settle(part: Path, root: Path) -> None:
    """Make a newcomer one of this library's runs.

    Raises:
        DamagedRun: when it is none.
    """
    run = RunFolder(part)
    info, state = run.info(), run.state()
    run.recipe()
    if state.status in ("running", "paused"):
        run.write_state(replace(state, status="stopped"))  # nobody trains it here
    if info.id in _ids(root):
        run.write_info(replace(info, id=uuid.uuid4().hex, forked_from=info.forked_from or f"{info.id}@{state.step}"))


def _ids(root: Path) -> set[str]:
    found = set()
    for path in root.glob("[!.]*/run.json"):
        try:
            found.add(str(orjson.loads(path.read_bytes())["id"]))
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
            continue  # a damaged run has no id to collide with
    return found


# --- a folder


def _copy_folder(path: Path, part: Path, root: Path, watch: Watch) -> str:
    names = [p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file() and not p.is_symlink()]
    names = [n for n in names if is_part(n)]
    _need(path.name, set(names))
    total = sum((path / n).stat().st_size for n in names)
    _room(path.name, total, root)
    done = 0
    for name in names:
        with (path / name).open("rb") as source:  # no limit on it: somebody may be training it, and curves grow
            done = _write(source, part, name, None, path.name, done, total, watch)
    return path.resolve().name


# --- a zip


def _unpack(path: Path, part: Path, root: Path, watch: Watch) -> str:
    with zipfile.ZipFile(path) as archive:
        top, members = _members(path.name, archive)
        total = sum(m.file_size for m in members)
        _room(path.name, total, root)
        done = 0
        for member in members:
            with archive.open(member) as source:
                name = member.filename.removeprefix(top)
                done = _write(source, part, name, member.file_size, path.name, done, total, watch)
    return top.strip("/") or path.stem


def _members(file: str, archive: zipfile.ZipFile) -> tuple[str, list[zipfile.ZipInfo]]:
    """The folder within the archive (with its slash) or "", and the files to take."""
    members = [m for m in archive.infolist() if not m.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise Refused(f"{file} holds {len(members):,} files; a run has far fewer")
    homes = [m.filename.removesuffix("run.json") for m in members if PurePosixPath(m.filename).name == "run.json"]
    top = min(homes, key=len, default=None)
    if top is None or top.count("/") > 1:
        raise Refused(f"{file} is no exported run: it has no run.json")
    taken: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        name = member.filename
        if name.startswith("/") or ".." in name.split("/") or "\\" in name or ":" in name:
            raise Refused(f"{file} is refused: {name!r} would be written outside of its folder")
        if not name.startswith(top) or not is_part(name.removeprefix(top)):
            continue
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise Refused(f"{file} is refused: {name!r} is a link or a device")
        if member.flag_bits & 1:
            raise Refused(f"{file} is refused: {name!r} is encrypted")
        if member.file_size > max(MAX_RATIO * member.compress_size, 1 << 20):
            raise Refused(f"{file} is refused: {name!r} would unpack to {member.file_size / 1e9:.1f} GB")
        if name in taken:
            raise Refused(f"{file} is refused: {name!r} stands in it twice")
        taken[name] = member
    if sum(m.file_size for m in taken.values()) > MAX_BYTES:
        raise Refused(f"{file} is refused: it would unpack to more than {MAX_BYTES >> 30} GiB")
    _need(file, {n.removeprefix(top) for n in taken})
    return top, list(taken.values())


# --- both


def _need(file: str, names: set[str]) -> None:
    missing = [n for n in _NEEDED if n not in names]
    if missing:
        raise Refused(f"{file} is no whole run: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")


def _room(file: str, total: int, root: Path) -> None:
    if total > shutil.disk_usage(root).free:
        raise Refused(f"{file} needs {total / 1e9:.1f} GB, more than is free where the library is")


def _write(
    source: IO[bytes], part: Path, name: str, size: int | None, file: str, done: int, total: int, watch: Watch
) -> int:
    """Copy one file and look at it; returns the bytes done so far."""
    at = part / name
    at.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with at.open("wb") as to:
        while block := source.read(1 << 20):
            written += len(block)
            if size is not None and written > size:  # the directory of the archive lied
                raise Refused(f"{file} is refused: {name!r} is larger than it says")
            watch.advance(min(done + written, total), total, name)
            to.write(block)
    _check(file, name, at)
    return done + written


def _check(file: str, name: str, at: Path) -> None:
    """Raises Refused unless the file holds what its name says, by its content."""
    size = at.stat().st_size
    with at.open("rb") as content:
        start = content.read(8)
        if name.endswith(".png") and start != _PNG:
            raise Refused(f"{file} is refused: {name!r} is no PNG")
        if name.endswith(".safetensors"):
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > min(MAX_HEADER, size - 8) or not _is_json(content.read(length)):
                raise Refused(f"{file} is refused: {name!r} is no safetensors file")
    if name.endswith((".json", ".toml")) and size > MAX_TEXT:
        raise Refused(f"{file} is refused: {name!r} is {size >> 20} MiB of text")
    if name.endswith(".json") and not _is_json(at.read_bytes()):
        raise Refused(f"{file} is refused: {name!r} is no JSON")


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(orjson.loads(content), dict | list)
    except orjson.JSONDecodeError:
        return False
