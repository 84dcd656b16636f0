"""How well each kind of strangers is told from the dataset: by likelihood alone, and by typicality."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from studio.gui import theme
from studio.gui.explore.parts import quiet
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.plot import plain

HEADS = (
    (
        "likelihood",
        "Area under the ROC curve when an image is called a stranger for being unlikely: 1 tells all apart, 0.5 is "
        "chance; below that strangers are likelier than the data",
    ),
    (
        "typicality",
        "Area under the ROC curve when an image is called a stranger for being far from the mean, on either side",
    ),
)
ABOUT = "How well each kind of strangers is told from the dataset's images: area under the ROC curve"
MISLED = 0.5
"""An area below this calls strangers more of the data than the data."""


class Detection(QWidget):
    """See the module; empty while there are no strangers."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(theme.SPACE)
        self.grid.setVerticalSpacing(2)
        self.grid.setColumnStretch(0, 1)
        self.setAccessibleName("how well strangers are told apart")
        self.cells: list[QWidget] = []

    def show_detected(self, rows: Sequence[tuple[str, float, float]]) -> None:
        """Name, area by likelihood alone and by typicality, for each kind."""
        for old in self.cells:
            self.grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.cells = []
        self.setVisible(bool(rows))
        if not rows:
            return
        for column, (head, tip) in enumerate((("Told apart by (AUC)", ABOUT), *HEADS)):
            title = quiet(head)
            theme.role(title, "small")
            title.setToolTip(tip)
            self._put(title, 0, column)
        for line, (name, *areas) in enumerate(rows, 1):
            self._put(ElidedLabel(name), line, 0)
            for column, area in enumerate(areas, 1):
                cell = QLabel(f"{area:.2f}" if area == area else plain(area))
                theme.role(cell, "warn" if area < MISLED else "number")
                cell.setToolTip(HEADS[column - 1][1])
                self._put(cell, line, column)
        self.setAccessibleDescription(
            "; ".join(f"{n}: {a:.2f} by likelihood, {b:.2f} by typicality" for n, a, b in rows)
        )

    def _put(self, cell: QLabel, line: int, column: int) -> None:
        side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
        self.grid.addWidget(cell, line, column, side if column else Qt.AlignmentFlag(0))
        cell.show()
        self.cells.append(cell)
