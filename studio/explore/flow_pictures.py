"""What a flow of points looks like after so many of its steps, as pictures without a window: for small ones side by
side, and for what is taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studio.explore.warping import FINE, Bytes, Course, Numbers, Window, broken, levels, pasted, raster, shaded, wheel

if TYPE_CHECKING:
    from PIL import ImageDraw

HUES = 24
OVER = 2
"""Lines and dots are drawn so many times as large, and averaged."""
FIELD = 512
"""Pixels a side at most, of which a density is drawn; a larger picture is interpolated."""

Ink = tuple[int, int, int]


@dataclass(frozen=True)
class Layers:
    """What is seen. ``log``: the logarithm of the density; ``contours``: lines that hold 50, 90 and 99 % of it."""

    density: bool = True
    lattice: bool = True
    samples: bool = True
    real: bool = False
    log: bool = False
    contours: bool = False


@dataclass(frozen=True)
class Inks:
    """Colours of a ground: the ground, real points, lines of the lattice, its circles, edges of dots, contours."""

    ground: Ink
    real: Ink
    line: Ink
    circle: Ink
    edge: Ink
    contour: Ink


WHITE: Ink = (255, 255, 255)
LIGHT = Inks(WHITE, (150, 150, 150), (110, 112, 120), (27, 28, 32), (27, 28, 32), (213, 94, 0))
DARK = Inks((29, 31, 35), (150, 153, 162), (150, 153, 162), WHITE, (16, 17, 20), (230, 159, 0))
"""Also over a density, which is dark where there is little of it."""


def _no_points() -> Numbers:
    return np.zeros((0, 2))


@dataclass(frozen=True, eq=False)
class Flow:
    """All that pictures are drawn from.

    Attributes:
        window: of the plane at both ends, and between them as far as samples stay in it: see :meth:`window_at`.
        samples, lines, circles: on their way, see :class:`studio.explore.warping.Seen`; ``hues`` of the samples, 0..1.
        mesh: of the lattice of the density; None where none is drawn.
        known: log-density size×size in a window after some of the steps, where it is known better than by the mesh.
        real: points N×2; ``path``: of one point through all stations, (K+1)×2, or none.
    """

    window: Window
    samples: Course
    lines: Course
    circles: Course
    hues: Numbers
    mesh: Course | None = None
    known: Mapping[int, tuple[Window, Numbers]] = field(default_factory=dict)
    real: Numbers = field(default_factory=_no_points)
    path: Numbers = field(default_factory=_no_points)

    @property
    def steps(self) -> int:
        return self.samples.steps

    @cached_property
    def _windows(self) -> list[Window]:
        """After each step. Ends are seen in the window itself: what one step enlarges, a later one makes small."""
        between = [self.window.widened(p.astype(np.float64)) for p in self.samples.points[1:-1]]
        return [self.window, *between, self.window][: self.steps + 1]

    def window_at(self, at: float) -> Window:
        """What is to be seen of the plane after so many steps. Where samples stay within the window it is the same for
        all: what is seen to move has moved."""
        at = min(max(at, 0.0), float(self.steps))
        first = int(at)
        here = self._windows[first]
        return here if first == at else here.towards(self._windows[first + 1], at - first)

    def field(self, at: float, size: int, seen: Window | None = None) -> Numbers | None:
        """Log-density after so many steps in the window of then, or in what is ``seen`` of the plane, size×size; None
        without a mesh."""
        if self.mesh is None:
            return None
        seen = seen or self.window_at(at)
        found = raster(*self.mesh.at(at), seen, size)
        if at == int(at) and int(at) in self.known:
            window, known = self.known[int(at)]
            return pasted(found, seen, known, window)
        return found

    def contours(self, field: Numbers, at: float, seen: Window | None = None) -> list[Numbers]:
        """Lines N×2 in the plane, within which shares of the mass lie, where a :meth:`field` shows them."""
        return [] if self.mesh is None else _level_lines(field, levels(self.mesh, at), seen or self.window_at(at))


@lru_cache(maxsize=1)
def colour_map() -> Bytes:
    """Viridis, 256×3: even steps are seen as even ones, in grey and by the colour-blind as well."""
    import matplotlib  # not at the top: a quarter of a second

    table: Bytes = np.rint(255 * matplotlib.colormaps["viridis"](np.arange(256))[:, :3]).astype(np.uint8)
    return table


def coloured(log_density: Numbers, *, log: bool) -> Bytes:
    """A density as a picture H×W×3."""
    shares, _, _ = shaded(log_density, log=log)
    picture: Bytes = colour_map()[np.rint(255 * shares).astype(np.uint8)]
    return picture


def _level_lines(log_density: Numbers, at: list[float], window: Window) -> list[Numbers]:
    from contourpy import contour_generator  # not at the top: only where they are drawn

    size = len(log_density)
    along = (np.arange(size) + 0.5) / size * 2 - 1
    finite = log_density[np.isfinite(log_density)]
    floor = float(finite.min()) if len(finite) else 0.0
    known = np.where(np.isfinite(log_density), log_density, floor - 1)
    x, y = window.centre[0] + window.reach * along, window.centre[1] - window.reach * along
    found = contour_generator(x, y[::-1], known[::-1])
    return [np.asarray(line, np.float64) for level in at for line in found.lines(level)]


def picture(flow: Flow, layers: Layers, at: float, size: int, *, dark: bool = False, scale: int = 1) -> Bytes:
    """After ``at`` steps, 0..K and between; uint8 size×size×3, y upwards. ``scale``: pixels of a screen's point."""
    inks, full, window = DARK if dark else LIGHT, size * OVER, flow.window_at(at)
    from PIL import Image, ImageDraw  # not at the top: the window knows the layers before it is painted

    image = Image.new("RGB", (full, full), inks.ground)
    field = flow.field(at, min(size, FIELD)) if layers.density or layers.contours else None
    if field is not None and layers.density:
        small = Image.fromarray(coloured(field, log=layers.log))
        image.paste(small.resize((full, full), Image.Resampling.BILINEAR))
    draw, unit = ImageDraw.Draw(image), scale * max(1, round(full / scale / 480))
    over = inks if not layers.density or field is None else DARK

    def line(points: npt.NDArray[np.float64], ink: Ink, width: int) -> None:
        places = window.pixels(points, full)
        places = np.clip(places, -8 * full, 9 * full)
        if np.isfinite(places).all() and len(places) > 1:
            draw.line([tuple(p) for p in places.tolist()], fill=ink, width=width, joint="curve")

    if layers.real:
        _dots(draw, window.pixels(flow.real, full), [(slice(None), over.real)], 1.2 * unit)
    if layers.lattice:
        for one in np.split(flow.lines.at(at)[0], len(flow.lines.points[0]) // FINE):
            line(one, over.line, unit)
        for one in np.split(flow.circles.at(at)[0], len(flow.circles.points[0]) // (2 * FINE)):
            line(one, over.circle, 2 * unit)
    if field is not None and layers.contours:
        for one in flow.contours(field, at):
            line(one, over.contour, 2 * unit)
    if layers.samples:
        inside, colours = buckets(flow.hues), wheel(HUES, dark=over is DARK)
        groups = [(inside == h, tuple(colours[h].tolist())) for h in range(HUES)]
        places, radius = (
            window.pixels(flow.samples.at(at)[0], full),
            (1.6 if len(flow.hues) > 1500 else 2.1) * unit,
        )
        _dots(draw, places, [(slice(None), over.edge)], radius + 0.8 * unit)
        _dots(draw, places, groups, radius)
    if len(flow.path):
        here = Course(("",) * len(flow.path), flow.path[:, None].astype(np.float32), np.zeros((len(flow.path), 1)))
        line(flow.path, LIGHT.edge, 3 * unit)
        line(flow.path, WHITE, unit)
        spot = window.pixels(here.at(at)[0], full)
        _dots(draw, spot, [(slice(None), LIGHT.edge)], 6 * unit)
        _dots(draw, spot, [(slice(None), WHITE)], 4 * unit)
    return np.asarray(image.reduce(OVER))


def buckets(hue: Numbers) -> npt.NDArray[np.int64]:
    """To which of the HUES colours each one belongs."""
    return np.minimum((hue * HUES).astype(np.int64), HUES - 1)


def _dots(
    draw: ImageDraw.ImageDraw,
    places: Numbers,
    groups: list[tuple[slice | npt.NDArray[np.bool_], tuple[int, ...]]],
    radius: float,
) -> None:
    wide, high = draw.im.size
    for which, ink in groups:
        mine = places[which]
        mine = mine[np.isfinite(mine).all(axis=1)]
        mine = mine[((mine > -radius) & (mine < (wide + radius, high + radius))).all(axis=1)]
        for x, y in mine.tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def gapped(course: Course, at: float, each: int) -> Numbers:
    """Lines of so many corners after so many steps, as one array with gaps."""
    return broken(course.at(at)[0], each)
