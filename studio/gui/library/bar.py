"""The line above the runs: search, filters, order, list or gallery."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from studio.gui.icons import icon
from studio.gui.library.model import COLUMNS, DATE
from studio.gui.library.row import SHOWN, Row
from studio.gui.theme import SPACE


class Bar(QWidget):
    """Says what a person wants to see; ``search`` waits a moment for the next letter."""

    search_changed = Signal(str)
    status_changed = Signal(str)
    tag_changed = Signal(str)
    gallery_changed = Signal(bool)
    sort_changed = Signal(int, Qt.SortOrder)
    import_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search title, model, dataset, tags, note")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("All words must be found, anywhere (Ctrl+F)")
        self.search.setAccessibleName("Search runs")
        self.search.setMinimumWidth(120)
        self.search.setMaximumWidth(320)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(80)
        self._pause.timeout.connect(lambda: self.search_changed.emit(self.search.text()))
        self.search.textChanged.connect(lambda _: self._pause.start())
        self.status = _box("Status", "Show only runs of one status")
        self.status.addItem("Every status", "")
        for shown, (name, sign, colour) in SHOWN.items():
            self.status.addItem(icon(sign, colour), name, shown)
        self.status.currentIndexChanged.connect(lambda _: self.status_changed.emit(self.status.currentData()))
        self.tag = _box("Tag", "Show only runs that have a tag")
        self.tag.addItem("Every tag", "")
        self.tag.currentIndexChanged.connect(lambda _: self.tag_changed.emit(self.tag.currentData() or ""))
        self.sort = _box("Sort by", "What the runs are sorted by")
        for column, name in enumerate(COLUMNS):
            self.sort.addItem(f"By {name.lower()}", column)
        self.direction = _tool("sort-descending", "Sort the other way round")
        self.sort.activated.connect(lambda _: self._sorted())
        self.direction.clicked.connect(self._turned)
        self._order = Qt.SortOrder.DescendingOrder
        self.list = _tool("list", "As a list", checkable=True)
        self.gallery = _tool("squares-four", "As a gallery of pictures", checkable=True)
        views = QButtonGroup(self)
        views.addButton(self.list)
        views.addButton(self.gallery)
        self.list.setChecked(True)
        self.gallery.toggled.connect(self._viewed)
        self.importing = _tool("download-simple", "Import a run that was exported as one file…")
        self.importing.clicked.connect(self.import_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.search, 1)
        for part in (self.status, self.tag, self.sort, self.direction):
            row.addWidget(part)
        row.addStretch(0)
        row.addWidget(self.importing)
        row.addWidget(self.list)
        row.addWidget(self.gallery)
        self._viewed(False)
        self.show_sort(DATE, self._order)

    def _viewed(self, gallery: bool) -> None:
        self.sort.setVisible(gallery)  # the list has its header for that
        self.direction.setVisible(gallery)
        self.gallery_changed.emit(gallery)

    def _turned(self) -> None:
        down = self._order == Qt.SortOrder.DescendingOrder
        self._order = Qt.SortOrder.AscendingOrder if down else Qt.SortOrder.DescendingOrder
        self._sorted()

    def _sorted(self) -> None:
        self.sort_changed.emit(int(self.sort.currentData()), self._order)

    def show_sort(self, column: int, order: Qt.SortOrder) -> None:
        """Follow a click on the list's header."""
        self._order = order
        self.sort.setCurrentIndex(column)
        self.direction.setIcon(icon("sort-descending" if order == Qt.SortOrder.DescendingOrder else "sort-ascending"))

    def show_tags(self, rows: Iterable[Row]) -> None:
        """Offer the tags there are; the chosen one stays while any run has it."""
        tags = sorted({tag for row in rows for tag in row.tags}, key=str.casefold)
        if tags == [self.tag.itemData(n) for n in range(1, self.tag.count())]:
            return
        chosen = self.tag.currentData()
        self.tag.blockSignals(True)
        self.tag.clear()
        self.tag.addItem("Every tag", "")
        for tag in tags:
            self.tag.addItem(tag, tag)
        self.tag.setCurrentIndex(max(0, self.tag.findData(chosen)))
        self.tag.blockSignals(False)
        if (self.tag.currentData() or "") != (chosen or ""):
            self.tag_changed.emit(self.tag.currentData() or "")

    def show_filters(self, on: bool) -> None:
        """There is nothing to look for in an empty library."""
        for part in (self.search, self.status, self.tag):
            part.setVisible(on)

    def clear_filters(self) -> None:
        self.search.clear()
        self.status.setCurrentIndex(0)
        self.tag.setCurrentIndex(0)


def _box(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box


def _tool(sign: str, tip: str, *, checkable: bool = False) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(sign))
    button.setIconSize(QSize(18, 18))
    button.setCheckable(checkable)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button
