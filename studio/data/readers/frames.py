"""Animations as images: the frames of a GIF, WebP, PNG or TIFF file, through Pillow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from studio.data.errors import Refused, Unreadable, Unrecognised
from studio.data.fitting import FORMATS, Fitting, check_giant
from studio.data.readers.array_images import Raw, TreeArrays
from studio.data.readers.encoded import title_of
from studio.data.reading import Skipped, Source
from studio.data.sniff import sniff
from studio.data.trees import FileTree, Tree

MOST_FRAMES = 100_000
AT_A_TIME = 32


def claim(tree: Tree) -> Source | None:
    """A single image file with several frames.

    Raises:
        Refused: a giant. Unrecognised: a single picture, which is no dataset. Unreadable: a damaged one.
    """
    if not isinstance(tree, FileTree) or sniff(tree.head(tree.entries[0].name, 64)) != "image":
        return None
    name = tree.entries[0].name
    try:
        with tree.raw(name) as file, Image.open(file, formats=FORMATS) as image:
            check_giant((image.height, image.width), name)
            frames = int(getattr(image, "n_frames", 1))
            size, grey = (image.height, image.width), image.mode in ("1", "L", "LA")
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as giant:
        raise Refused(f"{name}: is a giant image, and is not decoded") from giant
    except Exception as wrong:  # a stranger's file in a decoder: Pillow's plugins raise whatever they stumble upon
        raise Unreadable(f"{name}: is a damaged image ({wrong})") from wrong
    if frames < 2:
        raise Unrecognised(f"{name}: is one image, and a dataset needs many. Drop the folder that holds them.")
    return Frames(tree, name, min(frames, MOST_FRAMES), size, 1 if grey else 3)


class Frames(TreeArrays):
    """Frames in order. A damaged one ends the reading: the next ones build upon it."""

    def __init__(self, tree: Tree, name: str, count: int, size: tuple[int, int], channels: int) -> None:
        super().__init__(tree, "animation", title_of(tree), [name])
        self.count, self.size, self.channels = count, size, channels

    def raw(self) -> Iterator[Raw]:
        fit = Fitting(self.size, "crop", self.channels)
        kept: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
        skipped: tuple[Skipped, ...] = ()
        with self.tree.raw(self.files[0]) as file, Image.open(file, formats=FORMATS) as image:
            for number in range(self.count):
                try:
                    image.seek(number)
                    kept.append(fit.image(image.copy()).transpose(1, 2, 0))
                except Exception as wrong:  # as above
                    skipped = (Skipped(f"frame {number + 1} and those after it", f"are damaged ({wrong})"),)
                    break
                if len(kept) == AT_A_TIME:
                    yield Raw(np.stack(kept))
                    kept = []
        if kept or skipped:
            empty = np.empty((0, *self.size, self.channels), np.uint8)
            yield Raw(np.stack(kept) if kept else empty, skipped=skipped)
