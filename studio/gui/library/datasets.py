"""The tab of datasets: what was read once and opens at once, with its thumbnails, classes and where it came from."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from studio.gui import work
from studio.gui.icons import icon
from studio.gui.library import shelved
from studio.gui.library.dataset_model import DATA, NAME, DatasetDelegate, DatasetsFilter, DatasetsModel
from studio.gui.library.dataset_panel import Panel
from studio.gui.library.empty import Empty
from studio.gui.library.shelved import RenameDataset, Shelved
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.session import Session, Trouble
from studio.gui.shortcuts import bind
from studio.gui.theme import SPACE, role
from studio.gui.words import memory, plural


class DatasetsPane(QWidget):
    """Everything that was read."""

    said = Signal(str, str, object)  # as Verbs.said

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.model = DatasetsModel(self)
        self.shown = DatasetsFilter(self.model, self)
        self.loaded = False
        self._reading = self._again = False
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search name, classes, source")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search datasets")
        self.search.setToolTip("All words must be found, anywhere (Ctrl+F)")
        self.search.setMaximumWidth(320)
        self.search.textChanged.connect(self._search)
        self.view = QTreeView()
        self.empty = Empty()
        self.count = QLabel()
        role(self.count, "small")
        self.panel = Panel(thumbnails)
        self._set_up_view(thumbnails)
        self._lay_out()
        self._connect()
        thumbnails.ready.connect(lambda _: self.view.viewport().update())

    def _set_up_view(self, thumbnails: Thumbnails) -> None:
        view = self.view
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setAccessibleName("Datasets")
        view.setAccessibleDescription("Return trains on a dataset, F2 renames it, Delete forgets it")
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setMouseTracking(True)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setItemDelegate(DatasetDelegate(thumbnails, view))
        view.setModel(self.shown)
        view.setSortingEnabled(True)
        view.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = view.header()
        header.setStretchLastSection(False)
        for column, width in enumerate((220, 96, 96, 88, 88, 88)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)

    def _lay_out(self) -> None:
        self.middle = QStackedWidget()
        self.middle.addWidget(self.view)
        self.middle.addWidget(self.empty)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.middle, 1)
        column.addWidget(self.count)
        self.splitter = QSplitter()
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.panel)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([760, 288])
        self.splitter.setCollapsible(0, False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)

    def _connect(self) -> None:
        self.session.datasets_changed.connect(self._changed)
        self.session.dataset_renamed.connect(self.model.show_name)
        self.model.renamed.connect(self.rename)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._follow())
        self.view.activated.connect(lambda _: self.use())
        self.view.customContextMenuRequested.connect(self._popup)
        self.empty.train_wanted.connect(lambda: self.session.page_wanted.emit("train"))
        self.empty.clear_wanted.connect(self.search.clear)
        self.panel.use_wanted.connect(self.use)
        self.panel.more_wanted.connect(self._popup_global)
        bind(self.view, "Library", {"rename": self.edit_name, "delete": self.forget})

    # --- what there is

    def rescan(self) -> None:
        """Ask the store again, on a worker thread."""
        if self._reading:
            self._again = True
            return
        self._reading, self._again = True, False

        def failed(wrong: Exception) -> None:
            self._reading = False
            self.session.trouble.emit(
                Trouble("The datasets could not be listed", str(wrong), action="Try again", act=self.rescan)
            )

        work.run(self, shelved.read, self._came, failed)

    def _changed(self) -> None:
        """What is being forgotten goes at once, what else has changed is read."""
        kept = [d for d in self.model.rows() if d.data.fingerprint not in self.session.forgotten]
        if len(kept) < len(self.model.rows()):
            self.model.put(kept)
            self._refreshed()
        self.rescan()

    def _came(self, found: list[Shelved]) -> None:
        self._reading = False
        if self._again:  # it may be older than the change
            self.rescan()
            return
        self.loaded = True
        current = self.current()
        self.model.put([d for d in found if d.data.fingerprint not in self.session.forgotten])
        if current is not None:
            self.select(current.data.fingerprint)
        self._refreshed()

    def _search(self, text: str) -> None:
        self.shown.search(text)
        self._refreshed()

    def _refreshed(self) -> None:
        shown, rows = self.shown.rowCount(), self.model.rows()
        if shown:
            self.middle.setCurrentWidget(self.view)
        else:
            self.empty.show_why("reading" if not self.loaded else "filtered" if rows else "no datasets")
            self.middle.setCurrentWidget(self.empty)
        self.panel.setVisible(bool(rows))
        total = sum(d.size for d in rows)
        self.count.setText(f"{plural(len(rows), 'dataset')} · {memory(total)}" if rows else "")
        if shown and self.current() is None:
            self.view.setCurrentIndex(self.shown.index(0, 0))
        self._follow()

    def _follow(self) -> None:
        self.panel.show_dataset(self.current())

    def current(self) -> Shelved | None:
        rows = self.view.selectionModel().selectedRows()
        found = rows[0].data(DATA) if rows else None
        return found if isinstance(found, Shelved) else None

    def select(self, fingerprint: str) -> None:
        index = self.shown.mapFromSource(self.model.where(fingerprint))
        if index.isValid():
            self.view.setCurrentIndex(index)

    def focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    # --- verbs

    def use(self) -> None:
        """Train on it: the Train page with this dataset chosen."""
        one = self.current()
        if one is not None:
            self.session.choose_dataset(one.data)
            self.session.page_wanted.emit("train")

    def edit_name(self) -> None:
        current = self.view.currentIndex()
        if current.isValid():
            self.view.edit(self.shown.index(current.row(), NAME))

    def rename(self, fingerprint: str, name: str) -> None:
        one = self.model.get(fingerprint)
        if one is not None and one.data.name != name:
            self.session.undo.push(RenameDataset(self.session, one.data, name))

    def forget(self) -> None:
        """Out of the cache, with undo. The source that it was read from stays as it is."""
        one = self.current()
        if one is not None:
            self.said.emit(*shelved.forget(self.session, one.data))

    # --- the menu

    def _popup(self, at: QPoint) -> None:
        self._popup_global(self.view.viewport().mapToGlobal(at))

    def _popup_global(self, at: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def menu(self) -> QMenu:
        menu = QMenu(self)
        if self.current() is None:
            return menu
        for sign, words, what in (
            ("play", "Train on it\tReturn", self.use),
            ("pencil-simple", "Rename\tF2", self.edit_name),
            ("trash", "Forget\tDel", self.forget),
        ):
            action = menu.addAction(icon(sign), words)
            action.triggered.connect(lambda _=False, what=what: what())
        return menu

    # --- what is remembered

    def save_state(self) -> dict[str, Any]:
        header = self.view.header()
        return {
            "search": self.search.text(),
            "sort": header.sortIndicatorSection(),
            "descending": header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        self.search.setText(str(state.get("search", "")))
        sort = state.get("sort", NAME)
        if isinstance(sort, int) and 0 <= sort < self.model.columnCount():
            down = Qt.SortOrder.DescendingOrder if state.get("descending") else Qt.SortOrder.AscendingOrder
            self.view.sortByColumn(sort, down)
