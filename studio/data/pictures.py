"""Arrays as pictures: examples of a dataset, sheets of them, points in the plane. NumPy and Pillow only."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.data.dataset import DataSpec

Pictures = npt.NDArray[np.uint8]
GROUND = (246, 246, 246)
REAL = (150, 150, 150)
MADE = (0, 114, 178)  # the accent colour, Okabe–Ito blue #0072B2
FRAME = 230


def to_pictures(values: npt.NDArray[Any], spec: DataSpec) -> Pictures:
    """Examples as people see them.

    Args:
        values: images uint8 N×C×H×W; vectors uint8 N×D, whose cells fill a grid row by row (grey where it has more
            cells than they have values); or float N×2, which become one picture of all the points.

    Returns:
        uint8 N×H×W×3 for images and vectors, 1×256×256×3 for points.
    """
    if spec.kind == "points":
        return points_picture(values)[None]
    if spec.kind == "vectors":
        values = in_grid(values, spec)
    if values.dtype != np.uint8 or values.ndim != 4:
        raise ValueError(f"images are uint8 N×C×H×W, not {values.dtype} of shape {values.shape}")
    seen = np.transpose(values, (0, 2, 3, 1))
    return np.ascontiguousarray(np.broadcast_to(seen, (*seen.shape[:3], 3)))


def in_grid(values: npt.NDArray[Any], spec: DataSpec, empty: float = 128) -> npt.NDArray[Any]:
    """Values N×D of vectors as N×1×rows×columns; ``empty`` where the grid has more cells than there are values."""
    rows, columns = spec.size
    cells = np.full((len(values), rows * columns), empty, values.dtype)
    cells[:, : values.shape[1]] = values
    return cells.reshape(len(values), 1, rows, columns)


def sheet(images: Pictures, columns: int | None = None, gap: int = 1) -> Pictures:
    """Pictures side by side, in reading order, on the light ground.

    Args:
        images: uint8 N×H×W×3, N ≥ 1.
        columns: None chooses them so that the sheet is about square.
        gap: pixels between neighbours and around.

    Returns:
        uint8 H×W×3.
    """
    count, height, width = images.shape[:3]
    if count == 0:
        raise ValueError("a sheet needs at least one picture")
    across = columns or max(1, round(math.sqrt(count * height / width)))
    down = math.ceil(count / across)
    full = np.empty((down * (height + gap) + gap, across * (width + gap) + gap, 3), np.uint8)
    full[:] = GROUND
    for at, image in enumerate(images):
        top, left = gap + at // across * (height + gap), gap + at % across * (width + gap)
        full[top : top + height, left : left + width] = image
    return full


def enlarged(images: Pictures, least: int) -> Pictures:
    """Pictures N×H×W×3 enlarged by a whole factor, nearest neighbour, until the longer side is about ``least``."""
    times = max(1, round(least / max(images.shape[1:3])))
    return images.repeat(times, axis=1).repeat(times, axis=2)


def points_picture(points: npt.NDArray[Any], real: npt.NDArray[Any] | None = None, size: int = 256) -> Pictures:
    """Points in the plane on a light ground: real ones grey, generated ones in the accent colour over them.

    Both are seen in one square window around the real points (or around ``points`` when there are none), y upwards,
    so that a picture of generated points keeps still while they move. Points outside it, or not finite, are not
    drawn. Dots are antialiased and about 1 % of the picture wide.

    Args:
        points, real: float N×2; a dataset alone is given as ``points`` and drawn in the accent colour.
        size: pixels a side.

    Returns:
        uint8 size×size×3.
    """
    made = _finite(points)
    ground = None if real is None else _finite(real)
    centre, reach = _window(made if ground is None or not len(ground) else ground)
    picture = np.empty((size, size, 3), np.float64)
    picture[:] = GROUND
    for cloud, colour in ((ground, REAL), (made, MADE)):
        if cloud is not None and len(cloud):
            cover = _cover((cloud - centre) / reach, size)[..., None]
            picture += cover * (np.array(colour, np.float64) - picture)
    return np.asarray(np.rint(picture), np.uint8)


def _finite(points: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    plane = np.asarray(points, np.float64).reshape(-1, 2)
    return np.asarray(plane[np.isfinite(plane).all(axis=1)])


def _window(points: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """Centre and half the side of a square that holds all but the farthest outliers, with a margin."""
    if not len(points):
        return np.zeros(2), 2.0
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    return (low + high) / 2, max(float((high - low).max()) / 2 * 1.25, 1e-9)


def _cover(places: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """How much of each pixel the dots cover, 0..1: dots are stamped on a grid four times as fine, and averaged."""
    fine = 4
    at = np.rint((places * (0.5, -0.5) + 0.5) * (size * fine) - 0.5)
    keep = (np.abs(at) < 2**30).all(axis=1)
    at = at[keep].astype(np.int64)
    # fewer points may be bigger
    radius = max(1.0, size * fine * (0.006 if len(at) > 1500 else 0.009))
    reach = math.ceil(radius)
    offsets = np.arange(-reach, reach + 1)
    inside = np.add.outer(offsets**2, offsets**2) <= radius**2
    dot_y, dot_x = (axis - reach for axis in np.nonzero(inside))
    grid = np.zeros((size * fine + 2 * reach, size * fine + 2 * reach), bool)
    seen = at[((at > -reach) & (at < size * fine + reach)).all(axis=1)]
    # stamped offset by offset: a few hundred vectorised writes whatever the number of points
    for dy, dx in zip(dot_y.tolist(), dot_x.tolist(), strict=True):
        y, x = seen[:, 1] + dy + reach, seen[:, 0] + dx + reach
        ok = (y >= 0) & (x >= 0) & (y < grid.shape[0]) & (x < grid.shape[1])
        grid[y[ok], x[ok]] = True
    core = grid[reach:-reach, reach:-reach]
    return np.asarray(core.reshape(size, fine, size, fine).mean(axis=(1, 3)))


def png(picture: Pictures) -> bytes:
    """A picture H×W×3 as the bytes of a PNG file."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()
