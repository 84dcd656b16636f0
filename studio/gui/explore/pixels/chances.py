"""The distribution of a value when its turn came: a bar for each value that it could have become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui import theme

RAMP = 8
"""Height of the grey levels under the bars."""
THINNEST = 2.0
"""Pixels that a bar is wide at least: a peak at one of 256 levels is to be seen."""
FEW = 4
"""Up to so many values have a number over each bar."""


@dataclass(frozen=True, eq=False)
class Chance:
    """p(v | what came before), V numbers; what it became (None: it is not drawn yet); ``name``: of the channel."""

    p: npt.NDArray[np.floating]
    chosen: int | None
    name: str = ""
    given: bool = False
    """It was not drawn but given."""

    def told(self, value: int) -> str:
        """ "value 137 (of 0–255): p 0.042"."""
        most = len(self.p) - 1
        which = f"{'01'[value]}" if most == 1 else f"{value} of 0–{most}"
        return f"{self.name + ' ' if self.name else ''}value {which}: p {chance(float(self.p[value]))}"


def chance(p: float) -> str:
    """A probability as it is read: 0.83, 0.0042, < 0.0001."""
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.3f}" if p >= 0.01 else f"{p:.4f}"


class Chances(QWidget):
    """See the module. Pointing at a value, by mouse or arrow keys, tells its probability."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: tuple[Chance, ...] = ()
        self.at: tuple[int, int] | None = None
        """What is pointed at: which chart, and which value."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(180, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("distribution of the value")
        self.setToolTip(
            "How likely each value was, given those before it; the arrow marks what it became (← → read it)"
        )
        theme.theme.changed.connect(self.update)

    def show_chances(self, shown: tuple[Chance, ...]) -> None:
        self.shown = shown
        if self.at is not None and (self.at[0] >= len(shown) or self.at[1] >= len(shown[self.at[0]].p)):
            self.at = None
        self.setAccessibleDescription("; ".join(self._said(c) for c in shown))
        self.update()

    @staticmethod
    def _said(one: Chance) -> str:
        best = int(np.argmax(one.p))
        said = f"likeliest: {one.told(best)}"
        return said if one.chosen is None else f"{said}; became {one.told(one.chosen)}"

    # --- where things are

    @property
    def _line(self) -> int:
        return self.fontMetrics().height() + 2

    def room(self, index: int) -> QRectF:
        """Of the bars of one chart."""
        high = self.height() / max(len(self.shown), 1)
        top = index * high + (self._line if len(self.shown[index].p) <= FEW or self.shown[index].name else 4)
        bottom = (index + 1) * high - RAMP - 3 - self._line
        return QRectF(3, top, self.width() - 6, max(bottom - top, 8))

    def _at(self, place: QPointF) -> tuple[int, int] | None:
        if not self.shown:
            return None
        index = min(max(int(place.y() // (self.height() / len(self.shown))), 0), len(self.shown) - 1)
        room, count = self.room(index), len(self.shown[index].p)
        value = int((place.x() - room.left()) / room.width() * count)
        return (index, value) if 0 <= value < count else None

    # --- hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        if not self.hasFocus():
            self._point(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._point(None)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.shown:
            super().keyPressEvent(event)
            return
        index, value = self.at or (0, self.shown[0].chosen or 0)
        count = len(self.shown[index].p)
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10}
        key = Qt.Key(event.key())
        if key in move:
            self._point((index, min(max(value + (move[key] if self.at else 0), 0), count - 1)))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            other = min(max(index + (1 if key == Qt.Key.Key_Down else -1), 0), len(self.shown) - 1)
            self._point((other, min(value, len(self.shown[other].p) - 1)))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._point((index, 0 if key == Qt.Key.Key_Home else count - 1))
        else:
            super().keyPressEvent(event)

    def _point(self, at: tuple[int, int] | None) -> None:
        if at != self.at:
            self.at = at
            if at is not None:
                self.setAccessibleDescription(self.shown[at[0]].told(at[1]))
            self.update()

    # --- painting

    def sizeHint(self) -> QSize:
        return QSize(220, 220)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        for index, one in enumerate(self.shown):
            self._chart(painter, index, one)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.palette().accent), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _chart(self, painter: QPainter, index: int, one: Chance) -> None:
        colours, room, count = theme.palette(), self.room(index), len(one.p)
        top = 1.0 if count <= FEW else max(float(one.p.max()), 1e-6)
        pitch = room.width() / count
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.setBrush(QColor(colours.base))
        painter.drawRect(room.adjusted(-1, -1, 1, 1))
        painter.setPen(Qt.PenStyle.NoPen)
        gap = 1.0 if pitch >= 4 else 0.0
        for value in range(count):
            share = min(max(float(one.p[value]) / top, 0.0), 1.0)
            left, high = room.left() + value * pitch, share * room.height()
            chosen = one.chosen == value
            wide = max(pitch - 2 * gap, THINNEST)
            bar = QRectF(min(left + gap, room.right() - wide), room.bottom() - high, wide, high)
            painter.fillRect(bar, QColor(colours.accent if chosen or count > FEW else colours.quiet))
            level = round(value * 255 / max(count - 1, 1))
            painter.fillRect(QRectF(left, room.bottom() + 2, pitch + 0.5, RAMP), QColor(level, level, level))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(room.left(), room.bottom() + 2, room.width(), RAMP))
        painter.setPen(QColor(colours.text))
        line = QRectF(room.left(), room.top() - self._line, room.width(), self._line)
        middle = Qt.AlignmentFlag.AlignVCenter
        if count <= FEW:
            for value in range(count):
                over = QRectF(room.left() + value * pitch, line.top(), pitch, line.height())
                painter.drawText(over, Qt.AlignmentFlag.AlignHCenter | middle, chance(float(one.p[value])))
        elif one.name:
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | middle, one.name)
        if one.chosen is not None:
            self._mark(painter, room, room.left() + (one.chosen + 0.5) * pitch)
        under = QRectF(room.left(), room.bottom() + RAMP + 3, room.width(), self._line)
        if self.at is not None and self.at[0] == index:
            x = room.left() + (self.at[1] + 0.5) * pitch
            painter.setPen(QPen(QColor(colours.text), 1))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            painter.drawText(under, Qt.AlignmentFlag.AlignHCenter | middle, one.told(self.at[1]))
        elif count <= FEW:
            for value in range(count):
                below = QRectF(room.left() + value * pitch, under.top(), pitch, under.height())
                painter.setPen(QColor(colours.text if one.chosen == value else colours.quiet))
                painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | middle, named(value, count))
        else:
            painter.setPen(QColor(colours.quiet))
            painter.drawText(under, Qt.AlignmentFlag.AlignLeft | middle, "0")
            painter.drawText(under, Qt.AlignmentFlag.AlignRight | middle, str(count - 1))
            painter.drawText(under, Qt.AlignmentFlag.AlignHCenter | middle, f"highest: p {chance(top)}")

    @staticmethod
    def _mark(painter: QPainter, room: QRectF, x: float) -> None:
        """A small arrow below what it became, over the grey levels."""
        colours = theme.palette()
        tip = QPointF(x, room.bottom() - 1)
        arrow = QPolygonF([tip, tip + QPointF(-5, 10), tip + QPointF(5, 10)])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.base), 1.5))
        painter.setBrush(QColor(colours.text))
        painter.drawPolygon(arrow)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def named(value: int, count: int) -> str:
    """Under a bar of one of a few values."""
    if count == 2:
        return ("0, black", "1, white")[value]
    return str(value)
