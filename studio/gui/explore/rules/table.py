"""Sentences as a list: the true label, what student and teacher say, how far apart they are, and the words."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from studio.gui import theme
from studio.gui.explore.rules.state import Read

LABEL, STUDENT, TEACHER, MOVED, SENTENCE = range(5)
RIGHT, WRONG = "✓", "✗"
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
PAD = 8


class Sentences(QAbstractTableModel):
    """See the module; :attr:`read` is what is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.read: Read | None = None

    def show(self, read: Read | None, *, same: bool = False) -> None:
        """``same``: of the same sentences, so that what is chosen stays chosen."""
        if same and read is not None and self.read is not None and len(read) == len(self.read):
            self.read = read
            if len(read):
                self.dataChanged.emit(self.index(0, 0), self.index(len(read) - 1, SENTENCE))
            return
        self.beginResetModel()
        self.read = read
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if self.read is None or parent.isValid() else len(self.read)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        positive = self.read.found.classes[-1] if self.read is not None and self.read.found.classes else "positive"
        if role == Qt.ItemDataRole.DisplayRole:
            return ("label", "p", "q", "|q − p|", "sentence")[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                "The true label, where it is known",
                f"What the student gives to {positive}; {RIGHT} or {WRONG}: whether its likeliest label is true",
                f"What the teacher gives to {positive}, with C and λ as they are set",
                "How far the teacher moves a probability, with C and λ as they are set",
                "The words as the model sees them; the clause that the rule is about is underlined",
            )[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section < SENTENCE:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.read is None or not index.isValid() or index.row() >= len(self.read):
            return None
        at, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(at, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.told(at) if column == SENTENCE else self._text(at, column)
        return None

    def _text(self, at: int, column: int) -> str:
        assert self.read is not None
        found = self.read.found
        label = int(found.labels[at])
        if column == LABEL:
            return found.classes[label] if 0 <= label < len(found.classes) else "–"
        if column in (STUDENT, TEACHER):
            own = found.student[at] if column == STUDENT else self.read.teacher[at]
            mark = "" if label < 0 else f" {RIGHT}" if int(np.argmax(own)) == label else f" {WRONG}"
            return f"{own[-1]:.2f}{mark}"
        if column == MOVED:
            return f"{self.read.moved[at]:.2f}" if self.read.ruled(at) else "–"
        return " ".join(found.words[at])

    def told(self, at: int) -> str:
        """A line for the tooltip and for screen readers."""
        assert self.read is not None
        parts = [self._text(at, column) for column in range(4)]
        return f"{self._text(at, SENTENCE)} · label {parts[0]}, p {parts[1]}, q {parts[2]}, apart {parts[3]}"


class _Underlined(QStyledItemDelegate):
    """Draws a sentence whose clause is underlined, as much of it as there is room for."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, Sentences) or model.read is None:
            super().paint(painter, option, index)
            return
        drawn = QStyleOptionViewItem(option)
        self.initStyleOption(drawn, index)
        drawn.text = ""
        style = drawn.widget.style() if isinstance(drawn.widget, QWidget) else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, drawn, painter, drawn.widget)
        words, clause = model.read.found.words[index.row()], int(model.read.found.clause[index.row()])
        room = option.rect.adjusted(PAD, 0, -PAD, 0)
        painter.save()
        painter.setPen(drawn.palette.color(QPalette.ColorRole.Text))
        plain, under = QFont(option.font), QFont(option.font)
        under.setUnderline(True)
        metrics = QFontMetrics(plain)
        before = " ".join(words if clause < 0 else words[:clause])
        behind = "" if clause < 0 else " ".join(words[clause:])
        kept = min(metrics.horizontalAdvance(behind), room.width() * 3 // 5) if behind else 0
        # What decides is seen: where there is no room for all, of what stands before it the end is kept.
        side = Qt.TextElideMode.ElideLeft if behind else Qt.TextElideMode.ElideRight
        shown = metrics.elidedText(before, side, room.width() - kept)
        aligned = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(plain)
        painter.drawText(room, aligned, shown)
        room.setLeft(room.left() + metrics.horizontalAdvance(f"{shown} "))
        painter.setFont(under)
        painter.drawText(room, aligned, metrics.elidedText(behind, Qt.TextElideMode.ElideRight, room.width()))
        painter.restore()


class SentenceTable(QTableView):
    """See the module. ``looked`` with the row that a person went to, by click or by the arrows."""

    looked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.sentences = Sentences()
        self.setModel(self.sentences)
        self.setItemDelegateForColumn(SENTENCE, _Underlined(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setAccessibleName("sentences")
        self.setStyleSheet(f"QTableView::item {{ padding: 0 {PAD - 2}px; }}")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        metrics = QFontMetrics(theme.text_font())
        for column, widest in (
            (LABEL, "negative"),
            (STUDENT, f"0.00 {RIGHT}"),
            (TEACHER, f"0.00 {RIGHT}"),
            (MOVED, "|q − p|"),
        ):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, metrics.horizontalAdvance(widest) + 3 * theme.SPACE)
        head.setSectionResizeMode(SENTENCE, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().currentRowChanged.connect(self._went)
        self._quiet = False

    def show_read(self, read: Read | None, row: int, *, same: bool = False) -> None:
        """The list, with this row chosen (−1: none), without a signal."""
        self._quiet = True
        try:
            self.sentences.show(read, same=same)
            self._choose(row)
        finally:
            self._quiet = False

    def show_row(self, row: int) -> None:
        self._quiet = True
        try:
            self._choose(row)
        finally:
            self._quiet = False

    def _choose(self, row: int) -> None:
        if 0 <= row < self.sentences.rowCount():
            if row != self.currentIndex().row() or not self.selectionModel().hasSelection():
                self.selectRow(row)
                self.setCurrentIndex(self.sentences.index(row, SENTENCE))
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())

    def _went(self, now: QModelIndex, before: QModelIndex) -> None:
        if now.isValid() and not self._quiet:
            self.looked.emit(now.row())

    def sizeHint(self) -> QSize:
        return QSize(520, 240)
