"""When long work ends while the person looks elsewhere, the system says so."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from studio.gui import work
from studio.gui.icons import window_icon
from studio.gui.queue_popover import title_of
from studio.gui.session import Session
from studio.training.events import Ended, Paused


class Notices(QObject):
    """Silent while the window is active. Where there is no system tray the task bar's entry asks for attention."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        session.ended.connect(self._ended)
        session.paused.connect(self._paused)
        work.desk.ended_unseen.connect(self._work_ended)

    def _ended(self, event: Ended) -> None:
        said = {"finished": "is trained", "stopped": "was stopped", "failed": "failed"}[event.reason]
        if event.reason != "stopped":
            self.tell(title_of(event.run), f"{said} at step {event.step:,}. {event.message}".strip())

    def _paused(self, event: Paused) -> None:
        if event.reason != "asked":
            self.tell(f"{title_of(event.run)} is paused", event.message)

    def _work_ended(self, title: str) -> None:
        self.tell("Gen Studio", f"{title}: done")

    def tell(self, title: str, text: str) -> None:
        if self._window.isActiveWindow() or not self._window.isVisible():
            return
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(window_icon(), self)
            self._tray.setToolTip("Gen Studio")
            self._tray.messageClicked.connect(self._raise)
            self._tray.activated.connect(lambda _: self._raise())
        self._tray.show()
        self._tray.showMessage(title, text, window_icon())

    def _raise(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def seen(self) -> None:
        """The person is back: the sign in the tray has done its work."""
        if self._tray is not None:
            self._tray.hide()

    def close(self) -> None:
        self.seen()
