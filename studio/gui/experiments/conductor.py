"""Takes attempts from their first run to their conclusion: runs through the session's queue, then a question to the
engine. It works whichever page is shown, and what a closing window or a crash cuts off is offered at the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import filelock
from PySide6.QtCore import QObject, Qt, Signal

from studio.data.errors import DataError
from studio.data.watch import Cancelled, Watch
from studio.experiments.core import attempts, catalog, material
from studio.experiments.core.attempts import Attempt
from studio.experiments.core.experiment import Experiment, PresetName
from studio.experiments.questions import Conclude
from studio.gui import work
from studio.gui.experiments.under_way import UnderWay
from studio.gui.session import Session, Trouble
from studio.runs.folder import DamagedRun
from studio.training import control
from studio.training.events import Ended, Progress, Started

ELSEWHERE = "Somebody else is at this attempt, in another window or on a command line."


@dataclass(frozen=True)
class _Taken:
    """What a worker found when it took up an attempt."""

    attempt: Attempt
    title: str
    left: list[str]
    lock: filelock.BaseFileLock


def of(session: Session) -> Conductor:
    """The one conductor of a session; made when the first asks."""
    return session.findChild(Conductor, options=Qt.FindChildOption.FindDirectChildrenOnly) or Conductor(session)


class Conductor(QObject):
    changed = Signal()
    """An attempt began, ended or changed on disk: look again."""
    advanced = Signal(str)
    """Path of an attempt that is further along."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self.under_way: dict[str, UnderWay] = {}
        """By the path of the attempt."""
        self.preparing: dict[str, Watch] = {}
        """By the experiment's name: its data are being read, its runs being made."""
        self._waiting: dict[str, Attempt] = {}
        """Attempts that were cut off, by each of their runs."""
        session.started.connect(self._on_started)
        session.progressed.connect(self._on_progress)
        session.ended.connect(self._on_ended)
        session.queue_changed.connect(self._on_queue)

    def at(self, experiment: str) -> UnderWay | None:
        """The attempt at an experiment that this window is at."""
        return next((u for u in self.under_way.values() if u.attempt.experiment == experiment), None)

    # --- beginning

    def begin(self, experiment: Experiment, preset: PresetName, seeds: int) -> None:
        """A new attempt: read its data where that is needed, make its runs, train them, conclude."""
        defaults = {card.name: card.defaults for card in self.session.models}
        device = self.session.settings.device

        def task(watch: Watch) -> _Taken:
            datasets = material.prepare(experiment, watch=watch)
            made = attempts.begin(
                experiment, preset, experiment.seeds(preset, seeds), datasets, defaults, device=device
            )
            return _take(made)

        self._prepare(experiment, task, self._taken_up)

    def bring(self, experiment: Experiment, path: Path | None) -> None:
        """Read the dataset that the experiment needs from there, and remember it; None: download it."""

        def task(watch: Watch) -> None:
            material.prepare(experiment, path, download=path is None, watch=watch)

        def done(_: None) -> None:
            self.session.datasets_changed.emit()

        self._prepare(experiment, task, done)

    def _prepare(self, experiment: Experiment, task: Callable[[Watch], object], done: Callable[..., None]) -> None:
        name = experiment.name
        if name in self.preparing:
            return
        about = f"experiment/{name}"

        def ended() -> None:
            self.preparing.pop(name, None)
            self.changed.emit()

        def succeeded(found: object) -> None:
            self.session.trouble_over.emit(about)
            done(found)
            ended()

        def failed(wrong: Exception) -> None:
            ended()
            if isinstance(wrong, Cancelled):
                return
            if not isinstance(wrong, DataError | OSError | ValueError):
                raise wrong
            self.session.trouble.emit(Trouble(f"{experiment.title}: not begun", str(wrong), about=about))

        self.preparing[name] = work.run(self, task, succeeded, failed, title=f"Preparing {experiment.title}")
        self.changed.emit()

    # --- going on

    def look(self) -> None:
        """Find attempts that were cut off, and offer to go on with each."""
        work.run(self, lambda watch: _cut_off(), self._offer)

    def _offer(self, found: Mapping[str, tuple[Attempt, str, int]]) -> None:
        self._waiting = {}
        for path, (attempt, title, left) in found.items():
            if path in self.under_way:
                continue
            for run in attempt.runs:  # one offer for all: that of the run itself goes
                self._waiting[str(run.folder)] = attempt
                self.session.trouble_over.emit(str(run.folder))
            of = len(attempt.runs)
            why = f"{left} of its {of} runs are left." if left else "Its runs are done, the conclusion is missing."
            self.session.trouble.emit(
                Trouble(f"{title}: interrupted", why, "Go on", partial(self.go_on, attempt), about=path)
            )

    def go_on(self, attempt: Attempt) -> None:
        """With one that was interrupted, failed or was called off: what is done is not done again."""
        known = self.under_way.get(str(attempt.path))
        if known is not None:
            self._push(known)
            return

        def task(watch: Watch) -> _Taken:
            now = attempts.read(attempt.path)
            return _take(attempts.again(now) if now.status in ("failed", "cancelled") else now)

        def failed(wrong: Exception) -> None:
            self.changed.emit()
            if not isinstance(wrong, DamagedRun | OSError | ValueError):
                raise wrong
            about = str(attempt.path)
            self.session.trouble.emit(Trouble("The attempt cannot go on", str(wrong), about=about))

        work.run(self, task, self._taken_up, failed)

    def _taken_up(self, found: _Taken) -> None:
        path = str(found.attempt.path)
        self.session.trouble_over.emit(path)
        self._waiting = {run: a for run, a in self._waiting.items() if str(a.path) != path}
        for run in found.left:
            self.session.trouble_over.emit(run)
        new = self.under_way[path] = UnderWay(found.attempt, found.title, found.left, found.lock)
        self.session.library_changed.emit()
        self._push(new)

    def _push(self, one: UnderWay) -> None:
        """Its runs into the queue, or on to the conclusion."""
        for run in one.left:
            if run != self.session.training:
                self.session.enqueue(run)
        if not self.session.training:
            self.session.start_queue()
        self.changed.emit()
        if not one.left and not one.stamp:
            self._conclude(one)

    def _conclude(self, one: UnderWay) -> None:
        one.lock.release()  # the engine takes it for the conclusion
        one.share = 0.0
        question = Conclude(str(one.attempt.path))

        def advanced(done: int, total: int) -> None:
            one.share = done / total if total else 0.0
            self.advanced.emit(str(one.attempt.path))

        def failed(text: str) -> None:
            if text == "cancelled":
                self._write_down(one, attempts.cancel)
            else:
                self._done(one)
                about = str(one.attempt.path)
                again = partial(self.go_on, one.attempt)
                self.session.trouble.emit(Trouble(f"{one.title}: no conclusion", text, "Try again", again, about=about))

        one.stamp = self.session.ask(
            question,
            self,
            lambda _: self._done(one),
            failed=failed,
            advanced=advanced,
            slow=True,
            title=f"Concluding {one.title}",
        )
        self.changed.emit()

    def _done(self, one: UnderWay) -> None:
        self.under_way.pop(str(one.attempt.path), None)
        one.lock.release()
        self.changed.emit()

    # --- calling off

    def cancel(self, experiment: str) -> None:
        """Call off what this window does for an experiment. Its runs stay in the library, and one can go on with it."""
        watch = self.preparing.get(experiment)
        if watch is not None:
            watch.cancel()
        one = self.at(experiment)
        if one is None:
            return
        if one.stamp:  # the engine says when it has let go of it
            self.session.cancel(one.stamp)
            return
        for run in one.left:
            self.session.dequeue(run)
        if self.session.training in one.left:
            self.session.steer(control.Stop())
        self._write_down(one, attempts.cancel)

    def _write_down(self, one: UnderWay, end: Callable[[Attempt], Attempt]) -> None:
        """How it ended, on disk; from here on nobody is at it."""

        def task(watch: Watch) -> None:
            end(attempts.read(one.attempt.path))

        work.run(self, task, lambda _: self.changed.emit())
        self._done(one)

    # --- what the training says

    def _owner(self, run: str) -> UnderWay | None:
        return next((u for u in self.under_way.values() if run in u.left), None)

    def _on_started(self, event: Started) -> None:
        one = self._owner(event.run)
        if one is not None:
            one.share, one.step = event.step / max(1, event.steps), (event.step, event.steps)
            self.advanced.emit(str(one.attempt.path))
        elif event.run in self._waiting:  # somebody resumed one of its runs: the others follow
            self.go_on(self._waiting[event.run])

    def _on_progress(self, event: Progress) -> None:
        one = self._owner(event.run)
        if one is not None:
            one.share, one.step = event.step / max(1, event.steps), (event.step, event.steps)
            self.advanced.emit(str(one.attempt.path))

    def _on_queue(self) -> None:
        for path in self.under_way:
            self.advanced.emit(path)

    def _on_ended(self, event: Ended) -> None:
        one = self._owner(event.run)
        if one is None:
            return
        one.share, one.step = 0.0, (0, 0)
        if event.reason == "finished":
            one.left.remove(event.run)
            if not one.left:
                self._conclude(one)
        elif event.reason == "failed":
            for run in one.left:
                self.session.dequeue(run)
            message = f"{Path(event.run).name}: {event.message}"
            self._write_down(one, lambda attempt: attempts.fail(attempt, message))
        self.advanced.emit(str(one.attempt.path))


def _take(attempt: Attempt) -> _Taken:
    """Lock it, and see what is left; for workers.

    Raises:
        ValueError: somebody else is at it, or it cannot be read. DamagedRun: a run is gone; that is written down.
    """
    if attempt.status == "damaged":
        raise ValueError(attempt.message)
    lock = filelock.FileLock(attempt.path / ".lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout as wrong:
        raise ValueError(ELSEWHERE) from wrong
    try:
        title = catalog.load(attempt.experiment).title
        return _Taken(attempt, title, [str(path) for path in attempts.left(attempt)], lock)
    except DamagedRun as wrong:
        attempts.fail(attempt, str(wrong))
        lock.release()
        raise


def _cut_off() -> dict[str, tuple[Attempt, str, int]]:
    """Attempts without a conclusion that nobody is at, with the experiment's title and how many runs are left."""
    found = {}
    for attempt in attempts.unfinished():
        try:
            found[str(attempt.path)] = attempt, catalog.load(attempt.experiment).title, len(attempts.left(attempt))
        except (DamagedRun, KeyError, OSError):
            continue  # the page shows it, and says why it cannot go on
    return found
