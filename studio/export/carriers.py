"""Where each file format keeps a text of ours, and how to find it there without trusting the file.

Only headers are read, sizes are checked before anything is read, and walks over nested parts have an end. A format
whose reader is a library's (Pillow, safetensors, zipfile) is left to it; ONNX and MP4 are walked here, since their
own libraries would load a whole model or decode a film for the sake of one line.
"""

from __future__ import annotations

import html
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from PIL import Image
from safetensors import SafetensorError, safe_open

KEY = "gen-studio"
MEMBER = "gen-studio.json"
XMP = "urn:gen-studio:provenance"
"""Our namespace in XMP."""
_XMP_START, _XMP_END = b"<gs:provenance>", b"</gs:provenance>"
MAX_TEXT = 16 << 20
MAX_WEBP = 512 << 20
"""Pillow reads a WebP into memory as a whole."""
MAX_MEMBERS = 200_000
MAX_PARTS = 100_000
"""Boxes of an MP4 or fields of an ONNX file looked at before giving up."""


def find(path: Path) -> str | bytes | None:
    """Our text in a file, or None.

    Raises:
        OSError: when the file cannot be opened at all; what is wrong inside of it never raises.
    """
    with path.open("rb") as file:
        start = file.read(16)
        size = os.fstat(file.fileno()).st_size
        try:
            if start.startswith((b"\x89PNG\r\n\x1a\n", b"GIF8")) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP"):
                return _picture(path, size, start)
            if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
                return _zip(path)
            if start[4:8] == b"ftyp":
                return _mp4(file, size)
            if start[8:9] == b"{" and 2 <= int.from_bytes(start[:8], "little") <= size - 8:
                return _safetensors(path)
            if start[:1] == b"\x08":  # field 1, a number: the version, which every ONNX file begins with
                return _onnx(file, size)
        except (OSError, ValueError, EOFError, KeyError, struct.error, MemoryError, RecursionError):
            return None  # cut short, or made to hurt
    return None


def _after_key(text: str | bytes) -> str | bytes | None:
    """The text behind "gen-studio:", where the place has no keys of its own."""
    if len(text) > MAX_TEXT:
        return None
    plain = text if isinstance(text, bytes) else text.encode()
    return plain.rstrip(b"\0").removeprefix(KEY.encode() + b":") if plain.startswith(KEY.encode() + b":") else None


def _picture(path: Path, size: int, start: bytes) -> str | bytes | None:
    if start[:4] == b"RIFF" and size > MAX_WEBP:
        return None
    try:
        with Image.open(path, formats=("PNG", "GIF", "WEBP")) as picture:  # headers only; pixels are never decoded
            if picture.format == "PNG":
                text = picture.info.get(KEY)
                return text.encode() if isinstance(text, str) and len(text) <= MAX_TEXT else None
            found = picture.info.get("comment" if picture.format == "GIF" else "xmp")
            if not isinstance(found, bytes):
                return None
            return _after_key(found) if picture.format == "GIF" else _from_xmp(found)
    except (SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning, zlib.error, IndexError):
        return None


def xmp(text: str) -> bytes:
    """A packet of XMP (ISO 16684-1) that holds our text, which is ASCII, and nothing else."""
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    start, end = _XMP_START.decode(), _XMP_END.decode()
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{rdf}"><rdf:Description rdf:about="" xmlns:gs="{XMP}">'
        f"{start}{html.escape(text, quote=False)}{end}"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _from_xmp(packet: bytes) -> bytes | None:
    """Found by its tags alone: no XML parser meets a stranger's file."""
    _, start, rest = packet.partition(_XMP_START)
    inner, end, _ = rest.partition(_XMP_END)
    if not start or not end or len(inner) > MAX_TEXT:
        return None
    return html.unescape(inner.decode("ascii")).encode()


def _zip(path: Path) -> str | bytes | None:
    """npz and bundles: a member of ours, or the comment of the archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MAX_MEMBERS:
                return None
            if MEMBER not in archive.NameToInfo:
                return _after_key(archive.comment)
            with archive.open(MEMBER) as file:
                text = file.read(MAX_TEXT + 1)
                return text if len(text) <= MAX_TEXT else None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        return None


def _safetensors(path: Path) -> str | None:
    try:
        with safe_open(str(path), framework="numpy") as file:
            return (file.metadata() or {}).get(KEY)
    except SafetensorError:
        return None


def _onnx(file: IO[bytes], size: int) -> bytes | None:
    """ModelProto.metadata_props, field 14 of onnx.proto: pairs of key (1) and value (2). The graph is stepped over."""
    for number, start, length in _fields(file, 0, size):
        if number == 14 and length <= MAX_TEXT + 1024:
            pair = {}
            for part, at, long in _fields(file, start, start + length):
                file.seek(at)
                pair[part] = file.read(long)
            if pair.get(1) == KEY.encode():
                return pair.get(2)
            file.seek(start + length)
    return None


def _fields(file: IO[bytes], start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and length of the fields with a length in a protobuf message (the format's "wire type 2")."""
    at = start
    for _ in range(MAX_PARTS):
        if at >= end:
            return
        file.seek(at)
        tag, at = _varint(file, at)
        if tag & 7 == 2:
            length, at = _varint(file, at)
            if length > end - at:
                raise ValueError("a field longer than the file")
            yield tag >> 3, at, length
            at += length
        elif tag & 7 == 0:
            _, at = _varint(file, at)
        elif tag & 7 in (1, 5):
            at += 8 if tag & 7 == 1 else 4
        else:
            raise ValueError("no protobuf")


def _varint(file: IO[bytes], at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value, at + shift // 7 + 1
    raise ValueError("a number without an end")


def _mp4(file: IO[bytes], size: int) -> bytes | None:
    """moov / udta / meta / ilst / ©cmt / data, where ffmpeg (as iTunes) puts a comment."""
    start, end = 0, size
    for name in (b"moov", b"udta", b"meta", b"ilst", b"\xa9cmt", b"data"):
        inner = next(((s, e) for kind, s, e in _boxes(file, start, end) if kind == name), None)
        if inner is None:
            return None
        start, end = inner
        start += 4 if name == b"meta" else 0  # version and flags come before what it holds
    if end - start - 8 > MAX_TEXT:
        return None
    file.seek(start + 8)  # type and language
    found = _after_key(file.read(max(0, end - start - 8)))
    return found if isinstance(found, bytes) else None


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    at = start
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            return
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        header = 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            header = 16
        elif length == 0:
            length = end - at
        if length < header or length > end - at:
            raise ValueError("a box that does not fit")
        yield name, at + header, at + length
        at += length
