"""The background thread that is the trainer's face: it hosts the engine, and turns what it says into one signal.

The engine itself runs in a process of its own, or in a thread of this one when asked (see
:mod:`studio.engine.client`). However fast it talks, the window hears it at most :data:`RATE` times a second, with every
number but only the last picture; what a person waits for (an answer, an end) is passed on at once.
"""

from __future__ import annotations

import threading
import time
from typing import Literal

from PySide6.QtCore import QObject, QThread, Signal

from studio.engine.client import Engine
from studio.engine.messages import Advanced, Answer, EngineDied, Failed, Ready
from studio.training.events import Ended, Measured, Paused, Progress, Resumed, SheetDrawn, Started

RATE = 20.0
_URGENT = (Answer, Failed, Ready, EngineDied, Started, Paused, Resumed, Ended)
_IDLE = 0.2
CLOSING = 20.0
"""Seconds that the end of a training may take when the window closes: a big checkpoint is written in that time, and an
engine that hangs is killed after it. Checkpoints are written beside the old ones, so nothing is ever half."""


class Trainer(QThread):
    """Start it after the first paint; what is sent before goes out as soon as there is an engine.

    Whoever owns it calls :meth:`close` before letting it go.
    """

    received = Signal(list)
    """Messages of :mod:`studio.engine.messages` and events, in order, coalesced."""

    def __init__(self, mode: Literal["process", "thread"] = "process", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainer")
        self._engine = Engine(mode)
        self._early: list[object] | None = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._restarting = threading.Event()

    @property
    def alive(self) -> bool:
        """Whether there is an engine, or one is about to be."""
        return self._early is not None or self._engine.alive

    def send(self, message: object) -> None:
        """Hand a message to the engine; returns at once."""
        with self._lock:
            if self._early is not None:
                self._early.append(message)
                return
        self._engine.send(message)

    def restart(self) -> None:
        """After the engine has died: a new one."""
        with self._lock:
            if self._early is None:
                self._early = []
        self._restarting.set()

    def close(self) -> None:
        """End training with a checkpoint, then the engine, then this thread; waits for all three."""
        self._stopping.set()
        if self.isRunning():
            self.wait()

    def run(self) -> None:
        try:
            self._begin()
            self._listen()
        finally:
            self._engine.close(timeout=CLOSING)

    def _begin(self) -> None:
        self._engine.start()
        with self._lock:
            early, self._early = self._early or [], None
            for message in early:
                self._engine.send(message)

    def _listen(self) -> None:
        waiting: list[object] = []
        told = 0.0
        while not self._stopping.is_set():
            if self._restarting.is_set():
                self._restarting.clear()
                self._engine.close(timeout=5)
                self._begin()
            pause = max(0.0, told + 1 / RATE - time.monotonic()) if waiting else _IDLE
            waiting += self._engine.poll(pause)
            now = time.monotonic()
            if waiting and (now - told >= 1 / RATE or any(isinstance(m, _URGENT) for m in waiting)):
                self.received.emit(coalesce(waiting))
                waiting = []
                told = now


def coalesce(messages: list[object]) -> list[object]:
    """Every number and every event in order, but of pictures, progress and advances only the newest of each run or
    question, where it stood last."""
    seen: set[object] = set()
    kept: list[object] = []
    for message in reversed(messages):
        key: object = None
        match message:
            case Measured():
                pass
            case Progress(run=run) | SheetDrawn(run=run):
                key = (type(message), run)
            case Advanced(stamp=stamp):
                key = (Advanced, stamp)
        if key is not None and key in seen:
            continue
        seen.add(key)
        kept.append(message)
    kept.reverse()
    return kept
