"""The two views upon the same rows: a list with columns and a gallery of large pictures, sharing one selection."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QListView,
    QMenu,
    QStackedWidget,
    QTreeView,
    QWidget,
)

from studio.gui.library import model
from studio.gui.library.delegates import GalleryDelegate, ListDelegate
from studio.gui.library.model import COLUMNS, RunsFilter
from studio.gui.library.row import Row
from studio.gui.library.thumbnails import Thumbnails

_WIDTHS = (200, 124, 128, 84, 92, 68, 84, 72, 120)
_HIDDEN = (model.PROGRESS, model.TAGS)
_LEAST = 168


class RunsViews(QStackedWidget):
    """Page 0 the list, page 1 the gallery."""

    opened = Signal(object)  # Row: Return or a double click
    menu_wanted = Signal(QPoint)  # global position
    selection_changed = Signal()
    columns_changed = Signal()

    def __init__(self, shown: RunsFilter, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = shown
        self.list = QTreeView()
        self.gallery = QListView()
        self._set_up_list(thumbnails)
        self._set_up_gallery(thumbnails)
        for view in (self.list, self.gallery):
            view.setFrameShape(QFrame.Shape.NoFrame)
            view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
            view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
            view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
            view.verticalScrollBar().setSingleStep(24)
            view.setMouseTracking(True)
            view.setTextElideMode(Qt.TextElideMode.ElideRight)
            view.activated.connect(self._activated)
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            view.customContextMenuRequested.connect(
                lambda at, view=view: self.menu_wanted.emit(view.viewport().mapToGlobal(at))
            )
            self.addWidget(view)
        self.gallery.setSelectionModel(self.list.selectionModel())
        self.list.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())

    def _set_up_list(self, thumbnails: Thumbnails) -> None:
        view = self.list
        view.setAccessibleName("Runs")
        view.setAccessibleDescription("Return opens a run in Explore, F2 renames it, Delete moves it to the trash")
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setItemsExpandable(False)
        view.setAllColumnsShowFocus(False)
        view.setItemDelegate(ListDelegate(thumbnails, view))
        view.setModel(self.rows)
        view.setSortingEnabled(True)
        header = view.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(56)
        for column, width in enumerate(_WIDTHS):
            header.resizeSection(column, width)
            header.setSectionHidden(column, column in _HIDDEN)
        header.setSectionResizeMode(model.RUN, QHeaderView.ResizeMode.Fixed)  # takes what the others leave
        header.sectionResized.connect(lambda at, *_: self._fit_title() if at != model.RUN else None)
        view.viewport().installEventFilter(self)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)
        header.setToolTip("Click to sort; right click to choose columns")
        view.sortByColumn(model.DATE, Qt.SortOrder.DescendingOrder)

    def _set_up_gallery(self, thumbnails: Thumbnails) -> None:
        view = self.gallery
        view.setAccessibleName("Runs as pictures")
        view.setAccessibleDescription(self.list.accessibleDescription())
        view.setViewMode(QListView.ViewMode.IconMode)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setMovement(QListView.Movement.Static)
        view.setUniformItemSizes(True)
        view.setWordWrap(False)
        view.setGridSize(GalleryDelegate.CARD + QSize(8, 8))
        view.setItemDelegate(GalleryDelegate(thumbnails, view))
        view.setModel(self.rows)
        view.setModelColumn(model.RUN)

    # --- which view

    @property
    def view(self) -> QAbstractItemView:
        return self.gallery if self.currentIndex() == 1 else self.list

    def show_gallery(self, on: bool) -> None:
        focused = self.view.hasFocus()
        self.setCurrentIndex(1 if on else 0)
        chosen = self.list.selectionModel()
        chosen.select(
            chosen.selection(),
            QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows,
        )
        if chosen.currentIndex().isValid():
            self.view.scrollTo(chosen.currentIndex())
        if focused:
            self.view.setFocus()

    # --- what is selected

    def selected(self) -> list[Row]:
        """Rows in the order in which they are shown."""
        ranges = self.list.selectionModel().selection().toList()
        found = {at for r in ranges for at in range(r.top(), r.bottom() + 1)}
        rows = (self.rows.row_at(self.rows.index(at, 0)) for at in sorted(found))
        return [row for row in rows if row is not None]

    def select(self, path: str) -> bool:
        """Select one run and bring it into view; False when it is not shown."""
        index = self.rows.index_of(path)
        if not index.isValid():
            return False
        self.list.selectionModel().setCurrentIndex(
            index, QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        )
        self.view.scrollTo(index)
        return True

    def rename(self) -> None:
        """Edit the title of the current run in place."""
        current = self.list.selectionModel().currentIndex()
        if current.isValid():
            index = self.rows.index(current.row(), model.RUN)
            if index.flags() & Qt.ItemFlag.ItemIsEditable:
                self.view.setCurrentIndex(index)
                self.view.edit(index)

    def _activated(self, index: QModelIndex) -> None:
        row = self.rows.row_at(index)
        if row is not None:
            self.opened.emit(row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the views ask for their own

    # --- columns

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit_title()
        return False

    def _fit_title(self) -> None:
        """The title takes what the other columns leave, and never so little that it cannot be read."""
        header = self.list.header()
        others = header.length() - header.sectionSize(model.RUN)
        header.resizeSection(model.RUN, max(_LEAST, self.list.viewport().width() - others))

    def hidden_columns(self) -> list[str]:
        return [name for at, name in enumerate(COLUMNS) if self.list.header().isSectionHidden(at)]

    def hide_columns(self, names: list[str]) -> None:
        for at, name in enumerate(COLUMNS[1:], 1):
            self.list.header().setSectionHidden(at, name in names)

    def column_widths(self) -> list[int]:
        """Of each column; 0 for the title, which takes what is left, and for hidden ones."""
        return [0 if at == model.RUN else self.list.header().sectionSize(at) for at in range(len(COLUMNS))]

    def set_column_widths(self, widths: list[int]) -> None:
        for at, width in enumerate(widths[: len(COLUMNS)]):
            if at != model.RUN and width >= self.list.header().minimumSectionSize():
                self.list.header().resizeSection(at, width)

    def _choose_columns(self, at: QPoint) -> None:
        menu = self.columns_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.header().mapToGlobal(at))

    def columns_menu(self) -> QMenu:
        """A menu that shows and hides columns; the title is always there."""
        menu = QMenu(self)
        for column, name in enumerate(COLUMNS[1:], 1):
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(not self.list.header().isSectionHidden(column))
            action.toggled.connect(lambda on, column=column: self._show_column(column, on))
        return menu

    def _show_column(self, column: int, on: bool) -> None:
        self.list.header().setSectionHidden(column, not on)
        self.columns_changed.emit()
