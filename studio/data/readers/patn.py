"""DeepFashion and Market-1501 as pose transfer has them: the annotation of PATN (Zhu et al. 2019), a folder of images.

``*-annotation-{train,test}.csv``: a header ``name:keypoints_y:keypoints_x``, then a name and two JSON lists of 18
numbers, rows before columns, −1 in either for a missing joint. ``*-pairs-{train,test}.csv``: ``from,to``. The images
lie in ``train/`` and ``test/``. The name says who it is: in Market-1501 the text before the first ``_`` (−1 and 0000
are distractors, no people), in DeepFashion the item and its colour. The joints' order is COCO-18; the labels that some
of that code has for eyes and ears are the wrong way round, its coordinates are not.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import orjson

from studio.data.errors import Unreadable, Unrecognised
from studio.data.readers.folder import SUFFIXES, common_folder, images, suffix
from studio.data.readers.people import FEWEST, MOST_ANNOTATION, People, Pictures, Posed, first_reason
from studio.data.readers.splits import part
from studio.data.reading import Skipped, Source
from studio.data.skeleton import JOINTS
from studio.data.trees import FileTree, Tree

COLUMNS = ("name", "keypoints_y", "keypoints_x")
LOOKED_INTO = 500
_ROW = re.compile(r"([^:]*):\s*(\[[^\]]*\])\s*:\s*(\[[^\]]*\])\s*")
_FASHION = re.compile(r"id_?\d{8}[-_/]?\d{2}(?=_\d)")


def claim(tree: Tree) -> Source | None:
    """Annotations, found by their first line, and the images that they name.

    Raises:
        Unrecognised: an annotation without its images. Unreadable: one with no line that can be read.
    """
    heads = {name: _columns(tree, name) for name in _tables(tree)[:LOOKED_INTO]}
    annotations = [name for name, cells in heads.items() if sorted(cells) == sorted(COLUMNS)]
    if not annotations:
        return None
    pictures = [] if isinstance(tree, FileTree) else images(tree)
    if not pictures:
        raise Unrecognised(f"{annotations[0]}: joints without images; drop the folder that holds this file and theirs")
    found = _Found(Pictures(pictures))
    for name in annotations:
        _read(tree, name, heads[name], found)
    if not found.people:
        raise Unreadable(f"{annotations[0]}: none of its people can be used.{first_reason(found.skipped)}")
    lists = [name for name, cells in heads.items() if [c.lower() for c in cells[:2]] == ["from", "to"]]
    pairs = [pair for name in lists for pair in _pairs(tree, name, found)]
    notes = [f"left out: {found.distractors:,} distractors (−1 and 0000)"] if found.distractors else []
    if found.few:
        notes.append(f"left out: {found.few:,} with fewer than {FEWEST} known joints")
    files = [*annotations, *lists]
    return People(
        tree,
        "posed people (PATN)",
        found.people,
        pairs=np.array(pairs, np.int64).reshape(-1, 2) if lists else None,
        listed=pictures,
        prefix=common_folder([*files, *(p.name for p in found.people)]),
        others=files,
        notes=tuple(notes),
        skipped=found.skipped,
    )


@dataclass
class _Found:
    pictures: Pictures
    people: list[Posed] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)
    distractors: int = 0
    few: int = 0


def _read(tree: Tree, name: str, columns: list[str], found: _Found) -> None:
    split = part(name)[1]
    for number, line in enumerate(_lines(tree, name), 1):
        if number == 1 or not line.strip():
            continue
        try:
            called, joints = _row(line, columns)
            if called in found.places:
                raise ValueError(f"{called} has a line already")
            if called.startswith(("-1", "0000")):
                found.distractors += 1
                found.left_out.add(called)
                continue
            if (joints[:, 2] > 0).sum() < FEWEST:
                found.few += 1
                found.left_out.add(called)
                continue
            picture = found.pictures.named(called, name, split)
            if picture is None:
                found.left_out.add(called)
                raise ValueError(f"its image {called} is not there")
        except ValueError as wrong:
            found.skipped.append(Skipped(f"{name}, line {number}", str(wrong)))
            continue
        found.places[called] = len(found.people)
        said = f"{name}, line {number}"
        found.people.append(
            Posed(picture, held=bool(split), said=said, joints=joints, person=person(called), whole=True)
        )


def _row(line: str, columns: list[str]) -> tuple[str, npt.NDArray[np.float32]]:
    """Name and joints of one line.

    Raises:
        ValueError: with the reason why it is left out.
    """
    cells = _ROW.fullmatch(line)
    if cells is None or columns[0] != "name":
        raise ValueError("is not name:[numbers]:[numbers]")
    axes: dict[str, list[float]] = {}
    for column, cell in zip(columns[1:], cells.groups()[1:], strict=True):
        try:
            axes[column] = [float(value) for value in orjson.loads(cell)]
        except (ValueError, TypeError) as wrong:
            raise ValueError(f"{column} is no list of numbers") from wrong
    x, y = axes["keypoints_x"], axes["keypoints_y"]
    if len(x) != len(JOINTS) or len(y) != len(JOINTS):
        raise ValueError(f"has {len(y)} and {len(x)} numbers, not {len(JOINTS)} each")
    made = np.array([x, y, [1.0] * len(x)], np.float32).T
    made[(made[:, 0] == -1) | (made[:, 1] == -1)] = 0
    if not (np.abs(made) < 1e6).all():
        raise ValueError("has a joint far outside of every image")
    return cells[1].strip(), made


def person(name: str) -> str:
    """Who an image shows, by its name. "0002_c1s1_000451_03.jpg" → "0002"; "fashionWOMENDressesid0000262902_3back.jpg"
    → "fashionWOMENDressesid0000262902": the item and the number of its colour, which is worn by one person."""
    item = _FASHION.search(name)
    return name[: item.end()] if item else name.rpartition("/")[2].partition("_")[0]


def _pairs(tree: Tree, name: str, found: _Found) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    rows = csv.reader(io.StringIO("\n".join(_lines(tree, name))))
    try:
        for cells in rows:
            if rows.line_num == 1 or not cells:
                continue
            at = [found.places.get(cell.strip()) for cell in cells[:2]]
            if len(at) == 2 and at[0] is not None and at[1] is not None:
                pairs.append((at[0], at[1]))
                continue
            lost = next((cell for cell, place in zip(cells, at, strict=False) if place is None), "")
            why = f"{lost} was left out" if lost in found.left_out else f"{lost} has no joints"
            reason = why if len(cells) > 1 else "should be two names, parted by a comma"
            found.skipped.append(Skipped(f"{name}, line {rows.line_num}", reason))
    except csv.Error as wrong:
        found.skipped.append(Skipped(f"{name}, line {rows.line_num}", f"is no table ({wrong}); the rest is not read"))
    return pairs


def _tables(tree: Tree) -> list[str]:
    """What may be a table, the likeliest first; not what is called an image: to look into all of those takes long."""
    names = [e.name for e in tree.entries if suffix(e.name) not in SUFFIXES]
    return sorted(names, key=lambda name: suffix(name) not in ("csv", "txt", "tsv"))


def _columns(tree: Tree, name: str) -> list[str]:
    first = tree.head(name, 256).partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip()
    return [cell.strip().strip('"') for cell in re.split("[:,]", first)]


def _lines(tree: Tree, name: str) -> list[str]:
    return tree.read(name, MOST_ANNOTATION).decode("utf-8-sig", errors="replace").replace("\r\n", "\n").split("\n")
