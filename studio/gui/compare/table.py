"""What the runs came to and in what they differ, as one table with a column for each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QFrame, QHeaderView, QTableView, QVBoxLayout, QWidget

from studio.gui.compare.chips import draw_swatch
from studio.gui.compare.gathered import Compared
from studio.gui.library import words
from studio.gui.library.facts import said
from studio.gui.theme import SPACE, theme
from studio.gui.words import duration
from studio.models.core.recipe import FieldInfo
from studio.runs import differences

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
_NAMES, _COLUMN = 128, 96
DIFFERS: Final = "≠ "
"""Before the name of what differs, so that it is not told by weight or colour alone."""

STATUS: Final = {
    "new": "not started",
    "running": "in training",
    "paused": "paused",
    "stopped": "stopped",
    "finished": "finished",
    "failed": "failed",
}


@dataclass(frozen=True)
class Line:
    """One row. ``heading``: a title over the rows below it. ``marked``: it is a setting, and it differs."""

    name: str
    values: tuple[str, ...] = ()
    help: str = ""
    heading: bool = False
    marked: bool = False


def result_lines(runs: Sequence[Compared]) -> list[Line]:
    """How far each run came, in what time, and the newest value of everything it measured."""

    def line(name: str, help_: str, values: Sequence[str]) -> Line:
        return Line(name, tuple(values), help_)

    speeds = [r.state.step / r.state.seconds if r.state.seconds else None for r in runs]
    lines = [
        Line("Results", heading=True),
        line("status", "How the training stands", [STATUS.get(r.state.status, r.state.status) for r in runs]),
        line("steps done", "Cycles of updates so far", [f"{r.state.step:,}" for r in runs]),
        line("training time", "Pauses left out", [duration(r.state.seconds) for r in runs]),
        line("speed", "Over the whole training", ["–" if s is None else f"{words.value(s)} steps/s" for s in speeds]),
    ]
    for name in sorted({n for r in runs for n in r.curves}):
        last = [r.last(name) for r in runs]
        values = ["–" if v is None else words.value(v).replace("-", "−") for v in last]
        lines.append(line(name.replace("/", ": ", 1), "The newest value", values))
    return lines


def recipe_lines(
    table: differences.Table, fields: Mapping[str, FieldInfo], models: Mapping[str, str], *, everything: bool
) -> list[Line]:
    """The recipes side by side: what differs, or with ``everything`` all of it. ``models``: titles by name."""
    rows = table.rows if everything else table.differing
    lines = [Line("Recipe" if everything else "Recipe: what differs", heading=True)]
    if not rows:
        lines.append(Line("nothing differs", ("",) * len(table.titles)))
    for row in rows:
        field = fields.get(row.name)
        values = tuple("–" if v is None else said(v, field) for v in row.values)
        if row.name == "model":
            values = tuple(models.get(v, v) for v in values)
        label = field.label if field is not None else row.name.replace("_", " ")
        lines.append(Line(label, values, field.help if field is not None else "", marked=row.differs))
    return lines


class CompareModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.titles: list[str] = []
        self.lines: list[Line] = []

    def show_lines(self, titles: Sequence[str], lines: Sequence[Line]) -> None:
        self.beginResetModel()
        self.titles, self.lines = list(titles), list(lines)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1 + len(self.titles) if self.titles else 0

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Role.DisplayRole | Role.ToolTipRole:
                return self.titles[section - 1] if section else ""
            case Role.DecorationRole if section:
                return swatch_icon(section - 1)
            case Role.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            case _:
                return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        line, column = self.lines[index.row()], index.column()
        match role:
            case Role.DisplayRole:
                if not column:
                    return f"{DIFFERS}{line.name}" if line.marked else line.name
                return line.values[column - 1] if column <= len(line.values) else ""
            case Role.ToolTipRole:
                return line.help if not column else self.text(index.row(), column)
            case Role.AccessibleTextRole:
                differs = ", differs" if line.marked else ""
                return f"{line.name}{differs}" if not column else f"{self.titles[column - 1]}: {self.data(index)}"
            case Role.FontRole if line.heading or line.marked:
                font = QFont()
                font.setBold(True)
                return font
            case _:
                return None

    def text(self, row: int, column: int) -> str:
        return str(self.data(self.index(row, column)))

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.lines[index.row()].heading:
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)


def swatch_icon(index: int) -> QIcon:
    """A run's colour and dash, for a header."""
    drawn = QPixmap(QSize(56, 32))
    drawn.setDevicePixelRatio(2)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    draw_swatch(painter, QRect(0, 0, 28, 16), index)
    painter.end()
    return QIcon(drawn)


class TablePane(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = CompareModel(self)
        self._results: list[Line] = []
        self._table: differences.Table | None = None
        self._fields: dict[str, FieldInfo] = {}
        self._models: dict[str, str] = {}
        self._titles: list[str] = []
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName("Results and recipes side by side")
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setAlternatingRowColors(True)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(3 * SPACE)
        header = self.view.horizontalHeader()
        header.setMinimumSectionSize(72)
        self.view.viewport().installEventFilter(self)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # runs of one recipe differ at the end of their names
        self.everything = QCheckBox("All fields")
        self.everything.setToolTip("Also those in which the recipes agree")
        self.everything.setAccessibleName("Show all fields of the recipes")
        self.everything.toggled.connect(lambda _: self._refill())
        self.column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.everything)
        column.addWidget(self.view, 1)
        theme.changed.connect(self._refill)

    def show_runs(
        self, runs: Sequence[Compared], table: differences.Table | None, fields: Mapping[str, FieldInfo]
    ) -> None:
        """``table`` None: the recipes are not read yet."""
        self._titles = [run.short for run in runs]
        self._models = {run.model: run.model_title for run in runs}
        self._results = result_lines(runs) if runs else []
        self._table = table
        self._fields = dict(fields)
        self._refill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def _fit(self) -> None:
        """The runs share what the names leave, as long as their values can be read; else the table scrolls."""
        count = len(self._titles)
        if count:
            width = max(_COLUMN, (self.view.viewport().width() - _NAMES) // count)
            self.view.setColumnWidth(0, _NAMES)
            for at in range(count):
                self.view.setColumnWidth(at + 1, width)

    def _refill(self) -> None:
        lines = list(self._results)
        if self._table is not None:
            lines = (
                recipe_lines(self._table, self._fields, self._models, everything=self.everything.isChecked()) + lines
            )
        shape = [line.heading for line in self.model.lines]
        at = self.view.verticalScrollBar().value()
        self.view.clearSpans()
        self.model.show_lines(self._titles, lines)
        for row, line in enumerate(lines):
            if line.heading and self.model.columnCount() > 1:
                self.view.setSpan(row, 0, 1, self.model.columnCount())
        self._fit()
        if shape == [line.heading for line in lines]:
            self.view.verticalScrollBar().setValue(at)
