"""The plots below the sheet: losses, Wasserstein, and tabs for whatever else the model shows. Names no model.

A group that is spread over examples (a gradient's norm) has its histogram behind a button of the same plot; the levels
and gauges that the model names are drawn without knowing what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QToolButton, QVBoxLayout, QWidget

from studio.gui.train.curve_tabs import CurveTabs
from studio.gui.train.gauges import Gauges
from studio.gui.train.run_curves import (
    FIRST,
    GAME,
    LOGARITHMIC,
    OTHERS,
    UNIT_AT_LENGTH,
    RunCurves,
    group_of,
    is_reference,
    label_of,
    term_of,
    title_of,
)
from studio.gui.train.spread_view import SpreadView
from studio.gui.train.spreads import Spreads
from studio.gui.widgets.curves import CurvePanel
from studio.models.core.showing import Gauge, Level

SMOOTHING = 0.9


class CurveDeck(QWidget):
    """Two plots side by side. The left one and the right one each show the group chosen by its tabs.

    ``beside``: a control for both, at the end of the first row of tabs.
    """

    def __init__(self, beside: QToolButton | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.sides = [CurveTabs(FIRST[0], GAME, self), CurveTabs(FIRST[1], OTHERS, self)]
        for side in self.sides:
            self.split.addWidget(side)
        self.split.setSizes([1000, 1000])
        if beside is not None:
            self.sides[0].put(beside)
        self.gauges = Gauges()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.gauges)
        layout.addWidget(self.split, 1)
        self.panels: dict[str, CurvePanel] = {}
        self.runs: list[RunCurves] = []
        self._labels: list[str] = []
        self._smoothing: dict[str, float] = {FIRST[0]: SMOOTHING}
        self._log: dict[str, bool] = {}
        self._histograms: set[str] = set()
        self._levels: Sequence[Level] = ()
        self._samples = True
        self._spreads = Spreads("")
        self._views: dict[str, SpreadView] = {}
        for group in FIRST:
            self._panel(group)
        self._arrange()

    def show_runs(self, runs: list[RunCurves], labels: list[str]) -> None:
        """Show these runs, the first one with its checkpoints; the labels name them when there are several."""
        self.runs, self._labels = runs, labels
        for panel in self.panels.values():
            panel.clear()
        self._fill()

    def show_marks(self, levels: Sequence[Level], gauges: Sequence[Gauge], *, samples: bool = True) -> None:
        """What the model names to read its curves by. ``samples``: whether it draws some, so that distances of them
        will come; else their plot has no tab."""
        self._levels = levels
        if samples != self._samples:
            self._samples = samples
            self._arrange()
        for group, panel in self.panels.items():
            panel.set_levels([one for one in levels if one.panel == group])
        self.gauges.set_gauges(gauges)
        self._read_gauges()

    def show_spreads(self, spreads: Spreads) -> None:
        """The histograms of the first run; the same ones again when some were added."""
        self._spreads = spreads
        groups = spreads.groups()
        new = [g for g in groups if g not in self._views]
        for group in new:
            panel = self._panel(group)
            view = self._views[group] = SpreadView(*title_of(group))
            panel.add_histogram(view)
            panel.histogram.clicked.connect(partial(self._choose_histogram, group))
        for group, view in self._views.items():
            self.panels[group].histogram.setVisible(group in groups)
            self.panels[group].histogram.setChecked(group in groups and group in self._histograms)
            if group in groups:
                view.set_histories(groups[group])
        if new or not groups:
            self._arrange()

    def _choose_histogram(self, group: str) -> None:
        on = self.panels[group].histogram.isChecked()
        self._histograms = self._histograms | {group} if on else self._histograms - {group}

    def _read_gauges(self) -> None:
        self.gauges.read(self.runs[0] if self.runs else None)

    def show_group(self, group: str) -> None:
        """Turn to the tab of a group, where it has one."""
        for side in self.sides:
            if group in side.groups:
                side.choose(group)

    def grown(self) -> None:
        """A curve that was not there before has come."""
        self._fill()

    def refresh(self) -> None:
        """Numbers were added."""
        for panel in self.panels.values():
            panel.refresh()
        self._read_gauges()

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
        self._read_gauges()
        self._arrange()

    def _panel(self, group: str) -> CurvePanel:
        if group not in self.panels:
            panel = self.panels[group] = CurvePanel(*title_of(group), log=self._log.get(group, group in LOGARITHMIC))
            panel.set_smoothing(self._smoothing.get(group, 0.0))
            panel.tools.unit.setToolTip(UNIT_AT_LENGTH if group == "wasserstein" else panel.unit)
            for other in self.panels.values():
                if other is not panel:
                    other.hovered.connect(panel.show_step)
                    panel.hovered.connect(other.show_step)
            panel.set_levels([one for one in self._levels if one.panel == group])
            self.sides[0 if group in GAME else 1].add(group, panel)
        return self.panels[group]

    def _arrange(self) -> None:
        """Tabs for groups that have curves; the first groups always, as far as something will come of them."""
        present = {group_of(key) for run in self.runs for key in run.series} | set(self._spreads.groups())
        first = set(FIRST) if self._samples or not present - {FIRST[0]} else {FIRST[0]}
        for side in self.sides:
            side.show_tabs(present | first, any_run=bool(self.runs))

    # --- the last session comes back

    def save_state(self) -> dict[str, object]:
        return {
            "tabs": [side.wanted for side in self.sides],
            "histograms": sorted(self._histograms),
            "smoothing": {g: p.smoothing for g, p in self.panels.items()},
            "log": {g: p.log for g, p in self.panels.items()},
        }

    def restore_state(self, state: dict[str, object]) -> None:
        smoothing, log = state.get("smoothing"), state.get("log")
        tabs, histograms = state.get("tabs"), state.get("histograms")
        if isinstance(smoothing, dict):
            self._smoothing = {g: float(w) for g, w in smoothing.items() if isinstance(w, int | float) and 0 <= w < 1}
        if isinstance(log, dict):
            self._log = {g: on is True for g, on in log.items()}
        if isinstance(histograms, list):
            self._histograms = {g for g in histograms if isinstance(g, str)}
        for group, panel in self.panels.items():
            panel.set_smoothing(self._smoothing.get(group, panel.smoothing))
            panel.set_log(self._log.get(group, panel.log))
        self.show_spreads(self._spreads)
        if isinstance(tabs, list):
            for side, tab in zip(self.sides, tabs, strict=False):
                side.wanted = tab if isinstance(tab, str) else side.home
            self._arrange()
