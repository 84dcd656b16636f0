"""Pictures of findings: diagrams in the colours of a run's curves, and sheets of samples. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.data import files, pictures
from studio.data.dataset import DataSpec
from studio.experiments.core.experiment import Picture
from studio.export.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "dressed", "figure", "save", "save_sheet", "smooth"]

Floats = npt.NDArray[np.float64]


def figure(columns: int = 1, rows: int = 1, *, width: float = 4.6, height: float = 3.2) -> tuple[Figure, list[Axes]]:
    """A diagram with so many plots of that size in inches, in reading order."""
    from matplotlib.figure import Figure  # not at the top: half a second that only conclusions need

    made = Figure(figsize=(width * columns, height * rows), layout="constrained")
    return made, [made.add_subplot(rows, columns, at) for at in range(1, columns * rows + 1)]


def dressed(axes: Axes, title: str, x: str, y: str, *, legend: bool = True) -> None:
    """The common look: small text, light grid, open frame."""
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False)


def save(drawn: Figure, folder: Path, name: str, title: str) -> Picture:
    """Write it as ``name``.png, sharp enough for a screen of twice as many pixels, and below 100 kB.

    No SVG: matplotlib's letters are paths that Qt's reader cannot follow, and as text they depend on the fonts there.
    """
    with files.replacing(folder / f"{name}.png") as fresh:
        drawn.savefig(fresh, format="png", dpi=140, metadata={"Software": None}, pil_kwargs={"optimize": True})
    return Picture(f"{name}.png", title)


def save_sheet(
    values: npt.NDArray[Any], spec: DataSpec, folder: Path, name: str, title: str, columns: int | None = None
) -> Picture:
    """Write examples as a sheet, ``name``.png, twice as large as they are, small ones about 48 pixels each.

    Args:
        values: float N×C×H×W, or N×D of vectors, in −1..1.
    """
    grey = np.clip(np.rint((values + 1) * 127.5), 0, 255).astype(np.uint8)
    seen = pictures.enlarged(pictures.to_pictures(grey, spec), max(48, 2 * max(spec.size)))
    files.write(folder / f"{name}.png", pictures.png(pictures.sheet(seen, columns)))
    return Picture(f"{name}.png", title)


def smooth(x: npt.NDArray[Any], y: npt.NDArray[Any], most: int = 150) -> tuple[Floats, Floats]:
    """The means of a curve over as many equal stretches; a shorter one as it is."""
    if len(x) <= most:
        return x.astype(np.float64), y.astype(np.float64)
    parts = np.array_split(np.arange(len(x)), most)
    return np.array([x[p].mean() for p in parts]), np.array([y[p].mean() for p in parts])
