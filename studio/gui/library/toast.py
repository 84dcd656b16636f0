"""A line that says what was just done and offers the way back; it goes by itself and is never in the way of keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QToolButton, QWidget

from studio.gui.icons import icon
from studio.gui.theme import SPACE, role

SECONDS = 8


class Toast(QFrame):
    """Floats over the lower edge of its parent. Stays while the mouse or the focus is on it, and while work goes on."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        role(self, "card")
        self.setAccessibleName("Message")
        self._act: Callable[[], None] | None = None
        self.text = QLabel()
        self.progress = QProgressBar()
        self.progress.setFixedWidth(160)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress")
        self.button = QPushButton()
        role(self.button, "quiet")
        self.button.clicked.connect(self._clicked)
        self.closing = QToolButton()
        self.closing.setIcon(icon("x"))
        self.closing.setIconSize(QSize(14, 14))
        self.closing.setToolTip("Hide this message (Esc)")
        self.closing.setAccessibleName("Hide this message")
        self.closing.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACE, SPACE // 2, SPACE // 2, SPACE // 2)
        row.setSpacing(SPACE)
        for part in (self.text, self.progress, self.button, self.closing):
            row.addWidget(part)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SECONDS * 1000)
        self._timer.timeout.connect(self._time_is_up)
        over.installEventFilter(self)
        self.hide()

    def say(self, text: str, action: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a message for a while, with a button when there is something to do about it."""
        self.progress.hide()
        self._show(text, action, act)
        self._timer.start()

    def working(self, text: str, done: int, total: int, cancel: Callable[[], None] | None) -> None:
        """Show work under way until it is told that it ended (``done`` below 0)."""
        if done < 0:
            self.hide()
            return
        self._timer.stop()
        self.progress.show()
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self._show(text, "Cancel", cancel)

    def _show(self, text: str, action: str, act: Callable[[], None] | None) -> None:
        self._act = act
        self.text.setText(text)
        self.text.setAccessibleName(text)
        self.button.setText(action)
        self.button.setToolTip(f"{action}: {text}")
        self.button.setAccessibleName(f"{action}: {text}")
        self.button.setVisible(act is not None)
        self._place()
        self.show()
        self.raise_()

    def _clicked(self) -> None:
        act, self._act = self._act, None
        self.hide()
        if act is not None:
            act()

    def _time_is_up(self) -> None:
        if self.underMouse() or self.button.hasFocus() or self.closing.hasFocus():
            self._timer.start()
        else:
            self.hide()

    def _place(self) -> None:
        self.adjustSize()
        room = self._over.size()
        self.move((room.width() - self.width()) // 2, room.height() - self.height() - 3 * SPACE)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over:
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self._place()
            elif event.type() == QEvent.Type.Hide:
                self._timer.stop()
                self.hide()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
