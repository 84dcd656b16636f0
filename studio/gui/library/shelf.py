"""The library as the window knows it: scans on worker threads, edits one after the other, the run in training live.

A scan is a reading of the disk that may be overtaken by an edit. So edits are done one at a time, each is shown at
once, and a scan that began before the last edit ended is thrown away and made again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, Signal

from studio.data.watch import Cancelled, Watch
from studio.gui import work
from studio.gui.library import row
from studio.gui.library.model import RunsModel
from studio.gui.library.row import Row
from studio.gui.library.thumbnails import Thumbnails
from studio.gui.session import Session, Trouble
from studio.runs.folder import DamagedRun, RunFolder
from studio.runs.library import Refused
from studio.training.events import Ended, Event, Paused, Progress, Resumed, Started

Failed = Callable[[Exception], None]


@dataclass(frozen=True, eq=False)
class _Job:
    task: Callable[[Watch], Any]
    done: Callable[[Any], None]
    failed: Failed
    title: str
    quick: bool


def of(session: Session) -> Shelf:
    """The one shelf of a session, for all who show its library; made when the first of them asks."""
    return session.findChild(Shelf, options=Qt.FindChildOption.FindDirectChildrenOnly) or Shelf(session, session)


class Shelf(QObject):
    """Owns the rows. ``changed`` follows every scan, ``edited`` every change of a single row."""

    changed = Signal()
    edited = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.model = RunsModel(self)
        self.model.renamed.connect(self._rename)
        self.thumbnails = Thumbnails(self)
        self.thumbnails.ready.connect(self.model.thumbnail_came)
        self.scanned = False
        """Whether the library was read at least once."""
        self._scanning = False
        self._again = False
        self._epoch = 0
        self._jobs: deque[_Job] = deque()
        self._working = False
        self._live: dict[str, Row] = {}
        self._known_damaged: set[str] = set()

        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(300)
        self._soon.timeout.connect(self.rescan)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(lambda _: self._soon.start())
        self._picture = QTimer(self)
        self._picture.setSingleShot(True)
        self._picture.setInterval(1000)
        self._picture.timeout.connect(self._find_picture)

        session.library_changed.connect(self.rescan)
        session.catalogue_changed.connect(self.rescan)
        for signal in (session.started, session.progressed, session.paused, session.resumed, session.ended):
            signal.connect(self._follow)
        session.sheet_drawn.connect(lambda _: self._picture_soon())

    # --- reading the disk

    def rescan(self) -> None:
        """Look at the folders again, on a worker thread; several wishes at once make one more scan."""
        if self._scanning or self._working or self._jobs:
            self._again = True
            return
        self._scanning, self._again = True, False
        library, training = self.session.library, self.session.training
        titles = {card.name: card.title for card in self.session.models}
        epoch = self._epoch
        work.run(
            self,
            lambda watch: [row.of(entry, titles, training) for entry in library.scan()],
            lambda rows: self._scan_came(epoch, rows),
            self._scan_failed,
        )

    def _scan_came(self, epoch: int, rows: list[Row]) -> None:
        self._scanning = False
        if epoch != self._epoch or self._working:
            self.rescan()
            return
        self.scanned = True
        self.model.put([self._newer(r) for r in rows])
        self._watch_folders(rows)
        self.changed.emit()
        if self._again:
            self.rescan()

    def _scan_failed(self, wrong: Exception) -> None:
        self._scanning = False
        self.session.trouble.emit(
            Trouble("The library could not be read", str(wrong), action="Try again", act=self.rescan)
        )

    def _newer(self, fresh: Row) -> Row:
        """What the events said of the run in training is newer than its files."""
        live = self._live.get(fresh.path)
        if live is None or fresh.damaged:
            return fresh
        return replace(
            fresh, shown=live.shown, message=live.message, step=live.step, steps=live.steps, seconds=live.seconds
        ).indexed()

    def _watch_folders(self, rows: list[Row]) -> None:
        """Watch the library's folder, and damaged ones: a run that is being copied in looks so until it is whole."""
        wanted = {str(self.session.library.root)} | {r.path for r in rows if r.damaged}
        watched = set(self._watcher.directories())
        if gone := watched - wanted:
            self._watcher.removePaths(sorted(gone))
        fresh = sorted(p for p in wanted - watched if Path(p).is_dir())
        if fresh:
            self._watcher.addPaths(fresh)
            if {r.path for r in rows if r.damaged} - self._known_damaged:
                self._soon.start()  # files that came between the scan and the watch were told to nobody
        self._known_damaged = {r.path for r in rows if r.damaged}

    # --- changing it

    def do(
        self,
        task: Callable[[Watch], Any],
        done: Callable[[Any], None] | None = None,
        failed: Failed | None = None,
        *,
        title: str = "",
        quick: bool = False,
    ) -> None:
        """Change the disk on a worker thread, after the changes asked before; then look again.

        Args:
            title: shows it in the status line, with Cancel.
            quick: small enough to be done at once when the window closes before its turn has come.
        """
        self._epoch += 1
        self._jobs.append(_Job(task, done or (lambda _: None), failed or self._told, title, quick))
        self._next()

    def settle(self) -> None:
        """The window closes: write the small edits that still wait. Long work that has not begun is dropped."""
        jobs, self._jobs = self._jobs, deque()
        for job in jobs:
            if job.quick:
                try:
                    job.task(Watch())
                except (OSError, DamagedRun, Refused) as wrong:
                    job.failed(wrong)

    def _told(self, wrong: Exception) -> None:
        if not isinstance(wrong, Cancelled):
            self.session.trouble.emit(Trouble("That change of the library did not work", str(wrong)))

    def _next(self) -> None:
        if self._working or not self._jobs:
            return
        self._working = True
        job = self._jobs.popleft()

        def finished(call: Callable[[Any], None], value: Any) -> None:
            self._working = False
            self._epoch += 1
            try:
                call(value)
            finally:
                self._next()
                if not self._working:
                    self.rescan()

        work.run(
            self,
            job.task,
            lambda value: finished(job.done, value),
            lambda wrong: finished(job.failed, wrong),
            title=job.title,
        )

    def _rename(self, path: str, title: str) -> None:
        """Somebody typed over a title, in the sidebar or in the page."""
        from studio.gui.library.edits import Edit  # it needs this module

        self.session.undo.push(Edit(self, "title", {path: title}))

    def show(self, fresh: Row) -> None:
        """Show an edit before the disk has it."""
        self._epoch += 1
        self.model.update(fresh)
        self.edited.emit(fresh.path)

    def hide_runs(self, paths: list[str]) -> None:
        """Take runs out of the list before the disk has let them go."""
        self._epoch += 1
        self.model.put([r for r in self.model.rows() if r.path not in set(paths)])
        self.changed.emit()

    # --- the run in training

    def _follow(self, event: Event) -> None:
        known = self.model.row(event.run)
        if isinstance(event, Ended):
            self._live.pop(event.run, None)
        if known is None or known.damaged:
            return
        match event:
            case Started(steps=steps):
                fresh = replace(known, shown="training", message="", step=event.step, steps=steps)
            case Progress(steps=steps, seconds=seconds):
                shown: row.Shown = "paused" if self.session.is_paused else "training"
                fresh = replace(known, shown=shown, step=event.step, steps=steps, seconds=seconds)
            case Paused(message=message):
                fresh = replace(known, shown="paused", message=message, step=event.step)
            case Resumed():
                fresh = replace(known, shown="training", message="")
            case Ended(reason=reason, message=message):
                fresh = replace(known, shown=reason, message=message, step=event.step)
            case _:
                return
        if known.status != fresh.status:
            fresh = fresh.indexed()
        if not isinstance(event, Ended):
            self._live[event.run] = fresh
        self.model.update(fresh)
        self.edited.emit(event.run)

    def _picture_soon(self) -> None:
        if not self._picture.isActive():
            self._picture.start()

    def _find_picture(self) -> None:
        """The newest sheet of the run in training, so that its thumbnail learns with it."""
        path = self.session.training
        if not path:
            return

        def came(sheet: str) -> None:
            known = self.model.row(path)
            if known is not None and sheet and sheet != known.thumbnail:
                self.model.update(replace(known, thumbnail=sheet))
                self.edited.emit(path)

        work.run(self, lambda watch: str(newest_sheet(path) or ""), came)


def newest_sheet(path: str) -> Path | None:
    sheets = RunFolder(path).sheets()
    return sheets[-1][1] if sheets else None
