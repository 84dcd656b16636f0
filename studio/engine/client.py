"""The listener's end of the engine: starts it, feeds it, hears it, and notices when it is gone. Torch-free.

By default the engine is a spawned process: redraws cannot starve training through the interpreter lock, and a crash
or an out-of-memory does not take the window along. As a thread (for debugging, and where a process cannot be had)
it talks over the same kind of pipe, so that nothing else differs.

Nothing here waits on the engine but :meth:`Engine.close`: a thread of its own writes into the pipe, another reads.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol

from studio.engine.messages import Answer, Ask, EngineDied, Failed, Ready, Shutdown, Start
from studio.runs.folder import RunFolder
from studio.training.events import Ended, Event

SERVER = "studio.engine.server"
"""Imported by name on the other side only, so that this side never loads torch."""


class _Host(Protocol):
    """What a process and a thread have in common."""

    def start(self) -> None: ...
    def join(self, timeout: float | None = None) -> None: ...
    def is_alive(self) -> bool: ...


class Engine:
    """One engine. Every method may be called from any thread.

    Args:
        mode: ``process`` spawns one; ``thread`` hosts the engine in this process, which loads torch into it.
    """

    def __init__(self, mode: Literal["process", "thread"] = "process") -> None:
        self.mode = mode
        self._heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._link: _Link | None = None

    @property
    def alive(self) -> bool:
        """Whether there is an engine that can still be talked to."""
        return self._link is not None and self._link.alive

    def start(self) -> None:
        """Start the engine; Ready follows when it has loaded torch. Does nothing when it is alive already."""
        if not self.alive:
            self._link = _Link(self.mode, self._heard)

    def send(self, message: object) -> None:
        """Hand a message over and return at once. Without a living engine, what it would have answered is
        answered here: a start with Ended(failed), a question with Failed."""
        if self._link is None or not self._link.send(message):
            for said in _refusals([message], "the engine is not running; start it again"):
                self._heard.put(said)

    def poll(self, timeout: float = 0.0) -> list[Any]:
        """All messages that have arrived, in order; waits up to ``timeout`` seconds for the first of them."""
        found: list[Any] = []
        with suppress(queue.Empty):
            found.append(self._heard.get(timeout=timeout) if timeout > 0 else self._heard.get_nowait())
            while True:
                found.append(self._heard.get_nowait())
        return found

    def close(self, timeout: float = 10) -> None:
        """Stop training after a checkpoint and end the engine; a process that has not ended by then is killed."""
        if self._link is not None:
            self._link.close(timeout)
            self._link = None


class _Link:
    """One life of the engine: its process or thread, the pipe, and the two threads that serve the pipe."""

    def __init__(self, mode: str, heard: queue.SimpleQueue[Any]) -> None:
        self._heard = heard
        self._closing = False
        self._gone = False
        self._lock = threading.Lock()
        self._questions: dict[int, Ask] = {}
        self._start: Start | None = None
        self._step = 0
        self._ready = False
        self._why = ""
        self._outbox: queue.SimpleQueue[object | None] = queue.SimpleQueue()
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe(duplex=True)
        self._host: _Host
        if mode == "process":
            self._host = context.Process(target=_enter, args=(other, True), name="gen-studio-engine", daemon=True)
        else:
            self._host = threading.Thread(target=_enter, args=(other, False), name="engine", daemon=True)
        self._host.start()
        if mode == "process":
            other.close()  # else the engine's death would not close the pipe
        self._writer = threading.Thread(target=self._write, name="engine-writer", daemon=True)
        self._reader = threading.Thread(target=self._read, name="engine-reader", daemon=True)
        self._writer.start()
        self._reader.start()

    @property
    def alive(self) -> bool:
        return not self._gone and not self._closing

    def send(self, message: object) -> bool:
        with self._lock:
            if not self.alive:
                return False
            match message:
                case Ask(topic=topic, stamp=stamp):
                    if topic:  # the engine says nothing to those that are superseded
                        self._questions = {s: q for s, q in self._questions.items() if q.topic != topic}
                    self._questions[stamp] = message
                case Start() if self._start is None:
                    self._start, self._step = message, 0
            self._outbox.put(message)
            return True

    def _write(self) -> None:
        while (message := self._outbox.get()) is not None:
            with suppress(OSError):  # the pipe is closed: the reader notices and says so
                self._pipe.send(message)

    def _read(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                message = self._pipe.recv()
                self._follow(message)
                if not isinstance(message, EngineDied):  # its last words; told below, with what they cost
                    self._heard.put(message)
        self._mourn()

    def _follow(self, message: object) -> None:
        with self._lock:
            match message:
                case Ready():
                    self._ready = True
                case EngineDied(message=why):
                    self._why = why
                case Answer(stamp=stamp) | Failed(stamp=stamp):
                    self._questions.pop(stamp, None)
                case Event(run=run, step=step) if self._start is not None and run == self._start.run:
                    self._step = step
                    if isinstance(message, Ended):
                        self._start = None

    def _mourn(self) -> None:
        """The pipe is closed. When nobody asked for that, say what is lost."""
        with self._lock:
            self._gone = True
            self._outbox.put(None)
            if self._closing:
                return
            orphans: list[object] = [*self._questions.values()]
        self._host.join(5)
        why = self._why or _why(self._host)
        if self._start is not None:
            self._heard.put(Ended(self._start.run, self._step, "failed", f"{why}; {_kept(self._start.run)}"))
        for said in _refusals(orphans, why):
            self._heard.put(said)
        self._heard.put(EngineDied(f"{why}. Runs keep the checkpoints they have; the engine can be started again."))

    def close(self, timeout: float) -> None:
        with self._lock:
            self._closing = True
            self._outbox.put(Shutdown())
            self._outbox.put(None)
        until = time.monotonic() + timeout
        # One that has not loaded torch yet has nothing to lose, and would hear of it late.
        process = isinstance(self._host, multiprocessing.process.BaseProcess)
        self._host.join(0 if process and not self._ready else timeout)
        if isinstance(self._host, multiprocessing.process.BaseProcess) and self._host.is_alive():
            self._host.kill()
            self._host.join(5)
        # A thread that is too slow keeps its end of the pipe; it finds this end closed and ends when it can.
        self._reader.join(max(0.0, until - time.monotonic()) + 1 if not self._host.is_alive() else 0)
        self._writer.join(1)
        self._pipe.close()


def _refusals(messages: list[object], why: str) -> list[object]:
    said: list[object] = []
    for message in messages:
        match message:
            case Ask(stamp=stamp):
                said.append(Failed(stamp, why))
            case Start(run=run):
                said.append(Ended(run, 0, "failed", why))
    return said


def _kept(run: str) -> str:
    """What is left of a training whose engine is gone, for a person."""
    steps = RunFolder(run).checkpoints(resumable=True)
    if not steps:
        return "it had no checkpoint yet; start it again"
    return f"its checkpoint of step {steps[-1]:,} is whole, resume it from there"


def _why(host: _Host) -> str:
    code = getattr(host, "exitcode", None)
    if code is None:
        return "the engine closed its pipe"
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        hint = ", most often because memory ran out" if name == "SIGKILL" else ""
        return f"the engine's process was ended by {name}{hint}"
    return f"the engine's process ended by itself (exit status {code})"


def _enter(connection: Connection, alone: bool) -> None:
    """On the other side: hand over to the engine.

    Args:
        alone: the engine has a process of its own, which it may end.
    """
    if alone:
        # Before torch is loaded: threads of a training that wait for each other sleep instead of spinning. Measured on
        # WGAN-GP of 28×28, 2 threads on 2 cores: the same where both are free (64 ms a move), and where other
        # programs kept both busy about 70 images/s instead of 50.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    importlib.import_module(SERVER).serve(connection, alone=alone)
