"""The chosen run: how it is doing, the verbs for it, its players' learning rates, and its recipe to read."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui import theme
from studio.gui.icons import icon
from studio.gui.session import Session
from studio.gui.train.editors import NumberBox
from studio.gui.train.facts import Doing, RunFacts, going, resting
from studio.gui.train.rates import Rates
from studio.gui.train.recipe_form import RecipeForm
from studio.training import control
from studio.training.events import Checkpointed, Ended, Paused, Progress, RateChanged, Resumed, Started


class RunPane(QWidget):
    """See the module. It follows the session's events for the run in training, whichever run is shown."""

    duplicate_wanted = Signal()
    """Take this run's recipe over into the form of the next one."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.facts: RunFacts | None = None
        self.path = ""
        self._started: Started | None = None
        self._paused: Paused | None = None
        self._step = self._steps = 0

        self.title = QLabel()
        theme.role(self.title, "heading")
        self.title.setWordWrap(True)
        self.about = QLabel()
        theme.role(self.about, "quiet")
        self.about.setWordWrap(True)
        self.sign = QLabel()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setAccessibleName("State of the run")
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        doing = QHBoxLayout()
        doing.setSpacing(theme.SPACE)
        doing.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        doing.addWidget(self.state, 1)

        self.pause = self._button("Pause", "pause", "Stop moving; weights stay in memory (Space)", self._toggle)
        self.stop = self._button("Stop", "stop", "Write a checkpoint and end (Ctrl+.)", self._stop)
        self.save = self._button("Checkpoint", "floppy-disk", "Write a checkpoint after this step (Ctrl+S)", self._save)
        self.verbs = QWidget()
        row = QHBoxLayout(self.verbs)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        for button in (self.pause, self.stop, self.save):
            row.addWidget(button)
        row.addStretch(1)

        self.rates = Rates(session)
        self.again = QWidget()
        more = QHBoxLayout(self.again)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(theme.SPACE // 2)
        self.to = NumberBox(whole=True, low=1, high=10_000_000, log=True, unit="steps in all")
        self.to.setAccessibleName("Steps in all")
        self.to.setToolTip("How far to train, counted from the start of the run")
        self.to.edited.connect(lambda _: self._show())
        self.resume = QPushButton("Resume")
        theme.role(self.resume, "primary")
        self.resume.clicked.connect(self._resume)
        more.addWidget(self.to, 1)
        more.addWidget(self.resume)

        self.form = RecipeForm(read_only=True)
        heading = QLabel("Recipe of this run")
        theme.role(heading, "heading")
        self.duplicate = QToolButton()
        self.duplicate.setIcon(icon("copy"))
        self.duplicate.setText("Use again")
        self.duplicate.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.duplicate.setToolTip("Take this recipe over for the next run")
        self.duplicate.setAccessibleName(self.duplicate.toolTip())
        self.duplicate.clicked.connect(self.duplicate_wanted)
        top = QHBoxLayout()
        top.addWidget(heading, 1)
        top.addWidget(self.duplicate)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.SPACE, 0)
        column.setSpacing(theme.SPACE)
        column.addLayout(top)
        column.addWidget(self.form)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)

        above = QVBoxLayout()
        above.setContentsMargins(0, 0, theme.SPACE, 0)
        above.setSpacing(theme.SPACE)
        above.addWidget(self.title)
        above.addWidget(self.about)
        above.addLayout(doing)
        above.addWidget(self.verbs)
        above.addWidget(self.again)
        above.addWidget(self.rates)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE)
        layout.addLayout(above)
        layout.addWidget(scroll, 1)

        session.started.connect(self._on_started)
        session.progressed.connect(self._on_progress)
        session.checkpointed.connect(self._on_checkpoint)
        session.paused.connect(self._on_paused)
        session.resumed.connect(self._on_resumed)
        session.rate_changed.connect(self._on_rate)
        session.ended.connect(self._on_ended)
        session.queue_changed.connect(self._show)
        theme.theme.changed.connect(self._show)
        self._show()

    def _button(self, text: str, name: str, tip: str, act: object) -> QPushButton:
        button = QPushButton(text)
        button.setIcon(icon(name))
        button.setIconSize(QSize(14, 14))
        theme.role(button, "quiet")
        button.setToolTip(tip)
        button.clicked.connect(act)
        return button

    # --- which run

    def show_run(self, path: str, facts: RunFacts | None) -> None:
        """Another run, or the same with newer facts; None while they are being read."""
        self.path, self.facts = path, facts
        if facts is not None:
            card = self.session.card(facts.model)
            self.title.setText(facts.title)
            self.about.setText(f"{card.title if card else facts.model} on {facts.data.name}")
            if card is not None:
                self.form.set_fields(card.fields)
                self.form.show_values(facts.values, facts.values)
            if not (self.is_training and self._started is not None):  # what the engine says is newer
                self._step, self._steps = facts.state.step, facts.state.steps
            done = facts.state.step >= facts.state.steps
            self.to.set_value(facts.state.steps + max(1, facts.state.steps // 2) if done else facts.state.steps)
        self._show()

    @property
    def is_training(self) -> bool:
        """Whether the run shown is the one in training."""
        return bool(self.path) and self.session.training == self.path

    # --- what a person asks

    def _toggle(self) -> None:
        self.session.steer(control.Resume() if self.session.is_paused else control.Pause())

    def _stop(self) -> None:
        self.session.steer(control.Stop())

    def _save(self) -> None:
        self.session.steer(control.SaveNow())

    def _resume(self) -> None:
        self.session.train(self.path, int(self.to.value()))
        self._show()

    # --- what happens

    def _on_started(self, event: Started) -> None:
        self._started, self._paused = event, None
        self.rates.begin(event.rates)
        if event.run == self.path:
            self._step, self._steps = event.step, event.steps
        self._show()

    def _on_progress(self, event: Progress) -> None:
        if event.run == self.path:
            self._step, self._steps = event.step, event.steps
            self._show_state()

    def _on_checkpoint(self, event: Checkpointed) -> None:
        if event.run == self.path:
            self.state.setToolTip(f"Last checkpoint at step {event.step:,}")

    def _on_paused(self, event: Paused) -> None:
        self._paused = event
        if event.run == self.path:
            self._step = event.step
        self._show()

    def _on_resumed(self, event: Resumed) -> None:
        self._paused = None
        self._show()

    def _on_rate(self, event: RateChanged) -> None:
        self.rates.confirmed(event.player, event.rate)

    def _on_ended(self, event: Ended) -> None:
        self._started = self._paused = None
        self.rates.begin({})
        self._show()

    # --- how it looks

    @property
    def doing(self) -> Doing:
        """How the run shown is doing."""
        if self.is_training:
            paused = self._paused.reason if self._paused else ""
            message = self._paused.message if self._paused else ""
            return going(self._step, self._steps, paused=paused, message=message, starting=self._started is None)
        if self.facts is None:
            return Doing("hourglass", "reading …", "quiet")
        queue = self.session.queue
        waiting = queue.index(self.path) + 1 if self.path in queue else 0
        return resting(self.facts.state, crashed=self.facts.crashed, waiting=waiting)

    def _show_state(self) -> None:
        doing = self.doing
        self.sign.setPixmap(icon(doing.icon, doing.colour).pixmap(QSize(16, 16), self.devicePixelRatioF()))
        if self.state.text() != doing.words:
            self.state.setText(doing.words)
            loud = doing.colour if doing.colour in ("bad", "warn", "good") else ""
            if self.state.property("role") != loud:
                theme.role(self.state, loud)

    def _show(self) -> None:
        training, facts = self.is_training, self.facts
        ready = training and self._started is not None
        paused = ready and self._paused is not None
        self._show_state()
        self.verbs.setVisible(training)
        for button in (self.pause, self.stop, self.save):
            button.setEnabled(ready)
        self.pause.setText("Resume" if paused else "Pause")
        self.pause.setIcon(icon("play" if paused else "pause"))
        self.pause.setToolTip("Go on (Space)" if paused else "Stop moving; weights stay in memory (Space)")
        self.rates.setVisible(training and bool(self.rates.players))
        self.rates.set_steppable(paused)
        elsewhere = facts is not None and facts.state.status in ("running", "paused") and not facts.crashed
        queued = self.path in self.session.queue
        self.again.setVisible(facts is not None and not training and not elsewhere and not queued)
        if facts is None:
            return
        more = self.to.value() > facts.state.step
        self.resume.setText("Resume" if facts.state.step else "Train")
        self.resume.setEnabled(facts.resumable and more)
        if not facts.resumable:
            self.resume.setToolTip("There is no checkpoint to go on from: fork from an older one in the library")
        elif not more:
            self.resume.setToolTip(f"It has {facts.state.step:,} steps already: ask for more in all")
        elif self.session.training:
            self.resume.setToolTip("Another run is in training: this one goes to the end of the queue")
        else:
            self.resume.setToolTip(f"Go on from the last checkpoint to {int(self.to.value()):,} steps in all")
