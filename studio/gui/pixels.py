"""NumPy pictures and files of pictures into Qt's; the decoding in workers, the QPixmap on the window's thread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath


def image(pixels: npt.NDArray[np.uint8]) -> QImage:
    """A QImage of its own memory from uint8 H×W×3; may be made in any thread."""
    solid = np.ascontiguousarray(pixels)
    height, width = solid.shape[:2]
    return QImage(solid.data, width, height, solid.strides[0], QImage.Format.Format_RGB888).copy()


def load(path: Path) -> QImage | None:
    """A picture from disk, or None when it cannot be read; may be called in any thread."""
    found = QImage(str(path))
    return None if found.isNull() else found


def cover(painter: QPainter, target: QRect, source: QImage, radius: float = 4) -> None:
    """Fill a rounded rectangle with the middle of a picture: nearest neighbour to enlarge it, smooth to shrink it."""
    ratio = target.width() / max(1, target.height())
    width, height = source.width(), source.height()
    if width > height * ratio:
        part = QRectF((width - height * ratio) / 2, 0, height * ratio, height)
    else:
        part = QRectF(0, (height - width / ratio) / 2, width, width / ratio)
    painter.save()
    path = QPainterPath()
    path.addRoundedRect(QRectF(target), radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(path)
    grows = target.width() * painter.device().devicePixelRatio() >= part.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not grows)
    painter.drawImage(QRectF(target), source, part)
    painter.restore()


def contain(painter: QPainter, target: QRect, source: QImage, radius: float = 4) -> None:
    """All of a picture in the middle of a rounded rectangle, whose rest takes the colour of its corner."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(source.pixelColor(0, 0))
    painter.drawRoundedRect(target, radius, radius)
    side = min(target.width(), target.height())
    inside = QRectF(0, 0, side, side)
    inside.moveCenter(QRectF(target).center())
    painter.drawImage(inside, source)
    painter.restore()


def montage(pictures: npt.NDArray[np.uint8], columns: int, rows: int, gap: int = 1) -> npt.NDArray[np.uint8]:
    """The first columns×rows of N×H×W×3 side by side on mid grey."""
    count, height, width = pictures.shape[:3]
    if count < columns * rows:
        columns, rows = (count, 1) if count < columns else (columns, max(1, count // columns))
    out = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 128, np.uint8)
    for i in range(columns * rows):
        y, x = divmod(i, columns)
        out[y * (height + gap) :, x * (width + gap) :][:height, :width] = pictures[i]
    return out
