"""Sixty thousand points in the plane, panned and zoomed: what a frame takes, on a plain screen and on one of twice the
pixels, as large as the Scatter panel has them at 1280×720; and pyqtgraph's own scatter beside it.

A frame goes from the movement to the paint that shows it. A screen of twice the pixels takes a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from studio.bench.result import Result

POINTS = 60_000
CLASSES = 10
FRAMES = 100
SIZE = 660, 580
TARGET = 16.0
"""Milliseconds: sixty frames a second."""


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    for scale in (1, 2):
        kept = os.environ | {"QT_SCALE_FACTOR": str(scale)}
        kept.setdefault("QT_QPA_PLATFORM", "offscreen")
        command = [sys.executable, "-m", "studio.bench.scatter"]
        told = subprocess.run(command, env=kept, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(told.stdout.strip().splitlines()[-1])
        for what in ("pan", "zoom"):
            wall, busy = (1000 * np.array(found[what][kind]) for kind in ("wall", "busy"))
            yield Result(
                f"{POINTS:,} points, {what} at {scale}×, frame p95",
                float(np.percentile(wall, 95)),
                "ms",
                TARGET,
                note=f"p50 {np.median(wall):.1f} ms; of this thread's own time p95 {np.percentile(busy, 95):.1f} ms",
            )
        ratio = float(np.median(found["other"]["busy"]) / np.median(found["pan"]["busy"]))
        yield Result(f"pyqtgraph's scatter at {scale}×, against this one", ratio, "×", 2.0, "at least")


def _frames(paint: Callable[[], object], move: Callable[[int], object], count: int) -> dict[str, list[float]]:
    """Seconds of each frame, by the clock and of this thread."""
    wall, busy = [], []
    for number in range(count):
        start, began = time.perf_counter(), time.thread_time()
        move(number)
        paint()
        wall.append(time.perf_counter() - start)
        busy.append(time.thread_time() - began)
    return {"wall": wall, "busy": busy}


def _main() -> None:
    """In a process of its own: the frames as JSON."""
    import pyqtgraph as pg
    from PySide6.QtGui import QColor

    from studio.gui import app, theme
    from studio.gui.widgets.cloud import SIDES, CloudPlot
    from studio.gui.widgets.marks import marks
    from studio.gui.widgets.plane_plot import PlanePlot

    application = app.application()
    theme.theme.apply("light")
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, POINTS)
    places = random.normal(size=(CLASSES, 2))[labels] + 0.4 * random.normal(size=(POINTS, 2))
    looks = marks(CLASSES)

    cloud = CloudPlot()
    cloud.set_points(places.astype(np.float32), labels, looks)
    other = PlanePlot()
    colours = np.array([QColor(look.colour) for look in looks])[labels]
    other.plot.addItem(pg.ScatterPlotItem(pos=places, size=SIDES[0][1], pen=None, brush=colours, pxMode=True))
    plots: list[Any] = [cloud, other]
    for plot in plots:
        plot.resize(*SIZE)
        plot.show()
        plot.fit(places)
        application.processEvents()

    def pan(plot: Any) -> Callable[[int], None]:
        return lambda number: plot.view.translateBy(x=0.02 * np.sin(number / 5), y=0.01)

    def zoom(number: int) -> None:
        cloud.zoom(0.97 if number < FRAMES / 2 else 1 / 0.97)

    paint = application.processEvents
    found = {"pan": _frames(paint, pan(cloud), FRAMES), "zoom": _frames(paint, zoom, FRAMES)}
    found["other"] = _frames(paint, pan(other), FRAMES // 10)
    print(json.dumps(found))
    for plot in plots:
        plot.close()


if __name__ == "__main__":
    _main()
