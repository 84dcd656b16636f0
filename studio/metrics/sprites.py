"""The factors of a sprite, read off its pixels: what an edit has changed of a picture whose factors nobody drew.

A pixel of a sprite is ground + cover · (colour − ground), with a cover of 0..1 and one colour of value 1
(:mod:`studio.data.sprites`). So the cover is (largest channel − 24) / 231, and with it all factors have estimators
that on true sprites are off by the 4×4 places of the drawing and by rounding alone: hue of the summed colour, sums of
the cover (area), its centre, its second moments (the turn of an ellipse), and a small Gaussian classifier of moments
that do not depend on place, size and turn (shape). :func:`own_error` says by how much.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from studio.data import sprites

Numbers = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

AREA = {"square": (2 * 0.72) ** 2, "ellipse": np.pi * 0.55, "heart": 3.6622 / 1.25**2}
"""Area of each shape of half extent 1; of the heart by quadrature."""
ROUND = (1 - 0.55**2) / (1 + 0.55**2)
"""(λ₁ − λ₂) / (λ₁ + λ₂) of the second moments of the ellipse."""
ABOVE = 0.1388
"""Where the centre of mass of a heart lies above its middle, in half extents; by quadrature."""
FAINT = 0.1
"""Cover below this is the noise of a model, not a part of the shape."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What N pictures show; NaN where nothing covers the ground.

    Attributes:
        colour: hue 0..1. x, y: centre of the cover in pixels from the left and the top. area: px².
        tilt: of an ellipse, sin 2·rotation, −1..1: 1 when its long axis rises by 45° to the right; nearer to 0 the
            rounder the shape.
        shape: index in ``sprites.SHAPES`` of what the moments are likest; of nothing: any.
        edge: share of the cover that is in pixels neither full nor empty, 4 Σ c(1 − c) / Σ c: blur and ghosts raise it.
    """

    colour: Numbers
    area: Numbers
    x: Numbers
    y: Numbers
    tilt: Numbers
    shape: npt.NDArray[np.int64]
    edge: Numbers

    def size(self, shape: npt.NDArray[np.int64]) -> Numbers:
        """Half the extent in pixels, were it of these shapes."""
        of = np.array([AREA[name] for name in sprites.SHAPES])[shape]
        return np.asarray(np.sqrt(self.area / of))


def read(images: Bytes) -> Seen:
    """Of images uint8 N×3×32×32."""
    cover, features, found = _measured(images)
    like = np.stack([_log_density(features, *known) for known in _shapes()])
    shape = like.argmax(axis=0)
    edge = 4 * (cover * (1 - cover)).sum(axis=(1, 2)) / found["area"]
    return Seen(**found, shape=shape, edge=edge)


def own_error(
    count: int = 1000, seed: int = 7, kept: Callable[[Bytes], Bytes] = lambda images: images
) -> dict[str, float]:
    """Root-mean-square error of each factor on true sprites, in its unit (x and y: of the centre of mass); of "shape"
    the share that is wrong; "edge": its mean on true sprites. ``kept``: what is left of images before they are read."""
    ((images, true),) = sprites.draw(count, seed, at_a_time=count)
    seen = read(kept(np.transpose(images, (0, 3, 1, 2))))
    shape = true["shape"].astype(np.int64)
    ellipse = shape == sprites.SHAPES.index("ellipse")
    above = np.where(shape == sprites.SHAPES.index("heart"), ABOVE, 0.0) * true["size"]

    def rms(error: Numbers) -> float:
        return float(np.sqrt(np.mean(error**2)))

    return {
        "colour": rms(around(seen.colour - true["colour"])),
        "size": rms(seen.size(shape) - true["size"]),
        "x": rms(seen.x - (true["x"] - above * np.sin(true["rotation"]))),
        "y": rms(seen.y - (true["y"] - above * np.cos(true["rotation"]))),
        "tilt": rms(seen.tilt[ellipse] - np.sin(2 * true["rotation"][ellipse])),
        "shape": float((seen.shape != shape).mean()),
        "edge": float(seen.edge.mean()),
    }


def around(difference: Numbers) -> Numbers:
    """A difference of two hues the shorter way round, −½..½."""
    return np.asarray((difference + 0.5) % 1 - 0.5)


def _measured(images: Bytes) -> tuple[Numbers, Numbers, dict[str, Numbers]]:
    """Cover N×32×32, what the shape is told by N×F, and the other factors."""
    above = images.astype(np.float64) - sprites.GROUND
    cover = np.clip(above.max(axis=1) / (255 - sprites.GROUND), 0, 1)
    cover[cover < FAINT] = 0
    area = cover.sum(axis=(1, 2))
    empty = area < 1
    area[empty] = np.nan
    place = np.arange(sprites.SIDE) + 0.5
    x = (cover.sum(axis=1) @ place) / area
    y = (cover.sum(axis=2) @ place) / area
    # one complex number per pixel, up is positive: powers of it are the moments that turn with the shape
    away = (place[None, None, :] - x[:, None, None]) - 1j * (place[None, :, None] - y[:, None, None])
    length = np.abs(away)

    def moment(power: int, lengths: int) -> npt.NDArray[np.complex128]:
        return np.asarray((cover * away**power * length**lengths).sum(axis=(1, 2)) / np.where(empty, 1, area))

    spread = np.where(empty, 1, moment(0, 2).real)
    second = moment(2, 0) / spread
    features = np.stack(
        [
            np.abs(second),
            np.log(area / spread),
            np.abs(moment(1, 2)) / spread**1.5,
            np.abs(moment(3, 0)) / spread**1.5,
            np.abs(moment(4, 0)) / spread**2,
        ],
        axis=1,
    )
    summed = (above * (cover > 0)[:, None]).sum(axis=(2, 3))
    found = {
        "colour": _hues(summed, area),
        "area": area,
        "x": x,
        "y": y,
        "tilt": np.where(empty, np.nan, second.imag / ROUND),
    }
    return cover, features, found


def _hues(colours: Numbers, area: Numbers) -> Numbers:
    """Hue does not change when a colour is scaled or shifted towards grey."""
    low = colours.min(axis=1, keepdims=True)
    reach = np.maximum(colours.max(axis=1, keepdims=True) - low, 1e-9)
    hues = np.array([colorsys.rgb_to_hsv(*rgb)[0] for rgb in ((colours - low) / reach).tolist()])
    return np.where(np.isfinite(area), hues, np.nan)


@cache
def _shapes() -> tuple[tuple[Numbers, Numbers], ...]:
    """Mean and covariance of the features of each shape, from 3,000 sprites drawn for the purpose."""
    ((images, true),) = sprites.draw(3000, seed=11, at_a_time=3000)
    features = _measured(np.transpose(images, (0, 3, 1, 2)))[1]
    known = [features[true["shape"] == kind] for kind in range(len(sprites.SHAPES))]
    return tuple((f.mean(axis=0), np.cov(f.T)) for f in known)


def _log_density(at: Numbers, mean: Numbers, covariance: Numbers) -> Numbers:
    """Of a Gaussian, but for the constant that all of them share."""
    away = at - mean
    return np.asarray(
        -np.einsum("nf,fg,ng->n", away, np.linalg.inv(covariance), away) / 2 - np.linalg.slogdet(covariance)[1] / 2
    )
