"""The compare page: chips of runs, their curves and recipes, their sheets at one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.data import files
from studio.data.watch import Cancelled, Watch
from studio.gui import work
from studio.gui.compare import export
from studio.gui.compare.chips import Chips, Choice, Picker
from studio.gui.compare.curves import CurvesPane
from studio.gui.compare.gathered import Compared, gather
from studio.gui.compare.nothing import Nothing
from studio.gui.compare.sheets import SheetsPane
from studio.gui.compare.table import TablePane
from studio.gui.icons import icon
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.session import Session, Trouble
from studio.gui.theme import SPACE
from studio.gui.widgets.panes import Panes
from studio.models.core.recipe import FieldInfo
from studio.runs import differences
from studio.runs.folder import DamagedRun

MOST = 6
LIVE_MS = 2000
"""A run in training is read again at most this often."""


@dataclass(frozen=True, eq=False)
class _Read:
    """What a worker brings: the runs that could be read, what differs, and why others could not be read."""

    runs: list[Compared]
    table: differences.Table | None
    wrong: dict[str, str]


class ComparePage(QWidget):
    """Two to six runs side by side: curves, what differs, sheets at one step."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.paths: list[str] = []
        self.runs: list[Compared] = []
        self._reading = self._again = False
        self.thumbnails = Thumbnails(self)
        self.chips = Chips()
        self.picker = Picker(self)
        self.curves = CurvesPane()
        self.table = TablePane()
        self.sheets = SheetsPane(self.thumbnails)
        self.nothing = Nothing()
        self._lay_out()
        self._live = QTimer(self)
        self._live.setSingleShot(True)
        self._live.setInterval(LIVE_MS)
        self._live.timeout.connect(self._read)
        self.chips.add_wanted.connect(self._offer)
        self.nothing.add_wanted.connect(self._offer)
        self.nothing.library_wanted.connect(lambda: session.page_wanted.emit("library"))
        self.chips.remove_wanted.connect(self.remove)
        self.picker.picked.connect(self.add)
        session.compare_wanted.connect(self.show_runs)
        session.measured.connect(lambda some: self._trained(some[-1].run))
        session.sheet_drawn.connect(lambda event: self._trained(event.run))
        session.library_changed.connect(self._read)
        session.catalogue_changed.connect(self._read)
        self.setAccessibleName("Compare")

    def _lay_out(self) -> None:
        self.exporting = QToolButton()
        self.exporting.setIcon(icon("download-simple"))
        self.exporting.setIconSize(QSize(18, 18))
        self.exporting.setToolTip("Save the comparison (Ctrl+E)")
        self.exporting.setAccessibleName("Save the comparison")
        self.exporting.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.exporting.setMenu(self._export_menu())
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(self.chips, 1)
        top.addWidget(self.exporting)
        self.upper = Panes()
        self.upper.addWidget(self.curves)
        self.upper.addWidget(self.table)
        self.upper.setStretchFactor(0, 1)
        self.upper.setSizes([568, 456])
        self.split = Panes(Qt.Orientation.Vertical)
        self.split.addWidget(self.upper)
        self.split.addWidget(self.sheets)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([356, 224])
        self.curves.column.setContentsMargins(0, 0, SPACE, SPACE)
        self.table.column.setContentsMargins(SPACE, 0, 0, SPACE)
        self.body = QWidget()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(top)
        column.addWidget(self.split, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.nothing)
        self.stack.addWidget(self.body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.stack)

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Picture as PNG…", lambda: self.save("png"))
        menu.addAction("Table as CSV…", lambda: self.save("csv"))
        menu.addAction("Shown curves as CSV…", lambda: self.save("curves.csv"))
        return menu

    # --- which runs

    def show_runs(self, paths: list[str]) -> None:
        """Compare these runs: the first six of them, each once."""
        wanted = list(dict.fromkeys(paths))[:MOST]
        if wanted != self.paths:
            self.paths = wanted
            self._read()

    def add(self, path: str) -> None:
        self.show_runs([*self.paths, path])

    def remove(self, path: str) -> None:
        self.show_runs([p for p in self.paths if p != path])

    def _offer(self) -> None:
        """Look which runs there are, and let one be chosen."""
        library, shown = self.session.library, set(self.paths)
        titles = self._titles()

        def look(watch: Watch) -> list[Choice]:
            return [
                (str(e.path), e.title, f"{titles.get(e.model, e.model)} · {e.data.name}")
                for e in library.scan()
                if not e.damaged and e.data is not None and str(e.path) not in shown
            ]

        button = self.chips.adding if self.stack.currentWidget() is self.body else self.nothing.adding
        at = button.mapToGlobal(QPoint(0, button.height() + 2))
        work.run(self, look, lambda choices: self.picker.offer(choices, at))

    def _titles(self) -> dict[str, str]:
        return {card.name: card.title for card in self.session.models}

    # --- reading them

    def _read(self) -> None:
        """Read all runs again; of their curves only what is new."""
        if self._reading:
            self._again = True
            return
        if not self.paths:
            self._show(_Read([], None, {}))
            return
        self._reading, self._again = True, False
        library, paths, titles = self.session.library, list(self.paths), self._titles()
        known = {run.path: run for run in self.runs}

        def read(watch: Watch) -> _Read:
            runs, wrong = [], {}
            for path in paths:
                try:
                    runs.append(gather(library, path, titles, watch, known.get(path)))
                except (DamagedRun, OSError) as reason:
                    wrong[path] = str(reason)
            table = library.difference([Path(run.path) for run in runs]) if runs else None
            return _Read(runs, table, wrong)

        work.run(self, read, self._came, self._failed)

    def _came(self, found: _Read) -> None:
        self._reading = False
        for path, why in found.wrong.items():
            if path in self.paths:
                self.paths.remove(path)
                if found.runs:  # a last session whose runs are all gone needs no alarm
                    self.session.trouble.emit(Trouble("A run was left out of the comparison", why, about=path))
        if {run.path for run in found.runs} <= set(self.paths):
            self._show(found)
        if self._again or [run.path for run in found.runs] != self.paths:
            self._read()

    def _failed(self, wrong: Exception) -> None:
        self._reading = False
        if not isinstance(wrong, Cancelled):
            self.session.trouble.emit(Trouble("The runs could not be compared", str(wrong), "Try again", self._read))

    def _show(self, found: _Read) -> None:
        self.runs = found.runs
        self.stack.setCurrentWidget(self.body if self.runs else self.nothing)
        self.chips.show_runs(self.runs, MOST)
        self.curves.show_runs(self.runs)
        self.table.show_runs(self.runs, found.table, self._fields())
        self.sheets.show_runs(self.runs)

    def _fields(self) -> dict[str, FieldInfo]:
        cards = [self.session.card(run.model) for run in self.runs]
        return {field.name: field for card in cards if card is not None for field in card.fields}

    def _trained(self, path: str) -> None:
        if path in self.paths and not self._live.isActive() and self.isVisible():
            self._live.start()

    # --- taking it away

    def export(self) -> None:
        """Ctrl+E."""
        if self.runs:
            self.exporting.showMenu()

    def save(self, kind: str, out: str = "") -> None:
        """Write the comparison as ``png``, ``csv`` or ``curves.csv``; asks for a name when none is given."""
        if not self.runs:
            return
        if not out:
            suffix = kind.rpartition(".")[2]
            name = "comparison-curves.csv" if kind == "curves.csv" else f"comparison.{kind}"
            out, _ = QFileDialog.getSaveFileName(
                self, "Save the comparison", str(Path.home() / name), f"{suffix.upper()} (*.{suffix})"
            )
        if not out:
            return
        make = self._maker(kind)
        path = Path(out)

        def failed(wrong: Exception) -> None:
            if not isinstance(wrong, Cancelled):
                self.session.trouble.emit(Trouble(f"{path.name} was not written", str(wrong)))

        work.run(
            self, lambda watch: files.write(path, make(watch)), lambda _: None, failed, title=f"Saving {path.name}"
        )

    def _maker(self, kind: str) -> Callable[[Watch], bytes | str]:
        """What the worker is to do; what is on screen is taken now, on the window's thread."""
        runs: Sequence[Compared] = list(self.runs)
        match kind:
            case "png":
                shot = export.picture(self.body)
                return lambda watch: shot
            case "csv":
                lines = list(self.table.model.lines)
                return lambda watch: export.table([run.title for run in runs], lines)
            case _:
                chosen = list(self.curves.panels)
                return lambda watch: export.curves(runs, chosen, watch)

    # --- what is remembered

    def save_state(self) -> dict[str, Any]:
        return {
            "runs": self.paths,
            "curves": self.curves.chosen,
            "seconds": self.curves.seconds,
            "everything": self.table.everything.isChecked(),
            "upper": self.upper.kept(),
            "split": self.split.kept(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        self.curves.chosen = [str(name) for name in state.get("curves") or []]
        self.curves.set_seconds(state.get("seconds") is True)
        self.table.everything.setChecked(state.get("everything") is True)
        for key, splitter in (("upper", self.upper), ("split", self.split)):
            splitter.restore(state.get(key))
        paths = state.get("runs")
        if isinstance(paths, list):
            self.show_runs([str(p) for p in paths])
