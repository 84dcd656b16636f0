"""What happens to thrown-away things: undo while the window is open, the system's trash when it closes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.data import builtin, places, store
from studio.data.dataset import DataSpec
from studio.data.watch import Watch
from studio.gui import leaving
from studio.gui.library import shelved
from studio.gui.session import Session
from studio.gui.window import MainWindow
from studio.runs import library
from studio.runs.library import Library


@pytest.fixture
def trash(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that the system's trash got."""
    got: list[str] = []

    def take(path: str) -> None:
        got.append(Path(path).name)
        Path(path).rename(places.home() / f"gone-{len(got)}")

    monkeypatch.setattr(library.send2trash, "send2trash", take)
    monkeypatch.setattr(shelved.send2trash, "send2trash", take)
    return got


@pytest.fixture
def moons() -> DataSpec:
    return store.prepare(builtin.source("two-moons"), None, Watch()).spec


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(session)
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.painted):
        made.show()
    yield made
    made.close()


def test_what_was_deleted_and_forgotten_goes_to_the_systems_trash_when_the_window_closes(
    window: MainWindow, session: Session, moons: DataSpec, trash: list[str], qtbot: QtBot
) -> None:
    run = Path(session.new_run("wgan_gp", {"steps": 10}, moons))
    window.fill()
    sidebar = window.sidebar
    qtbot.waitUntil(lambda: sidebar.shelf.model.rowCount() == 1)
    qtbot.waitUntil(lambda: sidebar.offers.where(moons.fingerprint).isValid())
    sidebar.data.setCurrentIndex(sidebar.offers.where(moons.fingerprint))
    qtbot.keyClick(sidebar.data, Qt.Key.Key_Delete)
    sidebar.runs.setCurrentIndex(sidebar.newest.index(0, 0))
    qtbot.keyClick(sidebar.runs, Qt.Key.Key_Delete)
    window.close()  # at once: what still waits for its turn is done first
    assert sorted(trash) == sorted([f"{run.name}~1", moons.fingerprint])
    assert not run.exists()
    assert store.listed() == []


def test_a_dataset_forgotten_in_the_sidebar_comes_back_with_undo(
    window: MainWindow, session: Session, moons: DataSpec, qtbot: QtBot
) -> None:
    session.choose_dataset(moons)
    window.fill()
    offers = window.sidebar.offers
    qtbot.waitUntil(lambda: offers.where(moons.fingerprint).isValid())
    offer = offers.where(moons.fingerprint).data(Qt.ItemDataRole.UserRole)
    window.datasets.forget(offer)
    assert not offers.where(moons.fingerprint).isValid()
    assert session.dataset is None
    assert window.popups.toast.text.text() == f"Forgot “{moons.name}”"
    window.popups.toast.button.click()
    qtbot.waitUntil(lambda: offers.where(moons.fingerprint).isValid())
    assert store.listed() == [moons]
    session.undo.redo()
    session.undo.undo()
    session.undo.redo()
    qtbot.waitUntil(lambda: store.listed() == [] and not session.forgotten)


def test_the_same_data_read_again_after_it_was_forgotten_is_listed(
    window: MainWindow, session: Session, moons: DataSpec, qtbot: QtBot
) -> None:
    window.fill()
    offers = window.sidebar.offers
    qtbot.waitUntil(lambda: offers.where(moons.fingerprint).isValid())
    shelved.forget(session, moons)
    qtbot.waitUntil(lambda: store.listed() == [] and not session.forgotten)
    store.prepare(builtin.source("two-moons"), None, Watch())
    session.datasets_changed.emit()
    qtbot.waitUntil(lambda: offers.where(moons.fingerprint).isValid())


def test_a_rename_in_the_sidebar_is_undone(window: MainWindow, session: Session, moons: DataSpec, qtbot: QtBot) -> None:
    window.fill()
    offers = window.sidebar.offers
    qtbot.waitUntil(lambda: offers.where(moons.fingerprint).isValid())
    offers.setData(offers.where(moons.fingerprint), "Mine")
    assert offers.where(moons.fingerprint).data() == "Mine"
    qtbot.waitUntil(lambda: store.listed()[0].name == "Mine")
    session.undo.undo()
    qtbot.waitUntil(lambda: store.listed()[0].name == moons.name)


def test_a_trash_that_hangs_does_not_keep_the_window(
    session: Session, moons: DataSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(session.new_run("wgan_gp", {"steps": 10}, moons))
    Library(places.runs()).trash(run)
    gate = threading.Event()
    monkeypatch.setattr(library.send2trash, "send2trash", lambda path: gate.wait(30))
    began = time.monotonic()
    assert not leaving.empty_trash(seconds=0.2)
    assert time.monotonic() - began < 2
    gate.set()


def test_what_the_system_does_not_take_stays(
    session: Session, moons: DataSpec, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: str) -> None:
        raise OSError("no trash on this volume")

    run = Path(session.new_run("wgan_gp", {"steps": 10}, moons))
    kept = Library(places.runs()).trash(run)
    monkeypatch.setattr(library.send2trash, "send2trash", refuse)
    assert leaving.empty_trash()
    assert kept.at.is_dir()
    assert kept.at.name in caplog.text
