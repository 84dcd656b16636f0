"""Word vectors from a file that a person names: GloVe's text, word2vec's text and binary; plain, or packed by gzip,
bzip2 or xz. Read as a stream; only the vectors of the words that are wanted are kept.

GloVe: ``word number number ...`` a line (a few of its words hold spaces: the last numbers count). word2vec: a first
line ``words dimensions``, then the same, or in the binary form each word, a space, and float32 little-endian numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import xxhash

from studio.data.errors import Unreadable, Unrecognised
from studio.data.reading import Skipped
from studio.data.sniff import sniff
from studio.data.trees import damage_told, first_bytes, unpacked
from studio.data.watch import Watch

MOST_DIMENSIONS = 4096
LONGEST_LINE = 1 << 17
LONGEST_WORD = 4096
"""Bytes."""
KEPT_SKIPS = 100
TOLD_EACH = 10_000
_HEADER = re.compile(rb"(\d{1,10})[ \t](\d{1,5})\s*")


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors of some words.

    Attributes:
        table: float32 V×D, NaN in the rows of words that the file lacks.
        known: how many words have one.
        skipped: lines that could not be read, the first hundred.
    """

    table: npt.NDArray[np.float32]
    known: int
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True)
class _Form:
    """How a file is written: numbers a word; whether a first line says so; words, in the binary form (0: text)."""

    dimensions: int
    headed: bool
    binary: int


def content(path: Path, watch: Watch) -> str:
    """xxh3_128 of the file, in hex.

    Raises:
        Unrecognised: there is no such file. OSError, Cancelled.
    """
    _there(path)
    told, whole = xxhash.xxh3_128(), path.stat().st_size
    with path.open("rb") as file:
        while piece := file.read(1 << 22):
            told.update(piece)
            watch.advance(file.tell(), whole, "Comparing the word vectors")
    return told.hexdigest()


def check(path: Path) -> int:
    """How many dimensions the vectors of a file have, by its beginning.

    Raises:
        Unrecognised: no file of word vectors; the message says what is read. Unreadable: a damaged one. OSError.
    """
    _there(path)
    return _form(path).dimensions


def read(path: Path, words: npt.NDArray[np.str_], watch: Watch) -> Vectors:
    """The vectors of these words.

    Args:
        words: V of them, all different.

    Raises:
        Unrecognised: no file of word vectors. Unreadable: one that is damaged, or has none of the words. OSError.
    """
    _there(path)
    form, whole = _form(path), path.stat().st_size
    wanted = {str(word).encode(): row for row, word in enumerate(words)}
    table = np.full((len(words), form.dimensions), np.nan, np.float32)
    skipped: list[Skipped] = []
    with _opened(path) as (raw, stream):
        pieces = _binary(stream, form, path.name) if form.binary else _text(stream, form, path.name, wanted, skipped)
        for at, (word, numbers) in enumerate(pieces):
            if at % TOLD_EACH == 0:
                watch.advance(min(raw.tell(), whole), whole, "Reading the word vectors")
            row = wanted.get(word)
            if row is None or not np.isnan(table[row, 0]):  # a word that comes again counts the first time
                continue
            if np.isfinite(numbers).all():
                table[row] = numbers
            elif len(skipped) < KEPT_SKIPS:
                skipped.append(Skipped(f"{path.name}, “{word.decode(errors='replace')}”", "its vector is not finite"))
    known = int((~np.isnan(table[:, 0])).sum())
    if not known:
        raise Unreadable(f"{path.name}: has a vector for none of the {len(words):,} words of these sentences")
    return Vectors(table, known, tuple(skipped))


def _there(path: Path) -> None:
    if not path.is_file():
        what = "is a folder; name the file in it" if path.is_dir() else "there is no such file"
        raise Unrecognised(f"word vectors {path}: {what}")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    with damage_told(path.name), path.open("rb") as raw, unpacked(raw) as stream:
        yield raw, stream


def _form(path: Path) -> _Form:
    with path.open("rb") as raw:
        kind = sniff(first_bytes(raw, 64))
    if kind:
        advice = ": unpack it, and name the file of one size in it" if kind == "zip" else ""
        raise Unrecognised(f"word vectors {path.name}: this is {kind}, not read as word vectors{advice}")
    with _opened(path) as (_, stream):
        first = stream.readline(LONGEST_LINE)
        second = stream.readline(LONGEST_LINE)
    header = _HEADER.fullmatch(first)
    if header and 1 < int(header[2]) <= MOST_DIMENSIONS:
        words, dimensions = int(header[1]), int(header[2])
        if _numbers(second.split()[-dimensions:], dimensions) is not None:
            return _Form(dimensions, True, 0)
        if words and second and b" " in second[: LONGEST_WORD + 1]:
            return _Form(dimensions, True, words)
    parts = first.split()
    dimensions = len(parts) - 1
    if not 1 < dimensions <= MOST_DIMENSIONS or _numbers(parts[1:], dimensions) is None:
        raise Unrecognised(
            f"word vectors {path.name}: is none of the known forms: GloVe text, word2vec text or word2vec binary"
        )
    return _Form(dimensions, False, 0)


def _text(
    stream: BinaryIO, form: _Form, name: str, wanted: dict[bytes, int], skipped: list[Skipped]
) -> Iterator[tuple[bytes, npt.NDArray[np.float32]]]:
    """Words and vectors of those lines that begin with a wanted word; the rest are passed over unread."""
    nothing = np.zeros(form.dimensions, np.float32)
    for number in range(1, 1 << 40):
        line = stream.readline(LONGEST_LINE)
        if not line:
            return
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            raise Unreadable(f"{name}, line {number}: is longer than {LONGEST_LINE >> 10} kB")
        if number == 1 and form.headed:
            continue
        first = line.split(None, 1)[:1]
        if not first or first[0] not in wanted:
            yield b"", nothing
            continue
        parts = line.split()
        numbers = _numbers(parts[-form.dimensions :], form.dimensions) if len(parts) > form.dimensions else None
        if numbers is not None:
            yield b" ".join(parts[: -form.dimensions]), numbers
        elif len(skipped) < KEPT_SKIPS:
            skipped.append(Skipped(f"{name}, line {number}", f"is not a word and {form.dimensions} numbers"))


def _binary(stream: BinaryIO, form: _Form, name: str) -> Iterator[tuple[bytes, npt.NDArray[np.float32]]]:
    stream.readline(LONGEST_LINE)  # the header
    size, buffer, at = 4 * form.dimensions, b"", 0
    for number in range(form.binary):
        while (space := buffer.find(b" ", at, at + LONGEST_WORD)) < 0 or len(buffer) < space + 1 + size:
            if space < 0 and len(buffer) - at >= LONGEST_WORD:
                raise Unreadable(f"{name}: is damaged after {number:,} of its {form.binary:,} words")
            more = stream.read(1 << 20)
            if not more:
                raise Unreadable(f"{name}: is cut short: it ends after {number:,} of its {form.binary:,} words")
            buffer, at = buffer[at:] + more, 0
        yield buffer[at:space].lstrip(b"\n"), np.frombuffer(buffer, "<f4", form.dimensions, space + 1)
        at = space + 1 + size


def _numbers(parts: list[bytes], count: int) -> npt.NDArray[np.float32] | None:
    if len(parts) != count:
        return None
    try:
        return np.array([float(part) for part in parts], np.float32)
    except ValueError:
        return None
