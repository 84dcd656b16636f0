"""Who is drawn: bodies, skin, hair, clothes and what is behind them, a row per person.

Lengths are shares of a reference height, of which a person of middling size stands 1.01 tall; colours are RGB, 0..255.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import numpy.typing as npt

F = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]

PEOPLE = 1250
HAIR = ("short", "cropped", "bob", "long", "bun", "curls", "bald")
PATTERNS = ("plain", "stripes across", "stripes along", "two halves", "open jacket")
BOTTOMS = ("trousers", "shorts", "skirt", "dress")
GROUNDS = ("plain", "gradient", "floor", "floor and frame")

_SKINS = ("f6d7c1", "eec1a0", "dfa882", "c98d63", "b0764d", "8f5a38", "6d4128", "4d2e1f")
_HAIRS = ("1c1614", "35231a", "5a3a22", "7c4f2a", "a8743a", "d3ad62", "8f3d22", "9a9692")


@dataclass(frozen=True)
class People:
    """Columns of n rows each.

    Attributes:
        height, girth: factors, 1 for the middling.
        shoulder, hip: half the distance between the two joints.
        torso, thigh, shin, upper, fore, head: lengths; ``head`` from the neck to the middle of the head.
        head_x, head_y: half axes of the head.
        hair, pattern, bottom, ground: numbers of the names above.
        sleeve, leg: how far the cloth goes down a limb: 0 to its root, 1 to elbow or knee, 2 to wrist or ankle.
        period: of stripes.
        horizon: where the floor begins, as a share of the picture's height.
        frame: x, y, width, height of the frame on the wall, as shares of the picture.
    """

    height: F
    girth: F
    shoulder: F
    hip: F
    torso: F
    thigh: F
    shin: F
    upper: F
    fore: F
    head: F
    head_x: F
    head_y: F
    skin: F
    hair: Whole
    hair_colour: F
    top: F
    top_second: F
    pattern: Whole
    period: F
    sleeve: F
    bottom: Whole
    bottom_colour: F
    leg: F
    shoes: F
    ground: Whole
    wall: F
    wall_low: F
    floor: F
    horizon: F
    frame: F
    frame_colour: F

    def take(self, rows: npt.NDArray[np.int64]) -> People:
        """The people at these rows, repeated as they are."""
        return People(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@cache
def everybody(seed: int = 0) -> People:
    """The 1,250 people of a seed, always the same."""
    rng = np.random.default_rng([seed, 1])
    n = PEOPLE

    def spread(middle: float, by: float) -> F:
        """About the middle, between −2 and 2 times ``by`` off it."""
        return (middle + by * np.clip(rng.standard_normal(n), -2, 2)).astype(np.float32)

    height = spread(1.0, 0.05)
    girth = np.exp(spread(0.0, 0.15)).astype(np.float32)
    broad = spread(1.0, 0.07)  # shoulders against hips
    legs = spread(1.0, 0.035)
    skin = _ramp(_SKINS, rng.random(n))
    hair = rng.choice(len(HAIR), n, p=(0.26, 0.12, 0.18, 0.18, 0.1, 0.1, 0.06))
    hair_colour = _ramp(_HAIRS, rng.random(n), smooth=False) * spread(1.0, 0.06)[:, None]
    hair_colour = np.where((hair == HAIR.index("bald"))[:, None], skin, hair_colour).astype(np.float32)
    bottom = rng.choice(len(BOTTOMS), n, p=(0.5, 0.22, 0.16, 0.12))
    top, bottom_colour = _cloth(rng, n), _cloth(rng, n, muted=True)
    top = _apart(top, skin)
    bottom_colour = np.where((bottom == BOTTOMS.index("dress"))[:, None], top, bottom_colour)
    second = _apart(_cloth(rng, n), top, 150)
    kind = rng.choice(3, n, p=(0.15, 0.45, 0.4))
    sleeve = np.select([kind == 0, kind == 1], [np.full(n, 0.12), rng.uniform(0.5, 0.8, n)], np.full(n, 1.92))
    leg = np.select(
        [bottom == 0, bottom == 1], [np.full(n, 1.93), rng.uniform(0.5, 0.95, n)], rng.uniform(0.55, 1.05, n)
    )
    ground = rng.choice(len(GROUNDS), n, p=(0.2, 0.25, 0.3, 0.25))
    wall = _pastel(rng, n)
    shade = spread(0.0, 0.13)
    shade = np.where(ground == 0, 0, shade + 0.1 * np.sign(shade))[:, None]
    floor = _pastel(rng, n) * np.float32(0.72)
    frame_colour = _pastel(rng, n) * np.float32(0.82)
    frame_x = np.where(rng.random(n) < 0.5, rng.uniform(-0.04, 0.12, n), rng.uniform(0.68, 0.84, n))
    frame = np.stack([frame_x, rng.uniform(0.06, 0.2, n), rng.uniform(0.18, 0.26, n), rng.uniform(0.2, 0.34, n)], 1)
    return People(
        height=height,
        girth=girth,
        shoulder=0.103 * broad * girth**0.35,
        hip=0.056 * girth**0.4 / broad**0.5,
        torso=spread(0.285, 0.008),
        thigh=0.235 * legs,
        shin=0.23 * legs,
        upper=spread(0.15, 0.005),
        fore=spread(0.14, 0.005),
        head=spread(0.148, 0.003),
        head_x=spread(0.079, 0.003),
        head_y=spread(0.095, 0.003),
        skin=skin,
        hair=hair,
        hair_colour=hair_colour,
        top=top,
        top_second=second,
        pattern=rng.choice(len(PATTERNS), n, p=(0.4, 0.22, 0.12, 0.13, 0.13)),
        period=rng.uniform(0.07, 0.11, n).astype(np.float32),
        sleeve=sleeve.astype(np.float32),
        bottom=bottom,
        bottom_colour=bottom_colour.astype(np.float32),
        leg=leg.astype(np.float32),
        shoes=_cloth(rng, n, muted=True) * np.float32(0.7),
        ground=ground,
        wall=wall,
        wall_low=np.clip(wall * (1 + shade), 0, 255).astype(np.float32),
        floor=floor,
        horizon=rng.uniform(0.7, 0.86, n).astype(np.float32),
        frame=frame.astype(np.float32),
        frame_colour=frame_colour,
    )


def _ramp(colours: tuple[str, ...], at: npt.NDArray[np.float64], smooth: bool = True) -> F:
    """Colours of a list of hex codes: between neighbours at 0..1 along it, or the nearest one."""
    table = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in colours], np.float32)
    place = at * (len(colours) - 1)
    place = place if smooth else np.rint(place)
    return np.stack([np.interp(place, np.arange(len(colours)), table[:, c]) for c in range(3)], 1).astype(np.float32)


def _hsv(hue: npt.NDArray[np.float64], strength: npt.NDArray[np.float64], light: npt.NDArray[np.float64]) -> F:
    rows = zip(hue.tolist(), strength.tolist(), light.tolist(), strict=True)
    return np.array([colorsys.hsv_to_rgb(*row) for row in rows], np.float32) * 255


def _cloth(rng: np.random.Generator, n: int, muted: bool = False) -> F:
    """Bright colours, whites and blacks; ``muted``: mostly blues, greys, browns, as of trousers."""
    hue, light = rng.random(n), rng.uniform(0.45, 0.95, n)
    strength = rng.uniform(0.45, 0.9, n)
    if muted:
        hue = np.where(rng.random(n) < 0.5, rng.uniform(0.55, 0.66, n), hue)
        strength, light = strength * 0.75, light * 0.75
    grey = rng.random(n) < 0.2
    strength = np.where(grey, 0.05, strength)
    light = np.where(grey, np.where(rng.random(n) < 0.5, rng.uniform(0.88, 0.97, n), rng.uniform(0.14, 0.3, n)), light)
    return _hsv(hue, strength, light)


def _pastel(rng: np.random.Generator, n: int) -> F:
    return _hsv(rng.random(n), rng.uniform(0.05, 0.38, n), rng.uniform(0.62, 0.97, n))


def _apart(colours: F, others: F, least: float = 90) -> F:
    """Colours that lie nearer to the others than ``least`` (summed over the channels), turned to their opposites."""
    near = np.abs(colours - others).sum(1, keepdims=True) < least
    return np.where(near, np.where(others.mean(1, keepdims=True) > 128, colours * 0.35, 255 - colours * 0.35), colours)
