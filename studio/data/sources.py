"""From a path to what can be read there. :func:`recognise` is the only place that decides, and contents decide."""

from __future__ import annotations

from pathlib import Path

from studio.data.archives import grow
from studio.data.errors import DataError, Refused, Unavailable, Unreadable, Unrecognised
from studio.data.readers import (
    arrays,
    bits,
    cifar,
    coco,
    folder,
    frames,
    idx,
    openpose,
    patn,
    points,
    sentences,
    stylegan,
)
from studio.data.reading import Block, Found, Preparation, Skipped, Source
from studio.data.sniff import sniff
from studio.data.trees import FileTree, Tree
from studio.data.watch import Watch

__all__ = [
    "ACCEPTED",
    "Block",
    "DataError",
    "Found",
    "Preparation",
    "Refused",
    "Skipped",
    "Source",
    "Unavailable",
    "Unreadable",
    "Unrecognised",
    "recognise",
]

READERS = (
    patn.claim,
    coco.claim,
    openpose.claim,
    stylegan.claim,
    folder.claim,
    frames.claim,
    idx.claim,
    cifar.claim,
    bits.claim,
    arrays.claim,
    points.claim,
    sentences.claim,
)
"""In order of preference among those that can read equally much. A new format is a new reader and a name here."""

ACCEPTED = (
    "a folder of images (class subfolders become labels), or a zip or tar of one",
    "IDX files as of MNIST, packed or not",
    "CIFAR batches, Python or binary",
    "npz or npy with images",
    "CSV or npy with points of two columns",
    "npz, npy or text with rows of 0 and 1",
    "a StyleGAN dataset",
    "an animated GIF, WebP or PNG",
    "posed people: images with the joints that PATN (DeepFashion, Market-1501), COCO or OpenPose wrote",
    "sentences, a label and words a line (SST-2's stsa.binary files)",
)
"""What can be dropped, a phrase each, for messages and the empty bench."""


def recognise(path: Path, watch: Watch | None = None) -> Source:
    """What lies at a path, decided by content. Quick, but for packed tars, which are unpacked to be looked into.

    Raises:
        Unrecognised: none of the known forms; the message says which are accepted.
        Refused: not safe to read; the message says why.
        Unreadable: of a known form, but broken.
        Cancelled, OSError.
    """
    path = Path(path)
    if not path.exists():
        raise Unrecognised(f"{path}: there is no such file or folder")
    tree = grow(path, watch or Watch())
    if not tree.entries:
        raise Unrecognised(f"{path.name or path}: is empty. Accepted: {'; '.join(ACCEPTED)}.")
    if isinstance(tree, FileTree) and tree.entries[0].size == 0:
        raise Unrecognised(f"{path.name}: is an empty file. Accepted: {'; '.join(ACCEPTED)}.")
    claims: list[tuple[int, Source]] = []
    objections: list[DataError] = []
    for reader in READERS:
        try:
            source = reader(tree)
        except DataError as objection:
            objections.append(objection)
        else:
            if source is not None:
                claims.append((_covered(tree, source), source))
    if claims:
        return max(claims, key=lambda claim: claim[0])[1]  # the first among equals
    if objections:
        raise next((o for o in objections if isinstance(o, Refused)), objections[0])
    raise Unrecognised(f"{path.name or path}: {_looks_like(tree)}. Accepted: {'; '.join(ACCEPTED)}.")


def _covered(tree: Tree, source: Source) -> int:
    """Bytes of the tree that a reader understands: in a folder of images a stray table is no dataset of points."""
    return sum(tree.size(name) for name in getattr(source, "covers", getattr(source, "files", [])))


def _looks_like(tree: Tree) -> str:
    if not isinstance(tree, FileTree):
        return f"none of its {len(tree.entries):,} files is data of a known form"
    kind = sniff(tree.head(tree.entries[0].name, 64))
    if kind == "zip":
        return "is a zip archive without images or arrays"
    return f"is {kind}, which is not read" if " " in kind else "is no data of a known form"
