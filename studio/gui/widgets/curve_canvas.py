"""A plot with its legend, and how curves of any length are drawn upon it: the lower part of a CurvePanel."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.gui import theme, work
from studio.gui.glossary import terms
from studio.gui.widgets.curve import Curve, extent, scaled, widen
from studio.gui.widgets.legend import Entry, Legend
from studio.gui.widgets.levels import Levels
from studio.gui.widgets.plot import Plot, cosmetic, ink, plain, write
from studio.gui.widgets.series import Series, Smoothed
from studio.models.core.showing import Level

LIVE_MS = 100
"""Live curves are drawn at most this often, and less often when drawing is slow: see :meth:`CurvePanel._live`."""
RAREST_MS = 1000
SHARE = 0.025
"""Of one core that the redraws of one panel may take, painting included."""
NAME = 18
"""Pixels that a name upon the plot is high."""
LONG = 200_000
"""Points from which on smoothing is left to a worker: it takes about 0.1 s for a million."""


class CurveCanvas(QWidget):
    """Curves, marks and looks; draws when it is seen and when there is something new, and no more often than it may."""

    drawn_anew = Signal()
    looks_changed = Signal()
    """Smoothing or log axis."""

    def __init__(self, x_label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves: list[Curve] = []
        self.marks: list[tuple[float, str]] = []
        self.drawn = 0
        """How often the curves were drawn; for measurements."""
        self._smoothing = 0.0
        self._log = False
        self._auto_x = self._auto_y = True
        self._cost = 0.0
        self._stale = False
        self._at_work: list[Series] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._draw)

        self.legend = Legend()
        self.plot = Plot(x_label)
        self.levels = Levels(self.plot)
        self.empty = QLabel("Nothing measured yet", self.plot.widget)
        theme.role(self.empty, "quiet")
        self.empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body = QWidget()
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2)
        inside.addWidget(self.legend)
        inside.addWidget(self.plot.widget, 1)
        self.plot.view.sigRangeChangedManually.connect(self._moved)
        self.plot.view.sigResized.connect(self._redraw_now)
        self.legend.toggled.connect(self._toggle)
        theme.theme.changed.connect(self._recolour)

    # --- what is shown

    def set_curve(
        self,
        key: str,
        label: str,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        run: int = 0,
        *,
        reference: bool = False,
        term: str = "",
    ) -> None:
        """Show a whole curve, or show it anew. Values that are not finite are left out.

        Args:
            key: "panel/curve" as measured; with ``run`` it names the curve.
            label: for the legend; say the estimator, and the run when several are overlaid.
            run: curves of one key share a colour, curves of one run a dash.
            term: of the glossary: what the curve is, for whoever rests on its name.
        """
        self.set_series(key, label, Series(x, y), run, reference=reference, term=term)

    def set_series(
        self, key: str, label: str, series: Series, run: int = 0, *, reference: bool = False, term: str = ""
    ) -> None:
        """As :meth:`set_curve`, of a series that somebody else goes on adding to; call :meth:`refresh` then."""
        known = self._find(key, run)
        if known is None:
            made = Curve(
                key, label, series, run, reference, raw=self.plot.line(), line=self.plot.line(above=True), term=term
            )
            if reference:
                made.name = self.plot.name()
                made.name.setToolTip(terms()[term].sentence if term in terms() else "")
            self.curves.append(made)
            self.curves.sort(key=lambda c: (c.run, c.reference, c.key))  # the same colours live and from disk
        else:
            known.label, known.series, known.term = label, series, term
        self._recolour()

    def append(self, key: str, x: float, y: float, run: int = 0) -> None:
        """Add a point to a curve; a key that is new becomes a curve labelled with the end of its name."""
        curve = self._find(key, run)
        if curve is None:
            self.set_curve(key, key.rpartition("/")[2], [x], [y], run)
            return
        curve.series.append(x, y)
        self.refresh()

    def remove(self, key: str, run: int = 0) -> None:
        """Take a curve away."""
        curve = self._find(key, run)
        if curve is not None:
            self._drop(curve)
            self._recolour()

    def mark(self, x: float, label: str) -> None:
        """A hairline across the plot at a step ("checkpoint"), named in the read-out."""
        if (x, label) not in self.marks[-1:]:
            self.marks.append((x, label))
            self.refresh()

    def set_marks(self, marks: list[tuple[float, str]]) -> None:
        self.marks = list(marks)
        self.refresh()

    def set_levels(self, levels: Sequence[Level]) -> None:
        """Lines that the curves are read against; they are there as long as there are curves."""
        self.levels.set(levels)
        self._redraw_now()

    def clear(self) -> None:
        """No curves and no marks; looks (smoothing, log axis) and levels stay."""
        for curve in list(self.curves):
            self._drop(curve)
        self.marks = []
        self._auto_x = self._auto_y = True
        self._recolour()

    def _drop(self, curve: Curve) -> None:
        self.curves.remove(curve)
        self.plot.item.removeItem(curve.raw)
        self.plot.item.removeItem(curve.line)
        if curve.name is not None:
            self.plot.item.removeItem(curve.name)

    def _find(self, key: str, run: int) -> Curve | None:
        return next((c for c in self.curves if c.key == key and c.run == run), None)

    # --- how it is shown

    @property
    def smoothing(self) -> float:
        return self._smoothing

    def set_smoothing(self, weight: float) -> None:
        """Weight of the past in the moving average that is drawn over the faint raw line, 0 (off) to 0.999."""
        if weight != self._smoothing:
            self._smoothing = weight
            self.looks_changed.emit()
            self._recolour()

    @property
    def log(self) -> bool:
        return self._log

    def set_log(self, log: bool) -> None:
        """Logarithmic value axis; what is not above zero has no place on it and is left out."""
        self._log = log
        self.looks_changed.emit()
        self.plot.left.setLogMode(log)
        self._auto_y = True
        self._redraw_now()

    def fit(self) -> None:
        """Show everything, and follow what is added."""
        self._auto_x = self._auto_y = True
        self._redraw_now()

    def set_range(self, low: float, high: float) -> None:
        """Show these steps."""
        self._auto_x = False
        self._auto_y = True
        self.plot.view.setXRange(low, high, padding=0)
        self._redraw_now()

    @property
    def shown(self) -> tuple[float, float]:
        """The steps in view."""
        low, high = self.plot.view.viewRange()[0]
        return float(low), float(high)

    @property
    def listed(self) -> list[Curve]:
        """Those of the legend; references are named upon their lines."""
        return [c for c in self.curves if not c.reference]

    def _toggle(self, index: int) -> None:
        curve = self.listed[index]
        curve.hidden = not curve.hidden
        self._recolour()

    def _recolour(self) -> None:
        """Pens and legend anew: the theme, the curves or the smoothing changed."""
        self.plot.recolour()
        self.levels.recolour()
        keys = list(dict.fromkeys(c.key for c in self.curves))
        runs = sorted({c.run for c in self.curves})
        entries = []
        for curve in self.curves:
            index, run = keys.index(curve.key), runs.index(curve.run)
            if curve.reference:
                colour, dash = theme.palette().quiet, [2.0, 3.0]
            elif len(runs) > 1 and len(keys) > 1:
                colour, dash = theme.curve_pen(index)[0], theme.curve_pen(run)[1]
            else:
                colour, dash = theme.curve_pen(run if len(runs) > 1 else index)
            smooth = self._smoothing > 0 and not curve.reference
            curve.line.setPen(cosmetic(colour, dash))
            curve.raw.setPen(cosmetic(theme.blend(colour, theme.palette().base, 0.35)))
            curve.line.setVisible(not curve.hidden)
            curve.raw.setVisible(smooth and not curve.hidden)
            if curve.reference:
                ink(curve.name)
            else:
                entries.append(Entry(curve.label, colour, dash, hidden=curve.hidden, term=curve.term))
        self.legend.set_entries(entries)
        self._redraw_now()

    # --- drawing

    def refresh(self) -> None:
        """Points were added: draw before long, if anybody can see it."""
        self._stale = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(self.live_interval)

    @property
    def live_interval(self) -> int:
        """Milliseconds between two redraws while points arrive: as rare as :data:`SHARE` of a core asks."""
        painting: float = self.plot.widget.cost  # since the last drawing
        return min(RAREST_MS, max(LIVE_MS, round(1000 * (self._cost + painting) / SHARE)))

    def _redraw_now(self, *_: object) -> None:
        self._stale = True
        if self.isVisible():
            self._timer.start(0)

    def showEvent(self, event: QShowEvent) -> None:
        if self._stale:
            self._timer.start(0)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()

    def _moved(self, mask: object) -> None:
        wide, high = mask if isinstance(mask, list) else (True, True)
        self._auto_x = self._auto_x and not wide
        self._auto_y = self._auto_y and not high
        self._stale = True
        if not self._timer.isActive() or self._timer.remainingTime() > 16:
            self._timer.start(8)

    def draw_now(self) -> None:
        """Draw at once, seen or not: before an export, and in tests."""
        self._draw()

    def _smooth(self, series: Series) -> Series | None:
        """The series smoothed; None while a worker is at it, which it is for long ones."""
        if len(series) < LONG or series.is_smoothed(self._smoothing):
            return series.smoothed(self._smoothing)
        if series not in self._at_work:
            self._at_work.append(series)
            weight, x, y = self._smoothing, series.x.copy(), series.y.copy()

            def done(made: Smoothed) -> None:
                self._at_work.remove(series)
                if weight == self._smoothing:
                    series.adopt(made)
                self._redraw_now()

            work.run(self, lambda watch: Smoothed.of(weight, x, y), done)
        return None

    def _draw(self) -> None:
        started = time.thread_time()
        self.plot.widget.cost = 0.0
        self._timer.stop()
        self._stale = False
        self.drawn += 1
        shown = [c for c in self.curves if not c.hidden and len(c.series)]
        self.empty.setVisible(not shown)
        self.plot.show_axes(bool(shown))
        if not shown:
            self.empty.setText("Nothing measured yet" if not self.curves else "No curve is shown")
            self.empty.resize(self.plot.widget.size())
        low, high = extent(shown) if self._auto_x else self.shown
        width = max(64, int(self.plot.view.width()))
        bottom, top = np.inf, -np.inf
        for curve in shown:
            smooth = None if curve.reference or not self._smoothing else self._smooth(curve.series)
            x, y = scaled(curve.series, low, high, width, log=self._log, reference=curve.reference)
            if smooth is not None:
                curve.raw.setData(x, y, connect="finite" if self._log else "all")
                bottom, top = widen(bottom, top, y, low, high, x, robust=True)
                x, y = scaled(smooth, low, high, width, log=self._log)
            curve.line.setData(x, y, connect="finite" if self._log else "all")
            bottom, top = widen(bottom, top, y, low, high, x)
            if curve.name is not None and len(y) and np.isfinite(y[-1]):
                write(curve.name, curve.label, plain(float(curve.series.y[-1])), self.plot.view.width())
                curve.name.setPos(high, float(y[-1]))
        if self._auto_x:
            self.plot.view.setXRange(low, high, padding=0)
        if self._auto_y and bottom <= top:
            bottom, top = self.levels.widen(bottom, top, log=self._log)
            room = 0.06 * (top - bottom) or 0.1 * abs(top) or 0.5
            below = 3 * room if any(c.reference for c in shown) else room  # for their names
            self.plot.view.setYRange(bottom - below, top + room, padding=0)
        self._place_names(shown)
        self._draw_marks(low, high, width)
        self.drawn_anew.emit()
        self.plot.widget.scene().prepareForPaint()  # or it would be done while painting, and paint twice
        self._cost = time.thread_time() - started

    def _place_names(self, shown: list[Curve]) -> None:
        """A level's name stands below its line; above it where the next lower level is so near that they would lie
        on one another."""
        (low, high), (bottom, top) = self.plot.view.viewRange()
        named: list[tuple[Any, int]] = [(c.name, 1) for c in shown if c.name is not None]
        if shown:
            drawn = [c.line.yData for c in shown if not c.reference and len(c.line.yData)]
            named += self.levels.draw(low, high, bottom, top, [(y[0], y[-1]) for y in drawn], log=self._log)
        else:
            self.levels.hide()
        pixel = (top - bottom) / max(1.0, self.plot.view.height())
        rising = sorted(named, key=lambda pair: pair[0].pos().y())
        for at, (name, side) in enumerate(rising):
            below = [other.pos().y() for other, there in rising[:at] if there == side]
            near = bool(below) and name.pos().y() - below[-1] < NAME * pixel
            name.setAnchor((side, 1) if near else (side, 0))

    def _draw_marks(self, low: float, high: float, width: int) -> None:
        inside = np.array([x for x, _ in self.marks if low <= x <= high])
        if len(inside):  # those that would run together are one mark; zooming in shows each
            room = max(1, width // APART)
            inside = inside[np.unique(np.floor((inside - low) / (high - low) * room), return_index=True)[1]]
        bottom, top = self.plot.view.viewRange()[1]
        self.plot.marks.setData(np.repeat(inside, 2), np.tile([bottom, top], len(inside)), connect="pairs")


APART = 12
"""Pixels that a mark has to itself."""
