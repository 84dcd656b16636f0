"""OpenPose's JSON files beside the images that they are of: ``photo_keypoints.json`` for ``photo.jpg``.

``people[].pose_keypoints_2d`` (``pose_keypoints`` in its first versions) holds x, y, confidence for the 18 joints of
COCO-18 or the 25 of BODY_25, whose first are the same but for the middle of the hips; confidence 0 is a joint that was
not found. Every person is an example: of several in one image each is cut out. Coordinates are pixels, or where all of
them lie in 0..1 or −1..1 (``--keypoint_scale``) shares of the image. Who is who it does not say; only where each image
shows one person and their names end in frame numbers are they frames of a film of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from studio.data.errors import Unreadable, Unrecognised
from studio.data.readers.folder import common_folder, images
from studio.data.readers.people import FEWEST, People, Pictures, Posed, first_reason
from studio.data.reading import Skipped, Source
from studio.data.skeleton import JOINTS
from studio.data.trees import FileTree, Tree

MOST_JSON = 8 << 20
"""Bytes of one file: a few hundred people."""
LOOKED_INTO = 20
SUFFIX = "_keypoints"
BODY_25 = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
"""Which of BODY_25 each of the 18 joints is: 8 is the middle of the hips, 19 to 24 are the feet."""
KEYS = ("pose_keypoints_2d", "pose_keypoints")
_FRAME = re.compile(r"(.*?)[_-]?\d{6,}")


def claim(tree: Tree) -> Source | None:
    """JSON files with people, and the images of the same names.

    Raises:
        Unrecognised: joints without images. Unreadable: no person that can be used.
    """
    files = [e.name for e in tree.entries if e.name.lower().endswith(".json")]
    some = files[:: max(1, len(files) // LOOKED_INTO)]
    if not any(_is_one(tree, name) for name in some):
        return None
    pictures = [] if isinstance(tree, FileTree) else images(tree)
    if not pictures:
        raise Unrecognised(f"{some[0]}: joints without images; drop the folder that holds this file and its image")
    known = Pictures(pictures)
    frames: list[_Frame] = []
    skipped: list[Skipped] = []
    listed: list[str] = []
    for name in files:
        frame = _frame(tree, name, known, skipped)
        if frame is not None:
            frames.append(frame)
            listed.append(frame.picture)
    shares, few = _shares(frames), 0
    people: list[Posed] = []
    film = all(len(f.people) <= 1 and _FRAME.fullmatch(_stem(f.picture)) for f in frames)
    for frame in frames:
        for number, joints in frame.people:
            if (joints[:, 2] > 0).sum() < FEWEST:
                few += 1
                continue
            match = _FRAME.fullmatch(_stem(frame.picture))
            folder = frame.picture.rpartition("/")[0]
            people.append(
                Posed(
                    frame.picture,
                    said=f"{frame.name}, person {number}",
                    joints=joints,
                    person=f"{folder}/{match[1]}" if film and match else f"{frame.name} {number}",
                    alone=len(frame.people) == 1,
                    shown=True,
                    shares=shares,
                )
            )
    if not people:
        raise Unreadable(f"{tree.path.name}: none of its people can be used.{first_reason(skipped)}")
    notes = ["of several people in an image, each is cut out"] if any(not p.alone for p in people) else []
    if film:
        notes.append("the images are taken for frames, by their names: of one person in each film")
    if shares:
        notes.append(f"the joints lie in {shares.replace('-', '−')}, and are taken for shares of the images")
    if few:
        notes.append(f"left out: {few:,} with fewer than {FEWEST} known joints")
    used = [f.name for f in frames]
    return People(
        tree,
        "posed people (OpenPose)",
        people,
        listed=listed,
        prefix=common_folder([*used, *(p.name for p in people)]),
        others=used,
        notes=tuple(notes),
        skipped=skipped,
    )


@dataclass(frozen=True)
class _Frame:
    """One JSON file, its image, and the people there: number from 1, joints."""

    name: str
    picture: str
    people: tuple[tuple[int, npt.NDArray[np.float32]], ...]


def _is_one(tree: Tree, name: str) -> bool:
    head = tree.head(name, 4096)
    if b'"people"' not in head:
        return False
    return _stem(name).endswith(SUFFIX) or any(f'"{key}"'.encode() in head for key in KEYS)


def _frame(tree: Tree, name: str, pictures: Pictures, skipped: list[Skipped]) -> _Frame | None:
    if tree.size(name) > MOST_JSON:
        skipped.append(Skipped(name, f"is larger than {MOST_JSON >> 20} MB"))
        return None
    try:
        plain = orjson.loads(tree.read(name, MOST_JSON))
        rows = plain["people"]
        if not isinstance(rows, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, Unreadable):
        skipped.append(Skipped(name, "is no JSON of OpenPose"))
        return None
    stem = _stem(name)
    picture = pictures.with_stem(stem.removesuffix(SUFFIX), name)
    if picture is None:
        skipped.append(Skipped(name, f"there is no image {stem.removesuffix(SUFFIX)}"))
        return None
    people: list[tuple[int, npt.NDArray[np.float32]]] = []
    for number, row in enumerate(rows, 1):
        try:
            people.append((number, _joints(row)))
        except ValueError as wrong:
            skipped.append(Skipped(f"{name}, person {number}", str(wrong)))
    return _Frame(name, picture, tuple(people))


def _joints(row: Any) -> npt.NDArray[np.float32]:
    numbers = next((row[key] for key in KEYS if key in row), None) if isinstance(row, dict) else None
    if not isinstance(numbers, list):
        raise ValueError(f"has no {KEYS[0]}")
    if len(numbers) not in (54, 75):
        raise ValueError(f"has {len(numbers)} numbers, not 54 (COCO-18) or 75 (BODY_25)")
    try:
        rows = np.array(numbers, np.float64).reshape(-1, 3)
    except (TypeError, ValueError) as wrong:
        raise ValueError("has joints that are no numbers") from wrong
    if not (np.abs(rows) < 1e6).all():
        raise ValueError("has a joint far outside of every image")
    rows = rows[list(BODY_25)] if len(rows) == 25 else rows
    made = np.zeros((len(JOINTS), 3), np.float32)
    known = rows[:, 2] > 0
    made[known, :2] = rows[known, :2]
    made[known, 2] = 1
    return made


def _shares(frames: list[_Frame]) -> str:
    known = [joints[joints[:, 2] > 0, :2] for frame in frames for _, joints in frame.people]
    if not known or not sum(map(len, known)):
        return ""
    all_of_them = np.concatenate(known)
    if np.abs(all_of_them).max() > 1:
        return ""
    return "-1..1" if all_of_them.min() < 0 else "0..1"


def _stem(name: str) -> str:
    last = name.rpartition("/")[2]
    return last.rpartition(".")[0] or last
