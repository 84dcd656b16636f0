"""The window and a training, side by side: what each costs the other.

One training of WGAN-GP at MNIST's size goes on in the engine's process all the while. In turn the window is away (the
listener alone keeps reading) and in front with its plots live; then the Explore page is steered with real key events,
while the run trains and while it is paused.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.bench.reading import made_up_mnist
from studio.bench.result import Result
from studio.data import sources, store
from studio.gui import app, work
from studio.gui.session import Session
from studio.gui.trainer import Trainer
from studio.gui.widgets.slider import Slider
from studio.gui.window import MainWindow
from studio.training.control import Pause
from studio.training.events import Measured

TURN = 8.0
"""Seconds of one turn, with the window or without."""
MOVES = 100
"""Slider moves per measurement."""


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as scratch, _home(scratch):
        dataset = store.prepare(sources.recognise(Path(asked.data or made_up_mnist(Path(scratch) / "mnist"))))
        with _window() as (window, session, trainer):
            counter = Counter()
            trainer.received.connect(counter.count, Qt.ConnectionType.DirectConnection)
            _until(lambda: bool(session.models), 120)
            session.choose_dataset(dataset.spec)
            card = session.card("wgan_gp")
            assert card is not None
            recipe = card.defaults | {"steps": 10_000_000, "width": 16, "batch": 32}
            run = session.new_run("wgan_gp", recipe, dataset.spec)
            session.choose_run(run)
            session.train(run)
            window.show_page("train")
            _until(lambda: counter.step >= 20, 120)
            yield from _in_turn(window, counter, asked.seconds)
            yield from _steering(window, session)


def _in_turn(window: MainWindow, counter: Counter, seconds: float) -> Iterator[Result]:
    """Throughput with the window against without, and the event loop's gaps while it is there."""
    gaps: list[float] = []
    ratios: list[float] = []
    for _ in range(max(2, round(seconds / TURN))):
        window.hide()
        QApplication.processEvents()
        without = counter.rate(lambda: time.sleep(TURN))
        window.show()
        _spin(1.0)
        with Gaps(gaps):
            together = counter.rate(lambda: _spin(TURN))
        ratios.append(together / without)
    spread = min(ratios), max(ratios)
    yield Result("training with the window against without", statistics.median(ratios), "×", 0.92, "at least", spread)
    note = f"{len(gaps):,} passes of the event loop"
    yield Result("event-loop gap while training, p99", _ms(gaps, 99), "ms", 33, note=note)
    yield Result("event-loop gap while training, worst", _ms(gaps, 100), "ms", 100)


def _steering(window: MainWindow, session: Session) -> Iterator[Result]:
    window.show_page("explore")
    page: Any = window.pages["explore"]
    _until(lambda: page.open and page.open[0].explorer.picture is not None and _sliders(page), 60)
    _spin(3.0)
    while_training = _moves(page)
    session.steer(Pause())
    _until(lambda: session.is_paused, 60)
    _spin(2.0)
    idle = _moves(page)
    for name, times, target in (("while training", while_training, 150), ("idle", idle, 50)):
        yield Result(
            f"slider to picture, {name}, p95", _ms(times, 95), "ms", target, note=f"p50 {_ms(times, 50):.0f} ms"
        )


def _moves(page: Any) -> list[float]:
    """Seconds from a key press on a slider to the paint of the picture that it leads to."""
    panel = page.open[0]
    track = _sliders(page)[0].track
    track.setFocus()
    painted = Painted(panel.stage.picture, panel.explorer)
    times = []
    for number in range(MOVES):
        before = panel.explorer.picture
        key = Qt.Key.Key_Right if number % 20 < 10 else Qt.Key.Key_Left
        start = time.perf_counter()
        QTest.keyClick(track, key)
        _until(lambda before=before: painted.showed not in (None, before), 10)  # type: ignore[misc]
        times.append(time.perf_counter() - start)
        _spin(0.05)
    return times


def _sliders(page: Any) -> list[Slider]:
    return [s for s in page.open[0].steer.findChildren(Slider) if s.isVisible()]


class Counter:
    """Called in the trainer's thread, whatever the window does: which step was measured, and when."""

    def __init__(self) -> None:
        self.step = 0
        self.at = 0.0

    def count(self, messages: list[object]) -> None:
        for message in messages:
            if isinstance(message, Measured):
                self.step, self.at = message.step, time.perf_counter()

    def rate(self, pass_time: Callable[[], None]) -> float:
        """Steps per second meanwhile."""
        step, at = self.step, self.at
        while self.step - step < 3:  # on a machine that is busy with other things one turn may not be enough
            pass_time()
        return (self.step - step) / (self.at - at)


class Gaps:
    """A context in which the time between two passes of the event loop is noted, in seconds."""

    def __init__(self, into: list[float]) -> None:
        self._into = into
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)

    def __enter__(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def __exit__(self, *error: object) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._into.append(now - self._last)
        self._last = now


class Painted(QObject):
    """Notices which answer a widget showed when it last painted itself."""

    def __init__(self, widget: QObject, explorer: Any) -> None:
        super().__init__(widget)
        self.showed: object = None
        self._explorer = explorer
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.showed = self._explorer.picture
        return False


def _spin(seconds: float) -> None:
    """Let the event loop run as it does for a person; QTest.qWait would hold back what other threads deliver."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def _until(holds: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there in time")
        _spin(0.001)


def _ms(seconds: list[float], percent: float) -> float:
    return float(np.percentile(seconds, percent)) * 1000


@contextmanager
def _home(at: str) -> Iterator[None]:
    before = os.environ.get("GEN_STUDIO_HOME")
    os.environ["GEN_STUDIO_HOME"] = f"{at}/home"
    try:
        yield
    finally:
        if before is None:
            del os.environ["GEN_STUDIO_HOME"]
        else:
            os.environ["GEN_STUDIO_HOME"] = before


@contextmanager
def _window() -> Iterator[tuple[MainWindow, Session, Trainer]]:
    """As :func:`studio.gui.app.main` opens it."""
    application = app.application()
    trainer = Trainer("process")
    session = Session(trainer)
    window = MainWindow(session)
    window.show()
    window.activateWindow()
    trainer.start()
    app.begin(session)
    window.fill()
    try:
        yield window, session, trainer
    finally:
        window.close()
        trainer.close()
        work.close()
        application.processEvents()
