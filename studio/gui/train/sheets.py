"""Sample sheets on disk: which there are, and their tiles. Read by workers, shown by the window."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from studio.data import files, pictures
from studio.data.dataset import DataSpec

Pictures = npt.NDArray[np.uint8]
TITLE = 13
"""Pixels of a title in a file."""


class Sheet(NamedTuple):
    """Tiles uint8 N×H×W×3, and how many belong in a row (one for each class, say); 0: as many as fit. ``titles`` of
    the columns, where each has one: then a row is what a model makes of one example."""

    images: Pictures
    columns: int = 0
    titles: tuple[str, ...] = ()


def read(path: Path, data: DataSpec | None) -> Sheet:
    """A sheet in its tiles; the whole as one tile when it is of points or is cut in no known way.

    Raises:
        OSError: when the file is missing or no picture.
    """
    with Image.open(path) as opened:
        said, named = str(opened.info.get("columns", "0")), str(opened.info.get("titles", ""))
        picture = np.asarray(opened.convert("RGB"))
    if data is None or not data.pictured:
        return Sheet(picture[None])
    tiles = cut(picture, *data.size)
    columns = int(said) if said.isdecimal() and 0 < int(said) <= len(tiles) else 0
    titles = tuple(named.split("\n")) if named else ()
    return Sheet(tiles, columns, titles if len(titles) == columns else ())


def titles(path: Path) -> tuple[str, ...]:
    """Titles of the columns of a sheet; none where it has none, or cannot be read."""
    try:
        with Image.open(path) as opened:
            named = str(opened.info.get("titles", ""))
    except OSError:
        return ()
    return tuple(named.split("\n")) if named else ()


def write(path: Path, images: Pictures, columns: int, named: tuple[str, ...] = ()) -> None:
    """A sheet as PNG at the size of its pixels; with titles they stand above the columns, which are enlarged by a whole
    number until the words fit, and in the file."""
    picture, said = pictures.sheet(images, columns), PngInfo()
    if named:
        font = ImageFont.load_default(TITLE)
        wide = max(font.getlength(title) for title in named) + 6
        times = max(1, math.ceil(wide / (images.shape[2] + 1)))
        picture = picture.repeat(times, axis=0).repeat(times, axis=1)
        head = np.full((TITLE + 8, *picture.shape[1:]), pictures.GROUND, np.uint8)
        drawn = Image.fromarray(np.concatenate([head, picture]))
        draw = ImageDraw.Draw(drawn)
        for column, title in enumerate(named):
            middle = times * (1 + column * (images.shape[2] + 1) + images.shape[2] / 2)
            draw.text((middle, TITLE / 2 + 4), title, fill=(40, 40, 44), font=font, anchor="mm")
        picture = np.asarray(drawn)
        said.add_itxt("titles", "\n".join(named))
        said.add_text("columns", str(columns))
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", pnginfo=said)
    files.write(path, out.getvalue())


def cut(picture: Pictures, height: int, width: int) -> Pictures:
    """Undo :func:`studio.data.pictures.sheet`: tiles of ``height`` × ``width`` with one gap between and around.

    Places at the end that were left empty are no tiles. A picture that such tiles do not fill comes back whole.
    """
    for gap in (1, 2, 0, 3, 4):
        down, down_rest = divmod(picture.shape[0] - gap, height + gap)
        across, across_rest = divmod(picture.shape[1] - gap, width + gap)
        if down_rest or across_rest or down < 1 or across < 1:
            continue
        if gap and not _is_ground(picture, gap, height, width):
            continue
        inner = picture[gap:, gap:].reshape(down, height + gap, across, width + gap, 3)[:, :height, :, :width]
        tiles = np.ascontiguousarray(inner.transpose(0, 2, 1, 3, 4).reshape(-1, height, width, 3))
        ground = picture[0, 0]
        count = len(tiles)
        while gap and count > 1 and len(tiles) - count < across - 1 and bool((tiles[count - 1] == ground).all()):
            count -= 1
        return tiles[:count]
    return picture[None]


def _is_ground(picture: Pictures, gap: int, height: int, width: int) -> bool:
    """Whether the lines where gaps would be have one colour."""
    rows = picture[:: height + gap]
    columns = picture[:, :: width + gap]
    return bool((rows == picture[0, 0]).all() and (columns == picture[0, 0]).all())
