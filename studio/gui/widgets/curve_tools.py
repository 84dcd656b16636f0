"""The line above a curve panel: title, read-out, smoothing, log axis, fit, and the menu to save."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from studio.gui import theme
from studio.gui.icons import icon

STEPS = 100


class QuietSlider(QSlider):
    """A slider that leaves the wheel to the page unless it has the focus."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ElidedLabel(QLabel):
    """One line of text that gives way: shortened with … where there is no room, whole in its tooltip."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setToolTip(text)
        self.setMinimumWidth(24)
        self.setVisible(bool(text))

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(text)
        self.setVisible(bool(text))

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.width() < 40 and self.fontMetrics().horizontalAdvance(self.text()) > self.width():
            return  # one letter and dots say nothing
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class CurveTools(QWidget):
    smoothing_changed = Signal(float)
    log_changed = Signal(bool)
    fit_wanted = Signal()
    save_wanted = Signal(str)
    """png, svg or csv."""

    def __init__(self, title: str, unit: str, log: bool) -> None:
        super().__init__()
        self.title = ElidedLabel(title)
        theme.role(self.title, "heading")
        bold = theme.text_font()
        bold.setBold(True)
        self.title.setMinimumWidth(min(180, QFontMetrics(bold).horizontalAdvance(title) + 4))
        self.unit = ElidedLabel(unit)
        theme.role(self.unit, "quiet")
        self.smooth = QuietSlider(Qt.Orientation.Horizontal)
        self.smooth.setRange(0, STEPS)
        self.smooth.setFixedWidth(64)
        self.smooth.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.smooth.setAccessibleName(f"smoothing of {title}")
        self.smooth.valueChanged.connect(self._smoothed)
        self.log = self._button("chart-line-up", f"Logarithmic values (L): {title}", checkable=True)
        self.log.setText("log")
        self.log.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.log.toggled.connect(self.log_changed)
        self.histogram = self._button(
            "chart-bar", f"How {title} is spread over the examples of a batch: histogram", checkable=True
        )
        self.histogram.hide()
        fit = self._button("arrows-out-simple", f"Show all of {title} (F, double click)")
        fit.clicked.connect(self.fit_wanted)
        more = self._button("download-simple", f"Save {title} as PNG, SVG or CSV")
        self.menu = QMenu(self)
        for kind, words in (
            ("png", "Picture as PNG…"),
            ("svg", "Picture as SVG…"),
            ("csv", "Numbers as CSV…"),
        ):
            self.menu.addAction(words, partial(self.save_wanted.emit, kind))
        self.menu.addSeparator()
        self.menu.addAction("Show all", self.fit_wanted.emit)
        more.setMenu(self.menu)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.title)
        row.addWidget(self.unit)
        row.addStretch(1)
        for part in (self.smooth, self.log, fit, more, self.histogram):
            row.addWidget(part)
        for part in (self.smooth, self.log, fit, more):
            self.histogram.toggled.connect(part.setHidden)  # they are about the curves
        self.show_smoothing(0.0)
        self.show_log(log)

    def _button(self, name: str, tip: str, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setIconSize(QSize(16, 16))
        button.setAutoRaise(True)
        button.setCheckable(checkable)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def show_smoothing(self, weight: float) -> None:
        """The slider runs over −log10(1 − weight), 0..3: each third is ten times as many points averaged."""
        at = round(-_log10(1 - weight) / 3 * STEPS)
        if at != self.smooth.value():
            self.smooth.blockSignals(True)
            self.smooth.setValue(at)
            self.smooth.blockSignals(False)
        points = 1 / (1 - weight)
        says = f"Smoothing: mean of about {points:,.0f} points" if weight else "Smoothing: off"
        self.smooth.setToolTip(says + "\nExponential moving average over the faint raw line")

    def show_log(self, log: bool) -> None:
        self.log.blockSignals(True)
        self.log.setChecked(log)
        self.log.blockSignals(False)

    def _smoothed(self, at: int) -> None:
        weight = 1 - 10 ** (-3 * at / STEPS)
        self.show_smoothing(weight)
        self.smoothing_changed.emit(weight)


def _log10(value: float) -> float:
    return math.log10(max(value, 1e-3))
