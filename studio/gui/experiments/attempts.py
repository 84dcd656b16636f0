"""Every attempt at an experiment, the newest first, whatever became of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from studio.experiments.core.attempts import Attempt
from studio.gui import theme
from studio.gui.experiments.conductor import Conductor
from studio.gui.experiments.findings import CELLS
from studio.gui.experiments.seen import Seen, doing, result, when
from studio.gui.icons import icon
from studio.gui.words import duration, plural

COLUMNS = ("When", "Preset", "Outcome", "Result", "Took", "Machine")
OUTCOME = COLUMNS.index("Outcome")


class AttemptsTable(QTableWidget):
    chosen = Signal(object)
    """The Attempt whose row is current; None for none."""

    def __init__(self, conductor: Conductor, parent: QWidget | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.conductor = conductor
        self.seen: Seen | None = None
        self.setHorizontalHeaderLabels(COLUMNS)
        self.setAccessibleName("Attempts")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(16, 16))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setStyleSheet(CELLS)
        for at in range(len(COLUMNS)):
            mode = QHeaderView.ResizeMode.Stretch if at == len(COLUMNS) - 1 else QHeaderView.ResizeMode.ResizeToContents
            self.horizontalHeader().setSectionResizeMode(at, mode)
        self.currentItemChanged.connect(self._moved)
        conductor.advanced.connect(lambda _: self._renew())
        theme.theme.changed.connect(self._renew)

    @property
    def attempts(self) -> Sequence[Attempt]:
        return self.seen.attempts if self.seen is not None else ()

    @property
    def current(self) -> Attempt | None:
        row = self.currentRow()
        return self.attempts[row] if 0 <= row < len(self.attempts) else None

    def show_seen(self, seen: Seen, *, newest: bool) -> None:
        """``newest``: go to the newest one; else stay at the one that was current."""
        before = self.current
        self.blockSignals(True)
        self.seen = seen
        self.setRowCount(len(seen.attempts))
        for row in range(len(seen.attempts)):
            for at in range(len(COLUMNS)):
                self.setItem(row, at, QTableWidgetItem())
        self._renew()
        paths = [a.path for a in seen.attempts]
        row = paths.index(before.path) if before is not None and before.path in paths and not newest else 0
        self.setCurrentCell(row if paths else -1, 0)
        self.blockSignals(False)
        self.chosen.emit(self.current)

    def _renew(self) -> None:
        """The words of every row; only these change while an attempt is under way."""
        seen = self.seen
        if seen is None:
            return
        for row, attempt in enumerate(seen.attempts):
            path = str(attempt.path)
            state = doing(attempt, self.conductor.under_way.get(path), path in seen.taken, self.conductor.session)
            cells = (
                when(attempt),
                f"{attempt.preset}, {plural(len(attempt.seeds), 'seed')}",
                state.words.split(" · ")[0],
                result(seen.experiment, attempt) or "–",
                duration(attempt.seconds) if attempt.seconds else "–",
                attempt.machine or "–",
            )
            for at, text in enumerate(cells):
                item = self.item(row, at)
                if item is not None and item.text() != text:
                    item.setText(text)
                    item.setToolTip(attempt.message or state.words if at == OUTCOME else text)
            item = self.item(row, OUTCOME)
            if item is not None:
                item.setIcon(icon(state.icon, state.colour))
                loud = state.colour in ("bad", "warn", "good")
                item.setForeground(QColor(getattr(theme.palette(), state.colour if loud else "text")))

    def _moved(self, now: QTableWidgetItem | None, before: QTableWidgetItem | None) -> None:
        if now is None or before is None or now.row() != before.row():
            self.chosen.emit(self.current)
