"""The application as a process of its own: quickly on screen, without torch, and nothing left when it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from studio.gui import app as application
from studio.gui.session import Session, Trouble
from tests.gui.conftest import FakeEngine

OPEN = "from studio.gui import app; import sys; sys.exit(app.main([]))"
PAINT = """
import sys, time
from studio.gui import app
heavy = []
def painted():
    heavy.extend(m for m in ("torch", "torchvision", "pyqtgraph", "qtawesome", "scipy", "PIL") if m in sys.modules)
status = app.main([], painted=painted, quit_after_paint=True)
print(status, heavy, "torch" in sys.modules)
"""


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []

    def launched(code: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "GEN_STUDIO_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield launched
    for process in running:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], object], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def engine_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return [c for c in psutil.Process(process.pid).children() if "spawn_main" in " ".join(c.cmdline())]


def test_the_window_is_painted_before_anything_heavy_is_loaded(launch: Callable[..., subprocess.Popen[str]]) -> None:
    out, err = launch(PAINT).communicate(timeout=60)
    assert out.strip() == "0 [] False", err


def test_no_process_outlives_the_window_however_it_goes(launch: Callable[..., subprocess.Popen[str]]) -> None:
    ways = {signal.SIGTERM: 0, signal.SIGINT: -signal.SIGINT, signal.SIGKILL: -signal.SIGKILL}
    windows = {how: launch(OPEN, GEN_STUDIO_HOME=f"{os.environ['GEN_STUDIO_HOME']}-{how.name}") for how in ways}
    for window in windows.values():
        wait_for(lambda w=window: engine_of(w))  # type: ignore[misc]
    family = [c for w in windows.values() for c in psutil.Process(w.pid).children(recursive=True)]
    assert len(family) >= len(ways)
    for how, window in windows.items():  # in the middle of the start, where the engine does not listen yet
        window.send_signal(how)
    for how, window in windows.items():
        _, err = window.communicate(timeout=60)
        assert window.returncode == ways[how], err
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive, [p.cmdline() for p in alive]


def test_hosted_in_process_it_ends_too(launch: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    window = launch(OPEN, GEN_STUDIO_ENGINE="thread")
    # The catalogue is written by the engine: then it is there.
    wait_for(lambda: (tmp_path / "home" / "cache" / "models.json").is_file() or window.poll() is not None)
    assert not engine_of(window)
    window.send_signal(signal.SIGTERM)
    _, err = window.communicate(timeout=80)
    assert window.returncode == 0, err


def test_the_setting_and_the_environment_decide_where_the_engine_runs(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert application.engine_mode(session.settings) == "process"
    session.settings.engine_mode = "thread"
    assert application.engine_mode(session.settings) == "thread"
    monkeypatch.setenv("GEN_STUDIO_ENGINE", "process")
    assert application.engine_mode(session.settings) == "process"


def test_what_nobody_caught_is_logged_and_shown(
    session: Session, engine: FakeEngine, qtbot: QtBot, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[Trouble] = []
    session.trouble.connect(told.append)
    before = sys.excepthook
    boundary = application._Boundary(session)
    try:
        error = ZeroDivisionError("by nothing")
        sys.excepthook(type(error), error, None)
    finally:
        boundary.close()
    assert sys.excepthook is before
    assert "by nothing" in told[0].why
    assert "by nothing" in (home / "gen-studio.log").read_text()
    assert "ZeroDivisionError" in capsys.readouterr().err
