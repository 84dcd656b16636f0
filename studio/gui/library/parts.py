"""Small parts of the details panel: a titled section of labelled lines, and an editor for notes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLayoutItem, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.theme import SPACE, role


class Section(QWidget):
    """A quiet heading over lines of "label  value", or over one widget."""

    def __init__(self, title: str, content: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, SPACE, 0, 0)
        self.column.setSpacing(SPACE // 2)
        heading = QLabel(title)
        role(heading, "section")
        self.column.addWidget(heading)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(SPACE)
        self.grid.setVerticalSpacing(2)
        self.grid.setColumnStretch(1, 1)
        self.column.addLayout(self.grid)
        if content is not None:
            heading.setBuddy(content)
            self.column.addWidget(content)

    def clear(self) -> None:
        item: QLayoutItem | None
        while (item := self.grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def show_lines(
        self, lines: Sequence[tuple[str, str, str]], *, stacked: bool = False, strong: set[str] | None = None
    ) -> None:
        """Lines of (label, value, tooltip). ``stacked``: the three below each other. ``strong``: labels in bold."""
        self.clear()
        for label, value, tip in lines:
            at = self.grid.rowCount()
            if stacked:
                for n, text in enumerate(filter(None, (label, value, tip))):
                    self.grid.addWidget(_text(text, "" if n == 0 else "small", wrap=True), at + n, 0, 1, 2)
                continue
            name, said = _text(label, "quiet"), _text(value, "", wrap=True)
            said.setAlignment(Qt.AlignmentFlag.AlignRight)
            if strong and label in strong:
                role(name, "heading")
                role(said, "heading")
            for part in (name, said):
                part.setToolTip(tip)
            said.setAccessibleName(f"{label}: {value}")
            self.grid.addWidget(name, at, 0, Qt.AlignmentFlag.AlignTop)
            self.grid.addWidget(said, at, 1)

    def add_action(self, label: str, value: str, verb: str, tip: str) -> QPushButton:
        """A line that ends in a quiet button."""
        at = self.grid.rowCount()
        name, said = _text(label, ""), _text(value, "small")
        for part in (name, said):
            part.setToolTip(tip)
        button = QPushButton(verb)
        role(button, "quiet")
        self.grid.addWidget(name, at, 0)
        self.grid.addWidget(said, at, 1)
        self.grid.addWidget(button, at, 2)
        return button

    def add_link(self, label: str, text: str, enabled: bool) -> QPushButton:
        """A line whose value leads somewhere; disabled it is only told."""
        at = self.grid.rowCount()
        button = QPushButton(text)
        role(button, "quiet")
        button.setEnabled(enabled)
        button.setToolTip(f"Select “{text}”" if enabled else "That run is not in the library any more")
        button.setAccessibleName(f"{label} {text}")
        self.grid.addWidget(_text(label, "quiet"), at, 0)
        self.grid.addWidget(button, at, 1, Qt.AlignmentFlag.AlignRight)
        return button

    def add_button(self, text: str) -> QPushButton:
        """A quiet button below the lines; gone with them."""
        button = QPushButton(text)
        role(button, "quiet")
        button.setAccessibleName(text)
        self.grid.addWidget(button, self.grid.rowCount(), 0, 1, 3, Qt.AlignmentFlag.AlignLeft)
        return button


def _text(text: str, name: str, *, wrap: bool = False) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    if wrap:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if name:
        role(label, name)
    return label


class Note(QPlainTextEdit):
    """Saves by itself: a moment after the last key, and when it loses the focus."""

    done = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("What was this run for? What came of it?")
        self.setAccessibleName("Note")
        self.setToolTip("Saved as you write")
        self.setTabChangesFocus(True)
        self.setFixedHeight(9 * theme.SPACE)
        self._saved = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(800)
        self._pause.timeout.connect(self.finish)
        self.textChanged.connect(lambda: self._pause.start())

    def show_text(self, text: str) -> None:
        """Show a note from outside, unless it is being written just now."""
        if self.hasFocus() and self._pause.isActive():
            return
        self._saved = text
        if text != self.toPlainText():
            self.setPlainText(text)
        self._pause.stop()

    def finish(self) -> None:
        """Save what is there, if it is new."""
        self._pause.stop()
        text = self.toPlainText()
        if text != self._saved:
            self._saved = text
            self.done.emit(text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.finish()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)
