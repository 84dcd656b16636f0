"""Histograms below each other on one axis, with lines for single values that are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.gui import theme
from studio.gui.widgets.plot import plain

Numbers = npt.NDArray[np.float64]
ROW, LABEL, BELOW, ABOVE, SIDE = 26, 14, 20, 16, 6
"""Pixels: of the bars of a row and of its name, below and above all rows, and at the sides."""
BINS = 72
FAR = 6.0
"""Rows that lie farther from the data than so many times its width are pointed at rather than drawn to scale."""
PATTERNS = (
    Qt.BrushStyle.SolidPattern,
    Qt.BrushStyle.BDiagPattern,
    Qt.BrushStyle.Dense4Pattern,
    Qt.BrushStyle.FDiagPattern,
    Qt.BrushStyle.HorPattern,
    Qt.BrushStyle.DiagCrossPattern,
    Qt.BrushStyle.VerPattern,
    Qt.BrushStyle.CrossPattern,
)
"""Rows differ by pattern too, not by colour alone."""


@dataclass(frozen=True, eq=False)
class Row:
    """One histogram: ``own`` for examples of the dataset itself, which settle the axis. ``weights``: how much each of
    the values counts, with the sum 1; None: all alike. ``mean``: a line stands at its mean."""

    name: str
    values: Numbers
    own: bool = False
    weights: Numbers | None = None
    mean: bool = False


@dataclass(frozen=True)
class Mark:
    """A line across all rows. ``dashed`` tells it from another one; no line for a value that is not finite."""

    name: str
    value: float
    dashed: bool = False


class Ridges(QWidget):
    """See the module. Every row is as high as its own fullest bin. ``name``: what it shows, for screen readers."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self.marks: tuple[Mark, ...] = ()
        self.unit = ""
        self.near = False
        self.span = (0.0, 1.0)
        """Least and greatest value of the axis."""
        self._shares: list[Numbers] = []
        self._names: list[str] = []
        self._own = self._all = (0.0, 1.0)
        self.empty_text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self.sizeHint().height())
        self.setAccessibleName(name)
        theme.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, ABOVE + BELOW + max(len(self.rows), 2) * (ROW + LABEL))

    def show_rows(self, rows: Sequence[Row], unit: str, *, near: bool = False) -> None:
        """Show these, the first on top. ``near``: the axis holds the dataset's own rows alone."""
        self.rows, self.unit, self.near = tuple(rows), unit, near
        self._own, self._all = extent([r.values for r in rows if r.own], 0.5), extent([r.values for r in rows], 1.0)
        self._settle(anew=True)
        self.setFixedHeight(self.sizeHint().height())
        self.setAccessibleDescription("; ".join(told(row, unit) for row in self.rows))
        self.update()

    def show_marks(self, marks: Sequence[Mark]) -> None:
        self.marks = tuple(marks)
        self._settle()
        self.update()

    # --- where things are

    def _settle(self, *, anew: bool = False) -> None:
        """The axis, and what depends on it: all rows, unless some are so far off that the data would be a line."""
        low, high = self._own if any(r.own for r in self.rows) else self._all
        wide = (high - low) or max(abs(high) * 0.01, 1e-3)
        seen = [m.value for m in self.marks if math.isfinite(m.value)]
        reach = wide / 2 if self.near else FAR * wide
        all_of = seen if self.near else [*seen, *self._all]
        least, most = max(min([low, *all_of]), low - reach), min(max([high, *all_of]), high + reach)
        room = 0.04 * ((most - least) or wide)
        span = least - room, most + room
        if anew or span != self.span:
            self.span = span
            self._shares = [heights(*counted(row), *span) for row in self.rows]
            self._names = [named(row, *span) for row in self.rows]

    def _x(self, value: float) -> float:
        low, high = self.span
        return SIDE + (value - low) / (high - low) * (self.width() - 2 * SIDE)

    def row_at(self, y: float) -> int:
        """The row at a height, −1 for none."""
        index = int((y - ABOVE) // (ROW + LABEL))
        return index if 0 <= index < len(self.rows) and y >= ABOVE else -1

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.base))
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        if not self.rows:
            painter.setPen(QColor(colours.quiet))
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 4, -16, -4), wrap, self.empty_text)
            return
        self._draw_axis(painter)
        for index in range(len(self.rows)):
            self._draw_row(painter, index)
        self._draw_marks(painter)
        self._draw_names(painter)

    def _draw_axis(self, painter: QPainter) -> None:
        colours = theme.palette()
        floor = self.height() - BELOW
        low, high = self.span
        painter.setPen(QColor(colours.quiet))
        free = -1.0
        step = nice(high - low)
        for value in np.arange(math.ceil(low / step) * step, high, step).tolist():
            text = f"{round(value, 6) + 0.0:.4g}".replace("-", "−")
            wide = painter.fontMetrics().horizontalAdvance(text)
            x = min(max(self._x(value) - wide / 2, 0), self.width() - wide)
            if x >= free and x < self.width() - 56:
                painter.drawText(QRectF(x, floor + 2, wide + 2, BELOW - 2), Qt.AlignmentFlag.AlignLeft, text)
                free = x + wide + theme.SPACE
        right = Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(0, floor + 2, self.width() - 2, BELOW - 2), right, self.unit)

    def _draw_row(self, painter: QPainter, index: int) -> None:
        colours = theme.palette()
        top = ABOVE + index * (ROW + LABEL)
        floor = top + LABEL + ROW
        painter.setPen(QColor(colours.line))
        painter.drawLine(QPointF(SIDE, floor), QPointF(self.width() - SIDE, floor))
        low, high = self.span
        colour = QColor(theme.curve_pen(index)[0])
        fill = QColor(colour)
        fill.setAlpha(150)
        painter.setBrush(QBrush(fill, PATTERNS[index % len(PATTERNS)]))
        painter.setPen(QPen(colour, 1))
        edges = np.linspace(low, high, BINS + 1)
        for run in runs(self._shares[index]):
            outline = [QPointF(self._x(edges[run[0][0]]), floor)]
            for at, share in run:
                y = floor - (ROW - 2) * share
                outline += [QPointF(self._x(edges[at]), y), QPointF(self._x(edges[at + 1]), y)]
            outline.append(QPointF(self._x(edges[run[-1][0] + 1]), floor))
            painter.drawPolygon(QPolygonF(outline))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        values, weights = counted(self.rows[index])
        if self.rows[index].mean and weights.sum():
            x = self._x(float(np.average(values, weights=weights)))
            painter.setPen(QPen(QColor(colours.text), 2))
            painter.drawLine(QPointF(x, top + LABEL), QPointF(x, floor))

    def _draw_names(self, painter: QPainter) -> None:
        """Over the lines of the marks, on a veil."""
        colours = theme.palette()
        veil = QColor(colours.base)
        veil.setAlpha(200)
        room = self.width() - 2 * SIDE
        for index, name in enumerate(self._names):
            top = ABOVE + index * (ROW + LABEL)
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room)
            place = QRectF(SIDE, top + 1, painter.fontMetrics().horizontalAdvance(text) + 2, LABEL)
            painter.fillRect(place, veil)
            painter.setPen(QColor(colours.text))
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_marks(self, painter: QPainter) -> None:
        colours = theme.palette()
        low, high = self.span
        metrics = painter.fontMetrics()
        taken: list[tuple[float, float]] = []
        for mark in self.marks:
            if not math.isfinite(mark.value):
                continue
            inside = low <= mark.value <= high
            pen = QPen(QColor(colours.accent if mark.dashed else colours.text), 1.5)
            if mark.dashed:
                pen.setDashPattern([4.0, 3.0])
            painter.setPen(pen)
            x = min(max(self._x(mark.value), SIDE), self.width() - SIDE)
            painter.drawLine(QPointF(x, ABOVE), QPointF(x, self.height() - BELOW))
            text = mark.name if inside else f"← {mark.name}" if mark.value < low else f"{mark.name} →"
            wide = metrics.horizontalAdvance(text)
            left = min(max(x - wide / 2, 0), self.width() - wide)
            if any(
                left < end + theme.SPACE and begin - theme.SPACE < left + wide for begin, end in taken
            ):  # beside the one that is there
                begin, end = taken[-1]
                left = end + theme.SPACE if end + theme.SPACE + wide <= self.width() else begin - theme.SPACE - wide
            painter.drawText(QRectF(left, 0, wide + 2, ABOVE), Qt.AlignmentFlag.AlignLeft, text)
            taken.append((left, left + wide))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.row_at(event.pos().y())
            said = told(self.rows[index], self.unit) if index >= 0 else ""
            marks = ", ".join(f"{m.name} {plain(m.value)}" for m in self.marks)
            QToolTip.showText(event.globalPos(), " · ".join(filter(None, (said, marks))), self)
            return True
        return super().event(event)


def extent(several: Sequence[Numbers], share: float) -> tuple[float, float]:
    """From the least to the greatest of several, each without this percentage at both of its ends."""
    ends = [np.percentile(known, (share, 100 - share)) for v in several if len(known := finite(v))]
    return (float(min(e[0] for e in ends)), float(max(e[1] for e in ends))) if ends else (0.0, 1.0)


def finite(values: Numbers) -> Numbers:
    return values[np.isfinite(values)]


def counted(row: Row) -> tuple[Numbers, Numbers]:
    """The values that are finite, and how much each counts."""
    known = np.isfinite(row.values)
    weights = np.full(len(row.values), 1 / max(len(row.values), 1)) if row.weights is None else row.weights
    return row.values[known], weights[known]


def heights(values: Numbers, weights: Numbers, low: float, high: float) -> Numbers:
    """How high each of BINS bins over the axis is, 0..1 of the fullest one of that width, wherever it lies: of a row
    that is mostly elsewhere, what is seen is low."""
    if not weights.sum():
        return np.zeros(BINS)
    place = np.floor((values - low) / (high - low) * BINS)
    fullest = np.bincount(np.unique(place, return_inverse=True)[1], weights).max()
    inside = (place >= 0) & (place < BINS)
    return np.asarray(np.bincount(place[inside].astype(np.int64), weights[inside], BINS) / fullest)


def runs(shares: Numbers) -> list[list[tuple[int, float]]]:
    """Neighbouring bins that are not empty: index and share of each."""
    found: list[list[tuple[int, float]]] = []
    for at in np.flatnonzero(shares).tolist():
        if found and found[-1][-1][0] == at - 1:
            found[-1].append((at, float(shares[at])))
        else:
            found.append([(at, float(shares[at]))])
    return found


def named(row: Row, low: float = -math.inf, high: float = math.inf) -> str:
    """Name, mean and standard deviation; ``low``, ``high`` of the axis, for a row that lies beyond it."""
    values, weights = counted(row)
    if not len(values):
        return f"{row.name}: {'not one is finite' if len(row.values) else 'none'}"
    if row.weights is None:
        median, mean = float(np.median(values)), float(values.mean())
        deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    else:
        order = np.argsort(values)
        half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
        median, mean = float(values[order][min(half, len(values) - 1)]), float(np.average(values, weights=weights))
        deviation = float(np.sqrt(np.average(np.square(values - mean), weights=weights)))
    spread = f" ± {plain(deviation)}" if len(values) > 1 else ""
    where = " →" if median > high else " ←" if median < low else ""
    return f"{row.name}  {plain(mean)}{spread}{where}"


def told(row: Row, unit: str) -> str:
    """The same with its unit and its number, for the tooltip."""
    lost = len(row.values) - len(finite(row.values))
    infinite = f", {lost:,} not finite" if lost else ""
    return f"{named(row)} {unit} (mean and standard deviation, n = {len(row.values):,}{infinite})"


def nice(width: float) -> float:
    """A round step that divides an axis of this width into four to nine."""
    step: float = 10.0 ** math.floor(math.log10(max(width, 1e-12) / 4))
    return step * next(f for f in (1, 2, 5, 10) if width / (step * f) <= 6)
