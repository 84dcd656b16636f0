"""Icons of one family (Phosphor, through QtAwesome), drawn as vectors in the colours of the theme of now.

An icon asks for its colour whenever it is painted, so a switch of theme needs no new icons. QtAwesome is loaded by
:func:`wake`; until then icons are blank, so that the window's first paint does not wait for a font.
"""

from __future__ import annotations

import importlib
import logging

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap

from studio.gui.theme import blend, palette, resources

log = logging.getLogger(__name__)
_awake = False


def wake() -> None:
    """From now on icons are drawn; whoever was painted before is to be updated."""
    global _awake
    # A font of 1.4 MB and its table of names. Not inside of paint(): an import can be interrupted by a signal, whose
    # handler may paint.
    importlib.import_module("qtawesome")
    _awake = True


def icon(name: str, colour: str = "") -> QIcon:
    """An icon by its Phosphor name ("play", "pause-fill", "ph.play" alike), crisp at every scale.

    Args:
        colour: name of a colour of the palette ("accent", "bad", "quiet"); empty: that of text, greyed while disabled,
            and that of text upon the accent is "on_accent".
    """
    return QIcon(_Engine(name if "." in name else f"ph.{name}", colour))


def window_icon() -> QIcon:
    """The application's own."""
    return QIcon(str(resources() / "gen-studio.svg"))


class _Engine(QIconEngine):
    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self.name = name
        self.colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if not _awake:
            return
        import qtawesome

        colours = palette()
        ink = getattr(colours, self.colour) if self.colour else colours.text
        if mode == QIcon.Mode.Disabled:
            ink = blend(ink, colours.window, 0.45)
        try:
            drawn = qtawesome.icon(self.name, color=QColor(ink))
        except Exception:  # qtawesome raises nothing more precise for a name it lacks, and a list must still be painted
            log.warning("there is no icon %s", self.name)
            drawn = qtawesome.icon("ph.question", color=QColor(ink))
        drawn.paint(painter, rect)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        drawn = QPixmap(size)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return drawn

    def clone(self) -> QIconEngine:
        return _Engine(self.name, self.colour)
