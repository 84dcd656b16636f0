"""A histogram on the axis of its bins: even ones on a plain axis, growing ones (of norms) on a logarithmic one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.gui import theme
from studio.gui.widgets.plot import plain

Edges = npt.NDArray[np.float64]
Counts = npt.NDArray[Any]
LEFT, BELOW, ABOVE = 52, 20, 18
"""Pixels around the bars: for the share, the values, and what stands above."""


@dataclass(frozen=True, eq=False)
class Bins:
    """What was counted.

    Attributes:
        edges, counts: bins + 1 rising values, and how many examples lie between them.
        log: whether the edges are evenly spaced on a logarithmic axis; they are all positive then.
        left_out: how many values were not finite.
    """

    edges: Edges
    counts: Counts
    log: bool = False
    left_out: int = 0

    @property
    def total(self) -> int:
        return int(self.counts.sum())


def quantile(bins: Bins, share: float) -> float:
    """The value that ``share`` of what was counted lies below, evenly spread inside a bin (on the bins' own axis);
    NaN when nothing was counted."""
    counts, total = bins.counts, bins.total
    if not total:
        return math.nan
    below = np.r_[0.0, np.cumsum(counts)] / total
    axis = np.log(bins.edges) if bins.log else bins.edges
    at = min(int(np.searchsorted(below, share, "left")), len(counts)) or 1
    inside = (share - below[at - 1]) / (below[at] - below[at - 1]) if below[at] > below[at - 1] else 0.5
    value = axis[at - 1] + inside * (axis[at] - axis[at - 1])
    return float(np.exp(value) if bins.log else value)


class Histogram(QWidget):
    """Bars over an axis that stays as it is while a person scrubs through time; the median as a line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bins = Bins(np.zeros(0), np.zeros(0, np.int64))
        self.span = (0.0, 1.0)
        self.unit = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 72)
        self.setMouseTracking(True)
        self.setAccessibleName("Histogram")
        theme.theme.changed.connect(self.update)

    def show_bins(self, bins: Bins, *, span: tuple[float, float], unit: str = "") -> None:
        """Show these; ``span``: least and greatest value of the axis, in the values' unit."""
        self.bins, self.span, self.unit = bins, span, unit
        self.setAccessibleDescription(self.words)
        self.update()

    @property
    def highest(self) -> float:
        """The share of the examples (0..1) that is as high as the plot: a twentieth or more of them above the bars."""
        most = float(self.bins.counts.max() / self.bins.total) if self.bins.total else 1.0
        return min(1.0, math.ceil(most * 20) / 20)

    @property
    def words(self) -> str:
        """The histogram in a sentence."""
        bins = self.bins
        lost = f"{bins.left_out:,} not finite" if bins.left_out else ""
        if not bins.total:
            return lost or "Nothing counted yet"
        low, middle, high = (plain(quantile(bins, q)) for q in (0.1, 0.5, 0.9))
        unit = f" {self.unit}" if self.unit else ""
        said = f"median {middle}{unit} · 80 % in {low} … {high} · n = {bins.total:,}"
        return f"{said}, {lost}" if lost else said

    def sizeHint(self) -> QSize:
        return QSize(240, 140)

    def _x(self, value: float) -> float:
        low, high = self.span
        if self.bins.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return LEFT + share * (self.width() - LEFT - theme.SPACE)

    def _ticks(self) -> list[float]:
        low, high = self.span
        if self.bins.log:
            first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
            every = max(1, math.ceil((last - first) / max(2, self.width() // 70)))
            between = (1, 2, 5) if last - first <= 2 else (1,)
            found = [f * 10.0**p for p in range(first, last + 1, every) for f in between]
            return [v for v in found if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
        step = 10 ** math.floor(math.log10(max(high - low, 1e-12) / 4))
        step *= next(f for f in (1, 2, 5, 10) if (high - low) / (step * f) <= 6)
        return [float(v) for v in np.arange(math.ceil(low / step) * step, high + step * 1e-6, step)]

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.base))
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        if not self.bins.total or self.span[1] <= self.span[0]:
            painter.setPen(QColor(colours.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.words)
            return
        floor, ceiling = self.height() - BELOW, ABOVE
        painter.setPen(QColor(colours.line))
        painter.drawLine(LEFT, floor, self.width() - theme.SPACE, floor)
        painter.drawLine(LEFT, ceiling, self.width() - theme.SPACE, ceiling)
        painter.setPen(QColor(colours.quiet))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for share, y in ((self.highest, ceiling), (0.0, floor)):
            painter.drawText(QRectF(0, y - 8, LEFT - 6, 16), right, f"{100 * share:.0f} %")
        free = -1.0
        for value in self._ticks():
            text = f"{value:.4g}".replace("-", "−")
            wide = painter.fontMetrics().horizontalAdvance(text)
            x = min(self._x(value) - wide / 2, self.width() - wide)
            if x >= free:
                painter.drawText(QRectF(x, floor + 2, wide + 2, BELOW - 2), Qt.AlignmentFlag.AlignLeft, text)
                free = x + wide + theme.SPACE
        colour = QColor(theme.curve_pen(0)[0])
        edges, highest = self.bins.edges, self.highest
        for at, count in enumerate(self.bins.counts):
            left, end = self._x(edges[at]), self._x(edges[at + 1])
            high = (floor - ceiling) * count / self.bins.total / highest
            painter.fillRect(QRectF(left, floor - high, max(1.0, end - left - 1), high), colour)
        self._draw_median(painter, floor)

    def _draw_median(self, painter: QPainter, floor: int) -> None:
        colours = theme.palette()
        pen = QPen(QColor(colours.text), 1)
        pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        x = self._x(quantile(self.bins, 0.5))
        painter.drawLine(int(x), ABOVE, int(x), floor)
        painter.setPen(QColor(colours.text))
        text = painter.fontMetrics().elidedText(
            self.words, Qt.TextElideMode.ElideRight, self.width() - LEFT - theme.SPACE
        )
        painter.drawText(QRectF(LEFT, 0, self.width() - LEFT, ABOVE - 2), Qt.AlignmentFlag.AlignLeft, text)

    def bin_at(self, x: float) -> int:
        """The bin at a place of the widget, -1 for none."""
        edges = self.bins.edges
        found = (i for i in range(len(edges) - 1) if self._x(edges[i]) <= x < self._x(edges[i + 1]))
        return next(found, -1)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self.bin_at(event.pos().x()) if self.bins.total else -1
            if at >= 0:
                count, edges = int(self.bins.counts[at]), self.bins.edges
                unit = f" {self.unit}" if self.unit else ""
                between = f"{plain(float(edges[at]))} to {plain(float(edges[at + 1]))}{unit}"
                QToolTip.showText(event.globalPos(), f"{between}: {count:,} examples, {count / self.bins.total:.1%}")
            return True
        return super().event(event)
