"""Shapes with soft edges on many pictures at once: how much of a pixel a shape covers is read off the distance of its
centre to the shape's edge (½ − d, held to 0..1), and computed within a box around the shape alone.

Only sums, products, quotients and roots are taken of pixels, which every machine rounds alike: the same shapes give
the same picture, bit for bit, however many pictures are drawn at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)
F = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

LIGHT = (-0.45, -0.6)
"""Where light comes from, x and y."""
ROUND, RIM = np.float32(0.2), np.float32(0.26)
"""How much lighter and darker a rounded shape is towards and away from the light, and how much darker at its edge."""
_HALF = np.float32(0.5)


@dataclass(frozen=True)
class Patch:
    """A box on each of k pictures; all boxes are of one size.

    Attributes:
        rows: which pictures, k.
        top, left: where the boxes begin, k each.
        x, y: centres of the pixels, k×1×w and k×h×1.
    """

    rows: Rows
    top: Rows
    left: Rows
    x: F
    y: F


class Canvas:
    """n pictures that are being drawn, float32 n×3×H×W in 0..255, and which part each pixel shows, uint8 n×H×W: that of
    the last shape that covers at least half of it."""

    def __init__(self, count: int, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.colour = np.zeros((count, 3, height, width), np.float32)
        self.part = np.zeros((count, height, width), np.uint8)

    def patch(self, rows: Rows, left: F, top: F, right: F, bottom: F) -> tuple[Patch, npt.NDArray[np.bool_]] | None:
        """The boxes that hold these rectangles (k each), and which of the k they are for: those within the picture."""
        seen = (right > 0) & (bottom > 0) & (left < self.width) & (top < self.height)
        if not seen.any():
            return None
        left, top, right, bottom = left[seen], top[seen], right[seen], bottom[seen]
        x0, y0 = np.floor(left).astype(np.int64), np.floor(top).astype(np.int64)
        x0, y0 = np.clip(x0, 0, None), np.clip(y0, 0, None)
        w = min(self.width, int((np.minimum(np.ceil(right), self.width).astype(np.int64) - x0).max()))
        h = min(self.height, int((np.minimum(np.ceil(bottom), self.height).astype(np.int64) - y0).max()))
        x0, y0 = np.minimum(x0, self.width - w), np.minimum(y0, self.height - h)
        x = (x0[:, None, None] + np.arange(w)[None, None, :] + 0.5).astype(np.float32)
        y = (y0[:, None, None] + np.arange(h)[None, :, None] + 0.5).astype(np.float32)
        return Patch(rows[seen], y0, x0, x, y), seen

    def blend(self, at: Patch, cover: F, colours: tuple[F, F, F], part: int | F | npt.NDArray[np.uint8] | None) -> None:
        """Lay colours (each broadcast to k×h×w) over the patch where the shape covers it, ``cover`` k×h×w in 0..1.
        ``part`` None: what the pixels show stays as it is."""
        h, w = cover.shape[1:]
        window = _windows(self.colour, h, w)
        patch = window[at.rows, :, at.top, at.left]
        for channel, colour in enumerate(colours):
            plane = patch[:, channel]
            step = colour - plane
            step *= cover
            plane += step
        window[at.rows, :, at.top, at.left] = patch
        if part is not None:
            shown = _windows(self.part, h, w)
            patch_shown = shown[at.rows, at.top, at.left]
            np.copyto(patch_shown, np.asarray(part, np.uint8), where=cover >= _HALF)
            shown[at.rows, at.top, at.left] = patch_shown

    def capsule(
        self,
        rows: Rows,
        a: F,
        b: F,
        radius_a: F,
        radius_b: F,
        colour: F,
        part: int | None,
        *,
        cloth: F | None = None,
        until: F | None = None,
        widened: float = 0.0,
        flat: bool = False,
    ) -> None:
        """Limbs from ``a`` to ``b`` (k×2, pixels) with round ends, k rows; rounded by light unless ``flat``.

        Args:
            cloth: colour k×3 of a sleeve that covers the limb from ``a`` on ``until`` this share of its length.
            widened: by how much of its radius a sleeve is wider than the limb.
        """
        if not len(rows):
            return
        reach = np.maximum(radius_a, radius_b) * np.float32(1 + widened) + 1
        box = self.patch(
            rows,
            np.minimum(a[:, 0], b[:, 0]) - reach,
            np.minimum(a[:, 1], b[:, 1]) - reach,
            np.maximum(a[:, 0], b[:, 0]) + reach,
            np.maximum(a[:, 1], b[:, 1]) + reach,
        )
        if box is None:
            return
        at, seen = box
        a, b, colour = a[seen], b[seen], colour[seen]
        along_x, along_y = _column(b[:, 0] - a[:, 0]), _column(b[:, 1] - a[:, 1])
        squared = along_x * along_x + along_y * along_y + np.float32(1e-6)
        from_x, from_y = at.x - _column(a[:, 0]), at.y - _column(a[:, 1])
        share = held(from_x * (along_x / squared) + from_y * (along_y / squared))
        dx, dy = from_x - share * along_x, from_y - share * along_y
        distance = dx * dx
        distance += dy * dy
        np.sqrt(distance, out=distance)
        radius = share * _column(radius_b[seen] - radius_a[seen])
        radius += _column(radius_a[seen])
        covered = None
        if cloth is not None and until is not None:
            edge = _column(until[seen])
            covered = held((edge - share) * np.sqrt(squared) + _HALF)
            covered *= edge > 0
            radius *= 1 + np.float32(widened) * covered
        cover = held(radius - distance + _HALF)
        shade = np.ones((1, 1, 1), np.float32)
        if not flat:
            thin = 1 / radius
            dx *= thin
            dy *= thin
            distance *= thin
            shade = shading(dx, dy, distance)
        colours = []
        for channel in range(3):
            plain = _column(colour[:, channel])
            if covered is not None and cloth is not None:
                plain = plain + covered * (_column(cloth[seen, channel]) - plain)
            colours.append(plain * shade)
        self.blend(at, cover, (colours[0], colours[1], colours[2]), part)

    def disc(self, rows: Rows, centre: F, radius: F, colour: F, part: int | None, *, flat: bool = False) -> None:
        """Discs at ``centre`` k×2."""
        self.capsule(rows, centre, centre, radius, radius, colour, part, flat=flat)

    def ellipse(
        self, rows: Rows, centre: F, up: F, half_x: F, half_y: F, colour: F, part: int | None, *, flat: bool = False
    ) -> None:
        """Ellipses whose second half axis points along ``up`` (k×2, of length 1)."""
        found = self.oval(rows, centre, up, half_x, half_y)
        if found is None:
            return
        at, seen, u, v, away, cover = found
        shade = np.float32(1.0) if flat else shading(u, -v, away)
        colour = colour[seen]
        self.blend(at, cover, tuple(_column(colour[:, c]) * shade for c in range(3)), part)  # type: ignore[arg-type]

    def oval(
        self, rows: Rows, centre: F, up: F, half_x: F, half_y: F
    ) -> tuple[Patch, npt.NDArray[np.bool_], F, F, F, F] | None:
        """The patch of ellipses, which of the rows are in it, places within (to the right of ``up``, and along it, 1 at
        the edge), how far out, and the cover."""
        if not len(rows):
            return None
        grown = 1 + 1 / np.maximum(np.minimum(half_x, half_y), 0.1)  # what half a pixel of the shorter half axis is
        reach = np.asarray(np.maximum(half_x, half_y) * grown + 1, np.float32)
        box = self.patch(rows, centre[:, 0] - reach, centre[:, 1] - reach, centre[:, 0] + reach, centre[:, 1] + reach)
        if box is None:
            return None
        at, seen = box
        u, v = within(at, centre[seen], up[seen], half_x[seen], half_y[seen])
        away = np.sqrt(u * u + v * v)
        size = np.minimum(half_x, half_y)[seen]
        cover = held((1 - away) * _column(size) + _HALF)
        return at, seen, u, v, away, cover


def within(at: Patch, centre: F, up: F, half_x: F, half_y: F) -> tuple[F, F]:
    """Where the patch's pixels lie in a frame: to the right of ``up``, and along it, in units of the half axes."""
    x, y = at.x - _column(centre[:, 0]), at.y - _column(centre[:, 1])
    ux, uy = _column(up[:, 0]), _column(up[:, 1])
    across = x * (-uy / _column(half_x)) + y * (ux / _column(half_x))
    along = x * (ux / _column(half_y)) + y * (uy / _column(half_y))
    return across, along


def shading(x: F, y: F, away: F) -> F:
    """How light a rounded shape is at a place, x and y in units of its radius, ``away`` from its middle 0..1."""
    lit = x * np.float32(LIGHT[0] * ROUND)
    lit = lit + y * np.float32(LIGHT[1] * ROUND)
    lit += 1
    rim = np.minimum(away, np.float32(1))
    rim *= rim
    rim *= rim
    rim *= RIM
    lit -= rim
    return lit


def held(values: F) -> F:
    """Held to 0..1, in place."""
    np.minimum(values, np.float32(1), out=values)
    np.maximum(values, np.float32(0), out=values)
    return values


def channels(colour: F) -> tuple[F, F, F]:
    """Colours k×3 as :meth:`Canvas.blend` takes them."""
    return colour[:, 0, None, None], colour[:, 1, None, None], colour[:, 2, None, None]


def _windows(planes: npt.NDArray[T], h: int, w: int) -> npt.NDArray[T]:
    """A view of …×H×W with a window of h×w at every place: …×(H−h+1)×(W−w+1)×h×w, to be read and written."""
    *many, height, width = planes.shape
    shape = (*many, height - h + 1, width - w + 1, h, w)
    return np.ndarray(shape, planes.dtype, planes.data, 0, (*planes.strides, *planes.strides[-2:]))


def _column(values: F) -> F:
    return values[:, None, None]
