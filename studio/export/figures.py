"""A run's curves as pictures and as a table, drawn without a window: what the command line leaves behind."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.data import files
from studio.runs import curves as curves_on_disk
from studio.runs.curves import Curve, Floats
from studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, safe for the colour-blind, told apart by dash as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("-", "--", "-.", ":")
APART = 100.0
"""Ratio of two curves of one panel from which on its axis is logarithmic."""
MOST = 2000
"""Points drawn per curve; a longer one is drawn by the mean of as many stretches."""


def write_curves(run: RunFolder, out: Path | None = None) -> list[Path]:
    """Write ``curves.png``, ``curves.svg`` and ``curves.csv`` (long form: curve, step, seconds, value).

    Args:
        out: folder to write to; the run's own by default.

    Returns:
        The files that were written; none when nothing was measured yet.
    """
    curves = curves_on_disk.read(run.path).curves
    if not curves:
        return []
    out = out or run.path
    with files.replacing(out / "curves.csv") as fresh, fresh.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["curve", "step", "seconds", "value"])
        for name, curve in curves.items():
            writer.writerows((name, *row) for row in zip(curve.step, curve.seconds, curve.y, strict=True))
    pictures = _draw(curves, run.info().title, out)
    return [*pictures, out / "curves.csv"]


def _draw(curves: dict[str, Curve], title: str, out: Path) -> list[Path]:
    from matplotlib.figure import Figure  # not at the top: half a second that only this function needs

    panels: dict[str, dict[str, Curve]] = defaultdict(dict)
    for name, curve in curves.items():
        panel, _, label = name.partition("/")
        panels[panel][label or panel] = curve
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(6.4 * columns, 3.4 * rows), layout="constrained")
    figure.suptitle(title)
    for place, (panel, lines) in enumerate(panels.items(), start=1):
        _panel(figure.add_subplot(rows, columns, place), panel, lines)
    written = []
    for name in ("curves.png", "curves.svg"):
        with files.replacing(out / name) as fresh:
            figure.savefig(fresh, dpi=120)
        written.append(out / name)
    return written


def _panel(axes: Axes, panel: str, lines: dict[str, Curve]) -> None:
    for number, (label, curve) in enumerate(lines.items()):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        x, y = _thinned(curve)
        smooth = _smoothed(y)
        if smooth is not None:
            axes.plot(x, y, color=colour, alpha=0.25, linewidth=0.6)
        shown, marker = y if smooth is None else smooth, "o" if len(x) < 3 else ""
        axes.plot(x, shown, dash, color=colour, linewidth=1.2, label=label, marker=marker, markersize=3)
    if _apart(lines):
        axes.set_yscale("log")
    axes.set_title(panel, fontsize=10, loc="left")
    axes.set_xlabel("step", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)


def _apart(lines: dict[str, Curve]) -> bool:
    """Whether curves are so far apart, and all above 0, that only a logarithmic axis shows them all."""
    shown = [y[np.isfinite(y)] for y in (curve.y for curve in lines.values())]
    if not all(len(y) and y.min() > 0 for y in shown):
        return False
    middles = [float(np.median(y)) for y in shown]
    return max(middles) > APART * min(middles)


def _thinned(curve: Curve) -> tuple[Floats, Floats]:
    x, y = curve.step.astype(np.float64), curve.y
    if len(x) <= MOST:
        return x, y
    starts = np.linspace(0, len(x), MOST, endpoint=False).astype(np.int64)
    lengths = np.diff(np.append(starts, len(x)))
    return np.add.reduceat(x, starts) / lengths, np.add.reduceat(y, starts) / lengths


def _smoothed(y: Floats) -> Floats | None:
    """A running mean over a fiftieth of the curve; None for curves too short to need one, or with gaps."""
    window = len(y) // 50
    if window < 3 or not np.isfinite(y).all():
        return None
    total = np.cumsum(np.concatenate([np.zeros(1), y]))
    high = np.minimum(np.arange(len(y)) + window, len(y))
    low = np.maximum(np.arange(len(y)) - window, 0)
    mean: Floats = (total[high] - total[low]) / (high - low)
    return mean
