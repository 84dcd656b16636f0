"""Gauges: a few numbers of the run that are read at a glance, each as a bar from its least to its greatest value."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from studio.gui import theme
from studio.gui.glossary import hover_card
from studio.gui.train.run_curves import RunCurves, term_of
from studio.gui.widgets.plot import plain
from studio.models.core.showing import Gauge

BAR = 56
HIGH = 8
LABEL = 96
"""Pixels that a label keeps when there is little room."""


class GaugeBar(QWidget):
    """One gauge: label, bar with the good part marked below it, value. Outside of the good part it says so by a sign
    and a word, not by colour alone."""

    def __init__(self, gauge: Gauge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gauge = gauge
        self.value: float | None = None
        self.setFont(theme.text_font(theme.SMALL_PIXELS + 1))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(gauge.label)
        hover_card(self, term_of(gauge.curve))
        theme.theme.changed.connect(self.update)
        self.show_value(None)

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to mark: no value yet, or one inside of the good part."""
        return self.value is None or self.gauge.good[0] <= self.value <= self.gauge.good[1]

    @property
    def words(self) -> str:
        if self.value is None:
            return "–"
        if self.is_share:
            return f"{100 * self.value:.3g} %"
        return plain(self.value)

    def show_value(self, value: float | None) -> None:
        if value is not None and value == self.value and self.toolTip():
            return
        self.value = value
        low, high = (plain(v) for v in self.gauge.good)
        said = "no value yet" if value is None else self.words
        more = "" if self.is_well else f", outside of {low} to {high}, where nothing is wrong"
        self.setToolTip(f"{self.gauge.label}: {said}{more}")
        self.setAccessibleDescription(f"{said}{more}")
        self.update()

    @property
    def is_share(self) -> bool:
        return (self.gauge.low, self.gauge.high) == (0.0, 1.0)

    @property
    def _value_room(self) -> int:
        return self.fontMetrics().horizontalAdvance("⚠ 99.9 %" if self.is_share else "⚠ −0.0000")

    def _wide(self, label: int) -> QSize:
        return QSize(label + 8 + BAR + 8 + self._value_room, self.fontMetrics().height() + 6)

    def sizeHint(self) -> QSize:
        return self._wide(self.fontMetrics().horizontalAdvance(self.gauge.label) + 2)

    def minimumSizeHint(self) -> QSize:
        return self._wide(min(LABEL, self.fontMetrics().horizontalAdvance(self.gauge.label) + 2))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        metrics = painter.fontMetrics()
        ink = colours.text if self.is_well else colours.warn
        words = self.words if self.is_well else f"⚠ {self.words}"
        value_room = self._value_room
        label_room = max(0, self.width() - BAR - value_room - 16)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(QColor(colours.text))
        label = metrics.elidedText(self.gauge.label, Qt.TextElideMode.ElideRight, label_room)
        painter.drawText(QRectF(0, 0, label_room, self.height()), middle, label)
        left, top = label_room + 8, (self.height() - HIGH) / 2
        painter.fillRect(QRectF(left, top, BAR, HIGH), QColor(colours.line))
        if self.value is not None:
            filled = QColor(theme.curve_pen(0)[0] if self.is_well else colours.warn)
            painter.fillRect(QRectF(left, top, BAR * self._share(self.value), HIGH), filled)
        good = [left + BAR * self._share(v) for v in self.gauge.good]
        painter.setPen(QPen(QColor(colours.quiet), 2))
        painter.drawLine(int(good[0]), int(top + HIGH + 2), int(good[1]), int(top + HIGH + 2))
        painter.setPen(QColor(ink))
        painter.drawText(QRectF(left + BAR + 8, 0, value_room, self.height()), middle, words)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _share(self, value: float) -> float:
        low, high = self.gauge.low, self.gauge.high
        return min(1.0, max(0.0, (value - low) / (high - low) if high > low else 0.0))


class Gauges(QWidget):
    """A row of them; there is none while the model names no gauge, or nothing of it was measured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars: list[GaugeBar] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.SPACE, 0, theme.SPACE, theme.SPACE // 2)
        self._row.setSpacing(2 * theme.SPACE)
        self._row.addStretch(1)
        self.hide()

    def set_gauges(self, gauges: Sequence[Gauge]) -> None:
        """Show these and no others."""
        if [bar.gauge for bar in self.bars] == list(gauges):
            return
        for bar in self.bars:
            bar.hide()
            bar.deleteLater()
        self.bars = [GaugeBar(gauge) for gauge in gauges]
        for at, bar in enumerate(self.bars):
            self._row.insertWidget(at, bar)

    def read(self, curves: RunCurves | None) -> None:
        """The newest values of a run; None: of no run."""
        for bar in self.bars:
            series = curves.series.get(bar.gauge.curve) if curves is not None else None
            bar.show_value(float(series.y[-1]) if series is not None and len(series) else None)
        self.setVisible(any(bar.value is not None for bar in self.bars))
