"""Tens of thousands of points in the plane, in classes, that pan and zoom smoothly: pixels set by NumPy.

pyqtgraph's own scatter draws a small picture for each point, which takes three times as long (``gen-studio bench
scatter``). Here each frame sets the pixels of one image of the view: for each pixel of a mark all points at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from studio.gui import theme
from studio.gui.widgets.marks import Mark, Shape, inks, stencil
from studio.gui.widgets.plane_plot import PlanePlot, Points

SIDES = ((20_000, 3), (5_000, 5), (0, 7))
"""Above so many points marks are so many pixels wide. With 3 they are dots: shapes cannot be told."""
LAYERS = 4
"""Points are drawn in so many layers, so that no shape lies over all others."""
STEP, LEAP = 0.0, 40.0
"""Pixels that an arrow key goes at least, alone and with Shift."""
ZOOM = 1.25


class Cloud(pg.GraphicsObject):  # type: ignore[misc]
    """The item, which covers what is below it. Points that are not finite are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.side = SIDES[-1][1]
        self._groups: list[tuple[Shape, Points, Points, npt.NDArray[np.uint32]]] = []
        self._bounds = QRectF()
        self._pixels = np.empty((0, 0), np.uint32)

    def set_points(self, points: Points, classes: npt.NDArray[np.int64], marks: Sequence[Mark]) -> None:
        """``classes`` N: which of the marks each point has; one below 0 is hidden."""
        self.prepareGeometryChange()
        finite = np.isfinite(points).all(axis=1)
        drawn = points[finite]
        self.side = next(side for more, side in SIDES if len(points) > more or not more)
        self._bounds = QRectF()
        if len(drawn):
            (left, low), (right, high) = drawn.min(axis=0), drawn.max(axis=0)
            reach = max(float(right - left), float(high - low), 1e-9)
            self._bounds = QRectF(left - reach, low - reach, right - left + 2 * reach, high - low + 2 * reach)
        colours = inks(marks)
        shown = finite & (classes >= 0)
        places, of = points[shown].astype(np.float32), classes[shown]
        rows = np.argsort(places[:, 1], kind="stable")  # pixels that are near in memory are set one after the other
        places, of = places[rows], of[rows]
        self._groups = []
        shapes: list[Shape] = [mark.shape for mark in marks] if self.side > 3 else ["disc"] * len(marks)
        for layer in range(LAYERS if len(set(shapes)) > 1 else 1):
            own, its = places[layer::LAYERS], of[layer::LAYERS]
            if len(set(shapes)) == 1:
                own, its = places, of
            for shape in sorted(set(shapes)):
                here = np.isin(its, [k for k, s in enumerate(shapes) if s == shape])
                if here.any():
                    x, y = np.ascontiguousarray(own[here].T)
                    self._groups.append((shape, x, y, colours[its[here]]))
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        view = self.getViewBox()
        if view is None or not self._groups:
            return
        ratio = painter.device().devicePixelRatioF()
        world = painter.worldTransform()
        area = painter.worldTransform().mapRect(self.viewRect())
        left, top = int(area.left() * ratio), int(area.top() * ratio)
        width, height = int(area.width() * ratio) + 1, int(area.height() * ratio) + 1
        side = max(1, round(self.side * ratio))
        # marks hang over by their width: the image has a margin, so that none needs to be cut
        from_left, from_top = (v + side / 2 for v in (world.dx() * ratio - left, world.dy() * ratio - top))
        across, high = width + 2 * side, height + 2 * side
        if self._pixels.shape != (high, across):
            self._pixels = np.empty((high, across), np.uint32)
        pixels = self._pixels
        pixels[:] = QColor(theme.palette().base).rgb()  # opaque: to lay it over the ground would cost as much again
        flat = pixels.reshape(-1)
        for shape, x, y, colours in self._groups:
            column = (x * np.float32(world.m11() * ratio) + np.float32(from_left)).astype(np.int32)
            row = (y * np.float32(world.m22() * ratio) + np.float32(from_top)).astype(np.int32)
            seen = (column > 0) & (column < width + side) & (row > 0) & (row < height + side)
            if seen.all():
                where, ink = row.astype(np.intp) * across + column, colours
            else:
                where, ink = row[seen].astype(np.intp) * across + column[seen], colours[seen]
            for step in (np.argwhere(stencil(shape, side)) @ (across, 1)).tolist():
                flat[where + step] = ink
        image = QImage(pixels.data, across, high, 4 * across, QImage.Format.Format_RGB32)
        painter.save()
        painter.resetTransform()
        painter.scale(1 / ratio, 1 / ratio)
        painter.drawImage(left - side, top - side, image)
        painter.restore()


class CloudPlot(PlanePlot):
    """A cloud with one point that is looked at. A click, or the arrow keys (the nearest point in that direction, with
    Shift further off), choose it; plus and minus zoom, Home shows all.

    Args:
        name: what the points are, in the singular.
    """

    picked = Signal(int)
    activated = Signal(int)
    """Enter on the point that is looked at, or a press on it while it is."""
    pointed = Signal(int)
    """The point under the mouse, −1 for none."""

    def __init__(self, parent: QWidget | None = None, *, name: str = "point") -> None:
        super().__init__(parent)
        self._name = name
        self.points: Points = np.zeros((0, 2), np.float32)
        self.classes: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.current = -1
        self.cloud = Cloud()
        self._rings = [pg.ScatterPlotItem(pxMode=True) for _ in range(2)]  # one within a wider one: seen on all grounds
        for z, item in zip((1, 3, 3), (self.cloud, *self._rings), strict=True):
            self.plot.addItem(item, ignoreBounds=True)
            item.setZValue(z)
        self._marks: Sequence[Mark] = ()
        self.setMouseTracking(True)
        self.plot.viewport().setMouseTracking(True)
        self.plot.viewport().installEventFilter(self)
        self.setAccessibleName(f"{name}s in the plane")
        self._dress()

    # --- what is shown

    def set_points(self, points: Points, classes: npt.NDArray[np.int64], marks: Sequence[Mark]) -> None:
        """Points float N×2, and which of the marks each has; one below 0 is hidden, and cannot be chosen."""
        self.points, self.classes, self._marks = points, classes, marks
        if self.current >= len(points):
            self.current = -1
        self.cloud.set_points(points, classes, marks)
        self._draw_ring()

    def show_current(self, index: int) -> None:
        """Mark one point; −1: none."""
        self.current = index if 0 <= index < len(self.points) else -1
        self._draw_ring()

    def point_at(self, place: QPointF) -> int:
        """The shown point nearest to a place of the widget, −1 when none is within reach."""
        return self.nearest(np.where(self.classes[:, None] >= 0, self.points, np.nan), place)

    def _draw_ring(self) -> None:
        there = self.points[[self.current]] if self.current >= 0 else np.zeros((0, 2))
        colours = theme.palette()
        for ring, colour, width in zip(self._rings, (colours.base, colours.text), (6, 2.5), strict=True):
            ring.setData(pos=there, size=20, symbol="o", brush=None)
            ring.setPen(pg.mkPen(colour, width=width))

    def _dress(self) -> None:
        super()._dress()
        self._draw_ring()

    # --- hands

    def click(self, place: QPointF, keys: Qt.KeyboardModifier) -> bool:
        found = self.point_at(place)
        if found >= 0:
            self.take(found)
        return found >= 0

    def take(self, index: int) -> None:
        """As if it were clicked."""
        again = index == self.current
        self.show_current(index)
        (self.activated if again else self.picked).emit(index)

    def beyond(self, key: Qt.Key, least: float) -> int:
        """The nearest shown point in the direction of an arrow key, at least so many pixels off; −1: none."""
        width, height = self.view.viewPixelSize()
        at = self.points[self.current] if self.current >= 0 else self.view.viewRect().center().toTuple()
        off = (np.where(self.classes[:, None] >= 0, self.points, np.nan) - at) / (width, -height)
        if self.current < 0:
            distance = np.hypot(off[:, 0], off[:, 1])
        else:
            along, aside = (off[:, 0], off[:, 1]) if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) else off.T[::-1]
            along = -along if key in (Qt.Key.Key_Left, Qt.Key.Key_Up) else along
            there = (along > least) & (np.abs(aside) <= along)
            distance = np.where(there, np.hypot(along, aside), np.inf)
        distance = np.nan_to_num(distance, nan=np.inf, posinf=np.inf)
        found = int(distance.argmin()) if len(distance) else -1
        return found if found >= 0 and np.isfinite(distance[found]) else -1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        match key:
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down:
                shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                found = self.beyond(key, LEAP if shift else STEP)
                if found >= 0 and found != self.current:
                    self.take(found)
                    self._follow()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self.current >= 0:
                self.activated.emit(self.current)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(1 / ZOOM)
            case Qt.Key.Key_Minus:
                self.zoom(ZOOM)
            case Qt.Key.Key_Home:
                self.show_home()
            case _:
                super().keyPressEvent(event)

    def zoom(self, by: float) -> None:
        """The view so many times as wide, about the point that is looked at, if it is in view."""
        middle = None
        if self.current >= 0:
            x, y = map(float, self.points[self.current])
            middle = pg.Point(x, y) if self.view.viewRect().contains(x, y) else None
        self.view.scaleBy((by, by), center=middle)

    def _follow(self) -> None:
        """Bring the point that is looked at into view."""
        x, y = map(float, self.points[self.current])
        seen = self.view.viewRect()
        if not seen.contains(x, y):
            self.view.translateBy(x=x - seen.center().x(), y=y - seen.center().y())

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if watched is self.plot.viewport():
            if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent) and not event.buttons():
                self.pointed.emit(self.point_at(self.plot.mapTo(self, event.position().toPoint()).toPointF()))
            elif event.type() == QEvent.Type.Leave:
                self.pointed.emit(-1)
        return super().eventFilter(watched, event)

    # --- the view

    def seen(self) -> tuple[float, float, float]:
        """The middle of what is in view, and half its width."""
        rect = self.view.viewRect()
        return rect.center().x(), rect.center().y(), rect.width() / 2

    def see(self, x: float, y: float, reach: float) -> None:
        """Bring into view what :meth:`seen` said."""
        rect = self.view.viewRect()
        high = reach * abs(rect.height() / rect.width()) if rect.width() else reach
        self.plot.setRange(xRange=(x - reach, x + reach), yRange=(y - high, y + high), padding=0)
