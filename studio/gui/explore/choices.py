"""Buttons for the values of a category, one of which is down; a number field where there are too many."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QGridLayout, QPushButton, QVBoxLayout, QWidget

MOST_BUTTONS = 40
ROOM = 304
"""Pixels of a row of buttons."""
GAP = 3


class Choices(QWidget):
    """One of the ``names``. ``chosen`` speaks only when a person chose.

    Args:
        name: what is chosen, for screen readers and tooltips ("c1").
    """

    chosen = Signal(int)

    def __init__(self, name: str, names: Sequence[str]) -> None:
        super().__init__()
        self.buttons: list[QPushButton] = []
        self.box: QComboBox | None = None
        self._group = QButtonGroup(self)
        self.setAccessibleName(name)
        if len(names) > MOST_BUTTONS:
            self._as_list(name, names)
            return
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP)
        metrics = self.fontMetrics()
        wide = min(max(metrics.horizontalAdvance(n) for n in names) + 16, ROOM)
        columns = min(max(ROOM // (wide + GAP), 1), len(names), 10)
        wide = (ROOM - GAP * (columns - 1)) // columns if len(names) >= columns > 5 else max(wide, 28)
        for index, text in enumerate(names):
            made = QPushButton(metrics.elidedText(text, Qt.TextElideMode.ElideRight, wide - 8))
            made.setCheckable(True)
            made.setAutoDefault(False)
            made.setStyleSheet("padding: 4px 2px;")
            made.setFixedWidth(wide)
            made.setToolTip(f"{name} = {text}")
            made.setAccessibleName(f"{name} {text}")
            self._group.addButton(made, index)
            self.buttons.append(made)
            grid.addWidget(made, index // columns, index % columns)
        grid.setColumnStretch(columns, 1)
        self._group.idClicked.connect(self.chosen)

    def _as_list(self, name: str, names: Sequence[str]) -> None:
        self.box = QComboBox()
        self.box.addItems(list(names))
        self.box.setAccessibleName(name)
        self.box.setToolTip(f"The value of {name}; type to find it")
        self.box.activated.connect(self.chosen)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.box)

    def show_choice(self, index: int) -> None:
        """Without a signal; −1: none."""
        if self.box is not None:
            with QSignalBlocker(self.box):
                self.box.setCurrentIndex(index)
            return
        if 0 <= index < len(self.buttons):
            self.buttons[index].setChecked(True)
        elif (down := self._group.checkedButton()) is not None:
            self._group.setExclusive(False)
            down.setChecked(False)
            self._group.setExclusive(True)
