"""A pad to drag across: seeds at its corners, every place between them is a latent between theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from studio.explore.questions import Decoded, Pictures
from studio.gui import theme
from studio.gui.explore.explorer import Explorer
from studio.gui.explore.film import to_image
from studio.gui.explore.parts import button, choose, quiet, row, way_box
from studio.gui.explore.state import Latents, PathKind, corners

TILES = 7
STEP = 0.02


class PadView(QWidget):
    """The square with the pictures of the lattice and a ring at the place. Arrow keys move it, Shift faster."""

    moved = Signal(float, float)
    """(x, y) in 0..1 from the top left."""

    def __init__(self) -> None:
        super().__init__()
        self.at = (0.5, 0.5)
        self.side = 2
        self.gesture = 0
        self.image = QImage()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("lattice of seeds")
        self.setToolTip("Drag to go between the seeds; arrow keys do the same, with Shift in larger steps")

    def sizeHint(self) -> QSize:
        return QSize(300, 300)

    def show_at(self, at: tuple[float, float], side: int) -> None:
        self.at, self.side = at, side
        self.setAccessibleDescription(f"{at[0]:.0%} from the left, {at[1]:.0%} from the top")
        self.update()

    def show_tiles(self, tiles: Pictures | None) -> None:
        """TILES² pictures, row by row; None for none."""
        self.image = QImage()
        if tiles is not None and len(tiles) == TILES * TILES:
            height, width = tiles.shape[1:3]
            flat = tiles.reshape(TILES, TILES, height, width, 3).transpose(0, 2, 1, 3, 4)
            self.image = to_image(flat.reshape(TILES * height, TILES * width, 3))
        self.update()

    def square(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _field(self) -> QRectF:
        """Where places lie: from the middle of the first tile to the middle of the last."""
        square = self.square()
        margin = square.width() / TILES / 2
        return square.adjusted(margin, margin, -margin, -margin)

    def place(self, at: tuple[float, float]) -> QPointF:
        field = self._field()
        return QPointF(field.x() + at[0] * field.width(), field.y() + at[1] * field.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.palette()
        painter = QPainter(self)
        square = self.square()
        painter.fillRect(square, QColor(colours.ground))
        if not self.image.isNull():
            painter.setRenderHint(
                QPainter.RenderHint.SmoothPixmapTransform,
                square.width() * self.devicePixelRatioF() < self.image.width(),
            )
            painter.drawImage(square, self.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ends = [i / (self.side - 1) for i in range(self.side)]
        for corner in [self.place((x, y)) for y in ends for x in ends]:
            painter.setPen(QPen(QColor(colours.base), 3))
            painter.setBrush(QColor(colours.text))
            painter.drawEllipse(corner, 4, 4)
        here = self.place(self.at)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((colours.base, 6), (colours.accent, 3)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(here, 9, 9)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(square.adjusted(1, 1, -1, -1))

    def _go(self, x: float, y: float) -> None:
        at = (min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))
        if at != self.at:
            self.show_at(at, self.side)
            self.moved.emit(*at)

    def _to(self, event: QMouseEvent) -> None:
        field, p = self._field(), event.position()
        self._go((p.x() - field.x()) / field.width(), (p.y() - field.y()) / field.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.gesture += 1
            self._to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._to(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.gesture += 1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEP * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        x, y = self.at
        match event.key():
            case Qt.Key.Key_Left:
                self._go(x - step, y)
            case Qt.Key.Key_Right:
                self._go(x + step, y)
            case Qt.Key.Key_Up:
                self._go(x, y - step)
            case Qt.Key.Key_Down:
                self._go(x, y + step)
            case _:
                super().keyPressEvent(event)


class Lattice(QWidget):
    """The pad and what is at its corners."""

    tiles_came = Signal()

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.found: Decoded | None = None
        self._tiles = explorer.batches("lattice")
        self.pad = PadView()
        self.pad.moved.connect(self._move)
        self.side = QComboBox()
        for side in (2, 3):
            self.side.addItem(f"{side * side} seeds", side)
        self.side.setAccessibleName("number of seeds")
        self.side.setToolTip("Four seeds at the corners, or nine in three rows")
        self.side.activated.connect(lambda index: self._reseed(self.side.itemData(index)))
        self.way = way_box(self._go)
        self.new = button("New seeds", "dice-five", "Put other seeds at the corners", lambda: self._reseed())
        self.from_picks = button("", "", "", self._take_picks)
        self.about = quiet(
            "Every place is a latent between the seeds, first along the row, then down the column.", wrap=True
        )
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(row(self.side, self.way, 1))
        whole.addWidget(self.pad, 1)
        whole.addLayout(row(self.new, self.from_picks, 1))
        whole.addWidget(self.about)
        explorer.run_shown.connect(self._show_anew)
        explorer.changed.connect(self._show)
        explorer.selection_changed.connect(self._show_picks)
        explorer.samples_came.connect(lambda found: self.ask())
        explorer.plane_came.connect(self._draw)

    # --- hands

    def _move(self, x: float, y: float) -> None:
        state = self.explorer.state
        pad = replace(state.pad, at=(x, y))
        new = replace(state.taken(pad.latent(state.prior), "place on the lattice"), pad=pad)
        self.explorer.edit("Move across the lattice", new, ("pad", id(self), self.pad.gesture))

    def _go(self, kind: PathKind) -> None:
        state = self.explorer.state
        self.explorer.edit("Way across the lattice", replace(state, pad=replace(state.pad, kind=kind)))

    def _reseed(self, side: int = 0) -> None:
        state = self.explorer.state
        side = side or state.pad.side
        seed = self.explorer.next_seed() * 9
        fresh = corners(state.prior, side, seed, state.temperature)
        self.explorer.edit("New seeds of the lattice", replace(state, pad=replace(state.pad, corners=fresh, side=side)))

    def _take_picks(self) -> None:
        state, picks = self.explorer.state, self.explorer.selected()
        side = state.pad.side
        pad = replace(state.pad, corners=np.asarray(picks[: side * side], np.float32))
        self.explorer.edit("Picks as seeds of the lattice", replace(state, pad=pad))

    # --- what is shown

    def _show_anew(self) -> None:
        self._tiles.forget()
        self.found = None
        self.pad.show_tiles(None)
        self._show()
        self.ask()

    def _show(self, before: Latents | None = None) -> None:
        pad = self.explorer.state.pad
        choose(self.side, pad.side)
        choose(self.way, pad.kind)
        self.pad.show_at(pad.at, pad.side)
        self._show_picks()
        if before is not None and (before.pad.corners is not pad.corners or before.pad.kind != pad.kind):
            self.ask()

    def _show_picks(self) -> None:
        need = self.explorer.state.pad.side**2 if self.explorer.view else 4
        have = len(self.explorer.selection)
        self.from_picks.setText(f"From {need} picks")
        self.from_picks.setEnabled(have >= need)
        self.from_picks.setToolTip(
            f"Put the first {need} selected samples at the corners"
            if have >= need
            else f"Select {need} samples first (Ctrl+click); {have} are selected"
        )

    def ask(self) -> None:
        """The pictures of the lattice, while they can be seen."""
        if self.isVisible() and self.explorer.view is not None:
            state = self.explorer.state
            tiles = state.pad.tiles(TILES, state.prior)
            self._tiles.ask(self.explorer.where, tiles, self.explorer.pixels, self._came)

    def _came(self, found: Decoded) -> None:
        self.found = found
        self._draw()
        self.tiles_came.emit()

    def _draw(self) -> None:
        if self.found is not None:
            self.pad.show_tiles(self.explorer.pictures(self.found))

    def showEvent(self, event: object) -> None:
        self.ask()
