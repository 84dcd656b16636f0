"""Hover any term for one sentence and its formula; from there to the paper. The words are in glossary.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QHelpEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.gui.shortcuts import key
from studio.gui.theme import SPACE, resources, role


@dataclass(frozen=True)
class Term:
    """``link`` is empty when there is nothing to read elsewhere."""

    key: str
    title: str
    sentence: str
    formula: str
    paper: str
    link: str


@cache
def terms() -> dict[str, Term]:
    """All of them by key; some have several."""
    plain = tomllib.loads((resources() / "glossary.toml").read_text("utf-8"))
    found = {
        key: Term(
            key,
            entry["title"],
            entry["sentence"],
            entry["formula"],
            entry["paper"],
            entry.get("link", "") or (f"https://arxiv.org/abs/{entry['arxiv']}" if "arxiv" in entry else ""),
        )
        for key, entry in plain.items()
    }
    return found | {name: found[key] for key, entry in plain.items() for name in entry.get("also", ())}


def hover_card(widget: QWidget, term: str) -> None:
    """Show the card of a term when the person rests on this widget, or presses Shift+F1 in it.

    An unknown or empty term leaves the widget as it is: a recipe may name one that the glossary has yet to learn.
    """
    found = terms().get(term)
    if found is not None:
        _Hover(widget, found)


class _Hover(QObject):
    """Owned by the widget whose tool tip it replaces."""

    def __init__(self, widget: QWidget, term: Term) -> None:
        super().__init__(widget)
        self._widget = widget
        self._term = term
        if not widget.accessibleDescription():
            widget.setAccessibleDescription(term.sentence)
        widget.installEventFilter(self)
        shortcut = QShortcut(QKeySequence(key("Help", "term").keys[0]), widget)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(lambda: self._show(widget.mapToGlobal(QPoint(0, widget.height()))))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show(self._widget.mapToGlobal(QPoint(0, self._widget.height())))
            return True
        return False

    def _show(self, at: QPoint) -> None:
        card = Card(self._term, self._widget)
        card.show_at(at)


class Card(QFrame):
    """A small window that stays while the mouse is on it or on its widget, so that its button can be reached."""

    def __init__(self, term: Term, anchor: QWidget) -> None:
        super().__init__(anchor, Qt.WindowType.ToolTip)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        role(self, "card")
        self._anchor = anchor
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, SPACE + SPACE // 2, 2 * SPACE, SPACE + SPACE // 2)
        column.setSpacing(SPACE // 2)
        title = QLabel(term.title)
        role(title, "heading")
        sentence = QLabel(term.sentence)
        sentence.setWordWrap(True)
        sentence.setFixedWidth(40 * SPACE)
        formula = QLabel(f"<i>{escape(term.formula)}</i>")
        formula.setTextFormat(Qt.TextFormat.RichText)
        formula.setWordWrap(True)
        paper = QLabel(term.paper)
        role(paper, "small")
        paper.setWordWrap(True)
        for label in (title, sentence, formula, paper):
            column.addWidget(label)
        if term.link:
            go = QPushButton("Open the paper")
            role(go, "quiet")
            go.setToolTip(term.link)
            go.clicked.connect(lambda: (QDesktopServices.openUrl(QUrl(term.link)), self.close()))
            column.addWidget(go, 0, Qt.AlignmentFlag.AlignLeft)
        # Leaving is looked at a few times a second: between widget and card the mouse crosses a gap.
        self._watch = QTimer(self)
        self._watch.setInterval(250)
        self._watch.timeout.connect(self._close_when_left)
        self._watch.start()

    def show_at(self, at: QPoint) -> None:
        """Below its anchor, or above where the screen ends."""
        self.adjustSize()
        screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
        area = screen.availableGeometry()
        x = min(at.x(), area.right() - self.width())
        y = at.y() + 4
        if y + self.height() > area.bottom():
            y = at.y() - self._anchor.height() - self.height() - 4
        self.move(max(area.left(), x), max(area.top(), y))
        self.show()

    def _close_when_left(self) -> None:
        if not (self.underMouse() or self._anchor.underMouse() or self._anchor.hasFocus()):
            self.close()
