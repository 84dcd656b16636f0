"""Between two real examples: exact ends, pictures on the way, their likelihood, the player, and what comes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.engine.messages import Failed
from studio.explore.questions import DecodeScored, ModelView, Real, Unfold, Where
from studio.gui.explore.invert.between import BetweenBox
from studio.gui.explore.invert.between_state import places, turned, way
from studio.gui.explore.invert.inverter import DRAWS, Inverter
from studio.gui.explore.invert.state import Between
from studio.gui.session import Session
from studio.models.core.latents import Part, Prior, draw, one_hot
from tests.gui.explore.conftest import RUN
from tests.gui.explore.flows import LEVELS, FlowToy
from tests.gui.explore.toy import ToyEngine

FILE = Real((), ("/pictures/mine.png",))


@pytest.fixture
def toy() -> FlowToy:
    return FlowToy()


@pytest.fixture
def inverter(session: Session, engine: ToyEngine) -> Inverter:
    return Inverter(session, session)


def view_of(toy: FlowToy) -> ModelView:
    return ModelView(toy.step, toy.data, toy.capabilities, toy.prior, toy.checkpoints)  # type: ignore[arg-type]


@pytest.fixture
def empty(inverter: Inverter, engine: ToyEngine, toy: FlowToy, qtbot: QtBot) -> BetweenBox:
    made = BetweenBox(inverter)
    qtbot.addWidget(made)
    made.resize(328, 640)
    made.show()
    inverter.show_run(Where(RUN), view_of(toy))
    engine.pump()
    return made


@pytest.fixture
def box(empty: BetweenBox, inverter: Inverter, engine: ToyEngine) -> BetweenBox:
    """From example 3 to a file, set by hand."""
    for name, real in (("start", Real((3,))), ("end", FILE)):
        inverter.choose(real)
        QTest.mouseClick(empty.set_buttons[name], Qt.MouseButton.LeftButton)
        engine.pump()
    return empty


def test_an_empty_way_says_what_to_do_and_asks_nothing(empty: BetweenBox, engine: ToyEngine) -> None:
    assert "set A" in empty.film.strip.empty
    assert not empty.play_button.isEnabled()
    assert not empty.set_buttons["start"].isEnabled()
    assert not engine.all(DecodeScored)


def test_the_ends_are_the_examples_themselves_bit_for_bit(
    box: BetweenBox, toy: FlowToy, inverter: Inverter, engine: ToyEngine
) -> None:
    assert inverter.state.between == Between(Real((3,)), FILE)
    frames = box.course.frames
    assert frames is not None
    np.testing.assert_array_equal(frames.images[0], toy.pictures(toy.values(Real((3,))))[0])
    np.testing.assert_array_equal(frames.images[-1], toy.pictures(toy.values(FILE))[0])
    assert len(box.film) == Between().frames
    np.testing.assert_array_equal(box.plot.bits, frames.bits)
    assert {q.draws for q in engine.all(DecodeScored)} == {DRAWS}, "one estimator with the numbers of the panel"
    assert "at A" in box.plot.words


def test_a_drag_of_t_decodes_that_place_and_is_undone_as_one(
    box: BetweenBox, inverter: Inverter, engine: ToyEngine, session: Session, toy: FlowToy
) -> None:
    before = session.undo.count()
    for _ in range(3):
        QTest.keyClick(box.slider.track, Qt.Key.Key_Right)
    engine.pump()
    assert inverter.state.between.t == pytest.approx(0.56)
    assert session.undo.count() == before + 1
    ends = box.course.ends
    assert ends is not None
    wanted = way(inverter.state.between, ends[0].z[0], ends[1].z[0], 0.56, toy.prior)
    np.testing.assert_allclose(engine.last(DecodeScored).z, wanted)
    assert box.caption.text().startswith("t = 0.56 · ")
    assert box.caption.text().endswith("bits/dim")
    session.undo.undo()
    assert box.slider.value() == 0.5
    assert box.plot.at == 0.5


def test_a_press_in_the_curve_or_on_the_film_goes_to_that_place(
    box: BetweenBox, inverter: Inverter, session: Session
) -> None:
    x = round(box.plot._x(0.25))
    QTest.mouseClick(box.plot, Qt.MouseButton.LeftButton, pos=QPoint(x, 50))
    assert inverter.state.between.t == pytest.approx(0.25, abs=0.01)
    box.film.picked.emit(11)
    assert inverter.state.between.t == 1.0
    session.undo.undo()
    assert inverter.state.between.t == pytest.approx(0.25, abs=0.01)


def test_another_way_or_number_asks_for_other_pictures_but_not_for_the_ends(
    box: BetweenBox, inverter: Inverter, engine: ToyEngine
) -> None:
    asked = len([q for q in engine.all(Unfold) if q.draws == 1])
    inverter.edit("Linear", replace(inverter.state, between=replace(inverter.state.between, kind="linear", frames=5)))
    engine.pump()
    assert box.way.currentData() == "linear"
    assert len(box.film) == 5
    assert len([q for q in engine.all(Unfold) if q.draws == 1]) == asked


def test_exchanging_the_ends_keeps_what_is_looked_at(
    box: BetweenBox, inverter: Inverter, engine: ToyEngine, session: Session
) -> None:
    box.slider.number.entered.emit(0.2)
    engine.pump()
    assert box.at is not None
    seen = box.at.images
    QTest.mouseClick(box.swap, Qt.MouseButton.LeftButton)
    engine.pump()
    assert inverter.state.between == turned(Between(Real((3,)), FILE, 0.2))
    assert box.slider.value() == pytest.approx(0.8)
    np.testing.assert_array_equal(box.at.images, seen)
    session.undo.undo()
    assert inverter.state.between.start == Real((3,))


def test_the_player_goes_there_and_back_and_writes_no_history(
    box: BetweenBox, engine: ToyEngine, session: Session, qtbot: QtBot
) -> None:
    before = session.undo.count()
    QTest.mouseClick(box.play_button, Qt.MouseButton.LeftButton)
    assert box.playing
    seen = []
    for _ in range(24):
        box._tick()
        seen.append(round(box.t * 11))
    assert max(seen) == 11
    assert min(seen) == 0
    assert set(np.diff(seen)) == {-1, 1}
    assert session.undo.count() == before
    box.hide()
    assert not box.playing
    box.show()
    engine.pump()


def test_one_way_ends_at_b_and_begins_anew(box: BetweenBox, inverter: Inverter, engine: ToyEngine) -> None:
    QTest.mouseClick(box.back, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert not inverter.state.between.loop
    box.toggle()
    for _ in range(30):
        box._tick()
    assert not box.playing
    assert box.t == 1.0
    box.toggle()
    box._tick()
    assert box.t == pytest.approx(1 / 11)
    box.stop()
    engine.pump()


def test_reset_is_grey_at_the_beginning_and_undone(box: BetweenBox, inverter: Inverter, session: Session) -> None:
    assert box.reset.isEnabled()
    QTest.mouseClick(box.reset, Qt.MouseButton.LeftButton)
    assert inverter.state.between == Between()
    assert not box.reset.isEnabled()
    assert len(box.film) == 0
    assert box.pictures["start"].image.isNull()
    session.undo.undo()
    assert not box.pictures["start"].image.isNull()


def test_newer_weights_find_the_ends_again(
    box: BetweenBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.step = 400
    monkeypatch.setattr(inverter, "_since_edit", type(inverter._since_edit)())
    inverter.refresh()
    engine.pump()
    ends = box.course.ends
    assert ends is not None
    assert ends[0].step == 400
    assert box.course.frames is not None
    assert box.course.frames.step == 400
    np.testing.assert_array_equal(box.course.frames.images[0], toy.pictures(toy.values(Real((3,))))[0])


def test_an_example_that_cannot_be_read_says_so_in_its_place(
    empty: BetweenBox, inverter: Inverter, engine: ToyEngine
) -> None:
    inverter.edit("Set A", replace(inverter.state, between=Between(start=FILE)))
    (ask,) = [a for a in engine.waiting(Unfold) if a.question.real == FILE]  # type: ignore[attr-defined]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "/pictures/mine.png: there is no such file"))
    assert "no such file" in box_message(empty)


def box_message(box: BetweenBox) -> str:
    return box.pictures["start"].message


def test_the_curve_is_logarithmic_where_the_way_leads_through_what_is_next_to_impossible(box: BetweenBox) -> None:
    t = np.linspace(0, 1, 3)
    box.plot.show_way(t, np.array([4.0, 9.0, 5.0]))
    assert not box.plot.log
    box.plot.show_way(t, np.array([4.0, 900.0, 5.0]))
    assert box.plot.log
    heights = [box.plot._y(v) for v in (4.0, 60.0, 900.0)]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2])
    box.plot.show_way(t, np.array([4.0, np.inf, 4.0]))
    assert "4" in box.plot.words
    box.plot.show_way(t, np.full(3, np.nan))
    assert box.plot.words == ""
    box.plot.grab()


def test_an_exported_film_is_the_way_alone_or_beside_its_ends(box: BetweenBox) -> None:
    film, ends = box.course.film(8, beside=False), box.course.ends
    assert film is not None
    assert ends is not None
    z, columns = film
    assert (z.shape, columns) == ((8, 1, 64), 1)
    np.testing.assert_array_equal(z[0, 0], ends[0].z[0])
    np.testing.assert_array_equal(z[4, 0], ends[1].z[0])
    np.testing.assert_array_equal(z[3], z[5])
    whole = box.course.film(8, beside=True)
    assert whole is not None
    assert (whole[0].shape, whole[1]) == ((8, 3, 64), 3)
    np.testing.assert_array_equal(whole[0][:, 1], z[:, 0])


def test_what_is_looked_at_can_be_edited_by_hand(box: BetweenBox, qtbot: QtBot) -> None:
    with qtbot.waitSignal(box.latent_wanted) as wanted:
        QTest.mouseClick(box.edit_button, Qt.MouseButton.LeftButton)
    z, what = wanted.args
    np.testing.assert_array_equal(z, box.course.latent(0.5))
    assert what == "the way between two examples at t = 0.50"


def test_places_there_and_back_repeat_without_a_jump() -> None:
    assert places(3).tolist() == [0, 0.5, 1]
    assert places(4, back=True).tolist() == [0, 0.5, 1, 0.5]
    assert places(1).tolist() == [0]


def test_the_way_is_round_for_normal_parts_and_meets_its_ends() -> None:
    prior = Prior((*LEVELS.parts, Part("class", "categorical", 3, role="class")))
    a, b = draw(prior, 2, 0)
    a[64:], b[64:] = one_hot(0, 3), one_hot(2, 3)
    made = way(Between(), a, b, [0, 0.5, 1], prior)
    np.testing.assert_array_equal(made[[0, 2]], [a, b])
    middle = np.linalg.norm(made[1, :32])
    assert middle == pytest.approx((np.linalg.norm(a[:32]) + np.linalg.norm(b[:32])) / 2, rel=1e-5)
    np.testing.assert_allclose(made[1, 64:], [0.5, 0, 0.5])
    straight = way(Between(kind="linear"), a, b, 0.5, prior)
    np.testing.assert_allclose(straight[0], (a + b) / 2, atol=1e-6)
