"""One picture, as large as fits on the neutral ground."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.icons import icon
from studio.gui.library.thumbnails import Thumbnails, Wanted
from studio.gui.theme import palette


class Picture(QWidget):
    """Shows a picture file, decoded elsewhere. Asks for it again when its size or the screen changes."""

    def __init__(self, thumbnails: Thumbnails, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._path = ""
        self._last: QPixmap | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(64)
        thumbnails.ready.connect(self._came)

    @property
    def path(self) -> str:
        return self._path

    def show_file(self, path: str) -> None:
        """Show this file; empty for none. The picture before stays until the new one is there."""
        if path != self._path:
            self._path = path
            if not path:
                self._last = None
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 240)

    def _came(self, path: str) -> None:
        if path == self._path:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette().ground))
        ratio = self.devicePixelRatioF()
        room = QSize(round(self.width() * ratio), round(self.height() * ratio))
        found = self._thumbnails.get(Wanted(self._path, room.width(), room.height())) if self._path else None
        if found is not None:
            self._last = found
        shown = self._last
        if shown is None:
            side = 32
            where = QRect((self.width() - side) // 2, (self.height() - side) // 2, side, side)
            icon("image", "quiet").paint(painter, where)
            return
        size = QSize(round(shown.width() / ratio), round(shown.height() / ratio))
        if found is None:
            size.scale(self.size(), Qt.AspectRatioMode.KeepAspectRatio)  # the old one, or the old size, for a moment
        corner = QRect((self.width() - size.width()) // 2, (self.height() - size.height()) // 2, *size.toTuple())
        painter.drawPixmap(corner, shown)
