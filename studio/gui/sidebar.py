"""The left side: datasets above, runs below. What is selected here is what the pages are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QSortFilterProxyModel, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QIcon, QImage, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from studio.gui.datasets import Datasets, Offer
from studio.gui.icons import icon
from studio.gui.library import shelf
from studio.gui.library.actions import Verbs
from studio.gui.library.model import ROW, RunsModel
from studio.gui.library.row import Row
from studio.gui.library.shelf import Shelf
from studio.gui.rows import Index, TwoLines
from studio.gui.session import Session
from studio.gui.theme import SPACE, role

OFFER = int(Qt.ItemDataRole.UserRole)


class Sidebar(QWidget):
    """See the module. ``add_wanted``: the person wants to bring in data."""

    add_wanted = Signal()
    again_wanted = Signal(object)
    """Path of a source that is to be read in another way."""

    def __init__(self, session: Session, datasets: Datasets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.datasets = datasets
        self.shelf = shelf.of(session)
        self.verbs = Verbs(self.shelf, self)
        self.setMinimumWidth(22 * SPACE)

        self.offers = _Offers(datasets, self)
        self.data = _List("Datasets", _OfferRows(self))
        self.data.setModel(self.offers)
        self.newest = _NewestFirst(self.shelf.model, self)
        self.runs = _List("Runs", _RunRows(self.shelf, self))
        self.runs.setModel(self.newest)
        self.runs.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.no_runs = QLabel("What you train appears here.")
        role(self.no_runs, "small")
        self.no_runs.setWordWrap(True)
        self.no_runs.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)

        add = QToolButton()
        add.setIcon(icon("plus"))
        add.setToolTip("Bring in data: drop it anywhere, or choose it here (Ctrl+O)")
        add.setAccessibleName("Bring in data")
        add.clicked.connect(self.add_wanted)
        library = QToolButton()
        library.setIcon(icon("squares-four"))
        library.setToolTip("All runs in the library: search, sort, compare (Ctrl+4)")
        library.setAccessibleName("All runs in the library")
        library.clicked.connect(lambda: session.page_wanted.emit("library"))
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(_section("Datasets", add, self.data))
        self.split.addWidget(_section("Runs", library, self.no_runs, self.runs))
        self.split.setChildrenCollapsible(False)
        self.split.setSizes([240, 320])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.split)

        self._following = False
        self.data.opened.connect(lambda index: datasets.choose(index.data(OFFER)))
        self.data.clicked_again.connect(self._data_clicked)
        self.data.selectionModel().currentChanged.connect(self._data_moved)
        self.runs.selectionModel().currentChanged.connect(self._run_moved)
        self.runs.opened.connect(lambda index: self.verbs.open(index.data(ROW)))
        self.runs.clicked_again.connect(self._run_moved)
        self.runs.deleted.connect(lambda: self.verbs.delete(self._rows()))
        self.data.deleted.connect(lambda: datasets.forget(self.data.currentIndex().data(OFFER)))
        self.data.menu_wanted.connect(self._data_menu)
        self.runs.menu_wanted.connect(self._run_menu)
        self.offers.renamed.connect(datasets.rename)
        session.dataset_chosen.connect(lambda _: self._follow())
        session.run_chosen.connect(lambda _: self._follow())
        datasets.changed.connect(self._follow)
        self.shelf.changed.connect(self._shelf_changed)
        self._shelf_changed()

    def load(self) -> None:
        """Look at the disk, for the first time."""
        self.datasets.look()
        self.shelf.rescan()

    # --- the selection here and in the session

    def _data_moved(self, now: QModelIndex) -> None:
        """Moving over the rows by key reads nothing new; that takes a click, and a download Enter or two clicks."""
        offer = now.data(OFFER)
        if isinstance(offer, Offer) and offer.spec is not None and not self._following:
            self.datasets.choose(offer)

    def _data_clicked(self, at: QModelIndex) -> None:
        offer = at.data(OFFER)
        if isinstance(offer, Offer) and offer.origin != "standard":
            self.datasets.choose(offer)

    def _run_moved(self, now: QModelIndex) -> None:
        row = now.data(ROW)
        if isinstance(row, Row) and not self._following and not row.damaged:
            self.session.choose_run(row.path)

    def _follow(self) -> None:
        """Show as selected what was chosen, here or elsewhere."""
        self._following = True
        chosen = self.session.dataset.fingerprint if self.session.dataset is not None else ""
        self.data.select(self.offers.where(chosen))
        self.runs.select(self.newest.mapFromSource(self.shelf.model.where(self.session.run)))
        self._following = False

    def _shelf_changed(self) -> None:
        empty = self.shelf.scanned and self.shelf.model.rowCount() == 0
        self.no_runs.setVisible(empty)
        self.runs.setVisible(not empty)
        self._follow()

    def _rows(self) -> list[Row]:
        return [index.data(ROW) for index in self.runs.selectedIndexes()]

    # --- menus

    def _data_menu(self, index: QModelIndex, at: QPoint) -> None:
        offer: Offer = index.data(OFFER)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        verb = {"read": "Train on it", "builtin": "Read it and train on it", "standard": "Download it and train on it"}
        menu.addAction(icon("play"), verb[offer.origin], lambda: self.datasets.choose(offer))
        if offer.spec is not None:
            spec = offer.spec
            menu.addAction(icon("pencil-simple"), "Rename\tF2", lambda: self.data.edit(index))
            source = Path(spec.source)
            if source.is_absolute():
                folder = QUrl.fromLocalFile(str(source.parent))
                again = "Read it in another way …"
                menu.addAction(icon("arrows-clockwise"), again, lambda: self.again_wanted.emit(source))
                menu.addAction(icon("folder-open"), "Show its source", lambda: QDesktopServices.openUrl(folder))
            menu.addSeparator()
            menu.addAction(icon("trash"), "Forget it (its source stays)\tDel", lambda: self.datasets.forget(offer))
        menu.popup(at)

    def _run_menu(self, index: QModelIndex, at: QPoint) -> None:
        row: Row = index.data(ROW)
        rows = self._rows()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if len(rows) > 1:
            menu.addAction(icon("columns"), f"Compare {len(rows)} runs", lambda: self.verbs.compare(rows))
        elif row.damaged:
            menu.addAction(icon("folder-open"), "Show its folder", lambda: self.verbs.reveal(row))
        else:
            if row.resumable and row.path != self.session.training:
                menu.addAction(icon("play"), "Train" if row.step == 0 else "Resume", lambda: self.verbs.resume(row))
                menu.addAction(icon("queue"), "Add to the queue", lambda: self.session.enqueue(row.path))
            menu.addAction(icon("faders"), "Explore", lambda: self.verbs.open(row))
            menu.addAction(icon("copy"), "Use its recipe again", lambda: self.verbs.duplicate(row))
            menu.addAction(icon("pencil-simple"), "Rename\tF2", lambda: self.runs.edit(index))
            menu.addAction(icon("package"), "Export as one file …", lambda: self.verbs.export(row))
            menu.addAction(icon("folder-open"), "Show its folder", lambda: self.verbs.reveal(row))
        menu.addSeparator()
        what = "Move to the trash" if len(rows) <= 1 else f"Move {len(rows)} runs to the trash"
        menu.addAction(icon("trash"), f"{what}\tDel", lambda: self.verbs.delete(rows or [row]))
        menu.popup(at)


def _section(title: str, button: QWidget, *below: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, SPACE, 0, 0)
    column.setSpacing(SPACE // 2)
    head = QHBoxLayout()
    head.setContentsMargins(2 * SPACE, 0, SPACE, 0)
    label = QLabel(title)
    role(label, "section")
    head.addWidget(label, 1)
    head.addWidget(button)
    column.addLayout(head)
    for widget in below:
        column.addWidget(widget, 1 if isinstance(widget, QListView) else 0)
    if len(below) > 1:
        column.addStretch(0)
    return box


class _List(QListView):
    """A list with a menu by mouse and by key; Enter opens, Del deletes."""

    opened = Signal(QModelIndex)
    clicked_again = Signal(QModelIndex)
    """A click that chose nothing new by itself: on the current row, or on one that has to be read first."""
    menu_wanted = Signal(QModelIndex, QPoint)
    deleted = Signal()

    def __init__(self, name: str, rows: TwoLines) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setItemDelegate(rows)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setStyleSheet("QListView { background: transparent; border: none; }")
        self.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self.opened)
        self._moved = False

    def _clicked(self, index: QModelIndex) -> None:
        offer = index.data(OFFER)
        unread = isinstance(offer, Offer) and offer.spec is None
        if unread or not self._moved:
            self.clicked_again.emit(index)
        self._moved = False

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self._moved = True

    def select(self, index: QModelIndex) -> None:
        """Without telling anybody that the person did it."""
        if index.isValid():
            if not self.selectionModel().isSelected(index):
                self.setCurrentIndex(index)
        else:
            self.clearSelection()
            self.selectionModel().clearCurrentIndex()
        self._moved = False

    def _menu(self, at: QPoint) -> None:
        index = self.indexAt(at)
        if index.isValid():
            self.menu_wanted.emit(index, self.viewport().mapToGlobal(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.currentIndex()
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if current.isValid():
                self.opened.emit(current)
            case Qt.Key.Key_Delete if current.isValid():
                self.deleted.emit()
            case Qt.Key.Key_Menu if current.isValid():
                self.menu_wanted.emit(current, self.viewport().mapToGlobal(self.visualRect(current).center()))
            case _:
                super().keyPressEvent(event)


class _Offers(QAbstractListModel):
    """The datasets as a list; those that must be fetched stand last."""

    renamed = Signal(object, str)

    def __init__(self, datasets: Datasets, parent: QWidget) -> None:
        super().__init__(parent)
        self._datasets = datasets
        self._rows: list[Offer] = []
        datasets.changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        read = {o.spec.source for o in self._datasets.offers if o.spec is not None}
        self.beginResetModel()
        # One that was read stands there under its own name; to offer it a second time would only confuse.
        self._rows = [o for o in self._datasets.offers if o.spec is not None or f"{o.origin}:{o.name}" not in read]
        self.endResetModel()

    def where(self, fingerprint: str) -> QModelIndex:
        for i, offer in enumerate(self._rows):
            if fingerprint and offer.spec is not None and offer.spec.fingerprint == fingerprint:
                return self.index(i)
        return QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self._rows[index.row()].spec is not None:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        offer = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return offer.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{offer.title}, {offer.line}"
            case Qt.ItemDataRole.ToolTipRole:
                source = f"\n{offer.spec.source}" if offer.spec is not None else "\nClick to train on it"
                return f"{offer.title}\n{offer.line}{source}"
            case _ if role == OFFER:
                return offer
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        offer = self._rows[index.row()]
        if role != Qt.ItemDataRole.EditRole or not str(value).strip() or value == offer.title:
            return False
        self.renamed.emit(offer, str(value).strip())
        return True


class _OfferRows(TwoLines):
    def parts(self, index: Index) -> tuple[QImage | None, QIcon | None, str, str]:
        offer: Offer = index.data(OFFER)
        sign = icon("download-simple" if offer.origin == "standard" else "image", "quiet")
        return offer.image, sign, offer.title, offer.line if offer.origin != "standard" else "download on request"


class _NewestFirst(QSortFilterProxyModel):
    """The run in training first, then by age."""

    def __init__(self, rows: RunsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = rows
        self.setSourceModel(rows)
        self.setDynamicSortFilter(True)
        self.sort(0)

    def lessThan(self, left: Index, right: Index) -> bool:
        # The rows themselves: through ``data`` a thousand of them take several times as long to sort.
        a, b = self._model.at(left.row()), self._model.at(right.row())
        return (a.shown not in ("training", "paused"), -a.created) < (b.shown not in ("training", "paused"), -b.created)


class _RunRows(TwoLines):
    """Its state as a sign and in words; a small picture would only repeat the sheet."""

    SIDE = 30

    def __init__(self, shelf: Shelf, parent: QWidget) -> None:
        super().__init__(parent)
        self._shelf = shelf

    def parts(self, index: Index) -> tuple[QImage | None, QIcon | None, str, str]:
        row: Row = index.data(ROW)
        line = f"{row.status} · step {row.step:,}" if not row.damaged else row.status
        return None, icon(row.icon, row.icon_colour), row.title, line
