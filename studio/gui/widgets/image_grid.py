"""A grid of pictures, as large as fits: samples, picks, checkpoints. Hover enlarges, a click or Enter picks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from studio.gui import theme
from studio.gui.widgets import grid_layout
from studio.gui.widgets.atlas import Atlas
from studio.gui.widgets.zoom import Zoom

Pictures = npt.NDArray[np.uint8]
GAP = 2
"""Logical pixels between tiles: enough to tell them apart, little enough to keep them large."""


class ImageGrid(QWidget):
    """Pictures side by side on a neutral ground, enlarged by nearest neighbour, by whole numbers where that fits.

    A click picks one tile (``picked``) and selects it alone; Ctrl adds or removes, Shift extends; arrow keys move,
    Enter picks, Ctrl+Space selects, Z enlarges the current tile. The selected tiles have a ring and a tick.

    Args:
        name: what the pictures are, in the singular, for tooltips and screen readers ("sample").
        multi: whether several can be selected.
    """

    picked = Signal(int)
    selection_changed = Signal()
    activated = Signal(int)
    """A double click: open it, or what it stands for."""

    def __init__(self, parent: QWidget | None = None, *, name: str = "sample", multi: bool = True) -> None:
        super().__init__(parent)
        self.selected: set[int] = set()
        self.current = -1
        self.empty_text = ""
        """Shown in the middle while there are no pictures."""
        self.caption: Callable[[int], str] | None = None
        """More to say of a tile, for its tooltip."""
        self.drag_data: Callable[[int], QMimeData] | None = None
        """When set, tiles can be dragged away with this."""
        self._name = name
        self._multi = multi
        self._images: Pictures = np.zeros((0, 1, 1, 3), np.uint8)
        self._atlas = Atlas(self._images)
        self._in_a_row = 0
        self._layout: grid_layout.GridLayout | None = None
        self._zoom: Zoom | None = None
        self._pressed: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)
        self.setAccessibleName(f"{name}s")
        theme.theme.changed.connect(self.update)

    # --- what is shown

    @property
    def images(self) -> Pictures:
        """As given; not to be written to."""
        return self._images

    @property
    def columns(self) -> int:
        """Tiles in a row at the present size; 0 when nothing is shown."""
        return self._layout.columns if self._layout else 0

    @property
    def scale(self) -> float:
        """Device pixels for one image pixel; 0 when nothing is shown."""
        return self._layout.scale if self._layout else 0.0

    def set_images(self, images: npt.NDArray[Any], in_a_row: int = 0) -> None:
        """Show uint8 N×H×W×3, so many in a row (0: as many as make them large). The selection stays as far as there
        still are such tiles.

        Raises:
            ValueError: when the array has another shape or type.
        """
        if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
            raise ValueError(f"pictures are uint8 N×H×W×3, not {images.dtype} {images.shape}")
        same = images.shape == self._images.shape and in_a_row == self._in_a_row
        self._images, self._in_a_row = images, in_a_row
        self._atlas = Atlas(images)
        if not same:
            kept = {i for i in self.selected if i < len(images)}
            if kept != self.selected:
                self.selected = kept
                self.selection_changed.emit()
            self.current = min(self.current, len(images) - 1)
            self._arrange()
        if self._zoom is not None and self._zoom.isVisible():
            self._zoom.refresh(self.picture_of(self._zoom.index))
        self.update()

    def clear(self) -> None:
        self.set_images(np.zeros((0, 1, 1, 3), np.uint8))

    def select(self, indices: set[int]) -> None:
        """Select exactly these."""
        wanted = {i for i in indices if 0 <= i < len(self._images)}
        if wanted != self.selected:
            self.selected = wanted
            self.selection_changed.emit()
            self.update()

    def tile_rect(self, index: int) -> QRectF:
        """Where a tile is, in the widget's own coordinates."""
        if self._layout is None:
            return QRectF()
        ratio = self.devicePixelRatioF()
        return QRectF(*(v / ratio for v in self._layout.rect(index)))

    def tile_at(self, at: QPoint | QPointF) -> int:
        """The tile under a place of the widget, -1 for none."""
        ratio = self.devicePixelRatioF()
        return self._layout.at(at.x() * ratio, at.y() * ratio) if self._layout else -1

    def tile_name(self, index: int) -> str:
        """What a screen reader and the tooltip say of a tile."""
        height, width = self._images.shape[1:3]
        more = self.caption(index) if self.caption else f"{width}×{height} px"
        chosen = ", selected" if index in self.selected else ""
        return f"{self._name} {index + 1} of {len(self._images)} · {more}{chosen}"

    def picture(self) -> QImage:
        """All tiles as one image at their own size, one pixel apart, as they are arranged now."""
        return self._atlas.sheet(max(1, self.columns), QColor(theme.palette().ground))

    def picture_of(self, index: int) -> QImage:
        """One tile at its own size."""
        return self._atlas.picture(index)

    def _arrange(self) -> None:
        count, height, width = self._images.shape[:3]
        ratio = self.devicePixelRatioF()
        area = int(self.width() * ratio), int(self.height() * ratio)
        self._layout = grid_layout.fit(count, width, height, area, round(GAP * ratio), self._in_a_row)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.palette()
        painter.fillRect(event.rect(), QColor(colours.ground))
        if self._layout is None:
            if self.empty_text:
                painter.setPen(QColor(colours.quiet))
                painter.drawText(
                    self.rect().adjusted(16, 16, -16, -16),
                    Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                    self.empty_text,
                )
            return
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._layout.scale < 1)
        for index in range(len(self._images)):
            self._atlas.draw(painter, index, QRect(*self._layout.rect(index)))
        for index in self.selected:
            self._mark(painter, QRectF(*self._layout.rect(index)), ratio)
        if self.hasFocus() and 0 <= self.current < len(self._images):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(QColor(colours.text), max(1, round(ratio)), Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(*self._layout.rect(self.current)).adjusted(0, 0, -1, -1))

    def _mark(self, painter: QPainter, tile: QRectF, ratio: float) -> None:
        """A ring in the accent and a tick: selection is not told by colour alone."""
        colours = theme.palette()
        accent, on_accent = QColor(colours.accent), QColor(colours.on_accent)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(accent, 2 * ratio))
        painter.drawRect(tile.adjusted(ratio, ratio, -ratio, -ratio))
        size = min(16 * ratio, tile.width() / 2, tile.height() / 2)
        badge = QRectF(tile.right() - size, tile.top(), size, size)
        painter.fillRect(badge, accent)
        painter.setPen(QPen(on_accent, max(1.0, size / 8)))
        ticks = ((0.22, 0.52), (0.42, 0.72), (0.78, 0.3))
        painter.drawPolyline(QPolygonF([badge.topLeft() + QPointF(x * size, y * size) for x, y in ticks]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(480, 400)

    # --- hands

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.tile_at(event.pos())
            if index >= 0:
                self._enlarge(index, event.globalPos())
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._arrange()
            self.update()
        return super().event(event)

    def _enlarge(self, index: int, at: QPoint) -> None:
        if self._zoom is None:
            self._zoom = Zoom(self)
        self._zoom.show_tile(index, self.picture_of(index), self.tile_name(index), at)

    def _hide_zoom(self) -> None:
        if self._zoom is not None:
            self._zoom.hide()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.tile_at(event.position())
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            far = (event.position().toPoint() - self._pressed).manhattanLength()
            if self.drag_data is not None and far >= QApplication.startDragDistance():
                self._drag(self.tile_at(self._pressed))
            return
        if self._zoom is not None and self._zoom.isVisible():
            if index < 0:
                self._zoom.hide()
            elif index != self._zoom.index:
                self._enlarge(index, event.globalPosition().toPoint())

    def _drag(self, index: int) -> None:
        self._pressed = None
        self._hide_zoom()
        if index < 0 or self.drag_data is None:
            return
        drag = QDrag(self)
        drag.setMimeData(self.drag_data(index))
        drag.setPixmap(QPixmap.fromImage(self.picture_of(index).scaled(64, 64, Qt.AspectRatioMode.KeepAspectRatio)))
        drag.exec(Qt.DropAction.CopyAction)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hide_zoom()
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.tile_at(event.position())
        pressed, self._pressed = self._pressed, None
        if event.button() == Qt.MouseButton.LeftButton and pressed is not None and index == self.tile_at(pressed) >= 0:
            self._take(index, event.modifiers())
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.tile_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.activated.emit(index)

    def _take(self, index: int, keys: Qt.KeyboardModifier) -> None:
        before, self.current = self.current, index
        if self._multi and keys & Qt.KeyboardModifier.ControlModifier:
            self.select(self.selected ^ {index})
        elif self._multi and keys & Qt.KeyboardModifier.ShiftModifier and before >= 0:
            self.select(self.selected | set(range(min(before, index), max(before, index) + 1)))
        else:
            self.select({index})
            self.picked.emit(index)
        self._say()

    def _say(self) -> None:
        if 0 <= self.current < len(self._images):
            self.setAccessibleDescription(self.tile_name(self.current))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._layout is None:
            super().keyPressEvent(event)
            return
        count, columns = len(self._images), self._layout.columns
        moves = {
            Qt.Key.Key_Left: self.current - 1,
            Qt.Key.Key_Right: self.current + 1,
            Qt.Key.Key_Up: self.current - columns,
            Qt.Key.Key_Down: self.current + columns,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: count - 1,
        }
        key = Qt.Key(event.key())
        if key in moves:
            wanted = moves[key] if self.current >= 0 else 0
            if 0 <= wanted < count:
                self.current = wanted
                if self._multi and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                    self.select(self.selected | {wanted})
                self._hide_zoom()
                self._say()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self._take(self.current, event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier)
        elif key == Qt.Key.Key_Space and event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.current >= 0:
            self._take(self.current, Qt.KeyboardModifier.ControlModifier)
        elif key == Qt.Key.Key_Z and not event.modifiers() and self.current >= 0:
            self._enlarge(self.current, self.mapToGlobal(self.tile_rect(self.current).center().toPoint()))
        elif key == Qt.Key.Key_Escape and self._zoom is not None and self._zoom.isVisible():
            self._zoom.hide()
        elif key == Qt.Key.Key_C and event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.current >= 0:
            QGuiApplication.clipboard().setImage(self.picture_of(self.current))
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hide_zoom()

    def focusInEvent(self, event: QFocusEvent) -> None:
        if self.current < 0 and len(self._images):
            self.current = 0
        self._say()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def hideEvent(self, event: QEvent) -> None:
        self._hide_zoom()
