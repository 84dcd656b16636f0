"""How many samples those of p are worth under q*, against λ: the price of a constraint."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.explore.constraining import FEW, effective_over
from studio.gui import theme
from studio.gui.widgets.plot import plain

LEFT, BELOW, ABOVE, RIGHT = 44, 20, 16, 8
PLACES = 121


class EffectiveCurve(QWidget):
    """See the module. λ from 0 to ``end``, even below ``bend`` and logarithmic beyond; percent of the samples up."""

    def __init__(self, end: float, bend: float) -> None:
        super().__init__()
        self.end = end
        self.scores: npt.NDArray[np.float64] = np.zeros(0)
        self.strength, self.effective = 0.0, 0.0
        self._bend = bend
        self._strengths = self._bend * np.sinh(np.linspace(0, math.asinh(end / self._bend), PLACES))
        self._shares: npt.NDArray[np.float64] = np.zeros(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 84)
        self.setAccessibleName("effective sample size against λ")
        theme.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(260, 150)

    def show_scores(self, scores: npt.NDArray[np.float64]) -> None:
        """f of the samples, N; none: nothing to show."""
        self.scores = scores
        self._shares = effective_over(scores, self._strengths) / len(scores) if len(scores) else np.zeros(0)
        self.update()

    def show_strength(self, strength: float, effective: float) -> None:
        """Where λ stands, and what the samples are worth there."""
        self.strength, self.effective = strength, effective
        self.setAccessibleDescription(self.words)
        self.update()

    @property
    def words(self) -> str:
        if not len(self.scores):
            return ""
        count = len(self.scores)
        worth = f"{self.effective:,.0f} of {count:,} samples ({100 * self.effective / count:.0f} %)"
        return f"λ = {plain(self.strength)}: {worth}"

    # --- where things are

    def _x(self, strength: float) -> float:
        share = math.asinh(strength / self._bend) / math.asinh(self.end / self._bend)
        return LEFT + min(max(share, 0.0), 1.0) * (self.width() - LEFT - RIGHT)

    def _y(self, share: float) -> float:
        return ABOVE + (1 - share) * (self.height() - ABOVE - BELOW)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.base))
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        painter.setPen(QColor(colours.quiet))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for share in (0.0, 0.5, 1.0):
            painter.setPen(QColor(colours.line))
            painter.drawLine(QPointF(LEFT, self._y(share)), QPointF(self.width() - RIGHT, self._y(share)))
            painter.setPen(QColor(colours.quiet))
            painter.drawText(QRectF(0, self._y(share) - 8, LEFT - 6, 16), right, f"{100 * share:.0f} %")
        self._draw_numbers(painter)
        if not len(self._shares):
            return
        few = QPen(QColor(colours.warn), 1)
        few.setDashPattern([3.0, 3.0])
        painter.setPen(few)
        painter.drawLine(QPointF(LEFT, self._y(FEW)), QPointF(self.width() - RIGHT, self._y(FEW)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.curve_pen(0)[0]), 1.5))
        known = zip(self._strengths.tolist(), self._shares.tolist(), strict=True)
        painter.drawPolyline(QPolygonF([QPointF(self._x(s), self._y(v)) for s, v in known]))
        here = QPointF(self._x(self.strength), self._y(self.effective / len(self.scores)))
        painter.setPen(QPen(QColor(colours.accent), 1))
        painter.drawLine(QPointF(here.x(), ABOVE), QPointF(here.x(), self.height() - BELOW))
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(here, 4, 4)
        painter.setPen(QColor(colours.text))
        text = painter.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, self.width() - LEFT)
        painter.drawText(QRectF(LEFT, 0, self.width() - LEFT, ABOVE), Qt.AlignmentFlag.AlignLeft, text)

    def _draw_numbers(self, painter: QPainter) -> None:
        """0 and powers of ten below the axis, as far as there is room."""
        ends = [0.0, *(10.0**p for p in range(math.ceil(math.log10(self._bend * 10)), int(math.log10(self.end)) + 1))]
        floor, free = self.height() - BELOW, 0.0
        for value in ends:
            text = f"{value:g}" if value else "λ = 0"
            wide = painter.fontMetrics().horizontalAdvance(text)
            x = min(max(self._x(value) - wide / 2, LEFT - wide / 2), self.width() - wide)
            if x >= free:
                painter.drawText(QRectF(x, floor + 2, wide + 2, BELOW - 2), Qt.AlignmentFlag.AlignLeft, text)
                free = x + wide + theme.SPACE

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            if len(self._shares):
                at = int(np.abs([self._x(s) - event.pos().x() for s in self._strengths]).argmin())
                said = f"at λ = {plain(float(self._strengths[at]))} worth {100 * self._shares[at]:.1f} % of the samples"
                few = f"the dashed line: {100 * FEW:.0f} %, below which q* is hardly seen"
                QToolTip.showText(event.globalPos(), f"{said}; {few}", self)
            return True
        return super().event(event)
