"""Pages one of which is seen."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedWidget


class Stack(QStackedWidget):
    """As small as the page that is shown can be: a hidden one, whose parts may not even have been laid out yet, claims
    no room."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda index: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        shown = self.currentWidget()
        return QSize() if shown is None else shown.minimumSizeHint().expandedTo(shown.minimumSize())
