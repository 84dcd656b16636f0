"""Long work off the window's thread: answers come back to it, or to nobody."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from studio.data.watch import Cancelled, Watch
from studio.gui import work


@pytest.fixture
def owner(qtbot: QtBot) -> QObject:
    return QObject()


def test_the_task_runs_elsewhere_and_the_answer_comes_home(owner: QObject, qtbot: QtBot) -> None:
    seen: list[Any] = []
    work.run(owner, lambda watch: threading.get_ident(), lambda ident: seen.append((ident, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0][0] != threading.get_ident()
    assert seen[0][1] == threading.get_ident()


def test_nothing_is_delivered_to_an_owner_that_is_gone(qtbot: QtBot) -> None:
    owner = QObject()
    go, seen = threading.Event(), []
    work.run(owner, lambda watch: go.wait(5), seen.append, seen.append, lambda *a: seen.append(a))
    owner.deleteLater()
    qtbot.wait(20)
    go.set()
    work.close()
    qtbot.wait(50)
    assert not seen


def test_an_error_is_handed_to_whoever_wants_it_else_to_the_excepthook(
    owner: QObject, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Any] = []
    work.run(owner, lambda watch: 1 / 0, failures.append, failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    assert isinstance(failures[0], ZeroDivisionError)
    uncaught: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *a: uncaught.append(a))
    work.run(owner, lambda watch: 1 / 0, failures.append)
    qtbot.waitUntil(lambda: bool(uncaught))
    assert uncaught[0][0] is ZeroDivisionError


def test_cancel_ends_the_work_and_says_so(owner: QObject, qtbot: QtBot) -> None:
    failures: list[Exception] = []

    def endless(watch: Watch) -> None:
        while True:
            watch.advance(1, 10)
            time.sleep(0.002)

    watch = work.run(owner, endless, lambda _: None, failures.append, title="Endless")
    assert [j.title for j in work.desk.jobs] == ["Endless"]
    qtbot.wait(20)
    watch.cancel()
    qtbot.waitUntil(lambda: bool(failures))
    assert isinstance(failures[0], Cancelled)
    assert not work.desk.jobs


def test_progress_arrives_in_order_and_seldom(owner: QObject, qtbot: QtBot) -> None:
    seen: list[int] = []
    done: list[bool] = []

    def task(watch: Watch) -> bool:
        for i in range(300):
            watch.advance(i, 300, "counting")
            time.sleep(0.001)
        return True

    work.run(owner, task, done.append, progress=lambda at, total, what: seen.append(at))
    qtbot.waitUntil(lambda: bool(done))
    assert seen == sorted(seen)
    assert 2 <= len(seen) <= 60


def test_close_cancels_what_runs_and_what_waits(owner: QObject, qtbot: QtBot) -> None:
    def endless(watch: Watch) -> None:
        while True:
            watch.advance(0, 0)
            time.sleep(0.002)

    for _ in range(10):
        work.run(owner, endless, lambda _: None, lambda _: None)
    assert work.close(timeout=5)
    assert not [t for t in threading.enumerate() if t.name.startswith("work-")]


def test_time_left_is_told_once_the_speed_says_something() -> None:
    job = work.Job("x", lambda: None, started=time.monotonic() - 10)
    assert job.seconds_left() is None
    job.done, job.total = 25, 100
    assert job.seconds_left() == pytest.approx(30, abs=1)
