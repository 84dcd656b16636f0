"""A plot of a plane, as all that show points share it: square axes, wheel zooms, drag pans, double click shows all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.widgets.plot import ValueAxis

Points = npt.NDArray[Any]
REACH = 12.0
"""Pixels around the pointer within which a click finds a point."""


class PlanePlot(QWidget):
    """See the module. All points are float N×2. Subclasses put their items on ``plot``, and say what a click on it
    does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._home: tuple[float, float, float] | None = None
        self.plot = pg.PlotWidget(axisItems={side: ValueAxis(side) for side in ("left", "bottom")})
        self.plot.setAspectLocked(True)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.plot)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.theme.changed.connect(self._dress)

    # --- what is seen

    @property
    def view(self) -> Any:
        """pyqtgraph's ViewBox."""
        return self.plot.getViewBox()

    def picture(self) -> QImage:
        """What is seen, as an image."""
        image = QImage(self.size() * self.devicePixelRatioF(), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self.devicePixelRatioF())
        painter = QPainter(image)
        self.render(painter, QPoint())
        painter.end()
        return image

    def fit(self, points: Points) -> None:
        """Show these, but for the outermost; a double click comes back to it."""
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            return
        low, high = np.percentile(points, [0.5, 99.5], axis=0)
        middle, reach = (low + high) / 2, max(float((high - low).max()) / 2 * 1.25, 1e-6)
        self._home = (float(middle[0]), float(middle[1]), reach)
        self.show_home()

    def show_home(self) -> None:
        if self._home is not None:
            x, y, reach = self._home
            self.plot.setRange(xRange=(x - reach, x + reach), yRange=(y - reach, y + reach), padding=0)

    def _dress(self) -> None:
        """In the colours of the theme."""
        colours = theme.palette()
        self.plot.setBackground(colours.base)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.quiet))
            axis.enableAutoSIPrefix(False)  # no hidden power of ten in a label
            axis.setTickFont(theme.text_font(theme.SMALL_PIXELS))

    # --- where things are

    def nearest(self, points: Points, place: QPointF) -> int:
        """Of these points the one nearest to a place of the widget, −1 when none is within reach."""
        if not len(points):
            return -1
        at = self.view.mapSceneToView(self.plot.mapToScene(self.plot.mapFrom(self, place.toPoint())))
        width, height = self.view.viewPixelSize()
        off = (points - (at.x(), at.y())) / (width, height)
        distances = np.nan_to_num(np.hypot(off[:, 0], off[:, 1]), nan=np.inf)
        found = int(distances.argmin())
        return found if distances[found] <= REACH else -1

    def on_widget(self, x: float, y: float) -> QPointF:
        """Where a point of the plane is, in the widget's own coordinates."""
        scene = self.view.mapViewToScene(QPointF(x, y))
        return QPointF(self.plot.mapTo(self, self.plot.mapFromScene(scene)))

    # --- hands

    def _clicked(self, event: Any) -> None:
        if event.double():
            self.show_home()
            event.accept()
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self.click(QPointF(self.plot.mapTo(self, self.plot.mapFromScene(event.scenePos()))), event.modifiers()):
            event.accept()

    def click(self, place: QPointF, keys: Qt.KeyboardModifier) -> bool:
        """A click at a place of the widget; True when it was meant for something there."""
        return False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_home()
