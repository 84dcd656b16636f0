"""One experiment: at the left the paper and what to run, at the right every attempt and what came out of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from studio.experiments.core.attempts import Attempt
from studio.gui.experiments.ask import AskPane
from studio.gui.experiments.attempts import AttemptsTable
from studio.gui.experiments.conductor import Conductor
from studio.gui.experiments.findings import FindingsPane
from studio.gui.experiments.paper import PaperPane
from studio.gui.experiments.pictures import Enlarged
from studio.gui.experiments.seen import Seen
from studio.gui.icons import icon
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.shortcuts import bind
from studio.gui.theme import SPACE, role
from studio.gui.widgets.curve_tools import ElidedLabel
from studio.gui.widgets.panes import Panes


class Detail(QWidget):
    closed = Signal()
    """Back to the gallery."""

    def __init__(self, conductor: Conductor, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: Seen | None = None
        self.back = QToolButton()
        self.back.setText("All experiments")
        self.back.setIcon(icon("arrow-left"))
        self.back.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.back.setToolTip("Back to all experiments (Escape)")
        self.back.setAccessibleName("Back to all experiments")
        self.back.clicked.connect(self.closed)
        self.title = ElidedLabel()
        role(self.title, "title")
        head = QHBoxLayout()
        head.setContentsMargins(SPACE + SPACE // 2, SPACE, 2 * SPACE, SPACE)
        head.setSpacing(SPACE)
        head.addWidget(self.back)
        head.addWidget(self.title, 1)
        self.paper = PaperPane()
        self.ask = AskPane(conductor)
        reading = QWidget()
        column = QVBoxLayout(reading)
        column.setContentsMargins(3 * SPACE, SPACE, 2 * SPACE, SPACE)
        column.addWidget(self.paper)
        column.addStretch(1)
        self.ask.setContentsMargins(3 * SPACE, SPACE, 2 * SPACE, SPACE + SPACE // 2)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_scroll(reading), 1)
        column.addWidget(_line())
        column.addWidget(self.ask)

        self.table = AttemptsTable(conductor)
        self.table.setMinimumHeight(120)
        self.findings = FindingsPane(conductor, thumbnails)
        heading = QLabel("What this machine got")
        role(heading, "heading")
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(heading)
        column.addWidget(self.table, 1)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(2 * SPACE, SPACE + SPACE // 2, 2 * SPACE, 2 * SPACE)
        column.addWidget(self.findings)
        self.bench = Panes(Qt.Orientation.Vertical)
        self.bench.addWidget(above)
        self.bench.addWidget(_scroll(below))
        self.bench.setStretchFactor(1, 1)
        self.bench.setSizes([170, 460])
        self.bench.setChildrenCollapsible(False)
        self.split = Panes(Qt.Orientation.Horizontal)
        self.split.addWidget(left)
        self.split.addWidget(self.bench)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([392, 656])
        self.split.setChildrenCollapsible(False)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(0)
        around.addLayout(head)
        around.addWidget(self.split, 1)
        self.table.chosen.connect(self._show_attempt)
        self.enlarged = Enlarged(thumbnails, self)
        self.findings.pictures.enlarge_wanted.connect(self.enlarged.show_picture)
        bind(self, "Experiments", {"back": self._back})

    def show_seen(self, seen: Seen) -> None:
        """Another experiment, or the same with newer attempts: then a new attempt is gone to, else nothing moves."""
        before = self.seen
        same = before is not None and before.experiment.name == seen.experiment.name
        new = not same or before is None or len(before.attempts) < len(seen.attempts)
        self.seen = seen
        self.title.setText(seen.experiment.title)
        self.paper.show_seen(seen)
        self.ask.show_seen(seen)
        self.table.show_seen(seen, newest=new)

    def _back(self) -> None:
        if self.enlarged.isVisible():
            self.enlarged.hide()
        else:
            self.closed.emit()

    def _show_attempt(self, attempt: Attempt | None) -> None:
        if self.seen is not None:
            self.findings.show_attempt(self.seen, attempt)


def _scroll(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    inside.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area


def _line() -> QWidget:
    line = QFrame()
    line.setFixedHeight(1)
    role(line, "line")
    return line
