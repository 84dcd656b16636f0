"""The plane of a flow: its density, the warped lattice, samples on their way, real points, one point's path."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.explore.flow_pictures import DARK, HUES, LIGHT, WHITE, Flow, Layers, buckets, gapped
from studio.explore.warping import FINE, Bytes, Window, wheel
from studio.gui import theme
from studio.gui.explore.flow.items import Dots, Field
from studio.gui.widgets.plot import ValueAxis

REACH = 12.0
"""Pixels around the pointer within which a click finds a sample or a real point."""
REAL = 170
"""Of 255, how much of its colour a real point has."""
FEW = 1500
"""So many samples have larger dots."""
Numbers = npt.NDArray[np.float64]


class Canvas(QWidget):
    """Square axes; wheel zooms, drag pans, double click shows everything again.

    A click near a sample or a real point chooses it; elsewhere it chooses the place. ← and → ask for the step before
    and after, ↑ and ↓ go through the samples, Escape lets go.
    """

    sample_picked = Signal(int)
    place_picked = Signal(float, float)
    stepped = Signal(int)
    """−1 or 1; ±1000 for the ends."""
    let_go = Signal()
    let_back = Signal()
    """A double click: the click that began it was not meant to choose."""
    looked = Signal()
    """Another part of the plane is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.flow: Flow | None = None
        self.layers = Layers()
        self.at = 0.0
        self.current = -1
        """The sample that was chosen last."""
        self._home: Window | None = None
        self._own = False
        """A person has looked elsewhere: the view stays where it is until a double click."""
        self.plot = pg.PlotWidget(axisItems={side: ValueAxis(side) for side in ("left", "bottom")})
        self.plot.setAspectLocked(True)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.getPlotItem().setContentsMargins(0, 6, 6, 0)  # half a number at either end of the axes
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.image = Field(axisOrder="row-major")
        self.real = pg.ScatterPlotItem(pxMode=True, size=3, pen=None)
        self.lines, self.circles, self.contours = (pg.PlotCurveItem(connect="finite", antialias=True) for _ in range(3))
        self.dots = Dots()
        self.casing, self.path = (pg.PlotCurveItem(antialias=True) for _ in range(2))
        self.here = pg.ScatterPlotItem(pxMode=True, size=13)
        for item in (
            self.image,
            self.real,
            self.lines,
            self.circles,
            self.contours,
            self.dots,
            self.casing,
            self.path,
            self.here,
        ):
            self.plot.addItem(item, ignoreBounds=True)
        self.plot.getViewBox().sigRangeChanged.connect(lambda *_: self.looked.emit())
        self.plot.getViewBox().sigRangeChangedManually.connect(self._looked_elsewhere)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.message = QLabel(self.plot)
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.plot)
        self.setMinimumSize(200, 160)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("the plane of the flow")
        self.setToolTip(
            "Click a point to follow it through all steps. ← →: a step back or on, ↑ ↓: another sample, "
            "Escape: let go. Wheel zooms, drag moves, double click shows everything"
        )
        theme.theme.changed.connect(self._dress)
        self.say("")
        self._dress()

    # --- what is shown

    def say(self, words: str) -> None:
        """In place of a picture; empty: nothing."""
        self.message.setText(words)
        self.message.setVisible(bool(words))
        self._place_message()

    def clear(self, words: str) -> None:
        self.flow = None
        self.current = -1
        self._own = False
        self.image.clear()
        for item in (self.real, self.lines, self.circles, self.contours, self.casing, self.path, self.here):
            item.clear()
        self.dots.show_points(np.zeros((0, 2)), np.zeros(0, np.int64))
        self.say(words)

    def show_flow(self, flow: Flow, layers: Layers, at: float) -> None:
        """All but the density, which comes when it is drawn: see :meth:`show_field`."""
        anew = self.flow is None or self.flow.real is not flow.real
        relayered = layers != self.layers or self.flow is None
        self.flow, self.layers, self.at = flow, layers, at
        if self.message.isVisible():
            self.say("")
        home = flow.window_at(at)
        if home != self._home:
            self._home = home
            if not self._own:
                self.show_home()
        if anew or relayered:
            self.real.setData(pos=flow.real if layers.real else np.zeros((0, 2)))
        if relayered:
            self._dress()
            self.dots.setVisible(layers.samples)
            for item in (self.lines, self.circles):
                item.setVisible(layers.lattice)
            self.image.setVisible(layers.density)
            self.contours.setVisible(layers.contours)
        if layers.lattice:
            for item, course, each in ((self.lines, flow.lines, FINE), (self.circles, flow.circles, 2 * FINE)):
                points = gapped(course, at, each)
                item.setData(points[:, 0], points[:, 1])
        if layers.samples:
            self.dots.size = 4.0 if len(flow.hues) > FEW else 5.0
            self.dots.show_points(flow.samples.at(at)[0], buckets(flow.hues))
        for curve in (self.casing, self.path):
            curve.setData(flow.path[:, 0], flow.path[:, 1])
        self.here.setData(pos=_along(flow.path, at))

    def seen(self) -> Window:
        """A square that holds all that is seen of the plane."""
        rect = self.plot.getViewBox().viewRect()
        centre = rect.center()
        return Window((centre.x(), centre.y()), max(rect.width(), rect.height(), 1e-9) / 2)

    def show_field(self, picture: Bytes | None, seen: Window, contours: list[Numbers]) -> None:
        """The density as a picture H×W×3 of a part of the plane, and its contour lines N×2."""
        if self.flow is None or picture is None:
            self.image.clear()
        else:
            x, y, side = seen.centre[0] - seen.reach, seen.centre[1] - seen.reach, 2 * seen.reach
            self.image.setImage(picture[::-1], levels=(0, 255), rect=QRectF(x, y, side, side))
        gap = np.full((1, 2), np.nan)
        joined = np.concatenate([part for line in contours for part in (line, gap)]) if contours else gap
        self.contours.setData(joined[:, 0], joined[:, 1])

    def show_home(self) -> None:
        """All that there is to be seen at this step."""
        self._own = False
        if self._home is not None:
            (x, y), reach = self._home.centre, self._home.reach
            self.plot.setRange(xRange=(x - reach, x + reach), yRange=(y - reach, y + reach), padding=0)

    def _dress(self) -> None:
        colours = theme.palette()
        self.plot.setBackground(colours.base)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.quiet))
            axis.setTickFont(theme.text_font(theme.SMALL_PIXELS))
        theme.role(self.message, "quiet")
        over = DARK if theme.theme.dark or self.layers.density else LIGHT
        ratio = self.devicePixelRatioF()
        for item, ink, width in (
            (self.lines, over.line, 1.0),
            (self.circles, over.circle, 1.5),
            (self.contours, over.contour, 2.0),
            (self.casing, LIGHT.edge, 4.0),
            (self.path, WHITE, 1.5),
        ):
            item.setPen(pg.mkPen(QColor(*ink), width=width * ratio))
        self.real.setBrush(pg.mkBrush(*over.real, REAL))
        self.here.setBrush(QBrush(QColor(*WHITE)))
        self.here.setPen(pg.mkPen(QColor(*LIGHT.edge), width=2.5))
        self.dots.dress(wheel(HUES, dark=over is DARK), over.edge)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DevicePixelRatioChange, QEvent.Type.Polish):
            self._dress()
        return super().event(event)

    def resizeEvent(self, event: object) -> None:
        self._place_message()

    def _place_message(self) -> None:
        self.message.setGeometry(self.rect().adjusted(48, 16, -16, -32))

    # --- hands

    def _looked_elsewhere(self, *_: object) -> None:
        self._own = True

    def _clicked(self, event: Any) -> None:
        if event.double():
            self.show_home()
            self.let_back.emit()
            event.accept()
            return
        if event.button() != Qt.MouseButton.LeftButton or self.flow is None:
            return
        event.accept()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        view = self.plot.getViewBox()
        at = view.mapSceneToView(event.scenePos())
        self.take(QPointF(at.x(), at.y()), view.viewPixelSize())

    def take(self, place: QPointF, pixel: tuple[float, float]) -> None:
        """As if it were clicked; ``pixel``: how large one is in the plane."""
        flow = self.flow
        if flow is None:
            return
        here = np.array([place.x(), place.y()])
        if self.layers.samples:
            index, away = _nearest(flow.samples.at(self.at)[0], here, pixel)
            if away <= REACH:
                self.choose(index)
                return
        if self.layers.real and self.at >= flow.steps:
            index, away = _nearest(flow.real, here, pixel)
            if away <= REACH:
                here = flow.real[index]
        self.current = -1
        self.place_picked.emit(float(here[0]), float(here[1]))

    def choose(self, index: int) -> None:
        """Follow this sample."""
        self.current = index
        self.sample_picked.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = Qt.Key, 0 if self.flow is None else len(self.flow.hues)
        steps = {key.Key_Left: -1, key.Key_Right: 1, key.Key_Home: -1000, key.Key_End: 1000}
        samples = {key.Key_Up: -1, key.Key_Down: 1}
        pressed = Qt.Key(event.key())
        if pressed in steps:
            self.stepped.emit(steps[pressed])
        elif pressed in samples and count:
            self.choose((self.current + samples[pressed]) % count if self.current >= 0 else 0)
        elif pressed == key.Key_Escape:
            self.current = -1
            self.let_go.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_home()


def _along(path: Numbers, at: float) -> Numbers:
    """Where a point is after so many steps, 1×2; none of no path."""
    if not len(path):
        return path
    return np.array([[np.interp(at, np.arange(len(path)), path[:, axis]) for axis in (0, 1)]])


def _nearest(points: Numbers, place: Numbers, pixel: tuple[float, float]) -> tuple[int, float]:
    """The index of the nearest point, and how far it is in pixels."""
    if not len(points):
        return -1, np.inf
    off = np.nan_to_num(np.hypot(*((points - place) / pixel).T), nan=np.inf)
    index = int(off.argmin())
    return index, float(off[index])
