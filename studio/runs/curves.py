"""The curves of a run as arrays: a million lines of metrics.jsonl in a second or two, and at once the next time.

Lines of the same curves are gathered into one table of columns. Tables are kept beside the other caches, in a file
that can be deleted at any time; it holds how far metrics.jsonl was read, so that only what was appended is read again.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import orjson
import xxhash

from studio.data import files, places
from studio.data.watch import Watch

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]

BLOCK = 8 << 20
"""Bytes of metrics.jsonl read at once."""
WORTH_KEEPING = 1 << 20
"""A file shorter than this is read again faster than a cache is looked up."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve: ``y`` over ``step``, with the seconds of training at each. Steps rise strictly."""

    step: Steps
    seconds: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.step)


@dataclass(frozen=True, eq=False)
class Table:
    """Lines that hold the same ``names``: which line of the file, step, seconds, and ``values`` n×names.

    A value that was not finite when it was written is NaN here.
    """

    names: tuple[str, ...]
    line: Steps
    step: Steps
    seconds: Floats
    values: Floats

    def joined(self, other: Table) -> Table:
        both = [(self.line, other.line), (self.step, other.step), (self.seconds, other.seconds)]
        line, step, seconds = (np.concatenate(pair) for pair in both)
        return Table(self.names, line, step, seconds, np.concatenate([self.values, other.values]))


@dataclass(frozen=True, eq=False)
class Curves:
    """All curves of a run by "panel/curve".

    Attributes:
        tables: by the names of their curves; :attr:`curves` is the way to look at them.
        marks: (step, "checkpoint") and such, as they happened.
        lines, end: lines and bytes of metrics.jsonl that are in here.
        head: hash of the start of the file, which tells whether it is still the same one.
    """

    tables: dict[tuple[str, ...], Table] = field(default_factory=dict)
    marks: tuple[tuple[int, str], ...] = ()
    lines: int = 0
    end: int = 0
    head: str = ""

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The curves in order of their names. Where a step stands twice, after a resume, the later line wins."""
        holders: dict[str, list[tuple[Table, int]]] = {}
        for table in self.tables.values():
            for column, name in enumerate(table.names):
                holders.setdefault(name, []).append((table, column))
        plain = {names: _rising(table) for names, table in self.tables.items()}
        return {name: _curve(holders[name], plain) for name in sorted(holders)}

    def __getitem__(self, name: str) -> Curve:
        return self.curves[name]

    def __contains__(self, name: str) -> bool:
        return name in self.curves

    def __iter__(self) -> Iterator[str]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)


def _rising(table: Table) -> npt.NDArray[np.bool_] | None:
    """Which rows are left when a row counts only if all later ones are of a later step; None for all of them."""
    if not len(table.step) or bool((np.diff(table.step) > 0).all()):
        return None
    return _kept(table.step)


def _kept(step: Steps) -> npt.NDArray[np.bool_]:
    least_after = np.append(np.minimum.accumulate(step[::-1])[::-1][1:], np.iinfo(np.int64).max)
    return np.asarray(step < least_after, dtype=np.bool_)


def _curve(holders: list[tuple[Table, int]], kept: dict[tuple[str, ...], npt.NDArray[np.bool_] | None]) -> Curve:
    if len(holders) == 1:
        table, column = holders[0]
        rows = kept[table.names]
        if rows is None:
            return Curve(table.step, table.seconds, table.values[:, column])
        return Curve(table.step[rows], table.seconds[rows], table.values[rows, column])
    order = np.argsort(np.concatenate([t.line for t, _ in holders]), kind="stable")
    step = np.concatenate([t.step for t, _ in holders])[order]
    seconds = np.concatenate([t.seconds for t, _ in holders])[order]
    y = np.concatenate([t.values[:, c] for t, c in holders])[order]
    rows = _kept(step)
    return Curve(step[rows], seconds[rows], y[rows])


# --- reading


def read(run: Path, after: Curves | None = None, watch: Watch | None = None) -> Curves:
    """The curves of the run in a folder, empty when nothing was measured yet.

    Args:
        after: what was read before; only what was appended since is read, unless the file is another one by now.
        watch: is told (bytes, bytes in all).

    Raises:
        OSError: when metrics.jsonl is there and cannot be read.
        Cancelled: when the watch says so.
    """
    path = run / "metrics.jsonl"
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return Curves()
    with file:
        size = os.fstat(file.fileno()).st_size
        before = after if after is not None else _cached(path) if size >= WORTH_KEEPING else None
        if before is None or before.end > size or before.head != _head(file, before.end):
            before = Curves()
        found = _continue(file, before, size, watch)
    if after is None and size >= WORTH_KEEPING and found.end - before.end >= WORTH_KEEPING // 4:
        _cache(path, found)
    return found


def _head(file: IO[bytes], end: int) -> str:
    """Of the first bytes, and of the last ones before ``end``: a file that was only appended to keeps it."""
    file.seek(0)
    digest = xxhash.xxh3_128(file.read(min(end, 4096)))
    file.seek(max(0, end - 4096))
    digest.update(file.read(min(end, 4096)))
    return digest.hexdigest()


def _continue(file: IO[bytes], before: Curves, size: int, watch: Watch | None) -> Curves:
    gathered = _Gathered(before.lines)
    end = before.end
    file.seek(end)
    rest = b""
    while block := file.read(BLOCK):
        if watch is not None:
            watch.advance(end, size, "metrics")
        whole, newline, half = (rest + block).rpartition(b"\n")
        if newline:
            gathered.take(whole)
            end += len(whole) + 1
        rest = half  # the last line may still be in writing; it is read once its end is there
    if end == before.end:
        return before
    tables = dict(before.tables)
    for names, table in gathered.tables():
        tables[names] = tables[names].joined(table) if names in tables else table
    return Curves(tables, before.marks + tuple(gathered.marks), gathered.line, end, _head(file, end))


class _Gathered:
    """Columns that grow. One JSON array per few thousand lines is parsed far faster than line by line."""

    STRIDE = 4096

    def __init__(self, line: int) -> None:
        self.line = line
        self.marks: list[tuple[int, str]] = []
        self._columns: dict[tuple[str, ...], tuple[list[int], list[int], list[float], list[Any]]] = {}
        self._done: dict[tuple[str, ...], list[Table]] = {}

    def take(self, block: bytes) -> None:
        lines = block.split(b"\n")
        for start in range(0, len(lines), self.STRIDE):
            some = lines[start : start + self.STRIDE]
            try:
                self._rows(orjson.loads(b"[" + b",".join(some) + b"]"))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, OverflowError):
                self._columns.clear()
                self._one_by_one(some)  # one of them is damaged: pass over that one alone
            self.line += len(some)

    def _one_by_one(self, lines: list[bytes]) -> None:
        for number, line in enumerate(lines):
            try:
                self._rows([orjson.loads(line)], number)
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, OverflowError):
                self._columns.clear()

    def _rows(self, rows: list[Any], first: int = 0) -> None:
        marks = []
        columns = self._columns
        for number, row in enumerate(rows, self.line + first):
            values = row["values"]
            if values:
                names = tuple(values)
                column = columns.get(names)
                if column is None:
                    column = columns[names] = ([], [], [], [])
                column[0].append(number)
                column[1].append(row["step"])
                column[2].append(row["seconds"])
                column[3].extend(values.values())
            if "mark" in row:
                marks.append((int(row["step"]), str(row["mark"])))
        made = [_table(names, *column) for names, column in columns.items()]
        columns.clear()
        for table in made:  # only now that all of them are known to be sound
            self._done.setdefault(table.names, []).append(table)
        self.marks += marks

    def tables(self) -> Iterator[tuple[tuple[str, ...], Table]]:
        for names, parts in self._done.items():
            line, step, seconds, values = (
                np.concatenate([getattr(p, column) for p in parts]) for column in ("line", "step", "seconds", "values")
            )
            yield names, Table(names, line, step, seconds, values)


def _table(names: tuple[str, ...], line: list[int], step: list[int], seconds: list[float], values: list[Any]) -> Table:
    """Raises TypeError or ValueError when a line holds something other than numbers; null reads as NaN."""
    array = np.array(values, dtype=np.float64).reshape(-1, len(names))
    steps = np.array(step)
    if steps.dtype != np.int64:
        raise TypeError("a step is a whole number")
    return Table(names, np.array(line, dtype=np.int64), steps, np.array(seconds, dtype=np.float64), array)


# --- the cache


def _cache_path(metrics: Path) -> Path:
    return places.cache() / "curves" / f"{xxhash.xxh3_64_hexdigest(str(metrics.resolve()).encode())}.npz"


def _cache(metrics: Path, curves: Curves) -> None:
    plain = {
        "names": [t.names for t in curves.tables.values()],
        "marks": curves.marks,
        "lines": curves.lines,
        "end": curves.end,
        "head": curves.head,
    }
    arrays: dict[str, npt.NDArray[Any]] = {"about": np.frombuffer(orjson.dumps(plain), dtype=np.uint8)}
    for number, table in enumerate(curves.tables.values()):
        for column in ("line", "step", "seconds", "values"):
            arrays[f"{column}{number}"] = getattr(table, column)
    savez: Callable[..., None] = np.savez
    try:
        with files.replacing(_cache_path(metrics)) as fresh:
            savez(fresh, **arrays)
    except OSError:
        return  # a full disk costs the cache, not the curves


def _cached(metrics: Path) -> Curves | None:
    try:
        with np.load(_cache_path(metrics), allow_pickle=False) as kept:
            plain = orjson.loads(kept["about"].tobytes())
            tables = {}
            for number, names in enumerate(map(tuple, plain["names"])):
                columns = [kept[f"{column}{number}"] for column in ("line", "step", "seconds", "values")]
                tables[names] = Table(names, *columns)
        marks = tuple((int(step), str(mark)) for step, mark in plain["marks"])
        return Curves(tables, marks, plain["lines"], plain["end"], plain["head"])
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return None  # a damaged cache is no cache
