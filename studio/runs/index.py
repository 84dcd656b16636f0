"""What the last scan of a library saw, so that the next one reads only what changed. Can be deleted at any time.

A run is looked at again when one of its files, or a folder of it, has another time or size than it had then. Opening
three files and measuring a hundred more takes a millisecond; a library has a thousand runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import xxhash

from studio import __version__
from studio.data import files, places
from studio.runs.entry import Entry

WATCHED = ("", "run.json", "recipe.toml", "state.json", "metrics.jsonl", "checkpoints", "sheets")
Stamp = list[int]


def stamp_of(path: Path) -> Stamp:
    """Times and sizes of what a run's entry is made from; −1 for what is not there."""
    found = []
    for name in WATCHED:
        try:
            about = os.stat(f"{path}/{name}" if name else path)  # noqa: PTH116 - seven of them for each of a thousand
            found += [about.st_mtime_ns, about.st_size]
        except OSError:
            found.append(-1)
    return found


class Index:
    """The entries of one library's last scan."""

    def __init__(self, root: Path) -> None:
        self._at = places.cache() / "libraries" / f"{xxhash.xxh3_64_hexdigest(str(root.resolve()).encode())}.json"
        self._before: dict[str, Any] = {}
        self._now: dict[str, Any] = {}
        try:
            plain = orjson.loads(self._at.read_bytes())
            if plain["version"] == __version__:
                self._before = dict(plain["runs"])
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            pass  # none yet, or damaged: then everything is read

    def entry(self, path: Path, read: Callable[[Path], Entry]) -> Entry:
        """The entry of a run: as it was when nothing changed, else by ``read``."""
        stamp = stamp_of(path)
        known = self._before.get(path.name)
        try:
            if known is not None and known["stamp"] == stamp:
                entry = Entry.from_plain(path, known["entry"])
                self._now[path.name] = known
                return entry
        except (KeyError, TypeError, ValueError):
            pass  # as above
        entry = read(path)
        self._now[path.name] = {"stamp": stamp, "entry": entry.as_plain()}
        return entry

    def save(self) -> None:
        if self._now == self._before:
            return
        try:
            files.write(self._at, orjson.dumps({"version": __version__, "runs": self._now}))
        except OSError:
            return  # a full disk costs the cache, not the library
