"""What opens over the window: settings, queue, help, the table of keys, toasts. Each is made when first wanted."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from studio.gui.library.toast import Toast
from studio.gui.session import Session
from studio.gui.shortcuts import Overlay


class Popups:
    """``made``: those that were wanted so far, by name."""

    def __init__(self, session: Session, window: QWidget) -> None:
        self.session = session
        self.window = window
        self.made: dict[str, Any] = {}

    def settings(self, below: QWidget) -> None:
        if "settings" not in self.made:
            from studio.gui.settings import Settings

            self.made["settings"] = Settings(self.session, self.window)
        self.made["settings"].open_below(below)

    def queue(self, above: QWidget) -> None:
        if "queue" not in self.made:
            from studio.gui.queue_popover import Queue

            self.made["queue"] = Queue(self.session, self.window)
        self.made["queue"].open_above(above)

    def help(self) -> None:
        if "help" not in self.made:
            from studio.gui.help import Help

            self.made["help"] = Help(self.window)
        self.made["help"].toggle()

    def shortcuts(self) -> None:
        if "shortcuts" not in self.made:
            self.made["shortcuts"] = Overlay(self.window)
        self.made["shortcuts"].toggle()

    @property
    def toast(self) -> Toast:
        if "toast" not in self.made:
            self.made["toast"] = Toast(self.window)
        toast: Toast = self.made["toast"]
        return toast

    def say(self, text: str, action: str, act: Any) -> None:
        """On the toast: what was done, and the way back."""
        self.toast.say(text, action, act)

    def working(self, text: str, done: int, total: int, cancel: Any) -> None:
        """On the toast: work under way; ``done`` below 0 when it has ended."""
        self.toast.working(text, done, total, cancel)

    def fit(self) -> None:
        """Sheets that cover the whole window follow its size."""
        for name in ("help", "shortcuts"):
            if name in self.made:
                self.made[name].setGeometry(self.window.rect())
