"""How classes are told apart in a plane: a colour and a shape for each, so that nothing is told by colour alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from studio.gui import theme

Shape = Literal["disc", "square", "diamond", "triangle", "cross"]
SHAPES: tuple[Shape, ...] = ("disc", "square", "diamond", "triangle", "cross")

# Okabe & Ito's set, https://jfly.uni-koeln.de/color/, its yellow, black and blue moved to where they are seen; with a
# brown and a grey they are ten.
_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#c56a9c", "#4fb0e6", "#d99200", "#1b1c20", "#8f8300", "#7a4420", "#8c8f96")
_DARK = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#e9eaee", "#5b86e5", "#b98a5e", "#8f939c")
_LIGHTNESS = {False: (0.50, 0.70), True: (0.66, 0.84)}
_CHROMA = 0.14


@dataclass(frozen=True)
class Mark:
    """``colour`` as ``#rrggbb``."""

    colour: str
    shape: Shape


def marks(count: int) -> list[Mark]:
    """Of so many classes, in the colours of the theme. More than ten go round the circle of hues, at lightnesses
    that differ from one to the next."""
    dark = theme.theme.dark
    few = _DARK if dark else _LIGHT
    colours = list(few[:count])
    if count > len(few):
        colours = [_oklch(_LIGHTNESS[dark][i % 2], _CHROMA, 2 * math.pi * i / count) for i in range(count)]
    return [Mark(colour, SHAPES[i % len(SHAPES)]) for i, colour in enumerate(colours)]


def unlabelled() -> Mark:
    """Of examples that have no class."""
    return Mark(theme.curve_pen(0)[0], "disc")


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    """A colour of the space in which equal steps look equal (Ottosson 2020, https://bottosson.github.io/posts/oklab/),
    brought into sRGB."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    seen = (
        12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in (min(max(v, 0), 1) for v in linear)
    )
    return "#" + "".join(f"{round(v * 255):02x}" for v in seen)


def stencil(shape: Shape, side: int) -> npt.NDArray[np.bool_]:
    """Which pixels of a square of so many a mark covers, side×side; all shapes look about as large."""
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / (side / 2) - 1
    if side < 4:
        return np.ones((side, side), bool)
    match shape:
        case "disc":
            return np.asarray(np.hypot(x, y) <= 1)
        case "square":
            return np.asarray(np.maximum(abs(x), abs(y)) <= 0.82)
        case "diamond":
            return np.asarray(abs(x) + abs(y) <= 1.1)
        case "triangle":
            return np.asarray((abs(x) <= (y + 1.1) / 2) & (y <= 0.8))
        case "cross":
            return np.asarray(np.minimum(abs(x), abs(y)) <= 0.36)


def picture(mark: Mark, side: int) -> QImage:
    """A mark alone, on nothing."""
    covered = stencil(mark.shape, side)
    pixels = np.zeros((side, side), np.uint32)
    pixels[covered] = QColor(mark.colour).rgba()
    return QImage(pixels.data, side, side, 4 * side, QImage.Format.Format_ARGB32_Premultiplied).copy()


def inks(of: Sequence[Mark]) -> npt.NDArray[np.uint32]:
    """Their colours as QImage holds them."""
    return np.array([QColor(mark.colour).rgba() for mark in of], np.uint32)
