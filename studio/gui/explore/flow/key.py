"""What the colours of a density stand for: a bar with its ends."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.explore.flow_pictures import colour_map
from studio.gui import theme
from studio.gui.explore.film import to_image
from studio.gui.widgets.plot import plain

BAR = 96
HIGH = 10


class Key(QWidget):
    """A row as high as a line of small text."""

    def __init__(self) -> None:
        super().__init__()
        self._words: tuple[str, str, str] = ("", "", "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("what the colours stand for")

    def show_ends(self, low: float, high: float, *, log: bool) -> None:
        """Of a density in data units², or of its logarithm in nats."""
        words = ("≤ " + plain(low) if log else "0", plain(high), "nats" if log else "per unit²")
        if words != self._words:
            self._words = words
            what = "log-density" if log else "density"
            said = f"Colours: {what} from {words[0]} to {words[1]} {words[2]}, the highest that is seen now"
            self.setToolTip(said)
            self.setAccessibleDescription(said)
            self.updateGeometry()
            self.update()

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme.text_font(theme.SMALL_PIXELS))

    def sizeHint(self) -> QSize:
        metrics = self._metrics()
        low, high, unit = self._words
        wide = metrics.horizontalAdvance(low) + metrics.horizontalAdvance(f"{high} {unit}") + 2 * 6 + BAR
        return QSize(wide + 2, metrics.height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics = QPainter(self), self._metrics()
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        painter.setPen(QColor(theme.palette().quiet))
        low, high, unit = self._words
        left = metrics.horizontalAdvance(low) + 6
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, left, self.height()), middle, low)
        bar = QRectF(left, (self.height() - HIGH) / 2, BAR, HIGH)
        painter.drawImage(bar, to_image(np.ascontiguousarray(colour_map()[None])))
        rest = QRectF(left + BAR + 6, 0, self.width(), self.height())
        painter.drawText(rest, middle | Qt.AlignmentFlag.AlignLeft, f"{high} {unit}")
