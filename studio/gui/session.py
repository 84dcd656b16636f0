"""What the window is about: the chosen dataset and run, the engine, the queue, undo. Pages watch it; none owns it.

Pages talk to the engine through this object alone: :meth:`Session.ask` for questions (answers arrive on the window's
thread, and never for a page that is gone), the training verbs for the run in training, signals for what happens.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from studio.data.dataset import DataSpec
from studio.engine.messages import Advanced, Answer, Ask, Cancel, Failed, Ready, Start, Steer
from studio.explore.questions import AnyQuestion
from studio.models.core.catalog import ModelCard
from studio.training import control
from studio.training.events import (
    Checkpointed,
    Ended,
    Event,
    Measured,
    Paused,
    Progress,
    RateChanged,
    Resumed,
    SheetDrawn,
    Started,
)


class EngineFace(Protocol):
    """What the session needs of the thread that hosts the engine; a test may hand in a made-up one."""

    received: Any
    """Signal(list): messages of :mod:`studio.engine.messages` and events, in order, coalesced."""

    def send(self, message: object) -> None: ...


@dataclass(frozen=True)
class Trouble:
    """For a banner: what, why, and the way out.

    ``about`` is the run's path or the dataset's fingerprint that it concerns, empty for the whole window.
    """

    what: str
    why: str = ""
    action: str = ""
    act: Callable[[], None] | None = None
    about: str = ""


@dataclass(eq=False)
class _Pending:
    owner: QObject
    answered: Callable[[Any], None]
    failed: Callable[[str], None] | None
    advanced: Callable[[int, int], None] | None
    topic: str


class Session(QObject):
    """See the module. Paths of runs are text, as in the events."""

    ready = Signal(object)  # Ready
    catalogue_changed = Signal()
    dataset_chosen = Signal(object)  # DataSpec | None
    datasets_changed = Signal()  # something was read, renamed or forgotten: look at the store again
    run_chosen = Signal(str)  # path, "" for none
    library_changed = Signal()  # folders came, went or changed: look again
    queue_changed = Signal()
    trouble = Signal(object)  # Trouble

    started = Signal(object)
    progressed = Signal(object)
    measured = Signal(list)  # of Measured, every number, in order
    sheet_drawn = Signal(object)  # the newest only
    checkpointed = Signal(object)
    paused = Signal(object)
    resumed = Signal(object)
    rate_changed = Signal(object)
    ended = Signal(object)

    def __init__(self, engine: EngineFace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.engine = engine
        self.undo = QUndoStack(self)
        self.models: list[ModelCard] = []
        self.dataset: DataSpec | None = None
        self.run = ""
        self.training = ""
        """Path of the run in training or paused; empty when none is."""
        self.is_paused = False
        self.queue: list[str] = []
        """Runs that wait for the one in training to end, in order."""
        self._stamps = itertools.count(1)
        self._pending: dict[int, _Pending] = {}
        self._signals = {
            Started: self.started,
            Progress: self.progressed,
            SheetDrawn: self.sheet_drawn,
            Checkpointed: self.checkpointed,
            Paused: self.paused,
            Resumed: self.resumed,
            RateChanged: self.rate_changed,
            Ended: self.ended,
        }
        engine.received.connect(self._receive)

    # --- choosing

    def choose_dataset(self, data: DataSpec | None) -> None:
        self.dataset = data
        self.dataset_chosen.emit(data)

    def choose_run(self, path: str) -> None:
        self.run = path
        self.run_chosen.emit(path)

    def set_models(self, models: list[ModelCard]) -> None:
        self.models = models
        self.catalogue_changed.emit()

    def card(self, name: str) -> ModelCard | None:
        return next((m for m in self.models if m.name == name), None)

    # --- questions

    def ask(
        self,
        question: AnyQuestion,
        owner: QObject,
        answered: Callable[[Any], None],
        *,
        topic: str = "",
        failed: Callable[[str], None] | None = None,
        advanced: Callable[[int, int], None] | None = None,
        slow: bool = False,
    ) -> int:
        """Ask the engine; ``answered`` is called on the window's thread, unless ``owner`` is gone by then.

        With a topic, only the newest question of that topic is answered. Returns the stamp, for :meth:`cancel`.
        """
        stamp = next(self._stamps)
        if topic:
            self._pending = {s: p for s, p in self._pending.items() if p.topic != topic}
        self._pending[stamp] = _Pending(owner, answered, failed, advanced, topic)
        self.engine.send(Ask(stamp, question, topic, slow))
        return stamp

    def cancel(self, stamp: int) -> None:
        self.engine.send(Cancel(stamp))

    # --- training

    def train(self, run: str, steps: int | None = None) -> None:
        """Train or resume a run now; when another is in training it is put at the end of the queue instead."""
        if self.training:
            self.enqueue(run)
            return
        self.training = run
        self.is_paused = False
        self.engine.send(Start(run, steps))

    def enqueue(self, run: str) -> None:
        self.queue.append(run)
        self.queue_changed.emit()

    def steer(self, wish: control.Control) -> None:
        """A wish about the run in training: pause, resume, stop, save now, step once, set a rate."""
        self.engine.send(Steer(wish))

    # --- what arrives

    def _receive(self, messages: list[object]) -> None:
        measured = [m for m in messages if isinstance(m, Measured)]
        if measured:
            self.measured.emit(measured)
        for message in messages:
            match message:
                case Measured():
                    continue
                case Event():
                    self._follow(message)
                case Answer(stamp, value):
                    pending = self._pending.pop(stamp, None)
                    if pending is not None and shiboken6.isValid(pending.owner):
                        pending.answered(value)
                case Failed(stamp, text):
                    pending = self._pending.pop(stamp, None)
                    if pending is not None and pending.failed is not None and shiboken6.isValid(pending.owner):
                        pending.failed(text)
                case Advanced(stamp, done, total):
                    pending = self._pending.get(stamp)
                    if pending is not None and pending.advanced is not None and shiboken6.isValid(pending.owner):
                        pending.advanced(done, total)
                case Ready():
                    self.ready.emit(message)

    def _follow(self, event: Event) -> None:
        match event:
            case Started() | Resumed():
                self.is_paused = False
            case Paused():
                self.is_paused = True
            case Ended():
                self.training = ""
                self.is_paused = False
        self._signals[type(event)].emit(event)
        if isinstance(event, Ended):
            self.library_changed.emit()
            if self.queue:
                following = self.queue.pop(0)
                self.queue_changed.emit()
                self.train(following)


def new_run_path(library: Path, model: str, data: DataSpec) -> Path:
    """A folder name that a person can read and that is not taken: ``digits-wgan_gp-3``."""
    stem = f"{''.join(c if c.isalnum() else '-' for c in data.name.lower()).strip('-')}-{model}"
    return next(p for n in itertools.count(1) if not (p := library / f"{stem}-{n}").exists())
