"""The tab of runs: the line of filters, list or gallery, the panel of details, and the menu of verbs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from studio.gui.icons import icon
from studio.gui.library.actions import MOST, Verbs
from studio.gui.library.bar import Bar
from studio.gui.library.details import Details
from studio.gui.library.empty import Empty
from studio.gui.library.model import COLUMNS, DATE, RunsFilter
from studio.gui.library.row import Row
from studio.gui.library.shelf import Shelf
from studio.gui.library.views import RunsViews
from studio.gui.session import Session
from studio.gui.shortcuts import bind
from studio.gui.theme import SPACE, role
from studio.gui.words import memory, plural


class RunsPane(QWidget):
    """Everything that was trained."""

    def __init__(self, session: Session, shelf: Shelf, verbs: Verbs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.shelf = shelf
        self.verbs = verbs
        self.shown = RunsFilter(shelf.model, self)
        self.bar = Bar()
        self.views = RunsViews(self.shown, shelf.thumbnails)
        self.details = Details(shelf)
        self.empty = Empty()
        self.count = QLabel()
        role(self.count, "small")
        self._select_next = ""
        self._lay_out()
        self._connect()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(20)
        self._settle.timeout.connect(self._follow_selection)
        self._refreshed()

    def _lay_out(self) -> None:
        self.middle = QStackedWidget()
        self.middle.addWidget(self.views)
        self.middle.addWidget(self.empty)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.bar)
        column.addWidget(self.middle, 1)
        column.addWidget(self.count)
        self.splitter = QSplitter()
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.details)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([760, 288])
        self.splitter.setCollapsible(0, False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)

    def _connect(self) -> None:
        self.bar.search_changed.connect(lambda text: self._narrow(search=text))
        self.bar.status_changed.connect(lambda status: self._narrow(status=status))
        self.bar.tag_changed.connect(lambda tag: self._narrow(tag=tag))
        self.bar.gallery_changed.connect(self.views.show_gallery)
        self.bar.sort_changed.connect(self.views.list.sortByColumn)
        self.bar.import_wanted.connect(lambda: self.verbs.import_file())
        self.views.list.header().sortIndicatorChanged.connect(self.bar.show_sort)
        self.views.opened.connect(self.verbs.open)
        self.views.menu_wanted.connect(self._popup)
        self.views.selection_changed.connect(lambda: self._settle.start())
        self.shelf.changed.connect(self._refreshed)
        self.shelf.edited.connect(self._edited)
        self.shown.filled.connect(self._refreshed)
        self.verbs.made.connect(self._select_made)
        self.empty.train_wanted.connect(lambda: self.session.page_wanted.emit("train"))
        self.empty.clear_wanted.connect(self.bar.clear_filters)
        details, one = self.details, self._one
        details.open_wanted.connect(lambda: one(self.verbs.open))
        details.resume_wanted.connect(lambda: one(self.verbs.resume))
        details.reveal_wanted.connect(lambda: one(self.verbs.reveal))
        details.delete_wanted.connect(self.delete)
        details.compare_wanted.connect(self.compare)
        details.fork_wanted.connect(lambda step: one(lambda row: self.verbs.fork(row, step)))
        details.run_wanted.connect(self.select)
        details.more_wanted.connect(self._popup_under)
        details.tags_edited.connect(lambda path, tags: self.verbs.edit("tags", {path: tags}))
        details.note_edited.connect(lambda path, note: self.verbs.edit("note", {path: note}))
        keys = {
            "delete": self.delete,
            "rename": self.views.rename,
            "duplicate": lambda: one(self.verbs.duplicate),
            "go on": lambda: one(self._go_on),
            "compare": self.compare,
        }
        bind(self.views, "Library", keys)

    # --- what is shown

    def _narrow(self, **what: str) -> None:
        self.shown.narrow(**what)
        self._refreshed()

    def _refreshed(self) -> None:
        rows = self.shelf.model.rows()
        self.bar.show_tags(rows)
        shown = self.shown.rowCount()
        if shown:
            self.middle.setCurrentWidget(self.views)
        else:
            self.empty.show_why("reading" if not self.shelf.scanned else "nothing" if not rows else "filtered")
            self.middle.setCurrentWidget(self.empty)
        self.details.setVisible(bool(rows))
        self.bar.show_filters(bool(rows))
        of = f"{shown:,} of {plural(len(rows), 'run')}" if shown != len(rows) else plural(len(rows), "run")
        self.count.setText(f"{of} · {memory(sum(r.size for r in rows))}" if rows else "")
        if self._select_next and self.select(self._select_next):
            self._select_next = ""
        elif rows and shown and not self.views.selected():
            self._select_first()
        self._settle_now()

    def _select_first(self) -> None:
        """Something is always selected, so that the panel and the keys have something to work on."""
        chosen = self.shown.index_of(self.session.run) if self.session.run else self.shown.index(0, 0)
        row = self.shown.row_at(chosen if chosen.isValid() else self.shown.index(0, 0))
        if row is not None:
            self.views.select(row.path)

    def _settle_now(self) -> None:
        if hasattr(self, "_settle"):
            self._settle.start()

    def _edited(self, path: str) -> None:
        if any(row.path == path for row in self.details.rows):
            self._settle_now()
        self.bar.show_tags(self.shelf.model.rows())

    def _follow_selection(self) -> None:
        self.details.show_rows(self.views.selected())

    def select(self, path: str) -> bool:
        """Select a run; filters that hide it are cleared. One that is not known yet is selected when it appears."""
        if self.shelf.model.row(path) is None:
            self._select_next = path
            return False
        if not self.shown.index_of(path).isValid():
            if self.shown.filling:
                self._select_next = path
                return False
            self.bar.clear_filters()
            self.shown.narrow(search="", status="", tag="")
        return self.views.select(path)

    def _select_made(self, path: str) -> None:
        self._select_next = path

    def focus_search(self) -> None:
        self.bar.search.setFocus()
        self.bar.search.selectAll()

    # --- verbs on the selection

    def _one(self, verb: Callable[[Row], None]) -> None:
        rows = self.views.selected()
        if len(rows) == 1 and not (rows[0].damaged and verb not in (self.verbs.reveal,)):
            verb(rows[0])

    def _go_on(self, row: Row) -> None:
        if row.path == self.session.training:
            return
        if row.resumable:
            self.verbs.resume(row)
        elif row.shown == "finished":
            self.verbs.train_further(row)

    def delete(self) -> None:
        rows = self.views.selected()
        if rows:
            at = self.shown.index_of(rows[0].path).row()
            self.verbs.delete(rows)
            left = self.shown.rowCount()
            row = self.shown.row_at(self.shown.index(min(at, left - 1), 0)) if left else None
            if row is not None and not self.views.selected():
                self.views.select(row.path)

    def compare(self) -> None:
        self.verbs.compare(self.views.selected())

    def export(self) -> None:
        self._one(self.verbs.export)

    # --- the menu

    def _popup(self, at: QPoint) -> None:
        menu = self.menu()
        if not menu.isEmpty():
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(at)

    def _popup_under(self, button: QToolButton) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def menu(self) -> QMenu:
        """Everything that can be done with the selection; of a damaged run only to look at it and to delete it."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        rows = self.views.selected()
        if not rows:
            return menu
        row = rows[0]
        if len(rows) > 1:
            self._menu_of_many(menu, rows)
        elif row.damaged:
            _item(menu, "folder-open", "Show folder", "", lambda: self.verbs.reveal(row))
        else:
            self._menu_of_one(menu, row)
        menu.addSeparator()
        _item(menu, "trash", "Delete", "Del", self.delete)
        return menu

    def _menu_of_many(self, menu: QMenu, rows: list[Row]) -> None:
        whole = [r for r in rows if not r.damaged]
        compare = _item(menu, "columns", f"Compare {len(whole)} runs", "Ctrl+Return", self.compare)
        compare.setEnabled(2 <= len(whole) <= MOST)
        compare.setToolTip(f"Two to {MOST} runs can be compared at once")
        if whole:
            menu.addMenu(self._tags_menu(menu, whole))

    def _menu_of_one(self, menu: QMenu, row: Row) -> None:
        verbs = self.verbs
        live = row.path == self.session.training
        _item(menu, "flask", "Open in Explore", "Return", lambda: verbs.open(row))
        if row.shown == "finished":
            _item(menu, "fast-forward", "Train further…", "Ctrl+R", lambda: verbs.train_further(row))
        else:
            words = "Train" if row.shown == "new" else "Resume"
            resume = _item(menu, "play", words, "Ctrl+R", lambda: verbs.resume(row))
            resume.setEnabled(row.resumable and not live)
        menu.addSeparator()
        _item(menu, "copy", "Duplicate recipe", "Ctrl+D", lambda: verbs.duplicate(row)).setToolTip(
            "The same recipe and dataset on the Train page"
        )
        fork = menu.addMenu(icon("git-fork"), "Fork from checkpoint")
        steps = self._forkable(row)
        fork.setEnabled(bool(steps))
        for step in steps:
            _item(fork, "", f"Step {step:,}", "", partial(verbs.fork, row, step))
        menu.addSeparator()
        _item(menu, "pencil-simple", "Rename", "F2", self.views.rename)
        menu.addMenu(self._tags_menu(menu, [row]))
        _item(menu, "note-pencil", "Edit note", "", self.details.edit_note)
        menu.addSeparator()
        _item(menu, "export", "Export as one file…", "Ctrl+E", lambda: verbs.export(row))
        _item(menu, "folder-open", "Show folder", "", lambda: verbs.reveal(row))

    def _forkable(self, row: Row) -> list[int]:
        """Newest first; known once the panel has read the folder."""
        known = self.details.facts
        return sorted(known.resumable, reverse=True)[:20] if known is not None and known.path == row.path else []

    def _tags_menu(self, parent: QMenu, rows: list[Row]) -> QMenu:
        menu = QMenu("Tags", parent)
        menu.setIcon(icon("tag"))
        for tag in sorted({t for r in self.shelf.model.rows() for t in r.tags}, key=str.casefold):
            action = menu.addAction(tag)
            action.setCheckable(True)
            action.setChecked(all(tag in r.tags for r in rows))
            action.triggered.connect(lambda on, tag=tag: self.verbs.toggle_tag(rows, tag, on))
        if len(rows) == 1:
            menu.addSeparator()
            menu.addAction("New tag…", self.details.edit_tags)
        elif menu.isEmpty():
            menu.setEnabled(False)
        return menu

    # --- what is remembered

    def save_state(self) -> dict[str, Any]:
        header = self.views.list.header()
        return {
            "search": self.bar.search.text(),
            "status": self.shown.status,
            "tag": self.shown.tag,
            "gallery": self.bar.gallery.isChecked(),
            "sort": COLUMNS[header.sortIndicatorSection()],
            "descending": header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder,
            "hidden": self.views.hidden_columns(),
            "widths": self.views.column_widths(),
            "panes": self.splitter.sizes(),
            "selected": [row.path for row in self.views.selected()[:1]],
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """What is missing or makes no sense is left as it is."""
        bar = self.bar
        bar.search.setText(str(state.get("search", "")))
        bar.status.setCurrentIndex(max(0, bar.status.findData(state.get("status", ""))))
        tag = str(state.get("tag", ""))
        if tag and bar.tag.findData(tag) < 0:
            bar.tag.addItem(tag, tag)  # the library has not been read yet
        bar.tag.setCurrentIndex(max(0, bar.tag.findData(tag)))
        (bar.gallery if state.get("gallery") else bar.list).setChecked(True)
        sort = state.get("sort")
        down = state.get("descending", True)
        self.views.list.sortByColumn(
            COLUMNS.index(sort) if sort in COLUMNS else DATE,
            Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder,
        )
        if isinstance(hidden := state.get("hidden"), list):
            self.views.hide_columns([str(name) for name in hidden])
        for key, use in (("widths", self.views.set_column_widths), ("panes", self.splitter.setSizes)):
            if isinstance(sizes := state.get(key), list) and all(isinstance(s, int) for s in sizes):
                use(sizes)
        for path in state.get("selected") or []:
            self._select_next = str(path)


def _item(menu: QMenu, sign: str, words: str, keys: str, what: Callable[[], None]) -> QAction:
    """The key is told only: the views have it as a shortcut, and twice the same would be ambiguous."""
    action = menu.addAction(f"{words}\t{keys}" if keys else words)
    if sign:
        action.setIcon(icon(sign))
    action.triggered.connect(lambda: what())
    return action
