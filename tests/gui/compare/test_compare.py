"""Runs side by side: chips, curves, what differs, sheets at one step, and the way out of it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.gui import theme
from studio.gui.compare import page as page_module
from studio.gui.compare.page import ComparePage
from studio.gui.session import Session
from studio.runs.folder import Record, RunFolder, RunState
from studio.training import sheets as drawn
from studio.training.events import Measured
from tests.gui.conftest import FakeEngine
from tests.gui.library import made

Open = Callable[[list[Path]], ComparePage]


def records(scale: float, count: int = 50, *, critic: bool = True) -> list[Record]:
    players = ("critic" if critic else "discriminator", "generator")
    return [
        Record(step, step * 0.5, {f"loss/{p}": scale * step for p in players} | {"wasserstein/sliced": scale / step})
        for step in range(1, count + 1)
    ]


@pytest.fixture
def troubles(session: Session) -> list[Any]:
    told: list[Any] = []
    session.trouble.connect(told.append)
    return told


@pytest.fixture
def compare(session: Session, qtbot: QtBot) -> Open:
    """Opens the page with these runs and waits until they are shown."""

    def open_(paths: list[Path]) -> ComparePage:
        session.set_models([made.CARD, made.CARD_2])
        opened = ComparePage(session)
        qtbot.addWidget(opened)
        opened.resize(1048, 640)
        opened.show()
        opened.show_runs([str(p) for p in paths])
        qtbot.waitUntil(lambda: [r.path for r in opened.runs] == [str(p) for p in paths])
        return opened

    return open_


@pytest.fixture
def three() -> list[Path]:
    return [
        made.run("one", title="One", recipe={"penalty": 10.0}, records=records(1), sheets=(0, 100, 200, 300)),
        made.run("two", title="Two", recipe={"penalty": 1.0}, records=records(2), sheets=(0, 150)),
        made.run(
            "three", title="Three", model="dcgan", records=records(3, 20, critic=False), sheets=(120,),
            state=RunState("stopped", 400, 1000, 20.0),
        ),
    ]  # fmt: skip


def column(page: ComparePage, at: int) -> dict[str, str]:
    model = page.table.model
    return {model.text(row, 0): model.text(row, at) for row in range(model.rowCount())}


def test_runs_wanted_elsewhere_are_shown(compare: Open, three: list[Path], session: Session, qtbot: QtBot) -> None:
    opened = compare(three[:2])
    session.compare_wanted.emit([str(three[2]), str(three[0])])
    qtbot.waitUntil(lambda: [r.title for r in opened.runs] == ["Three", "One"])
    assert [chip.title.text() for chip in opened.chips.chips] == ["Three", "One"]


def test_at_most_six_runs_each_once(compare: Open, qtbot: QtBot) -> None:
    paths = [made.run(f"r{n}") for n in range(8)]
    opened = compare(paths[:6])
    assert not opened.chips.adding.isEnabled()
    opened.add(str(paths[7]))
    assert opened.paths == [str(p) for p in paths[:6]]
    opened.show_runs([str(paths[0]), str(paths[0]), str(paths[1])])
    qtbot.waitUntil(lambda: len(opened.runs) == 2)


def test_chip_takes_its_run_out_and_the_list_puts_one_in(compare: Open, three: list[Path], qtbot: QtBot) -> None:
    opened = compare(three)
    opened.chips.chips[1].removed.emit()
    qtbot.waitUntil(lambda: [r.title for r in opened.runs] == ["One", "Three"])
    opened.chips.adding.click()
    qtbot.waitUntil(lambda: opened.picker.isVisible())
    assert [opened.picker.list.item(n).text().split("\n")[0] for n in range(opened.picker.list.count())] == ["Two"]
    opened.picker.search.setText("two wgan")
    qtbot.keyClick(opened.picker.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [r.title for r in opened.runs] == ["One", "Three", "Two"])


def test_diff_shows_what_differs_marked_by_more_than_colour(compare: Open, three: list[Path]) -> None:
    opened = compare(three)
    first, third = column(opened, 1), column(opened, 3)
    assert first["≠ model"] == "WGAN-GP"
    assert third["≠ model"] == "DCGAN"
    assert (first["≠ penalty"], column(opened, 2)["≠ penalty"], third["≠ penalty"]) == ("10", "1", "–")
    assert "batch" not in first
    opened.table.everything.setChecked(True)
    assert column(opened, 1)["batch"] == "64 examples"
    assert column(opened, 1)["≠ penalty"] == "10"


def test_runs_with_one_recipe_say_that_nothing_differs(compare: Open) -> None:
    opened = compare([made.run("a"), made.run("b")])
    assert "nothing differs" in column(opened, 0)


def test_results_show_time_speed_and_the_newest_values(compare: Open, three: list[Path]) -> None:
    opened = compare(three)
    third = column(opened, 3)
    assert (third["status"], third["steps done"], third["training time"]) == ("stopped", "400", "20 s")
    assert third["speed"] == "20 steps/s"
    assert third["loss: generator"] == "60"
    assert third["loss: critic"] == "–"


def test_colour_and_dash_of_a_run_are_the_same_on_chip_and_in_every_plot(compare: Open, three: list[Path]) -> None:
    opened = compare(three)
    opened.curves.choose(["loss/critic", "loss/generator"])
    for panel in opened.curves.panels.values():
        assert [(e.colour, e.dash) for e in panel.legend.entries] == [theme.curve_pen(n) for n in range(3)]
    missing = opened.curves.panels["loss/critic"].curves[2]
    assert (missing.label, len(missing.series)) == ("Three (not measured)", 0)


def test_curves_run_over_steps_or_over_seconds(compare: Open, three: list[Path]) -> None:
    opened = compare(three)
    opened.curves.choose(["loss/generator"])
    assert opened.curves.panels["loss/generator"].curves[1].series.x[-1] == 50
    opened.curves.by_time.click()
    panel = opened.curves.panels["loss/generator"]
    assert panel.x_label == "second"
    assert panel.curves[1].series.x[-1] == 25.0
    assert panel.curves[1].series.y[-1] == 100.0


def test_first_plots_are_a_distance_and_the_generators_loss(compare: Open, three: list[Path]) -> None:
    assert list(compare(three).curves.panels) == ["wasserstein/sliced", "loss/generator"]


def test_long_curve_is_made_ready_off_the_windows_thread(
    compare: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.gui.compare import curves

    monkeypatch.setattr(curves, "LONG", 10)
    opened = compare([made.run("a", records=records(1)), made.run("b", records=records(2))])
    panel = opened.curves.panels["loss/generator"]
    qtbot.waitUntil(lambda: [len(c.series) for c in panel.curves] == [50, 50])
    assert panel.curves[1].series.y[-1] == 100.0


def test_step_slider_shows_the_newest_sheet_at_or_before_the_step(compare: Open, three: list[Path]) -> None:
    opened = compare(three)
    sheets = opened.sheets
    assert sheets.steps == [0, 100, 120, 150, 200, 300]
    assert [v.step.text() for v in sheets.views] == ["step 300", "step 150", "step 120"]
    sheets.slider.setValue(1)
    assert sheets.said.text() == "step 100"
    assert [v.step.text() for v in sheets.views] == ["step 100", "step 0", "no sheet yet"]
    assert [Path(v.picture.path).name for v in sheets.views] == ["000000100.png", "000000000.png", ""]


def test_titles_of_columns_stand_over_a_sheet_and_a_run_without_any_says_so(compare: Open) -> None:
    titled = made.run("a")
    drawn.save(RunFolder(titled), 7, np.zeros((4, 8, 8, 3), np.uint8), made.DIGITS, 2, ("source", "truth"))
    opened = compare([titled, made.run("b", sheets=(7,)), made.run("c")])
    assert [view.columns.text() for view in opened.sheets.views] == ["source · truth", "", ""]
    assert [view.step.text() for view in opened.sheets.views] == ["step 7", "step 7", "no sheet"]


def test_run_in_training_is_followed(
    compare: Open, three: list[Path], engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = compare(three[:2])
    opened._live.setInterval(10)
    RunFolder(three[0]).append([Record(51, 26.0, {"loss/generator": 7.0})])
    made.Image.fromarray(made.noise(9)).save(RunFolder(three[0]).sheet(400))
    engine.tell(Measured(str(three[0]), 51, 26.0, {"loss/generator": 7.0}))
    qtbot.waitUntil(lambda: opened.sheets.steps[-1] == 400)
    assert opened.curves.panels["loss/generator"].curves[0].series.y[-1] == 7.0
    assert opened.sheets.step == 400


def test_damaged_run_is_left_out_with_the_reason(
    compare: Open, three: list[Path], troubles: list[Any], qtbot: QtBot
) -> None:
    opened = compare(three[:2])
    opened.add(str(made.damaged("bad")))
    qtbot.waitUntil(lambda: bool(troubles))
    assert "run.json" in troubles[0].why
    qtbot.waitUntil(lambda: [r.title for r in opened.runs] == ["One", "Two"])
    assert opened.paths == [str(p) for p in three[:2]]


def test_deleted_run_leaves_the_comparison(compare: Open, three: list[Path], session: Session, qtbot: QtBot) -> None:
    opened = compare(three)
    session.library.trash(three[1])
    session.library_changed.emit()
    qtbot.waitUntil(lambda: [r.title for r in opened.runs] == ["One", "Three"])


def test_comparison_is_saved_as_picture_table_and_curves(
    compare: Open, three: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    opened = compare(three)
    for kind in ("png", "csv", "curves.csv"):
        out = tmp_path / f"c.{kind}"
        opened.save(kind, str(out))
        qtbot.waitUntil(out.is_file)
    assert QImage(str(tmp_path / "c.png")).width() >= opened.body.width()
    with (tmp_path / "c.csv").open() as file:
        rows = list(csv.DictReader(file))
    penalty = next(r for r in rows if r["field"] == "penalty")
    assert (penalty["differs"], penalty["One"], penalty["Two"], penalty["Three"]) == ("yes", "10", "1", "–")
    with (tmp_path / "c.curves.csv").open() as file:
        last = [r for r in csv.DictReader(file) if r["run"] == "Three" and r["curve"] == "wasserstein/sliced"][-1]
    assert (int(last["step"]), float(last["seconds"]), float(last["value"])) == (20, 10.0, 0.15)


def test_file_that_cannot_be_written_is_told(
    compare: Open, three: list[Path], qtbot: QtBot, tmp_path: Path, troubles: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "file").touch()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "file" / "c.csv"), ""))
    compare(three).save("csv")
    qtbot.waitUntil(lambda: bool(troubles))
    assert troubles[0].what == "c.csv was not written"


def test_comparison_comes_back(compare: Open, three: list[Path], session: Session, qtbot: QtBot) -> None:
    opened = compare(three[:2])
    opened.curves.choose(["loss/critic"])
    opened.curves.by_time.click()
    opened.table.everything.setChecked(True)
    state = opened.save_state()
    again = ComparePage(session)
    qtbot.addWidget(again)
    again.restore_state(state)
    qtbot.waitUntil(lambda: len(again.runs) == 2)
    assert list(again.curves.panels) == ["loss/critic"]
    assert again.save_state() | {"upper": 0, "split": 0} == state | {"upper": 0, "split": 0}


def test_runs_of_a_last_session_that_are_gone_leave_the_empty_page(
    session: Session, qtbot: QtBot, troubles: list[Any]
) -> None:
    opened = ComparePage(session)
    qtbot.addWidget(opened)
    opened.restore_state({"runs": ["/nowhere/at/all"]})
    qtbot.waitUntil(lambda: opened.paths == [])
    assert opened.stack.currentWidget() is opened.nothing
    assert troubles == []
    assert page_module.MOST == 6


def test_every_control_has_a_name_and_a_tooltip(compare: Open, three: list[Path]) -> None:
    from PySide6.QtWidgets import QAbstractButton, QSlider

    opened = compare(three)
    nameless = [
        w
        for kind in (QAbstractButton, QSlider)
        for w in opened.findChildren(kind)
        if w.isVisible() and not (w.accessibleName() and w.toolTip())
    ]
    assert [type(w).__name__ + w.text() if hasattr(w, "text") else "" for w in nameless] == []
