"""What the library shows: runs, damaged ones, what is searched, sorted and filtered, what changes by itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.data import places
from studio.gui.library import model
from studio.gui.library.page import LibraryPage
from studio.gui.library.row import Row
from studio.gui.session import Session
from studio.runs.folder import RunFolder, RunState
from studio.training import sheets as drawn
from studio.training.events import Ended, Paused, Progress, SheetDrawn, Started
from tests.gui.conftest import FakeEngine
from tests.gui.library import made

Open = Callable[[], LibraryPage]
ROW = Row("/a", "a", "wgan_gp", "WGAN-GP", "digits", "finished", "", 1, 1, 1.0, 1, 1.0, (), "", "", 8, "")


def titles(page: LibraryPage) -> list[str]:
    shown = page.runs.shown
    return [str(shown.index(at, 0).data()) for at in range(shown.rowCount())]


def test_runs_on_disk_are_listed_with_model_dataset_progress_time_size_and_date(page: Open) -> None:
    path = made.run("one", title="First", state=RunState("stopped", 400, 1000, 125.0), sheets=(400,))
    row = page().shelf.model.row(str(path))
    assert row is not None
    assert (row.title, row.model_title, row.dataset, row.status) == ("First", "WGAN-GP", "digits", "Stopped")
    assert (row.progress_text, row.seconds) == ("400 of 1,000", 125.0)
    assert row.size == sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    assert row.thumbnail.endswith("000000400.png")
    assert row.created > 0


def test_damaged_run_is_listed_with_the_reason_and_offers_only_reveal_and_delete(page: Open, qtbot: QtBot) -> None:
    made.run("good")
    path = made.damaged("bad")
    before = (path / "run.json").read_bytes()
    opened = page()
    assert sorted(titles(opened)) == ["bad", "good"]
    opened.runs.select(str(path))
    qtbot.waitUntil(lambda: opened.runs.details.title.text() == "bad")
    assert "run.json" in opened.runs.details.message.text()
    assert [a.text().split("\t")[0] for a in opened.runs.menu().actions() if a.text()] == ["Show folder", "Delete"]
    details = opened.runs.details
    assert not details.primary.isVisible()
    assert details.reveal.isVisible()
    assert details.delete.isVisible()
    opened.runs.views.opened.emit(opened.shelf.model.row(str(path)))
    assert opened.session.run == ""
    assert (path / "run.json").read_bytes() == before


def test_search_finds_words_in_title_model_dataset_tags_and_note(page: Open, qtbot: QtBot) -> None:
    made.run("a", title="Reference", model="dcgan")
    path = made.run("b", title="Sweep λ")
    folder = RunFolder(path)
    folder.write_info(replace(folder.info(), tags=("keep",), note="strange faces"))
    made.run("c", title="Third", data=replace(made.DIGITS, name="sprites"))
    opened = page()
    for text, expected in {
        "refer": ["Reference"], "DCGAN": ["Reference"], "sprites": ["Third"], "keep": ["Sweep λ"],
        "faces λ": ["Sweep λ"], "faces third": [],
    }.items():  # fmt: skip
        opened.runs.bar.search.setText(text)
        qtbot.waitUntil(lambda expected=expected: titles(opened) == expected)
    assert opened.runs.empty.title.text() == "No run matches"
    opened.runs.empty.button.click()
    qtbot.waitUntil(lambda: len(titles(opened)) == 3)


def test_filters_by_status_and_tag(page: Open) -> None:
    made.run("done")
    path = made.run("waits", state=RunState("new", 0, 1000))
    folder = RunFolder(path)
    folder.write_info(replace(folder.info(), tags=("later",)))
    opened = page()
    bar = opened.runs.bar
    bar.status.setCurrentIndex(bar.status.findData("finished"))
    assert titles(opened) == ["done"]
    bar.status.setCurrentIndex(0)
    bar.tag.setCurrentIndex(bar.tag.findData("later"))
    assert titles(opened) == ["waits"]


def test_every_column_sorts_by_its_value_not_its_text(page: Open) -> None:
    made.run("b", title="beta", state=RunState("stopped", 900, 1000, 5.0), sheets=(1, 2, 3))
    made.run("a", title="Alpha", state=RunState("stopped", 90, 1000, 4000.0))
    opened = page()
    list_ = opened.runs.views.list
    up = Qt.SortOrder.AscendingOrder
    for column, expected in {
        model.RUN: ["Alpha", "beta"], model.PROGRESS: ["Alpha", "beta"], model.TIME: ["beta", "Alpha"],
        model.SIZE: ["Alpha", "beta"], model.DATE: ["beta", "Alpha"], model.STATUS: ["Alpha", "beta"],
    }.items():  # fmt: skip
        list_.sortByColumn(column, up)
        assert titles(opened) == expected, model.COLUMNS[column]


def test_search_sort_view_and_columns_come_back(page: Open, session: Session, qtbot: QtBot) -> None:
    made.run("a", title="alpha")
    made.run("b", title="beta")
    opened = page()
    opened.runs.bar.search.setText("alpha")
    qtbot.waitUntil(lambda: titles(opened) == ["alpha"])
    opened.runs.bar.gallery.setChecked(True)
    opened.runs.views.list.sortByColumn(model.SIZE, Qt.SortOrder.AscendingOrder)
    opened.runs.views.hide_columns(["Model"])
    state = opened.save_state()
    again = LibraryPage(session)
    qtbot.addWidget(again)
    again.restore_state(state)
    again.show()
    qtbot.waitUntil(lambda: again.shelf.scanned and titles(again) == ["alpha"])
    assert again.save_state()["runs"] | {"panes": 0} == state["runs"] | {"panes": 0}


def test_state_of_another_version_is_no_trouble(page: Open) -> None:
    made.run("a")
    opened = page()
    opened.restore_state({"runs": {"sort": "Nonsense", "widths": "x", "status": 7, "hidden": None}, "tab": "no"})
    assert titles(opened) == ["a"]


def test_run_copied_in_by_hand_appears_without_being_asked(page: Open, qtbot: QtBot, tmp_path: Path) -> None:
    made.run("one")
    away = tmp_path / "elsewhere"
    shutil.move(made.run("two", sheets=(5,)), away)
    opened = page()
    assert titles(opened) == ["one"]
    target = places.runs() / "two"
    target.mkdir()
    qtbot.waitUntil(lambda: "two" in titles(opened), timeout=10_000)  # as damaged: it is not whole yet
    shutil.copytree(away, target, dirs_exist_ok=True)
    qtbot.waitUntil(
        lambda: (row := opened.shelf.model.row(str(target))) is not None and row.shown == "finished", timeout=10_000
    )


def test_coming_back_to_the_window_looks_at_the_disk_again(page: Open, qtbot: QtBot) -> None:
    path = made.run("one", title="Old")
    opened = page()
    folder = RunFolder(path)
    folder.write_info(replace(folder.info(), title="Renamed elsewhere"))
    QApplication.sendEvent(opened, QEvent(QEvent.Type.WindowActivate))
    qtbot.waitUntil(lambda: titles(opened) == ["Renamed elsewhere"])


def test_run_in_training_is_followed_by_its_events_without_reading_the_disk(
    page: Open, session: Session, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(made.run("live", state=RunState("new", 0, 1000)))
    opened = page()
    session.train(path)
    scans: list[int] = []
    scan = session.library.scan
    monkeypatch.setattr(session.library, "scan", lambda: (scans.append(1), scan())[1])
    engine.tell(Started(path, 0, 1000, {"critic": 1e-4}, "CPU", "float32"))
    engine.tell(Progress(path, 250, 1000, 400.0, 12.0, None, 0))
    row = opened.shelf.model.row(path)
    assert row is not None
    assert (row.shown, row.step, row.seconds) == ("training", 250, 12.0)
    engine.tell(Paused(path, 260, "nan", "the loss is not a number"))
    row = opened.shelf.model.row(path)
    assert row is not None
    assert (row.shown, row.message) == ("paused", "the loss is not a number")
    assert scans == []
    RunFolder(path).write_state(RunState("stopped", 260, 1000, 13.0))
    engine.tell(Ended(path, 260, "stopped"))
    qtbot.waitUntil(lambda: bool(scans) and opened.shelf.model.row(path).shown == "stopped")  # type: ignore[union-attr]


def test_thumbnail_of_the_run_in_training_follows_its_sheets(
    page: Open, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    path = made.run("live", state=RunState("running", 0, 1000), sheets=(0,))
    opened = page()
    session.train(str(path))
    made.Image.fromarray(made.noise(9)).save(RunFolder(path).sheet(9))
    engine.tell(SheetDrawn(str(path), 9, made.noise(9)[None]))
    qtbot.waitUntil(lambda: "000000009" in opened.shelf.model.row(str(path)).thumbnail)  # type: ignore[union-attr]


def test_interrupted_run_says_so_and_can_be_resumed(page: Open, session: Session, qtbot: QtBot) -> None:
    path = made.run("cut", state=RunState("running", 500, 1000, 30.0), checkpoints=(500,))
    opened = page()
    row = opened.shelf.model.row(str(path))
    assert row is not None
    assert row.status == "Interrupted"
    opened.runs.select(row.path)
    qtbot.waitUntil(lambda: opened.runs.details.resume.isVisible())
    opened.runs.details.resume.click()
    assert session.training == row.path


def test_empty_library_says_what_is_kept_here_and_leads_to_training(page: Open, session: Session, qtbot: QtBot) -> None:
    opened = page()
    assert opened.runs.empty.title.text() == "No runs yet"
    with qtbot.waitSignal(session.page_wanted) as wanted:
        opened.runs.empty.button.click()
    assert wanted.args == ["train"]


def test_details_tell_the_changed_fields_first_and_all_checkpoints(page: Open, qtbot: QtBot) -> None:
    path = made.run("one", recipe={"penalty": 3.0}, checkpoints=(100, 200, 300, 400, 500, 600), sheets=(600,))
    opened = page()
    opened.runs.select(str(path))
    details = opened.runs.details
    qtbot.waitUntil(lambda: details.facts is not None)

    def said(section: object) -> list[str]:
        grid = section.grid  # type: ignore[attr-defined]
        return [w.text() for n in range(grid.count()) if (w := grid.itemAt(n).widget()) and hasattr(w, "text")]

    assert said(details.recipe) == ["model", "WGAN-GP", "penalty", "3"]
    details.fields.click()
    assert said(details.recipe)[:6] == ["model", "WGAN-GP", "penalty", "3", "steps", "1,000 steps"]
    assert [t for t in said(details.checkpoints) if t.startswith("step")] == [f"step {s}" for s in (600, 500, 400, 300)]
    assert details.picture.path.endswith("000000600.png")


def test_a_sheet_is_shown_with_its_titles_and_a_model_that_draws_none_with_no_empty_place(
    page: Open, session: Session, qtbot: QtBot
) -> None:
    titled, silent = made.run("one"), made.run("two", model="silent")
    drawn.save(RunFolder(titled), 7, np.zeros((4, 8, 8, 3), np.uint8), made.DIGITS, 2, ("source", "truth"))
    opened = page()
    session.set_models([made.CARD, replace(made.CARD_2, name="silent", capabilities=("follow rules",))])
    details = opened.runs.details
    opened.runs.select(str(titled))
    qtbot.waitUntil(lambda: details.facts is not None and details.facts.path == str(titled))
    assert details.columns.text() == "source · truth"
    assert details.picture.isVisible()
    opened.runs.select(str(silent))
    qtbot.waitUntil(lambda: details.facts is not None and details.facts.path == str(silent))
    assert not details.columns.isVisible()
    assert not details.picture.isVisible()


def test_many_rows_come_some_at_a_time_and_what_was_selected_is_found_among_the_last(qtbot: QtBot) -> None:
    rows = [replace(ROW, path=f"/{n}", title=f"Run {n}", created=float(n)) for n in range(model.AT_ONCE * 3)]
    source = model.RunsModel()
    shown = model.RunsFilter(source)
    shown.sort(model.DATE, Qt.SortOrder.DescendingOrder)
    source.put(rows)
    assert shown.filling
    assert shown.rowCount() == model.AT_ONCE
    with qtbot.waitSignal(shown.filled):
        pass
    assert not shown.filling
    assert [shown.index(at, 0).data(model.ROW).created for at in range(shown.rowCount())] == [
        float(n) for n in reversed(range(len(rows)))
    ]
