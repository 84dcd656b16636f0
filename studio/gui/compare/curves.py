"""The curves of all runs on top of each other: one plot for each chosen curve, over steps or seconds of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
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
    """A curve to begin with of each of :data:`FIRST`, those of the generator before others; else the first there is."""
    chosen = []
    for panel in FIRST:
        inside = [n for n in available if n.partition("/")[0] == panel]
        inside.sort(key=lambda n: ("sliced" not in n and "generator" not in n, n))
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
        bar = QHBoxLayout()
        bar.setSpacing(SPACE // 2)
        bar.addWidget(self.choosing)
        bar.addStretch(1)
        bar.addWidget(self.by_step)
        bar.addWidget(self.by_time)
        self.field = QWidget()
        self.grid = QGridLayout(self.field)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setSpacing(2 * SPACE)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(bar)
        column.addWidget(scroll, 1)

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

    def _panel(self, name: str) -> CurvePanel:
        group, _, curve = name.partition("/")
        title = f"{group}: {curve}" if curve else group
        panel = CurvePanel(title[0].upper() + title[1:], "", x_label="second" if self.seconds else "step")
        panel.setMinimumSize(240, 168)
        return panel

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
