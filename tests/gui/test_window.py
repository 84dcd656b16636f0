"""The window: pages, banners, the status line, what is remembered, keys, and its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QCursor, QHelpEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QStyle,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.data import builtin, places, store
from studio.data.dataset import DataSpec
from studio.data.sources import recognise
from studio.data.watch import Watch
from studio.engine.messages import EngineDied, Ready, Start, Steer
from studio.gui import glossary, theme, words, work
from studio.gui.dataset_facts import describe
from studio.gui.dataset_sheet import DatasetSheet
from studio.gui.session import Session, Trouble
from studio.gui.shortcuts import KEYS, PAGE_KEYS, Overlay, bind
from studio.gui.widgets.spin import SpinBox
from studio.gui.window import PAGES, MainWindow
from studio.runs.folder import RunFolder
from studio.training import control
from studio.training.events import Checkpointed, Ended, Measured, Paused, Progress, Resumed, SheetDrawn, Started
from tests.gui.conftest import FakeEngine

Open = Callable[[Session], MainWindow]


@pytest.fixture
def open_window(qtbot: QtBot) -> Open:
    def opened(session: Session) -> MainWindow:
        theme.theme.apply(session.settings.theme)
        window = MainWindow(session)
        qtbot.addWidget(window)
        with qtbot.waitSignal(window.painted):
            window.show()
        return window

    return opened


@pytest.fixture
def window(session: Session, open_window: Open) -> MainWindow:
    return open_window(session)


@pytest.fixture
def digits() -> DataSpec:
    return store.prepare(builtin.source("digits"), None, Watch()).spec


def started(run: str) -> Started:
    return Started(run, 0, 50_000, {"critic": 1e-4}, "CPU, 2 threads", "float32")


# --- the first minute


def test_the_empty_bench_offers_the_built_in_datasets_one_click_from_training(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    assert window.stack.currentWidget() is window.bench
    window.fill()
    qtbot.waitUntil(lambda: len(window.bench.tiles) == len(builtin.NAMES), timeout=20_000)
    assert all(tile.offer.image is not None for tile in window.bench.tiles)
    tile = next(t for t in window.bench.tiles if t.offer.name == "digits")
    with qtbot.waitSignal(session.dataset_chosen, timeout=20_000) as chosen:
        qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    assert chosen.args[0].count == 1797
    assert window.page == "train"
    assert window.stack.currentWidget() is window.pages["train"]
    qtbot.waitUntil(lambda: window.sidebar.data.currentIndex().isValid())
    qtbot.waitUntil(lambda: not work.desk.jobs)


def test_everything_of_the_bench_is_seen_at_1280_by_720_without_scrolling(window: MainWindow, qtbot: QtBot) -> None:
    window.fill()
    qtbot.waitUntil(lambda: len(window.bench.tiles) == len(builtin.NAMES), timeout=20_000)
    window.resize(1280, 720)
    qtbot.wait(50)
    last = window.bench.findChildren(QAbstractButton)[-1]
    assert last.mapTo(window, QPoint(0, last.height())).y() <= window.status.y()


def test_nothing_chosen_any_more_brings_the_bench_back(window: MainWindow, session: Session, digits: DataSpec) -> None:
    session.choose_dataset(digits)
    assert window.stack.currentWidget() is window.pages["train"]
    session.choose_dataset(None)
    assert window.stack.currentWidget() is window.bench


def test_in_every_number_field_the_text_keeps_off_the_frame(window: MainWindow, session: Session) -> None:
    for name in PAGES:
        window._page(name)
    window.sheet = DatasetSheet(session, window)
    fields = window.findChildren(QAbstractSpinBox)
    assert len(fields) >= 4
    assert {
        f.accessibleName(): f.lineEdit().textMargins().left() for f in fields if f.lineEdit().textMargins().left() < 5
    } == {}
    for field in fields:
        if isinstance(field, SpinBox) and field.maximumWidth() < 10_000:
            assert field.maximumWidth() >= field.sizeHint().width(), field.accessibleName()


@pytest.mark.parametrize("name", ["train", "explore", "compare", "library"])
def test_every_page_opens_by_its_tab_and_is_the_real_one(
    window: MainWindow, session: Session, digits: DataSpec, name: str, qtbot: QtBot
) -> None:
    session.choose_dataset(digits)
    qtbot.mouseClick(window.top.tabs[name], Qt.MouseButton.LeftButton)
    assert type(window.pages[name]).__module__ == f"studio.gui.{name}.page"
    assert window.stack.currentWidget() is window.pages[name]
    assert window.top.tabs[name].isChecked()
    qtbot.wait(20)


# --- trouble


def test_sidebar_and_library_page_share_one_reading_of_the_disk(
    window: MainWindow, session: Session, digits: DataSpec, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.new_run("wgan_gp", {"steps": 10}, digits)
    scans: list[int] = []
    scan = session.library.scan
    monkeypatch.setattr(session.library, "scan", lambda: (scans.append(1), scan())[1])
    qtbot.waitUntil(lambda: window.sidebar.shelf.scanned and not window.sidebar.shelf._scanning)
    page: Any = window._page("library")
    assert page.shelf is window.sidebar.shelf
    assert page.runs.shown.rowCount() == 1  # at once, of what the sidebar knows
    scans.clear()
    session.library_changed.emit()
    qtbot.waitUntil(lambda: bool(scans) and not page.shelf._scanning)
    assert scans == [1]
    page.shelf.model.setData(page.shelf.model.index(0, 0), "Mine")
    assert session.undo.count() == 1  # both show it, one writes it


def test_trouble_is_a_banner_with_its_way_out(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    done: list[bool] = []
    session.trouble.emit(Trouble("x.zip could not be opened", "<b>why</b>", "Do it", lambda: done.append(True)))
    (banner,) = window.banners.banners
    assert window.banners.isVisible()
    assert banner.why.text() == "<b>why</b>"
    assert banner.why.textFormat() == Qt.TextFormat.PlainText
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    assert done == [True]
    assert not window.banners.isVisible()


def test_the_same_trouble_twice_is_one_banner_and_four_show_three(window: MainWindow, session: Session) -> None:
    for i in (1, 1, 2, 3, 4):
        session.trouble.emit(Trouble(f"trouble {i}", about=f"run-{i}"))
    assert [b.trouble.what for b in window.banners.banners] == [f"trouble {i}" for i in (4, 3, 2, 1)]
    assert sum(b.isVisible() for b in window.banners.banners) == 3
    session.trouble_over.emit("run-3")
    assert all(b.isVisible() for b in window.banners.banners)


def test_the_death_of_the_engine_is_a_banner_that_restarts_it_and_offers_the_run(
    window: MainWindow, session: Session, engine: FakeEngine, digits: DataSpec, qtbot: QtBot
) -> None:
    run = session.new_run("wgan_gp", {"steps": 10}, digits)
    session.train(run)
    engine.alive = False
    engine.tell(started(run), Ended(run, 3, "failed", "killed"), EngineDied("ended by SIGKILL"))
    banner = next(b for b in window.banners.banners if b.trouble.action == "Restart engine")
    RunFolder(run).write_state(RunFolder(run).state().__class__("running", 3, 10))
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    assert engine.restarts == 1
    qtbot.waitUntil(lambda: any("interrupted" in b.trouble.what for b in window.banners.banners))


# --- the status line


def test_the_status_line_says_what_the_training_does(window: MainWindow, session: Session, engine: FakeEngine) -> None:
    assert window.status.text.text() == "Loading the engine …"
    engine.tell(Ready({"cpu": "CPU, 2 threads"}, {}, 1))
    assert window.status.text.text() == "Ready · CPU, 2 threads"
    session.train("a")
    engine.tell(started("a"), Checkpointed("a", 12_000))
    engine.tell(Progress("a", 12_400, 50_000, 412.2, 30.0, 720.0, int(2.1 * 2**30)))
    assert window.status.text.text() == (
        "▶ step 12,400 of 50,000 · 412 images/s · 12 min left · CPU 2.1 GiB · checkpoint 0 s ago"
    )
    engine.tell(Paused("a", 12_400, "asked"))
    assert window.status.text.text().startswith("Paused · step 12,400 of 50,000")
    window.status.pause.click()
    assert engine.last(Steer) == Steer(control.Resume())
    engine.tell(Resumed("a", 12_400))
    window.status.pause.click()
    assert engine.last(Steer) == Steer(control.Pause())
    window.status.stop.click()
    assert engine.last(Steer) == Steer(control.Stop())
    engine.tell(Ended("a", 12_500, "stopped"))
    assert window.status.text.text() == "Stopped at step 12,500"
    assert not window.status.pause.isVisible()


def test_the_status_line_counts_what_the_run_is_made_of_whatever_is_chosen(
    window: MainWindow, session: Session, engine: FakeEngine, digits: DataSpec, qtbot: QtBot
) -> None:
    moons = store.prepare(builtin.source("two-moons"), None, Watch()).spec
    run = session.new_run("wgan_gp", {"steps": 50_000}, moons)
    session.train(run)
    session.choose_dataset(digits)
    engine.tell(started(run), Progress(run, 0, 50_000, 0.0, 0.1, None, 2**20))
    assert window.status.text.text() == "▶ step 0 of 50,000 · CPU 1.0 MiB"  # no speed yet: none is told
    engine.tell(Progress(run, 9, 50_000, 635.0, 30.0, 720.0, 2**20))
    qtbot.waitUntil(lambda: "635 points/s" in window.status.text.text())


def test_long_work_shows_how_far_it_is_and_short_work_does_not_flicker(window: MainWindow, qtbot: QtBot) -> None:
    shown: list[bool] = []
    work.run(window, lambda watch: None, lambda _: shown.append(window.status.jobs.isVisible()), title="Quick")
    qtbot.waitUntil(lambda: bool(shown))
    assert shown == [False]

    def slow(watch: Watch) -> None:
        for i in range(100):
            watch.advance(i, 100, f"file {i}")
            time.sleep(0.01)

    ended: list[Any] = []
    work.run(window, slow, ended.append, title="Reading things")
    qtbot.waitUntil(lambda: window.status.jobs.isVisible() and "%" in window.status.jobs.text.text())
    assert window.status.jobs.text.text().startswith("Reading things · file")
    assert 0 < window.status.jobs.bar.value() < 1000
    qtbot.waitUntil(lambda: bool(ended))
    assert not window.status.jobs.isVisible()


def test_the_queue_is_seen_rearranged_and_emptied(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    session.train("/r/a")
    session.enqueue("/r/b")
    session.enqueue("/r/c")
    assert window.status.queue.text() == "2 waiting"
    window.status.queue.click()
    queue = window.popups.made["queue"]
    assert [queue.list.item(i).text() for i in range(queue.list.count())] == ["b", "c"]
    queue.list.setCurrentRow(1)
    queue._move(-1)
    assert session.queue == ["/r/c", "/r/b"]
    assert queue.list.currentRow() == 0
    queue._remove()
    queue._remove()
    assert session.queue == []
    assert not queue.isVisible()
    qtbot.wait(20)


# --- what is remembered


def test_the_last_session_comes_back(
    session: Session, engine: FakeEngine, open_window: Open, digits: DataSpec, qtbot: QtBot
) -> None:
    first = open_window(session)
    first.fill()
    qtbot.waitUntil(lambda: first.sidebar.data.model().rowCount() > 0, timeout=20_000)
    run = session.new_run("wgan_gp", {"steps": 10}, digits)
    session.choose_dataset(digits)
    session.choose_run(run)
    first.show_page("library")
    first.resize(960, 640)  # the offscreen platform's screen has 800 pixels, to which geometry is fitted
    first.split.setSizes([300, 660])
    sizes = first.split.sizes()
    theme_before = theme.theme.dark
    first.top.theme.click()
    assert theme.theme.dark is not theme_before
    first.close()

    again = Session(engine)
    second = open_window(again)
    assert second.size() == first.size()
    assert second.split.sizes() == sizes
    assert theme.theme.dark is not theme_before
    second.fill()
    qtbot.waitUntil(lambda: again.run == run, timeout=20_000)
    assert again.dataset == digits
    assert second.page == "library"
    assert second.stack.currentWidget() is second.pages["library"]
    qtbot.wait(250)


@pytest.mark.parametrize(
    ("screen", "size"), [((1920, 1080), (1280, 720)), ((1366, 690), (1280, 690)), ((800, 500), (960, 600))]
)
def test_the_first_window_fits_the_screen_with_its_title_bar(
    session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, screen: tuple[int, int], size: tuple[int, int]
) -> None:
    there = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, *screen))
    monkeypatch.setattr(MainWindow, "screen", lambda self: there)
    window = MainWindow(session)
    qtbot.addWidget(window)
    title = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight, None, window)
    assert title > 0
    assert window.width() == size[0]
    assert window.height() == (size[1] - title if size[1] == screen[1] else size[1])
    window.close()


def test_settings_that_are_opened_after_the_engine_was_ready_know_its_devices(
    window: MainWindow, session: Session, engine: FakeEngine
) -> None:
    engine.tell(Ready({"cpu": "CPU, 2 threads"}, {"torch": "9.9"}, 2**30))
    window.popups.settings(window.top.settings)
    settings = window.popups.made["settings"]
    assert settings.about.text() == "torch 9.9\nMemory 1.0 GiB"
    assert [settings.device.itemData(i) for i in range(settings.device.count())] == ["auto", "cpu"]
    settings.close()


def test_a_source_is_named_by_the_path_that_it_is_found_at(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (tmp_path / "b").mkdir()
    np.savetxt(folder / "p.csv", np.random.default_rng(0).normal(size=(20, 2)), delimiter=",")
    source = recognise(tmp_path / "b" / ".." / "a" / "p.csv")
    assert str(folder / "p.csv") in describe(source, source.inspect()).splitlines()


def test_what_has_gone_meanwhile_does_not_come_back(
    session: Session, engine: FakeEngine, open_window: Open, digits: DataSpec, qtbot: QtBot
) -> None:
    session.settings.set("chosen/dataset", {**digits.as_dict(), "fingerprint": "0" * 32})
    session.settings.set("chosen/run", str(places.runs() / "gone"))
    window = open_window(session)
    assert window.stack.currentWidget() is window.blank
    window.fill()
    qtbot.waitUntil(lambda: window.stack.currentWidget() is window.bench, timeout=20_000)
    assert session.dataset is None
    assert session.run == ""
    qtbot.wait(250)


@pytest.mark.parametrize("damage", ["nonsense", '[General]\ntheme="[1"\nwindow\\page=7\nchosen\\dataset="{}"'])
def test_damaged_settings_count_as_none(home: Path, engine: FakeEngine, open_window: Open, damage: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "settings.ini").write_text(damage)
    session = Session(engine)
    window = open_window(session)
    assert session.settings.theme == "system"
    assert window.page == "train"


def test_settings_hold_at_once(window: MainWindow, session: Session, engine: FakeEngine) -> None:
    engine.tell(Ready({"cpu": "CPU, 2 threads", "cuda:0": "a card"}, {"torch": "2"}, 2**30))
    window.popups.settings(window.top.settings)
    settings = window.popups.made["settings"]
    engine.tell(Ready({"cpu": "CPU, 2 threads", "cuda:0": "a card"}, {"torch": "2"}, 2**30))
    settings.theme.setCurrentIndex(settings.theme.findData("dark"))
    assert theme.theme.dark
    settings.device.setCurrentIndex(settings.device.findData("cuda:0"))
    session.train("a")
    assert engine.last(Start).device == "cuda:0"
    settings.engine.setCurrentIndex(settings.engine.findData("thread"))
    assert session.settings.engine_mode == "thread"
    settings.close()


# --- keys


def test_every_key_of_the_table_does_something(
    window: MainWindow, session: Session, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {k.name for k in KEYS} == set(window.commands.table)
    window.activateWindow()
    window.setFocus()
    press = lambda key, mod=Qt.KeyboardModifier.NoModifier: qtbot.keyClick(window, key, mod)  # noqa: E731
    ctrl = Qt.KeyboardModifier.ControlModifier
    for i, name in (
        (Qt.Key.Key_5, "experiments"),
        (Qt.Key.Key_4, "library"),
        (Qt.Key.Key_3, "compare"),
        (Qt.Key.Key_2, "explore"),
        (Qt.Key.Key_1, "train"),
    ):
        press(i, ctrl)
        assert window.page == name
    session.train("a")
    engine.tell(started("a"))
    window.setFocus()
    press(Qt.Key.Key_Space)
    assert engine.last(Steer) == Steer(control.Pause())
    engine.tell(Paused("a", 1, "asked"))
    press(Qt.Key.Key_Space)
    assert engine.last(Steer) == Steer(control.Resume())
    press(Qt.Key.Key_S, ctrl)
    assert engine.last(Steer) == Steer(control.SaveNow())
    press(Qt.Key.Key_Period, ctrl)
    assert engine.last(Steer) == Steer(control.Stop())
    press(Qt.Key.Key_B, ctrl)
    assert window.sidebar.isHidden()
    press(Qt.Key.Key_F1)
    assert window.popups.made["help"].isVisible()
    qtbot.keyClick(window.popups.made["help"], Qt.Key.Key_Escape)
    assert not window.popups.made["help"].isVisible()
    window.setFocus()
    press(Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier)
    assert window.popups.made["shortcuts"].isVisible()
    qtbot.keyClick(window.popups.made["shortcuts"], Qt.Key.Key_Escape)
    assert not window.popups.made["shortcuts"].isVisible()


def test_the_table_of_keys_shows_those_of_the_pages_too_and_fits_the_smallest_window(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(window.minimumSize())
    window.popups.shortcuts()
    overlay = window.popups.made["shortcuts"]
    assert isinstance(overlay, Overlay)
    said = [label.text() for label in overlay.findChildren(QLabel)]
    for key in (*KEYS, *PAGE_KEYS):
        assert key.shown in said
        assert key.does in said
        assert key.group in said
    card = overlay.findChild(QFrame)
    assert overlay.rect().contains(card.geometry())
    assert card.height() >= card.sizeHint().height()
    assert card.width() >= card.sizeHint().width()


def test_a_page_binds_only_keys_that_the_table_tells_of(window: MainWindow) -> None:
    made = bind(window.stack, "Library", {"rename": lambda: None})
    assert [s.key().toString() for s in made.values()] == ["F2"]
    with pytest.raises(LookupError):
        bind(window.stack, "Library", {"dance": lambda: None})
    told = {k.keys[0]: k for k in PAGE_KEYS if k.keys}
    window._page("library")
    bound = {s.key().toString() for s in window.pages["library"].findChildren(QShortcut) if s.key().toString()}
    assert bound <= {*told, "Shift+F1"}
    assert {"F2", "Del", "Ctrl+D", "Ctrl+R", "Ctrl+Return"} <= bound


def test_space_is_left_to_who_types(window: MainWindow, session: Session, engine: FakeEngine, qtbot: QtBot) -> None:
    session.train("a")
    engine.tell(started("a"))
    field = QLineEdit(window)
    field.show()
    window.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClicks(field, "a b?")
    assert field.text() == "a b?"
    assert not engine.all(Steer)


def test_undo_and_redo_by_key(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    from PySide6.QtGui import QUndoCommand

    did: list[str] = []

    class Change(QUndoCommand):
        def redo(self) -> None:
            did.append("redo")

        def undo(self) -> None:
            did.append("undo")

    window.activateWindow()
    window.setFocus()
    session.undo.push(Change())
    control_shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window, Qt.Key.Key_Z, control_shift)
    assert did == ["redo", "undo", "redo"]


def test_every_button_of_the_shell_has_a_name_and_a_tool_tip(window: MainWindow, qtbot: QtBot) -> None:
    window.fill()
    qtbot.waitUntil(lambda: len(window.bench.tiles) == len(builtin.NAMES), timeout=20_000)
    parts: list[QWidget] = [window.top, window.status, window.bench, window.sidebar]
    nameless = [
        b
        for part in parts
        for b in part.findChildren(QAbstractButton)
        if not b.objectName().startswith("qt_") and (not b.toolTip() or not (b.accessibleName() or b.text()))
    ]
    assert not nameless, [(type(b), b.parent()) for b in nameless]


# --- the glossary


def test_every_term_has_its_words_and_a_source() -> None:
    terms = glossary.terms()
    assert len(terms) >= 25
    for term in terms.values():
        assert term.sentence.endswith("."), term.key
        assert 20 < len(term.sentence) < 240, term.key
        assert term.formula
        assert term.paper
        assert term.link == "" or term.link.startswith("https://")


def test_every_term_that_a_recipe_names_is_in_the_glossary() -> None:
    from studio.models.core import catalog

    named = {f.term for name in catalog.names() for f in catalog.card(name).fields if f.term}
    assert named <= set(glossary.terms()), named - set(glossary.terms())


def test_resting_on_a_term_shows_its_card_and_leaving_hides_it(qtbot: QtBot) -> None:
    label = QLabel("critic")
    qtbot.addWidget(label)
    glossary.hover_card(label, "critic")
    glossary.hover_card(label, "a term that nobody wrote")
    label.move(200, 200)
    QCursor.setPos(5, 5)
    label.show()
    assert "scores examples" in label.accessibleDescription()
    QApplication.sendEvent(label, QHelpEvent(QEvent.Type.ToolTip, QPoint(1, 1), label.mapToGlobal(QPoint(1, 1))))
    (card,) = label.findChildren(glossary.Card)
    assert card.isVisible()
    qtbot.waitUntil(lambda: not label.findChildren(glossary.Card))


# --- the end


def test_closing_while_an_engine_trains_closes_it_and_keeps_what_was_chosen(
    window: MainWindow, session: Session, engine: FakeEngine, digits: DataSpec, qtbot: QtBot
) -> None:
    session.choose_dataset(digits)
    run = session.new_run("wgan_gp", {"steps": 10}, digits)
    session.choose_run(run)
    session.train(run)
    engine.tell(started(run))
    for i in range(20):
        engine.tell(Measured(run, i, 1.0, {"loss/critic": 1.0}), SheetDrawn(run, i, np.zeros((4, 8, 8, 3), np.uint8)))
        qtbot.wait(5)
    work.run(window, lambda watch: [watch.advance(0, 0) or time.sleep(0.01) for _ in range(10_000)], lambda _: None)
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 3
    assert engine.closed
    assert not window.isVisible()
    assert Session(engine).settings.get("chosen/run") == run


def test_numbers_are_said_as_people_say_them() -> None:
    assert [words.duration(s) for s in (0, 45, 89, 120, 720, 5400, 12_000, 200_000)] == [
        "0 s", "45 s", "89 s", "2 min", "12 min", "1 h 30 min", "3 h 20 min", "2 d 7 h",
    ]  # fmt: skip
    assert [words.memory(b) for b in (10, 2048, 5.5 * 2**20, 2.1 * 2**30, 150 * 2**30)] == [
        "10 B", "2 KiB", "5.5 MiB", "2.1 GiB", "150 GiB",
    ]  # fmt: skip
    assert words.rate(412.2, "images") == "412 images/s"
    assert words.rate(1.25, "images") == "1.2 images/s"
    assert words.plural(1, "image") == "1 image"
    assert words.plural(2000, "class", "classes") == "2,000 classes"
