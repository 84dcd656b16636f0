"""Qt models over the datasets of the cache, and how a line of them is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.gui.library.delegates import SMALL, draw_picture, small_font
from studio.gui.library.shelved import Shelved
from studio.gui.library.thumbnails import Thumbnails, Wanted
from studio.gui.theme import SPACE, palette
from studio.gui.words import memory

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole

DATA: Final = int(Role.UserRole)
SORT: Final = int(Role.UserRole) + 1
COLUMNS: Final = ("Dataset", "Examples", "Size", "Classes", "Held out", "On disk")
NAME, COUNT, SHAPE, CLASSES, HELD_OUT, DISK = range(len(COLUMNS))


_FEW: Final = 0.405
"""Of either side of a contact sheet of 5×5: two pictures and the gaps around them."""


class DatasetsModel(QAbstractTableModel):
    renamed = Signal(str, str)  # fingerprint, new name

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Shelved] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return COLUMNS[section]
        if role == Role.TextAlignmentRole:
            return _side(section)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        one, column = self._rows[index.row()], index.column()
        match role:
            case Role.DisplayRole:
                return _text(one, column)
            case Role.EditRole:
                return one.data.name
            case Role.ToolTipRole:
                return one.data.source if column == NAME else _text(one, column)
            case Role.AccessibleTextRole:
                return f"{COLUMNS[column]}: {_text(one, column)}"
            case Role.TextAlignmentRole:
                return _side(column)
            case _ if role == DATA:
                return one
            case _ if role == SORT:
                return _sort(one, column)
            case _:
                return None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        name = " ".join(str(value).split())
        one = self._rows[index.row()]
        if role != Role.EditRole or not name or name == one.data.name:
            return False
        self.renamed.emit(one.data.fingerprint, name)
        return True

    def rows(self) -> list[Shelved]:
        return list(self._rows)

    def get(self, fingerprint: str) -> Shelved | None:
        return next((d for d in self._rows if d.data.fingerprint == fingerprint), None)

    def where(self, fingerprint: str) -> QModelIndex:
        for at, one in enumerate(self._rows):
            if one.data.fingerprint == fingerprint:
                return self.index(at, 0)
        return QModelIndex()

    def put(self, rows: Sequence[Shelved]) -> None:
        if list(rows) != self._rows:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()

    def show_name(self, fingerprint: str, name: str) -> None:
        """Show a rename before the disk has it."""
        index = self.where(fingerprint)
        if index.isValid():
            one = self._rows[index.row()]
            self._rows[index.row()] = replace(one, data=replace(one.data, name=name))
            self.dataChanged.emit(index, index)


def _side(column: int) -> Qt.AlignmentFlag:
    right = column in (COUNT, CLASSES, HELD_OUT, DISK)
    return (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter


def _text(one: Shelved, column: int) -> str:
    data = one.data
    match column:
        case 0:
            return data.name
        case 1:
            return f"{data.count:,}"
        case 2:
            sizes = {
                "images": f"{data.size[1]}×{data.size[0]}",
                "points": "points",
                "vectors": f"{data.shape[0]} bits",
                "sentences": f"≤ {data.shape[0]} words",
            }
            return sizes[data.kind]
        case 3:
            return f"{len(data.classes):,}" if data.classes else "–"
        case 4:
            return f"{data.held_out:,}"
        case _:
            return memory(one.size)


def _sort(one: Shelved, column: int) -> Any:
    data = one.data
    match column:
        case 1:
            return data.count
        case 2:
            return data.size[0] * data.size[1]
        case 3:
            return len(data.classes)
        case 4:
            return data.held_out
        case 5:
            return float(one.size)
        case _:
            return data.name.casefold()


class DatasetsFilter(QSortFilterProxyModel):
    def __init__(self, source: DatasetsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self.setSourceModel(source)
        self.setSortRole(SORT)

    def search(self, text: str) -> None:
        self.beginFilterChange()
        self._words = tuple(text.casefold().split())
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        source = self.sourceModel()
        assert isinstance(source, DatasetsModel)
        data = source._rows[source_row].data
        hay = "\n".join((data.name, data.source, *data.classes)).casefold()
        return all(word in hay for word in self._words)


class DatasetDelegate(QStyledItemDelegate):
    """A line with a small picture and, below the name, where it came from."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), SMALL + SPACE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        one = index.data(DATA)
        if not isinstance(one, Shelved):
            return
        painter.save()
        rect, colours = option.rect, palette()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colours.chosen if chosen else colours.hover))
        painter.setPen(QColor(colours.text))
        inner = rect.adjusted(SPACE, 0, -SPACE, 0)
        if index.column() != NAME:
            painter.drawText(inner, int(_side(index.column())), _text(one, index.column()))
            painter.restore()
            return
        if chosen:
            painter.fillRect(QRect(rect.topLeft(), QSize(3, rect.height())), QColor(colours.accent))
        where = QRect(rect.left() + SPACE, rect.center().y() - SMALL // 2 + 1, SMALL, SMALL)
        ratio = painter.device().devicePixelRatioF()
        side = round(SMALL * ratio)
        share = _FEW if one.data.pictured else 1.0
        pixmap = self.thumbnails.get(Wanted(one.thumbnail, side, side, share=share))
        if pixmap is not None:
            pixmap.setDevicePixelRatio(ratio)
        draw_picture(painter, where, pixmap)
        text = self._name_rect(rect)
        upper = QRect(text.left(), rect.center().y() - 18, text.width(), 18)
        for at, words in ((upper, one.data.name), (upper.translated(0, 18), one.data.source)):
            metrics = QFontMetrics(painter.font())
            painter.drawText(at, int(_side(NAME)), metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, at.width()))
            painter.setFont(small_font())
            painter.setPen(QColor(colours.quiet))
        painter.restore()

    @staticmethod
    def _name_rect(rect: QRect) -> QRect:
        return rect.adjusted(2 * SPACE + SMALL, 0, -SPACE, 0)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        field = QLineEdit(parent)
        field.setAccessibleName("Name of the dataset")
        field.setMaxLength(200)
        return field

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(self._name_rect(option.rect).adjusted(-4, 8, 0, -8))
