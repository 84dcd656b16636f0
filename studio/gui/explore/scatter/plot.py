"""The plane itself: the cloud, lines of the prior, those put in with their pictures, the name of what is pointed at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPixmapItem, QLabel

from studio.explore.questions import Pictures
from studio.gui import theme
from studio.gui.explore.film import to_image
from studio.gui.widgets.cloud import CloudPlot
from studio.gui.widgets.plane_plot import Points

THUMB = 44
"""Pixels of the picture of an example that was put in."""
SIGMAS = (1, 2, 3)
ROUND = 128
"""Corners of a circle."""


class ScatterPlot(CloudPlot):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(name="example")
        self.landed = np.zeros((0, 2))
        self._thumbs: list[QGraphicsPixmapItem] = []
        self._stars = pg.ScatterPlotItem(pxMode=True)
        self._stars.setZValue(4)
        self.plot.addItem(self._stars, ignoreBounds=True)
        self._lines = [pg.PlotCurveItem() for _ in SIGMAS]
        self._grounds = [pg.PlotCurveItem() for _ in SIGMAS]
        self._names = [pg.TextItem(anchor=(0.5, 1)) for _ in SIGMAS]
        for item in (*self._grounds, *self._lines, *self._names):
            item.setZValue(2)
            self.plot.addItem(item, ignoreBounds=True)
        self._note = QLabel(self)
        self._empty = QLabel(self)
        for label in (self._note, self._empty):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            label.hide()
        self._note.setFont(theme.text_font(theme.SMALL_PIXELS + 1))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._prior: tuple[npt.NDArray[Any], bool] | None = None
        theme.theme.changed.connect(self._dress_more)
        self._dress_more()

    # --- what is shown

    def say(self, words: str) -> None:
        """Words in place of points; none: nothing."""
        self._empty.setText(words)
        self._empty.setVisible(bool(words))
        self._empty.setGeometry(self.rect().adjusted(64, 16, -16, -32))

    def point_out(self, words: str, place: QPoint) -> None:
        """Words beside a place of the widget; none: nothing."""
        self._note.setVisible(bool(words))
        if words:
            self._note.setText(words)
            self._note.adjustSize()
            left = place.x() + 14
            if left + self._note.width() > self.width():
                left = place.x() - 8 - self._note.width()
            self._note.move(max(left, 0), min(max(place.y() - 10, 0), self.height() - self._note.height()))

    def set_axes(self, bottom: str, left: str) -> None:
        for side, words in (("bottom", bottom), ("left", left)):
            axis = self.plot.getAxis(side)
            axis.setLabel(words)
            axis.label.setFont(theme.text_font(theme.SMALL_PIXELS))

    def set_prior(self, centre: npt.NDArray[Any] | None, *, normal: bool = True) -> None:
        """Lines of N(0, I) at 1, 2 and 3 σ about where it has its mean; or the square that a uniform one fills; None:
        nothing."""
        self._prior = None if centre is None else (centre, normal)
        turn = np.linspace(0, 2 * np.pi, ROUND + 1)
        circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)], float)
        for sigma, ground, line, name in zip(SIGMAS, self._grounds, self._lines, self._names, strict=True):
            shown = centre is not None and (normal or sigma == 1)
            for item in (ground, line, name):
                item.setVisible(shown)
            if centre is not None:
                points = centre + (circle * sigma if normal else square)
                for item in (ground, line):
                    item.setData(points[:, 0], points[:, 1])
                name.setText(f"{sigma}σ" if normal else "U(−1, 1)")
                name.setPos(float(centre[0]), float(centre[1]) + sigma)

    def set_landed(self, places: Points, pictures: Pictures) -> None:
        """Examples that were put in, M×2, with their pictures, uint8 M×H×W×3."""
        self.landed = places
        for thumb in self._thumbs:
            self.plot.removeItem(thumb)
        self._thumbs = []
        colours = theme.palette()
        self._stars.setData(pos=places, size=22, symbol="star", brush=pg.mkBrush(colours.text))
        self._stars.setPen(pg.mkPen(colours.base, width=2))
        for place, picture in zip(places, pictures, strict=False):
            thumb = QGraphicsPixmapItem(_framed(to_image(picture), QColor(colours.text), self.devicePixelRatioF()))
            thumb.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
            thumb.setOffset(10, -10 - THUMB)
            thumb.setPos(float(place[0]), float(place[1]))
            thumb.setZValue(4)
            self.plot.addItem(thumb, ignoreBounds=True)
            self._thumbs.append(thumb)

    def reach(self) -> Points:
        """What is to be in view at first: the points, and those put in."""
        shown = self.points[self.classes >= 0]
        return np.concatenate([shown if len(shown) else self.points, self.landed])

    def _dress_more(self) -> None:
        colours = theme.palette()
        veil = QColor(colours.base)
        veil.setAlpha(170)
        for ground, line, name in zip(self._grounds, self._lines, self._names, strict=True):
            ground.setPen(pg.mkPen(veil, width=3))
            line.setPen(pg.mkPen(colours.text, width=1, style=Qt.PenStyle.DashLine))
            name.setColor(colours.text)
            name.setFont(theme.text_font(theme.SMALL_PIXELS))
            name.fill = pg.mkBrush(veil)
        for side in ("left", "bottom"):
            self.plot.getAxis(side).label.setDefaultTextColor(QColor(colours.quiet))
        self._note.setStyleSheet(
            f"background: {colours.raised}; color: {colours.text}; border: 1px solid {colours.line}; padding: 2px 6px"
        )
        self._empty.setStyleSheet(f"color: {colours.quiet}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.say(self._empty.text())

    def place_of(self, row: int) -> QPointF:
        """Where a point is, in the widget's own coordinates."""
        x, y = map(float, self.points[row])
        return self.on_widget(x, y)


def _framed(image: QImage, colour: QColor, ratio: float) -> QPixmap:
    """A picture as large as a thumb, with a frame."""
    side = round(THUMB * ratio)
    made = QPixmap(side, side)
    made.fill(QColor(theme.palette().ground))
    painter = QPainter(made)
    enlarged = image.width() < side
    how = Qt.TransformationMode.FastTransformation if enlarged else Qt.TransformationMode.SmoothTransformation
    scaled = image.scaled(side - 4, side - 4, Qt.AspectRatioMode.KeepAspectRatio, how)
    painter.drawImage((side - scaled.width()) // 2, (side - scaled.height()) // 2, scaled)
    painter.setPen(QPen(colour, 2 * ratio))
    painter.drawRect(made.rect().adjusted(0, 0, -1, -1))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
