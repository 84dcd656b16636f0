"""The learning rates of the run in training: a field for each player, and a button that moves it once."""

from __future__ import annotations

from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from studio.gui import theme
from studio.gui.session import Session
from studio.gui.train.editors import NumberBox
from studio.training import control

RATES = (1e-8, 1.0)


class Rates(QWidget):
    """Shows what the engine says; edits go to it at once, and can be undone while the same run trains."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.now: dict[str, float] = {}
        """By player; empty while nothing trains."""
        self.first: dict[str, float] = {}
        """As they were when the training began or went on."""
        self.players: dict[str, tuple[NumberBox, QPushButton]] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE // 2)
        self._grid.setVerticalSpacing(theme.SPACE // 2)
        self._grid.setColumnStretch(1, 1)

    def begin(self, rates: dict[str, float]) -> None:
        """Another training, with these rates; none: it has ended."""
        self.now, self.first = dict(rates), dict(rates)
        self.players = {}
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if not rates:
            return
        heading = QLabel("Learning rates")
        theme.role(heading, "section")
        heading.setToolTip("They change from the next move on, and stay in checkpoints")
        self._grid.addWidget(heading, 0, 0, 1, 3)
        for at, (player, rate) in enumerate(rates.items(), 1):
            label = QLabel(player)
            label.setWordWrap(True)  # "generator and encoder"
            box = NumberBox(whole=False, low=RATES[0], high=RATES[1], log=True)
            box.set_value(rate)
            box.setAccessibleName(f"Learning rate of the {player}")
            box.setToolTip(f"Learning rate of the {player}: arrows step through 1, 2, 5, 10")
            box.edited.connect(lambda value, player=player: self._edited(player, float(value)))
            label.setBuddy(box)
            once = QPushButton("Step once")
            theme.role(once, "quiet")
            once.setToolTip(f"While paused: move the {player} once, and stay paused")
            once.setAccessibleName(f"Step the {player} once")
            once.clicked.connect(lambda _=False, player=player: self.session.steer(control.StepOnce(player)))
            self._grid.addWidget(label, at, 0)
            self._grid.addWidget(box, at, 1)
            self._grid.addWidget(once, at, 2)
            self.players[player] = box, once

    def set_steppable(self, on: bool) -> None:
        """Whether a player can be moved once: while the training is paused."""
        for _, once in self.players.values():
            once.setEnabled(on)

    def confirmed(self, player: str, rate: float) -> None:
        """What the engine says."""
        self.now[player] = rate
        if player in self.players:
            self.players[player][0].set_value(rate)

    def set_rate(self, player: str, rate: float) -> None:
        """Ask for another learning rate; the field shows it at once, the engine confirms it."""
        self.confirmed(player, rate)
        self.session.steer(control.SetRate(player, rate))

    def _edited(self, player: str, rate: float) -> None:
        if RATES[0] <= rate <= RATES[1] and rate != self.now.get(player):
            self.session.undo.push(_RateChange(self, player, self.now.get(player, rate), rate))


class _RateChange(QUndoCommand):
    """One learning rate of the run in training; without effect once that run has ended."""

    def __init__(self, rates: Rates, player: str, before: float, after: float) -> None:
        super().__init__(f"learning rate of the {player} = {after:g}")
        self.rates, self.player, self.before, self.after = rates, player, before, after
        self.run = rates.session.training

    def _set(self, rate: float) -> None:
        if self.rates.session.training == self.run:
            self.rates.set_rate(self.player, rate)

    def undo(self) -> None:
        self._set(self.before)

    def redo(self) -> None:
        self._set(self.after)
