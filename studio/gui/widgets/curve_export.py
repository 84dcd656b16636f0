"""Curves to take away: the picture as PNG or SVG, the numbers as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.data import files
from studio.data.watch import Watch
from studio.gui import theme, work
from studio.gui.widgets.series import Numbers

if TYPE_CHECKING:
    from studio.gui.widgets.curves import CurvePanel

HEADING = 28
SCALE = 2


def ask(panel: CurvePanel, kind: str) -> None:
    """Ask for a file name and save there."""
    name = "-".join(panel.title.lower().split()) or "curves"
    chosen, _ = QFileDialog.getSaveFileName(
        panel, f"Save {panel.title}", f"{name}.{kind}", f"{kind.upper()} (*.{kind})"
    )
    if chosen:
        path = Path(chosen)
        save(panel, path if path.suffix.lower() == f".{kind}" else path.with_name(f"{path.name}.{kind}"))


def save(panel: CurvePanel, path: Path) -> None:
    """Write the panel to ``path``; the suffix says how: .png, .svg or .csv.

    Pictures are drawn now; the file is written by another thread, replaced as a whole, and trouble is shown.
    """
    match path.suffix.lower():
        case ".png":
            content = png(panel)
            work.run(panel, lambda watch: files.write(path, content), lambda _: None)
        case ".svg":
            text = svg(panel)
            work.run(panel, lambda watch: files.write(path, text), lambda _: None)
        case ".csv":
            columns = {c.label: (c.series.x.copy(), c.series.y.copy()) for c in panel.curves}
            x_label = panel.x_label
            work.run(
                panel,
                lambda watch: files.write(path, csv_text(columns, x_label, watch)),
                lambda _: None,
                title=f"Saving {path.name}",
            )
        case other:
            raise ValueError(f"curves are saved as .png, .svg or .csv, not {other!r}")


def png(panel: CurvePanel) -> bytes:
    """Title, legend and plot as they are on screen, at twice the size."""
    size = _size(panel)
    image = QImage(size * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    painter = QPainter(image)
    _paint(panel, painter)
    painter.end()
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(held.data())


def svg(panel: CurvePanel) -> bytes:
    """The same with lines and text as such."""
    size = _size(panel)
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(0, 0), size))
    generator.setTitle(panel.title)
    painter = QPainter(generator)
    _paint(panel, painter)
    painter.end()
    return bytes(held.data())


def _size(panel: CurvePanel) -> QSize:
    return QSize(max(panel.body.width(), 320), max(panel.body.height(), 160) + HEADING)


def _paint(panel: CurvePanel, painter: QPainter) -> None:
    panel.draw_now()
    size = _size(panel)
    colours = theme.palette()
    painter.fillRect(QRect(QPoint(0, 0), size), QColor(colours.base))
    painter.setPen(QColor(colours.text))
    painter.setFont(theme.text_font())
    heading = f"{panel.title} ({panel.unit})" if panel.unit else panel.title
    more = f" over {panel.x_label}s" + (f", smoothed {panel.smoothing:.3g}" if panel.smoothing else "")
    box = QRect(theme.SPACE, 0, size.width() - 2 * theme.SPACE, HEADING)
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, heading + more)
    painter.translate(0, HEADING)
    panel.legend.render(painter, QPoint(theme.SPACE, 0), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.translate(0, panel.legend.height())
    scene = panel.plot.widget
    scene.render(painter, QRect(0, 0, scene.width(), scene.height()), scene.viewport().rect())


def csv_text(columns: dict[str, tuple[Numbers, Numbers]], x_label: str = "step", watch: Watch | None = None) -> str:
    """A row for every step at which anything was measured, a column for each curve, empty where there is no value.

    Numbers are written so that they read back exactly. Of values measured twice at a step the later one is kept.
    """
    steps = np.unique(np.concatenate([x for x, _ in columns.values()])) if columns else np.zeros(0)
    filled = []
    for x, y in columns.values():
        column = np.full(len(steps), np.nan)
        column[np.searchsorted(steps, x)] = y
        filled.append(column)
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow([x_label, *columns])
    for start in range(0, len(steps), 10_000):
        if watch is not None:
            watch.advance(start, len(steps), "rows")
        part = slice(start, start + 10_000)
        for step, *row in zip(steps[part].tolist(), *(c[part].tolist() for c in filled), strict=True):
            table.writerow([int(step) if step == int(step) else step, *("" if v != v else repr(v) for v in row)])
    return out.getvalue()
