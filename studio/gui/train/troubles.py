"""A training that paused by itself, failed, or wants a person's eye: what happened, in words, and the way out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from studio.gui import work
from studio.gui.session import Trouble
from studio.gui.train import facts
from studio.gui.train.facts import RunFacts
from studio.training import control
from studio.training.events import Alarm, Ended, Paused, Started

if TYPE_CHECKING:
    from studio.gui.train.page import TrainPage


ALARMS = {
    "classes": "classes are missing from its samples",
    "modes": "modes are missing from its samples",
}
"""What is wrong, by what an alarm is about; any other is named as it is."""
ADVICE = "They seldom come back by themselves: lower rates, a larger batch or another model may help."
SEEN_IN = "modes"
"""The group of curves in which an alarm can be followed."""


class Troubles(QObject):
    """Listens beside its page, for whichever run is in training."""

    def __init__(self, page: TrainPage) -> None:
        super().__init__(page)
        self.page, self.session = page, page.session
        self.session.paused.connect(self._on_paused)
        self.session.started.connect(self._on_started)
        self.session.alarmed.connect(self._on_alarm)
        self.session.ended.connect(self._on_ended)
        self.alarms: dict[str, Alarm] = {}
        """Those that stand, of the run in training, by what they are about."""

    def _on_paused(self, event: Paused) -> None:
        if event.reason == "asked":
            return
        name = Path(event.run).name
        if event.reason == "nan":
            what, action, act = f"{name} paused: a value is not a number", "Lower the rates and go on", self.calm_down
        elif event.reason == "memory":
            what, action = f"{name} paused: out of memory", "Recipe with half the batch"
            act = partial(self._smaller, event.run)
        else:
            what, action = f"{name} paused: the disk takes no more", "Go on"
            act = partial(self.session.steer, control.Resume())
        self.session.trouble.emit(Trouble(what, event.message, action, act, about=event.run))

    def calm_down(self) -> None:
        """After values that are no numbers: half of every learning rate, and on. One that was raised by far more than
        that goes back to where it began: halving it would only bring the next trouble."""
        if self.session.training and self.session.is_paused:
            rates = self.page.run_pane.rates
            for player, rate in list(rates.now.items()):
                rates.set_rate(player, min(rate / 2, rates.first[player]))
            self.session.steer(control.Resume())

    def _smaller(self, run: str) -> None:
        """After running out of memory: the recipe once more, with half the batch, for a person to look at."""

        def take(found: RunFacts) -> None:
            batch = found.values.get("batch")
            values = {**found.values, "batch": max(1, batch // 2)} if isinstance(batch, int) else found.values
            self.page.recipe_pane.recipe.load(found.model, values, "half the batch")
            self.page.turn_to(0)

        work.run(self, lambda watch: facts.read(run), take)

    # --- alarms: the training goes on, and so may the person

    def _on_alarm(self, event: Alarm) -> None:
        before = self.alarms.pop(event.about, None)
        if not event.message:
            self.session.trouble_over.emit(_about(event))
            return
        self.alarms[event.about] = event
        # One that a person has put away comes back when it says something else.
        if before is None or (before.run, before.message) != (event.run, event.message):
            self._tell(event, "Pause and look")

    def _tell(self, event: Alarm, action: str) -> None:
        what = f"{Path(event.run).name}: {ALARMS.get(event.about, f'look at its {event.about}')}"
        why = f"{event.message[:1].upper()}{event.message[1:]}. {ADVICE if event.about in ALARMS else ''}".strip()
        self.session.trouble.emit(Trouble(what, why, action, partial(self._look, event), about=_about(event)))

    def _look(self, event: Alarm) -> None:
        """The samples and the curve that the alarm is about, standing still: rates can be changed, moves made one by
        one, or the run stopped and its recipe used again."""
        if self.session.training == event.run and not self.session.is_paused:
            self.session.steer(control.Pause())
        if self.session.run != event.run:
            self.session.choose_run(event.run)
        self.session.page_wanted.emit("train")
        self.page.turn_to(1)
        self.page.deck.show_group(SEEN_IN)

    def _on_started(self, event: Started) -> None:
        for alarm in self.alarms.values():
            self.session.trouble_over.emit(_about(alarm))
        self.alarms = {}

    def _on_ended(self, event: Ended) -> None:
        for alarm in self.alarms.values():  # there is nothing left to pause
            self.session.trouble_over.emit(_about(alarm))
            self._tell(alarm, "Look at it")
        if event.reason == "failed":
            self.session.trouble.emit(
                Trouble(
                    f"{Path(event.run).name} failed at step {event.step:,}",
                    event.message,
                    "Resume from the last checkpoint",
                    partial(self._resume, event.run),
                    about=event.run,
                )
            )

    def _resume(self, run: str) -> None:
        self.session.choose_run(run)
        self.session.train(run)


def _about(event: Alarm) -> str:
    """So that its banner goes with the alarm, and stays when another trouble of the run is over."""
    return f"{event.run}#{event.about}"
