"""The compare page before any run was chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.gui.library.empty import Sign
from studio.gui.theme import SPACE, role


class Nothing(QWidget):
    add_wanted = Signal()
    library_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Compare runs")
        role(title, "title")
        text = QLabel(
            "Two to six runs side by side: their curves on top of each other,\n"
            "in what their recipes differ, and their samples at the same step."
        )
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        role(text, "quiet")
        self.adding = QPushButton("Add a run")
        role(self.adding, "primary")
        self.adding.setToolTip("Choose from the library")
        self.adding.setAccessibleName("Add a run to the comparison")
        self.adding.clicked.connect(self.add_wanted)
        library = QPushButton("Select in the library")
        role(library, "quiet")
        library.setToolTip("Select several runs there and press Ctrl+Return")
        library.setAccessibleName(library.text())
        library.clicked.connect(self.library_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.adding)
        buttons.addWidget(library)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addStretch(2)
        for part in (Sign("columns"), title, text):
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(buttons)
        column.setAlignment(buttons, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
