"""For tests of the window: an engine that is made up, and a session upon it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from studio.engine.messages import Answer, Ask, Steer
from studio.gui import work
from studio.gui.session import Session
from studio.gui.trainer import Trainer

T = TypeVar("T")


class FakeEngine(QObject):
    """Records what is sent to it; a test says with :meth:`tell` and :meth:`answer` what comes back."""

    received = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Any] = []
        self.restarts = 0
        self.alive = True
        self.closed = False

    def send(self, message: object) -> None:
        self.sent.append(message)

    def restart(self) -> None:
        self.restarts += 1

    def close(self) -> None:
        self.closed = True

    def tell(self, *messages: object) -> None:
        """Let messages and events arrive, all in one go."""
        self.received.emit(list(messages))

    def all(self, kind: type[T]) -> list[T]:
        """Everything of one kind that was sent: messages, or the questions inside Ask and wishes inside Steer."""
        inside = [m.question if isinstance(m, Ask) else m.control for m in self.sent if isinstance(m, Ask | Steer)]
        return [m for m in (*self.sent, *inside) if isinstance(m, kind)]

    def last(self, kind: type[T]) -> T:
        found = self.all(kind)
        assert found, f"no {kind.__name__} was sent; there were {self.sent}"
        return found[-1]

    def answer(self, value: object, kind: type[Any] = object) -> None:
        """Answer the newest question of a kind."""
        asks = [m for m in self.sent if isinstance(m, Ask) and isinstance(m.question, kind)]
        assert asks, f"no question {kind.__name__} was asked; there were {self.sent}"
        self.tell(Answer(asks[-1].stamp, value))


@pytest.fixture
def engine(qapp: QObject) -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def real_session(qtbot: QtBot) -> Iterator[Session]:
    """With the engine itself, on a thread: what it answers is the truth."""
    trainer = Trainer("thread")
    trainer.start()
    made = Session(trainer)
    yield made
    made.deleteLater()
    trainer.close()
    work.close()


@pytest.fixture
def session(engine: FakeEngine, qtbot: QtBot) -> Iterator[Session]:
    made = Session(engine)
    yield made
    made.deleteLater()
