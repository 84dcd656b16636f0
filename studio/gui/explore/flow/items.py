"""What the plane of a flow draws that pyqtgraph has not, or not fast enough: dots on their way, a smooth field."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.explore.flow_pictures import HUES, Ink
from studio.explore.warping import Bytes

Numbers = npt.NDArray[np.float64]


class Dots(pg.GraphicsObject):  # type: ignore[misc]
    """Dots of one size on the screen in HUES colours, with a dark or light edge. pyqtgraph's own draws a picture per
    dot and is slow to be moved; here a colour is one call of the painter."""

    def __init__(self) -> None:
        super().__init__()
        self._groups: list[Any] = []
        self._all: Any = None
        self._bounds = QRectF()
        self._inks: Bytes = np.zeros((HUES, 3), np.uint8)
        self._edge = QColor()
        self.size = 5.0

    def dress(self, inks: Bytes, edge: Ink) -> None:
        self._inks, self._edge = inks, QColor(*edge)
        self.update()

    def show_points(self, points: Numbers, inside: npt.NDArray[np.int64]) -> None:
        """Points N×2 and of which colour each one is."""
        good = np.isfinite(points).all(axis=1)
        points, inside = points[good], inside[good]
        self._groups = [_polygon(points[inside == hue]) for hue in range(HUES)]
        self._all = _polygon(points)
        self.prepareGeometryChange()
        if len(points):
            low, high = points.min(axis=0), points.max(axis=0)
            self._bounds = QRectF(low[0], low[1], max(high[0] - low[0], 1e-9), max(high[1] - low[1], 1e-9))
        self.update()

    def boundingRect(self) -> QRectF:
        wide, high = self.pixelVectors()
        pad = self.size
        across = wide.x() * pad if wide is not None else 0.0
        down = abs(high.y()) * pad if high is not None else 0.0
        return self._bounds.adjusted(-across, -down, across, down)

    def paint(self, painter: QPainter, *_: Any) -> None:
        if self._all is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = painter.device().devicePixelRatioF()  # such a pen is as wide in the pixels of the screen
        painter.setPen(_round(self._edge, (self.size + 1.5) * ratio))
        painter.drawPoints(self._all)
        for polygon, ink in zip(self._groups, self._inks, strict=True):
            painter.setPen(_round(QColor(*ink.tolist()), self.size * ratio))
            painter.drawPoints(polygon)


class Field(pg.ImageItem):  # type: ignore[misc]
    """A picture of something that has a value everywhere: smooth between its pixels."""

    def paint(self, painter: QPainter, *more: Any) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        super().paint(painter, *more)


def _polygon(points: Numbers) -> Any:
    made = pg.functions.create_qpolygonf(len(points))
    if len(points):
        pg.functions.ndarray_from_qpolygonf(made)[:] = points
    return made


def _round(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen
