"""F1: the way from data to pictures on one sheet, and every term of the glossary."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QTextDocument
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from studio.gui.glossary import terms
from studio.gui.theme import SPACE, colour, palette, resources, role, theme


class Help(QWidget):
    """Lies over the window; Escape, F1 or a click beside it closes it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAccessibleName("Help")
        card = QFrame()
        role(card, "card")
        card.setMaximumWidth(90 * SPACE)
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setAccessibleName("Help")
        self.text.setStyleSheet("QTextBrowser { background: transparent; border: none; }")
        close = QPushButton("Close")
        close.setToolTip("Close (Escape)")
        close.clicked.connect(self.hide)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(card)
        column.setContentsMargins(3 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.addWidget(self.text)
        column.addLayout(buttons)
        around = QHBoxLayout(self)
        around.setContentsMargins(4 * SPACE, 4 * SPACE, 4 * SPACE, 4 * SPACE)
        around.addStretch(1)
        around.addWidget(card, 100)
        around.addStretch(1)
        theme.changed.connect(self._write)
        self._write()
        self.hide()

    def _write(self) -> None:
        guide = QTextDocument()
        guide.setMarkdown((resources() / "help.md").read_text("utf-8"))
        colours = palette()
        rows = [
            f"<p><b>{escape(t.title)}</b><br>{escape(t.sentence)}<br><i>{escape(t.formula)}</i><br>"
            + (f'<a href="{t.link}">{escape(t.paper)}</a>' if t.link else escape(t.paper))
            + "</p>"
            for t in sorted(set(terms().values()), key=lambda t: t.title.lower())
        ]
        self.text.document().setDefaultStyleSheet(
            f"a {{ color: {colours.accent}; }} h2 {{ color: {colours.text}; }}"
            f"p, li {{ color: {colours.text}; margin-bottom: 8px; }}"
        )
        body = guide.toHtml().split("<body", 1)[1].split(">", 1)[1].rsplit("</body>", 1)[0]
        body = re.sub(r' style="[^"]*margin-[^"]*"', "", body)  # Qt writes margins of zero into every paragraph
        self.text.setHtml(f"{body}<h2>Terms</h2>{''.join(rows)}")

    def toggle(self) -> None:
        if self.isVisible():
            self.hide()
            return
        window = self.parentWidget()
        if window is not None:
            self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.text.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        veil = colour(palette().window)
        veil.setAlpha(200)
        QPainter(self).fillRect(self.rect(), veil)
