"""The panel Pixel by pixel on a made-up engine: what hands do, what is seen, what is undone, what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.engine.messages import Advanced, Answer, Cancel, Failed
from studio.explore.questions import DrawInOrder, Real, Surprise
from studio.export.jobs import ExportFrames
from studio.export.provenance import Provenance
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.pixels import easel as easels
from studio.gui.explore.pixels.panel import PixelsPanel
from studio.gui.explore.pixels.state import ORIGINAL, QUICK
from studio.gui.session import Session
from tests.gui.explore.conftest import RUN
from tests.gui.explore.ordered import COLOURS, LABELLED, VECTORS, OrderedToy
from tests.gui.explore.toy import ToyEngine
from tests.gui.test_screenshots import clipped

Opened = Callable[[OrderedToy], PixelsPanel]


@pytest.fixture
def toy() -> OrderedToy:
    return OrderedToy()


@pytest.fixture
def opened(page: ExplorePage, session: Session, engine: ToyEngine, qtbot: QtBot) -> Opened:
    def show(toy: OrderedToy) -> PixelsPanel:
        engine.toy = toy
        session.choose_run(RUN)
        engine.pump()
        found = page.open[0]
        assert isinstance(found, PixelsPanel)
        page.controls.setCurrentIndex(0)
        engine.pump()
        return found

    return show


@pytest.fixture
def panel(opened: Opened, toy: OrderedToy) -> PixelsPanel:
    return opened(toy)


def mode(panel: PixelsPanel, index: int, engine: ToyEngine) -> None:
    QTest.mouseClick(panel.hands.modes.buttons[index], Qt.MouseButton.LeftButton)
    engine.pump()


def completing(panel: PixelsPanel, engine: ToyEngine, real: Real | None = None) -> None:
    mode(panel, 1, engine)
    panel.easel.choose(real or Real((5,)))
    engine.pump()


def press(canvas: QWidget, cell: tuple[int, int], button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> QPoint:
    at: QPoint = canvas.cell_rect(cell).center().toPoint()  # type: ignore[attr-defined]
    QTest.mousePress(canvas, button, pos=at)
    return at


def focus(widget: QWidget, qtbot: QtBot) -> None:
    widget.window().activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)


def rested(qtbot: QtBot, engine: ToyEngine) -> None:
    qtbot.wait(easels.REST + 80)
    engine.pump()


# --- drawing


def test_it_takes_the_place_of_panels_that_steer_a_latent(panel: PixelsPanel, page: ExplorePage) -> None:
    assert page.open[0].title == "Pixel by pixel"
    assert not {"Latent", "Encode"} & {p.title for p in page.open}


def test_samples_are_there_at_once_and_one_can_be_watched(panel: PixelsPanel, engine: ToyEngine) -> None:
    stage = panel.stage
    assert len(stage.film) == 6
    assert stage.at == 36
    assert stage.place.text() == "Finished"
    stage.film.setFocus()
    QTest.keyClick(stage.film.strip, Qt.Key.Key_Right)
    assert panel.easel.state.follow == 1
    assert len(engine.all(DrawInOrder)) == 1, "it was drawn already"
    QTest.keyClick(stage.scrubber.slider.track, Qt.Key.Key_Left)
    assert stage.at == 35
    assert stage.canvas.next == (5, 5)
    assert stage.place.text() == "Row 6, column 6"
    assert "comes next" in stage.became.text()
    found = panel.easel.result
    assert found is not None
    (one,) = stage.chances.shown
    assert np.array_equal(one.p, found.chances[1, 35])
    assert one.chosen == found.values[1, 35]
    assert f"of {found.nats[1].sum():.1f} nats" in stage.score.text()


def test_pointing_at_a_pixel_tells_its_own_distribution(panel: PixelsPanel, qtbot: QtBot) -> None:
    canvas = panel.stage.canvas
    QTest.mouseMove(canvas, canvas.cell_rect((2, 3)).center().toPoint())
    qtbot.waitUntil(lambda: canvas.cell == (2, 3))
    found = panel.easel.result
    assert found is not None
    assert np.array_equal(panel.stage.chances.shown[0].p, found.chances[0, 15])
    assert panel.stage.place.text() == "Row 3, column 4"
    assert f"became {found.values[0, 15]}: {found.nats[0, 15]:.2f} nats" in panel.stage.became.text()
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.cell == (3, 4)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert panel.stage.place.text() == "Finished"


def test_of_colours_every_channel_has_its_distribution(opened: Opened) -> None:
    panel = opened(OrderedToy(COLOURS, levels=8))
    panel.stage.canvas.point((1, 2))
    assert [c.name for c in panel.stage.chances.shown] == ["red", "green", "blue"]
    assert "value 19–21 of 48" in panel.stage.became.text()
    chart = panel.stage.chances
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Down)
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert chart.at == (1, 7)
    assert chart.accessibleDescription().startswith("green value 7 of 0–7: p ")


def test_where_no_distribution_was_kept_it_says_so(opened: Opened) -> None:
    toy = OrderedToy()
    toy.kept = 2
    panel = opened(toy)
    panel.stage.followed.emit(3)
    panel.stage.canvas.point((0, 0))
    assert panel.stage.about.text() == "Distributions were kept of the first 2 samples alone."
    assert not panel.stage.chances.shown


def test_it_plays_to_the_end_and_a_hand_stops_it(panel: PixelsPanel, qtbot: QtBot) -> None:
    stage = panel.stage
    stage.scrubber.paced.emit(400.0)
    focus(stage.canvas, qtbot)
    QTest.keyClick(stage.canvas, Qt.Key.Key_P)
    assert stage.scrubber.playing
    assert stage.at == 0
    qtbot.waitUntil(lambda: not stage.scrubber.playing, timeout=5000)
    assert stage.at == 36
    stage.scrubber.toggle()
    QTest.keyClick(stage.scrubber.slider.track, Qt.Key.Key_Right)
    assert not stage.scrubber.playing


def test_seed_count_and_class_are_edits_that_undo_takes_back(opened: Opened, engine: ToyEngine, qtbot: QtBot) -> None:
    panel = opened(OrderedToy(LABELLED))
    focus(panel.stage.canvas, qtbot)
    QTest.keyClick(panel.stage.canvas, Qt.Key.Key_R)
    engine.pump()
    assert engine.last(DrawInOrder).seed == 1
    panel.hands.count.setValue(3)
    engine.pump()
    assert len(panel.stage.film) == 3
    assert panel.hands.classes is not None
    before = panel.easel.result
    QTest.mouseClick(panel.hands.classes.buttons[2], Qt.MouseButton.LeftButton)
    engine.pump()
    assert engine.last(DrawInOrder).label == 1
    assert panel.easel.result is not before
    panel.session.undo.undo()
    engine.pump()
    assert panel.easel.state.label is None
    assert panel.hands.classes.buttons[0].isChecked()
    assert panel.hands.reset_button.isEnabled()
    panel.hands.reset_button.click()
    engine.pump()
    assert (panel.easel.state.seed, panel.easel.state.count) == (0, 6)
    assert not panel.hands.reset_button.isEnabled()


def test_a_slow_drawing_tells_how_far_it_is_and_the_next_calls_it_off(panel: PixelsPanel, engine: ToyEngine) -> None:
    shown = panel.easel.result
    panel.hands.new_seed()
    (slow,) = engine.waiting(DrawInOrder)
    engine.tell(Advanced(slow.stamp, 9, 36))
    assert panel.stage.working.isVisible()
    assert panel.stage.done.text() == "drawing: 9 of 36"
    panel.hands.new_seed()
    assert engine.all(Cancel)[-1].stamp == slow.stamp
    engine.tell(Failed(slow.stamp, "cancelled"))
    assert panel.easel.result is shown, "what was there stays"
    QTest.mouseClick(panel.stage.cancel, Qt.MouseButton.LeftButton)
    (second,) = engine.waiting(DrawInOrder)
    assert engine.all(Cancel)[-1].stamp == second.stamp
    engine.tell(Failed(second.stamp, "cancelled"))
    assert not panel.stage.working.isVisible()
    assert panel.easel.result is shown


def test_newer_weights_draw_anew_but_not_all_the_time(
    panel: PixelsPanel, engine: ToyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.easel._took = 100_000
    panel.refresh()
    assert not engine.waiting(DrawInOrder)
    panel.easel._took = 0
    panel.refresh()
    assert len(engine.waiting(DrawInOrder)) == 1
    panel.refresh()
    assert len(engine.waiting(DrawInOrder)) == 1, "one under way is enough"


# --- completing


def test_an_example_is_chosen_and_completed_in_several_ways(panel: PixelsPanel, engine: ToyEngine) -> None:
    mode(panel, 1, engine)
    assert "Choose a real example" in panel.stage.canvas.empty_text
    assert not engine.waiting(DrawInOrder)
    grid = panel.hands.browser.grid
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.tile_rect(4).center().toPoint())
    QTest.qWait(20)
    engine.pump()
    question = engine.last(DrawInOrder)
    assert question.real == Real((4,))
    assert question.known is not None
    assert np.array_equal(question.known, QUICK["lower half"]((6, 6)))
    assert len(panel.stage.film) == 7
    assert panel.stage.film.strip.captions[0] == "original"
    assert panel.stage.scrubber.begin == 18, "what is known was there from the start"
    panel.stage.film.setFocus()
    QTest.keyClick(panel.stage.film.strip, Qt.Key.Key_Home)
    assert panel.stage.follow == ORIGINAL
    assert panel.stage.place.text() == "The original"
    panel.session.undo.undo()
    panel.session.undo.undo()
    assert "Choose a real example" in panel.stage.canvas.empty_text


def test_a_stroke_is_one_edit_and_is_asked_for_when_the_hand_rests(
    panel: PixelsPanel, engine: ToyEngine, qtbot: QtBot
) -> None:
    completing(panel, engine)
    canvas, count = panel.stage.canvas, len(engine.all(DrawInOrder))
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.width_ == 1
    press(canvas, (0, 0))
    for cell in ((0, 2), (2, 2)):
        QTest.mouseMove(canvas, canvas.cell_rect(cell).center().toPoint())
        qtbot.wait(10)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    known = panel.easel.state.mask((6, 6))
    assert np.argwhere(~known[:3]).tolist() == [[0, 0], [0, 1], [0, 2], [1, 2], [2, 2]]
    assert len(engine.all(DrawInOrder)) == count
    assert canvas._missing is not None
    assert canvas._missing[0, :3].all(), "it is marked at once"
    rested(qtbot, engine)
    assert len(engine.all(DrawInOrder)) == count + 1
    asked = engine.last(DrawInOrder).known
    assert asked is not None
    assert np.array_equal(asked, known)
    panel.session.undo.undo()
    assert np.array_equal(panel.easel.state.mask((6, 6)), QUICK["lower half"]((6, 6)))


def test_the_right_button_and_keep_say_what_is_to_stay(panel: PixelsPanel, engine: ToyEngine) -> None:
    completing(panel, engine)
    canvas = panel.stage.canvas
    panel.hands.width_.value_changed.emit(1.0)
    press(canvas, (5, 5), Qt.MouseButton.RightButton)
    QTest.mouseRelease(canvas, Qt.MouseButton.RightButton)
    assert panel.easel.state.mask((6, 6))[5, 5]
    QTest.mouseClick(panel.hands.keep, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.hands.keep.height() // 2))
    assert canvas.keeps
    press(canvas, (5, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    assert panel.easel.state.mask((6, 6))[5].tolist() == [True, False, False, False, False, True]


def test_the_mask_is_painted_by_keys_too(panel: PixelsPanel, engine: ToyEngine) -> None:
    completing(panel, engine)
    canvas = panel.stage.canvas
    canvas.setFocus()
    panel.hands.quick[4].click()
    assert panel.easel.state.mask((6, 6)).all()
    panel.hands.width_.value_changed.emit(1.0)
    assert canvas.takes_space
    canvas.point((1, 1))
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert np.argwhere(~panel.easel.state.mask((6, 6))).tolist() == [[1, 1], [1, 2], [2, 2]]
    QTest.keyClick(canvas, Qt.Key.Key_X)
    assert panel.hands.keep.isChecked()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert np.argwhere(~panel.easel.state.mask((6, 6))).tolist() == [[1, 1], [1, 2]]
    panel.session.undo.undo()
    assert panel.easel.state.mask((6, 6)).all(), "keys in quick succession are one stroke"


def test_a_dropped_picture_is_completed(panel: PixelsPanel, engine: ToyEngine) -> None:
    assert panel.would_take(["/a/b.txt"]) == ""
    assert panel.would_take(["/a/b.png"]) == "Complete 1 picture"
    panel.take(["/a/b.png"])
    engine.pump()
    assert panel.easel.state.mode == "complete"
    assert engine.last(DrawInOrder).real == Real((), ("/a/b.png",))


def test_vectors_are_completed_on_their_grid(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(OrderedToy(VECTORS))
    completing(panel, engine)
    known = engine.last(DrawInOrder).known
    assert known is not None
    assert known.shape == (22,)
    assert panel.would_take(["/a/b.png"]) == ""
    assert not panel.hands.browser.files.isVisible()
    mode(panel, 2, engine)
    assert panel.easel.surprise is not None


def test_trouble_stands_in_the_pictures_place(panel: PixelsPanel, engine: ToyEngine) -> None:
    mode(panel, 1, engine)
    panel.easel.choose(Real((5,)))
    (ask,) = engine.waiting(DrawInOrder)
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "bits is not at hand any more: prepare it again from its files"))
    assert panel.stage.canvas.empty_text.startswith("bits is not at hand")
    assert not panel.stage.working.isVisible()
    panel.hands.new_seed()
    engine.pump()
    assert panel.easel.result is not None, "and it goes on"


# --- surprise


def test_surprise_is_a_map_with_a_scale_and_a_total(panel: PixelsPanel, engine: ToyEngine) -> None:
    mode(panel, 2, engine)
    assert "Choose a real example" in panel.look.map.empty_text
    panel.easel.choose(Real((1, 4)))
    engine.pump()
    found = panel.easel.surprise
    assert found is not None
    assert engine.last(Surprise).real == Real((1, 4))
    look = panel.look
    assert look.total.text() == f"example 4: −log p = {found.totals[1]:.2f} nats (exact)"
    assert look.legend.end.endswith("nats per pixel")
    look.map.point((0, 3))
    assert look.picture.cell == (0, 3)
    assert look.pixel.text() == f"row 1, column 4: {found.nats[1, 0, 3]:.3f} nats"
    QTest.keyClick(look.film.strip, Qt.Key.Key_Home)
    assert look.total.text().startswith("example 1:")
    assert panel.easel.state.current == 0
    assert look.picture.isVisible()
    QTest.keyClick(look.map, Qt.Key.Key_M)
    assert panel.easel.state.seen == "over"
    assert not look.picture.isVisible()
    panel.session.undo.undo()
    assert look.picture.isVisible()


def test_the_most_surprising_pixels_have_the_brightest_colours(panel: PixelsPanel, engine: ToyEngine) -> None:
    mode(panel, 2, engine)
    panel.easel.choose(Real((1,)))
    engine.pump()
    found = panel.easel.surprise
    assert found is not None
    bright = panel.look.maps()[0].astype(int) @ [2, 7, 1]
    order = np.argsort(found.nats[0].reshape(-1))
    assert bright.reshape(-1)[order[-1]] > bright.reshape(-1)[order[18]] > bright.reshape(-1)[order[0]]


# --- out, and back


def test_what_is_set_comes_back_with_the_next_session(panel: PixelsPanel, engine: ToyEngine, session: Session) -> None:
    completing(panel, engine, Real((7,)))
    panel.hands.quick[1].click()
    panel._set_width(5)
    panel.stage.scrubber.paced.emit(30.0)
    state = json.loads(json.dumps(panel.save_state()))
    other = PixelsPanel(session, session)
    other.restore_state(state)
    view = panel.easel.view
    assert view is not None
    other.show_run(panel.easel.where, view)
    assert other.easel.state.mode == "complete"
    assert other.easel.state.real == Real((7,))
    assert np.array_equal(other.easel.state.mask((6, 6)), QUICK["right half"]((6, 6)))
    assert other.stage.pace == 30.0
    other.restore_state({"runs": {RUN: {"mode": 3}}, "stage": {"pace": "x"}, "browser": 7})
    other.deleteLater()
    other.pictures.deleteLater()
    other.controls.deleteLater()


def test_the_completions_can_be_taken_away_and_bring_the_panel_back(
    panel: PixelsPanel, page: ExplorePage, engine: ToyEngine
) -> None:
    completing(panel, engine)
    page.export()
    page.sheet.show_kind("As shown")
    assert not [k for k in ("Samples", "This picture", "Walk") if page.sheet.kind.findText(k) >= 0]
    page.sheet.to.setText("/tmp/completions.png")
    page.sheet.go.click()
    job: Any = engine.exported().question
    assert isinstance(job, ExportFrames)
    assert job.frames.shape == (1, 6 + 2, 7 * 7 + 1, 3)
    assert job.step == 300
    engine.write("/tmp/completions.png")
    page.sheet.show_kind("As shown, film")
    page.sheet.go.click()
    film: Any = engine.exported().question
    assert film.film
    assert len(film.frames) == 19, "a frame for each value that was drawn, and the beginning"
    engine.write("/tmp/film.mp4")
    there = panel.easel.state
    panel.hands.new_seed()
    mode(panel, 0, engine)
    panel.restore(Provenance("m", "", RUN, 300, {}, settings={"panel": dict(job.panel)}))
    engine.pump()
    assert (panel.easel.state.mode, panel.easel.state.seed) == ("complete", there.seed)
    assert panel.easel.state.real == there.real


def test_all_controls_have_names_and_tips(panel: PixelsPanel, engine: ToyEngine) -> None:
    completing(panel, engine)
    from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox

    for half in (panel.pictures, panel.controls):
        for kind in (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox):
            for one in half.findChildren(kind):
                if one.isVisible():
                    assert one.accessibleName() or one.text(), one  # type: ignore[attr-defined]
                    assert one.toolTip(), one


@pytest.mark.parametrize("toy", [OrderedToy(LABELLED, 16), OrderedToy(COLOURS, 256)], ids=["classes", "colours"])
def test_no_text_is_cut_off_in_a_small_window(panel: PixelsPanel, engine: ToyEngine, page: ExplorePage) -> None:
    for index in range(3):
        mode(panel, index, engine)
        panel.easel.choose(Real((5, 6)) if index else Real())
        engine.pump()
        panel.stage.canvas.point((1, 1))
        QTest.qWait(10)
        assert page.size() == QSize(1052, 620), "it needs no more room than there is"
        assert not clipped(page)


def test_an_answer_that_nobody_waits_for_any_more_is_dropped(
    panel: PixelsPanel, engine: ToyEngine, session: Session
) -> None:
    panel.hands.new_seed()
    (ask,) = engine.waiting(DrawInOrder)
    session.choose_run("")
    engine.tell(Answer(ask.stamp, engine.toy.answer(ask.question)))
    assert panel.easel.result is None


def test_an_even_brush_is_centred_between_pixels(panel: PixelsPanel, engine: ToyEngine) -> None:
    completing(panel, engine)
    canvas = panel.stage.canvas
    panel.hands.width_.value_changed.emit(2.0)
    assert canvas.cell_at(QPointF(-1, -1)) is None
    panel.hands.quick[4].click()
    press(canvas, (3, 3))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    assert (~panel.easel.state.mask((6, 6))).sum() == 4
