"""The library page: tabs of runs and datasets, and the toast that offers the way back."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from studio.gui.library import shelf
from studio.gui.library.actions import Verbs
from studio.gui.library.datasets import DatasetsPane
from studio.gui.library.runs import RunsPane
from studio.gui.library.toast import Toast
from studio.gui.session import Session
from studio.gui.theme import SPACE, role


class LibraryPage(QWidget):
    """Everything that was trained and read: found, named, tagged, kept and let go.

    It looks at the disk again when it is shown, when the window comes to the front, and when a folder of the library
    changes, always on worker threads.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.shelf = shelf.of(session)
        self.verbs = Verbs(self.shelf, self)
        self.runs = RunsPane(session, self.shelf, self.verbs)
        self.datasets = DatasetsPane(session, self.shelf.thumbnails)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.runs)
        self.stack.addWidget(self.datasets)
        self.tabs = [self._tab("Runs", 0), self._tab("Datasets", 1)]
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 0)
        row.setSpacing(SPACE // 2)
        for tab in self.tabs:
            group.addButton(tab)
            row.addWidget(tab)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, SPACE)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.stack, 1)
        self.tabs[0].setChecked(True)
        self.toast = Toast(self)
        self.verbs.said.connect(self.toast.say)
        self.verbs.under_way.connect(self.toast.working)
        self.datasets.said.connect(self.toast.say)
        self.setAccessibleName("Library")

    def _tab(self, text: str, at: int) -> QToolButton:
        tab = QToolButton()
        tab.setText(text)
        tab.setCheckable(True)
        role(tab, "tab")
        tab.setToolTip(f"{text} of the library")
        tab.setAccessibleName(text)
        tab.toggled.connect(lambda on: self._show_tab(at) if on else None)
        return tab

    def _show_tab(self, at: int) -> None:
        self.stack.setCurrentIndex(at)
        if at == 1 and self.isVisible():
            self.datasets.rescan()

    # --- when to look again

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate and self.isVisible():
            self._look()
        return super().event(event)

    def _look(self) -> None:
        self.shelf.rescan()
        if self.stack.currentWidget() is self.datasets:
            self.datasets.rescan()

    # --- what the shell asks

    def find(self) -> None:  # type: ignore[override]  # QWidget.find looks up window numbers; nobody calls it here
        (self.datasets if self.stack.currentWidget() is self.datasets else self.runs).focus_search()

    def export(self) -> None:
        """Ctrl+E: the selected run as one file."""
        if self.stack.currentWidget() is self.runs:
            self.runs.export()

    def select(self, path: str) -> None:
        """Show a run of the library."""
        self.tabs[0].setChecked(True)
        self.runs.select(path)

    def save_state(self) -> dict[str, Any]:
        """What is remembered; also writes what was typed and is not on disk yet."""
        self.runs.details.finish()
        self.shelf.settle()
        return {
            "tab": self.stack.currentIndex(),
            "runs": self.runs.save_state(),
            "datasets": self.datasets.save_state(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        for key, pane in (("runs", self.runs), ("datasets", self.datasets)):
            if isinstance(inner := state.get(key), dict):
                pane.restore_state(inner)
        self.tabs[1 if state.get("tab") == 1 else 0].setChecked(True)
