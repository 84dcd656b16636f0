"""The runs that are compared, as chips with their colour and dash; and the list from which more are added."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui.compare.gathered import Compared
from studio.gui.icons import icon
from studio.gui.theme import SPACE, curve_pen, role

Choice = tuple[str, str, str]
"""Path, title, and a line about it."""


def draw_swatch(painter: QPainter, into: QRect, index: int) -> None:
    """A stroke in the colour and the dash of the ``index``-th run, as in the curves."""
    colour, dash = curve_pen(index)
    pen = QPen(QColor(colour), 3)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dash:
        pen.setDashPattern([d / 2 for d in dash])  # the curves' pens are thinner, and dashes are in pen widths
    painter.setPen(pen)
    y = into.center().y()
    painter.drawLine(into.left(), y, into.right(), y)


class Swatch(QWidget):
    def __init__(self, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.index = index
        self.setFixedSize(28, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_swatch(QPainter(self), self.rect(), self.index)


class Chip(QFrame):
    """One run: swatch, title, and a way out of the comparison."""

    removed = Signal()

    def __init__(self, run: Compared, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "card")
        self.setToolTip(f"{run.title}\n{run.model_title} on {run.dataset}\n{run.path}")
        self.title = QLabel(run.short)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setAccessibleName(run.title)
        self.title.setMinimumWidth(24)
        out = QToolButton()
        out.setIcon(icon("x"))
        out.setIconSize(QSize(12, 12))
        out.setToolTip(f"Take {run.title} out of the comparison")
        out.setAccessibleName(out.toolTip())
        out.clicked.connect(self.removed)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 0, 2, 0)
        row.setSpacing(SPACE // 2)
        row.addWidget(Swatch(index))
        row.addWidget(self.title)
        row.addWidget(out)


class Chips(QWidget):
    """All of them in a row, then the button that adds one."""

    add_wanted = Signal()
    remove_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: list[Chip] = []
        self.adding = QPushButton("Add run")
        self.adding.setIcon(icon("plus"))
        role(self.adding, "quiet")
        self.adding.setToolTip("Put another run beside these")
        self.adding.setAccessibleName("Add a run to the comparison")
        self.adding.clicked.connect(self.add_wanted)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(SPACE)
        self.row.addWidget(self.adding)
        self.row.addStretch(1)

    def show_runs(self, runs: Sequence[Compared], most: int) -> None:
        for chip in self.chips:
            self.row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = [Chip(run, at) for at, run in enumerate(runs)]
        for at, (chip, run) in enumerate(zip(self.chips, runs, strict=True)):
            chip.removed.connect(lambda path=run.path: self.remove_wanted.emit(path))
            self.row.insertWidget(at, chip)
        full = len(runs) >= most
        self.adding.setEnabled(not full)
        self.adding.setToolTip(f"{most} runs at most" if full else "Put another run beside these")


class Picker(QFrame):
    """A list of runs with a search above it, under the button that asked for it."""

    picked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        role(self, "card")
        self.setAccessibleName("Choose a run")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search runs")
        self.search.setAccessibleName("Search runs")
        self.search.textChanged.connect(self._narrow)
        self.list = QListWidget()
        self.list.setAccessibleName("Runs")
        self.list.itemActivated.connect(self._take)
        self.list.itemClicked.connect(self._take)
        self.none = QLabel("No other run")
        role(self.none, "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.search)
        column.addWidget(self.none)
        column.addWidget(self.list, 1)
        self.resize(360, 320)

    def offer(self, choices: Sequence[Choice], at: QPoint) -> None:
        """Show these runs to choose from, at a global position."""
        self.fill(choices)
        self.move(at)
        self.show()
        self.search.setFocus()

    def fill(self, choices: Sequence[Choice]) -> None:
        self.list.clear()
        self.search.clear()
        for path, title, about in choices:
            item = QListWidgetItem(f"{title}\n{about}")
            item.setData(Qt.ItemDataRole.UserRole, path)
            item.setToolTip(path)
            self.list.addItem(item)
        self.none.setVisible(not choices)
        if choices:
            self.list.setCurrentRow(0)

    def _narrow(self, text: str) -> None:
        words = text.casefold().split()
        first = None
        for at in range(self.list.count()):
            item = self.list.item(at)
            found = all(word in item.text().casefold() for word in words)
            item.setHidden(not found)
            first = item if found and first is None else first
        if first is not None:
            self.list.setCurrentItem(first)

    def _take(self, item: QListWidgetItem) -> None:
        self.hide()
        self.picked.emit(item.data(Qt.ItemDataRole.UserRole))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.list.currentItem()
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if current is not None and not current.isHidden():
                self._take(current)
            case Qt.Key.Key_Down | Qt.Key.Key_Up if self.search.hasFocus():
                self.list.setFocus()
            case Qt.Key.Key_Escape:
                self.hide()
            case _:
                super().keyPressEvent(event)
