"""Words in the middle of an empty page: what is not there, why, and the way on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.explore.parts import button, quiet


class Notice(QWidget):
    """A line, a quieter one below, and a button to the Train page."""

    def __init__(self) -> None:
        super().__init__()
        self.words = QLabel()
        self.words.setWordWrap(True)
        theme.role(self.words, "heading")
        self.more = quiet(wrap=True)
        for label in (self.words, self.more):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = button("Go to Train", "", "Open the Train page (Ctrl+1)", lambda: None)
        theme.role(self.button, "primary")
        inside = QVBoxLayout(self)
        inside.setSpacing(theme.SPACE)
        inside.addStretch(2)
        inside.addWidget(self.words)
        inside.addWidget(self.more)
        inside.addSpacing(theme.SPACE)
        inside.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(3)

    def say(self, words: str, more: str = "", *, train: bool = False) -> None:
        """Show these words; ``train``: with the button."""
        self.words.setText(words)
        self.more.setText(more)
        self.button.setVisible(train)
