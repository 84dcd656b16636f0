"""COCO's keypoints JSON with its images: each person that has joints is an example, cut out by the annotation's box.

``images[{id, file_name, width, height}]``, ``annotations[{image_id, category_id, bbox [x, y, w, h], iscrowd, keypoints
[x, y, v]·17}]``, ``categories[{id, keypoints}]``: v is 0 for a joint that is not labelled, 1 for a hidden one, 2 for a
visible one; joints go by the names of the category. The neck, which COCO lacks, is the middle of the shoulders where
both are known. Sets of one video have ``track_id``, which says who is who; else nobody is in two poses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from studio.data.errors import Unreadable, Unrecognised
from studio.data.readers.folder import SUFFIXES, common_folder, images, suffix
from studio.data.readers.people import FEWEST, MOST_ANNOTATION, People, Pictures, Posed, first_reason
from studio.data.readers.splits import part
from studio.data.reading import Skipped, Source
from studio.data.skeleton import JOINTS, J
from studio.data.trees import FileTree, Tree

LOOKED_INTO = 20
MOST_PEOPLE = 2_000_000
_SIDES = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
ORDER = ("nose", *(f"{side}_{joint}" for joint in _SIDES for side in ("left", "right")))
"""COCO's 17, where a category does not name its own."""


def claim(tree: Tree) -> Source | None:
    """Annotations with joints, and the images that they speak of.

    Raises:
        Unrecognised: an annotation without its images. Unreadable: one without a person that can be used.
    """
    names = [e.name for e in tree.entries if suffix(e.name) not in SUFFIXES and 64 < e.size <= MOST_ANNOTATION]
    found = _Found()
    for name in sorted(names, key=lambda name: suffix(name) != "json")[:LOOKED_INTO]:
        plain = _annotation(tree, name)
        if plain is None:
            continue
        if not found.files:
            pictures = [] if isinstance(tree, FileTree) else images(tree)
            if not pictures:
                raise Unrecognised(f"{name}: joints without images; drop the folder that holds this file and theirs")
            found.pictures = Pictures(pictures)
        found.files.append(name)
        _read(plain, name, found)
    if not found.files:
        return None
    if not found.people:
        raise Unreadable(f"{found.files[0]}: none of its people can be used.{first_reason(found.skipped)}")
    left_out = {
        f"with fewer than {FEWEST} known joints": found.few,
        "in crowds that are marked as one": found.crowds,
    }
    notes = [f"left out: {many:,} {why}" for why, many in left_out.items() if many]
    return People(
        tree,
        "posed people (COCO)",
        found.people,
        listed=found.listed,
        prefix=common_folder([*found.files, *(p.name for p in found.people)]),
        others=found.files,
        notes=tuple(notes),
        skipped=found.skipped,
    )


@dataclass
class _Found:
    pictures: Pictures = field(default_factory=lambda: Pictures([]))
    files: list[str] = field(default_factory=list)
    people: list[Posed] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    few: int = 0
    crowds: int = 0


@dataclass(frozen=True)
class _Image:
    """What the annotation says of an image: its name in the tree (empty: it is not there), and its size."""

    called: str
    name: str
    size: tuple[int, int] | None


def _annotation(tree: Tree, name: str) -> dict[str, Any] | None:
    """The JSON, when it is COCO's and has joints; other annotations of COCO lie in the same folder."""
    head = tree.head(name, 16).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{"):
        return None
    content = tree.read(name, MOST_ANNOTATION)
    if any(word not in content for word in (b'"images"', b'"annotations"', b'"keypoints"')):
        return None
    try:
        plain = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as wrong:
        if suffix(name) != "json":
            return None
        raise Unreadable(f"{name}: is no JSON ({wrong})") from wrong
    if not (isinstance(plain.get("images"), list) and isinstance(plain.get("annotations"), list)):
        return None
    return plain if any(isinstance(a, dict) and "keypoints" in a for a in plain["annotations"]) else None


def _read(plain: dict[str, Any], name: str, found: _Found) -> None:
    split = part(name)[1]
    pictures = _images(plain["images"], name, split, found)
    orders = _orders(plain.get("categories"))
    for at, row in enumerate(plain["annotations"][:MOST_PEOPLE]):
        said = f"{name}, annotation {at + 1}"
        if isinstance(row, dict) and "keypoints" not in row:
            continue  # a thing, not a person
        try:
            person = _person(row, pictures, orders, bool(split), said, found)
        except (ValueError, TypeError, OverflowError) as wrong:
            found.skipped.append(Skipped(said, str(wrong) if type(wrong) is ValueError else "is not as COCO has it"))
            continue
        if person is not None:
            found.people.append(person)


def _person(
    row: Any,
    pictures: dict[Any, _Image],
    orders: dict[Any, tuple[str, ...]],
    held: bool,
    said: str,
    found: _Found,
) -> Posed | None:
    """One person; None for those that are left out by rule.

    Raises:
        ValueError: with the reason why the annotation can't be read.
    """
    if not isinstance(row, dict):
        raise ValueError("is no object")
    if row.get("iscrowd"):
        found.crowds += 1
        return None
    joints = _joints(row["keypoints"], orders.get(row.get("category_id"), ORDER))
    if (joints[:, 2] > 0).sum() < FEWEST:
        found.few += 1
        return None
    picture = pictures.get(row.get("image_id"))
    if picture is None:
        raise ValueError(f"its image_id {row.get('image_id')!r} is none of the images")
    if not picture.name:
        raise ValueError(f"its image {picture.called} is not there")
    track = row.get("track_id")
    who = said if track is None else f"{picture.name.rpartition('/')[0]} {track}"
    return Posed(
        picture.name,
        held=held,
        said=said,
        joints=joints,
        person=who,
        box=_box(row.get("bbox")),
        size=picture.size,
    )


def _images(rows: list[Any], name: str, split: int | None, found: _Found) -> dict[Any, _Image]:
    made: dict[Any, _Image] = {}
    for at, row in enumerate(rows):
        number = row.get("id") if isinstance(row, dict) else None
        called = row.get("file_name") if isinstance(row, dict) else None
        if not isinstance(number, int | str) or not isinstance(called, str):
            found.skipped.append(Skipped(f"{name}, image {at + 1}", "lacks an id or a file_name"))
            continue
        there = found.pictures.named(called, name, split)
        size = row.get("height"), row.get("width")
        whole = all(isinstance(side, int) and side > 0 for side in size)
        made[number] = _Image(called, there or "", (int(size[0]), int(size[1])) if whole else None)
        if there:
            found.listed.append(there)
    return made


def _orders(categories: Any) -> dict[Any, tuple[str, ...]]:
    """Names of the joints by category."""
    found: dict[Any, tuple[str, ...]] = {}
    for row in categories if isinstance(categories, list) else []:
        if isinstance(row, dict) and isinstance(row.get("keypoints"), list) and isinstance(row.get("id"), int):
            found[row["id"]] = tuple(str(joint).lower().replace(" ", "_") for joint in row["keypoints"])
    return found


def _joints(numbers: Any, order: tuple[str, ...]) -> npt.NDArray[np.float32]:
    if not isinstance(numbers, list) or len(numbers) != 3 * len(order):
        many = len(numbers) if isinstance(numbers, list) else 0
        raise ValueError(f"has {many} numbers for its joints, not {3 * len(order)}")
    rows = np.array(numbers, np.float64).reshape(-1, 3)
    if not (np.abs(rows) < 1e6).all():
        raise ValueError("has a joint far outside of every image")
    made = np.zeros((len(JOINTS), 3), np.float32)
    for (x, y, v), name in zip(rows, order, strict=True):
        joint = J.get(name.replace("_", " "))
        if joint is not None and v > 0:
            made[joint] = x, y, 1
    left, right, neck = made[J["left shoulder"]], made[J["right shoulder"]], J["neck"]
    if made[neck, 2] == 0 and left[2] > 0 and right[2] > 0:
        made[neck] = (left + right) / 2
    return made


def _box(numbers: Any) -> tuple[float, float, float, float] | None:
    if numbers is None:
        return None
    if not isinstance(numbers, list) or len(numbers) != 4:
        raise ValueError("its bbox is not x, y, width, height")
    x, y, wide, high = (float(number) for number in numbers)
    if not (wide > 0 and high > 0):
        raise ValueError("its bbox is empty")
    return x, y, x + wide, y + high
