"""Labelled sentences, one a line: ``<label> <words parted by spaces>``, as ``stsa.binary.{train,dev,test}`` of SST-2.

The label is a whole number of 0 to 99. Files whose names differ in ``train``, ``dev`` (or ``val``, ``valid``) and
``test`` alone belong together: the last two are held out. Words are taken as they stand. The words of all parts have a
number, as in Kim 2014 (and in the code of Hu et al. 2016): those that training never shows keep the vector that they
began with, which a file of word vectors makes a good one. With each sentence two columns are kept: "part" int8 (0
train, 1 dev, 2 test) and "but" int32, where the clause after the first whole word "but" begins, −1 without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data import vectors
from studio.data.errors import Refused, Unreadable
from studio.data.pictures import png
from studio.data.readers.encoded import title_of
from studio.data.readers.splits import PARTS, part
from studio.data.reading import Block, Found, Preparation, Skipped, Source
from studio.data.sentences import clause, picture, tokens
from studio.data.sniff import sniff
from studio.data.trees import FileTree, Tree
from studio.data.watch import Watch

MOST_TEXT = 128 << 20
"""Bytes of one file."""
LONGEST = 1000
"""Words of a sentence; a longer line is left out."""
LONGEST_WORD = 100
LOOKED_INTO = 40
MEANINGS = {
    "stsa.binary": ("negative", "positive"),
    "stsa.fine": ("very negative", "negative", "neutral", "positive", "very positive"),
}
"""What the labels 0, 1, ... mean in sets that are known by the names of their files; others go by their numbers."""
SHOWN, LISTED = 12, 60
"""Sentences on the picture, and on the dataset sheet."""
_LINE = re.compile(r"(\d{1,2})[ \t]+(\S.*)")


def claim(tree: Tree) -> Source | None:
    """Text files whose lines are a small whole number and words; of several sets the fullest one."""
    if len(tree.entries) > LOOKED_INTO:
        return None
    sets: dict[str, dict[int, str]] = {}
    for entry in tree.entries:
        if _is_sentences(tree, entry.name):
            stem, number = part(entry.name)
            sets.setdefault(stem, {}).setdefault(number or 0, entry.name)
    if not sets:
        return None
    best = max(sets, key=lambda stem: (len(sets[stem]), sum(tree.size(n) for n in sets[stem].values())))
    others = [name for stem, files in sets.items() if stem != best for name in files.values()]
    return Sentences(tree, dict(sorted(sets[best].items())), others)


@dataclass
class _Lines:
    """What the files held: of each sentence its words (numbers in order of appearance), label, part and clause."""

    rows: list[npt.NDArray[np.int32]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    clauses: list[int] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)


class Sentences(Source):
    """The files of one set, read as a whole at the first look.

    Args:
        files: name by part (0 train, 1 dev, 2 test).
        others: files of other sets, which are not read.
    """

    kind_of = "labelled sentences"
    kind = "sentences"

    def __init__(self, tree: Tree, files: dict[int, str], others: list[str]) -> None:
        self.tree, self._parts, self._others = tree, files, others
        self.path, self.origin, self.title = tree.path, str(tree.path), title_of(tree)
        self.files = list(files.values())
        first = self.files[0].rpartition("/")[2].lower()
        self._meanings = next((names for start, names in MEANINGS.items() if first.startswith(start)), ())
        self._lines: _Lines | None = None
        self._vectors: vectors.Vectors | None = None
        self._vectors_of = ""

    def signature(self) -> str:
        return self.tree.signature(self.files)

    def content(self, watch: Watch) -> str:
        plain = "" if self._meanings else ", labels go by their numbers"  # the same lines under another name
        return self.tree.content([(name, f"part {number}{plain}") for number, name in self._parts.items()], watch)

    @property
    def classes(self) -> tuple[str, ...]:
        return self._meanings or tuple(str(label) for label in sorted(set(self._read(Watch()).labels)))

    def inspect(self, watch: Watch | None = None) -> Found:
        lines = self._read(watch or Watch())
        held = self._held(lines)
        share = 0.1 if held is None else float(held.mean())
        return Found(
            kind="sentences",
            count=len(lines.rows),
            sizes={},
            channels=1,
            classes=self.classes,
            labelled=True,
            thumbnails=self._picture(),
            skipped=lines.skipped,
            suggested=Preparation(held_out=share),
            notes=self.notes(),
            natural_held_out=0 if held is None else int(held.sum()),
            sentences=self._some(LISTED),
        )

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        lines = self._read(watch)
        words, number = self._vocabulary()
        self._vectors, self._vectors_of = None, preparation.vectors
        if preparation.vectors:
            self._vectors = vectors.read(Path(preparation.vectors), words, watch)
        length = max(len(row) for row in lines.rows)
        values = np.zeros((len(lines.rows), length), np.int32)
        for place, row in zip(values, lines.rows, strict=True):
            place[: len(row)] = number[row]
        seen = sorted(set(lines.labels))
        labels = lines.labels if self._meanings else np.searchsorted(seen, lines.labels)
        left_out = (*lines.skipped, *(self._vectors.skipped if self._vectors else ()))
        yield Block(
            values,
            np.asarray(labels, np.int64),
            self._held(lines),
            skipped=left_out,
            columns={"part": np.array(lines.parts, np.int8), "but": np.array(lines.clauses, np.int32)},
        )

    def tables(self) -> dict[str, npt.NDArray[Any]]:
        tables: dict[str, npt.NDArray[Any]] = {"words": self._vocabulary()[0]}
        return tables if self._vectors is None else {**tables, "vectors": self._vectors.table}

    def sheet(self) -> bytes:
        return png(self._picture()[0])

    def details(self) -> dict[str, Any]:
        if self._vectors is None:
            return {}
        return {"vectors": self._vectors_of, "words with a vector": self._vectors.known}

    def notes(self) -> tuple[str, ...]:
        lines = self._read(Watch())
        lengths = np.array([len(row) for row in lines.rows])
        buts = np.array(lines.clauses) >= 0
        notes = [
            f"{len(lines.words):,} different words; sentences of {lengths.min()} to {lengths.max()} words, "
            f"{lengths.mean():.1f} on average",
            f"“but” is a word of {int(buts.sum()):,} sentences" if buts.any() else "“but” is a word of no sentence",
        ]
        if len(self._parts) > 1:
            names = ("train", "dev", "test")
            notes.append(", ".join(f"{lines.parts.count(number):,} {names[number]}" for number in self._parts))
        if self._others:
            notes.append(f"also there, and not read: {', '.join(self._others)}")
        if beside := self._beside():
            notes.append(f"{' and '.join(beside)} beside it: drop the folder to have these held out")
        if self._vectors is not None:
            notes.append(
                f"word vectors of {self._vectors.table.shape[1]} dimensions for {self._vectors.known:,} "
                f"of the {len(lines.words):,} words, from {self._vectors_of}"
            )
        return tuple(notes)

    def _beside(self) -> list[str]:
        """Other parts of the set, where one file of it was dropped alone."""
        if not isinstance(self.tree, FileTree):
            return []
        name = self.files[0]
        return [other for other in _siblings(name) if self.tree.has(other)]

    def _held(self, lines: _Lines) -> npt.NDArray[np.bool_] | None:
        held = np.array(lines.parts) > 0
        return held if held.any() and not held.all() else None

    def _vocabulary(self) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int32]]:
        """The words, sorted, and the final number of each provisional one."""
        found = list(self._read(Watch()).words)
        words = np.array(sorted(found))
        place = {str(word): at for at, word in enumerate(words, 1)}
        return words, np.array([place[word] for word in found], np.int32)

    def _picture(self) -> npt.NDArray[np.uint8]:
        return picture(self._some(SHOWN))

    def _some(self, count: int) -> tuple[tuple[str, str], ...]:
        """Label and text of so many sentences, spread over the whole."""
        lines = self._read(Watch())
        words = list(lines.words)
        classes, seen = self.classes, sorted(set(lines.labels))
        count = min(count, len(lines.rows))
        shown = []
        for at in (i * len(lines.rows) // count for i in range(count)):
            label = lines.labels[at] if self._meanings else seen.index(lines.labels[at])
            shown.append((classes[label], " ".join(words[number] for number in lines.rows[at])))
        return tuple(shown)

    def _read(self, watch: Watch) -> _Lines:
        """All lines of all files, once.

        Raises:
            Unreadable: no sentence at all. Refused: a file too large.
        """
        if self._lines is None:
            lines = _Lines()
            for done, (number, name) in enumerate(self._parts.items()):
                watch.advance(done, len(self._parts), "Reading the sentences")
                if self.tree.size(name) > MOST_TEXT:
                    raise Refused(f"{name}: is larger than {MOST_TEXT >> 20} MB")
                self._take(self.tree.read(name, MOST_TEXT), number, name, lines)
            if not lines.rows:
                first = lines.skipped[0]
                raise Unreadable(f"{self.title}: holds no sentence. The first line, {first.name}: {first.reason}")
            self._lines = lines
        return self._lines

    def _take(self, content: bytes, which: int, name: str, lines: _Lines) -> None:
        for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
            if not raw.strip():
                continue
            try:
                label, words = self._parted(raw)
            except ValueError as wrong:
                lines.skipped.append(Skipped(f"{name}, line {number}", str(wrong)))
                continue
            known = lines.words
            lines.rows.append(np.array([known.setdefault(word, len(known)) for word in words], np.int32))
            lines.labels.append(label)
            lines.parts.append(which)
            lines.clauses.append(clause(words))

    def _parted(self, raw: bytes) -> tuple[int, tuple[str, ...]]:
        """Label and words of a line.

        Raises:
            ValueError: with the reason why it is left out.
        """
        try:
            line = raw.decode().strip()
        except UnicodeDecodeError as wrong:
            raise ValueError("is no UTF-8 text") from wrong
        head, _, rest = line.replace("\t", " ", 1).partition(" ")
        if re.fullmatch(r"\d{1,2}", head) is None:
            raise ValueError("does not begin with a label, a whole number of 0 to 99")
        if self._meanings and int(head) >= len(self._meanings):
            raise ValueError(f"its label is {int(head)}; this set has 0 to {len(self._meanings) - 1}")
        words = tokens(rest)
        if not words:
            raise ValueError("holds a label and no words")
        if len(words) > LONGEST or max(len(word) for word in words) > LONGEST_WORD:
            raise ValueError(f"has more than {LONGEST:,} words, or a word of more than {LONGEST_WORD} letters")
        return int(head), words


def _is_sentences(tree: Tree, name: str) -> bool:
    head = tree.head(name, 4096)
    if not head or sniff(head) or b"\0" in head:
        return False
    lines = [line for line in head.decode("utf-8-sig", errors="replace").split("\n") if line.strip()]
    if len(head) == 4096 and len(lines) > 1:
        lines = lines[:-1]  # it may be cut
    good = sum(_is_line(line.strip()) for line in lines)
    return good * 3 > 2 * len(lines)


def _is_line(line: str) -> bool:
    match = _LINE.fullmatch(line)
    return match is not None and re.search(r"[^\W\d_]{2}", match[2]) is not None


def _siblings(name: str) -> list[str]:
    stem, own = part(name)
    return [stem.replace("*", word) for word in ("train", "dev", "test") if "*" in stem and PARTS[word] != own]
