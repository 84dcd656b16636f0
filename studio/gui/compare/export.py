"""A comparison to take away: as a picture, as a table, as the numbers of its curves."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtWidgets import QWidget

from studio.data.watch import Watch
from studio.gui.compare.gathered import Compared
from studio.gui.compare.table import Line


def picture(of: QWidget) -> bytes:
    """The widget as it is on screen, as PNG."""
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not of.grab().save(buffer, "PNG"):
        raise OSError("the picture could not be encoded")
    return bytes(held.data())


def table(titles: Sequence[str], lines: Sequence[Line]) -> str:
    """The table as CSV: section, field, whether it differs, then a column for each run."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["section", "field", "differs", *titles])
    section = ""
    for line in lines:
        if line.heading:
            section = line.name.partition(":")[0]
        else:
            rows.writerow([section, line.name, "yes" if line.marked else "", *line.values])
    return out.getvalue()


def curves(runs: Sequence[Compared], chosen: Sequence[str], watch: Watch) -> str:
    """The chosen curves in long form, one value a line: run, curve, step, seconds, value. Values read back exactly."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["run", "curve", "step", "seconds", "value"])
    total = len(runs) * len(chosen)
    for at, (run, name) in enumerate((r, n) for r in runs for n in chosen):
        watch.advance(at, total, name)
        curve = run.curves.curves.get(name)
        if curve is None:
            continue
        kept = np.isfinite(curve.y)
        columns = (curve.step[kept].tolist(), curve.seconds[kept].tolist(), curve.y[kept].tolist())
        rows.writerows((run.title, name, step, seconds, repr(y)) for step, seconds, y in zip(*columns, strict=True))
    return out.getvalue()
