"""All experiments as cards, as many in a row as fit; arrows go from card to card."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from studio.gui.experiments.card import Card
from studio.gui.experiments.conductor import Conductor
from studio.gui.experiments.seen import Doing, Seen, doing
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.theme import SPACE, role

ABOUT = "Figures of papers to make again: what was reported, and what this machine gets. Every attempt is kept."


class Gallery(QScrollArea):
    opened = Signal(str)
    """The name of an experiment."""

    def __init__(self, conductor: Conductor, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.conductor = conductor
        self.cards: list[Card] = []
        self._seen: Sequence[Seen] = ()
        self._thumbnails = thumbnails
        self._columns = 0
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        title = QLabel("Experiments")
        role(title, "title")
        self.about = QLabel(ABOUT)
        role(self.about, "quiet")
        self.about.setWordWrap(True)
        self.said = QLabel("Looking for experiments …")
        role(self.said, "quiet")
        self.said.setWordWrap(True)
        field = QWidget()
        self._grid = QGridLayout()
        self._grid.setSpacing(2 * SPACE)
        column = QVBoxLayout(field)
        column.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        for label in (title, self.about, self.said):
            column.addWidget(label)
        column.addSpacing(SPACE // 2)
        column.addLayout(self._grid)
        column.addStretch(1)
        self.setWidget(field)
        field.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        conductor.advanced.connect(lambda _: self._tell())

    def show_all(self, seen: Sequence[Seen]) -> None:
        """These experiments; the cards stay who they are, so that the focus does."""
        self._seen = seen
        self.said.setVisible(not seen)
        while len(self.cards) > len(seen):
            gone = self.cards.pop()
            self._grid.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self.cards) < len(seen):
            card = Card(self._thumbnails)
            card.clicked.connect(partial(self._open, card))
            self.cards.append(card)
            self._columns = 0
        self._tell()
        self._arrange()

    def failed(self, why: str) -> None:
        self.said.setText(why)
        self.said.show()

    def _open(self, card: Card) -> None:
        if card.seen is not None:
            self.opened.emit(card.seen.experiment.name)

    def _tell(self) -> None:
        for card, seen in zip(self.cards, self._seen, strict=False):
            name = seen.experiment.name
            under_way = self.conductor.at(name)
            if under_way is not None:
                state = doing(under_way.attempt, under_way, True, self.conductor.session)
                card.show_seen(seen, state, under_way.done)
            elif name in self.conductor.preparing:
                card.show_seen(seen, Doing("hourglass", "preparing", "quiet"), 0.0)
            elif seen.telling is not None:
                taken = str(seen.telling.path) in seen.taken
                card.show_seen(seen, doing(seen.telling, None, taken, self.conductor.session))
            else:
                card.show_seen(seen, Doing("circle", "not tried yet", "quiet"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        room = self.viewport().width() - 6 * SPACE
        columns = max(1, (room + 2 * SPACE) // (Card.LEAST + 2 * SPACE))
        if columns == self._columns:
            return
        self._columns = columns
        for at, card in enumerate(self.cards):
            self._grid.addWidget(card, at // columns, at % columns)
        for at in range(12):
            self._grid.setColumnStretch(at, 1 if at < columns else 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = next((i for i, card in enumerate(self.cards) if card.hasFocus()), -1)
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        key = Qt.Key(event.key())
        if at >= 0 and key in moves:
            to = at + moves[key]
            if 0 <= to < len(self.cards):
                self.cards[to].setFocus(Qt.FocusReason.OtherFocusReason)
                self.ensureWidgetVisible(self.cards[to])
        elif at >= 0 and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.cards[at].click()
        else:
            super().keyPressEvent(event)
