"""Trouble, told above the page: what happened, why, and a button for the way out. Never a dialog in front of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from studio.gui import theme
from studio.gui.icons import icon
from studio.gui.session import Session, Trouble
from studio.gui.theme import SPACE, palette, role

_MOST = 3


class Banner(QFrame):
    """One trouble. It goes when its way out is taken, when it is dismissed, or when what it is about is well again."""

    def __init__(self, trouble: Trouble, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trouble = trouble
        self.setAccessibleName(f"{trouble.what}. {trouble.why}")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE)
        sign = QLabel()
        sign.setPixmap(icon("warning", "warn").pixmap(QSize(18, 18), self.devicePixelRatioF()))
        sign.setAccessibleName("Warning")
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.what = QLabel(trouble.what)
        role(self.what, "heading")
        self.why = QLabel(trouble.why)
        role(self.why, "quiet")
        for label in (self.what, self.why):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)  # a file's name is no markup
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(label)
        self.why.setVisible(bool(trouble.why))
        row.addLayout(words, 1)
        self.action = QPushButton(trouble.action)
        self.action.setVisible(bool(trouble.action))
        self.action.setAccessibleName(trouble.action)
        self.action.setToolTip(trouble.action)
        self.action.clicked.connect(self._act)
        row.addWidget(self.action, 0, Qt.AlignmentFlag.AlignVCenter)
        close = QToolButton()
        close.setIcon(icon("x"))
        close.setToolTip("Dismiss")
        close.setAccessibleName("Dismiss this message")
        close.clicked.connect(self.dismiss)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignVCenter)

    def _act(self) -> None:
        self.dismiss()
        if self.trouble.act is not None:
            self.trouble.act()

    def dismiss(self) -> None:
        stack = self.parentWidget()
        if isinstance(stack, Banners):
            stack.remove(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = palette()
        painter.fillRect(self.rect(), theme.colour(theme.blend(colours.warn, colours.raised, 0.10)))
        painter.fillRect(0, 0, 4, self.height(), theme.colour(colours.warn))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour(colours.line))


class Banners(QWidget):
    """The newest on top, at most three at once; the others wait behind them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._more = QLabel()
        role(self._more, "small")
        self._more.setContentsMargins(2 * SPACE, 2, 0, 2)
        self._column.addWidget(self._more)
        self.banners: list[Banner] = []
        self._arrange()
        session.trouble.connect(self.add)
        session.trouble_over.connect(self.clear_about)
        session.started.connect(lambda event: self.clear_about(event.run))
        theme.theme.changed.connect(self.update)

    def add(self, trouble: Trouble) -> None:
        """The same trouble again replaces its banner instead of standing there twice."""
        for old in [b for b in self.banners if (b.trouble.what, b.trouble.about) == (trouble.what, trouble.about)]:
            self.remove(old)
        banner = Banner(trouble, self)
        self.banners.insert(0, banner)
        self._column.insertWidget(0, banner)
        self._arrange()

    def clear_about(self, about: str) -> None:
        for banner in [b for b in self.banners if about and b.trouble.about == about]:
            self.remove(banner)

    def remove(self, banner: Banner) -> None:
        if banner in self.banners:
            self.banners.remove(banner)
            banner.hide()
            banner.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        for i, banner in enumerate(self.banners):
            banner.setVisible(i < _MOST)
        behind = len(self.banners) - _MOST
        self._more.setText(f"and {behind} more behind these")
        self._more.setVisible(behind > 0)
        self.setVisible(bool(self.banners))
