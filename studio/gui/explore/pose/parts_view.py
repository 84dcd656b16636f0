"""Which part of a body each pixel shows, in colours; resting on one says its name."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip

from studio.data.body_pictures import coloured
from studio.data.skeleton import PARTS, UNKNOWN
from studio.gui.explore.film import Picture, fitted
from studio.gui.words import plural

NEVER = "nobody says what is here"

Parts = npt.NDArray[np.uint8]


class PartsView(Picture):
    """A map of parts, uint8 H×W, as large as fits. The right of the person is warm, their left cool."""

    def __init__(self, name: str, least: int = 48) -> None:
        super().__init__(name, least)
        self.parts: Parts | None = None
        self.setMouseTracking(True)

    def show_parts(self, parts: Parts | None) -> None:
        """None: nothing."""
        self.parts = parts
        self.show_picture(None if parts is None else coloured(parts))
        self.setAccessibleDescription("" if parts is None else described(parts))

    def part_at(self, place: QPointF) -> str:
        """What the pixel there shows, in words; empty beside the picture."""
        if self.parts is None:
            return ""
        room = fitted(self.image, QRectF(self.rect()), self.devicePixelRatioF())
        if not room.contains(place):
            return ""
        height, width = self.parts.shape
        x = min(int((place.x() - room.x()) / room.width() * width), width - 1)
        y = min(int((place.y() - room.y()) / room.height() * height), height - 1)
        return named(int(self.parts[y, x]))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.part_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), text or self.toolTip(), self)
            return True
        return super().event(event)


def named(part: int) -> str:
    return PARTS[part] if part < len(PARTS) else NEVER


def described(parts: Parts) -> str:
    """For screen readers: how much there is of each."""
    counts = np.bincount(parts.ravel(), minlength=UNKNOWN + 1)
    there = [f"{PARTS[n]} {plural(int(counts[n]), 'pixel')}" for n in range(1, len(PARTS)) if counts[n]]
    return ", ".join(there) or "background alone"
