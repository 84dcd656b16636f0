"""The empty bench: what can be dropped, and the built-in datasets as tiles, one click away from training."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.gui import pixels
from studio.gui.datasets import Datasets, Offer
from studio.gui.icons import icon
from studio.gui.theme import SMALL_PIXELS, SPACE, colour, palette, role, text_font

ACCEPTED = (
    "A folder of images (subfolders become classes), a zip or tar of one, MNIST's IDX, CIFAR, npz and npy, StyleGAN "
    "zips, posed people (PATN, COCO, OpenPose), CSV points, labelled sentences. Also recipes, runs, and anything "
    "exported from here."
)


class Bench(QWidget):
    """See the module. ``open_wanted``: the person would rather use a file dialog."""

    open_wanted = Signal()

    def __init__(self, datasets: Datasets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.datasets = datasets
        self.tiles: list[Tile] = []
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(4 * SPACE, 3 * SPACE, 4 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        self.target = _Target()
        self.target.open.clicked.connect(self.open_wanted)
        column.addWidget(self.target, 1)
        heading = QLabel("Or begin with one of these")
        role(heading, "heading")
        column.addWidget(heading)
        self._grid = QGridLayout()
        self._grid.setSpacing(2 * SPACE)
        column.addLayout(self._grid)
        self.fetch_title = QLabel("Fetched from the internet when you ask for it")
        role(self.fetch_title, "quiet")
        self._fetch = QHBoxLayout()
        self._fetch.setSpacing(SPACE)
        column.addWidget(self.fetch_title)
        column.addLayout(self._fetch)
        self.fetch_title.hide()
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        inner.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(scroll)
        datasets.changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        tiles = [o for o in self.datasets.offers if o.origin == "builtin"]
        if [t.offer for t in self.tiles] != tiles:
            for old in self.tiles:
                self._grid.removeWidget(old)
                old.deleteLater()
            self.tiles = [Tile(offer) for offer in tiles]
            for tile in self.tiles:
                tile.clicked.connect(lambda _=False, offer=tile.offer: self.datasets.choose(offer))
            self._arrange()
        fetched = [o for o in self.datasets.offers if o.origin == "standard"]
        if fetched and self._fetch.isEmpty():
            self.fetch_title.show()
            for offer in fetched:
                button = QPushButton(offer.title)
                button.setIcon(icon("download-simple"))
                role(button, "quiet")
                button.setToolTip(f"Download {offer.title}, then train on it")
                button.setAccessibleName(f"Download {offer.title}")
                button.clicked.connect(lambda _=False, offer=offer: self.datasets.choose(offer))
                self._fetch.addWidget(button)
            self._fetch.addStretch(1)

    def _arrange(self) -> None:
        columns = min(len(self.tiles), max(2, (self.width() - 6 * SPACE) // (Tile.WIDTH + 2 * SPACE))) or 1
        rows = -(-len(self.tiles) // columns)
        columns = -(-len(self.tiles) // rows) if rows else 1
        for i, tile in enumerate(self.tiles):
            self._grid.addWidget(tile, i // columns, i % columns)
        for i in range(12):
            self._grid.setColumnStretch(i, 1 if i < columns else 0)

    def resizeEvent(self, event: object) -> None:
        self._arrange()


class _Target(QWidget):
    """Where the eye goes first: drop here. The whole window takes drops; this only says so."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(20 * SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * SPACE, 2 * SPACE, 4 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addStretch(1)
        title = QLabel("Drop data here")
        role(title, "title")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        accepted = QLabel(ACCEPTED)
        role(accepted, "quiet")
        accepted.setAlignment(Qt.AlignmentFlag.AlignCenter)
        accepted.setWordWrap(True)
        accepted.setMaximumWidth(92 * SPACE)
        accepted.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.open = QPushButton("Open …")
        role(self.open, "primary")
        self.open.setToolTip("Choose files (Ctrl+O)")
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(accepted, 100)
        line.addStretch(1)
        column.addWidget(title)
        column.addLayout(line)
        column.addSpacing(SPACE // 2)
        column.addWidget(self.open, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(palette().quiet), 1, Qt.PenStyle.DashLine))
        painter.setBrush(colour(palette().base))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), SPACE, SPACE)


class Tile(QAbstractButton):
    """A dataset as a picture with its name: click, or Space, and it is yours."""

    WIDTH, PICTURE, WORDS = 120, 96, 48

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self.offer = offer
        self.setText(offer.title)
        self.setAccessibleName(offer.title)
        self.setAccessibleDescription(offer.line)
        self.setToolTip(f"{offer.title}: {offer.line}\nClick to train on it")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(self.WIDTH)

    def sizeHint(self) -> QSize:
        return QSize(self.WIDTH, self.PICTURE + self.WORDS)

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self.hasFocus() or self.isDown()
        painter.setPen(QPen(colour(colours.accent if lit else colours.line), 2 if lit else 1))
        painter.setBrush(colour(colours.hover if self.underMouse() else colours.raised))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
        picture = QRect(SPACE, SPACE, self.width() - 2 * SPACE, self.PICTURE - SPACE)
        if self.offer.image is not None:
            if self.offer.image.width() == self.offer.image.height():  # points: whole, or they would say nothing
                pixels.contain(painter, picture, self.offer.image)
            else:
                pixels.cover(painter, picture, self.offer.image)
        else:
            painter.fillRect(picture, colour(colours.ground))
        left, width = SPACE + 2, self.width() - 2 * SPACE - 4
        bold = text_font()
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(colour(colours.text))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        title = QFontMetrics(bold).elidedText(self.offer.title, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(left, self.PICTURE + 4, width, 20), flags, title)
        small = text_font(SMALL_PIXELS)
        painter.setFont(small)
        painter.setPen(colour(colours.quiet))
        line = QFontMetrics(small).elidedText(self.offer.line, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(left, self.PICTURE + 24, width, 16), flags, line)
