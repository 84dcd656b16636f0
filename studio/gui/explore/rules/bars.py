"""How the teacher came about: for each label the student's probability, the truth of the rule, the factor that comes
of it, and what is left of their product once it sums to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.explore.rules import factors
from studio.gui import theme
from studio.gui.explore.rules.state import Read

ROW, HEAD, NAME, NUMBER, GAP = 26, 22, 76, 40, 22
TIPS = (
    "p(y|x): what the student says of the whole sentence",
    "r(x, y): how true “A but B is as B is” would be, were this the label; 1 where the rule is not about the sentence",
    "exp(−Cλ (1 − r)), over the largest of them: what the student's probability is multiplied by, as far as it counts",
    "q(y|x): p times the factor, divided by the sum over the labels",
)
HEADS = ("student p", "truth r", "factor", "teacher q")
SIGNS = ("", "", "×", "→")
"""Before each column: r is what the factor comes of, so nothing is reckoned before it."""


@dataclass(frozen=True)
class Row:
    """One label: its name, and p, r, the factor and q, each 0..1."""

    name: str
    values: tuple[float, float, float, float]

    @property
    def text(self) -> str:
        p, r, factor, q = self.values
        return f"{self.name}: p {p:.3f}, truth of the rule {r:.3f}, factor {factor:.3g}, q {q:.3f}"


def rows_of(read: Read, at: int) -> list[Row]:
    """The labels of one sentence, the last class (positive) first."""
    found = read.found
    factor = factors(found.truth[at], read.strength)
    columns = np.stack([found.student[at], found.truth[at], factor, read.teacher[at]], 1)
    made = [Row(name, tuple(map(float, columns[k]))) for k, name in enumerate(found.classes)]  # type: ignore[arg-type]
    return made[::-1]


class HowTaught(QWidget):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.setAccessibleName("how the teacher came about")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.theme.changed.connect(self.update)

    def show_rows(self, rows: list[Row]) -> None:
        high = self.sizeHint().height()
        self.rows = rows
        self.setAccessibleDescription("; ".join(r.text for r in rows))
        if self.sizeHint().height() != high:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, HEAD + ROW * max(len(self.rows), 2))

    def minimumSizeHint(self) -> QSize:
        return QSize(360, self.sizeHint().height())

    def _wide(self) -> float:
        """Of one column with its sign."""
        return (self.width() - NAME) / len(HEADS)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            column = int((event.pos().x() - NAME) // self._wide()) if event.pos().x() >= NAME else -1
            line = (event.pos().y() - HEAD) // ROW
            text = TIPS[column] if 0 <= column < len(TIPS) else ""
            if 0 <= line < len(self.rows):
                text = f"{self.rows[line].text}. {text}".strip()
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.palette()
        wide = self._wide()
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        painter.setPen(QColor(colours.quiet))
        centred = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for column, head in enumerate(HEADS):
            painter.drawText(QRectF(NAME + column * wide + GAP, 0, wide - GAP, HEAD), centred, head)
        for line, row in enumerate(self.rows):
            top = HEAD + line * ROW
            painter.setFont(theme.text_font())
            painter.setPen(QColor(colours.text))
            name = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, NAME - 4)
            painter.drawText(QRectF(0, top, NAME, ROW), centred, name)
            for column, value in enumerate(row.values):
                room = QRectF(NAME + column * wide, top, wide, ROW)
                self._cell(painter, room, SIGNS[column], value, strong=column in (0, 3))

    @staticmethod
    def _cell(painter: QPainter, room: QRectF, sign: str, value: float, *, strong: bool) -> None:
        colours = theme.palette()
        painter.setFont(theme.text_font())
        painter.setPen(QColor(colours.quiet))
        painter.drawText(QRectF(room.left(), room.top(), GAP - 4, room.height()), Qt.AlignmentFlag.AlignCenter, sign)
        bar = QRectF(room.left() + GAP, room.top() + 6, max(room.width() - GAP - NUMBER, 8), room.height() - 12)
        painter.fillRect(bar, QColor(theme.blend(colours.quiet, colours.window, 0.18)))
        filled = QRectF(bar.topLeft(), QPointF(bar.left() + bar.width() * min(max(value, 0.0), 1.0), bar.bottom()))
        painter.fillRect(filled, QColor(colours.accent if strong else colours.quiet))
        painter.setPen(QColor(colours.text))
        number = QRectF(bar.right() + 6, room.top(), NUMBER - 6, room.height())
        text = f"{value:.2f}" if value >= 0.005 or not value else "<.01"
        painter.drawText(number, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
