"""Which part of a dataset a file's name says that it belongs to."""

from __future__ import annotations

import re

PARTS = {"train": 0, "training": 0, "dev": 1, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2}
"""Words of names → 0 train, 1 dev, 2 test."""


def part(name: str) -> tuple[str, int | None]:
    """What a name has in common with those of the other parts of its set, and its own part; None when it says none.

    Only whole words of the last name count: "stsa.binary.train" → ("stsa.binary.*", 0); "val2017" is 1.
    """
    folder, slash, last = name.rpartition("/")
    pieces = re.split(r"([^a-zA-Z]+)", last)
    at = next((i for i in reversed(range(len(pieces))) if pieces[i].lower() in PARTS), None)
    if at is None:
        return name, None
    return folder + slash + "".join([*pieces[:at], "*", *pieces[at + 1 :]]), PARTS[pieces[at].lower()]
