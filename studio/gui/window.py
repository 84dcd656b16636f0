"""The window: top bar, sidebar, the page in the middle with banners above it, the status line below.

It is on screen before anything heavy is loaded: pages are imported and built after the first paint, each when it is
first needed. What is remembered comes back: geometry, page, sidebar, theme, dataset and run, the state of pages.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QSplitter,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from studio.gui import icons, leaving, work
from studio.gui.banner import Banners
from studio.gui.bench import Bench
from studio.gui.commands import Commands
from studio.gui.datasets import Datasets
from studio.gui.dragging import DropOverlay, give_way, offer_of, paths_of
from studio.gui.drop import DataDrop, Drops
from studio.gui.memory import Remembered, remembered
from studio.gui.notices import Notices
from studio.gui.popups import Popups
from studio.gui.session import Session
from studio.gui.shortcuts import install
from studio.gui.sidebar import Sidebar
from studio.gui.status import StatusLine
from studio.gui.theme import role
from studio.gui.topbar import TopBar

if TYPE_CHECKING:
    from studio.gui.dataset_sheet import DatasetSheet

PAGES = {
    "train": "Train",
    "explore": "Explore",
    "compare": "Compare",
    "library": "Library",
    "experiments": "Experiments",
}
_CLASSES = {name: (f"studio.gui.{name}.page", f"{title}Page") for name, title in PAGES.items()}


class MainWindow(QWidget):
    """See the module. ``painted`` once, after the first paint; nothing heavy has happened until then."""

    painted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setWindowTitle("Gen Studio")
        self.setWindowIcon(icons.window_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # else the first button would seem to be chosen
        self.setFocus()
        self.pages: dict[str, QWidget] = {}
        self.page = "train"
        self._painted = False
        self._restoring = True
        self.sheet: DatasetSheet | None = None
        self.popups = Popups(session, self)
        self.commands = Commands(self, tuple(PAGES))

        self.datasets = Datasets(session, self)
        self.datasets.said.connect(self.popups.say)
        self.drops = Drops(session, self)
        self.drops.sheet_wanted.connect(self.show_sheet)
        self.top = TopBar(session, PAGES, self.commands.table)
        self.top.page_wanted.connect(self.show_page)
        self.banners = Banners(session)
        self.stack = QStackedWidget()
        self.blank = QWidget()
        self.stack.addWidget(self.blank)
        self.bench = Bench(self.datasets)
        self.bench.open_wanted.connect(self.open_files)
        self.stack.addWidget(self.bench)
        self.sidebar = Sidebar(session, self.datasets)
        self.sidebar.add_wanted.connect(self.show_bench)
        self.sidebar.again_wanted.connect(lambda path: self.drops.drop([path], afresh=True))
        self.sidebar.verbs.said.connect(self.popups.say)
        self.sidebar.verbs.under_way.connect(self.popups.working)
        self.status = StatusLine(session)
        self.status.queue_wanted.connect(lambda: self.popups.queue(self.status.queue))
        self.overlay = DropOverlay(self)
        self.notices = Notices(session, self)

        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banners)
        column.addWidget(self.stack, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.sidebar)
        self.split.addWidget(middle)
        self.split.setStretchFactor(1, 1)
        self.split.setCollapsible(1, False)
        self.split.setSizes([232, 1048])
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(0)
        around.addWidget(self.top)
        around.addWidget(_line())
        around.addWidget(self.split, 1)
        around.addWidget(_line())
        around.addWidget(self.status)

        install(self, self.commands.table)
        session.page_wanted.connect(self.show_page)
        session.compare_wanted.connect(self._compare)
        session.dataset_chosen.connect(lambda _: self._chosen())
        session.run_chosen.connect(lambda _: self._chosen())
        self._restore_shape()

    # --- the start

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def fill(self, paths: Sequence[Path] = ()) -> None:
        """After the first paint: icons, what is on disk, the last session, and what the command line names."""
        icons.wake()
        for widget in (self, *self.findChildren(QWidget)):
            widget.update()
        self.sidebar.load()
        memory = remembered(self.session.settings)
        given = list(paths)

        def back(found: Remembered) -> None:
            if not self._restoring:  # the person was quicker
                found = Remembered(found.settings, None, "")
            if found.dataset is not None and self.session.dataset is None:
                self.session.choose_dataset(found.dataset)
            if found.run and not self.session.run:
                self.session.choose_run(found.run)
            self.show_page(self.page)
            if given:
                self.drop(given)
            QTimer.singleShot(200, self, self._prepare_pages)

        work.run(self, lambda watch: memory.still_there(), back)
        self.session.offer_interrupted()

    def _restore_shape(self) -> None:
        kept = self.session.settings
        self.resize(self._first_size())
        self.restoreGeometry(kept.bytes("window/geometry"))
        self.split.restoreState(kept.bytes("window/split"))
        self.sidebar.split.restoreState(kept.bytes("window/sidebar"))
        self.sidebar.setVisible(kept.get("window/sidebar shown", True) is not False)
        page = kept.get("window/page", "train")
        self.page = page if page in PAGES else "train"
        self.top.show_page(self.page)
        # Where the last session had something chosen the page comes at once, not the empty bench for a blink.
        if not remembered(kept).anything:
            self._restoring = False
            self._show(self.bench if self.page == "train" else self.blank)

    def _first_size(self) -> QSize:
        """1280×720, or what the screen has room for beside its panels and below the window's own title bar."""
        wanted, least = QSize(1280, 720), self.minimumSize()
        title = self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight, None, self)
        room = self.screen().availableGeometry().size() - QSize(0, title)
        return wanted.boundedTo(room.expandedTo(least))

    # --- pages

    def show_page(self, name: str) -> None:
        """Switch to a page. The train page is the empty bench while nothing is chosen."""
        if name not in PAGES:
            raise ValueError(f"there is no page {name!r}")
        self.page = name
        self.top.show_page(name)
        if not self._painted:
            return
        self._restoring = False
        empty = self.session.dataset is None and not self.session.run
        self._show(self.bench if name == "train" and empty else self._page(name))

    def show_bench(self) -> None:
        """What can be dropped, and the built-in datasets, also when something is chosen."""
        self.page = "train"
        self.top.show_page("train")
        self._show(self.bench)

    def show_sheet(self, drop: DataDrop) -> None:
        """What was found in a drop, and how to read it."""
        if self.sheet is None:
            from studio.gui.dataset_sheet import DatasetSheet  # on the first drop

            self.sheet = DatasetSheet(self.session)
            self.sheet.closed.connect(self._sheet_closed)
            self.stack.addWidget(self.sheet)
        self.sheet.show_drop(drop)
        self._show(self.sheet)

    def _sheet_closed(self) -> None:
        if self.stack.currentWidget() is self.sheet:
            self.show_page(self.page)

    def _chosen(self) -> None:
        nothing = self.session.dataset is None and not self.session.run
        waiting = self.stack.currentWidget() in (self.bench, self.blank)
        if self.page == "train" and (nothing or waiting):
            self.show_page("train")

    def _show(self, widget: QWidget) -> None:
        self.stack.setCurrentWidget(widget)

    def _page(self, name: str) -> QWidget:
        if name not in self.pages:
            module, kind = _CLASSES[name]
            page: QWidget = getattr(importlib.import_module(module), kind)(self.session)
            self.pages[name] = page
            self.stack.addWidget(page)
            state = self.session.settings.get(f"page/{name}")
            if isinstance(state, dict) and hasattr(page, "restore_state"):
                page.restore_state(state)
        return self.pages[name]

    def _prepare_pages(self) -> None:
        """So that the first click on a page need not wait: those of training and of the library are built, of the
        others what they import is there; each in its own turn."""
        self._page("train")
        for turn, (module, _) in enumerate(_CLASSES.values(), 1):
            QTimer.singleShot(100 * turn, self, partial(importlib.import_module, module))
        QTimer.singleShot(600, self, lambda: self._page("library"))
        QTimer.singleShot(700, self, self._look_for_attempts)

    def _look_for_attempts(self) -> None:
        """Experiments that were cut off are offered to go on, whichever page is shown."""
        from studio.gui.experiments import conductor  # by now the page's import has brought it

        conductor.of(self.session).look()

    def _compare(self, runs: list[str]) -> None:
        page: Any = self._page("compare")
        self.show_page("compare")
        page.show_runs(runs)

    # --- dropping and opening

    def drop(self, paths: Sequence[Path]) -> None:
        """What a drop, File > Open and the command line do."""
        self.drops.drop(list(paths))

    def open_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Open data, a recipe, a run, or an exported file")
        self.drop([Path(n) for n in names])

    def open_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open a folder of images, or a run")
        self.drop([Path(name)] if name else [])

    def showEvent(self, event: QShowEvent) -> None:
        handle = self.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the system's window, which hears of a drag before any widget does."""
        if event.type() == QEvent.Type.DragEnter:
            give_way(self)
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = paths_of(event.mimeData())
        if paths and event.source() is None:
            event.acceptProposedAction()
            self.overlay.offer(paths, offer_of(self.stack, paths, event.position()))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()
        paths = paths_of(event.mimeData())
        if paths and event.source() is None:
            self.overlay.offer(paths, offer_of(self.stack, paths, event.position()))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.overlay.hide()
        event.acceptProposedAction()
        paths = paths_of(event.mimeData())
        page: Any = self.stack.currentWidget()
        if not offer_of(self.stack, paths, event.position()):
            self.drop(paths)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            page.take([str(p) for p in paths])
        else:
            self.drops.drop(paths, page=page.take)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.overlay.setGeometry(self.rect())
        self.popups.fit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.notices.seen()
        super().changeEvent(event)

    # --- the end

    def save(self) -> None:
        """Remember everything that comes back at the next start."""
        kept = self.session.settings
        kept.set_bytes("window/geometry", self.saveGeometry())
        kept.set_bytes("window/split", self.split.saveState())
        kept.set_bytes("window/sidebar", self.sidebar.split.saveState())
        kept.set("window/page", self.page)
        kept.set("window/sidebar shown", not self.sidebar.isHidden())
        if not self._restoring:
            remembered(kept).keep(self.session)
        for name, page in self.pages.items():
            if hasattr(page, "save_state"):
                kept.set(f"page/{name}", page.save_state())
        self.sidebar.shelf.settle()
        self.session.store_changes.settle()
        kept.sync()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing outlives the window: training ends with a checkpoint, then the engine; it is hidden meanwhile."""
        self.save()
        self.hide()
        self.notices.close()
        QApplication.processEvents()
        close = getattr(self.session.engine, "close", None)
        if close is not None:
            close()
        work.close()
        leaving.empty_trash()
        event.accept()


def _line() -> QWidget:
    line = QFrame()
    line.setFixedHeight(1)
    role(line, "line")
    return line
