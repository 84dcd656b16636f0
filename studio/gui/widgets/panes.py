"""A splitter whose sizes can be remembered."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QWidget


class Panes(QSplitter):
    """Before it was seen it has sizes that nobody chose, so those are not what is remembered of it."""

    def __init__(self, orientation: Qt.Orientation = Qt.Orientation.Horizontal, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self._seen = False
        self._before: list[int] = []

    def showEvent(self, event: QShowEvent) -> None:
        self._seen = True
        super().showEvent(event)

    def kept(self) -> list[int]:
        """For the settings: the sizes, or, while it has not been seen, those it was given; empty for none."""
        return self.sizes() if self._seen else self._before

    def restore(self, sizes: object) -> None:
        """Take over what :meth:`kept` gave on another day; what makes no sense is passed over."""
        if not isinstance(sizes, list) or len(sizes) != self.count():
            return
        if all(isinstance(s, int) and s >= 0 for s in sizes) and any(sizes):
            self._before = list(sizes)
            self.setSizes(sizes)
