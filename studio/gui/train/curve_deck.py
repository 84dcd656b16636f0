"""The plots below the sheet: losses, Wasserstein, and tabs for whatever else the model shows. Names no model."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.train.run_curves import (
    FIRST,
    UNIT_AT_LENGTH,
    RunCurves,
    group_of,
    is_reference,
    label_of,
    term_of,
    title_of,
)
from studio.gui.widgets.curves import CurvePanel

SMOOTHING = 0.9


class CurveDeck(QWidget):
    """Two plots side by side. The left one and the right one each show the group chosen by its tabs.

    ``beside``: a control for both, at the end of the first row of tabs.
    """

    def __init__(self, beside: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.sides = [_Side(FIRST[0], self), _Side(FIRST[1], self)]
        for side in self.sides:
            self.split.addWidget(side)
        if beside is not None:
            self.sides[0].put(beside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.split)
        self.panels: dict[str, CurvePanel] = {}
        self.runs: list[RunCurves] = []
        self._labels: list[str] = []
        self._smoothing: dict[str, float] = {FIRST[0]: SMOOTHING}
        self._log: dict[str, bool] = {}
        for group in FIRST:
            self._panel(group)
        self._arrange()

    def show_runs(self, runs: list[RunCurves], labels: list[str]) -> None:
        """Show these runs, the first one with its checkpoints; the labels name them when there are several."""
        self.runs, self._labels = runs, labels
        for panel in self.panels.values():
            panel.clear()
        self._fill()

    def grown(self) -> None:
        """A curve that was not there before has come."""
        self._fill()

    def refresh(self) -> None:
        """Numbers were added."""
        for panel in self.panels.values():
            panel.refresh()

    def mark(self, step: float, label: str) -> None:
        for panel in self.panels.values():
            panel.mark(step, label)

    def rewound(self) -> None:
        """Marks and curves went back to an earlier step."""
        if self.runs:
            for panel in self.panels.values():
                panel.set_marks(self.runs[0].marks)

    def _fill(self) -> None:
        for number, run in enumerate(self.runs):
            name = f" · {self._labels[number]}" if len(self.runs) > 1 else ""
            for group, keys in run.groups().items():
                panel = self._panel(group)
                known = {(c.key, c.run): c.series for c in panel.curves}
                for key in keys:
                    if number and is_reference(key):
                        continue  # the same data: the floor is drawn once
                    if known.get((key, number)) is not run.series[key]:
                        label = label_of(key) + ("" if is_reference(key) else name)
                        panel.set_series(
                            key, label, run.series[key], number, reference=is_reference(key), term=term_of(key)
                        )
        if self.runs:
            for panel in self.panels.values():
                panel.set_marks(self.runs[0].marks)
        self._arrange()

    def _panel(self, group: str) -> CurvePanel:
        if group not in self.panels:
            panel = self.panels[group] = CurvePanel(*title_of(group), log=self._log.get(group, False))
            panel.set_smoothing(self._smoothing.get(group, 0.0))
            panel.tools.unit.setToolTip(UNIT_AT_LENGTH if group == "wasserstein" else panel.unit)
            for other in self.panels.values():
                if other is not panel:
                    other.hovered.connect(panel.show_step)
                    panel.hovered.connect(other.show_step)
            for side in self.sides:
                if group == side.home or (group not in FIRST and side is self.sides[1]):
                    side.add(group, panel)
        return self.panels[group]

    def _arrange(self) -> None:
        """Tabs for groups that have curves; the first groups always."""
        present = {group_of(key) for run in self.runs for key in run.series}
        for side in self.sides:
            side.show_tabs(present | set(FIRST), any_run=bool(self.runs))

    # --- the last session comes back

    def save_state(self) -> dict[str, object]:
        return {
            "tab": self.sides[1].group,
            "smoothing": {g: p.smoothing for g, p in self.panels.items()},
            "log": {g: p.log for g, p in self.panels.items()},
        }

    def restore_state(self, state: dict[str, object]) -> None:
        smoothing, log, tab = state.get("smoothing"), state.get("log"), state.get("tab")
        if isinstance(smoothing, dict):
            self._smoothing = {g: float(w) for g, w in smoothing.items() if isinstance(w, int | float) and 0 <= w < 1}
        if isinstance(log, dict):
            self._log = {g: on is True for g, on in log.items()}
        for group, panel in self.panels.items():
            panel.set_smoothing(self._smoothing.get(group, panel.smoothing))
            panel.set_log(self._log.get(group, panel.log))
        if isinstance(tab, str):
            self.sides[1].wanted = tab
            self._arrange()


class _Side(QWidget):
    """Plots on one another, a tab for each; no tabs while there is no run to show."""

    def __init__(self, home: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.home = home
        self.wanted = home
        self.groups: list[str] = []
        self._panels: list[CurvePanel] = []
        self.tabs = QWidget()
        self._row = QHBoxLayout(self.tabs)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        self._buttons = QButtonGroup(self)
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs)
        layout.addWidget(self._stack, 1)
        self._buttons.idClicked.connect(self._choose)

    @property
    def group(self) -> str:
        return self.groups[self._stack.currentIndex()] if self.groups else self.home

    def put(self, control: QWidget) -> None:
        """A control at the end of the tabs."""
        self._row.addWidget(control)

    def add(self, group: str, panel: CurvePanel) -> None:
        button = QToolButton()
        button.setText(title_of(group)[0])
        button.setCheckable(True)
        theme.role(button, "tab")
        button.setToolTip(f"Show {title_of(group)[0].lower()}")
        button.setAccessibleName(button.toolTip())
        button.setStyleSheet("padding: 2px 8px")
        bold = theme.text_font()
        bold.setBold(True)  # as it is while checked; Qt reckons with the other
        button.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(button.text()) + 20)
        self.groups.append(group)
        self._buttons.addButton(button, len(self.groups) - 1)
        self._row.insertWidget(len(self.groups) - 1, button)
        self._panels.append(panel)
        self._stack.addWidget(panel)

    def show_tabs(self, present: set[str], *, any_run: bool) -> None:
        shown = [g for g in self.groups if g in present]
        for index, group in enumerate(self.groups):
            self._buttons.button(index).setVisible(group in present)
            self._panels[index].tools.title.setVisible(not any_run)  # the tab says it already
        self.tabs.setVisible(any_run)
        wanted = self.wanted if self.wanted in shown else (shown[0] if shown else "")
        if wanted:
            index = self.groups.index(wanted)
            self._stack.setCurrentIndex(index)
            self._buttons.button(index).setChecked(True)

    def _choose(self, index: int) -> None:
        self.wanted = self.groups[index]
        self._stack.setCurrentIndex(index)
