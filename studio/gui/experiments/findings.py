"""What came out of one attempt: the verdict, each figure beside the paper's, the pictures, and the way to its runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import Findings, Table
from studio.gui import theme
from studio.gui.experiments.conductor import Conductor
from studio.gui.experiments.pictures import Pictures
from studio.gui.experiments.seen import Seen, can_go_on, doing
from studio.gui.icons import icon
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.theme import SPACE, role

HEADINGS = ("Figure", "The paper", "This machine")
CELLS = "QTableWidget::item { padding: 3px 8px; }"
"""As far from the left as the headings are."""
NOTHING = "No attempt yet. Choose how much to spend at the left, and run it."


class FindingsPane(QWidget):
    def __init__(self, conductor: Conductor, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.conductor = conductor
        self.session = conductor.session
        self.seen: Seen | None = None
        self.attempt: Attempt | None = None
        self._shown: Findings | None = None

        self.sign = QLabel()
        self.sign.setFixedWidth(20)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setAccessibleName("Verdict")
        told = QHBoxLayout()
        told.setSpacing(SPACE)
        told.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self.verdict, 1)

        self.go_on = QPushButton("Go on")
        self.go_on.setIcon(icon("play"))
        self.go_on.setToolTip("What is done is not done again")
        self.go_on.clicked.connect(self._go_on)
        self.runs = QToolButton()
        self.runs.setText("Its runs")
        self.runs.setIcon(icon("list-bullets"))
        self.runs.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.runs.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.runs.setToolTip("Open a run of this attempt on the Train or the Explore page, or compare them")
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.runs.setMenu(self.menu)
        self.folder = QToolButton()
        self.folder.setText("Its folder")
        self.folder.setIcon(icon("folder-open"))
        self.folder.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.folder.setToolTip("Show the files of this attempt")
        self.folder.clicked.connect(self._open_folder)
        self.verbs = QWidget()
        row = QHBoxLayout(self.verbs)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        for button in (self.go_on, self.runs, self.folder):
            button.setAccessibleName(button.text())
            row.addWidget(button)
        row.addStretch(1)

        self.figures = QFrame()
        role(self.figures, "card")
        self.figures.setAccessibleName("What the paper reports beside what this machine got")
        self._grid = QGridLayout(self.figures)
        self._grid.setContentsMargins(SPACE + SPACE // 2, SPACE, SPACE + SPACE // 2, SPACE)
        self._grid.setHorizontalSpacing(2 * SPACE)
        self._grid.setVerticalSpacing(SPACE // 2)
        for at, stretch in enumerate((3, 1, 1)):
            self._grid.setColumnStretch(at, stretch)
        self.pictures = Pictures(thumbnails)
        self.table = _Rows()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(told)
        for part in (self.verbs, self.figures, self.pictures, self.table):
            column.addWidget(part)
        column.addStretch(1)
        conductor.advanced.connect(lambda _: self._show_state())
        theme.theme.changed.connect(self._show_state)

    def show_attempt(self, seen: Seen, attempt: Attempt | None) -> None:
        """An attempt of this experiment; None: there is none yet."""
        self.seen, self.attempt = seen, attempt
        findings = attempt.findings if attempt is not None else None
        if findings != self._shown:
            self._shown = findings
            self._fill(findings)
        self.figures.setVisible(findings is not None)
        self.pictures.show_attempt(attempt)
        self.table.show_table(findings.table if findings is not None else None)
        self.verbs.setVisible(attempt is not None)
        self._show_state()

    def _show_state(self) -> None:
        attempt, seen = self.attempt, self.seen
        if attempt is None or seen is None:
            self.sign.setPixmap(icon("flask", "quiet").pixmap(QSize(16, 16), self.devicePixelRatioF()))
            self.verdict.setText(NOTHING)
            return
        path = str(attempt.path)
        under_way = self.conductor.under_way.get(path)
        state = doing(attempt, under_way, path in seen.taken, self.session)
        self.sign.setPixmap(icon(state.icon, state.colour).pixmap(QSize(16, 16), self.devicePixelRatioF()))
        words = f"{state.words[:1].upper()}{state.words[1:]}"
        more = attempt.findings.verdict if attempt.findings is not None else attempt.message
        said = f"{words}: {more}" if more and under_way is None else words
        if self.verdict.text() != said:
            self.verdict.setText(said)
        self.go_on.setVisible(can_go_on(attempt, under_way, path in seen.taken, self.session))
        self.runs.setVisible(bool(attempt.runs))

    def _fill(self, findings: Findings | None) -> None:
        for old in self.figures.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        if findings is None:
            return
        for at, heading in enumerate(HEADINGS):
            self._grid.addWidget(_label(heading, "section"), 0, at)
        for row, figure in enumerate(findings.figures, 1):
            what = QWidget()
            lines = QVBoxLayout(what)
            lines.setContentsMargins(0, 0, 0, 0)
            lines.setSpacing(0)
            lines.addWidget(_label(figure.name))
            if figure.how:
                lines.addWidget(_label(figure.how, "small"))
            here = _label(str(figure), "heading" if row == 1 else "number")
            here.setToolTip(figure.how)
            for at, part in enumerate((what, _label(figure.reported or "–", "quiet"), here)):
                self._grid.addWidget(part, row, at, Qt.AlignmentFlag.AlignTop)

    # --- the way on

    def _go_on(self) -> None:
        if self.attempt is not None:
            self.conductor.go_on(self.attempt)

    def _open_folder(self) -> None:
        if self.attempt is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.attempt.path)))

    def _fill_menu(self) -> None:
        self.menu.clear()
        attempt = self.attempt
        if attempt is None:
            return
        for run in attempt.runs:
            inner = self.menu.addMenu(icon("play-circle"), f"{run.path if run.key.isdecimal() else run.key}")
            inner.addAction("On the Train page", partial(self._open_run, run.folder, "train"))
            inner.addAction("On the Explore page", partial(self._open_run, run.folder, "explore"))
        if len(attempt.runs) > 1:
            self.menu.addSeparator()
            paths = [str(run.folder) for run in attempt.runs]
            self.menu.addAction(icon("columns"), "Compare them", lambda: self.session.compare_wanted.emit(paths))

    def _open_run(self, path: Path, page: str) -> None:
        self.session.choose_run(str(path))
        self.session.page_wanted.emit(page)


class _Rows(QTableWidget):
    """The table of findings, as high as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Table | None = None
        self.setAccessibleName("Table of findings")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setStyleSheet(CELLS)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setHighlightSections(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_table(self, table: Table | None) -> None:
        self.setVisible(table is not None)
        if table is None or table == self._shown:
            return
        self._shown = table
        self.clear()
        self.setRowCount(len(table.rows))
        self.setColumnCount(len(table.columns))
        self.setHorizontalHeaderLabels(table.columns)
        for row, cells in enumerate(table.rows):
            for at, text in enumerate(cells):
                self.setItem(row, at, QTableWidgetItem(text))
        self.resizeColumnsToContents()
        self.horizontalHeader().setStretchLastSection(True)
        rows = self.verticalHeader().length()
        scroll = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(rows + self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth() + scroll)


def _label(text: str, part: str = "") -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if part:
        role(label, part)
    return label
