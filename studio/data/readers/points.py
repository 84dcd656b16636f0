"""Points in the plane: .npy or .npz of N×2 (N×3: with labels), or text with two or three columns, header or not.

Columns may be parted by comma, semicolon, tab or spaces; a third column of whole numbers or words is a label. Points
far from unit scale are standardised: each axis has its mean taken off and is divided by its standard deviation, which
are kept with the dataset (``details()``), so that ``value × scale + mean`` is in the person's own units again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.errors import Unreadable
from studio.data.pictures import points_picture
from studio.data.readers import arrays
from studio.data.readers.encoded import title_of
from studio.data.reading import Block, Found, Preparation, Skipped, Source
from studio.data.sniff import sniff
from studio.data.trees import Tree
from studio.data.watch import Watch

MOST_TEXT = 1 << 30
MOST_CLASSES = 100
THUMBNAIL_SIDE = 192
POINT_KEYS = ("points", "x", "data", "arr_0", "x_train")


@dataclass(frozen=True, eq=False)
class Table:
    """What a file held: float64 N×2, labels with their names, lines that were left out."""

    points: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class Points(Source):
    """Points that are read as a whole, at the first look. Built-in ones override :meth:`table` and the identity."""

    kind = "points"
    standardised = True
    """Whether points far from unit scale are brought there."""

    def table(self) -> Table:
        """All points.

        Raises:
            Unreadable: none that is finite.
        """
        raise NotImplementedError

    def inspect(self, watch: Watch | None = None) -> Found:
        table, _, _ = self._scaled()
        spread = table.points[:: max(1, len(table.points) // 5000)]
        return Found(
            kind="points",
            count=len(table.points),
            sizes={},
            channels=1,
            classes=table.classes,
            labelled=table.labels is not None,
            thumbnails=points_picture(spread, size=THUMBNAIL_SIDE)[None],
            skipped=list(table.skipped),
            suggested=Preparation(),
            notes=self.notes(),
        )

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        table, _, _ = self._scaled()
        watch.advance(len(table.points), len(table.points), "Reading the points")
        yield Block(table.points.astype(np.float32), table.labels, skipped=table.skipped)

    @property
    def classes(self) -> tuple[str, ...]:
        return self._scaled()[0].classes

    def details(self) -> dict[str, Any]:
        _, mean, scale = self._scaled()
        return {"mean": mean.tolist(), "scale": scale.tolist()}

    def notes(self) -> tuple[str, ...]:
        _, mean, scale = self._scaled()
        if not mean.any() and (scale == 1).all():
            return ()
        return (
            f"standardised: mean {mean[0]:.4g}, {mean[1]:.4g} and standard deviation {scale[0]:.4g}, {scale[1]:.4g} "
            "are taken out, and kept with the dataset",
        )

    def _scaled(self) -> tuple[Table, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        kept = getattr(self, "_kept", None)
        if kept is None:
            table = self.table()
            mean, scale = np.zeros(2), np.ones(2)
            if self.standardised:
                mean, scale = _standard(table.points)
            points = (table.points - mean) / scale
            kept = (Table(points, table.labels, table.classes, table.skipped), mean, scale)
            self._kept = kept
        return kept


class FilePoints(Points):
    """Points of one file of a tree."""

    def __init__(self, tree: Tree, name: str, member: arrays.Member | None) -> None:
        self.tree, self._name, self._member = tree, name, member
        self.kind_of = "text table of points" if member is None else "NumPy points"
        self.path, self.origin, self.title = tree.path, str(tree.path), title_of(tree)
        self.files = [name]

    def signature(self) -> str:
        return self.tree.signature([self._name])

    def content(self, watch: Watch) -> str:
        return self.tree.content([(self._name, "")], watch)

    def table(self) -> Table:
        if self._member is None:
            text = self.tree.read(self._name, MOST_TEXT).decode("utf-8-sig", errors="replace")
            return parse(text, self._name)
        rows = arrays.load(self.tree, self._member)
        words = [str(int(v)) if float(v).is_integer() else str(v) for v in rows[:, 2]] if rows.shape[1] == 3 else None
        return _table(rows[:, :2].astype(np.float64), words, [], self._name)


def claim(tree: Tree) -> Source | None:
    """One array of N×2 or N×3, or one text file whose first lines are two or three columns of numbers."""
    if len(tree.entries) > 20:
        return None
    for entry in tree.entries:
        found = [m for m in arrays.members(tree, entry.name) if _is_points(m)]
        named = [m for key in POINT_KEYS for m in found if m.key.lower() == key]
        for member in [*named, *found][:1]:
            return FilePoints(tree, entry.name, member)
    tables = [e.name for e in tree.entries if _is_table(tree, e.name)]
    return FilePoints(tree, tables[0], None) if len(tables) == 1 else None


def parse(text: str, name: str) -> Table:
    """Points of a text table. The first line may be a header; other lines that are no numbers are left out and listed.

    Raises:
        Unreadable: when no line is a point.
    """
    lines = text.splitlines()
    parting = _parting(lines)
    points: list[tuple[float, float]] = []
    words: list[str] = []
    skipped: list[Skipped] = []
    columns = 0
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = _cells(line, parting)
        point = _numbers(cells[:2])
        columns = columns or (len(cells) if point is not None else 0)
        if point is not None and len(cells) == columns and columns in (2, 3):
            points.append(point)
            words.append(cells[2].strip().strip('"') if columns == 3 else "")
        elif points or number > 1:
            skipped.append(Skipped(f"{name}, line {number}", f"is not {columns or 2} columns of numbers"))
    rows = np.array(points, np.float64).reshape(-1, 2)
    return _table(rows, words if columns == 3 else None, skipped, name)


def _table(rows: npt.NDArray[np.float64], words: list[str] | None, skipped: list[Skipped], name: str) -> Table:
    good = (np.abs(rows) < 1e100).all(axis=1)  # what is not finite does not compare; squares of the rest are
    skipped += [
        Skipped(f"{name}, point {i + 1}", "is not finite, or beyond 1e100") for i in np.flatnonzero(~good)[:1000]
    ]
    if not good.any():
        raise Unreadable(f"{name}: holds no points: two columns of numbers are needed")
    labels: npt.NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    if words is not None:
        kept = [words[at] for at in np.flatnonzero(good)]
        found = set(kept)
        if len(found) <= MOST_CLASSES and not any(re.fullmatch(r"-?\d*\.\d+(e[-+]?\d+)?", w) for w in found):
            whole = all(re.fullmatch(r"-?\d+", w) for w in found)
            classes = tuple(sorted(found, key=(lambda w: (int(w), w)) if whole else (lambda w: (0, w))))
            index = {word: at for at, word in enumerate(classes)}
            labels = np.array([index[word] for word in kept], np.int64)
    return Table(rows[good], labels, classes, tuple(skipped))


def _standard(points: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and standard deviation to take out; zero and one when the points are near unit scale as they are."""
    mean, deviation = points.mean(axis=0), points.std(axis=0)
    if np.abs(mean).max() <= 1 and 0.2 <= deviation.max() <= 3:
        return np.zeros(2), np.ones(2)
    return mean, np.where(deviation > 0, deviation, 1.0)


def _is_points(member: arrays.Member) -> bool:
    return member.dtype.kind in "fiu" and member.dtype.itemsize <= 8 and member.shape[1:] in ((2,), (3,))


def _is_table(tree: Tree, name: str) -> bool:
    head = tree.head(name, 4096)
    if sniff(head) or b"\0" in head or not head:
        return False
    lines = [ln for ln in head.decode("utf-8-sig", errors="replace").splitlines() if ln.strip() and ln[0] != "#"]
    if len(head) == 4096:
        lines = lines[:-1]  # it may be cut
    parting = _parting(lines)
    cells = [_cells(line, parting) for line in lines[1:]] or [_cells(line, parting) for line in lines]
    good = sum(len(c) in (2, 3) and _numbers(c[:2]) is not None for c in cells)
    return bool(cells) and good * 2 > len(cells)


def _parting(lines: list[str]) -> str:
    some = "\n".join(lines[:20])
    return next((mark for mark in (";", "\t", ",") if mark in some), "")


def _cells(line: str, parting: str) -> list[str]:
    if not parting:
        return line.split()
    cells = line.rstrip("\r\n").split(parting)
    # with a semicolon or a tab between cells a comma is a decimal point
    return [c.replace(",", ".") for c in cells[:2]] + cells[2:] if parting != "," else cells


def _numbers(cells: list[str]) -> tuple[float, float] | None:
    if len(cells) != 2:
        return None
    try:
        return float(cells[0].strip().strip('"')), float(cells[1].strip().strip('"'))
    except ValueError:
        return None
