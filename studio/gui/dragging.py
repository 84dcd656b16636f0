"""While something is dragged over the window: what it carries, what dropping it would do, and who must step aside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGraphicsView, QLineEdit, QPlainTextEdit, QStackedWidget, QTextEdit, QWidget

from studio.gui.drop import CARRIERS, PICTURES
from studio.gui.theme import SPACE, colour, palette, text_font


def give_way(window: QWidget) -> None:
    """Let files fall through fields and plots to the window: they would take the names as text, or swallow them."""
    for widget in window.findChildren(QWidget):
        if widget.acceptDrops() and isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit | QGraphicsView):
            widget.setAcceptDrops(False)
            if not isinstance(widget, QLineEdit):
                widget.viewport().setAcceptDrops(False)


def paths_of(mime: QMimeData) -> list[Path]:
    """The files of a drag, in order; empty when it carries none from this machine."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def offer_of(pages: QStackedWidget, paths: Sequence[Path], at: QPointF) -> str:
    """What the page under a place of the window would do with these files, in words; empty: they are for the window."""
    page: Any = pages.currentWidget()
    inside = pages.rect().contains(pages.mapFrom(pages.window(), at.toPoint()))
    if not inside or not hasattr(page, "would_take"):
        return ""
    offer: str = page.would_take([str(p) for p in paths])
    return offer


def announce(paths: Sequence[Path], page: str = "") -> tuple[str, str]:
    """What a drop of these would do, by their names alone: a headline and a line below it. Touches no disk.

    Args:
        page: what the page under the pointer would do with them, in words; empty: they are for the window.
    """
    if page:
        line = "Drop on the sidebar to read as a dataset."
        if len(paths) == 1 and paths[0].suffix[1:].lower() in CARRIERS:
            line = "What Gen Studio exported goes back to what made it; hold Shift to take it as a picture. " + line
        return page, line
    suffixes = {p.suffix[1:].lower() for p in paths}
    name = paths[0].name or str(paths[0])
    if len(paths) > 1:
        if suffixes <= PICTURES:
            return f"Read {len(paths):,} pictures as a dataset", "Nothing is moved or changed."
        return f"Open {len(paths):,} files", "Each is taken for what it holds."
    suffix = next(iter(suffixes))
    if suffix == "toml":
        return "Use this recipe", name
    if suffix in ("safetensors", "onnx"):
        return "Go to the run that made this", name
    if suffix in CARRIERS:
        return "Restore what made this, or read it as data", name
    if suffix == "zip":
        return "Read as a dataset, or import as a run", name
    return "Read as a dataset", f"{name} · nothing is moved or changed"


class DropOverlay(QWidget):
    """Lies over the whole window while something is dragged upon it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("What dropping here would do")
        self.headline = ""
        self.line = ""
        self.hide()

    def offer(self, paths: Sequence[Path], page: str = "") -> None:
        """Say what dropping them here would do; ``page`` as in :func:`announce`."""
        said = announce(paths, page)
        if self.isVisible() and said == (self.headline, self.line):
            return
        self.headline, self.line = said
        self.setAccessibleDescription(f"{self.headline}. {self.line}")
        window: Any = self.parentWidget()
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = colour(colours.window)
        veil.setAlpha(232)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(colour(colours.accent), 2, Qt.PenStyle.DashLine))
        edge = 2 * SPACE
        painter.drawRoundedRect(self.rect().adjusted(edge, edge, -edge, -edge), SPACE, SPACE)
        big = text_font(22)
        big.setBold(True)
        painter.setFont(big)
        painter.setPen(colour(colours.text))
        middle = self.rect().center().y()
        painter.drawText(0, middle - 44, self.width(), 36, Qt.AlignmentFlag.AlignCenter, self.headline)
        painter.setFont(text_font())
        painter.setPen(colour(colours.quiet))
        painter.drawText(0, middle, self.width(), 24, Qt.AlignmentFlag.AlignCenter, self.line)
