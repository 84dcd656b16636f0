"""What a file is, by its first bytes; its name has no say."""

from __future__ import annotations

import re

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "zip"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file"),
    (b"PAR1", "a Parquet file"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-zip archive"),
    (b"%PDF", "a PDF"),
)
_PICKLE_TEXT = re.compile(rb"(?:c[A-Za-z_][\w.]*\n[A-Za-z_]|\((?:dp|lp)?\d*\n|\(c[A-Za-z_][\w.]*\n)")


def sniff(head: bytes) -> str:
    """``image``, ``npy``, ``zip``, ``idx``, ``pickle``, another format in words, or empty for what may be anything.

    Args:
        head: at least 64 bytes, or the whole of a shorter file; unpacked.
    """
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return "image" if head[8:12] == b"WEBP" else "a video" if head[8:11] == b"AVI" else "a sound"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and len(head) > 26:
        return "image"
    if re.match(rb"P[1-6]\s", head):
        return "image"
    if head[:2] == b"\0\0" and len(head) >= 8 and head[2] in (8, 9, 11, 12, 13, 14) and 1 <= head[3] <= 4:
        return "idx"
    if (head[:1] == b"\x80" and len(head) > 2 and 2 <= head[1] <= 5) or _PICKLE_TEXT.match(head):
        return "pickle"
    if head[4:8] == b"ftyp":
        return "a video"
    return ""
