"""A flow of points in the plane, taken away: one picture, pictures after several steps side by side, or a film of
samples on their way from the prior to the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from studio.data import files
from studio.explore import flow_pictures, flows
from studio.explore.flow_pictures import Flow, Layers
from studio.explore.warping import Seen, Window, hues, lattice, shaded
from studio.export import provenance
from studio.export.context import Context
from studio.export.decoding import ExportError, real_points
from studio.export.jobs import ExportFlow, Written
from studio.export.walks import MOST, check_speed, told, write_film
from studio.models.core.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GRID = flow_pictures.FIELD
"""Cells a side of a density after a whole step, which is the model's own."""
MOST_SIDE_BY_SIDE = 64
SIDES = (64, 4096)
ACROSS = 5
"""Pictures in a row."""
CAPTION = 0.055
"""Height of a film's caption, of its side."""
DPI = 100

Frame = npt.NDArray[np.uint8]


def export_flow(job: ExportFlow, context: Context) -> Written:
    """Write what was asked for.

    Raises:
        ExportError: what was asked for cannot be; OSError: the disk refuses.
        Cancelled: nothing was written.
    """
    _check(job)
    model, step = context.model(job.where)
    flow = _flow(job, model, context)
    if min(job.at) < 0 or max(job.at) > flow.steps:
        raise ExportError(f"this flow has {flow.steps} steps; asked for were {min(job.at):g} to {max(job.at):g}")
    settings = {
        "at": list(job.at) if not job.film else [job.at[0], job.at[-1]],
        "frames": len(job.at) if job.film else None,
        "fps": job.fps if job.film else None,
        "layers": asdict(job.layers),
        "count": job.count,
        "seed": job.seed,
        "format": job.format,
        "panel": dict(job.panel) or None,
    }
    run = context.run(job.where.run)
    kind: provenance.Kind = "film" if job.film else "samples"
    origin = provenance.of(run, step, kind, averaged=job.where.averaged, settings=settings)
    if job.film:
        if job.format == "png":
            raise ExportError("a film is written as MP4, GIF or WebP")
        check_speed(job.fps)
        film = _Film(flow, job.layers, job.at, job.side, dark=job.dark)
        frames = told(film, context.watch, 0, len(film))
        return write_film(Path(job.out), job.format, film, frames, job.fps, origin)
    if job.format not in ("png", "webp"):
        raise ExportError("a picture is written as PNG or WebP")
    sheet = _figure(flow, job, f"{run.info().title}, step {step:,}")
    with files.replacing(Path(job.out)) as fresh:
        provenance.save_image(fresh, sheet, cast("Any", job.format), origin)
    return Written((job.out,))


def _check(job: ExportFlow) -> None:
    if not job.at or not np.isfinite(job.at).all():
        raise ExportError("say after how many steps")
    most = MOST if job.film else MOST_SIDE_BY_SIDE
    if len(job.at) > most:
        raise ExportError(f"{len(job.at):,} are too many; at most {most:,}")
    if not SIDES[0] <= job.side <= SIDES[1]:
        raise ExportError(f"a picture has {SIDES[0]} to {SIDES[1]:,} pixels a side, not {job.side:,}")
    if job.count < 1 or (job.x is not None and job.z is not None):
        raise ExportError("at least one sample flows, and a point is followed by its place or by its latent")


def _flow(job: ExportFlow, model: Model, context: Context) -> Flow:
    """All that is drawn. Raises ValueError for a model of something else."""
    seen = Seen(job.count, job.seed)
    samples, lines, circles = seen.of(flows.traced(model, seen.latents, context.watch).tame())
    found = real_points(model, context)
    real = np.zeros((0, 2)) if found is None else np.asarray(found, np.float64)
    window = job.window or Window.around(real)
    drawn = job.layers.density or job.layers.contours
    mesh = flows.traced(model, lattice(), context.watch).tame() if drawn else None
    path = np.zeros((0, 2))
    if job.x is not None or job.z is not None:
        z = np.array([job.z], np.float32)
        if job.x is not None:
            z = flows.inverses(model, np.array([job.x], np.float32)).z
        path = flows.traced(model, z).points[:, 0].astype(np.float64)
    flow = Flow(window, samples, lines, circles, hues(seen.latents[: job.count]), mesh, {}, real, path)
    if not drawn or job.film:
        return flow
    known = {}
    for at in {int(at) for at in job.at if at == int(at) and 0 <= at <= flow.steps}:
        there = flow.window_at(at)
        grid = flows.grid(there.centre, there.reach, GRID)
        known[at] = there, flows.density_after(model, grid, at, context.watch).reshape(GRID, GRID)
    return replace(flow, known=known)


# --- pictures


def _figure(flow: Flow, job: ExportFlow, title: str) -> Frame:
    """With axes in data units, and under each picture after which step it is."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # not at the top: half a second
    from matplotlib.figure import Figure

    count = len(job.at)
    down = -(-count // ACROSS)
    across = -(-count // down)
    inch = job.side / DPI
    colours = job.layers.density and count == 1
    figure = Figure((across * inch + (0.9 if colours else 0.2), down * (inch + 0.35) + 0.4), DPI, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    ink = "#e9eaee" if job.dark else "#1b1c20"
    figure.set_facecolor("#17181b" if job.dark else "#ffffff")
    figure.suptitle(title, fontsize=_points(job, 10), color=ink)
    for place, at in enumerate(job.at, start=1):
        axes = figure.add_subplot(down, across, place)
        _panel(axes, flow, job, at, ink)
        if colours:
            _colours(figure, axes, flow, job, at, ink)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def _panel(axes: Axes, flow: Flow, job: ExportFlow, at: float, ink: str) -> None:
    window = flow.window_at(at)
    (x, y), reach = window.centre, window.reach
    shown = flow_pictures.picture(flow, job.layers, at, job.side, dark=job.dark)
    axes.imshow(shown, extent=(x - reach, x + reach, y - reach, y + reach), interpolation="antialiased")
    axes.set_title(_name(flow, at), fontsize=_points(job, 9), color=ink)
    axes.tick_params(labelsize=_points(job, 8), colors=ink)
    for spine in axes.spines.values():
        spine.set_color(ink)
        spine.set_linewidth(0.5)


def _points(job: ExportFlow, size: float) -> float:
    """Of letters, in a picture as large as it is."""
    return size * max(job.side / 640, 0.8)


def _colours(figure: Figure, axes: Axes, flow: Flow, job: ExportFlow, at: float, ink: str) -> None:
    """What the colours of the one picture stand for."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    field = flow.field(at, GRID)
    if field is None:
        return
    _, low, high = shaded(field, log=job.layers.log)
    bar = figure.colorbar(ScalarMappable(Normalize(low, high), "viridis"), ax=axes, shrink=0.8)
    bar.set_label("log-density, nats" if job.layers.log else "density", fontsize=_points(job, 8), color=ink)
    bar.ax.tick_params(labelsize=_points(job, 8), colors=ink)


def _name(flow: Flow, at: float) -> str:
    whole = int(at)
    if at != whole:
        return f"step {at:.2f} of {flow.steps}"
    path, _, kind = flow.samples.names[whole].rpartition("/")
    return "prior" if whole == 0 else f"step {whole} of {flow.steps}" + (f": {kind}" if path else "")


# --- films


class _Film(Sequence[Frame]):
    """Frames, drawn when they are looked at; below each stands how far it is."""

    def __init__(self, flow: Flow, layers: Layers, at: Sequence[float], side: int, *, dark: bool) -> None:
        self._flow, self._layers, self._at, self._side, self._dark = flow, layers, at, side, dark
        self._font = ImageFont.load_default(max(round(side * CAPTION * 0.62), 11))

    def __len__(self) -> int:
        return len(self._at)

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        at, side, high = self._at[index], self._side, max(round(self._side * CAPTION), 18)
        ground, ink = ((23, 24, 27), (233, 234, 238)) if self._dark else ((255, 255, 255), (27, 28, 32))
        whole = Image.new("RGB", (side, side + high), ground)
        whole.paste(Image.fromarray(flow_pictures.picture(self._flow, self._layers, at, side, dark=self._dark)))
        text = f"step {at:.1f} of {self._flow.steps}"
        ImageDraw.Draw(whole).text((8, side + high / 2), text, ink, self._font, anchor="lm")
        return np.asarray(whole)
