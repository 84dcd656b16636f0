"""Rows of bits in arrays and in text: where they lie, and reading them some megabytes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.errors import Refused, Unreadable, Unrecognised
from studio.data.readers import arrays
from studio.data.readers.array_images import BLOCK_BYTES, records
from studio.data.readers.splits import part
from studio.data.reading import Preparation, Skipped
from studio.data.sniff import sniff
from studio.data.trees import Tree
from studio.data.watch import Watch

Bits = npt.NDArray[np.uint8]

MOST_VALUES = 16_384
"""Of one row."""
MOST_TEXT = 1 << 30
"""Bytes of one text file."""
LINE_BYTES = 1 << 18
HEAD_BYTES = 1 << 16
LISTED = 1000
"""Broken lines that are told, and classes."""
NAMES = {0: "to train on", 1: "for validation", 2: "to test"}
LABELS = {"labels", "label", "y", "target", "targets"}


@dataclass(eq=False)
class Piece:
    """The rows of one part: an array of a file, or a text file, of which the rows are packed once it was read."""

    file: str
    member: arrays.Member | None
    part: int
    width: int
    labels: npt.NDArray[np.int64] | None = None
    packed: Bits | None = None
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def count(self) -> int:
        if self.member is not None:
            return self.member.shape[0]
        return 0 if self.packed is None else len(self.packed)


@dataclass(frozen=True, eq=False)
class Some:
    """Rows of one part, uint8 n×D of 0 and 255."""

    rows: Bits
    part: int
    labels: npt.NDArray[np.int64] | None
    skipped: tuple[Skipped, ...]


class Rows:
    """All rows of a set, part by part."""

    def __init__(self, tree: Tree, pieces: list[Piece]) -> None:
        self.tree, self.pieces = tree, sorted(pieces, key=lambda p: p.part)
        self.width = self.pieces[0].width
        for piece in self.pieces:
            if piece.width != self.width:
                raise Unreadable(
                    f"{called(piece)}: its rows have {piece.width:,} values, those of {called(self.pieces[0])} "
                    f"{self.width:,}. Parts of one set have rows of the same length"
                )
        self.files = list(dict.fromkeys(p.file for p in self.pieces))
        if any(p.labels is None for p in self.pieces):  # some alone are of no use
            for piece in self.pieces:
                piece.labels = None

    @property
    def classes(self) -> tuple[str, ...]:
        found = [int(p.labels.max(initial=0)) for p in self.pieces if p.labels is not None]
        return tuple(str(i) for i in range(1 + max(found))) if found else ()

    @property
    def count(self) -> int:
        return sum(p.count for p in self.pieces)

    @property
    def held_count(self) -> int:
        """Rows that the source sets aside; 0 where it has nothing to train on, or nothing else."""
        held = sum(p.count for p in self.pieces if p.part > 0)
        return held if held < self.count else 0

    @property
    def share(self) -> float:
        """Suggested to be held out."""
        return min(0.9, self.held_count / self.count) if self.held_count else 0.1

    def read(self, watch: Watch) -> None:
        """Read what is text, once; its rows are kept in an eighth of the memory that they take as bytes.

        Raises:
            Unreadable: a number other than 0 and 1, or no row at all. Refused: too large.
        """
        for piece in self.pieces:
            if piece.member is None and piece.packed is None:
                _read_text(self.tree, piece, watch)
        if not self.count:
            raise Unreadable(f"{self.files[0]}: holds no rows of 0 and 1")

    def blocks(self) -> Iterator[Some]:
        """
        Raises:
            Unreadable: a value that is no bit, by its row.
        """
        for piece in self.pieces:
            for at, rows in _rows(self.tree, piece):
                labels = None if piece.labels is None else piece.labels[at : at + len(rows)]
                yield Some(rows, piece.part, labels, tuple(piece.skipped) if at == 0 else ())

    def column(self, some: Some, preparation: Preparation) -> dict[str, npt.NDArray[Any]]:
        """ "part", where the source has some and exactly its own are to be held out."""
        if not self.held_count or not preparation.sets_aside(self.held_count / self.count):
            return {}
        return {"part": np.full(len(some.rows), some.part, np.int64)}

    def content(self, watch: Watch) -> str:
        parts = {p.file: str(p.part) if p.member is None or not p.member.key else "" for p in self.pieces}
        return self.tree.content([(name, f"rows of bits {number}") for name, number in parts.items()], watch)

    def notes(self) -> tuple[str, ...]:
        notes = []
        if self.held_count:
            notes.append(", ".join(f"{p.count:,} {NAMES[p.part]}" for p in self.pieces) + ", as the source has them")
        return tuple(notes)


# --- arrays


def array_pieces(tree: Tree, name: str) -> list[tuple[str, Piece]]:
    """Of a file whose arrays of two and more dimensions, but for labels, are all rows of bits; its sets by stem."""
    members = arrays.members(tree, name)
    main = [m for m in members if len(m.shape) > 1 and not _is_labels(m)]
    if not main or not all(_is_bits(tree, m) for m in main):
        return []
    pieces = []
    for member in main:
        stem, number = part(member.key or name)
        piece = Piece(name, member, number or 0, member.shape[1], _labels(tree, member, members))
        pieces.append((f"{name} {stem}" if member.key else stem, piece))
    return pieces


def _is_labels(member: arrays.Member) -> bool:
    stem, _ = part(member.key.lower())
    return stem.strip("*_-. ") in LABELS


def _is_bits(tree: Tree, member: arrays.Member) -> bool:
    """By the first megabytes; the rest is looked at when it is read."""
    if len(member.shape) != 2 or member.dtype.kind not in "uifb" or member.dtype.itemsize > 8:
        return False
    count, width = member.shape
    if count < 1 or width <= 3:
        return False
    each = width * member.dtype.itemsize
    with arrays.member_stream(tree, member) as stream:
        first = next(records(stream, member.called, min(count, max(1, (1 << 20) // each)), each))
    try:
        _bits(first.view(member.dtype), member.called, 0, 0)
    except Unreadable:
        return False
    if width > MOST_VALUES:
        raise Refused(f"{member.called}: its rows have {width:,} values; at most {MOST_VALUES:,} are read")
    return True


def _labels(tree: Tree, member: arrays.Member, among: list[arrays.Member]) -> npt.NDArray[np.int64] | None:
    """Whole numbers under a key of labels, one for each row of this part."""
    own = part(member.key)[1]
    for other in among:
        whole = other.dtype.kind in "iu" and other.shape in (member.shape[:1], (member.shape[0], 1))
        if whole and _is_labels(other) and part(other.key)[1] == own:
            numbers = arrays.load(tree, other).reshape(-1).astype(np.int64)
            if numbers.min() >= 0 and numbers.max() < LISTED:
                return numbers
    return None


def _rows(tree: Tree, piece: Piece) -> Iterator[tuple[int, Bits]]:
    """Where they begin, and rows uint8 n×D of 0 and 255, some megabytes at a time."""
    many = max(1, BLOCK_BYTES // piece.width)
    if piece.member is None:
        assert piece.packed is not None
        for start in range(0, len(piece.packed), many):
            yield start, np.unpackbits(piece.packed[start : start + many], axis=1, count=piece.width) * np.uint8(255)
        return
    member, at, high = piece.member, 0, 0
    if member.by_columns:  # not as it is read; small ones are turned
        whole = arrays.load(tree, member)
        blocks: Iterator[npt.NDArray[Any]] = (whole[i : i + many] for i in range(0, len(whole), many))
        for block in blocks:
            rows, high = _bits(block, member.called, at, high)
            yield at, rows
            at += len(rows)
        return
    with arrays.member_stream(tree, member) as stream:
        for raw in records(stream, member.called, member.shape[0], piece.width * member.dtype.itemsize):
            rows, high = _bits(raw.view(member.dtype), member.called, at, high)
            yield at, rows
            at += len(rows)


def _bits(block: npt.NDArray[Any], called: str, at: int, high: int) -> tuple[Bits, int]:
    """Rows of 0 and 255, and what stands for one: 1 or 255, 0 while none was seen.

    Raises:
        Unreadable: any other value.
    """
    top = high or (255 if block.max(initial=0) == 255 else 1)
    ones = block == top
    wrong = ~ones & (block != 0)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise Unreadable(
            f"{called}: row {at + row + 1:,} holds {block[row, column]:g}; rows of bits hold 0 and {top} alone"
        )
    return ones.astype(np.uint8) * np.uint8(255), top if ones.any() else high


# --- text


def text_pieces(tree: Tree, name: str) -> list[tuple[str, Piece]]:
    """
    Raises:
        Unrecognised: a table of four columns and more, but not of bits.
    """
    head = tree.head(name, HEAD_BYTES)
    if not head or sniff(head) or b"\0" in head:
        return []
    lines = [line for line in head.splitlines() if line.strip() and not line.startswith(b"#")]
    if len(head) == HEAD_BYTES:
        lines = lines[:-1]  # it may be cut
    found = [_numbers(line) for line in lines[1:] or lines]
    widths = [len(row) for row in found if row is not None]
    if not widths or 3 * len(widths) <= 2 * len(found) or max(widths) <= 3:
        return []
    width = max(set(widths), key=widths.count)
    if 3 * widths.count(width) <= 2 * len(found) or width <= 3:
        return []
    for row in found:
        if row is not None and len(row) == width and (wrong := row[(row != 0) & (row != 1)]).size:
            raise Unrecognised(
                f"{name}: has {width:,} columns of numbers, and not of 0 and 1 alone ({wrong[0]:g} is among them). "
                "Binary vectors are rows of 0 and 1; points have two columns"
            )
    if width > MOST_VALUES:
        raise Refused(f"{name}: its rows have {width:,} values; at most {MOST_VALUES:,} are read")
    stem, number = part(name)
    return [(stem, Piece(name, None, number or 0, width))]


def _read_text(tree: Tree, piece: Piece, watch: Watch) -> None:
    if tree.size(piece.file) > MOST_TEXT:
        raise Refused(f"{piece.file}: is larger than {MOST_TEXT >> 20:,} MB; save it as .npy")
    packed: list[Bits] = []
    number = done = left_out = 0
    with tree.opened(piece.file) as stream:
        while line := stream.readline(LINE_BYTES):
            number, done = number + 1, done + len(line)
            if done > MOST_TEXT:
                raise Refused(f"{piece.file}: unpacks to more than {MOST_TEXT >> 20:,} MB; save it as .npy")
            if number % 1000 == 0:
                watch.advance(min(done, tree.size(piece.file)), tree.size(piece.file), "Reading the rows")
            if not line.strip() or line.startswith(b"#"):
                continue
            row = _numbers(line.removeprefix(b"\xef\xbb\xbf"))
            if row is None or len(row) != piece.width:
                left_out += number > 1  # the first may name the columns
                if number > 1 and left_out <= LISTED:
                    piece.skipped.append(Skipped(f"{piece.file}, line {number}", f"is not {piece.width} numbers"))
                continue
            if (wrong := row[(row != 0) & (row != 1)]).size:
                raise Unreadable(f"{piece.file}: line {number:,} holds {wrong[0]:g}; rows of bits hold 0 and 1 alone")
            packed.append(np.packbits(row.astype(np.uint8)))
    piece.packed = np.stack(packed) if packed else np.empty((0, (piece.width + 7) // 8), np.uint8)


def _numbers(line: bytes) -> npt.NDArray[Any] | None:
    """The numbers of a line, parted by commas, semicolons, tabs or spaces; digits of 0 and 1 that nothing parts are as
    many numbers. None when there is anything else."""
    line = line.strip()
    plain = line.translate(None, b" \t,;")
    parted = len(line) - len(plain)
    if plain and not plain.strip(b"01") and (parted == 0 or parted >= len(plain) - 1):
        return np.frombuffer(plain, np.uint8) - ord("0")
    cells = line.translate(bytes.maketrans(b",;\t", b"   "), b'"').split()
    try:
        return np.array([float(cell) for cell in cells])
    except ValueError:
        return None


def called(piece: Piece) -> str:
    return piece.file if piece.member is None else piece.member.called
