"""What waits to be written into the pipe, so that training never waits for whoever reads it."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from multiprocessing.connection import Connection

from studio.training.events import Progress, SheetDrawn

NEWEST_ONLY = (SheetDrawn, Progress)
"""Of these a listener wants the newest only; an older one that still waits is dropped. Numbers are never dropped."""


class Outbox:
    """Writes messages in order, on a thread of its own. :meth:`put` may be called from any thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[object] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def put(self, message: object) -> None:
        with self._changed:
            if isinstance(message, NEWEST_ONLY):
                self._waiting = deque(m for m in self._waiting if type(m) is not type(message) or m.run != message.run)
            self._waiting.append(message)
            self._changed.notify()

    def close(self, timeout: float) -> None:
        """Write what waits, as far as it is read, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    return
                message = self._waiting.popleft()
            with suppress(OSError):  # nobody listens any more; the reader has noticed or will
                self._connection.send(message)
