"""Zip and tar archives as trees: members are checked by name before anything is read, and read where they lie."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
import tempfile
import threading
import weakref
import zipfile
from pathlib import Path
from typing import IO, BinaryIO, cast

from studio.data import places
from studio.data.errors import Refused, Unavailable, Unreadable
from studio.data.trees import (
    BROKEN,
    HARMLESS,
    MOST_FILES,
    Entry,
    FileTree,
    FolderTree,
    Tree,
    check_size,
    damage_told,
    first_bytes,
    safe_name,
    unpacked,
)
from studio.data.watch import Watch


def grow(path: Path, watch: Watch) -> Tree:
    """The tree of whatever lies at a path, by content: a folder, a zip (but .npz is a file), a tar, or a file.

    Raises:
        Refused: a dangerous archive. Unreadable: a damaged one. OSError.
    """
    if path.is_dir():
        return FolderTree(path, watch)
    with path.open("rb") as file:
        start = file.read(4)
    if start in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip(path)
    if _is_tar(path):
        return TarTree(path, watch)
    return FileTree(path)


def _zip(path: Path) -> Tree:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as wrong:
        raise Unreadable(f"{path.name}: is a damaged zip archive ({wrong}); it may have been cut short") from wrong
    members = [m for m in archive.infolist() if not m.filename.endswith("/")]
    if members and all(m.filename.endswith(".npy") and "/" not in m.filename for m in members):
        check_size(path, path.stat().st_size, 0, len(members))
        archive.close()
        return FileTree(path)
    return ZipTree(path, archive, members)


class ZipTree(Tree):
    """A zip archive. Sizes that its directory promises are the most that is ever unpacked of a member."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
        weakref.finalize(self, archive.close)
        check_size(path, path.stat().st_size, sum(m.file_size for m in members), len(members))
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = safe_name(member.filename, path)
            if stat.S_ISLNK(member.external_attr >> 16):
                raise Refused(f"{path.name}: refused, because its member “{name}” is a link to somewhere else")
            if member.flag_bits & 1:
                raise Refused(f"{path.name}: is locked with a password; unpack it and drop the folder")
            if not 0 <= member.header_offset < path.stat().st_size:
                raise Unreadable(f"{path.name}: is a damaged zip archive: “{name}” would lie outside of it")
            check_size(path, member.compress_size, member.file_size)
            self._members[name] = member
        self._archive = archive
        super().__init__(path, [Entry(n, m.file_size) for n, m in self._members.items()])

    def raw(self, name: str) -> BinaryIO:
        try:
            return cast("BinaryIO", self._archive.open(self._members[name]))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, UnicodeDecodeError) as wrong:
            raise OSError(f"{name}: {wrong}") from wrong


class TarTree(Tree):
    """A tar archive. A packed one is unpacked once, into one nameless temporary file, because it can't be jumped in."""

    def __init__(self, path: Path, watch: Watch) -> None:
        with path.open("rb") as file:
            start = file.read(6)
        packed = start[:2] == b"\x1f\x8b" or start[:3] == b"BZh" or start == b"\xfd7zXZ\0"
        self._file = _unpack(path, watch) if packed else path.open("rb")
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._places: dict[str, tuple[int, int]] = {}
        try:
            with tarfile.open(fileobj=self._file, mode="r:") as archive:
                for member in archive:
                    self._add(member, path)
                    watch.advance(len(self._places), 0, "Looking through the archive")
        except tarfile.TarError as wrong:
            raise Unreadable(f"{path.name}: is a damaged tar archive ({wrong}); it may have been cut short") from wrong
        super().__init__(path, [Entry(n, size) for n, (_, size) in self._places.items()])

    def _add(self, member: tarfile.TarInfo, path: Path) -> None:
        name = safe_name(member.name, path)
        if member.isdir():
            return
        if not member.isreg() or member.issparse():
            what = "a link" if member.islnk() or member.issym() else "no plain file"
            raise Refused(f"{path.name}: refused, because its member “{name}” is {what}")
        if len(self._places) >= MOST_FILES:
            raise Refused(f"{path.name}: holds more than {MOST_FILES:,} files")
        self._places[name] = (member.offset_data, member.size)

    def raw(self, name: str) -> BinaryIO:
        start, size = self._places[name]
        return cast("BinaryIO", io.BufferedReader(_Window(self._file, self._lock, start, size), 1 << 16))


class _Window(io.RawIOBase):
    """A stretch of a shared file, read under a lock so that threads do not move each other's place."""

    def __init__(self, file: IO[bytes], lock: threading.Lock, start: int, size: int) -> None:
        super().__init__()
        self._file, self._lock, self._start, self._size, self._at = file, lock, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        count = max(0, min(len(view), self._size - self._at))
        with self._lock:
            self._file.seek(self._start + self._at)
            got = self._file.read(count)
        view[: len(got)] = got
        self._at += len(got)
        return len(got)


def _is_tar(path: Path) -> bool:
    try:
        with path.open("rb") as raw:
            head = first_bytes(raw, 512)
    except BROKEN:
        return False
    try:
        return len(head) == 512 and bool(tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape").name)
    except tarfile.HeaderError:
        return False


def _unpack(path: Path, watch: Watch) -> IO[bytes]:
    whole = path.stat().st_size
    room = shutil.disk_usage(places.cache()).free
    out = tempfile.TemporaryFile(dir=places.cache())  # noqa: SIM115 - lives as long as the tree, closed by its finalizer
    try:
        with damage_told(path.name), path.open("rb") as raw, unpacked(raw) as plain:
            done = 0
            while piece := plain.read(1 << 20):
                done += len(piece)
                check_size(path, max(raw.tell(), 1), done)
                if done > room - HARMLESS:
                    raise Unavailable(f"{path.name}: unpacking it needs more room than is left in {places.cache()}")
                out.write(piece)
                watch.advance(min(raw.tell(), whole), whole, "Unpacking")
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out
