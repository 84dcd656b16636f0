"""Image folders, also as zip or tar: ``root/<class>/**/x.ext``; class subfolders become labels, sorted by name.

As torchvision's ImageFolder, and besides: one folder around everything is looked through; images without class
folders are unlabelled; ``train`` and ``test`` (or ``val``) above the classes become the split.
"""

from __future__ import annotations

import re

from studio.data.readers.encoded import EncodedImages, Item
from studio.data.reading import Skipped, Source
from studio.data.sniff import sniff
from studio.data.trees import FileTree, Tree

SUFFIXES = {
    *("jpg", "jpeg", "jpe", "jfif", "png", "apng", "ppm", "pgm", "pbm", "pnm"),
    *("bmp", "gif", "tif", "tiff", "webp"),
}
LOOKED_INTO = 500
"""Files without an image's ending whose first bytes are looked at, and files with one that are checked."""
TRAIN = frozenset({"train", "training", "trainset"})
TEST = frozenset({"test", "testing", "testset", "val", "valid", "validation"})


def claim(tree: Tree) -> Source | None:
    """All images of a tree, when there are any; a single file is no dataset."""
    if isinstance(tree, FileTree):
        return None
    names = images(tree)
    if not names:
        return None
    prefix = common_folder(names)
    inner = [name.removeprefix(prefix) for name in names]
    tops = {name.partition("/")[0] for name in inner if "/" in name}
    parted = bool(tops & TRAIN) and bool(tops & TEST) and tops <= TRAIN | TEST
    placed = [(name, *_class_of(short, parted)) for name, short in zip(names, inner, strict=True)]
    loose = [name for name, label, _ in placed if label is None]
    numbered = all(re.fullmatch(r"\d{5}", top) for top in tops)  # StyleGAN's 00000, 00001, ... are no classes
    if numbered or len(loose) * 10 > len(placed):
        return EncodedImages(
            tree,
            _kind(tree),
            [Item(n, held=h) for n, _, h in placed],
            (),
            prefix=prefix,
            notes=_unlabelled(loose, tops),
        )
    classes = tuple(sorted({label for _, label, _ in placed if label is not None}))
    index = {name: at for at, name in enumerate(classes)}
    return EncodedImages(
        tree,
        _kind(tree),
        [Item(name, index[label], held) for name, label, held in placed if label is not None],
        classes,
        prefix=prefix,
        skipped=[Skipped(name, "lies in none of the class folders") for name in loose],
    )


def images(tree: Tree) -> list[str]:
    """Names of the images: by ending, checked in samples by content; without a known ending by content."""
    likely = [e.name for e in tree.entries if suffix(e.name) in SUFFIXES]
    others = [e.name for e in tree.entries if suffix(e.name) not in SUFFIXES and e.size > 16]
    found = [name for name in others[:LOOKED_INTO] if sniff(tree.head(name, 64)) == "image"]
    kinds = {sniff(tree.head(name, 64)) for name in likely[:: max(1, len(likely) // LOOKED_INTO)]}
    if "image" not in kinds and kinds - {""}:
        likely = []  # something else under an image's name; broken images stay, so that a person hears of them
    return sorted([*likely, *found])


def common_folder(names: list[str]) -> str:
    """The folders that all names are in, with a slash at the end; empty when there are none."""
    first, last = min(names).split("/")[:-1], max(names).split("/")[:-1]
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return "".join(f"{part}/" for part in first[:shared])


def _class_of(short: str, parted: bool) -> tuple[str | None, bool]:
    parts = short.split("/")
    held = parted and parts[0] in TEST
    if parted:
        parts = parts[1:]
    return (parts[0] if len(parts) > 1 else None), held


def _unlabelled(loose: list[str], tops: set[str]) -> tuple[str, ...]:
    if loose and tops - TRAIN - TEST:
        return ("many of the images lie in no subfolder, so the subfolders are not taken for classes",)
    return ()


def _kind(tree: Tree) -> str:
    return "image folder" if tree.path.is_dir() else "archive of images"


def suffix(name: str) -> str:
    """What a name ends in after the dot, in small letters."""
    return name.rpartition("/")[2].rpartition(".")[2].lower()
