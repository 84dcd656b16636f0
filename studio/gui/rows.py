"""How the sidebar's rows are drawn: a picture or a sign, a name, and a quiet line below it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QImage, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.gui import pixels
from studio.gui.theme import SMALL_PIXELS, SPACE, colour, palette, text_font

Index = QModelIndex | QPersistentModelIndex


class TwoLines(QStyledItemDelegate):
    """Subclasses say what to draw, with :meth:`parts`."""

    SIDE = 32
    """Pixels of the picture at the left."""

    def parts(self, index: Index) -> tuple[QImage | None, QIcon | None, str, str]:
        """Picture or sign, name, quiet line."""
        raise NotImplementedError

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, 44)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = palette()
        area: QRect = option.rect.adjusted(4, 1, -4, -1)
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(colours.chosen if chosen else colours.hover))
            painter.drawRoundedRect(area, 5, 5)
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setPen(colour(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, 5, 5)
        image, sign, name, line = self.parts(index)
        box = QRect(area.left() + 6, area.center().y() - self.SIDE // 2 + 1, self.SIDE, self.SIDE)
        if image is not None:
            pixels.cover(painter, box, image)
        elif sign is not None:
            sign.paint(painter, box.adjusted(7, 7, -7, -7))
        left = box.right() + SPACE + 2
        width = area.right() - left - 4
        font = text_font()
        painter.setFont(font)
        painter.setPen(colour(colours.text))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        shown = QFontMetrics(font).elidedText(name, Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(QRect(left, area.top() + 3, width, 18), flags, shown)
        small = text_font(SMALL_PIXELS)
        painter.setFont(small)
        painter.setPen(colour(colours.quiet))
        shown = QFontMetrics(small).elidedText(line, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(left, area.top() + 21, width, 16), flags, shown)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("New name")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        area: QRect = option.rect
        editor.setGeometry(area.adjusted(self.SIDE + SPACE, 8, -6, -8))
