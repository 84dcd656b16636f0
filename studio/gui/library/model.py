"""Qt models over the rows of the library: one table for list and gallery, and the filter in front of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
)
from PySide6.QtCore import Signal as QtSignal

from studio.gui.library import words
from studio.gui.library.row import SHOWN, Row
from studio.gui.words import duration, memory

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole

ROW: Final = int(Role.UserRole)  # the whole Row
SORT: Final = int(Role.UserRole) + 1  # what a column sorts by

COLUMNS: Final = ("Run", "Status", "Progress", "Model", "Dataset", "Time", "Size", "Date", "Tags")
RUN, STATUS, PROGRESS, MODEL, DATASET, TIME, SIZE, DATE, TAGS = range(len(COLUMNS))
HELP: Final = (
    "Title of the run; F2 renames it",
    "How the training stands",
    "Steps done of the steps in the recipe",
    "The system that was trained",
    "What it was trained on",
    "Time spent training, pauses left out",
    "Size of the folder on disk",
    "When the run was made",
    "Your tags",
)
_ORDER: Final = {shown: n for n, shown in enumerate(SHOWN)}
_NUMBERS: Final = (TIME, SIZE, DATE)
_PLAIN: Final = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
_EDITABLE: Final = _PLAIN | Qt.ItemFlag.ItemIsEditable
AT_ONCE: Final = 200
"""Rows that come into the views at a time; a thousand in one go would hold the window for a third of a second."""


class RunsModel(QAbstractTableModel):
    """All runs of the library. A new scan changes only the rows that differ, so that selection and scroll stay.

    Renaming in place writes nothing: it emits ``renamed`` and whoever keeps the library decides.
    """

    renamed = QtSignal(str, str)  # path, new title

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._at: dict[str, int] = {}
        self._by_thumbnail: dict[str, set[str]] = {}

    # --- what Qt asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return COLUMNS[section]
        if role == Role.ToolTipRole:
            return HELP[section]
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _NUMBERS else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        # The views ask some 18 times for each row that comes.
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return _EDITABLE if index.column() == RUN and not self._rows[index.row()].damaged else _PLAIN

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        match role:
            case Role.DisplayRole:
                return _text(row, column)
            case Role.EditRole:
                return row.title
            case Role.ToolTipRole:
                return _tip(row, column)
            case Role.AccessibleTextRole:
                return row.spoken if column == RUN else f"{COLUMNS[column]}: {_text(row, column)}"
            case Role.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
            case _ if role == ROW:
                return row
            case _ if role == SORT:
                return _sort(row, column)
            case _:
                return None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        title = str(value).strip()
        row = self._rows[index.row()]
        if role != Role.EditRole or not title or title == row.title:
            return False
        self.renamed.emit(row.path, title)
        return True

    # --- what the page does

    def rows(self) -> list[Row]:
        return list(self._rows)

    def at(self, row: int) -> Row:
        return self._rows[row]

    def row(self, path: str) -> Row | None:
        at = self._at.get(path)
        return None if at is None else self._rows[at]

    def where(self, path: str) -> QModelIndex:
        at = self._at.get(path)
        return QModelIndex() if at is None else self.index(at, 0)

    def put(self, rows: Iterable[Row]) -> None:
        """Show exactly these rows: those gone are removed, those that differ are redrawn, new ones are added."""
        wanted = {row.path: row for row in rows}
        if not self._rows:
            if wanted:
                self.beginResetModel()
                self._rows = list(wanted.values())
                self._renumber()
                self.endResetModel()
            return
        for at in range(len(self._rows) - 1, -1, -1):
            if self._rows[at].path not in wanted:
                self.beginRemoveRows(QModelIndex(), at, at)
                del self._rows[at]
                self.endRemoveRows()
        self._renumber()
        for path, at in self._at.items():
            self._replace(at, wanted[path])
        fresh = [row for path, row in wanted.items() if path not in self._at]
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(fresh) - 1)
            self._rows += fresh
            self._renumber()
            self.endInsertRows()

    def update(self, row: Row) -> None:
        """Show one run as it is now; nothing happens when it is not in the list."""
        at = self._at.get(row.path)
        if at is not None:
            self._replace(at, row)

    def _replace(self, at: int, row: Row) -> None:
        old = self._rows[at]
        if old == row:
            return
        self._rows[at] = row
        if old.thumbnail != row.thumbnail:
            self._by_thumbnail.get(old.thumbnail, set()).discard(row.path)
            self._by_thumbnail.setdefault(row.thumbnail, set()).add(row.path)
        self.dataChanged.emit(self.index(at, 0), self.index(at, len(COLUMNS) - 1))

    def thumbnail_came(self, picture: str) -> None:
        """Redraw the runs that show this picture."""
        for path in self._by_thumbnail.get(picture, ()):
            index = self.where(path)
            if index.isValid():
                self.dataChanged.emit(index, index, [Role.DecorationRole])

    def _renumber(self) -> None:
        self._at = {row.path: n for n, row in enumerate(self._rows)}
        self._by_thumbnail = {}
        for row in self._rows:
            self._by_thumbnail.setdefault(row.thumbnail, set()).add(row.path)


def _text(row: Row, column: int) -> str:
    match column:
        case 0:
            return row.title
        case 1:
            return row.status
        case 2:
            return row.progress_text
        case 3:
            return row.model_title
        case 4:
            return row.dataset
        case 5:
            return "–" if row.damaged else duration(row.seconds)
        case 6:
            return memory(row.size)
        case 7:
            return words.moment(row.created)
        case _:
            return ", ".join(row.tags)


def _tip(row: Row, column: int) -> str:
    if column == DATE:
        return words.exact_moment(row.created)
    if column in (STATUS, PROGRESS) or (column == RUN and row.damaged):
        return f"{row.status}: {row.message}" if row.message else row.status
    if column == RUN:
        return "\n".join(filter(None, (row.title, row.note, row.path)))
    return _text(row, column)


def _sort(row: Row, column: int) -> Any:
    match column:
        case 1:
            return _ORDER[row.shown] + row.progress / 2
        case 2:
            return -1.0 if row.damaged else row.progress
        case 5:
            return row.seconds
        case 6:
            return float(row.size)  # a Python int beyond 2³¹ would not survive the trip through QVariant everywhere
        case 7:
            return row.created
        case _:
            return _text(row, column).casefold()


class RunsFilter(QSortFilterProxyModel):
    """What is shown of the library, and in which order. Words of a search must all be found, anywhere.

    Many rows that come in one go (the first scan) are let in some at a time; ``filled`` follows the last of them.
    """

    filled = QtSignal()

    def __init__(self, source: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self._status = ""
        self._tag = ""
        self._limit: int | None = None
        """How many rows of the source are let in so far; None: all."""
        self._more = QTimer(self)
        self._more.setInterval(0)
        self._more.timeout.connect(self._let_in)
        source.modelAboutToBeReset.connect(self._begin)  # heard before the reset is carried out here
        self._begin(len(source.rows()))
        self.setSourceModel(source)
        self.setSortRole(SORT)
        self.setDynamicSortFilter(True)

    @property
    def filling(self) -> bool:
        """Whether rows are still being let in."""
        return self._limit is not None

    def _begin(self, known: int | None = None) -> None:
        if known is None or known > AT_ONCE:
            self._limit = AT_ONCE
            self._more.start()

    def _let_in(self) -> None:
        source = self.sourceModel()
        self.beginFilterChange()
        limit = (self._limit or 0) + AT_ONCE
        self._limit = limit if source is not None and limit < source.rowCount() else None
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)
        if self._limit is None:
            self._more.stop()
            self.filled.emit()

    @property
    def search(self) -> str:
        return " ".join(self._words)

    @property
    def status(self) -> str:
        return self._status

    @property
    def tag(self) -> str:
        return self._tag

    def narrow(self, *, search: str | None = None, status: str | None = None, tag: str | None = None) -> None:
        """Change what is given, keep the rest. An empty text lets all pass."""
        self.beginFilterChange()
        if search is not None:
            self._words = tuple(search.casefold().split())
        if status is not None:
            self._status = status
        if tag is not None:
            self._tag = tag
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        source = self.sourceModel()
        assert isinstance(source, RunsModel)
        if self._limit is not None and source_row >= self._limit:
            return False
        row = source._rows[source_row]
        return (
            (not self._status or row.shown == self._status)
            and (not self._tag or self._tag in row.tags)
            and all(word in row.haystack for word in self._words)
        )

    def lessThan(self, left: Index, right: Index) -> bool:
        """By value; equal ones the newest first, so that the order never depends on the scan.

        Reads the rows themselves: through ``data`` a thousand runs take several times as long to sort.
        """
        source = self.sourceModel()
        assert isinstance(source, RunsModel)
        one, other, column = source._rows[left.row()], source._rows[right.row()], left.column()
        a, b = _sort(one, column), _sort(other, column)
        return bool(a < b) if a != b else one.created > other.created

    def row_at(self, index: Index) -> Row | None:
        found = index.data(ROW)
        return found if isinstance(found, Row) else None

    def index_of(self, path: str) -> QModelIndex:
        """Where the run is shown; invalid when it is filtered away or gone."""
        source = self.sourceModel()
        assert isinstance(source, RunsModel)
        return self.mapFromSource(source.where(path))
