"""The plane to take away: as a picture that finds the way back, or as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.data import files
from studio.explore.questions import Scattered, Where
from studio.export import provenance
from studio.gui import work
from studio.runs.folder import RunFolder

KINDS = "Picture (*.png);;Table (*.csv)"


def ask(owner: QWidget, name: str) -> Path | None:
    """Ask for a file name."""
    chosen, kind = QFileDialog.getSaveFileName(owner, "Save the plane", f"{name}-scatter.png", KINDS)
    if not chosen:
        return None
    path = Path(chosen)
    wanted = ".csv" if "csv" in kind else ".png"
    return path if path.suffix.lower() in (".png", ".csv") else path.with_name(path.name + wanted)


def save(
    owner: QWidget,
    path: Path,
    where: Where,
    found: Scattered,
    image: QImage,
    panel: Mapping[str, Any],
    classes: Sequence[str],
) -> None:
    """Write it in another thread, replaced as a whole; trouble is shown.

    Args:
        image: the plane as it is seen.
        panel: what the panel needs to come back; it travels in the picture.
    """
    if path.suffix.lower() == ".csv":
        work.run(owner, lambda watch: files.write(path, table(found, classes)), lambda _: None)
        return
    pixels = to_array(image)

    def write(watch: object) -> None:
        made = provenance.of(
            RunFolder(where.run), found.step, "samples", averaged=where.averaged, settings={"panel": dict(panel)}
        )
        provenance.write_png(path, pixels, made)

    work.run(owner, write, lambda _: None)


def to_array(image: QImage) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """An image as uint8 H×W×3."""
    flat = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(flat.constBits(), np.uint8).reshape(flat.height(), flat.bytesPerLine())
    return rows[:, : 3 * flat.width()].reshape(flat.height(), flat.width(), 3).copy()


def table(found: Scattered, classes: Sequence[str]) -> str:
    """A row for each example: its number, its class, its place."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["example", "class", *found.names])
    for index, label, (x, y) in zip(found.indices.tolist(), found.labels.tolist(), found.places.tolist(), strict=True):
        rows.writerow([index, classes[label] if 0 <= label < len(classes) else "", repr(x), repr(y)])
    return out.getvalue()
