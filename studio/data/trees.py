"""A folder, an archive or a single file as one thing: names, sizes, and bytes on request.

Readers see trees only, so each form is read alike from a folder, a zip, a tar or a file of its own. What is dangerous
about archives is refused here, once: names that climb out, links, passwords, bombs. Nothing is ever unpacked to a
name that a stranger chose: members are read from where they lie.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import xxhash

from studio.data.errors import Refused, Unreadable
from studio.data.watch import Watch

MOST_FILES = 1_000_000
MOST_BYTES = 64 << 30
"""What an archive may unpack to in all."""
STEEPEST = 250
"""Times its own size that an archive may unpack to, once that is more than :data:`HARMLESS`."""
HARMLESS = 64 << 20
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What reading a damaged compressed stream raises; BadGzipFile is an OSError."""


@dataclass(frozen=True)
class Entry:
    """One file: its name from the root of the tree, with forward slashes, and its bytes, unpacked in archives."""

    name: str
    size: int


class Tree(ABC):
    """Files by name. ``entries`` is sorted by name and leaves out what systems put beside (hidden files, __MACOSX)."""

    def __init__(self, path: Path, entries: list[Entry]) -> None:
        self.path = path
        self.entries = tuple(sorted((e for e in entries if not _litter(e.name)), key=lambda e: e.name))

    @cached_property
    def by_name(self) -> dict[str, Entry]:
        return {e.name: e for e in self.entries}

    @abstractmethod
    def raw(self, name: str) -> BinaryIO:
        """The bytes of one file as they lie there; threads may read different files at once."""

    def has(self, name: str) -> bool:
        return name in self.by_name

    def size(self, name: str) -> int:
        return self.by_name[name].size

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """The bytes of one file, unpacked when they begin as gzip, bzip2 or xz do.

        Raises:
            Unreadable: also in the middle, when a stream turns out damaged.
        """
        with damage_told(name), self.raw(name) as raw, unpacked(raw) as plain:
            yield plain

    def read(self, name: str, most: int) -> bytes:
        """All of one file, unpacked.

        Raises:
            Refused: when it is more than ``most`` bytes.
        """
        with self.opened(name) as stream:
            content = read_fully(stream, most + 1)
        if len(content) > most:
            raise Refused(f"{name}: unpacks to more than {most >> 20} MB")
        return content

    def head(self, name: str, count: int = 512) -> bytes:
        """The first bytes of one file, unpacked; empty when it is damaged right there."""
        try:
            with self.raw(name) as raw:
                return first_bytes(raw, count)
        except BROKEN:
            return b""

    def signature(self, names: list[str]) -> str:
        """Changes when one of these files does, as far as names, sizes and times on the disk tell now."""
        told = xxhash.xxh3_128(str(self.path.resolve()).encode(errors="surrogateescape"))
        for name in names:
            about = self.stat(name)
            told.update(f"\0{name}\0{about.st_size}\0{about.st_mtime_ns}".encode(errors="surrogateescape"))
        return told.hexdigest()

    def stat(self, name: str) -> os.stat_result:
        """Of the file on the disk that holds this one; the archive, for its members."""
        return self.path.stat()

    def content(self, names: list[tuple[str, str]], watch: Watch) -> str:
        """xxh3_128 of files, in hex, each by its name here and the name that tells it apart: a folder and a zip of it
        agree when that leaves out the folder's own."""
        told = xxhash.xxh3_128()
        total, done = sum(self.size(n) for n, _ in names), 0
        for name, known_as in names:
            told.update(f"\0{known_as}\0{self.size(name)}\0".encode(errors="surrogateescape"))
            try:
                with self.raw(name) as raw:
                    while piece := raw.read(1 << 20):
                        told.update(piece)
                        watch.advance(min(done + len(piece), total), total, "Comparing with what was read before")
                        done += len(piece)
            except BROKEN as wrong:
                told.update(f"\0damaged: {type(wrong).__name__}".encode())  # skipped, and said so, when it is read
        return told.hexdigest()


class FolderTree(Tree):
    """A folder and what is below; links to files are followed, links to folders are not (they may go in circles)."""

    def __init__(self, path: Path, watch: Watch) -> None:
        super().__init__(path, list(_walk(path, watch)))
        self._root = f"{path}{os.sep}"

    def raw(self, name: str) -> BinaryIO:
        return open(f"{self._root}{name}", "rb")  # noqa: PTH123 - a Path for each of 100,000 files takes longer

    def stat(self, name: str) -> os.stat_result:
        return os.stat(f"{self._root}{name}")  # noqa: PTH116 - as above


class FileTree(Tree):
    """One file. Those that lie beside it can be read by name as well, but are not entries: nobody dropped them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, [])
        self.entries = (Entry(path.name, path.stat().st_size),)

    def raw(self, name: str) -> BinaryIO:
        return (self.path.parent / name).open("rb")

    def has(self, name: str) -> bool:
        return "/" not in name and (self.path.parent / name).is_file()

    def size(self, name: str) -> int:
        return self.stat(name).st_size

    def stat(self, name: str) -> os.stat_result:
        return (self.path.parent / name).stat()


@contextmanager
def damage_told(name: str) -> Iterator[None]:
    """Whatever a damaged stream raises becomes Unreadable, in words; trouble with the disk stays an OSError."""
    try:
        yield
    except (*BROKEN, NotImplementedError, UnicodeDecodeError) as wrong:  # unknown ways of packing, spoilt names
        # EINVAL: a spoilt archive sent the reader to a place before the beginning
        if isinstance(wrong, OSError) and wrong.errno not in (None, errno.EINVAL):
            raise
        raise Unreadable(f"{name}: is damaged or cut short ({wrong or type(wrong).__name__})") from wrong


def safe_name(name: str, archive: Path) -> str:
    """A member's name with forward slashes.

    Raises:
        Refused: when it would lead out of the folder it is unpacked to.
    """
    plain = name.replace("\\", "/")
    parts = PurePosixPath(plain).parts
    if plain.startswith("/") or (parts and len(parts[0]) > 1 and parts[0][1] == ":") or "\0" in plain:
        raise Refused(f"{archive.name}: refused, because its member “{name}” names a place outside the archive")
    if ".." in parts:
        raise Refused(f"{archive.name}: refused, because its member “{name}” climbs out of the archive's folder")
    return "/".join(parts)


def check_size(archive: Path, packed: int, unpacked_to: int, files: int = 0) -> None:
    """Refuse what grows without measure.

    Raises:
        Refused.
    """
    if files > MOST_FILES:
        raise Refused(f"{archive.name}: holds more than {MOST_FILES:,} files")
    if unpacked_to > MOST_BYTES or (unpacked_to > HARMLESS and unpacked_to > STEEPEST * packed):
        raise Refused(
            f"{archive.name}: refused as an archive bomb: {in_words(packed)} would unpack to {in_words(unpacked_to)} "
            f"or more (at most {STEEPEST} times its size and {in_words(MOST_BYTES)} are read)"
        )


@contextmanager
def unpacked(raw: BinaryIO) -> Iterator[BinaryIO]:
    """The stream itself, or what is packed in it, by its first bytes."""
    start = raw.read(6)
    raw.seek(0)
    if start[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=raw) as stream:
            yield cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", stream), 1 << 18))
    elif start[:3] == b"BZh":
        with bz2.BZ2File(raw) as two:
            yield cast("BinaryIO", two)
    elif start == b"\xfd7zXZ\0":
        with lzma.LZMAFile(raw) as xz:
            yield cast("BinaryIO", xz)
    else:
        yield raw


def first_bytes(raw: BinaryIO, count: int) -> bytes:
    """At most ``count`` bytes from the beginning, unpacked; of a packed stream that is cut later, too."""
    start = raw.read(max(count, 6))
    if start[:2] == b"\x1f\x8b":
        return zlib.decompressobj(31).decompress(start + raw.read(1 << 16), count)
    if start[:3] == b"BZh":
        return bz2.BZ2Decompressor().decompress(start + raw.read(1 << 20), count)
    if start[:6] == b"\xfd7zXZ\0":
        return lzma.LZMADecompressor().decompress(start + raw.read(1 << 20), count)
    return start[:count]


def read_fully(stream: BinaryIO, count: int) -> bytes:
    """``count`` bytes, or fewer only at the end."""
    pieces, missing = [], count
    while missing and (piece := stream.read(min(missing, 1 << 24))):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _walk(root: Path, watch: Watch) -> Iterator[Entry]:
    found, waiting = 0, [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as inside:
                for one in inside:
                    name = f"{folder}/{one.name}" if folder else one.name
                    if one.is_dir(follow_symlinks=False):
                        waiting.append(name)
                    elif one.is_file():
                        found += 1
                        if found > MOST_FILES:
                            raise Refused(
                                f"{root}: holds more than {MOST_FILES:,} files; drop the folder of one dataset"
                            )
                        yield Entry(name, one.stat().st_size)
        except PermissionError:
            if not folder:
                raise
        watch.advance(found, 0, "Looking through the folder")


def _litter(name: str) -> bool:
    parts = name.split("/")
    return any(p.startswith(".") or p == "__MACOSX" for p in parts) or parts[-1] in ("Thumbs.db", "desktop.ini")


def in_words(count: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
