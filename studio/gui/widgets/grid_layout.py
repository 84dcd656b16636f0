"""Where the tiles of a picture grid go, in device pixels; arithmetic only."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class GridLayout:
    """``columns`` × ``rows`` tiles of ``tile_width`` × ``tile_height`` device pixels, ``gap`` between them.

    ``scale`` is device pixels for one image pixel; ``left`` and ``top`` centre the whole in the area. ``below``: room
    for a caption under each tile, also under those of the last row. ``beside``: more room between columns
    than the gap, for names of columns that are wider than their tiles.
    """

    count: int
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    gap: int
    left: int
    top: int
    scale: float
    below: int = 0
    beside: int = 0

    def rect(self, index: int) -> tuple[int, int, int, int]:
        """x, y, width, height of a tile."""
        row, column = divmod(index, self.columns)
        return (
            self.left + column * (self.tile_width + self.gap + self.beside),
            self.top + row * (self.tile_height + self.below + self.gap),
            self.tile_width,
            self.tile_height,
        )

    def at(self, x: float, y: float) -> int:
        """The tile at a place, -1 for none. The gap belongs to no tile."""
        column, inside_x = divmod(x - self.left, self.tile_width + self.gap + self.beside)
        row, inside_y = divmod(y - self.top, self.tile_height + self.below + self.gap)
        if inside_x >= self.tile_width or inside_y >= self.tile_height:
            return -1
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return -1
        index = int(row) * self.columns + int(column)
        return index if index < self.count else -1


def fit(count: int, width: int, height: int, area: tuple[int, int], gap: int, in_a_row: int = 0) -> GridLayout | None:
    """The columns that make ``count`` images of ``width`` × ``height`` as large as the area allows.

    ``in_a_row``: so many columns whatever the area; 0: as many as suit it.

    Enlarged images get a whole scale where they can, so that every image pixel is as large as the next; of
    equally large layouts the one that leaves fewest tiles empty, then the widest, is taken. None when nothing fits.
    """
    if count < 1 or width < 1 or height < 1:
        return None
    best: tuple[float, int, int] | None = None
    for columns in (in_a_row,) if in_a_row else range(1, count + 1):
        rows = math.ceil(count / columns)
        room = min(
            (area[0] - gap * (columns - 1)) / (columns * width),
            (area[1] - gap * (rows - 1)) / (rows * height),
        )
        scale = _whole(room)
        if scale <= 0:
            continue
        rank = (scale, -(columns * rows - count), columns)
        if best is None or rank > best:
            best = rank
    if best is None:
        return None
    scale, _, columns = best
    rows = math.ceil(count / columns)
    tile = max(1, int(width * scale)), max(1, int(height * scale))
    used = columns * tile[0] + gap * (columns - 1), rows * tile[1] + gap * (rows - 1)
    left, top = max(0, (area[0] - used[0]) // 2), max(0, (area[1] - used[1]) // 2)
    return GridLayout(count, columns, rows, tile[0], tile[1], gap, left, top, scale)


def fixed(
    count: int, columns: int, width: int, height: int, area: tuple[int, int], gap: int, below: int = 0
) -> GridLayout | None:
    """The same with the number of columns given. None when nothing fits."""
    if count < 1 or columns < 1 or width < 1 or height < 1:
        return None
    rows = math.ceil(count / columns)
    scale = _whole(
        min(
            (area[0] - gap * (columns - 1)) / (columns * width),
            (area[1] - gap * (rows - 1) - below * rows) / (rows * height),
        )
    )
    if scale <= 0:
        return None
    tile = max(1, int(width * scale)), max(1, int(height * scale))
    used = columns * tile[0] + gap * (columns - 1), rows * (tile[1] + below) + gap * (rows - 1)
    left, top = max(0, (area[0] - used[0]) // 2), max(0, (area[1] - used[1]) // 2)
    return GridLayout(count, columns, rows, *tile, gap, left, top, scale, below)


def spread(layout: GridLayout, width: int, wanted: int) -> GridLayout:
    """The same with its columns farther apart, so that each has ``wanted`` pixels as far as ``width`` allows; it is
    centred anew."""
    columns, pitch = layout.columns, layout.tile_width + layout.gap
    room = (width - columns * pitch + layout.gap) // max(columns, 1)
    beside = max(0, min(wanted - pitch, room))
    used = columns * (pitch + beside) - layout.gap - beside
    return replace(layout, beside=beside, left=max(0, (width - used) // 2))


def _whole(room: float) -> float:
    """A scale within ``room`` at which pixels look alike: whole, or in quarters where whole would waste much room.

    Images that must shrink keep any scale.
    """
    if room < 1:
        return room
    whole = float(math.floor(room))
    return whole if whole / room > 0.88 else math.floor(room * 4) / 4
