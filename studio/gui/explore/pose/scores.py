"""How well the parts of what was made agree with the pose: a bar for each part, of one run or of two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.data.body_pictures import PART_COLOURS
from studio.data.skeleton import PARTS
from studio.gui import theme

LOWEST = -6.0
"""Nats per pixel at which a bar is empty; a probability of a quarter of a per cent."""
LINE = 17
NUMBER = 46
SWATCH = 10
TOTAL = "all parts: f"
UNIT = "nats per pixel"


@dataclass(frozen=True, eq=False)
class Scored:
    """Of one run: by part, and in total; NaN for parts that the pose lacks."""

    name: str
    parts: Mapping[str, float]
    total: float


def of_answer(name: str, scores: Mapping[str, np.ndarray[tuple[int], np.dtype[np.float32]]], total: float) -> Scored:
    """What came of one pose."""
    return Scored(name, {part: float(values[0]) for part, values in scores.items()}, total)


class Scores(QWidget):
    """See the module. A full bar is a parser that is sure of every pixel: 0 nats. It is the key of the colours too."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: Sequence[Scored] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("score of the constraint by part")
        theme.theme.changed.connect(self.update)

    def show_scores(self, *runs: Scored) -> None:
        """Of one run, or of two; none: the key of the colours alone."""
        self.runs = runs
        self.setAccessibleDescription("; ".join(self.words(name) for name in self.rows if runs))
        self.update()

    @property
    def rows(self) -> tuple[str, ...]:
        return (TOTAL, *PARTS)

    def value(self, run: Scored, row: str) -> float:
        return run.total if row == TOTAL else run.parts.get(row, math.nan)

    def words(self, row: str) -> str:
        """One row as a person reads it."""
        if not self.runs:
            return row
        said = []
        for run in self.runs:
            value = self.value(run, row)
            lead = f"{run.name}: " if len(self.runs) > 1 else ""
            if math.isnan(value):
                said.append(f"{lead}not in this pose")
            else:
                said.append(f"{lead}{signed(value)} {UNIT}, a probability of {math.exp(min(value, 0)):.2f}")
        return f"{row}: {'; '.join(said)}"

    def sizeHint(self) -> QSize:
        return QSize(240, LINE * len(self.rows) + 4)

    def row_at(self, y: float) -> str:
        index = int(y // LINE)
        return self.rows[index] if 0 <= index < len(self.rows) else ""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self.row_at(event.pos().y())
            QToolTip.showText(event.globalPos(), self.words(row) if row else "", self)
            return True
        return super().event(event)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        metrics = painter.fontMetrics()
        names = max(metrics.horizontalAdvance(name) for name in self.rows) + SWATCH + 14
        numbers = NUMBER * max(len(self.runs), 1)
        for index, name in enumerate(self.rows):
            top = index * LINE + (4 if index else 0)
            self._name(painter, metrics, name, QRectF(0, top, names, LINE))
            room = QRectF(names, top + 2, max(self.width() - names - numbers - 4, 8), LINE - 4)
            self._bars(painter, name, room)

    def _name(self, painter: QPainter, metrics: QFontMetrics, name: str, room: QRectF) -> None:
        colours = theme.palette()
        if name in PART_COLOURS:
            swatch = QRectF(room.x(), room.center().y() - SWATCH / 2, SWATCH, SWATCH)
            painter.setPen(QPen(QColor(colours.quiet), 1))
            painter.setBrush(QColor(*PART_COLOURS[name]))
            painter.drawRect(swatch.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QColor(colours.text))
        left = SWATCH + 6 if name in PART_COLOURS else 0
        painter.drawText(room.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)

    def _bars(self, painter: QPainter, name: str, room: QRectF) -> None:
        colours = theme.palette()
        painter.fillRect(room, QColor(theme.blend(colours.quiet, colours.window, 0.14)))
        high = room.height() / max(len(self.runs), 1)
        for number, run in enumerate(self.runs):
            value = self.value(run, name)
            text = QRectF(room.right() + 4 + number * NUMBER, room.top() - 2, NUMBER - 2, LINE)
            painter.setPen(QColor(colours.quiet if number else colours.text))
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(text, side, "–" if math.isnan(value) else signed(value))
            if math.isnan(value):
                continue
            share = min(max(1 - value / LOWEST, 0.0), 1.0)
            bar = QRectF(room.left(), room.top() + number * high, room.width() * share, high - (len(self.runs) > 1))
            painter.fillRect(bar, QColor(colours.quiet if number else colours.accent))


def signed(value: float) -> str:
    """To a hundredth, with a minus that is as wide as a plus."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
