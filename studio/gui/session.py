"""What the window is about: the chosen dataset and run, the engine, the queue, undo. Pages watch it; none owns it.

Pages talk to the engine through this object alone: :meth:`Session.ask` for questions (answers arrive on the window's
thread, and never for a page that is gone), the training verbs for the run in training, signals for what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from studio.data import places
from studio.data.dataset import DataSpec
from studio.engine.messages import Advanced, Answer, EngineDied, Failed, Ready, Start, Steer
from studio.explore.questions import AnyQuestion
from studio.gui import unfinished, work
from studio.gui.making import create_run
from studio.gui.preferences import Preferences
from studio.gui.questions import Questions
from studio.models.core.catalog import ModelCard
from studio.models.core.recipe import Value
from studio.training import control
from studio.training.events import (
    Alarm,
    Checkpointed,
    Ended,
    Event,
    Measured,
    Paused,
    Progress,
    RateChanged,
    Resumed,
    SheetDrawn,
    Spread,
    Started,
)

if TYPE_CHECKING:
    from studio.runs.library import Library


class EngineFace(Protocol):
    """What the session needs of the thread that hosts the engine; a test may hand in a made-up one."""

    received: Any
    """Signal(list): messages of :mod:`studio.engine.messages` and events, in order, coalesced."""

    def send(self, message: object) -> None: ...

    def restart(self) -> None:
        """Begin afresh after :class:`studio.engine.messages.EngineDied`."""
        ...


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


class Session(QObject):
    """See the module. Paths of runs are text, as in the events."""

    ready = Signal(object)  # Ready
    catalogue_changed = Signal()
    dataset_chosen = Signal(object)  # DataSpec | None
    datasets_changed = Signal()  # something was read, renamed or forgotten: look at the store again
    dataset_renamed = Signal(str, str)  # fingerprint, new name: to be shown before the disk has it
    run_chosen = Signal(str)  # path, "" for none
    library_changed = Signal()  # folders came, went or changed: look again
    queue_changed = Signal()
    trouble = Signal(object)  # Trouble
    trouble_over = Signal(str)  # what a Trouble was about: its banners go
    page_wanted = Signal(str)  # "train", "explore", "compare", "library", "experiments"
    compare_wanted = Signal(list)  # paths of runs; the page is shown too
    provenance_dropped = Signal(object)  # Provenance of a picture that came back: restore latent and settings
    values_proposed = Signal(str, object)  # model's name and recipe values of a dropped recipe file, for the form
    field_wanted = Signal(str)  # a field of that form is to be seen, and typed into

    started = Signal(object)
    progressed = Signal(object)
    measured = Signal(list)  # of Measured, every number, in order
    sheet_drawn = Signal(object)  # the newest only
    spread = Signal(object)  # Spread: a histogram, every one of them
    alarmed = Signal(object)  # Alarm; with an empty message it is over
    checkpointed = Signal(object)
    paused = Signal(object)
    resumed = Signal(object)
    rate_changed = Signal(object)
    ended = Signal(object)

    def __init__(self, engine: EngineFace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.engine = engine
        self.undo = QUndoStack(self)
        self.settings = Preferences(parent=self)
        self.models: list[ModelCard] = []
        self.devices: dict[str, str] = {}
        """What one can train on, name → words for a person; empty until the engine is ready."""
        self.known: Ready | None = None
        """What the engine said of itself when it was ready."""
        self.dataset: DataSpec | None = None
        self.forgotten: set[str] = set()
        """Fingerprints of datasets that are being forgotten: whoever lists the store leaves them out."""
        self.run = ""
        self.training = ""
        """Path of the run in training or paused; empty when none is."""
        self.is_paused = False
        self.queue: list[str] = []
        """Runs that wait for the one in training to end, in order."""
        self.store_changes = work.Line(self)
        """Changes of the datasets on disk, small ones, one after the other."""
        self._questions = Questions(engine.send)
        self._steps: dict[str, int] = {}
        """Of runs in the queue that are to train to another step than their recipe says."""
        self._signals = {
            Started: self.started,
            Progress: self.progressed,
            SheetDrawn: self.sheet_drawn,
            Spread: self.spread,
            Alarm: self.alarmed,
            Checkpointed: self.checkpointed,
            Paused: self.paused,
            Resumed: self.resumed,
            RateChanged: self.rate_changed,
            Ended: self.ended,
        }
        engine.received.connect(self._receive)

    @cached_property
    def library(self) -> Library:
        from studio.runs.library import Library  # on first use: the window is on screen before it

        return Library(places.runs())

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
        title: str = "",
    ) -> int:
        """Ask the engine; ``answered`` is called on the window's thread, unless ``owner`` is gone by then.

        With a topic, only the newest question of that topic is answered, which is right for forms: nothing older than
        what they show ever arrives. It is wrong for what follows a hand: whoever asks faster than the engine answers
        would see nothing until the hand rests. There :class:`studio.gui.explore.asking.Latest` keeps one question
        under way, whose answer is shown, and the newest waiting.

        With a title it stands in the status line, with progress and Cancel. Returns the stamp, for :meth:`cancel`.
        """
        return self._questions.ask(question, owner, answered, failed, advanced, topic, slow, title)

    def cancel(self, stamp: int) -> None:
        self._questions.cancel(stamp)

    # --- training

    def train(self, run: str, steps: int | None = None) -> None:
        """Train or resume a run now; when another is in training it is put at the end of the queue instead.

        Args:
            steps: train to this step, when that is another than the recipe says; the queue keeps it.
        """
        if self.training:
            self.enqueue(run, steps)
            return
        self.training = run
        self.settings.set("training", run)
        self.is_paused = False
        device = self.settings.device
        # One that was chosen on another day may be gone: the best there is, rather than no training.
        self.engine.send(Start(run, steps, device if device in self.devices else "auto"))

    def enqueue(self, run: str, steps: int | None = None) -> None:
        """Put a run behind those that wait; when nothing trains it starts at once. ``steps`` as in :meth:`train`:
        for one that waits already they are the new ones."""
        if not self.training and not self.queue:
            self.train(run, steps)
        elif run != self.training:
            if steps is not None:
                self._steps[run] = steps
            self._set_queue(self.queue if run in self.queue else [*self.queue, run])

    def dequeue(self, run: str) -> None:
        self._set_queue([r for r in self.queue if r != run])

    def move_in_queue(self, run: str, to: int) -> None:
        """``to``: the place from 0 that it has afterwards."""
        others = [r for r in self.queue if r != run]
        self._set_queue([*others[:to], run, *others[to:]])

    def start_queue(self) -> None:
        """Train the first of those that wait, unless something is in training; the others follow by themselves."""
        if self.queue and not self.training:
            first, *rest = self.queue
            steps = self._steps.get(first)
            self._set_queue(rest)
            self.train(first, steps)

    def restore_queue(self, runs: list[str]) -> None:
        """Those that waited when the window last closed; they wait on until the person starts them."""
        if runs and not self.queue:
            kept = self.settings.get("queue steps", {})
            if isinstance(kept, dict):
                self._steps = {run: steps for run, steps in kept.items() if isinstance(steps, int)}
            self._set_queue(runs)

    def _set_queue(self, runs: list[str]) -> None:
        self.queue = runs
        self._steps = {run: self._steps[run] for run in runs if run in self._steps}
        self.settings.set("queue", runs)
        self.settings.set("queue steps", self._steps)
        self.queue_changed.emit()

    def new_run(self, model: str, values: Mapping[str, Value], data: DataSpec, title: str = "") -> str:
        """Make the folder of a run (three small files) and return its path; nothing trains yet.

        Waits for the disk (16 ms, 130 ms beside big writes): on the window's thread :meth:`make_run` is the one to use.
        """
        path = create_run(model, values, data, title)
        self.library_changed.emit()
        return path

    def make_run(
        self,
        model: str,
        values: Mapping[str, Value],
        data: DataSpec,
        made: Callable[[str], None],
        failed: Callable[[Exception], None],
        title: str = "",
    ) -> None:
        """As :meth:`new_run`, on a worker; then ``made(path)`` or ``failed(OSError)`` on the window's thread."""

        def done(path: str) -> None:
            self.library_changed.emit()
            made(path)

        kept = dict(values)
        work.run(self, lambda watch: create_run(model, kept, data, title), done, failed)

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
                case Answer() | Failed() | Advanced():
                    self._questions.take(message)
                case Ready(devices=devices):
                    self.devices = devices
                    self.known = message
                    self.ready.emit(message)
                case EngineDied(text):
                    self._mourn(text)

    def _follow(self, event: Event) -> None:
        match event:
            case Started() | Resumed():
                self.is_paused = False
            case Paused():
                self.is_paused = True
            case Ended():
                self.training = ""
                self.settings.set("training", "")
                self.is_paused = False
        self._signals[type(event)].emit(event)
        if isinstance(event, Ended):
            self.library_changed.emit()
            # A dead engine would refuse each that waits, one after the other; they wait for its restart instead.
            if getattr(self.engine, "alive", True):
                self.start_queue()

    def _mourn(self, text: str) -> None:
        """The engine is gone. What it owed was answered by its client: here is only the way out."""

        def restart() -> None:
            self.engine.restart()
            self.offer_interrupted()

        self.trouble.emit(Trouble("The engine stopped", text, "Restart engine", restart))

    # --- what was interrupted

    def offer_interrupted(self) -> None:
        """Look (elsewhere) for runs that were cut off, and offer each for resume."""
        left = "" if self.training else str(self.settings.get("training", ""))
        work.run(self, lambda watch: unfinished.look(places.runs(), left), self._offer)

    def _offer(self, found: list[unfinished.Unfinished]) -> None:
        for one in found:
            if one.path != self.training:
                resume = partial(self._resume_interrupted, one.path)
                self.trouble.emit(Trouble(one.what, one.why, "Resume", resume, about=one.path))
        if not self.training:
            self.settings.set("training", "")  # told once; a crash is told until it is resumed

    def _resume_interrupted(self, run: str) -> None:
        self.choose_run(run)
        self.train(run)
