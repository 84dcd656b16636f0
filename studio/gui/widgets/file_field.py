"""The name of a file: typed, chosen from a dialogue, or dropped on it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget

from studio.gui.icons import icon
from studio.gui.theme import SPACE


class FileField(QWidget):
    """``edit`` holds the path.

    Args:
        name: what the file is, for screen readers and the dialogue's title.
        tip: what is accepted, and what it is for.
    """

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.edit = QLineEdit()
        self.edit.setAccessibleName(f"File of {name[0].lower()}{name[1:]}")
        self.edit.setToolTip(tip)
        self.edit.setClearButtonEnabled(True)
        self.edit.setAcceptDrops(False)  # its text would take the address as words
        self.choose = QToolButton()
        self.choose.setIcon(icon("folder-open"))
        self.choose.setToolTip(f"Choose a file: {name[0].lower()}{name[1:]}")
        self.choose.setAccessibleName(self.choose.toolTip())
        self.choose.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE // 2)
        row.addWidget(self.edit, 1)
        row.addWidget(self.choose)
        self.setAcceptDrops(True)
        self.setFocusProxy(self.edit)

    def _choose(self) -> None:
        found, _ = QFileDialog.getOpenFileName(self, self._name, self.edit.text())
        if found:
            self.edit.setText(found)

    def drop(self, paths: list[Path]) -> bool:
        """Take one file; False when it is none, or several."""
        if len(paths) != 1:
            return False
        self.edit.setText(str(paths[0]))
        return True

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len([u for u in event.mimeData().urls() if u.isLocalFile()]) == 1:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.drop([Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]):
            event.acceptProposedAction()
