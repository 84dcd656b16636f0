"""What every test has: a home of its own, no window on screen, and a proof that it left nothing running."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def _home_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For fixtures that outlive one test; each test has its own on top."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_STUDIO_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GEN_STUDIO_HOME of this test alone."""
    at = tmp_path / "home"
    monkeypatch.setenv("GEN_STUDIO_HOME", str(at))
    return at


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real datasets; the test is skipped where there is none."""
    at = Path(os.environ.get("GEN_STUDIO_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not at.is_dir():
        pytest.skip("no real datasets here: set GEN_STUDIO_TEST_DATA to a folder that holds mnist/")
    return at


class Leak(Exception):
    """Shown by its message alone."""


@pytest.fixture(autouse=True)
def _leaves_nothing_running(request: pytest.FixtureRequest, home: Path) -> Iterator[None]:
    """Fails a test after which a thread, QThread, timer, top-level widget or child process is still there."""
    threads = set(threading.enumerate())
    children = {p.pid for p in _children()}
    qt = _QtWatch() if "qapp" in request.fixturenames else None
    yield
    if "studio.gui.work" in sys.modules:
        sys.modules["studio.gui.work"].close()
    left = _wait_until_empty(lambda: _left_threads(threads) + _left_children(children) + (qt.left() if qt else []))
    if qt is not None:
        qt.stop()
    if left:
        raise Leak("left behind by this test:\n" + "\n".join(left))


def _wait_until_empty(look: Callable[[], list[str]], seconds: float = 3.0) -> list[str]:
    """What is being torn down may take a moment; what is leaked stays."""
    end = time.monotonic() + seconds
    while (left := look()) and time.monotonic() < end:
        gc.collect()
        time.sleep(0.02)
    return left


def _left_threads(before: set[threading.Thread]) -> list[str]:
    # Dummies are threads of others (Qt, OpenMP) that once passed through Python; they are never taken off the list.
    # tqdm keeps one monitor for the life of the process.
    frames = sys._current_frames()
    return [
        f"thread {t.name}, now at\n{''.join(traceback.format_stack(frames[t.ident])) if t.ident in frames else '  ?'}"
        for t in threading.enumerate()
        if t not in before
        and t.is_alive()
        and not isinstance(t, threading._DummyThread)
        and type(t).__name__ != "TMonitor"
    ]


def _children() -> list[psutil.Process]:
    """The processes that this one started, and those that they did. psutil looks through the whole process table for
    them; Linux says at once whether there is one at all, and mostly there is none."""
    try:
        tasks = list(Path("/proc/self/task").iterdir())
        if tasks and not any((task / "children").read_text() for task in tasks):
            return []
    except OSError:  # another system, or a thread that has just ended
        pass
    return psutil.Process().children(recursive=True)


def _left_children(before: set[int]) -> list[str]:
    multiprocessing.active_children()  # reaps those that have ended
    found = []
    for child in _children():
        try:
            command = " ".join(child.cmdline())
            # multiprocessing's own: one for the life of this process
            helper = "resource_tracker" in command or "forkserver" in command
            if child.pid not in before and child.status() != psutil.STATUS_ZOMBIE and not helper:
                found.append(f"process {child.pid}: {command}")
        except psutil.NoSuchProcess:
            continue
    return found


class _QtWatch:
    """Remembers who started timers and QThreads, and which windows there were."""

    def __init__(self) -> None:
        from PySide6.QtCore import QThread, QTimer
        from PySide6.QtWidgets import QApplication

        self.app = QApplication.instance()
        self.started: list[tuple[weakref.ref[Any], str, str]] = []
        self.windows = {id(w) for w in self._windows()}
        self.patch = pytest.MonkeyPatch()
        for kind, running in ((QTimer, "isActive"), (QThread, "isRunning")):
            self.patch.setattr(kind, "start", self._remembering(kind.start, running))

    def _remembering(self, start: Callable[..., Any], running: str) -> Callable[..., Any]:
        def remember(this: Any, *args: Any) -> Any:
            caller = "".join(traceback.format_stack(sys._getframe(1), limit=2))
            self.started.append((weakref.ref(this), running, caller))
            return start(this, *args)

        return remember

    def _windows(self) -> list[Any]:
        from PySide6.QtWidgets import QApplication

        return QApplication.topLevelWidgets()

    def left(self) -> list[str]:
        import shiboken6
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
        found = [
            f"{type(it).__name__} started at\n{caller}"
            for ref, running, caller in self.started
            if (it := ref()) is not None and shiboken6.isValid(it) and getattr(it, running)()
        ]
        # Hidden widgets of no class of ours are pyqtgraph's: it makes menus and forms without a parent, as a store.
        new = [
            w
            for w in self._windows()
            if id(w) not in self.windows
            and w.parent() is None
            and (w.isVisible() or not type(w).__module__.startswith(("PySide6.", "pyqtgraph.")))
        ]
        return found + [f"window {_named(w)}" for w in new]

    def stop(self) -> None:
        self.patch.undo()


def _named(window: Any) -> str:
    """Enough of a widget to find who made it."""
    inside = [type(w).__name__ for w in window.children()][:6]
    names = " ".join(filter(None, (window.objectName(), window.accessibleName(), window.windowTitle())))
    return f"{type(window).__module__}.{type(window).__name__} {names!r} with {inside}"


LONG = ("test_screenshots", "test_weights", "test_whole_path")
"""Files that take a minute or half of one: begun first, so that no core waits for them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in LONG)
