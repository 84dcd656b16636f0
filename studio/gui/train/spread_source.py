"""Where the page's histograms come from: the disk, read by workers, and the run in training, as they arrive."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from studio.gui import work
from studio.gui.session import Session, Trouble
from studio.gui.train.spreads import Spreads, from_disk, joined
from studio.training.events import Ended, Spread, Started


class SpreadSource(QObject):
    """Listens for whichever run is in training; ``shown`` are the histograms of the run that is chosen."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.shown = Spreads("")
        self.live: Spreads | None = None
        session.started.connect(self._on_started)
        session.spread.connect(self._on_spread)
        session.ended.connect(self._on_ended)
        self._session = session

    def show_run(self, path: str) -> None:
        """Another run; "" for none."""
        if self.live is not None and self.live.run == path:
            self.shown = self.live
        else:
            self.shown = Spreads(path)
            if path:
                self._read(path)
        self.changed.emit()

    def _read(self, path: str) -> None:
        def failed(wrong: Exception) -> None:
            if path == self.shown.run:
                self._session.trouble.emit(Trouble("The histograms of the run cannot be read", str(wrong), about=path))

        work.run(self, lambda watch: from_disk(path), self._arrived, failed)

    def _arrived(self, found: Spreads) -> None:
        if self.live is not None and self.live.run == found.run:
            self.live = found = joined(found, self.live)
        elif found.run == self.shown.run:
            found = joined(found, self.shown)
        if found.run == self.shown.run:
            self.shown = found
            self.changed.emit()

    def _on_started(self, event: Started) -> None:
        if self.shown.run == event.run:
            self.live = self.shown
            self.live.back_to(event.step + 1)
            self.changed.emit()
        else:
            self.live = Spreads(event.run)
            if event.step:
                self._read(event.run)

    def _on_spread(self, event: Spread) -> None:
        if self.live is None or event.run != self.live.run:
            return
        self.live.add(event)
        if self.live is self.shown:
            self.changed.emit()

    def _on_ended(self, event: Ended) -> None:
        self.live = None
