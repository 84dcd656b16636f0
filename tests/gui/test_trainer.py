"""The background thread between engine and window: nothing lost, nothing late, nothing left."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from studio.engine.messages import Answer, Ask, EngineDied, Ready
from studio.explore.questions import Describe, Where
from studio.gui import trainer as trainer_module
from studio.gui.trainer import Trainer, coalesce
from studio.training.events import Checkpointed, Ended, Measured, Progress, SheetDrawn, Started


class MadeUpEngine:
    """Says what a test puts into ``says``; ``heard`` is what it was sent."""

    made: list[MadeUpEngine] = []

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.alive = False
        self.closed = False
        self.heard: list[Any] = []
        self._says: list[Any] = []
        self._some = threading.Condition()
        MadeUpEngine.made.append(self)

    def start(self) -> None:
        self.alive = True

    def send(self, message: object) -> None:
        assert self.alive, "sent before the start"
        self.heard.append(message)

    def say(self, *messages: object) -> None:
        with self._some:
            self._says += messages
            self._some.notify()

    def poll(self, timeout: float = 0.0) -> list[Any]:
        with self._some:
            self._some.wait_for(lambda: bool(self._says), timeout)
            said, self._says = self._says, []
            return said

    def close(self, timeout: float = 10) -> None:
        self.alive = False
        self.closed = True


@pytest.fixture
def trainer(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(trainer_module, "Engine", MadeUpEngine)
    MadeUpEngine.made = []
    made = Trainer()
    yield made
    made.close()


def progress(step: int) -> Progress:
    return Progress("run", step, 100, 1.0, 1.0, None, 1)


def measured(step: int) -> Measured:
    return Measured("run", step, float(step), {"loss/critic": float(step)})


def sheet(step: int, run: str = "run") -> SheetDrawn:
    return SheetDrawn(run, step, np.zeros((1, 2, 2, 3), np.uint8))


def test_coalescing_keeps_every_number_and_only_the_last_picture() -> None:
    flood = [m for step in range(100) for m in (measured(step), progress(step), sheet(step))]
    kept = coalesce(flood)
    assert [m.step for m in kept if isinstance(m, Measured)] == list(range(100))
    assert [m.step for m in kept if isinstance(m, Progress)] == [99]
    assert [m.step for m in kept if isinstance(m, SheetDrawn)] == [99]


def test_coalescing_keeps_the_order_and_tells_runs_apart() -> None:
    a, b = sheet(1, "a"), sheet(2, "b")
    start, save, end = Started("a", 0, 9, {}, "CPU", "float32"), Checkpointed("a", 5), Ended("a", 9, "finished")
    messages = [start, a, measured(1), b, save, measured(2), end]
    assert coalesce(messages) == messages


def test_a_flood_of_events_reaches_the_window_at_its_own_pace_without_a_gap(trainer: Trainer, qtbot: QtBot) -> None:
    batches: list[list[Any]] = []
    trainer.received.connect(batches.append)
    trainer.start()
    engine = MadeUpEngine.made[0]
    began = time.monotonic()
    for step in range(2000):
        engine.say(measured(step), progress(step))
        if step % 40 == 0:
            qtbot.wait(10)
    qtbot.waitUntil(lambda: sum(isinstance(m, Measured) for b in batches for m in b) == 2000)
    took = time.monotonic() - began
    assert [m.step for b in batches for m in b if isinstance(m, Measured)] == list(range(2000))
    assert len(batches) <= took * trainer_module.RATE + 2


def test_an_answer_does_not_wait_for_the_next_round(trainer: Trainer, qtbot: QtBot) -> None:
    arrived: list[float] = []
    trainer.received.connect(lambda batch: arrived.append(time.monotonic()))
    trainer.start()
    engine = MadeUpEngine.made[0]
    waits = []
    for stamp in range(20):
        asked = time.monotonic()
        engine.say(Answer(stamp, None))
        qtbot.waitUntil(lambda n=stamp: len(arrived) > n, timeout=1000)  # type: ignore[misc]
        waits.append(arrived[-1] - asked)
    assert sorted(waits)[10] < 0.03, waits


def test_what_is_sent_before_the_engine_is_there_goes_out_in_order(trainer: Trainer, qtbot: QtBot) -> None:
    early = [Ask(stamp, Describe(Where("run"))) for stamp in range(3)]
    for message in early:
        trainer.send(message)
    assert not MadeUpEngine.made[0].heard
    trainer.start()
    qtbot.waitUntil(lambda: MadeUpEngine.made[0].heard == early)


def test_closing_ends_the_engine_and_the_thread(trainer: Trainer, qtbot: QtBot) -> None:
    trainer.start()
    qtbot.waitUntil(lambda: MadeUpEngine.made[0].alive)
    trainer.close()
    assert MadeUpEngine.made[0].closed
    assert not trainer.isRunning()
    trainer.close()


def test_closing_what_never_started_is_no_trouble(trainer: Trainer) -> None:
    trainer.close()
    assert not trainer.isRunning()


def test_a_restart_brings_a_living_engine_back_and_what_was_sent_meanwhile(trainer: Trainer, qtbot: QtBot) -> None:
    heard: list[Any] = []
    trainer.received.connect(heard.extend)
    trainer.start()
    engine = MadeUpEngine.made[0]
    qtbot.waitUntil(lambda: engine.alive)
    engine.alive = False
    engine.say(EngineDied("gone"))
    qtbot.waitUntil(lambda: any(isinstance(m, EngineDied) for m in heard))
    assert not trainer.alive
    trainer.restart()
    assert trainer.alive
    question = Ask(1, Describe(Where("run")))
    trainer.send(question)
    qtbot.waitUntil(lambda: engine.heard == [question])
    engine.say(Ready({"cpu": "CPU"}, {}, 1))
    qtbot.waitUntil(lambda: any(isinstance(m, Ready) for m in heard))


def test_the_trainer_is_a_background_thread(trainer: Trainer) -> None:
    assert isinstance(trainer, QThread)
    assert trainer.objectName() == "trainer"
