"""The enlarged tile that appears over a picture grid while the mouse rests on it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from studio.gui import theme

LONGEST = 240
"""Logical pixels of the longer side, about: the scale is a whole number where the tile is smaller than that."""
MARGIN = 8


class Zoom(QWidget):
    """A tooltip that holds a picture and one line about it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.index = -1
        self._image = QImage()
        self._text = ""

    def show_tile(self, index: int, image: QImage, text: str, at: QPoint) -> None:
        """Show a tile beside ``at`` (global), on whichever side has the room."""
        self.index, self._image, self._text = index, image, text
        self.setAccessibleName(text)
        width, height = self._shown()
        line = self.fontMetrics()
        self.resize(max(width, line.horizontalAdvance(text)) + 2 * MARGIN, height + line.height() + 3 * MARGIN)
        room = self.screen().availableGeometry()
        x = at.x() + 16 if at.x() + 16 + self.width() <= room.right() else at.x() - 16 - self.width()
        y = at.y() + 16 if at.y() + 16 + self.height() <= room.bottom() else at.y() - 16 - self.height()
        self.move(max(room.left(), x), max(room.top(), y))
        self.show()
        self.update()

    def refresh(self, image: QImage) -> None:
        """The same tile has new pixels."""
        self._image = image
        self.update()

    def _shown(self) -> tuple[int, int]:
        longest = max(self._image.width(), self._image.height(), 1)
        scale = max(1, LONGEST // longest) if longest <= LONGEST else LONGEST / longest
        return round(self._image.width() * scale), round(self._image.height() * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.raised))
        painter.setPen(QColor(colours.line))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        width, height = self._shown()
        left = (self.width() - width) // 2
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, width < self._image.width())
        painter.drawImage(QRect(left, MARGIN, width, height), self._image)
        painter.setPen(QColor(colours.text))
        font = QFont(self.font())
        painter.setFont(font)
        below = QRect(MARGIN, height + 2 * MARGIN, self.width() - 2 * MARGIN, self.fontMetrics().height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._text)
