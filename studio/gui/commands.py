"""What the keys of the window and the File menu do, by the names of :data:`studio.gui.shortcuts.KEYS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton

from studio.training import control

if TYPE_CHECKING:
    from studio.gui.window import MainWindow


class Commands:
    """``table``: name → what to call."""

    def __init__(self, window: MainWindow, pages: Sequence[str]) -> None:
        self.window = window
        self.session = window.session
        self.table: dict[str, Callable[[], object]] = {
            "train": self.train,
            "stop": lambda: self.steer(control.Stop()),
            "save": lambda: self.steer(control.SaveNow()),
            "open": window.open_files,
            "open folder": window.open_folder,
            "export": lambda: self.ask_page("export", "explore"),
            "undo": self.session.undo.undo,
            "redo": self.session.undo.redo,
            **{f"page {i}": partial(window.show_page, name) for i, name in enumerate(pages, 1)},
            "find": lambda: self.ask_page("find", "library"),
            "sidebar": lambda: window.sidebar.setVisible(window.sidebar.isHidden()),
            "settings": lambda: window.popups.settings(window.top.settings),
            "help": window.popups.help,
            "shortcuts": window.popups.shortcuts,
            "quit": window.close,
        }

    def train(self) -> None:
        """Pause or resume what trains; else what the primary button of the Train page says."""
        window = self.window
        if self.session.training:
            self.steer(control.Resume() if self.session.is_paused else control.Pause())
            return
        page = window.pages.get("train")
        if page is not None and window.stack.currentWidget() is page:
            # The page has one primary button: Train, or Resume.
            for button in page.findChildren(QPushButton):
                if button.property("role") == "primary" and button.isVisible() and button.isEnabled():
                    button.click()
                    return

    def steer(self, wish: control.Control) -> None:
        if self.session.training:
            self.session.steer(wish)

    def ask_page(self, verb: str, otherwise: str) -> None:
        """What the page of now can do; when it cannot, the page that can is shown for it."""
        window = self.window
        page = window.pages.get(window.page)
        if page is None or not hasattr(page, verb) or window.stack.currentWidget() is not page:
            window.show_page(otherwise)
            page = window.pages.get(otherwise)
        if page is not None and hasattr(page, verb):
            getattr(page, verb)()
