"""The runs that wait for their turn: drag or move them, take them out, start the first."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui import work
from studio.gui.icons import icon
from studio.gui.session import Session
from studio.gui.theme import SPACE, role
from studio.runs.folder import DamagedRun, RunFolder


class Queue(QFrame):
    """Opens above the button in the status line; a click elsewhere or Escape closes it."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.session = session
        self._titles: dict[str, str] = {}
        role(self, "card")
        self.setFixedWidth(40 * SPACE)
        self.setAccessibleName("Runs that wait")
        self.list = QListWidget()
        self.list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.list.setAccessibleName("Runs that wait, in order")
        self.list.setToolTip("Drag to change the order")
        self.list.model().rowsMoved.connect(self._dragged)
        self.start = QPushButton("Start now")
        self.start.setToolTip("Train the first of them; the others follow")
        self.start.clicked.connect(session.start_queue)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE // 2)
        self._buttons: list[QToolButton] = []
        for name, tip, act in (
            ("arrow-up", "Sooner", lambda: self._move(-1)),
            ("arrow-down", "Later", lambda: self._move(1)),
            ("x", "Take out of the queue", self._remove),
        ):
            button = QToolButton()
            button.setIcon(icon(name))
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.clicked.connect(act)
            buttons.addWidget(button)
            self._buttons.append(button)
        buttons.addStretch(1)
        buttons.addWidget(self.start)
        heading = QLabel("Waiting")
        role(heading, "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addWidget(heading)
        column.addWidget(self.list)
        column.addLayout(buttons)
        session.queue_changed.connect(self._fill)
        for signal in (session.started, session.ended):
            signal.connect(lambda _: self._fill())
        self._fill()

    def open_above(self, button: QWidget) -> None:
        self._look_up()
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width(), 0))
        self.move(corner.x() - self.width(), corner.y() - self.height() - 4)
        self.show()
        self.list.setFocus()

    def _look_up(self) -> None:
        """The titles, which are on disk."""
        paths = list(self.session.queue)

        def shown(titles: dict[str, str]) -> None:
            self._titles |= titles
            self._fill()

        work.run(self, lambda watch: {path: title_of(path) for path in paths}, shown)

    def _fill(self) -> None:
        waiting = self.session.queue
        now = [self.list.item(i).data(Qt.ItemDataRole.UserRole) for i in range(self.list.count())]
        row = self.list.currentRow()
        if now != waiting or any(path in self._titles for path in waiting):
            self.list.clear()
            for path in waiting:
                item = QListWidgetItem(self._titles.get(path) or path.rsplit("/", 1)[-1])
                item.setData(Qt.ItemDataRole.UserRole, path)
                self.list.addItem(item)
            self.list.setCurrentRow(min(max(row, 0), len(waiting) - 1))
        self.start.setVisible(not self.session.training)
        for button in self._buttons:
            button.setEnabled(bool(waiting))
        if not waiting:
            self.hide()

    def _current(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def _move(self, by: int) -> None:
        run = self._current()
        if run:
            to = max(0, min(len(self.session.queue) - 1, self.session.queue.index(run) + by))
            self.session.move_in_queue(run, to)
            self.list.setCurrentRow(to)

    def _remove(self) -> None:
        run = self._current()
        if run:
            self.session.dequeue(run)

    def _dragged(self) -> None:
        order = [str(self.list.item(i).data(Qt.ItemDataRole.UserRole)) for i in range(self.list.count())]
        for place, run in enumerate(order):
            if self.session.queue.index(run) != place:
                self.session.move_in_queue(run, place)


def title_of(path: str) -> str:
    """A run's title, or the name of its folder when it cannot be read."""
    try:
        return RunFolder(path).info().title
    except DamagedRun:
        return path.rsplit("/", 1)[-1]
