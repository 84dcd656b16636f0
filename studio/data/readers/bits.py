"""Rows of bits: .npy or .npz with N×D of 0 and 1 (or 0 and 255), or text with a row a line (.amat, .csv, .txt).

Rows are binary vectors, unless their length is the square of 8 or more (28×28 = 784): those are images, which every
model of images can train on, and those of vectors too. Arrays of one file, or files, whose names differ in ``train``,
``valid`` (or ``val``, ``dev``) and ``test`` alone belong together: the last two are held out, and "part" is kept with
each row (0 train, 1 validation, 2 test) as long as exactly those are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.dataset import DataSpec
from studio.data.errors import Unrecognised
from studio.data.pictures import to_pictures
from studio.data.readers.array_images import Raw, TreeArrays
from studio.data.readers.bit_rows import Bits, Piece, Rows, array_pieces, called, text_pieces
from studio.data.readers.encoded import title_of
from studio.data.reading import THUMBNAILS, Block, Found, Preparation, Skipped, Source
from studio.data.trees import Tree
from studio.data.watch import Watch

LOOKED_INTO = 40
SMALLEST_SIDE = 8
"""Pixels a side from which on rows of a square number of bits are images; 16 bits are answers, not a picture."""


class BitVectors(Source):
    """Rows as binary vectors."""

    kind = "vectors"

    def __init__(self, rows: Rows, others: list[str]) -> None:
        self.rows, self._others, tree = rows, others, rows.tree
        self.kind_of = "text rows of bits" if rows.pieces[0].member is None else "NumPy rows of bits"
        self.path, self.origin, self.title = tree.path, str(tree.path), title_of(tree)
        self.files = rows.files
        self.classes = rows.classes

    def signature(self) -> str:
        return self.rows.tree.signature(self.files)

    def content(self, watch: Watch) -> str:
        return self.rows.content(watch)

    def inspect(self, watch: Watch | None = None) -> Found:
        watch = watch or Watch()
        self.rows.read(watch)
        count = self.rows.count
        wanted = np.unique(np.arange(THUMBNAILS) * count // THUMBNAILS)
        shown: list[Bits] = []
        skipped: list[Skipped] = []
        done = 0
        for some in self.rows.blocks():
            shown.append(some.rows[wanted[(wanted >= done) & (wanted < done + len(some.rows))] - done])
            skipped.extend(some.skipped)
            done += len(some.rows)
            watch.advance(done, count, "Looking at the rows")
        spec = DataSpec(self.title, "vectors", (self.rows.width,), count)
        return Found(
            kind="vectors",
            count=count,
            sizes={},
            channels=1,
            classes=self.classes,
            labelled=bool(self.classes),
            thumbnails=to_pictures(np.concatenate(shown), spec),
            skipped=skipped,
            suggested=Preparation(held_out=self.rows.share),
            notes=self.notes(),
            natural_held_out=self.rows.held_count,
        )

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        self.rows.read(watch)
        done = 0
        for some in self.rows.blocks():
            done += len(some.rows)
            watch.advance(done, self.rows.count, "Reading the rows")
            held = np.full(len(some.rows), some.part > 0) if self.rows.held_count else None
            columns = self.rows.column(some, preparation)
            yield Block(some.rows, some.labels, held, skipped=some.skipped, columns=columns)

    def notes(self) -> tuple[str, ...]:
        width = self.rows.width
        high, wide = DataSpec(self.title, "vectors", (width,), 1).size
        notes = [f"binary vectors of {width:,} values, shown row by row in a grid {wide} wide and {high} high"]
        notes.extend(self.rows.notes())
        if self._others:
            notes.append(f"also there, and not read: {', '.join(self._others)}")
        return tuple(notes)


class BitImages(TreeArrays):
    """Rows of a square number of bits as black and white images."""

    def __init__(self, rows: Rows) -> None:
        title = title_of(rows.tree)
        super().__init__(rows.tree, "rows of bits, a square number of them", title, rows.files)
        self.rows = rows
        side = math.isqrt(rows.width)
        self.size, self.channels, self.classes = (side, side), 1, rows.classes

    def inspect(self, watch: Watch | None = None) -> Found:
        self._ready(watch or Watch())
        found = super().inspect(watch)
        return replace(found, suggested=replace(found.suggested, held_out=self.rows.share))

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        self._ready(watch)
        for block in super().blocks(preparation, watch):
            kept = not self.held_count or preparation.sets_aside(self.held_count / self.count)
            yield block if kept else replace(block, columns={})

    def raw(self) -> Iterator[Raw]:
        for some in self.rows.blocks():
            columns: dict[str, npt.NDArray[Any]] = {}
            if self.held_count:
                columns = {"part": np.full(len(some.rows), some.part, np.int64)}
            images = some.rows.reshape(-1, *self.size, 1)
            yield Raw(images, some.labels, some.part > 0, some.skipped, columns=columns)

    def content(self, watch: Watch) -> str:
        return self.rows.content(watch)

    def notes(self) -> tuple[str, ...]:
        side = self.size[0]
        return (
            f"rows of {self.rows.width:,} bits, read as black and white images of {side}×{side}",
            *self.rows.notes(),
        )

    def _ready(self, watch: Watch) -> None:
        self.rows.read(watch)
        self.count, self.held_count = self.rows.count, self.rows.held_count


def claim(tree: Tree) -> Source | None:
    """The fullest set of rows of bits.

    Raises:
        Unrecognised: a text table of other numbers. Refused, Unreadable: as :func:`arrays.members`.
    """
    if len(tree.entries) > LOOKED_INTO:
        return None
    sets: dict[str, dict[int, Piece]] = {}
    tables: list[Unrecognised] = []
    for entry in tree.entries:
        try:
            found = array_pieces(tree, entry.name) or text_pieces(tree, entry.name)
        except Unrecognised as wrong:
            tables.append(wrong)
            continue
        for stem, piece in found:
            sets.setdefault(stem, {}).setdefault(piece.part, piece)
    if not sets:
        if tables:
            raise tables[0]
        return None
    best = max(sets, key=lambda stem: (len(sets[stem]), sum(tree.size(p.file) for p in sets[stem].values())))
    pieces = list(sets[best].values())
    others = [called(p) for stem, parts in sets.items() if stem != best for p in parts.values()]
    side = math.isqrt(pieces[0].width)
    if side < SMALLEST_SIDE or side * side != pieces[0].width:
        return BitVectors(Rows(tree, pieces), others)
    if len(pieces) == 1 and pieces[0].member is not None:
        return None  # an array of images like any other
    return BitImages(Rows(tree, pieces))
