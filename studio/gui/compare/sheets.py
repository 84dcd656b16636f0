"""The sample sheets of all runs at one step, moved through time by one slider."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.gui.compare.chips import Swatch
from studio.gui.compare.gathered import Compared
from studio.gui.library.picture import Picture
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.theme import SPACE, role
from studio.gui.widgets.curve_tools import ElidedLabel, QuietSlider


class SheetView(QWidget):
    """One run's newest sheet at or before the step."""

    def __init__(self, run: Compared, index: int, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run = run
        self.title = ElidedLabel(run.short)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setToolTip(run.title)
        self.step = QLabel()
        role(self.step, "small")
        self.picture = Picture(thumbnails, f"Samples of {run.title}")
        head = QHBoxLayout()
        head.setSpacing(SPACE // 2)
        head.addWidget(Swatch(index))
        head.addWidget(self.title, 1)
        head.addWidget(self.step)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(head)
        self.columns = ElidedLabel(" · ".join(run.titles))
        role(self.columns, "small")
        column.addWidget(self.columns)
        column.addWidget(self.picture, 1)

    def show_step(self, step: int) -> None:
        found = self.run.sheet_at(step)
        self.picture.show_file(found[1] if found else "")
        none = "no sheet yet" if self.run.sheets or self.run.state.status in ("new", "running") else "no sheet"
        self.step.setText(f"step {found[0]:,}" if found else none)
        self.picture.setAccessibleDescription(self.step.text())


class SheetsPane(QWidget):
    """``step`` runs over every step at which any of the runs has a sheet."""

    step_changed = Signal(int)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self.views: list[SheetView] = []
        self.steps: list[int] = []
        self.row = QHBoxLayout()
        self.row.setSpacing(2 * SPACE)
        self.slider = QuietSlider(Qt.Orientation.Horizontal)
        self.slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slider.setAccessibleName("Step of the sheets")
        self.slider.setToolTip("The newest sheet of each run at or before this step")
        self.slider.valueChanged.connect(self._moved)
        self.said = QLabel()
        role(self.said, "number")
        self.said.setMinimumWidth(104)
        self.said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        below = QHBoxLayout()
        below.addWidget(self.slider, 1)
        below.addWidget(self.said)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE // 2, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(self.row, 1)
        column.addLayout(below)

    @property
    def step(self) -> int:
        return self.steps[self.slider.value()] if self.steps else 0

    def show_runs(self, runs: Sequence[Compared]) -> None:
        """The slider stays at its step; when it stood at the end it follows the end."""
        before, at_end = self.step, not self.steps or self.slider.value() == len(self.steps) - 1
        for view in self.views:
            self.row.removeWidget(view)
            view.hide()
            view.deleteLater()
        self.views = [SheetView(run, at, self.thumbnails) for at, run in enumerate(runs)]
        for view in self.views:
            self.row.addWidget(view, 1)
        self.steps = sorted({step for run in runs for step, _ in run.sheets})
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(self.steps) - 1))
        self.slider.setPageStep(max(1, len(self.steps) // 10))
        self.slider.blockSignals(False)
        self.slider.setEnabled(len(self.steps) > 1)
        self.show_step(self.steps[-1] if self.steps and at_end else before)

    def show_step(self, step: int) -> None:
        """Go to the newest of the steps at or before this one."""
        at = max((n for n, s in enumerate(self.steps) if s <= step), default=0)
        self.slider.setValue(at)
        self._moved(at)

    def _moved(self, at: int) -> None:
        step = self.step
        self.said.setText(f"step {step:,}" if self.steps else "no sheets yet")
        self.slider.setAccessibleDescription(self.said.text())
        for view in self.views:
            view.show_step(step)
        self.step_changed.emit(step)
