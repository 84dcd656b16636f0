"""Many small pictures as one image, so that painting a grid of them is quick."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter


class Atlas:
    """Pictures uint8 N×H×W×3 in an image about square: painters lose precision beyond 32,767 pixels."""

    def __init__(self, images: npt.NDArray[np.uint8]) -> None:
        self.count, self.height, self.width = images.shape[:3]
        self._across = max(1, int(np.ceil(np.sqrt(self.count))))
        self._whole = self._joined(images) if self.count else QImage()

    def _joined(self, images: npt.NDArray[np.uint8]) -> QImage:
        across, height, width = self._across, self.height, self.width
        down = -(-self.count // across)
        if across * down != self.count:
            images = np.concatenate([images, np.zeros((across * down - self.count, height, width, 3), np.uint8)])
        flat = np.ascontiguousarray(images.reshape(down, across, height, width, 3).transpose(0, 2, 1, 3, 4))
        flat = flat.reshape(down * height, across * width, 3)
        borrowed = QImage(flat.data, flat.shape[1], flat.shape[0], flat.strides[0], QImage.Format.Format_RGB888)
        return borrowed.convertToFormat(QImage.Format.Format_RGB32)  # a copy, and what painters are fastest with

    def _place(self, index: int) -> QRect:
        row, column = divmod(index, self._across)
        return QRect(column * self.width, row * self.height, self.width, self.height)

    def draw(self, painter: QPainter, index: int, into: QRect) -> None:
        """Paint one picture, scaled into a rectangle."""
        painter.drawImage(into, self._whole, self._place(index))

    def picture(self, index: int) -> QImage:
        """One picture at its own size."""
        return self._whole.copy(self._place(index))

    def sheet(self, columns: int, ground: QColor) -> QImage:
        """All of them at their own size in so many columns, one pixel apart."""
        rows = -(-self.count // columns)
        size = columns * (self.width + 1) - 1, max(1, rows * (self.height + 1) - 1)
        sheet = QImage(*size, QImage.Format.Format_RGB32)
        sheet.fill(ground)
        painter = QPainter(sheet)
        for index in range(self.count):
            row, column = divmod(index, columns)
            painter.drawImage(
                QPoint(column * (self.width + 1), row * (self.height + 1)), self._whole, self._place(index)
            )
        painter.end()
        return sheet
