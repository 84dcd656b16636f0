"""From the start of the process to a painted window, and whether torch stayed out of the way until then."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from studio.bench.result import Result

# The clock starts before the interpreter of the child does; the child looks at the same clock.
_CHILD = """
import sys, time
from studio.gui import app
def painted():
    print(time.monotonic(), int("torch" in sys.modules), flush=True)
app.main([], painted=painted, quit_after_paint=True)
"""


def measure(asked: argparse.Namespace) -> Iterator[Result]:
    import time

    seconds, torch = [], 0
    for _ in range(5):
        with tempfile.TemporaryDirectory() as home:
            environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "GEN_STUDIO_HOME": home}
            before = time.monotonic()
            child = subprocess.run(
                [sys.executable, "-c", _CHILD], env=environment, capture_output=True, text=True, timeout=60, check=True
            )
        at, loaded = child.stdout.split()[:2]
        seconds.append(float(at) - before)
        torch += int(loaded)
    yield Result("start to first paint, median of 5", statistics.median(seconds), "s", 1.0, spread=_spread(seconds))
    yield Result("starts in which torch was loaded before the paint", torch, "of 5", note="must be 0")


def _spread(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)
