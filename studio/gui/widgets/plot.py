"""What pyqtgraph gives, wrapped once: a plot with our axes, mouse and looks. Typed here, untyped inside."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPen, QPicture

from studio.gui import theme


def plain(value: float) -> str:
    """A number as a person reads it in a small space: 12,400 · 0.0213 · −3.10e−05. At most nine characters."""
    if value != value:
        return "–"
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-3:
        text = f"{value:.2e}"
    elif value == int(value):
        text = f"{value:,.0f}"
    elif size >= 1000:
        text = f"{value:,.1f}"
    else:
        text = f"{value:.{max(0, 3 - math.floor(math.log10(size)) - (size < 1))}f}"
    return text.replace("-", "−")


class DirectAxis(pg.AxisItem):  # type: ignore[misc]
    """Draws its lines and numbers straight to the screen. pyqtgraph records them in a QPicture, which makes every
    font anew each time it is played: 7 ms for an axis, against 0.3 ms this way."""

    picture: Any
    _specs: Any = None

    def paint(self, painter: Any, option: Any, widget: Any) -> None:
        if self.picture is None:  # what pyqtgraph sets when anything about the axis changed
            self._specs = self.generateDrawSpecs(painter)
            self.picture = QPicture()
        if self._specs is not None:
            painter.save()
            self.drawPicture(painter, *self._specs)
            painter.restore()


class StepAxis(DirectAxis):
    """Steps with a separator, or in thousands and millions where they are long."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        unit, name = 1.0, ""
        if spacing >= 1_000_000:
            unit, name = 1e6, " M"
        elif spacing >= 1000 or (values and max(map(abs, values)) >= 1_000_000):
            unit, name = 1e3, "k"
        return [f"{v / unit:,.10g}{name if v else ''}".replace("-", "−") for v in values]


class ValueAxis(DirectAxis):
    """Values as they are: no hidden power of ten in a corner."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            wide = abs(self.range[1] - self.range[0]) > 2.5
            return [self._power(v, wide) for v in values]
        places = max(0, -math.floor(math.log10(spacing) + 1e-9)) if spacing > 0 else 0
        if places > 4 or max((abs(v) for v in values), default=0) >= 1e6:
            return [f"{v:.3g}".replace("-", "−") for v in values]
        return [f"{v:,.{places}f}".replace("-", "−") for v in values]

    @staticmethod
    def _power(value: float, wide: bool) -> str:
        """Powers of ten, and 2 and 5 between them where there is room; the others would lie on one another."""
        power = math.floor(value + 1e-9)
        first = round(10 ** (value - power))
        return f"{10**value:.3g}" if first in ((1,) if wide else (1, 2, 5)) else ""


class StepView(pg.ViewBox):  # type: ignore[misc]
    """Drag and wheel move and zoom along the steps; with Shift, or on the other axis, the values too."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.disableAutoRange()

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        free = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().wheelEvent(event, axis=axis if axis is not None or free else 0)
        self.sigRangeChangedManually.emit([axis != 1, axis == 1 or free])

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        free = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mouseDragEvent(event, axis=axis if axis is not None or free else 0)
        self.sigRangeChangedManually.emit([axis != 1, axis == 1 or free])

    def mouseClickEvent(self, event: Any) -> None:
        event.ignore()


class TimedPlot(pg.PlotWidget):  # type: ignore[misc]
    """Adds up what painting costs the processor, so that live curves can keep to their share of a core."""

    cost = 0.0

    def paintEvent(self, event: Any) -> None:
        started = time.thread_time()
        super().paintEvent(event)
        self.cost += time.thread_time() - started


class Plot:
    """A plot widget and its parts. ``widget`` is a QWidget; the rest is for :class:`studio.gui.widgets.curves`."""

    def __init__(self, x_label: str) -> None:
        self.view: Any = StepView()
        self.left: Any = ValueAxis("left")
        self.bottom: Any = StepAxis("bottom")
        self.widget: Any = TimedPlot(
            viewBox=self.view, axisItems={"left": self.left, "bottom": self.bottom}, antialias=False
        )
        self.item: Any = self.widget.getPlotItem()
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        self.widget.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.widget.setMinimumSize(120, 72)
        small = QFont(theme.text_font(theme.SMALL_PIXELS))
        for axis in (self.left, self.bottom):
            axis.setStyle(tickFont=small, tickLength=-4, autoExpandTextSpace=False, maxTextLevel=1)
            axis.enableAutoSIPrefix(False)
        # Lines cost 0.1 ms each: one for every number, none between.
        self.bottom.setStyle(maxTickLevel=0)
        self.left.setStyle(maxTickLevel=0)
        self.left.setWidth(52)
        self.bottom.setHeight(20)
        self.marks: Any = pg.PlotCurveItem(connect="pairs", skipFiniteCheck=True)
        self.cursor: Any = pg.InfiniteLine(angle=90, movable=False)
        self.cursor.hide()
        for extra in (self.marks, self.cursor):
            self.item.addItem(extra, ignoreBounds=True)
        self.x_label = x_label
        self.recolour()

    def show_axes(self, shown: bool) -> None:
        """Axes with their numbers and the grid; an empty plot has none to show."""
        if self.left.style["showValues"] != shown:
            self.item.showGrid(x=False, y=shown, alpha=0.35)
            for axis in (self.left, self.bottom):
                axis.setStyle(showValues=shown)

    def recolour(self) -> None:
        colours = theme.palette()
        self.widget.setBackground(QColor(colours.base))
        for axis in (self.left, self.bottom):
            axis.setPen(cosmetic(colours.line))
            axis.setTextPen(cosmetic(colours.quiet))
        grid = QColor(colours.line)
        self.item.showGrid(x=False, y=self.left.style["showValues"], alpha=0.35)
        self.marks.setPen(cosmetic(grid.name()))
        self.cursor.setPen(cosmetic(colours.quiet))

    def line(self, *, above: bool = False) -> Any:
        """A new line on the plot; ``above``: over all that are not."""
        made = pg.PlotCurveItem(skipFiniteCheck=True, antialias=False)
        made.setZValue(5 if above else 0)
        self.item.addItem(made, ignoreBounds=True)
        return made

    def name(self) -> Any:
        """A new text upon the plot, for a line that is named where it is; its right upper corner is its place."""
        made = pg.TextItem(anchor=(1, 0))  # below the line: what is compared with a floor lies above it
        made.setFont(theme.text_font(theme.SMALL_PIXELS))
        made.setZValue(10)
        self.item.addItem(made, ignoreBounds=True)
        return made


def write(text: Any, words: str, number: str, width: float) -> None:
    """Words and a number upon the plot; where it is narrower than they are, the words give way."""
    metrics = QFontMetrics(theme.text_font(theme.SMALL_PIXELS))
    room = int(width) - metrics.horizontalAdvance(f"  {number}") - 12
    text.setText(f"{metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(24, room))}  {number}")


def ink(text: Any) -> None:
    """Give a text on the plot the colours of the theme, on a veil that keeps it readable over lines."""
    colours = theme.palette()
    veil = QColor(colours.base)
    veil.setAlpha(190)
    text.fill = pg.mkBrush(veil)
    text.setColor(colours.text)
    text.update()


def cosmetic(colour: str, dash: Sequence[float] = ()) -> QPen:
    """One pixel wide at every zoom: wider lines are drawn many times slower."""
    pen = QPen(QColor(colour), 1)
    pen.setCosmetic(True)
    if dash:
        pen.setDashPattern(list(dash))
    return pen
