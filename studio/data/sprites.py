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
    for start in range(0, count, at_a_time):
        n = min(at_a_time, count - start)
        factors = {
            "shape": rng.integers(len(SHAPES), size=n).astype(np.float64),
            "colour": rng.random(n),
            "size": rng.uniform(5.0, 10.0, n),
            "rotation": rng.uniform(0.0, 2 * np.pi, n),
            "x": rng.uniform(10.0, SIDE - 10.0, n),
            "y": rng.uniform(10.0, SIDE - 10.0, n),
        }
        yield render(factors), factors


def render(factors: dict[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.uint8]:
    """Images uint8 n×32×32×3 of given factors (see :data:`FACTORS`)."""
    place = (np.arange(SIDE * FINE, dtype=np.float32) + 0.5) / FINE
    column = {name: values.astype(np.float32)[:, None, None] for name, values in factors.items()}
    right = (place[None, None, :] - column["x"]) / column["size"]
    up = (column["y"] - place[None, :, None]) / column["size"]
    cos, sin = np.cos(column["rotation"]), np.sin(column["rotation"])
    u, v = cos * right + sin * up, cos * up - sin * right  # turned back: the shapes below stand upright
    inside = np.empty(u.shape, bool)
    for kind, contains in enumerate((_square, _ellipse, _heart)):
        chosen = factors["shape"] == kind
        inside[chosen] = contains(u[chosen], v[chosen])
    cover = inside.reshape(-1, SIDE, FINE, SIDE, FINE).mean(axis=(2, 4), dtype=np.float32)[..., None]
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
    return np.asarray((x * x + y * y - 1) ** 3 <= x * x * y**3)
