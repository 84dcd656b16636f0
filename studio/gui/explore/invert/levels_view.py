"""The latent of a picture, level by level: each channel as a small picture in σ, beside its histogram and N(0, 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.gui import theme
from studio.gui.explore.film import to_image
from studio.gui.explore.invert.moves import Floats, levels_of
from studio.gui.widgets import grid_layout
from studio.models.core.latents import Prior

REACH = 3.0
"""σ at the ends of the colours; values beyond them look like the ends."""
BINS = 27
"""From −4.5 to 4.5 σ."""
HISTOGRAM = 60
"""Pixels that it is wide."""
GAP = 6
NORMAL = [((x + 4.5) / 9, math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)) for x in np.linspace(-4.5, 4.5, 31).tolist()]
"""The density of N(0, 1) over −4.5..4.5 σ as 0..1."""


@dataclass(frozen=True, eq=False)
class _Level:
    """One level: its values C×H×W, and its channels as images."""

    name: str
    values: Floats
    images: list[QImage]
    counts: npt.NDArray[np.float64]

    @property
    def size(self) -> str:
        return "×".join(map(str, self.values.shape))

    @property
    def sigma(self) -> float:
        """Root-mean-square, about 1 for what the prior draws."""
        return float(np.sqrt(np.square(self.values, dtype=np.float64).mean()))

    @property
    def words(self) -> str:
        """For screen readers and the tooltip."""
        low, high = (_number(float(v)) for v in (self.values.min(), self.values.max()))
        mean = _number(float(self.values.mean()))
        return f"{self.name}, {self.size}: mean {mean}, root-mean-square {self.sigma:.2f}, {low} to {high}, in σ"


class LevelsView(QWidget):
    """See the module. Arrow keys go from level to level and say what is there; hovering tells single values."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[_Level] = []
        self.current = 0
        self._z: tuple[Prior, Floats] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 120)
        self.setAccessibleName("latent by level")
        theme.theme.changed.connect(self._draw)

    def show_latent(self, prior: Prior, z: Floats | None) -> None:
        """Show a latent (size,); None: nothing."""
        self._z = None if z is None else (prior, z)
        self._draw()

    def _draw(self) -> None:
        self.levels = []
        if self._z is not None:
            prior, z = self._z
            table = colours()
            for part, where in levels_of(prior):
                values = z[where].reshape(part.shape or (1, 1, part.size))
                values = values if values.ndim == 3 else values.reshape(1, 1, -1)
                level = np.nan_to_num(np.clip(values / REACH, -1, 1)) * 127.5 + 127.5
                painted = table[np.rint(level).astype(np.uint8)]
                known = np.clip(values[np.isfinite(values)], -4.4, 4.4)
                counts, _ = np.histogram(known, bins=BINS, range=(-4.5, 4.5))
                share = counts / max(values.size, 1) / (9 / BINS)
                self.levels.append(_Level(part.name, values, [to_image(c) for c in painted], share))
        self.current = min(self.current, max(len(self.levels) - 1, 0))
        self._say()

    def _say(self) -> None:
        self.setAccessibleDescription(self.levels[self.current].words if self.levels else "nothing yet")
        self.update()

    # --- where things are

    @property
    def _line(self) -> int:
        return QFontMetrics(theme.text_font(theme.SMALL_PIXELS)).height()

    def _row(self, index: int) -> QRectF:
        """All of a level: its name, its channels, its histogram."""
        room = self.height() - self._line - GAP
        high = room / max(len(self.levels), 1)
        return QRectF(0, index * high, self.width(), high - GAP)

    def _tiles(self, index: int) -> tuple[QRectF, grid_layout.GridLayout | None]:
        """The room of a level's channels, and how they lie there in device pixels."""
        row, ratio = self._row(index), self.devicePixelRatioF()
        room = QRectF(0, row.top() + self._line, row.width() - HISTOGRAM - GAP, row.height() - self._line)
        count, height, width = self.levels[index].values.shape
        area = int(room.width() * ratio), int(room.height() * ratio)
        return room, grid_layout.fit(count, width, height, area, max(1, round(ratio)))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        palette = theme.palette()
        painter.fillRect(self.rect(), QColor(palette.ground))
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        if not self.levels:
            return
        for index, level in enumerate(self.levels):
            row = self._row(index)
            here = index == self.current and self.hasFocus()
            painter.setPen(QColor(palette.accent if here else palette.text))
            text = f"{level.name} · {level.size}"
            name = QRectF(4, row.top(), row.width() - HISTOGRAM - GAP, self._line)
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(name.width()))
            painter.drawText(name, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
            painter.setPen(QColor(palette.quiet))
            said = QRectF(row.right() - HISTOGRAM - 4, row.top(), HISTOGRAM, self._line)
            painter.drawText(said, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"σ {level.sigma:.2f}")
            self._draw_channels(painter, index)
            below = row.adjusted(row.width() - HISTOGRAM - 4, self._line + 2, -4, 0)
            _draw_histogram(painter, below, level.counts)
        self._draw_scale(painter)

    def _draw_channels(self, painter: QPainter, index: int) -> None:
        room, layout = self._tiles(index)
        if layout is None:
            return
        ratio = self.devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, layout.scale < 1)
        for i, image in enumerate(self.levels[index].images):
            x, y, width, height = (v / ratio for v in layout.rect(i))
            painter.drawImage(QRectF(room.left() + x, room.top() + y, width, height), image)

    def _draw_scale(self, painter: QPainter) -> None:
        """Which colour is how many σ."""
        palette, line = theme.palette(), self._line
        y = self.height() - line - 1
        ends = f"−{REACH:.0f} σ", f"{REACH:.0f} σ"
        wide = painter.fontMetrics().horizontalAdvance(ends[0]) + 4
        painter.setPen(QColor(palette.quiet))
        painter.drawText(QRectF(4, y, wide, line), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, ends[0])
        bar = QRectF(4 + wide, y + 3, 60, line - 6)
        painter.drawImage(bar, to_image(colours()[None]))
        painter.drawText(
            QRectF(bar.right() + 4, y, 40, line), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, ends[1]
        )
        text = "bars: values · line: N(0, 1)"
        room = self.width() - bar.right() - 44
        if painter.fontMetrics().horizontalAdvance(text) <= room:
            at = QRectF(bar.right() + 40, y, room, line)
            painter.drawText(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def sizeHint(self) -> QSize:
        return QSize(260, 240)

    # --- hands

    def told(self, at: QPointF) -> str:
        """What is at a place of the widget, in words."""
        index = next((i for i in range(len(self.levels)) if self._row(i).contains(at)), -1)
        if index < 0:
            return ""
        level, (room, layout) = self.levels[index], self._tiles(index)
        ratio = self.devicePixelRatioF()
        x, y = (at.x() - room.left()) * ratio, (at.y() - room.top()) * ratio
        channel = layout.at(x, y) if layout is not None and room.contains(at) else -1
        if layout is None or channel < 0:
            return level.words
        left, top, _, _ = layout.rect(channel)
        row = min(int((y - top) / layout.scale), level.values.shape[1] - 1)
        column = min(int((x - left) / layout.scale), level.values.shape[2] - 1)
        value = _number(float(level.values[channel, row, column]))
        return f"{level.name}, channel {channel + 1}, row {row + 1}, column {column + 1}: {value} σ"

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        if by is None or not self.levels:
            super().keyPressEvent(event)
            return
        self.current = min(max(self.current + by, 0), len(self.levels) - 1)
        self._say()

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()


def _draw_histogram(painter: QPainter, room: QRectF, density: npt.NDArray[np.float64]) -> None:
    """Bars of a density from −4.5 to 4.5 σ, and that of the normal distribution as a line."""
    if room.height() < 12:
        return
    palette = theme.palette()
    top = max(float(density.max()), 0.42)
    step = room.width() / len(density)
    painter.setPen(QColor(palette.line))
    painter.drawLine(QPointF(room.left(), room.bottom()), QPointF(room.right(), room.bottom()))
    bar = QColor(theme.curve_pen(0)[0])
    for i, share in enumerate(density):
        high = (room.height() - 1) * float(share) / top
        painter.fillRect(QRectF(room.left() + i * step, room.bottom() - high, max(step - 0.5, 0.5), high), bar)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(palette.text), 1))
    left, wide, high = room.left(), room.width(), (room.height() - 1) / top
    painter.drawPolyline(QPolygonF([QPointF(left + x * wide, room.bottom() - y * high) for x, y in NORMAL]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def colours() -> npt.NDArray[np.uint8]:
    """256 colours from −REACH to REACH: from the first curve's colour through the ground of fields to the second's."""
    low, middle, high = (
        np.array([colour.red(), colour.green(), colour.blue()], np.float64)
        for colour in map(QColor, (theme.curve_pen(0)[0], theme.palette().base, theme.curve_pen(1)[0]))
    )
    share = np.linspace(-1, 1, 256)[:, None]
    made = np.where(share < 0, middle + (low - middle) * -share, middle + (high - middle) * share)
    return np.rint(made).astype(np.uint8)


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
