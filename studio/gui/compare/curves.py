"""The curves of all runs on top of each other: one plot for each chosen curve, over steps or seconds of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui import work
from studio.gui.compare.gathered import Compared
from studio.gui.icons import icon
from studio.gui.theme import SPACE, role
from studio.gui.widgets.curve_tools import STEPS, QuietSlider
from studio.gui.widgets.curves import CurvePanel
from studio.gui.widgets.series import Series

FIRST = ("wasserstein", "loss")
"""Panels to show when nobody has chosen yet, one curve of each."""


LONG = 20_000
"""Points from which on a curve is not made ready on the window's thread."""


def names(runs: Sequence[Compared]) -> list[str]:
    """All curves that any of the runs has, by panel."""
    return sorted({name for run in runs for name in run.curves})


def first_choice(available: Sequence[str]) -> list[str]:
    """A curve to begin with of each of :data:`FIRST`, the generator's and the sliced one before others."""
    chosen = []
    for panel in FIRST:
        inside = [n for n in available if n.partition("/")[0] == panel]
        inside.sort(key=lambda n: ("floor" in n, "sliced" not in n and "generator" not in n, n))
        chosen += inside[:1]
    return chosen or list(available[:2])


class CurvesPane(QWidget):
    """Each plot shows one curve, so that colour and dash are free to say which run it is, as on the chips."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs: list[Compared] = []
        self.chosen: list[str] = []
        self.seconds = False
        self.panels: dict[str, CurvePanel] = {}
        self.choosing = QToolButton()
        self.choosing.setText("Curves")
        role(self.choosing, "tab")
        self.choosing.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.choosing.setIcon(icon("chart-line"))
        self.choosing.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.choosing.setToolTip("Which curves to show")
        self.choosing.setAccessibleName("Which curves to show")
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.choosing.setMenu(self.menu)
        self.by_step = _axis("Steps", "Along the steps of training")
        self.by_time = _axis("Time", "Along the seconds of training: what is gained in the same time")
        group = QButtonGroup(self)
        group.addButton(self.by_step)
        group.addButton(self.by_time)
        self.by_step.setChecked(True)
        self.by_time.toggled.connect(self.set_seconds)
        self.smooth = QuietSlider(Qt.Orientation.Horizontal)
        self.smooth.setRange(0, STEPS)
        self.smooth.setFixedWidth(80)
        self.smooth.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.smooth.setAccessibleName("Smoothing of all curves")
        self.smooth.setToolTip("Smoothing: exponential moving average over the faint raw lines")
        self.smooth.valueChanged.connect(lambda _: self._smoothed())
        bar = QHBoxLayout()
        bar.setSpacing(SPACE // 2)
        bar.addWidget(self.choosing)
        bar.addStretch(1)
        bar.addWidget(QLabel("Smoothing"))
        bar.addWidget(self.smooth)
        bar.addSpacing(SPACE)
        bar.addWidget(self.by_step)
        bar.addWidget(self.by_time)
        self.field = QWidget()
        self.grid = QGridLayout(self.field)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setSpacing(2 * SPACE)
        self.area = QScrollArea()
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self.field)
        self.area.viewport().installEventFilter(self)
        self.column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(bar)
        column.addWidget(self.area, 1)

    def show_runs(self, runs: Sequence[Compared]) -> None:
        self.runs = list(runs)
        available = names(runs)
        if not any(name in available for name in self.chosen):
            self.chosen = first_choice(available)
        self._lay_out()

    def choose(self, chosen: Sequence[str]) -> None:
        """Show these curves, in this order."""
        self.chosen = list(chosen)
        self._lay_out()
        self.changed.emit()

    def set_seconds(self, on: bool) -> None:
        """Seconds of training along the axis, instead of steps."""
        if on != self.seconds:
            self.seconds = on
            (self.by_time if on else self.by_step).setChecked(True)
            for panel in self.panels.values():  # their axis is named once, when they are made
                panel.deleteLater()
            self.panels = {}
            self._lay_out()
            self.changed.emit()

    def _lay_out(self) -> None:
        wanted = [name for name in self.chosen if name in names(self.runs)]
        for gone in self.panels.keys() - set(wanted):
            panel = self.panels.pop(gone)
            panel.hide()
            panel.deleteLater()
        while self.grid.takeAt(0) is not None:
            pass
        columns = 1 if len(wanted) == 1 else 2
        for at, name in enumerate(wanted):
            if name not in self.panels:
                self.panels[name] = self._panel(name)
            self.grid.addWidget(self.panels[name], at // columns, at % columns)
            self._fill(name)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def _fit(self) -> None:
        """The plots fill what is there; four or more of them scroll instead of shrinking away.

        Not by setWidgetResizable: that asks for the height that goes with the width, which a plot has no opinion on.
        """
        rows = self.grid.rowCount() if self.panels else 0
        least = max((at.minimumSizeHint().height() for at in self.panels.values()), default=0)
        used = sum(1 for row in range(rows) if self.grid.itemAtPosition(row, 0) is not None)
        room = self.area.viewport().size()
        self.field.resize(room.width(), max(room.height(), used * least + max(0, used - 1) * self.grid.spacing()))

    def _panel(self, name: str) -> CurvePanel:
        group, _, curve = name.partition("/")
        panel = CurvePanel((curve or group).capitalize(), group, x_label="second" if self.seconds else "step")
        panel.setMinimumWidth(216)
        panel.plot.widget.setMinimumHeight(96)
        panel.tools.smooth.hide()  # one for all of them is above
        panel.set_smoothing(self._weight())
        return panel

    def _weight(self) -> float:
        """As in the panels: the slider runs over −log10(1 − weight), 0..3."""
        return 1 - 10 ** (-3 * self.smooth.value() / STEPS)

    def _smoothed(self) -> None:
        for panel in self.panels.values():
            panel.set_smoothing(self._weight())
        self.changed.emit()

    def _fill(self, name: str) -> None:
        panel = self.panels[name]
        for at in range(len(self.runs), 1 + max((c.run for c in panel.curves), default=-1)):
            panel.remove(name, at)
        for at, run in enumerate(self.runs):
            curve = run.curves.curves.get(name)
            if curve is None:
                # A run that never measured it still takes its place, so that the others keep their colour and dash.
                panel.set_curve(name, f"{run.short} (not measured)", (), (), at)
                continue
            x = curve.seconds if self.seconds else curve.step
            if len(curve) <= LONG:
                panel.set_curve(name, run.short, x, curve.y, at)
            else:
                self._fill_later(panel, name, at, run, x, curve.y)

    def _fill_later(self, panel: CurvePanel, name: str, at: int, run: Compared, x: Any, y: Any) -> None:
        """A long curve is made ready for drawing on a worker thread; it is dropped when the runs changed meanwhile."""

        def show(series: Series) -> None:
            if at < len(self.runs) and self.runs[at] is run:
                panel.set_series(name, run.short, series, at)

        if not any(c.run == at for c in panel.curves):
            panel.set_curve(name, run.short, (), (), at)
        work.run(panel, lambda watch: Series(x, y), show)

    def _fill_menu(self) -> None:
        self.menu.clear()
        panel = ""
        for name in names(self.runs):
            group, _, curve = name.partition("/")
            if group != panel:
                panel = group
                self.menu.addSection(group)
            action = self.menu.addAction(curve or group)
            action.setCheckable(True)
            action.setChecked(name in self.chosen)
            action.toggled.connect(lambda on, name=name: self._toggle(name, on))

    def _toggle(self, name: str, on: bool) -> None:
        self.choose([*self.chosen, name] if on else [n for n in self.chosen if n != name])


def _axis(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setCheckable(True)
    role(button, "tab")
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setIconSize(QSize(16, 16))
    return button
