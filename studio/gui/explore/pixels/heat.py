"""Surprise as colours: nats by a perceptual map, and the key to it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.explore.drawings import OUTSIDE
from studio.explore.questions import Pictures
from studio.gui import theme
from studio.gui.explore.film import to_image

Nats = npt.NDArray[np.float32]
SHARE = 99.0
"""Percentile of the pixels that surprise at all at which the colours end: a single one shall not make all others look
alike."""
LEAST = 0.1
"""Nats below which a pixel hardly surprises; the colours end there at least."""
OVER = 0.7
"""Share of the colours, where they lie over the picture."""


def short(nats: float) -> str:
    """Nats under a small picture: 83.1, 12,012."""
    return f"{nats:.1f}" if abs(nats) < 1000 else f"{nats:,.0f}"


def table() -> npt.NDArray[np.uint8]:
    """Viridis, 256×3: even steps are seen as even ones, in grey and by the colour-blind as well."""
    colours: npt.NDArray[np.uint8] = pg.colormap.get("viridis").getLookupTable(nPts=256, mode="byte")[:, :3]
    return colours


def ends(nats: Nats) -> tuple[float, bool]:
    """Nats at which the colours end, and whether some pixels go beyond."""
    some = nats[np.isfinite(nats) & (nats > LEAST)]
    if not len(some):
        return LEAST, False
    high = float(np.percentile(some, SHARE))
    return high, bool(some.max() > high)


def coloured(nats: Nats, high: float) -> Pictures:
    """N×H×W×3; grey where there is no value."""
    share = np.clip(np.nan_to_num(nats) / high, 0, 1)
    picture: Pictures = table()[np.rint(255 * share).astype(np.uint8)]
    picture[np.isnan(nats)] = OUTSIDE
    return picture


def over(pictures: Pictures, map_: Pictures) -> Pictures:
    """The map laid over the pictures."""
    mixed: Pictures = np.rint(OVER * map_ + (1 - OVER) * pictures).astype(np.uint8)
    return mixed


class Legend(QWidget):
    """The colours from 0 nats to the end of the scale."""

    def __init__(self) -> None:
        super().__init__()
        self.high, self.beyond, self.of = 1.0, False, "pixel"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("colours of the surprise map")
        theme.theme.changed.connect(self.update)

    def show_scale(self, high: float, *, beyond: bool, of: str = "pixel") -> None:
        """``beyond``: some are more surprising than the last colour says. ``of``: what one cell of the map is."""
        self.high, self.beyond, self.of = high, beyond, of
        self.setAccessibleDescription(f"from 0 to {self.end}")
        self.setToolTip(
            "Surprise: −log p of a value under those before it, summed over the channels of a pixel"
            + (f"; a few lie beyond {high:.2f} nats" if beyond else "")
        )
        self.update()

    @property
    def end(self) -> str:
        return f"{'≥ ' if self.beyond else ''}{self.high:.2f} nats per {self.of}"

    def sizeHint(self) -> QSize:
        return QSize(240, 12 + self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.palette()
        bar = QRectF(0.5, 0.5, self.width() - 1, 11)
        painter.drawImage(bar, to_image(table()[None]))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawRect(bar)
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        painter.setPen(QColor(colours.text))
        below = QRectF(0, 13, self.width(), self.height() - 13)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, self.end)
