"""What stands where runs or datasets would, when there are none: why, and the way out."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from studio.gui.icons import icon
from studio.gui.theme import SPACE, role

Why = Literal["reading", "nothing", "filtered", "no datasets"]

_WORDS: dict[Why, tuple[str, str, str, str]] = {
    "reading": ("books", "Looking through the library…", "", ""),
    "nothing": (
        "books",
        "No runs yet",
        "Everything you train is kept here: its pictures, curves, recipe and checkpoints.\n"
        "A run that you copy into the library's folder appears by itself.",
        "Train something",
    ),
    "filtered": ("magnifying-glass", "No run matches", "All words of the search must be found.", "Clear filters"),
    "no datasets": (
        "image",
        "No datasets yet",
        "Drop a folder, a zip, an IDX or npz file anywhere on the window,\n"
        "or take a built-in dataset on the Train page.",
        "Choose a dataset",
    ),
}


class Sign(QWidget):
    """One large quiet icon, painted anew with every theme."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.setFixedSize(40, 40)

    def paintEvent(self, event: QPaintEvent) -> None:
        icon(self.name, "quiet").paint(QPainter(self), self.rect())


class Empty(QWidget):
    train_wanted = Signal()
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sign = Sign("books")
        self.title = QLabel()
        role(self.title, "title")
        self.text = QLabel()
        role(self.text, "quiet")
        self.button = QPushButton()
        self.button.clicked.connect(self._clicked)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addStretch(2)
        for part in (self.sign, self.title, self.text, self.button):
            if isinstance(part, QLabel):
                part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self._why: Why = "reading"
        self.show_why("reading")

    def show_why(self, why: Why) -> None:
        self._why = why
        sign, title, text, button = _WORDS[why]
        self.sign.name = sign
        self.sign.update()
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.button.setText(button)
        self.button.setToolTip(button)
        self.button.setAccessibleName(button)
        self.button.setVisible(bool(button))
        role(self.button, "" if why == "filtered" else "primary")

    def _clicked(self) -> None:
        (self.clear_wanted if self._why == "filtered" else self.train_wanted).emit()
