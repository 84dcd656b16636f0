"""A grid of pictures whose rows and columns mean something: headers at its sides, and a line under each picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.widgets import grid_layout
from studio.gui.widgets.image_grid import GAP, ImageGrid

PAD = 4
WIDEST = 88
"""Pixels that the names of rows may take."""


class TileGrid(ImageGrid):
    """See the module. Headers and captions are 11 px; of a caption the longest wording that fits is drawn.

    Args:
        name, multi: as in :class:`ImageGrid`.
    """

    def __init__(self, parent: QWidget | None = None, *, name: str = "sample", multi: bool = False) -> None:
        super().__init__(parent, name=name, multi=multi)
        self.across: int | None = None
        self.row_names: Sequence[str] = ()
        self.column_names: Sequence[str] = ()
        self.spread = False
        """Whether columns stand as far apart as their names need, where there is room."""
        self.captions: Sequence[Sequence[str]] = ()
        """For each tile its wordings, the longest first."""
        self.here: tuple[int, int] = (-1, -1)
        """Row and column whose names are marked: where the current latent is."""

    def set_tiles(
        self,
        images: npt.NDArray[Any],
        columns: int | None = None,
        row_names: Sequence[str] = (),
        column_names: Sequence[str] = (),
        captions: Sequence[Sequence[str]] = (),
    ) -> None:
        """Show uint8 N×H×W×3 in so many columns (None: as many as make them largest)."""
        self.across, self.row_names, self.column_names, self.captions = columns, row_names, column_names, captions
        self.set_images(images)
        self._arrange()
        self.update()

    def set_here(self, row: int, column: int) -> None:
        self.here = row, column
        self.update()

    # --- where things are

    def room_for(self, names: Sequence[str]) -> int:
        """Pixels that a column needs so that none of these names over it is cut."""
        return max(self._metrics.horizontalAdvance(name) for name in names) + 2 * PAD

    @property
    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme.text_font(theme.SMALL_PIXELS))

    @property
    def _line(self) -> int:
        return self._metrics.height() + 1

    @property
    def _side(self) -> int:
        widest = max((self._metrics.horizontalAdvance(n) for n in self.row_names), default=0)
        return min(widest, WIDEST) + 2 * PAD if self.row_names else 0

    @property
    def _head(self) -> int:
        return self._line + PAD if self.column_names else 0

    def _arrange(self) -> None:
        """Captions are left out where pictures would be smaller than they are."""
        ratio = self.devicePixelRatioF()
        below = round(self._line * ratio) if self.captions else 0
        best = self._best(below)
        if below and (best is None or best.tile_height < below):
            best = self._best(0)
        self._layout = best

    def _best(self, below: int) -> grid_layout.GridLayout | None:
        count, height, width = self.images.shape[:3]
        ratio = self.devicePixelRatioF()
        side, head, gap = round(self._side * ratio), round(self._head * ratio), round(GAP * ratio)
        area = int(self.width() * ratio) - side, int(self.height() * ratio) - head
        tries = range(1, count + 1) if self.across is None else [self.across]
        fits = (grid_layout.fixed(count, columns, width, height, area, gap, below) for columns in tries)
        best = max((f for f in fits if f), key=lambda f: (f.scale, -f.columns * f.rows, f.columns), default=None)
        if best is not None and self.spread and self.column_names:
            best = grid_layout.spread(best, area[0], round(self.room_for(self.column_names) * ratio))
        return None if best is None else replace(best, left=best.left + side, top=best.top + head)

    # --- painting

    def _mark(self, painter: QPainter, tile: QRectF, ratio: float) -> None:
        """A ring alone: a tick would hide a small picture, and the headers say too where it is."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.palette().accent), 2 * ratio))
        painter.drawRect(tile.adjusted(ratio, ratio, -ratio, -ratio))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._layout is None:
            return
        painter = QPainter(self)
        painter.setFont(theme.text_font(theme.SMALL_PIXELS))
        colours, metrics = theme.palette(), self._metrics
        columns, side, head, line = self._layout.columns, self._side, self._head, self._line
        middle = Qt.AlignmentFlag.AlignVCenter
        for row, name in enumerate(self.row_names[: self._layout.rows]):
            tile = self.tile_rect(row * columns)
            room = QRectF(tile.left() - side, tile.top(), side - PAD, tile.height())
            painter.setPen(QColor(colours.accent if row == self.here[0] else colours.text))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | middle, text)
        apart = 1
        beside = self._layout.beside / self.devicePixelRatioF()
        if self.column_names and len(self.images) and not self.spread:  # of wider names every n-th is drawn
            widest = max(metrics.horizontalAdvance(n) for n in self.column_names)
            pitch = self.tile_rect(0).width() + GAP
            apart = max(1, -(-min(widest, WIDEST) // int(max(pitch, 1))))
        for column in range(0, min(columns, len(self.column_names)), apart):
            tile = self.tile_rect(column)
            wide = tile.width() + beside + (apart - 1) * (tile.width() + GAP)
            room = QRectF(tile.center().x() - wide / 2, tile.top() - head, wide, head)
            painter.setPen(QColor(colours.accent if column == self.here[1] else colours.text))
            text = metrics.elidedText(self.column_names[column], Qt.TextElideMode.ElideRight, int(wide))
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | middle, text)
        painter.setPen(QColor(colours.quiet))
        for index, wordings in enumerate(self.captions[: len(self.images)] if self._layout.below else ()):
            tile = self.tile_rect(index)
            room = QRectF(tile.left() - 1, tile.bottom(), tile.width() + 2, line)
            fit = next((w for w in wordings if metrics.horizontalAdvance(w) <= room.width()), "")
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | middle, fit)


def stacked(first: QWidget, *below: QWidget, left: int = 0) -> QWidget:
    """The first as large as fits, the others under it; so many pixels free at the left."""
    made = QWidget()
    box = QVBoxLayout(made)
    box.setContentsMargins(left, 0, 0, 0)
    box.setSpacing(4)
    box.addWidget(first, 1)
    for part in below:
        box.addWidget(part)
    return made
