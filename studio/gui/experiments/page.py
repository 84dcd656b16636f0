"""The page of experiments: a gallery, and one experiment at a time. The disk is read by workers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from studio.gui import work
from studio.gui.experiments import conductor as conducting
from studio.gui.experiments import seen as seeing
from studio.gui.experiments.detail import Detail
from studio.gui.experiments.gallery import Gallery
from studio.gui.experiments.seen import Seen
from studio.gui.library import shelf
from studio.gui.session import Session


class ExperimentsPage(QWidget):
    """It looks at the disk again when it is shown, when the window comes to the front, and when an attempt changes."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.seen: list[Seen] = []
        self.open = ""
        """The experiment that is shown; empty: all of them."""
        self.conductor = conducting.of(session)
        thumbnails = shelf.of(session).thumbnails
        self.gallery = Gallery(self.conductor, thumbnails)
        self.detail = Detail(self.conductor, thumbnails)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.gallery)
        self.stack.addWidget(self.detail)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.stack)
        self.setAccessibleName("Experiments")
        self._looking = self._again = False
        self.gallery.opened.connect(self.show_experiment)
        self.detail.closed.connect(lambda: self.show_experiment(""))
        self.conductor.changed.connect(self.look)
        session.datasets_changed.connect(self.look)

    # --- what there is

    def look(self) -> None:
        """Read everything anew; several wishes at once make one more look."""
        if self._looking:
            self._again = True
            return
        self._looking, self._again = True, False
        work.run(self, seeing.look, self._take, self._failed)

    def _take(self, found: list[Seen]) -> None:
        self._looking = False
        if self._again:
            self.look()
            return
        self.seen = found
        self.gallery.show_all(found)
        self._show()

    def _failed(self, wrong: Exception) -> None:
        self._looking = False
        self.gallery.failed(f"The experiments cannot be listed: {wrong}")

    # --- which one

    def show_experiment(self, name: str) -> None:
        """One experiment; "": all of them."""
        before, self.open = self.open, name
        self._show()
        if not name and before:
            card = next((c for c in self.gallery.cards if c.seen and c.seen.experiment.name == before), None)
            if card is not None:
                card.setFocus()

    def _show(self) -> None:
        found = next((s for s in self.seen if s.experiment.name == self.open), None)
        if found is not None:
            self.detail.show_seen(found)
        self.stack.setCurrentWidget(self.detail if found is not None else self.gallery)

    # --- when to look again

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate and self.isVisible():
            self.look()
        return super().event(event)

    # --- the last session comes back

    def save_state(self) -> dict[str, Any]:
        ask = self.detail.ask
        return {
            "open": self.open,
            "presets": dict(ask.chosen),
            "seeds": dict(ask.counts),
            "split": self.detail.split.kept(),
            "bench": self.detail.bench.kept(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """The inverse; what is missing or makes no sense stays as it is."""
        ask = self.detail.ask
        if isinstance(name := state.get("open"), str):
            self.open = name
        if isinstance(presets := state.get("presets"), dict):
            ask.chosen = {n: p for n, p in presets.items() if p in ("short", "full")}
        if isinstance(counts := state.get("seeds"), dict):
            ask.counts = {n: c for n, c in counts.items() if isinstance(c, int) and 1 <= c <= ask.seeds.maximum()}
        self.detail.split.restore(state.get("split"))
        self.detail.bench.restore(state.get("bench"))
        self._show()
