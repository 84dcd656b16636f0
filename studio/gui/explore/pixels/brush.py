"""The canvas: an example on its way; a brush says what of it is drawn anew, by the mouse or by keys."""

from __future__ import annotations

import math
import time

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen

from studio.gui import theme
from studio.gui.explore.pixels.cells import ARROWS, Cell, Cells, Mask, edges, lines
from studio.gui.explore.pixels.state import footprint, stroked

WIDEST = 32
PAUSE = 0.8
"""Seconds of quiet after which keys begin a stroke of their own."""
LOOK = "Rest on a pixel for its distribution when its turn came; arrows move from pixel to pixel, Escape goes back."
TIP = (
    "Paint over what is to be drawn anew; with the right button, or while “Keep” is down, over what is to stay.\n"
    "Keys: arrows move the brush (Ctrl 4 px), Space or Return paints, Shift+arrows paint on the way, "
    "+ − the width of the brush, X changes between painting and keeping"
)


class Brush(Cells):
    """Whoever listens keeps the mask and shows it again with :meth:`show_mask`; the canvas itself remembers no edit."""

    stroked = Signal(object, object)
    """The mask of what is known, H×W, and what it merges with: the same for all of one stroke."""
    width_wanted = Signal(int)
    keep_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__("the example on its way")
        self.takes_space = False
        self.width_ = 3
        """Of the brush, in pixels of the picture."""
        self.keeps = False
        """Strokes say what is to stay."""
        self.known: Mask | None = None
        """What is given; None: there is nothing to paint on."""
        self._held: Cell | None = None
        """Where the stroke is."""
        self._keeping = False
        self._turn = 0
        self._keyed = -math.inf
        self.show_mask(None)

    def show_mask(self, known: Mask | None) -> None:
        """What is given; None: nothing can be painted here."""
        self.known = known
        self.takes_space = known is not None
        self.setToolTip(LOOK if known is None else TIP)
        self.update()

    # --- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if self.known is None or cell is None:
            super().mousePressEvent(event)
            return
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._turn += 1
            self._keyed = -math.inf
            self._keeping = self.keeps or event.button() == Qt.MouseButton.RightButton
            self._held = cell
            self.point(cell)
            self._stroke(cell, cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if self._held is None:
            self.point(cell)
        elif cell is not None and cell != self._held:
            start, self._held = self._held, cell
            self.mark(cell)
            self._stroke(start, cell)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._held = None
            self.pointed.emit(self.cell)
        super().mouseReleaseEvent(event)

    def _stroke(self, start: Cell, end: Cell) -> None:
        if self.known is None:
            return
        made = stroked(self.known, start, end, self.width_, keep=self._keeping)
        if not np.array_equal(made, self.known):
            self.stroked.emit(made, ("pixels stroke", id(self), self._turn))

    # --- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, before = Qt.Key(event.key()), self.cell
        if self.known is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if before is None:
                self.move_by(0, 0)
            elif not event.isAutoRepeat():
                self._by_key(before, before)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.width_wanted.emit(min(self.width_ + 1, WIDEST))
        elif key == Qt.Key.Key_Minus:
            self.width_wanted.emit(max(self.width_ - 1, 1))
        elif key == Qt.Key.Key_X:
            self.keep_wanted.emit(not self.keeps)
        else:
            super().keyPressEvent(event)
            painting = event.modifiers() & Qt.KeyboardModifier.ShiftModifier and key in ARROWS
            if painting and before is not None and self.cell is not None:
                self._by_key(before, self.cell)

    def _by_key(self, start: Cell, end: Cell) -> None:
        now = time.monotonic()
        if now - self._keyed > PAUSE:
            self._turn += 1
        self._keyed = now
        self._keeping = self.keeps
        self._stroke(start, end)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._keyed = -math.inf
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self._held is None:
            super().leaveEvent(event)

    # --- painting

    def paint_over(self, painter: QPainter) -> None:
        """The border between what is known and what is drawn, and what the brush would cover."""
        if self.known is None or self.known.shape != self._size:
            return
        colours, rect = theme.palette(), self.picture_rect()
        self._lines(painter, rect, edges(self.known), colours.accent, 2)
        if self.cell is not None and self.width_ > 1:
            self._lines(painter, rect, edges(footprint(self.cell, self.width_, self._size)), colours.text, 1.5)

    def _lines(self, painter: QPainter, rect: QRectF, of: list[tuple[Cell, Cell]], colour: str, wide: float) -> None:
        drawn = lines(rect, self._size, of)
        for ink, width in ((theme.palette().base, wide + 2), (colour, wide)):
            painter.setPen(QPen(QColor(ink), width))
            painter.drawLines(drawn)

    @property
    def middle(self) -> QPointF:
        """Of the picture, on the widget."""
        return self.picture_rect().center()
