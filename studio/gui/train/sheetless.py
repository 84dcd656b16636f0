"""What is above the curves: real examples, the sheet, or, of a model that draws no pictures, a line that says so."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QStackedWidget, QWidget

from studio.gui import theme
from studio.gui.session import Session
from studio.gui.widgets.panes import Panes
from studio.models.core.catalog import ModelCard

DRAWN = frozenset(("decode latent", "illustrate"))
"""Capabilities of which the engine draws a sheet."""
LOW = 64
"""Pixels of that line, which may be two on a narrow bench."""
NO_LIMIT = (1 << 24) - 1
"""Qt's QWIDGETSIZE_MAX, which PySide does not name."""


def draws(card: ModelCard | None) -> bool:
    """Whether there will be a sheet; of a model that is not known there may."""
    return card is None or bool(DRAWN & set(card.capabilities))


class Sheetless(QFrame):
    """One quiet line and the way to the Explore page; as low as it can be, so that the curves have the room."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        theme.role(self, "bar")
        self.words = QLabel()
        self.words.setWordWrap(True)
        theme.role(self.words, "quiet")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.explore = QPushButton("Explore")
        theme.role(self.explore, "quiet")
        self.explore.setToolTip("Look at this run on the Explore page (Ctrl+2)")
        self.explore.setAccessibleName("look at this run on the Explore page")
        self.explore.clicked.connect(lambda: session.page_wanted.emit("explore"))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        row.addWidget(self.words, 1)
        row.addWidget(self.explore)

    def show_model(self, card: ModelCard) -> None:
        can = ", ".join(card.capabilities)
        also = f" What it can do ({can}) is on the Explore page." if can else ""
        self.words.setText(f"{card.title} draws no pictures: its curves tell how it learns.{also}")
        self.explore.setVisible(bool(can))


class Above(QStackedWidget):
    """The upper part of a bench of two. While there is no sheet, the lower part has its room."""

    def __init__(self, session: Session, real: QWidget, sheet: QWidget, bench: Panes) -> None:
        super().__init__()
        self.real, self.sheet, self._bench = real, sheet, bench
        self.sheetless = Sheetless(session)
        self._sizes: list[int] | None = None
        """Of the bench, to go back to."""
        for widget in (real, sheet, self.sheetless):
            self.addWidget(widget)

    def look_at(self, wanted: QWidget, card: ModelCard | None) -> None:
        """Show ``real`` or ``sheet``; ``card``: of the model whose sheet it would be, None while it is not known."""
        if wanted is self.sheet and card is not None and not draws(card):
            self.sheetless.show_model(card)
            wanted = self.sheetless
        self.setCurrentWidget(wanted)
        if wanted is self.sheetless and self._sizes is None:
            self._sizes = self._bench.kept()
            self.setMaximumHeight(LOW)
        elif wanted is not self.sheetless and self._sizes is not None:
            self.setMaximumHeight(NO_LIMIT)
            sizes, self._sizes = self._sizes, None
            self._bench.restore(sizes)

    def kept(self) -> list[int]:
        """Sizes of the bench with a sheet, for the settings."""
        return self._bench.kept() if self._sizes is None else self._sizes
