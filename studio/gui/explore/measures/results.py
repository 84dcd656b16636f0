"""Every attempt at measuring a run, the newest first, in a table to read and to copy."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from studio.explore.attempts import Attempt, Row, as_csv, as_markdown, rows
from studio.gui import theme
from studio.gui.explore.parts import button, heading, quiet, row
from studio.gui.words import duration, plural
from studio.metrics.figures import BY_NAME, Figure

HEADERS = ("Measure", "Value", "Of what, and how")
WIDTHS = (300, 160)
ROLE = Qt.ItemDataRole.UserRole


def value_text(figure: Figure) -> str:
    """ "62.9 ± 1.1 %": as many digits as the error allows, five where none is known."""
    unit = f" {figure.unit}" if figure.unit else ""
    if figure.error is None or not figure.error > 0:
        return f"{figure.value:.5g}{unit}".replace("-", "−")
    exact = f"{figure.error:.1e}"
    digits = max(0, 1 - int(exact.partition("e")[2]))
    return f"{figure.value:.{digits}f} ± {figure.error:.{digits}f}{unit}".replace("-", "−")


def attempt_text(attempt: Attempt) -> str:
    """ "step 12,400 · 2,048 samples · seed 0 · 21 Nov 17:45 · took 12 s"."""
    parts = [f"step {attempt.step:,}", f"{attempt.samples:,} samples", f"seed {attempt.seed}"]
    if not attempt.averaged:
        parts.append("weights not averaged")
    if attempt.at:
        parts.append(time.strftime("%d %b %Y %H:%M", time.localtime(attempt.at)))
    return " · ".join([*parts, f"took {duration(attempt.seconds)}"])


class Results(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.attempts: list[Attempt] = []
        self.model = QStandardItemModel(0, len(HEADERS), self)
        self.view = QTreeView()
        self.model.setHorizontalHeaderLabels(list(HEADERS))
        self.view.setModel(self.model)
        header = self.view.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.set_widths(WIDTHS)
        self.view.setAccessibleName("What was measured, the newest first")
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setAlternatingRowColors(True)
        self.view.setUniformRowHeights(True)
        self.view.setIndentation(2 * theme.SPACE)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._show_buttons())
        self.csv = button("Copy as CSV", "copy", "Copy the selected rows, or all, for a spreadsheet", self.copy_csv)
        self.markdown = button(
            "Copy as Markdown",
            "copy",
            "Copy the selected rows, or all, as a table for a text (Ctrl+C)",
            self.copy_markdown,
        )
        self.view.selectionModel().currentChanged.connect(lambda now, before: self._show_detail(now))
        self.detail = quiet(wrap=True)
        self.detail.setAccessibleName("of what the marked number is, and how")
        self.told = QLabel()
        theme.role(self.told, "quiet")
        nothing = QLabel("Nothing was measured of this run yet.\nChoose measures on the right, then Measure.")
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.role(nothing, "quiet")
        self.stack = QStackedWidget()
        self.stack.addWidget(nothing)
        self.stack.addWidget(self.view)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(heading("Measured"), self.told, 1, self.csv, self.markdown))
        whole.addWidget(self.stack, 1)
        whole.addWidget(self.detail)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_markdown)
        self.show_attempts([])

    def show_attempts(self, attempts: Sequence[Attempt]) -> None:
        """The oldest first, as they are kept."""
        self.attempts = list(attempts)
        self.told.setText("")
        self.detail.hide()
        self.model.removeRows(0, self.model.rowCount())  # clear() would take the widths of the columns along
        for attempt in reversed(self.attempts):
            self.model.appendRow(_branch(attempt))
        for at in range(self.model.rowCount()):
            self.view.setFirstColumnSpanned(at, QModelIndex(), True)
            self.view.setExpanded(self.model.index(at, 0), at < 3)
        self.stack.setCurrentIndex(1 if self.attempts else 0)
        self._show_buttons()

    def widths(self) -> list[int]:
        """Of the columns but the last, which takes what is left."""
        return [self.view.columnWidth(at) for at in range(len(WIDTHS))]

    def set_widths(self, widths: Sequence[int]) -> None:
        for at, width in enumerate(widths):
            self.view.setColumnWidth(at, width)

    def _show_buttons(self) -> None:
        for part in (self.csv, self.markdown):
            part.setEnabled(bool(self.attempts))

    def _show_detail(self, index: QModelIndex) -> None:
        """The whole of a row that the table cuts short."""
        found = index.data(ROLE) if index.isValid() and index.parent().isValid() else None
        self.detail.setVisible(bool(found))
        if found:
            figure = found[0].figure
            self.detail.setText(f"{_name(figure)}: {value_text(figure)}. {_how(figure)}.")

    # --- taking away

    def taken(self) -> list[Row]:
        """The selected numbers, all of an attempt whose heading is selected; everything when nothing is."""
        chosen: list[Row] = []
        for index in self.view.selectionModel().selectedRows():
            for found in index.data(ROLE):
                if not any(found is other for other in chosen):
                    chosen.append(found)
        return chosen or rows(self.attempts)

    def copy_csv(self) -> None:
        self._copy(as_csv)

    def copy_markdown(self) -> None:
        self._copy(as_markdown)

    def _copy(self, write: object) -> None:
        assert callable(write)
        taken = self.taken()
        QGuiApplication.clipboard().setText(write(taken))
        self.told.setText(f"{plural(len(taken), 'row')} copied")


def _branch(attempt: Attempt) -> QStandardItem:
    """The heading of an attempt, with its numbers below."""
    made = QStandardItem(attempt_text(attempt))
    bold = QFont()
    bold.setBold(True)
    made.setFont(bold)
    mine = rows([attempt])
    made.setData(mine, ROLE)
    software = ", ".join(f"{name} {version}" for name, version in attempt.versions.items())
    made.setToolTip(f"{attempt_text(attempt)}\n{software}" if software else attempt_text(attempt))
    for one in mine:
        figure = one.figure
        texts = (_name(figure), value_text(figure), _how(figure))
        items = [QStandardItem(text) for text in texts]
        for item, text in zip(items, texts, strict=True):
            item.setToolTip(text)
            item.setData([one], ROLE)
        about = BY_NAME.get(figure.group)
        if about is not None:
            items[0].setToolTip(f"{texts[0]}\n{about.about}")
        made.appendRow(items)
    return made


def _how(figure: Figure) -> str:
    return f"{figure.how}; ± is the {figure.error_of}" if figure.error is not None and figure.error_of else figure.how


def _name(figure: Figure) -> str:
    """The label, with its group where the label alone does not say of what."""
    if figure.group in ("wasserstein", "swd", "modes", "classes", "class divergence", "critic gap", "two-sample"):
        short = {"wasserstein": "Wasserstein", "swd": "SWD", "two-sample": "1-NN"}.get(figure.group, figure.group)
        return figure.label if figure.label.startswith(short) else f"{short}: {figure.label}"
    return figure.label[:1].upper() + figure.label[1:]
