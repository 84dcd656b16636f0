"""Taking in a run that came as one file. The file is a stranger's: nothing of it is trusted, nothing of it is run.

Only the files that a run has are taken, by name; sizes are bounded before and while they are written; weights must
be safetensors by their own header. The folder appears in the library whole, or not at all.
"""

from __future__ import annotations

import re
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

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

_MEMBER = re.compile(
    r"recipe\.toml|run\.json|state\.json|metrics\.jsonl"
    r"|checkpoints/\d{1,12}/(weights|average|engine)\.safetensors"
    r"|checkpoints/\d{1,12}/[a-z_]{1,40}\.(json|safetensors)"
    r"|sheets/\d{1,12}\.png"
)
_NEEDED = ("recipe.toml", "run.json", "state.json")
_PNG = b"\x89PNG\r\n\x1a\n"


class Refused(Exception):
    """The file is no bundle of a run, or not a safe one; the message says which part of it and why."""


def is_bundle(path: Path) -> bool:
    """Whether a file looks like an exported run: a zip with a run.json and a recipe.toml. Never raises."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {PurePosixPath(n).name for n in archive.namelist()[:MAX_MEMBERS]}
            return {"run.json", "recipe.toml"} <= names
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
        return False


def unpack(path: Path, root: Path, free: Callable[[str], Path], watch: Watch) -> Path:
    """Unpack a bundle to a new folder below ``root``; ``free`` names one that is not taken.

    A run of the same id that is already there stays as it is: the copy gets a new id, and says where it came from.

    Raises:
        Refused: see there. Cancelled: nothing is left behind.
    """
    root.mkdir(parents=True, exist_ok=True)
    part = root / f".incoming-{uuid.uuid4().hex}"
    try:
        with zipfile.ZipFile(path) as archive:
            top, members = _members(path, archive)
            total = sum(m.file_size for m in members)
            if total > shutil.disk_usage(root).free:
                raise Refused(f"{path.name} needs {total / 1e9:.1f} GB, more than is free where the library is")
            done = 0
            for member in members:
                name = member.filename.removeprefix(top)
                at = part / name
                at.parent.mkdir(parents=True, exist_ok=True)
                done = _copy(path, archive, member, at, done, total, watch)
                _check(path, name, at)
        run = RunFolder(part)
        info = run.info()
        run.recipe()
        state = run.state()
        if state.status in ("running", "paused"):
            run.write_state(type(state)(**{**vars(state), "status": "stopped"}))  # nobody trains it here
        if info.id in _ids(root):
            run.write_info(
                type(info)(**{**vars(info), "id": uuid.uuid4().hex, "forked_from": info.forked_from or info.id})
            )
        made = free(top.strip("/") or path.stem)
        part.rename(made)
        return made
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError) as wrong:
        raise Refused(f"{path.name} cannot be read as a bundle of a run: {wrong}") from wrong
    except DamagedRun as wrong:
        raise Refused(f"{path.name} holds a damaged run: {str(wrong).replace(str(part) + '/', '')}") from wrong
    except FileNotFoundError as wrong:
        raise Refused(f"{path} is not there") from wrong
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _members(path: Path, archive: zipfile.ZipFile) -> tuple[str, list[zipfile.ZipInfo]]:
    """The folder within the archive (with its slash) or "", and the files to take."""
    members = [m for m in archive.infolist() if not m.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise Refused(f"{path.name} holds {len(members):,} files; a run has far fewer")
    homes = [m.filename.removesuffix("run.json") for m in members if PurePosixPath(m.filename).name == "run.json"]
    top = min(homes, key=len, default=None)
    if top is None or top.count("/") > 1:
        raise Refused(f"{path.name} is no exported run: it has no run.json")
    seen: set[str] = set()
    for member in members:
        name = member.filename
        parts = name.split("/")
        if name.startswith(("/", "\\")) or ".." in parts or "\\" in name or ":" in parts[0]:
            raise Refused(f"{path.name} is refused: {name!r} would be written outside of its folder")
        if not name.startswith(top) or not _MEMBER.fullmatch(name.removeprefix(top)):
            raise Refused(f"{path.name} is refused: {name!r} is no file of a run")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise Refused(f"{path.name} is refused: {name!r} is a link or a device")
        if member.flag_bits & 1:
            raise Refused(f"{path.name} is refused: {name!r} is encrypted")
        if member.file_size > max(MAX_RATIO * member.compress_size, 1 << 20):
            raise Refused(f"{path.name} is refused: {name!r} claims to unpack to {member.file_size / 1e9:.1f} GB")
        if name in seen:
            raise Refused(f"{path.name} is refused: {name!r} stands in it twice")
        seen.add(name)
    if sum(m.file_size for m in members) > MAX_BYTES:
        raise Refused(f"{path.name} is refused: it would unpack to more than {MAX_BYTES >> 30} GiB")
    missing = [n for n in _NEEDED if top + n not in seen]
    if missing:
        raise Refused(f"{path.name} is no whole run: {', '.join(missing)} is missing")
    return top, members


def _copy(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, at: Path, done: int, total: int, watch: Watch
) -> int:
    with archive.open(member) as source, at.open("wb") as to:
        written = 0
        while block := source.read(1 << 20):
            written += len(block)
            if written > member.file_size:  # the directory of the archive lied
                raise Refused(f"{path.name} is refused: {member.filename!r} is larger than it says")
            watch.advance(done + written, total, member.filename)
            to.write(block)
    return done + written


def _check(path: Path, name: str, at: Path) -> None:
    """Raises Refused unless the file holds what its name says, by its content."""
    with at.open("rb") as file:
        start = file.read(8)
        if name.endswith(".png"):
            if start != _PNG:
                raise Refused(f"{path.name} is refused: {name!r} is no PNG")
            return
        size = at.stat().st_size
        if name.endswith(".safetensors"):
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > min(MAX_HEADER, size - 8) or not _is_json(file.read(length)):
                raise Refused(f"{path.name} is refused: {name!r} is no safetensors file")
            return
    if not name.endswith(".jsonl") and size > MAX_TEXT:
        raise Refused(f"{path.name} is refused: {name!r} is {size >> 20} MiB of text")
    if name.endswith(".json") and not _is_json(at.read_bytes()):
        raise Refused(f"{path.name} is refused: {name!r} is no JSON")


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(orjson.loads(content), dict | list)
    except orjson.JSONDecodeError:
        return False


def _ids(root: Path) -> set[str]:
    found = set()
    for path in root.glob("[!.]*/run.json"):
        try:
            found.add(str(orjson.loads(path.read_bytes())["id"]))
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
            continue  # a damaged run has no id to collide with
    return found
