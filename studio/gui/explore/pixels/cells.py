"""A picture whose pixels can be pointed at, one by one: with the mouse, and with arrow keys."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui import theme
from studio.gui.explore.film import fitted, to_image

Mask = npt.NDArray[np.bool_]
Cell = tuple[int, int]
MARGIN = 4
"""Around the picture, for the frames of pixels at its edge."""
FAR = 4
"""Pixels that an arrow key moves by with Ctrl."""
ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class Cells(QWidget):
    """See the module. What is missing is hatched; a frame stands round the pixel that comes next, another one round
    that which is pointed at."""

    pointed = Signal(object)
    """(row, column) of the pixel that is pointed at; None: of none."""
    clicked = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.empty_text = ""
        self.cell: Cell | None = None
        """What is pointed at."""
        self.next: Cell | None = None
        self._image = QImage()
        self._size: Cell = (0, 0)
        self._missing: Mask | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        theme.theme.changed.connect(self.update)

    # --- what is shown

    def show_picture(
        self, picture: npt.NDArray[np.uint8] | None, missing: Mask | None = None, next_: Cell | None = None
    ) -> None:
        """uint8 H×W×3, where nothing is drawn yet (H×W), and the pixel that comes next; None: nothing."""
        self._image = QImage() if picture is None else to_image(picture)
        self._size = (0, 0) if picture is None else (picture.shape[0], picture.shape[1])
        self._missing = missing if missing is not None and missing.any() else None
        self.next = next_
        if self.cell is not None and not (self.cell[0] < self._size[0] and self.cell[1] < self._size[1]):
            self.point(None)
        self.update()

    def say(self, words: str) -> None:
        """In the picture's place, while there is none."""
        self.empty_text = words
        self.show_picture(None)
        self.setAccessibleDescription(words)

    def point(self, cell: Cell | None) -> None:
        """Mark a pixel, and tell."""
        if cell != self.cell:
            self.mark(cell)
            self.pointed.emit(cell)

    def mark(self, cell: Cell | None) -> None:
        """Mark a pixel without a signal: one of another picture of the same size was pointed at."""
        self.cell = cell
        self.update()

    # --- where things are

    def picture_rect(self) -> QRectF:
        room = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        return fitted(self._image, room, self.devicePixelRatioF())

    def cell_rect(self, cell: Cell) -> QRectF:
        rect, (high, wide) = self.picture_rect(), self._size
        tall, broad = rect.height() / max(high, 1), rect.width() / max(wide, 1)
        return QRectF(rect.left() + cell[1] * broad, rect.top() + cell[0] * tall, broad, tall)

    def cell_at(self, at: QPointF) -> Cell | None:
        rect, (high, wide) = self.picture_rect(), self._size
        if not high or not rect.contains(at):
            return None
        row = int((at.y() - rect.top()) / rect.height() * high)
        column = int((at.x() - rect.left()) / rect.width() * wide)
        return min(row, high - 1), min(column, wide - 1)

    # --- hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point(self.cell_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.point(cell)
            self.clicked.emit(cell)

    def leaveEvent(self, event: QEvent) -> None:
        if not self.hasFocus():
            self.point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = ARROWS.get(Qt.Key(event.key()))
        if way is not None and self._size[0]:
            far = FAR if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 1
            self.move_by(way[0] * far, way[1] * far)
        elif event.key() == Qt.Key.Key_Escape and self.cell is not None:
            self.point(None)
        else:
            super().keyPressEvent(event)

    def move_by(self, rows: int, columns: int) -> None:
        """Point at a neighbour; first at the pixel that comes next, or at the middle."""
        high, wide = self._size
        if self.cell is None:
            self.point(self.next or (high // 2, wide // 2))
            return
        self.point((min(max(self.cell[0] + rows, 0), high - 1), min(max(self.cell[1] + columns, 0), wide - 1)))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.point(None)
        self.update()

    # --- painting

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.palette()
        painter.fillRect(self.rect(), QColor(colours.ground))
        if self._image.isNull():
            painter.setPen(QColor(colours.text))
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), wrap, self.empty_text)
        else:
            rect = self.picture_rect()
            shrunk = rect.width() * self.devicePixelRatioF() < self._image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
            painter.drawImage(rect, self._image)
            if self._missing is not None:
                self._hatch(painter, self._missing)
            self.paint_over(painter)
            if self.next is not None:
                frame(painter, self.cell_rect(self.next), colours.accent)
            if self.cell is not None:
                frame(painter, self.cell_rect(self.cell), colours.text)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def paint_over(self, painter: QPainter) -> None:
        """For those who have more to show."""

    def _hatch(self, painter: QPainter, missing: Mask) -> None:
        """Neutral, and like no picture: light and dark alike are values."""
        colours = theme.palette()
        rects = [self._span(row, first, last) for row, first, last in spans(missing)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.blend(colours.quiet, colours.ground, 0.22)))
        painter.drawRects(rects)
        painter.setBrush(QColor(theme.blend(colours.quiet, colours.ground, 0.5)))
        brush = painter.brush()
        brush.setStyle(Qt.BrushStyle.BDiagPattern)
        painter.setBrush(brush)
        painter.drawRects(rects)

    def _span(self, row: int, first: int, last: int) -> QRectF:
        start, end = self.cell_rect((row, first)), self.cell_rect((row, last))
        return QRectF(start.topLeft(), end.bottomRight())


def spans(mask: Mask) -> list[tuple[int, int, int]]:
    """Runs of what is set: row, first and last column."""
    found = []
    for row in np.flatnonzero(mask.any(1)):
        edge = np.diff(np.concatenate([[0], mask[row].astype(np.int8), [0]]))
        firsts, lasts = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) - 1
        found += [(int(row), int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]
    return found


def edges(mask: Mask) -> list[tuple[Cell, Cell]]:
    """The border of what is set, within the picture: each from one corner of a pixel, (row, column), to another."""
    down = np.argwhere(mask[1:] != mask[:-1])
    across = np.argwhere(mask[:, 1:] != mask[:, :-1])
    return [
        *(((int(r) + 1, int(c)), (int(r) + 1, int(c) + 1)) for r, c in down),
        *(((int(r), int(c) + 1), (int(r) + 1, int(c) + 1)) for r, c in across),
    ]


def lines(rect: QRectF, size: Cell, of: list[tuple[Cell, Cell]]) -> list[QLineF]:
    """Borders on the widget."""
    tall, broad = rect.height() / max(size[0], 1), rect.width() / max(size[1], 1)

    def place(corner: Cell) -> QPointF:
        return QPointF(rect.left() + corner[1] * broad, rect.top() + corner[0] * tall)

    return [QLineF(place(a), place(b)) for a, b in of]


def frame(painter: QPainter, rect: QRectF, colour: str) -> None:
    """Round a pixel, to be seen on black and on white."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.palette().base), 4))
    painter.drawRect(rect)
    painter.setPen(QPen(QColor(colour), 2))
    painter.drawRect(rect)
