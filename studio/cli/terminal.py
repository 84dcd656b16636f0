"""Progress: a bar on a terminal, a line every few seconds in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import NoReturn

import tqdm

LOG_INTERVAL = 5.0
"""Seconds between two lines where there is no terminal."""


class Bar:
    """A context: ``update(done, total, note)`` as often as one likes. Writes to stderr; results go to stdout."""

    def __init__(self, what: str, unit: str = "") -> None:
        self.what = what
        self.unit = unit
        self._bar: tqdm.tqdm[NoReturn] | None = None
        self._live = sys.stderr.isatty()
        self._last = time.monotonic() - LOG_INTERVAL  # the first line at once

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, done: int, total: int, note: str = "") -> None:
        """``total`` 0: unknown."""
        note = "" if note == self.what else note
        if self._live:
            if self._bar is None:
                self._bar = tqdm.tqdm(
                    desc=self.what,
                    unit=f" {self.unit}",
                    initial=done,
                    total=total or None,
                    dynamic_ncols=True,
                    leave=False,
                )
            self._bar.total = total or None
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(done - self._bar.n)
        elif time.monotonic() - self._last >= LOG_INTERVAL or (total and done == total):
            self._last = time.monotonic()
            of = f" of {total:,}" if total else ""
            said = " ".join(filter(None, [f"{self.what}: {done:,}{of}", self.unit, note and f" {note}"]))
            print(said, file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """A line of its own, above the bar."""
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A length of time as a person says it: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
