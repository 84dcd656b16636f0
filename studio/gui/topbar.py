"""The top: whose window it is, the pages, and what is needed now and then."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from studio.gui import theme
from studio.gui.icons import icon, window_icon
from studio.gui.session import Session
from studio.gui.settings import set_theme
from studio.gui.theme import SPACE, role


class TopBar(QFrame):
    """``page_wanted`` carries a page's name; the other buttons call the window's actions."""

    page_wanted = Signal(str)

    def __init__(
        self,
        session: Session,
        pages: Mapping[str, str],
        actions: Mapping[str, Callable[[], object]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        role(self, "bar")
        self.setFixedHeight(5 * SPACE)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + SPACE // 2, 0, SPACE, 0)
        row.setSpacing(SPACE // 2)
        sign = QLabel()
        sign.setPixmap(window_icon().pixmap(QSize(20, 20), self.devicePixelRatioF()))
        name = QLabel("Gen Studio")
        role(name, "heading")
        row.addWidget(sign)
        row.addSpacing(SPACE // 2)
        row.addWidget(name)
        row.addSpacing(SPACE)
        self.file = QToolButton()
        self.file.setText("File")
        self.file.setToolTip("Open, export, undo")
        self.file.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.file.setMenu(self._file_menu(session, actions))
        row.addWidget(self.file)
        row.addSpacing(SPACE)
        self.tabs: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        for i, (key, title) in enumerate(pages.items(), 1):
            tab = QToolButton()
            tab.setText(title)
            tab.setCheckable(True)
            role(tab, "tab")
            tab.setToolTip(f"{title} (Ctrl+{i})")
            tab.setAccessibleName(f"Page {title}")
            tab.clicked.connect(lambda _=False, key=key: self.page_wanted.emit(key))
            group.addButton(tab)
            row.addWidget(tab)
            self.tabs[key] = tab
        row.addStretch(1)
        self.search = self._button("magnifying-glass", "Search (Ctrl+F)", actions["find"])
        self.theme = self._button("moon", "Dark theme", lambda: set_theme(session, self._other_theme()))
        self.help = self._button("question", "Help (F1)", actions["help"])
        self.settings = self._button("gear-six", "Settings (Ctrl+,)", actions["settings"])
        for button in (self.search, self.theme, self.help, self.settings):
            row.addWidget(button)
        theme.theme.changed.connect(self._show_theme)
        self._show_theme()

    @staticmethod
    def _other_theme() -> theme.Choice:
        return "light" if theme.theme.dark else "dark"

    def _show_theme(self) -> None:
        self.theme.setIcon(icon("sun" if theme.theme.dark else "moon"))
        tip = f"{self._other_theme().capitalize()} theme"
        self.theme.setToolTip(tip)
        self.theme.setAccessibleName(tip)

    def show_page(self, name: str) -> None:
        self.tabs[name].setChecked(True)

    def _button(self, name: str, tip: str, act: Callable[[], object]) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setIconSize(QSize(18, 18))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: act())
        return button

    def _file_menu(self, session: Session, actions: Mapping[str, Callable[[], object]]) -> QMenu:
        # The keys are installed once, as shortcuts of the window; here they are only told.
        menu = QMenu(self)
        menu.addAction(icon("file-arrow-up"), "Open …\tCtrl+O", lambda: actions["open"]())
        menu.addAction(icon("folder-open"), "Open a folder …\tCtrl+Shift+O", lambda: actions["open folder"]())
        menu.addSeparator()
        menu.addAction(icon("export"), "Export …\tCtrl+E", lambda: actions["export"]())
        menu.addSeparator()
        undo = session.undo.createUndoAction(menu, "Undo")
        redo = session.undo.createRedoAction(menu, "Redo")
        undo.setIcon(icon("arrow-counter-clockwise"))
        redo.setIcon(icon("arrow-clockwise"))
        menu.addActions([undo, redo])
        menu.addSeparator()
        menu.addAction(icon("keyboard"), "All shortcuts\tShift+?", lambda: actions["shortcuts"]())
        menu.addAction(icon("x"), "Close the window\tCtrl+Q", lambda: actions["quit"]())
        return menu
