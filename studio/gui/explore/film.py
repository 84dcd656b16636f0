"""A row of small pictures with a line under each: neighbours, checkpoints, frames, picks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtGui import QPaintEvent as PaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolTip, QWidget

from studio.explore.questions import Pictures
from studio.gui import theme

GAP = 4
NOTHING: Pictures = np.zeros((0, 1, 1, 3), np.uint8)


def to_image(picture: Pictures) -> QImage:
    """uint8 H×W×3 as an image of its own."""
    whole = np.ascontiguousarray(picture)
    height, width = whole.shape[:2]
    return QImage(whole.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def fitted(image: QImage, room: QRectF, ratio: float) -> QRectF:
    """Where an image goes in a room: in the middle, by a whole number of device pixels where it is enlarged."""
    if image.isNull():
        return QRectF()
    scale = min(room.width() / image.width(), room.height() / image.height())
    if scale * ratio > 1:
        scale = int(scale * ratio) / ratio
    width, height = image.width() * scale, image.height() * scale
    left = round((room.x() + (room.width() - width) / 2) * ratio) / ratio
    top = round((room.y() + (room.height() - height) / 2) * ratio) / ratio
    return QRectF(left, top, width, height)


class Film(QScrollArea):
    """Pictures in a row, ``side`` pixels each, scrolled sideways where they are too many.

    Args:
        name: what they are, in the plural, for screen readers.
    """

    picked = Signal(int)
    removed = Signal(int)
    """Delete was pressed on one; only where ``removable``."""

    def __init__(self, name: str, side: int = 72, *, captions: bool = True, removable: bool = False) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.strip = _Strip(name, side, captions, removable)
        self.setWidget(self.strip)
        self.setFocusProxy(self.strip)
        self.strip.picked.connect(self.picked)
        self.strip.removed.connect(self.removed)
        self.setFixedHeight(self.strip.sizeHint().height() + 12)  # room for the scroll bar

    def show_items(self, images: Pictures, captions: Sequence[str] = (), tips: Sequence[str] = ()) -> None:
        """Show uint8 N×H×W×3 with a caption and a tooltip each."""
        self.strip.show_items(images, captions, tips)

    def set_empty(self, text: str) -> None:
        """What is said while there are none."""
        self.strip.empty = text
        self.strip.update()

    def set_current(self, index: int) -> None:
        """Mark one, -1 for none, and scroll to it."""
        self.strip.current = index
        self.strip.update()
        if index >= 0:
            self.ensureVisible(int(self.strip.tile(index).center().x()), 0, self.strip.side, 0)

    @property
    def current(self) -> int:
        return self.strip.current

    def __len__(self) -> int:
        return len(self.strip.images)


class _Strip(QWidget):
    picked = Signal(int)
    removed = Signal(int)

    def __init__(self, name: str, side: int, captions: bool, removable: bool) -> None:
        super().__init__()
        self.name, self.side, self.removable = name, side, removable
        self.images: list[QImage] = []
        self.captions: Sequence[str] = ()
        self.tips: Sequence[str] = ()
        self.current = -1
        self.empty = ""
        self._line = 0
        if captions:
            self._line = QFontMetrics(theme.text_font(theme.SMALL_PIXELS)).height() + 2
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(len(self.images) * (self.side + GAP) + GAP, self.side + self._line + 2 * GAP)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_items(self, images: Pictures, captions: Sequence[str], tips: Sequence[str]) -> None:
        self.images = [to_image(i) for i in images]
        self.captions, self.tips = captions, tips
        self.current = min(self.current, len(self.images) - 1)
        self.setMinimumSize(self.sizeHint())
        self.updateGeometry()
        self.update()

    def tile(self, index: int) -> QRectF:
        return QRectF(GAP + index * (self.side + GAP), GAP, self.side, self.side)

    def at(self, place: QPointF) -> int:
        index = int((place.x() - GAP) // (self.side + GAP))
        return index if 0 <= index < len(self.images) else -1

    def paintEvent(self, event: PaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.palette()
        small = QFont(theme.text_font(theme.SMALL_PIXELS))
        painter.setFont(small)
        if not self.images:
            painter.setPen(QColor(colours.quiet))
            wrap = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(GAP, 0, -GAP, 0), wrap, self.empty)
            return
        ratio = self.devicePixelRatioF()
        first, last = self.at(QPointF(event.rect().left(), 0)), self.at(QPointF(event.rect().right(), 0))
        for i in range(max(first, 0), (last if last >= 0 else len(self.images) - 1) + 1):
            room = self.tile(i)
            painter.fillRect(room, QColor(colours.ground))
            into = fitted(self.images[i], room, ratio)
            painter.setRenderHint(
                QPainter.RenderHint.SmoothPixmapTransform, into.width() * ratio < self.images[i].width()
            )
            painter.drawImage(into, self.images[i])
            chosen = i == self.current
            if chosen:
                painter.setPen(QPen(QColor(colours.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(room.adjusted(1, 1, -1, -1))
            if self._line and i < len(self.captions):
                painter.setPen(QColor(colours.text if chosen else colours.quiet))
                below = QRect(int(room.x()) - GAP // 2, int(room.bottom()) + 1, self.side + GAP, self._line)
                text = painter.fontMetrics().elidedText(self.captions[i], Qt.TextElideMode.ElideRight, below.width())
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.at(QPointF(event.pos()))
            text = self.tips[index] if 0 <= index < len(self.tips) else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._take(index)
        else:
            super().mousePressEvent(event)

    def _take(self, index: int) -> None:
        self.current = index
        said = self.tips[index] if index < len(self.tips) else f"{index + 1} of {len(self.images)}"
        self.setAccessibleDescription(said)
        self.update()
        self.picked.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = event.key(), len(self.images)
        if not count:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = 1 if key == Qt.Key.Key_Right else -1
            self._take(min(max(self.current + step, 0), count - 1))
        elif key == Qt.Key.Key_Home:
            self._take(0)
        elif key == Qt.Key.Key_End:
            self._take(count - 1)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.removable and self.current >= 0:
            self.removed.emit(self.current)
        else:
            super().keyPressEvent(event)


class Picture(QWidget):
    """One picture as large as fits, nearest neighbour, on a neutral ground; trouble stands in it as text."""

    def __init__(self, name: str, least: int = 64) -> None:
        super().__init__()
        self.image = QImage()
        self.message = ""
        self.setMinimumSize(least, least)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    def show_picture(self, picture: Pictures | None) -> None:
        """uint8 H×W×3, or None for nothing."""
        self.image = QImage() if picture is None else to_image(picture)
        self.message = ""
        self.update()

    def show_message(self, text: str) -> None:
        self.message = text
        self.setAccessibleDescription(text)
        self.update()

    def paintEvent(self, event: PaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.palette()
        painter.fillRect(self.rect(), QColor(colours.ground))
        ratio = self.devicePixelRatioF()
        into = fitted(self.image, QRectF(self.rect()), ratio)
        if not self.message and not self.image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, into.width() * ratio < self.image.width())
            painter.drawImage(into, self.image)
        elif self.message:
            painter.setPen(QColor(colours.text))
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), wrap, self.message)
