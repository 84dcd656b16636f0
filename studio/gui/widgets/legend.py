"""The line above a plot: what each curve or mark is, what it reads. Painted, so that changing numbers cost nothing."""

from __future__ import annotations

from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.gui import theme
from studio.gui.glossary import Card, terms
from studio.gui.widgets.marks import Mark, Shape, picture

SWATCH = 20
MARK = 11
GAP = 4
BETWEEN = 8
TYPICAL = "−0.00000"
"""Room for a value; a longer one runs into the space after it."""


@dataclass(eq=False)
class Entry:
    """One curve as the legend shows it; ``value`` is text, "" where there is none; ``term``: of the glossary;
    ``shape``: of the mark that stands for points, in place of a curve's line."""

    label: str
    colour: str
    dash: list[float]
    value: str = ""
    hidden: bool = False
    term: str = ""
    shape: Shape | None = None


class Legend(QWidget):
    """Entries in reading order, wrapped to the width. A click or Enter hides a curve or shows it again; resting on one,
    or Shift+F1, says what it is.

    Args:
        name: what the entries are, for screen readers.
        alone: whether one can be shown without the others, by Ctrl and a click or Enter.
    """

    toggled = Signal(int)
    only = Signal(int)
    """Show this one without the others."""

    def __init__(self, parent: QWidget | None = None, *, name: str = "curves", alone: bool = False) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self._alone = alone
        self._places: list[QRect] = []
        self._current = 0
        self._card: Card | None = None
        self._carded = -1
        self.setFont(theme.text_font(theme.SMALL_PIXELS + 1))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def set_entries(self, entries: list[Entry]) -> None:
        self.entries = entries
        self._current = max(0, min(self._current, len(entries) - 1))
        self._arrange()
        self.update()

    def set_values(self, values: list[str]) -> None:
        """The numbers beside the labels, in the order of the entries."""
        if [e.value for e in self.entries] == values:
            return
        for entry, value in zip(self.entries, values, strict=True):
            entry.value = value
        self.setAccessibleDescription(", ".join(f"{e.label} {e.value}" for e in self.entries))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(self.width(), 1)))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._lay_out(width)[1]

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        self._places, height = self._lay_out(self.width())
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def _lay_out(self, width: int) -> tuple[list[QRect], int]:
        metrics = self.fontMetrics()
        room = metrics.horizontalAdvance(TYPICAL)
        line = metrics.height() + 4
        x = y = 0
        places = []
        for entry in self.entries:
            wide = min(SWATCH + GAP + metrics.horizontalAdvance(entry.label) + 2 + GAP + room, max(width, 1))
            if x and x + wide > width:
                x, y = 0, y + line
            places.append(QRect(x, y, wide, line))
            x += wide + BETWEEN
        return places, (y + line if places else line)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        metrics = painter.fontMetrics()
        for index, (entry, place) in enumerate(zip(self.entries, self._places, strict=True)):
            pen = QPen(QColor(entry.colour), 2)
            if entry.dash:
                pen.setDashPattern([d / 2 for d in entry.dash])
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)  # square ends would fill the gaps between dots
            painter.setPen(pen)
            middle = place.center().y()
            if entry.shape is not None:
                side = round(MARK * self.devicePixelRatioF())
                drawn = picture(Mark(colours.line if entry.hidden else entry.colour, entry.shape), side)
                drawn.setDevicePixelRatio(self.devicePixelRatioF())
                painter.drawImage(QPoint(place.left() + (SWATCH - MARK) // 2, middle - MARK // 2), drawn)
            elif not entry.hidden:
                painter.drawLine(place.left(), middle, place.left() + SWATCH, middle)
            room = metrics.horizontalAdvance(TYPICAL)
            text = place.adjusted(SWATCH + GAP, 0, -(room + GAP), 0)
            painter.setPen(QColor(colours.quiet if entry.hidden else colours.text))
            font = painter.font()
            font.setStrikeOut(entry.hidden)
            painter.setFont(font)
            label = metrics.elidedText(entry.label, Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label)
            font.setStrikeOut(False)
            painter.setFont(font)
            if not entry.hidden:
                number = place.adjusted(
                    SWATCH + GAP + min(text.width(), metrics.horizontalAdvance(label)) + GAP, 0, 0, 0
                )
                painter.setPen(QColor(colours.quiet))
                painter.drawText(number, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, entry.value)
            if self.hasFocus() and index == self._current:
                painter.setPen(QPen(QColor(colours.accent), 1))
                painter.drawRect(place.adjusted(0, 0, -1, -1))

    def _at(self, x: float, y: float) -> int:
        return next((i for i, place in enumerate(self._places) if place.contains(int(x), int(y))), -1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position().x(), event.position().y())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._press(index, event.modifiers())

    def _press(self, index: int, keys: Qt.KeyboardModifier) -> None:
        lone = self._alone and keys & Qt.KeyboardModifier.ControlModifier
        (self.only if lone else self.toggled).emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_F1 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier and self.entries:
            self._explain(self._current)
        elif key in moves and self.entries:
            self._current = (self._current + moves[key]) % len(self.entries)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.entries:
            self._press(self._current, event.modifiers())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._at(event.pos().x(), event.pos().y())
            if index >= 0 and not self._explain(index):
                entry = self.entries[index]
                what = "show" if entry.hidden else "hide"
                QToolTip.showText(
                    event.globalPos(),
                    f"{entry.label}: {entry.value or 'no value here'}\nClick to {what}"
                    + (", Ctrl+click to see it alone" if self._alone else ""),
                )
            return True
        return super().event(event)

    def _explain(self, index: int) -> bool:
        """The card of what this curve estimates; False when the glossary has none."""
        found = terms().get(self.entries[index].term)
        if found is None:
            return False
        if self.card is None or self._carded != index:
            self._close_card()
            self._card, self._carded = Card(found, self), index
            self._card.show_at(self.mapToGlobal(self._places[index].bottomLeft()))
        return True

    @property
    def card(self) -> Card | None:
        """What is explained now; a card closes by itself when the mouse has left."""
        return self._card if self._card is not None and shiboken6.isValid(self._card) else None

    def _close_card(self) -> None:
        card, self._card = self.card, None
        if card is not None:
            card.hide()
            card.deleteLater()  # close() would crash Qt if the legend itself goes before the next event

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._at(event.position().x(), event.position().y()) != self._carded:
            self._close_card()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
