"""Sample sheets: cut as they were laid, and the right one at every place of the slider."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from studio.data import pictures
from studio.data.dataset import DataSpec
from studio.gui import theme
from studio.gui.train import sheets
from studio.gui.train.sheet_view import SheetView
from studio.runs.folder import RunFolder
from studio.training import sheets as drawn

DATA = DataSpec("digits", "images", (1, 8, 6), 100)


def tiles(level: int, count: int = 10) -> npt.NDArray[np.uint8]:
    made = np.random.default_rng(level).integers(0, 50, (count, 8, 6, 3), dtype=np.uint8)
    made[:, 0, 0] = level
    return made


@pytest.fixture
def history(tmp_path: Path) -> list[tuple[int, Path]]:
    made = []
    for step in range(0, 1000, 100):
        path = tmp_path / f"{step:09d}.png"
        path.write_bytes(pictures.png(pictures.sheet(tiles(step // 10))))
        made.append((step, path))
    return made


@pytest.fixture
def view(qtbot: QtBot) -> SheetView:
    made = SheetView()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    return made


def level(view: SheetView) -> int:
    return int(view.grid.images[0, 0, 0, 0]) if len(view.grid.images) else -1


@pytest.mark.parametrize("count", [1, 2, 10, 16, 64])
def test_a_sheet_is_cut_into_the_tiles_it_was_made_of(count: int, tmp_path: Path) -> None:
    path = tmp_path / "s.png"
    path.write_bytes(pictures.png(pictures.sheet(tiles(5, count))))
    np.testing.assert_array_equal(sheets.read(path, DATA).images, tiles(5, count))


def test_a_sheet_of_points_or_of_another_size_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "s.png"
    path.write_bytes(pictures.png(np.zeros((256, 256, 3), np.uint8)))
    assert sheets.read(path, DataSpec("moons", "points", (2,), 10)).images.shape == (1, 256, 256, 3)
    noise = np.random.default_rng(0).integers(0, 255, (31, 17, 3), dtype=np.uint8)
    assert sheets.cut(noise, 8, 6).shape == (1, 31, 17, 3)


def test_the_slider_shows_the_sheet_of_its_step(view: SheetView, history: list[tuple[int, Path]], qtbot: QtBot) -> None:
    view.set_history(DATA, history)
    qtbot.waitUntil(lambda: view.shown_step == 900)
    assert level(view) == 90
    for at in (3, 7, 0):
        view.slider.setValue(at)
        qtbot.waitUntil(lambda at=at: view.shown_step == 100 * at)
        assert level(view) == 10 * at
        assert view.label.text() == f"step {100 * at}"


def test_the_newest_wish_wins(view: SheetView, history: list[tuple[int, Path]], qtbot: QtBot) -> None:
    view.set_history(DATA, history)
    shown: list[int] = []
    view.step_shown.connect(shown.append)
    for at in range(8):
        view.slider.setValue(at)
    qtbot.waitUntil(lambda: bool(shown) and shown[-1] == 700)
    qtbot.wait(50)
    assert view.shown_step == 700


def test_at_the_end_it_is_live_and_elsewhere_it_stays(
    view: SheetView, history: list[tuple[int, Path]], qtbot: QtBot
) -> None:
    view.set_history(DATA, history)
    view.set_live(True)
    view.add(1000, sheets.Sheet(tiles(100)))
    qtbot.waitUntil(lambda: view.shown_step == 1000)
    assert view.label.text() == "step 1,000 · live"
    view.go_to(250)
    qtbot.waitUntil(lambda: view.shown_step == 200)
    view.add(1100, sheets.Sheet(tiles(110)))
    qtbot.wait(150)
    assert view.shown_step == 200
    assert view.label.text() == "step 200"
    view.slider.setValue(view.slider.maximum())
    assert (view.shown_step, level(view)) == (1100, 110)


def test_a_run_that_went_back_forgets_the_later_sheets(view: SheetView, history: list[tuple[int, Path]]) -> None:
    view.set_history(DATA, history)
    view.add(350, sheets.Sheet(tiles(35)))
    assert view.steps == [0, 100, 200, 300, 350]


def test_a_sheet_that_is_gone_is_passed_over(view: SheetView, history: list[tuple[int, Path]], qtbot: QtBot) -> None:
    history[4][1].unlink()
    view.set_history(DATA, history)
    qtbot.waitUntil(lambda: view.shown_step == 900)
    view.slider.setValue(4)
    qtbot.waitUntil(lambda: 400 not in view.steps)
    qtbot.waitUntil(lambda: view.shown_step in (300, 500))


def test_playing_goes_through_all_and_stops_at_the_end(
    view: SheetView, history: list[tuple[int, Path]], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.gui.train.sheet_view.PLAY_S", 0.1)
    view.set_history(DATA, history)
    qtbot.waitUntil(lambda: view.shown_step == 900)
    shown: list[int] = []
    view.step_shown.connect(shown.append)
    qtbot.mouseClick(view.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not view.play.isChecked())
    assert shown == list(range(0, 1000, 100))


def test_titles_stand_over_the_columns_live_and_from_disk_and_each_has_its_room(tmp_path: Path, qtbot: QtBot) -> None:
    titles = ("source", "pose wanted", "stage 1")
    run = RunFolder.create(tmp_path / "run", "wgan_gp", {"steps": 9}, DATA)
    drawn.save(run, 5, tiles(7, 24), DATA, 3, titles)
    read = sheets.read(run.sheet(5), DATA)
    assert (read.columns, read.titles) == (3, titles)
    assert sheets.titles(run.sheet(5)) == titles
    view = SheetView()
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show()
    view.set_history(DATA, [(5, run.sheet(5))])
    qtbot.waitUntil(lambda: len(view.grid.images) == 24)
    assert view.grid.column_names[:3] == titles
    metrics = QFontMetrics(theme.text_font(theme.SMALL_PIXELS))
    first, second = view.grid.tile_rect(0), view.grid.tile_rect(1)
    assert second.left() - first.left() >= metrics.horizontalAdvance(titles[1]), "no title is cut"
    assert first.top() > metrics.height()
    assert view.grid.tile_rect(23).bottom() <= 300
    assert view.grid.tile_at(view.grid.tile_rect(4).center()) == 4
    blocks = view.grid.columns // 3
    assert blocks == 2, "as many beside each other as make them largest"
    assert "pose wanted of example 1" in view.grid.tile_name(1)
    assert "pose wanted of example 5" in view.grid.tile_name(4)
    assert np.array_equal(view.grid.images[4], tiles(7, 24)[4 * 3 + 1])
    view.resize(200, 700)
    qtbot.waitUntil(lambda: view.grid.columns == 3)
    assert np.array_equal(view.grid.images, tiles(7, 24))
    view.resize(500, 300)
    view.add(6, sheets.Sheet(tiles(8), 0))
    qtbot.waitUntil(lambda: view.shown_step == 6)
    assert not view.grid.column_names


def test_a_sheet_with_titles_is_saved_with_them(tmp_path: Path) -> None:
    titles = ("source", "truth")
    sheets.write(tmp_path / "a.png", tiles(7, 6), 2, titles)
    assert sheets.titles(tmp_path / "a.png") == titles
    plain = pictures.sheet(tiles(7, 6), 2)
    with Image.open(tmp_path / "a.png") as opened:
        saved = np.asarray(opened)
    times = saved.shape[1] // plain.shape[1]
    assert times > 1, "enlarged until the words fit"
    below = saved[-times * plain.shape[0] :]
    assert np.array_equal(below[::times, ::times], plain)
    assert (saved[: -len(below)] < 128).any(), "the words stand above"
    sheets.write(tmp_path / "b.png", tiles(7, 6), 2)
    with Image.open(tmp_path / "b.png") as opened:
        assert np.array_equal(np.asarray(opened), plain)
    assert sheets.titles(tmp_path / "b.png") == ()
    assert sheets.titles(tmp_path / "none.png") == ()
