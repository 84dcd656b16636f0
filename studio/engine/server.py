"""The engine's end of the pipe: one training, three lanes for questions, and an end when the pipe closes.

Threads: the one that calls :func:`serve` reads the pipe; ``outbox`` writes into it; ``training`` trains, with lower
priority; ``quick``, ``study`` and ``slow`` answer questions. What answers a moving slider has a lane of its own, so
that it waits neither behind an export nor behind the principal directions.
"""

from __future__ import annotations

import faulthandler
import functools
import importlib
import os
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from studio.engine.lanes import Lane, Tell, in_words
from studio.engine.messages import Ask, Cancel, EngineDied, Ready, Shutdown, Start, Steer
from studio.engine.outbox import Outbox
from studio.explore.questions import Decode, DecodeScored, Describe, TakePose
from studio.training.control import Control, Stop
from studio.training.events import Ended, Event

if TYPE_CHECKING:
    from studio.engine.host import Host

HOST = "studio.engine.host"
"""What loads torch; imported by name and late, so that a torch that cannot be loaded is told in words."""
GRACE = 20.0
"""Seconds that a training has for its last checkpoint once nobody listens any more."""
QUICK = (Decode, DecodeScored, Describe, TakePose)


def serve(connection: Connection, *, alone: bool = True) -> None:
    """Serve until the pipe closes or Shutdown comes; then end training with a checkpoint.

    Args:
        connection: one end of a duplex pipe; closed at the end.
        alone: this process belongs to the engine: it ignores Ctrl+C (whoever started it decides), and is ended hard
            when it is not done :data:`GRACE` seconds after nobody listens any more.
    """
    if alone:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    Server(connection, alone).run()
    if alone:
        # Not sys.exit: a thread that still computes in torch can abort the interpreter while it is taken down.
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # there is none, or nobody reads it
                stream.flush()
        os._exit(0)


class Server:
    """See the module."""

    def __init__(self, connection: Connection, alone: bool) -> None:
        self._connection = connection
        self._alone = alone
        self._outbox = Outbox(connection)
        self._training: Training | None = None
        self._lanes: dict[str, Lane] = {}

    def run(self) -> None:
        try:
            host: Host = importlib.import_module(HOST).Host()
        except Exception as wrong:  # the boundary: a broken installation must be told, not found in a log
            self._outbox.put(EngineDied(f"the engine cannot load torch: {wrong}"))
            self._outbox.close(5)
            self._connection.close()
            return
        self._host = host
        self._outbox.put(Ready(host.devices(), host.versions(), host.memory()))
        for name in ("quick", "study", "slow"):
            before = functools.partial(host.before_question, name)
            self._lanes[name] = Lane(name, host.answer, self._outbox.put, before)
        with suppress(EOFError, OSError):
            while not isinstance(message := self._connection.recv(), Shutdown):
                self._take(message)
        self._end()

    def _take(self, message: object) -> None:
        match message:
            case Ask(question=question, slow=slow):
                self._lanes["slow" if slow else "quick" if isinstance(question, QUICK) else "study"].put(message)
            case Cancel(stamp=stamp):
                any(lane.cancel(stamp) for lane in self._lanes.values())
            case Start():
                self._start(message)
            case Steer(control=control):
                if self._training is not None:
                    self._training.control.put(control)

    def _start(self, start: Start) -> None:
        current = self._training
        if current is None or current.over:
            self._training = Training(start, self._host, self._outbox.put)
        elif Path(current.start.run) != Path(start.run):  # asked twice for one run: it is in training, as was asked
            busy = f"another run is in training ({current.start.run}); stop it first, or queue this one"
            self._outbox.put(Ended(start.run, 0, "failed", busy))

    def _end(self) -> None:
        until = time.monotonic() + GRACE

        def left(most: float) -> float:
            return min(most, max(0.0, until - time.monotonic()))

        if self._alone:
            # A watchdog in C, which fires even when a thread sits on the interpreter lock.
            told = sys.__stderr__ if sys.__stderr__ is not None else os.open(os.devnull, os.O_WRONLY)
            faulthandler.dump_traceback_later(GRACE, exit=True, file=told)
        if self._training is not None:
            self._training.control.put(Stop())
        for lane in self._lanes.values():
            lane.close(0)
        if self._training is not None:
            self._training.join(left(GRACE))
        for lane in self._lanes.values():
            lane.close(left(2))
        self._outbox.close(left(2))
        self._connection.close()
        if self._alone:
            faulthandler.cancel_dump_traceback_later()


class Training:
    """One run in training, on a thread of its own. ``over`` is true before its Ended is told, so that whoever hears
    that can start the next."""

    def __init__(self, start: Start, host: Host, tell: Tell) -> None:
        self.start = start
        self.control: queue.SimpleQueue[Control] = queue.SimpleQueue()
        self.over = False
        self._host = host
        self._tell = tell
        self._ended: Ended | None = None
        self._step = 0
        self._thread = threading.Thread(target=self._run, name="training", daemon=True)
        self._thread.start()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _hear(self, event: Event) -> None:
        self._step = event.step
        if isinstance(event, Ended):
            self._ended = event
        else:
            self._tell(event)

    def _run(self) -> None:
        try:
            self._host.train(self.start, self._hear, self.control)
            lost = "the training ended without a word"
        except Exception as wrong:  # the boundary: whatever stops a training is told with its Ended
            lost = in_words(wrong)
        self.over = True
        self._tell(self._ended or Ended(self.start.run, self._step, "failed", lost))
