"""StyleGAN's dataset zip or folder: numbered images and a ``dataset.json`` with their labels.

``{"labels": [["00000/img00000000.png", 6], ...]}`` or ``{"labels": null}``; whole numbers are classes, lists of
numbers (attributes) are not used. As written by NVlabs/stylegan3, dataset_tool.py.
"""

from __future__ import annotations

import json
from typing import Any

from studio.data.errors import Unreadable
from studio.data.readers.encoded import EncodedImages, Item
from studio.data.readers.folder import common_folder, images
from studio.data.reading import Skipped, Source
from studio.data.trees import FileTree, Tree

NAME = "dataset.json"
MOST_LABELS = 256 << 20


def claim(tree: Tree) -> Source | None:
    """Images below a ``dataset.json`` that has labels.

    Raises:
        Unreadable: when it is broken, or disagrees with the images.
    """
    if isinstance(tree, FileTree):
        return None
    at = min((e.name for e in tree.entries if e.name.rpartition("/")[2] == NAME), key=len, default=None)
    if at is None:
        return None
    root = at.removesuffix(NAME)
    try:
        plain = json.loads(tree.read(at, MOST_LABELS))
    except ValueError as wrong:
        raise Unreadable(f"{at}: is no JSON ({wrong})") from wrong
    if not isinstance(plain, dict) or "labels" not in plain:
        return None
    names = [name for name in images(tree) if name.startswith(root)]
    if not names:
        return None
    kind = "StyleGAN dataset"
    rows = plain["labels"]
    if rows is None:
        return EncodedImages(tree, kind, [Item(n) for n in names], (), prefix=common_folder([at, *names]), others=[at])
    labels = _labels(rows, at)
    numbers = [label for label in labels.values() if isinstance(label, int)]
    if len(numbers) < len(labels) or not labels:
        note = "the labels are lists of numbers, not classes, and are not used"
        items = [Item(name) for name in names]
        return EncodedImages(tree, kind, items, (), prefix=common_folder([at, *names]), others=[at], notes=(note,))
    values = sorted(set(numbers))
    index = {value: place for place, value in enumerate(values)}
    known = [name for name in names if name.removeprefix(root) in labels]
    if not known:
        raise Unreadable(f"{at}: has labels, but for none of the {len(names):,} images that are there")
    return EncodedImages(
        tree,
        kind,
        [Item(name, index[labels[name.removeprefix(root)]]) for name in known],
        tuple(str(value) for value in values),
        prefix=common_folder([at, *names]),
        others=[at],
        skipped=[Skipped(n, f"has no label in {at}") for n in names if n.removeprefix(root) not in labels],
    )


def _labels(rows: Any, at: str) -> dict[str, Any]:
    if not isinstance(rows, list):
        raise Unreadable(f"{at}: “labels” should be a list or null")
    labels: dict[str, Any] = {}
    for place, row in enumerate(rows):
        if not (isinstance(row, list) and len(row) == 2 and isinstance(row[0], str)):
            raise Unreadable(f"{at}: row {place} of “labels” should be [file name, label]")
        labels[row[0].replace("\\", "/")] = row[1]
    return labels
