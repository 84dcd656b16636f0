"""Sprites: one coloured shape on a dark ground, 32×32, every factor known. Drawn here; nothing is downloaded.

In the spirit of dSprites (Matthey et al. 2017), with colour. Antialiased: a shape covers a pixel by the share of 4×4
places in it that lie inside.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

SIDE = 32
FINE = 4
COUNT = 10_000
SHAPES = ("square", "ellipse", "heart")
FACTORS = ("shape", "colour", "size", "rotation", "x", "y")
"""shape 0..2; colour: hue 0..1; size: half the extent in pixels, 5..10; rotation: radians counter-clockwise, 0..2π;
x, y: centre in pixels from the left and from the top. All but the shape are continuous and uniform."""
GROUND = 24

Drawn = tuple[npt.NDArray[np.uint8], dict[str, npt.NDArray[np.float64]]]


def draw(count: int = COUNT, seed: int = 0, at_a_time: int = 500) -> Iterator[Drawn]:
    """Blocks of images uint8 n×32×32×3 and their factors, float64 n each; the same seed gives the same images."""
    rng = np.random.default_rng(seed)
    factors = {
        "shape": rng.integers(len(SHAPES), size=count).astype(np.float64),
        "colour": rng.random(count),
        "size": rng.uniform(5.0, 10.0, count),
        "rotation": rng.uniform(0.0, 2 * np.pi, count),
        "x": rng.uniform(10.0, SIDE - 10.0, count),
        "y": rng.uniform(10.0, SIDE - 10.0, count),
    }
    for start in range(0, count, at_a_time):
        some = {name: values[start : start + at_a_time] for name, values in factors.items()}
        yield render(some), some


def render(factors: dict[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.uint8]:
    """Images uint8 n×32×32×3 of given factors (see :data:`FACTORS`)."""
    place = (np.arange(SIDE * FINE, dtype=np.float32) + 0.5) / FINE
    column = {name: values.astype(np.float32)[:, None] for name, values in factors.items()}
    right = (place - column["x"]) / column["size"]
    up = (column["y"] - place) / column["size"]
    cos, sin = (np.asarray(f(column["rotation"]), np.float32) for f in (np.cos, np.sin))
    # the plane turned back, so that the shapes below stand upright: sums of a row and a column
    u = (cos * right)[:, None, :] + (sin * up)[:, :, None]
    v = (cos * up)[:, :, None] - (sin * right)[:, None, :]
    inside = np.empty(u.shape, bool)
    for kind, contains in enumerate((_square, _ellipse, _heart)):
        chosen = np.flatnonzero(factors["shape"] == kind)
        inside[chosen] = contains(np.asarray(u[chosen], np.float32), np.asarray(v[chosen], np.float32))
    # counted column by column within rows of pixels, then down: several times as fast as one mean over both axes
    across = inside.reshape(-1, SIDE, FINE).view(np.uint32)[..., 0]
    across = (across * np.uint32(0x01010101)) >> np.uint32(24)  # the sum of four bytes that are 0 or 1
    hits = across.reshape(-1, SIDE, FINE, SIDE).sum(axis=2)
    cover = (hits.astype(np.float32) / FINE**2)[..., None]
    colours = np.array([colorsys.hsv_to_rgb(hue, 0.85, 1.0) for hue in factors["colour"].tolist()], np.float32) * 255
    pictures = GROUND + cover * (colours.reshape(-1, 1, 1, 3) - GROUND)
    return np.asarray(np.rint(pictures), np.uint8)


Plane = npt.NDArray[np.float32]
Inside = npt.NDArray[np.bool_]


def _square(u: Plane, v: Plane) -> Inside:
    return np.asarray(np.maximum(np.abs(u), np.abs(v)) <= 0.72)


def _ellipse(u: Plane, v: Plane) -> Inside:
    return np.asarray(u * u + (v / 0.55) ** 2 <= 1)


def _heart(u: Plane, v: Plane) -> Inside:
    """(x² + y² − 1)³ ≤ x²·y³, scaled to the unit circle."""
    x, y = u * 1.25, v * 1.25 + 0.12
    x *= x
    ring = x + y * y - 1
    return np.asarray(ring * ring * ring <= x * y * y * y)  # products: a power of an array is many times slower
