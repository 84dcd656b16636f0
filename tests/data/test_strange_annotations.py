"""Annotations that somebody spoilt: whatever is in them, they are read, left out by line, or refused in words."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.data.errors import DataError
from studio.data.sources import recognise
from studio.data.watch import Watch
from tests.data.made import put
from tests.data.posed import body, coco, openpose, patn, patn_row, photo
from tests.data.test_coco import CATEGORY, IMAGE, one

JOINTS = body()
PHOTO = photo(JOINTS)
PEOPLE = body(120, 160)
FORMS: dict[str, tuple[dict[str, bytes], str, bytes]] = {
    "PATN": ({"1_a.png": PHOTO}, "annotation-train.csv", patn(patn_row("1_a.png", JOINTS))),
    "pairs": (
        {"1_a.png": PHOTO, "annotation-train.csv": patn(patn_row("1_a.png", JOINTS))},
        "pairs-train.csv",
        b"from,to\n1_a.png,1_a.png\n",
    ),
    "COCO": (
        {"a.png": photo(PEOPLE, size=(120, 160))},
        "people.json",
        coco([one(), one()], [IMAGE], categories=[CATEGORY]),
    ),
    "OpenPose": ({"a.png": PHOTO}, "a_keypoints.json", openpose(JOINTS, JOINTS)),
    "sentences": ({}, "stsa.binary.train", b"1 a good film\n0 a bad film , but short\n" * 5),
}
PIECES = [
    b"null",
    b"[]",
    b"{}",
    b"-1",
    b"1e999",
    b"9" * 30,
    b"\xff\xfe",
    b"[[",
    b'""',
    b"NaN",
    b",",
    b":",
    b"\n",
    b"\0",
]
VALUES = [None, [], {}, -1, 1e30, "x", True, [None], [[1]], {"id": []}, 10**40]


def spoilt(content: bytes, dice: random.Random) -> bytes:
    """Some bytes put in the place of others."""
    made = bytearray(content)
    for _ in range(dice.randint(1, 3)):
        at, count = dice.randrange(max(1, len(made))), dice.choice([0, 1, 3, 10, 40])
        made[at : at + count] = dice.choice(PIECES)
    return bytes(made)


def rearranged(content: bytes, dice: random.Random) -> bytes:
    """JSON in which some values are of other types."""
    plain: Any = json.loads(content)
    for _ in range(dice.randint(1, 3)):
        at = plain
        while isinstance(at, dict | list) and at:
            key = dice.choice(list(at)) if isinstance(at, dict) else dice.randrange(len(at))
            if dice.random() < 0.4:
                at[key] = dice.choice(VALUES)
                break
            at = at[key]
    return json.dumps(plain).encode()


@pytest.mark.parametrize(
    ("form", "how"), [*((form, spoilt) for form in FORMS), ("COCO", rearranged), ("OpenPose", rearranged)]
)
def test_nothing_but_the_errors_for_people_comes_of_spoilt_annotations(
    tmp_path: Path, form: str, how: Callable[[bytes, random.Random], bytes]
) -> None:
    files, target, content = FORMS[form]
    read = 0
    told: list[str] = []
    for seed in range(25):
        root = put(tmp_path / str(seed), {**files, target: how(content, random.Random(seed))})
        try:
            source = recognise(root)
            found = source.inspect()
            read += sum(len(block.values) for block in source.blocks(found.suggested, Watch()))
            source.tables()
            source.notes()
        except DataError as wrong:
            told.append(str(wrong))
    assert read, "some of them are still good"
    assert all(told), "every error says something"
