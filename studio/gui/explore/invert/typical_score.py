"""Scores examples of the dataset, and strangers, for the inversion panel; keeps what was found, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.explore.questions import LikelihoodsFound, Where
from studio.explore.questions.flows import STRANGERS
from studio.gui.explore.asking import brief
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.state import Typical
from studio.gui.explore.invert.typical_state import Numbers, found_as_plain, found_from_plain, question

KEPT = 4
"""Runs whose likelihoods are kept, and come back with the next session."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What was found, and what was asked for then."""

    asked: Typical
    found: LikelihoodsFound

    @property
    def others(self) -> dict[str, str]:
        """Names of the other datasets that were scored, by fingerprint."""
        return dict(zip(self.asked.others, (n for n in self.found.strangers if n not in STRANGERS), strict=False))

    def chosen(self, typical: Typical) -> dict[str, Numbers]:
        """The strangers that are wanted and were scored, as a person calls them."""
        found = self.found.strangers
        kinds = {STRANGERS[key]: found[key] for key in typical.strangers if key in found}
        return kinds | {name: found[name] for key, name in self.others.items() if key in typical.others}

    def lacks(self, typical: Typical) -> bool:
        """Whether more is wanted than was asked for."""
        asked = self.asked
        more = {*typical.strangers, *typical.others} - {*asked.strangers, *asked.others}
        return bool(more) or typical.count != asked.count


class Scorer(QObject):
    """See the module. Asks in the slow lane, one round at a time."""

    changed = Signal()
    """More was found, or a round began, advanced or ended."""
    failed = Signal(str)

    def __init__(self, inverter: Inverter, parent: QObject) -> None:
        super().__init__(parent)
        self.inverter = inverter
        self.scores: dict[Where, Scores] = {}
        self.done = self.total = 0
        self._stamp: int | None = None
        self._turn = 0

    @property
    def busy(self) -> bool:
        return self._stamp is not None

    @property
    def current(self) -> Scores | None:
        """What was found with the weights that are shown, of whatever step."""
        return self.scores.get(self.inverter.where)

    def ask(self) -> None:
        """Score what is set; a round under way is called off."""
        inverter = self.inverter
        if inverter.view is None:
            return
        self.stop()
        turn, where, typical = self._turn, inverter.where, inverter.state.typical

        def came(found: LikelihoodsFound) -> None:
            if turn == self._turn:
                self._stamp = None
                self._keep(where, Scores(typical, found))
                self.changed.emit()

        def fail(message: str) -> None:
            if turn == self._turn:
                self._stamp = None
                self.changed.emit()
                if message != "cancelled":
                    self.failed.emit(brief(message))

        def advanced(done: int, total: int) -> None:
            if turn == self._turn:
                self.done, self.total = done, total
                self.changed.emit()

        self.done = self.total = 0
        self._stamp = inverter.session.ask(
            question(typical, where),
            self,
            came,
            failed=fail,
            advanced=advanced,
            slow=True,
            title="Scoring images for their typicality",
        )
        self.changed.emit()

    def stop(self) -> None:
        """Give up what is under way; what was found before stays."""
        self._turn += 1
        if self._stamp is not None:
            self.inverter.session.cancel(self._stamp)
            self._stamp = None
            self.changed.emit()

    def _keep(self, where: Where, scores: Scores) -> None:
        self.scores.pop(where, None)
        self.scores[where] = scores
        while len(self.scores) > KEPT:
            del self.scores[next(iter(self.scores))]

    def save_state(self) -> dict[str, Any]:
        """What was found with the newest weights of the last runs."""
        return {
            where.run: {
                "strangers": list(scores.asked.strangers),
                "others": list(scores.asked.others),
                "count": scores.asked.count,
                "scores": found_as_plain(scores.found),
            }
            for where, scores in self.scores.items()
            if where == Where(where.run)
        }

    def restore_state(self, runs: Any) -> None:
        """What :meth:`save_state` gave; may be damaged."""
        for run, plain in runs.items() if isinstance(runs, dict) else ():
            try:
                asked = Typical(
                    int(plain["count"]),
                    tuple(s for s in STRANGERS if s in plain["strangers"]),
                    tuple(str(o) for o in plain["others"]),
                )
                found = found_from_plain(plain["scores"])
            except (KeyError, TypeError, ValueError, OverflowError):
                continue
            if found is not None:
                self._keep(Where(str(run)), Scores(asked, found))
