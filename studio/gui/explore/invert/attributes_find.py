"""Finds the vectors of the attributes that are set, one after the other, and again once the run has trained on."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Signal

from studio.explore.questions import Attribute, FindAttribute, Unfolded, Where
from studio.gui.explore.asking import brief
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.state import By

LEAST_REST = 10_000
"""Milliseconds between two rounds of finding while a run trains; ten times as long as the last one took, when more."""
KEPT = 64
"""Vectors that are kept, the newest."""


class Finder(QObject):
    """See the module. Tells the inverter the vectors of its state; asks in the slow lane, one question at a time."""

    changed = Signal()
    """Another one was found, is looked for, got further or could not be found."""

    def __init__(self, inverter: Inverter, parent: QObject) -> None:
        super().__init__(parent)
        self.inverter = inverter
        self.found: dict[tuple[Where, By], Attribute] = {}
        self.failures: dict[By, str] = {}
        """Why some of the run that is shown could not be found; they are not tried again by themselves."""
        self.busy: By | None = None
        self.done = self.total = 0
        self._again: list[By] = []
        """A person wants these anew; what is known of them holds until then."""
        self._stamp: int | None = None
        self._turn = 0
        self._since = QElapsedTimer()
        self._took = 0
        self._newest = -1
        """The newest step that the run is known to have."""
        inverter.run_shown.connect(self._show_anew)
        inverter.changed.connect(lambda before: self.look())
        inverter.found.connect(self._weights_moved)

    def of(self, by: By) -> Attribute | None:
        """What was found that way with the weights that are shown."""
        return self.found.get((self.inverter.where, by))

    # --- what is to be found

    def look(self) -> None:
        """Tell what is known of the state's attributes, and go on with what is not."""
        inverter = self.inverter
        if inverter.view is None:
            return
        traits = sorted(inverter.state.traits, key=lambda t: not t.amount)  # first those that the picture waits for
        wanted = [t.by for t in traits]
        if self.busy is not None and self.busy not in wanted:
            self._call_off()
        known = {by: found for by in wanted if (found := self.of(by)) is not None}
        vectors = {by: found.vector for by, found in known.items()}
        if {by: id(v) for by, v in vectors.items()} != {by: id(v) for by, v in inverter.vectors.items()}:
            inverter.know(vectors)
        if self.busy is None and inverter.awake:
            missing = [by for by in wanted if by not in known and by not in self.failures]
            missing = missing or [by for by in self._again if by in wanted] or self._outdated(known)
            if missing:
                self._ask(missing[0])

    def again(self, by: By) -> None:
        """Find one anew, with the weights of now."""
        self.failures.pop(by, None)
        if by not in (self.busy, *self._again):
            self._again.append(by)
        self.look()
        self.changed.emit()

    def stop(self) -> None:
        """The one that is looked for is not wanted now."""
        if self.busy is not None:
            by = self.busy
            self._call_off()
            if self.of(by) is None:
                self.failures[by] = "stopped"
            self.changed.emit()
            self.look()

    def forget(self) -> None:
        """No run is shown; what was found is kept."""
        self._call_off()

    def _outdated(self, known: dict[By, Attribute]) -> list[By]:
        """Of older weights than there are, oldest first; none while it is too early to find them anew."""
        rest = max(LEAST_REST, 10 * self._took)
        if self._since.isValid() and self._since.elapsed() < rest:
            return []
        old = [by for by, found in known.items() if found.step < self._newest and by not in self.failures]
        return sorted(old, key=lambda by: known[by].step)

    def _show_anew(self) -> None:
        self._call_off()
        self.failures.clear()
        self._again.clear()
        self._newest, self._took = -1, 0
        self.look()
        self.changed.emit()

    def _weights_moved(self, found: Unfolded | None) -> None:
        if found is not None and found.step > self._newest:
            self._newest = found.step
            self.look()
            self.changed.emit()

    # --- asking

    def _ask(self, by: By) -> None:
        self._turn += 1
        turn, where = self._turn, self.inverter.where
        self._again = [other for other in self._again if other != by]
        self.busy, self.done, self.total = by, 0, 0
        self._since.start()
        name = next((t.name for t in self.inverter.state.traits if t.by == by), "")
        quietly = self.of(by) is not None  # anew, while the run trains: that is no news

        def came(found: Attribute) -> None:
            if turn == self._turn:
                self._took = self._since.restart()
                self._keep(where, by, found)
                self._idle()
                result = self.inverter.result
                if result is not None and result.step < found.step:
                    self.inverter.refresh()  # the picture by the same weights

        def failed(message: str) -> None:
            if turn == self._turn:
                self.failures[by] = "stopped" if message == "cancelled" else brief(message)
                self._idle()

        def advanced(done: int, total: int) -> None:
            if turn == self._turn:
                self.done, self.total = done, total
                self.changed.emit()

        self._stamp = self.inverter.session.ask(
            FindAttribute(where, by),
            self,
            came,
            failed=failed,
            advanced=advanced,
            slow=True,
            title="" if quietly else f"Finding the direction of {name}",
        )
        self.changed.emit()

    def _keep(self, where: Where, by: By, found: Attribute) -> None:
        self.found.pop((where, by), None)
        self.found[where, by] = found
        while len(self.found) > KEPT:
            del self.found[next(iter(self.found))]

    def _idle(self) -> None:
        self.busy = self._stamp = None
        self.look()
        self.changed.emit()

    def _call_off(self) -> None:
        self._turn += 1
        if self._stamp is not None:
            self.inverter.session.cancel(self._stamp)
        self.busy = self._stamp = None
