"""The codes panel: turned and played, read back, held against real pictures and labels, exported and restored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.engine.messages import Advanced
from studio.explore.questions import Browse, ReadCodes, ReadReal, TabulateCodes
from studio.export.jobs import ExportFilm, ExportLatents
from studio.export.provenance import Provenance
from studio.gui.explore.codes.panel import CodesPanel
from studio.gui.explore.film import to_image
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from studio.models.core.latents import Part, Prior
from studio.training.events import Progress
from tests.gui.explore.coded import CODES, CodedToy
from tests.gui.explore.conftest import RUN
from tests.gui.explore.toy import ToyEngine


@pytest.fixture
def toy() -> CodedToy:
    return CodedToy()


@pytest.fixture
def codes(page: ExplorePage, session: Session, engine: ToyEngine) -> CodesPanel:
    session.choose_run(RUN)
    engine.pump()
    found = page.open[0]
    assert isinstance(found, CodesPanel)
    return found


def _shown(codes: CodesPanel, toy: CodedToy) -> bool:
    wanted = to_image(toy.decode(codes.desk.state.z[None]).images[0])
    return bool(codes.traverse.picture.image == wanted)


def _asked(engine: ToyEngine, topic: str) -> list[Any]:
    return [m.question for m in engine.sent if getattr(m, "topic", None) == topic]


def _open(codes: CodesPanel, page: ExplorePage, tab: object) -> None:
    codes.tabs.setCurrentWidget(tab)  # type: ignore[arg-type]


def test_a_run_that_takes_codes_opens_with_a_traversal_of_its_codes(codes: CodesPanel, toy: CodedToy) -> None:
    grid = codes.traverse.grid
    assert len(grid.images) == 4 * 9
    assert grid.columns == 9
    assert list(grid.row_names) == ["0", "1", "2", "3"]
    assert list(grid.column_names) == ["−2", "−1.5", "−1", "−0.5", "0", "0.5", "1", "1.5", "2"]
    state = codes.desk.state
    assert [(d.name, v) for d, v in codes.traverse._place(13)] == [("c1", 1), ("c2", 0)]
    assert np.array_equal(grid.images[4], toy.decode(state.z[None]).images[0]), "c1 = 0, c2 = 0 is where one begins"
    assert grid.selected == {4}
    assert _shown(codes, toy)


def test_under_each_picture_stands_what_was_read_off_it(codes: CodesPanel) -> None:
    assert codes.traverse.grid.captions[0] == ["97 %  −1.6", "−1.6", "97 %"]
    assert "c1 = 0, Q reads probability 0.97" in codes.traverse.grid.tile_name(0)
    said = codes.traverse.bars.chart.accessibleDescription()
    assert "c1: Q says 0 with probability 0.97; the value that is set, 0, has 0.97" in said


def test_a_button_sets_the_category_and_a_slider_the_number(
    codes: CodesPanel, engine: ToyEngine, toy: CodedToy, session: Session
) -> None:
    before = codes.desk.state.z
    codes.turn.dials["c1"].buttons[2].click()  # type: ignore[union-attr]
    QTest.keyClick(codes.turn.dials["c3"].track, Qt.Key.Key_End)  # type: ignore[union-attr]
    z = codes.desk.state.z
    assert z[6:10].tolist() == [0, 0, 1, 0]
    assert z[11] == 2.0, "beyond the prior's −1..1, as in the paper"
    assert np.array_equal(z[:6], before[:6]), "the noise is held"
    engine.pump()
    assert _shown(codes, toy)
    assert [e for e in range(session.undo.count()) if session.undo.text(e)] == [0, 1]
    session.undo.undo()
    session.undo.undo()
    engine.pump()
    assert np.array_equal(codes.desk.state.z, before)
    assert _shown(codes, toy)


def test_the_grid_is_drawn_again_only_when_it_changes(codes: CodesPanel, engine: ToyEngine) -> None:
    sent = len(_asked(engine, "codes grid"))
    QTest.keyClick(codes.turn.dials["c2"].track, Qt.Key.Key_Right)  # type: ignore[union-attr]
    engine.pump()
    assert len(_asked(engine, "codes grid")) == sent, "c2 is on an axis of it"
    QTest.keyClick(codes.turn.dials["c3"].track, Qt.Key.Key_Right)  # type: ignore[union-attr]
    engine.pump()
    assert len(_asked(engine, "codes grid")) > sent


def test_a_click_on_a_tile_goes_there(codes: CodesPanel, engine: ToyEngine, toy: CodedToy, qtbot: QtBot) -> None:
    place = codes.traverse.grid.tile_rect(9 * 3 + 1).center().toPoint()
    QTest.mouseClick(codes.traverse.grid, Qt.MouseButton.LeftButton, pos=place)
    engine.pump()
    assert [round(d.value(codes.desk.state.z), 3) for d in codes.desk.state.dials] == [3, -1.5, 0]
    assert _shown(codes, toy)


def test_other_noise_keeps_the_codes(codes: CodesPanel, engine: ToyEngine) -> None:
    codes.turn.dials["c1"].buttons[3].click()  # type: ignore[union-attr]
    before = codes.desk.state.z
    codes.traverse.new.click()
    engine.pump()
    after = codes.desk.state.z
    assert np.array_equal(after[6:], before[6:])
    assert not np.array_equal(after[:6], before[:6])
    assert codes.traverse.seed.value() == 1


@pytest.mark.parametrize("toy", [CodedToy(Prior(CODES.parts[1:]))])
def test_without_noise_there_is_none_to_draw(codes: CodesPanel) -> None:
    assert not codes.traverse.new.isEnabled()
    assert not codes.traverse.seed.isEnabled()


def test_axes_can_be_any_two_codes_and_change_places(codes: CodesPanel, engine: ToyEngine) -> None:
    box = codes.traverse.rows_box
    box.activated.emit(box.findData("c3"))
    engine.pump()
    assert (codes.desk.state.rows, codes.desk.state.columns) == ("c3", "c2")
    assert len(codes.traverse.grid.images) == 81
    box.activated.emit(box.findData("c2"))
    engine.pump()
    assert (codes.desk.state.rows, codes.desk.state.columns) == ("c2", "c3")
    box.activated.emit(box.findData(""))
    engine.pump()
    assert len(codes.traverse.grid.images) == 9


def test_playing_turns_the_code_and_is_one_step_of_undo(
    codes: CodesPanel, engine: ToyEngine, session: Session, qtbot: QtBot
) -> None:
    before = codes.desk.state.z
    codes.turn.fps.setValue(60)
    steps = session.undo.count()
    codes.turn.players["c2"].click()
    seen = set()
    for _ in range(40):
        qtbot.wait(20)
        engine.pump()
        seen.add(round(float(codes.desk.state.z[10]), 3))
    codes.turn.players["c2"].click()
    assert not codes.turn.playing
    assert len(seen) > 5
    assert session.undo.count() == steps + 1
    session.undo.undo()
    assert np.array_equal(codes.desk.state.z, before)


def test_a_click_on_a_tile_stops_the_player_there(
    codes: CodesPanel, page: ExplorePage, engine: ToyEngine, qtbot: QtBot
) -> None:
    engine.pump()
    codes.turn.fps.setValue(60)
    codes.turn.players["c2"].click()
    begun = codes.desk.state

    def moved() -> bool:
        engine.pump()
        return not np.array_equal(codes.desk.state.z, begun.z)

    qtbot.waitUntil(moved)
    codes.traverse.new.click()
    assert codes.turn.playing == "c2", "other noise: it plays on"
    grid = codes.traverse.grid
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.tile_rect(1).center().toPoint())
    there = codes.desk.state
    assert not codes.turn.playing
    qtbot.wait(100)
    engine.pump()
    assert codes.desk.state is there
    codes.turn.players["c2"].click()
    codes.desk.session.undo.undo()
    assert not codes.turn.playing, "nor does it play over an undo"


def test_keys_play_and_draw_other_noise(codes: CodesPanel, page: ExplorePage, engine: ToyEngine, qtbot: QtBot) -> None:
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    codes.traverse.grid.setFocus()
    QTest.keyClick(codes.traverse.grid, Qt.Key.Key_P)
    assert codes.turn.playing == "c2"
    codes.turn.dials["c2"].setFocus()
    QTest.keyClick(codes.turn.dials["c2"].track, Qt.Key.Key_P)  # type: ignore[union-attr]
    assert not codes.turn.playing
    QTest.keyClick(codes.turn.dials["c2"].track, Qt.Key.Key_R)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: codes.desk.state.seed == 1)


MANY = Prior((Part("noise", "uniform", 2), *(Part(f"c{i}", "categorical", 60, "code") for i in range(1, 11))))


@pytest.mark.parametrize("toy", [CodedToy(MANY, labels=False)])
def test_many_codes_of_many_values_fit(codes: CodesPanel, page: ExplorePage, engine: ToyEngine) -> None:
    assert len(codes.traverse.grid.images) == 40 * 40, "of sixty values forty, around the one that is set"
    assert codes.traverse.grid.tile_rect(1599).width() > 5, "captions give way"
    assert codes.traverse.bars.height() <= 240 < codes.traverse.bars.chart.height()
    assert codes.turn.dials["c7"].box is not None  # type: ignore[union-attr]
    codes.turn.dials["c1"].box.activated.emit(59)  # type: ignore[union-attr]
    engine.pump()
    assert codes.traverse.grid.row_names[-1] == "59"


def test_newer_weights_redraw_everything_that_is_seen(
    codes: CodesPanel, engine: ToyEngine, session: Session, toy: CodedToy, page: ExplorePage
) -> None:
    session.training = RUN
    toy.step = 480
    engine.tell(Progress(RUN, 480, 1000, 10.0, 1.0, None, 0))
    engine.pump()
    assert page.live.text() == "● live · step 480"
    assert _shown(codes, toy)
    state = codes.desk.state
    assert np.array_equal(codes.traverse.grid.images, toy.decode(state.grid()[0]).images)


def test_a_real_picture_is_shown_with_its_codes_and_what_they_make(
    codes: CodesPanel, page: ExplorePage, engine: ToyEngine, toy: CodedToy
) -> None:
    assert not engine.all(ReadReal), "nobody looks yet"
    _open(codes, page, codes.real)
    engine.pump()
    view = codes.real.view
    assert len(view.grid.images) == 40
    assert codes.pictures.currentWidget() is view
    place = view.grid.tile_rect(7).center().toPoint()
    QTest.mouseClick(view.grid, Qt.MouseButton.LeftButton, pos=place)
    assert view.real.image == to_image(toy.decode(toy.reals[7:8]).images[0])
    assert codes.real.found is not None
    again = codes.real.found.z[7]
    assert view.again.image == to_image(toy.decode(again[None]).images[0])
    assert np.array_equal(again[:6], codes.desk.state.z[:6]), "the noise is that of the current latent"
    assert view.real_caption.text() == f"{toy.data.classes[toy.labels()[7]]}, example 7"
    codes.real.take_button.click()
    engine.pump()
    assert np.array_equal(codes.desk.state.z, again)
    codes.traverse.new.click()
    engine.pump()
    assert np.array_equal(codes.real.found.z[7][:6], codes.desk.state.z[:6]), "and follows it"


def test_pictures_that_are_dropped_take_the_place_of_the_datasets(
    codes: CodesPanel, page: ExplorePage, engine: ToyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert codes.would_take(["/a/b.png", "/a/c.jpg"]) == "See the codes that Q reads off 2 pictures"
    assert codes.would_take(["/a/b.png", "/a/recipe.toml"]) == ""
    codes.take(["/a/b.png", "/a/c.jpg"])
    engine.pump()
    assert engine.last(ReadReal).real.paths == ("/a/b.png", "/a/c.jpg")
    assert len(codes.real.view.grid.images) == 2
    assert codes.real.view.real_caption.text() == "b.png"
    codes.real.browser.negative.click()
    engine.pump()
    assert engine.last(ReadReal).real.negative, "ink on paper, for a model of white on black"
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: (["/a/d.png"], ""))
    codes.real.browser.files.click()
    engine.pump()
    assert engine.last(ReadReal).real.paths == ("/a/d.png",)
    codes.real.browser.dataset.click()
    engine.pump()
    assert len(codes.real.view.grid.images) == 40


def test_the_chosen_part_and_files_stay_while_the_run_is_the_same(
    codes: CodesPanel, page: ExplorePage, engine: ToyEngine
) -> None:
    _open(codes, page, codes.real)
    engine.pump()
    browser = codes.real.browser
    browser.part.setCurrentIndex(1)
    browser.part.activated.emit(1)
    browser.label.setCurrentIndex(2)
    browser.label.activated.emit(2)
    engine.pump()
    asked = engine.last(Browse)
    assert (asked.part, asked.label) == ("train", 1)
    assert engine.last(ReadReal).real.indices == tuple(browser.page.indices.tolist()) if browser.page else False
    assert codes.save_state()["browser"] == {"part": "train"}
    codes.take(["/a/b.png"])
    assert browser.dataset.isVisible()
    assert not browser.part.isVisible()
    engine.pump()
    assert codes.desk.view is not None
    codes.show_run(codes.desk.where, codes.desk.view)
    engine.pump()
    assert engine.last(ReadReal).real.paths == ("/a/b.png",)
    assert len(browser.grid.images) == 1
    browser.dataset.click()
    engine.pump()
    assert engine.last(Browse).label == 1
    assert browser.part.isVisible()
    assert not browser.dataset.isVisible()


def test_the_table_says_how_well_the_code_tells_the_classes(
    codes: CodesPanel, page: ExplorePage, engine: ToyEngine, toy: CodedToy
) -> None:
    assert not engine.all(TabulateCodes), "nobody looks yet"
    _open(codes, page, codes.table)
    asks = [m for m in engine.sent if isinstance(getattr(m, "question", None), TabulateCodes)]
    assert asks[-1].slow
    engine.tell(Advanced(asks[-1].stamp, 10, 40))
    assert (codes.table.bar.isVisible(), codes.table.bar.value()) == (True, 10)
    engine.pump()
    assert codes.table.accuracy.text() == "Unsupervised accuracy 0.800"
    assert "one-to-one" in codes.table.about.text()
    assert "40 held-out examples" in codes.table.about.text()
    heat = codes.table.view
    assert heat.counts.sum() == 40
    assert heat.column_names == list(toy.data.classes)
    assert all(heat.counts[place] == heat.counts[place[0]].max() for place in heat.marked)
    QTest.keyClick(heat, Qt.Key.Key_Right)
    assert "are dog" in heat.accessibleDescription()
    assert not codes.table.bar.isVisible()


def test_a_table_that_is_called_off_keeps_the_last_one(codes: CodesPanel, page: ExplorePage, engine: ToyEngine) -> None:
    _open(codes, page, codes.table)
    engine.pump()
    codes.table.again.click()
    stamp = [m.stamp for m in engine.sent if isinstance(getattr(m, "question", None), TabulateCodes)][-1]
    codes.table.cancel_button.click()
    assert engine.cancelled() == [stamp]
    assert codes.table.accuracy.text() == "Unsupervised accuracy 0.800"
    assert not codes.table.bar.isVisible()


@pytest.mark.parametrize("toy", [CodedToy(labels=False)])
def test_without_labels_the_table_says_so(codes: CodesPanel, page: ExplorePage, engine: ToyEngine) -> None:
    _open(codes, page, codes.table)
    engine.pump()
    assert codes.table.accuracy.text() == "No labels"
    assert codes.table.view.counts.shape == (4, 1)


NUMBERS = Prior((Part("noise", "uniform", 6), Part("c1", "uniform", 1, "code"), Part("c2", "uniform", 1, "code")))


@pytest.mark.parametrize("toy", [CodedToy(NUMBERS)])
def test_without_a_category_the_table_says_what_to_do(codes: CodesPanel, page: ExplorePage, engine: ToyEngine) -> None:
    assert (codes.desk.state.rows, codes.desk.state.columns) == ("c1", "c2")
    _open(codes, page, codes.table)
    engine.pump()
    assert "no categorical code" in codes.table.view.empty_text
    assert not engine.all(TabulateCodes)


def test_the_latent_can_be_handed_to_the_latent_panel(codes: CodesPanel, page: ExplorePage, engine: ToyEngine) -> None:
    codes.turn.edit_button.click()
    engine.pump()
    shown = page.open[page.controls.currentIndex()]
    assert isinstance(shown, LatentPanel)
    assert np.array_equal(shown.explorer.state.z, codes.desk.state.z)


def test_the_grid_is_exported_as_it_is_on_screen_and_comes_back(
    codes: CodesPanel, page: ExplorePage, engine: ToyEngine, session: Session, tmp_path: Any
) -> None:
    codes.turn.dials["c1"].buttons[1].click()  # type: ignore[union-attr]
    QTest.keyClick(codes.turn.dials["c3"].track, Qt.Key.Key_Home)  # type: ignore[union-attr]
    engine.pump()
    there = codes.desk.state
    page.export()
    assert page.sheet.kind.currentText() == "Grid"
    page.sheet.to.setText(str(tmp_path / "grid.png"))
    page.sheet.go.click()
    job = engine.last(ExportLatents)
    assert np.array_equal(job.z, there.grid()[0])
    assert job.columns == 9
    session.undo.undo()
    session.undo.undo()
    codes.tabs.setCurrentIndex(2)
    made = Provenance("toy", "1", RUN, 300, {}, settings={"panel": job.panel, "columns": 9}, latents=job.z)
    page.restore(made)
    engine.pump()
    assert np.array_equal(codes.desk.state.z, there.z)
    assert codes.tabs.currentIndex() == 0
    assert page.controls.currentIndex() == page.open.index(codes)


def test_a_film_goes_along_one_code(codes: CodesPanel, page: ExplorePage, engine: ToyEngine, tmp_path: Any) -> None:
    page.export()
    page.sheet.show_kind("Animation")
    form = page.sheet.form
    form.frames.setValue(8)  # type: ignore[attr-defined]
    form.along.setCurrentIndex(form.along.findData("c2"))  # type: ignore[attr-defined]
    form.whole.setCurrentIndex(1)  # type: ignore[attr-defined]
    page.sheet.to.setText(str(tmp_path / "film.mp4"))
    page.sheet.go.click()
    job = engine.last(ExportFilm)
    assert job.z.shape == (8, 4, CODES.size), "a row for each category; the axis that plays is left out"
    assert job.z[:, 0, 10].tolist() == [-2, -1, 0, 1, 2, 1, 0, -1]
    assert job.z[3, :, 6:10].tolist() == np.eye(4).tolist()
    assert np.array_equal(job.held[0], codes.desk.state.z)
    form.along.setCurrentIndex(form.along.findData("c1"))  # type: ignore[attr-defined]
    assert not form.frames.isEnabled()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "panel",
    [
        {"name": "Codes"},
        {"name": "Codes", "state": 3},
        {"name": "Codes", "state": {"prior": [], "z": ["x"]}},
        {"name": "Codes", "state": {"prior": CODES.as_plain(), "z": [0.0] * 3, "rows": "c1", "columns": "c9"}},
    ],
)
def test_a_damaged_file_changes_nothing(
    codes: CodesPanel, page: ExplorePage, engine: ToyEngine, session: Session, panel: dict[str, Any]
) -> None:
    before = codes.desk.state
    page.restore(Provenance("toy", "1", RUN, 300, {}, settings={"panel": panel}))
    engine.pump()
    assert codes.desk.state is before
    assert session.undo.count() == 0


def test_settings_come_back_with_the_next_session(
    codes: CodesPanel, page: ExplorePage, session: Session, engine: ToyEngine, qtbot: QtBot
) -> None:
    codes.turn.dials["c1"].buttons[2].click()  # type: ignore[union-attr]
    codes.tabs.setCurrentIndex(1)
    kept, z = page.save_state(), codes.desk.state.z
    other = ExplorePage(session)
    qtbot.addWidget(other)
    other.restore_state(kept)
    page.hide()
    other.show()
    session.choose_run("")
    session.choose_run(RUN)
    engine.pump()
    found = other.open[0]
    assert isinstance(found, CodesPanel)
    assert np.array_equal(found.desk.state.z, z)
    assert found.tabs.currentIndex() == 1
    other.hide()


def test_one_picture_is_under_way_and_the_newest_waits(codes: CodesPanel, engine: ToyEngine, toy: CodedToy) -> None:
    sent = len(_asked(engine, "codes"))
    for _ in range(10):
        QTest.keyClick(codes.turn.dials["c2"].track, Qt.Key.Key_Right)  # type: ignore[union-attr]
    assert len(_asked(engine, "codes")) == sent + 1
    engine.pump()
    assert len(_asked(engine, "codes")) == sent + 2
    assert isinstance(_asked(engine, "codes")[-1], ReadCodes)
    assert _shown(codes, toy)
