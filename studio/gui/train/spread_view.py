"""A histogram through time: the newest at the right end of its slider, live while the run trains."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.train.spreads import History
from studio.gui.widgets.curve_tools import QuietSlider
from studio.gui.widgets.histogram import Histogram


class SpreadView(QWidget):
    """The histograms of one group of curves; several of them share the place, with a choice between them."""

    def __init__(self, title: str, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unit = unit
        self._histories: dict[str, History] = {}
        self.which = QComboBox()
        self.which.setAccessibleName(f"Which histogram of {title}")
        self.which.setToolTip("Which histogram to show")
        self.which.currentTextChanged.connect(lambda _: self._renew(to_end=True))
        self.histogram = Histogram()
        self.histogram.setAccessibleName(f"Histogram of {title}")
        self.slider = QuietSlider(Qt.Orientation.Horizontal)
        self.slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slider.setAccessibleName(f"Histograms of {title} through time")
        self.slider.setToolTip("Through time; at the right end the newest")
        self.slider.valueChanged.connect(lambda _: self._show())
        self.label = QLabel()
        self.label.setAccessibleName("Step of the histogram shown")
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setContentsMargins(theme.SPACE // 2, 0, theme.SPACE // 2, 0)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.which)
        row.addWidget(self.slider, 1)
        row.addWidget(self.label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.histogram, 1)
        layout.addLayout(row)

    def set_histories(self, histories: dict[str, History]) -> None:
        """What there is by now, by label: others, or the same ones with more steps."""
        others = list(histories) != list(self._histories)
        self._histories = histories
        if others:
            chosen = self.which.currentText()
            self.which.blockSignals(True)
            self.which.clear()
            self.which.addItems(list(histories))
            self.which.setCurrentText(chosen if chosen in histories else next(iter(histories), ""))
            self.which.blockSignals(False)
            self.which.setVisible(len(histories) > 1)
        self._renew(to_end=others or self.slider.value() == self.slider.maximum())

    @property
    def history(self) -> History:
        return self._histories.get(self.which.currentText(), History())

    @property
    def step(self) -> int:
        """The step of the histogram shown; -1 for none."""
        steps = self.history.steps
        return steps[min(self.slider.value(), len(steps) - 1)] if steps else -1

    def _renew(self, *, to_end: bool) -> None:
        last = max(0, len(self.history.steps) - 1)
        self.slider.blockSignals(True)
        self.slider.setRange(0, last)
        self.slider.setPageStep(max(1, last // 10))
        if to_end:
            self.slider.setValue(last)
        self.slider.blockSignals(False)
        self.slider.setEnabled(last > 0)
        self._show()

    def _show(self) -> None:
        history = self.history
        if not history.steps:
            return
        bins = history.bins[min(self.slider.value(), len(history.bins) - 1)]
        self.histogram.show_bins(bins, span=history.span, unit=self.unit)
        self.label.setText(f"step {self.step:,}")
        self.label.setMinimumWidth(self.label.fontMetrics().horizontalAdvance(f"step {history.steps[-1]:,} "))
