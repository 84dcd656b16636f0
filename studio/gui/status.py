"""The line at the bottom: the run in training at the left, long work with progress and Cancel at the right."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from studio.engine.messages import Ready
from studio.gui import words, work
from studio.gui.icons import icon
from studio.gui.session import Session
from studio.gui.theme import SPACE, role
from studio.runs.folder import RunFolder
from studio.training import control
from studio.training.events import Checkpointed, Ended, Paused, Progress, Resumed, Started


class StatusLine(QFrame):
    """See the module. It never takes the focus from what a person does, but every button is reached by Tab."""

    queue_wanted = Signal()
    """The person wants to see the queue."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        role(self, "bar")
        self.setFixedHeight(4 * SPACE)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 0, SPACE, 0)
        row.setSpacing(SPACE // 2)
        self.pause = self._button("pause", "Pause", self._toggle)
        self.stop = self._button("stop", "Stop, with a checkpoint (Ctrl+.)", lambda: session.steer(control.Stop()))
        self.text = QLabel("Loading the engine …")
        self.text.setAccessibleName("Status of the training")
        self.queue = QToolButton()
        self.queue.setIcon(icon("queue"))
        self.queue.setToolButtonStyle(self.queue.toolButtonStyle().ToolButtonTextBesideIcon)
        self.queue.setToolTip("Runs that wait for their turn: reorder, remove")
        self.queue.clicked.connect(self.queue_wanted)
        self.jobs = _Jobs(self)
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        row.addWidget(self.text, 1)
        row.addWidget(self.jobs)
        row.addWidget(self.queue)

        self._started: Started | None = None
        self._progress: Progress | None = None
        self._paused: Paused | None = None
        self._saved: float | None = None
        self._unit = "images"
        self._idle = "Loading the engine …"
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show)

        session.ready.connect(self._ready)
        session.started.connect(self._begin)
        session.progressed.connect(self._advance)
        session.checkpointed.connect(self._saved_now)
        session.paused.connect(self._pause)
        session.resumed.connect(self._resume)
        session.ended.connect(self._end)
        session.queue_changed.connect(self._show)
        self._show()

    def _button(self, name: str, tip: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(act)
        return button

    def _toggle(self) -> None:
        self.session.steer(control.Resume() if self.session.is_paused else control.Pause())

    def _ready(self, ready: Ready) -> None:
        # What "auto" would take: the first that is no CPU, else that.
        real = {name: said for name, said in ready.devices.items() if name != "auto"}
        best = next((said for name, said in real.items() if not name.startswith("cpu")), real.get("cpu", ""))
        self._idle = f"Ready · {best}" if best else "Ready"
        self._show()

    def _begin(self, event: Started) -> None:
        self._started, self._progress, self._paused, self._saved = event, None, None, None
        self._unit = "images"
        work.run(self, lambda watch: RunFolder(event.run).info().data.kind, self._learn, lambda error: None)
        self._tick.start()
        self._show()

    def _learn(self, kind: str) -> None:
        """What the run is trained on; the dataset that is chosen now may be another."""
        self._unit = kind
        self._show()

    def _advance(self, event: Progress) -> None:
        self._progress = event
        self._show()

    def _saved_now(self, event: Checkpointed) -> None:
        self._saved = time.monotonic()
        self._show()

    def _pause(self, event: Paused) -> None:
        self._paused = event
        self._show()

    def _resume(self, event: Resumed) -> None:
        self._paused = None
        self._show()

    def _end(self, event: Ended) -> None:
        self._started = self._progress = self._paused = None
        self._tick.stop()
        said = {"finished": "Finished", "stopped": "Stopped", "failed": "Failed"}[event.reason]
        self._idle = f"{said} at step {event.step:,}"
        self._show()

    def _show(self) -> None:
        waiting = len(self.session.queue)
        self.queue.setVisible(waiting > 0)
        self.queue.setText(f"{waiting} waiting")
        self.queue.setAccessibleName(f"{words.plural(waiting, 'run')} waiting")
        busy = self._started is not None
        self.pause.setVisible(busy)
        self.stop.setVisible(busy)
        if not busy:
            self.text.setText(self._idle)
            return
        self.pause.setIcon(icon("play" if self._paused else "pause"))
        tip = "Resume (Space)" if self._paused else "Pause (Space)"
        self.pause.setToolTip(tip)
        self.pause.setAccessibleName(tip)
        self.text.setText(self.line())

    def line(self) -> str:
        """What the line says of the run in training."""
        if self._started is None:
            return self._idle
        step, steps = self._started.step, self._started.steps
        parts: list[str] = []
        device = self._started.device.split(",")[0]
        if (now := self._progress) is None:
            parts.append(device)
        else:
            step, steps = now.step, now.steps
            if self._paused is None:
                if now.examples_per_second > 0:
                    parts.append(words.rate(now.examples_per_second, self._unit))
                if now.seconds_left is not None:
                    parts.append(f"{words.duration(now.seconds_left)} left")
            parts.append(f"{device} {words.memory(now.memory)}")
        if self._saved is not None:
            parts.append(f"checkpoint {words.duration(time.monotonic() - self._saved)} ago")
        if self._paused is not None:
            why = {"asked": "Paused", "nan": "Paused: not a number", "memory": "Paused: out of memory"}
            return " · ".join([why[self._paused.reason], f"step {self._paused.step:,} of {steps:,}", *parts])
        return " · ".join([f"▶ step {step:,} of {steps:,}", *parts])


class _Jobs(QWidget):
    """The oldest piece of long work: its name, how far, what is left, Cancel; and how many others there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        self.text = QLabel()
        role(self.text, "quiet")
        self.bar = QProgressBar()
        self.bar.setFixedWidth(15 * SPACE)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.cancel = QToolButton()
        self.cancel.setIcon(icon("x"))
        self.cancel.setToolTip("Cancel")
        self.cancel.setAccessibleName("Cancel")
        self.cancel.clicked.connect(self._cancel)
        for widget in (self.text, self.bar, self.cancel):
            row.addWidget(widget)
        self.hide()
        # Most work is done before one could read its name: it appears only when it has taken a moment.
        self._moment = QTimer(self)
        self._moment.setSingleShot(True)
        self._moment.setInterval(400)
        self._moment.timeout.connect(self._show)
        work.desk.changed.connect(self._changed)

    def _changed(self) -> None:
        if not work.desk.jobs:
            self._moment.stop()
            self.hide()
        elif self.isVisible():
            self._show()
        elif not self._moment.isActive():
            self._moment.start()

    def _show(self) -> None:
        if not work.desk.jobs:
            return
        job, others = work.desk.jobs[0], len(work.desk.jobs) - 1
        parts = [job.title + (f" and {words.plural(others, 'other')}" if others else "")]
        if job.what:
            parts.append(job.what if len(job.what) <= 32 else f"…{job.what[-31:]}")
        if job.total:
            parts.append(f"{100 * job.done // job.total} %")
        if (left := job.seconds_left()) is not None:
            parts.append(f"{words.duration(left)} left")
        self.text.setText(" · ".join(parts))
        self.bar.setRange(0, job.total and 1000)
        self.bar.setValue(round(1000 * job.done / job.total) if job.total else 0)
        self.cancel.setToolTip(f"Cancel: {job.title}")
        self.show()

    def _cancel(self) -> None:
        if work.desk.jobs:
            work.desk.jobs[0].cancel()
