"""Attribute directions as sliders: from labels, factors and picks, several at once, undone, and found anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.engine.messages import Advanced, Cancel, Failed
from studio.explore.questions import ByFactor, ByLabel, ByPicks, DecodeScored, FindAttribute, ModelView, Real, Where
from studio.explore.questions.encoding import Look
from studio.gui import work
from studio.gui.explore.invert.attributes import AttributesBox
from studio.gui.explore.invert.attributes_find import Finder
from studio.gui.explore.invert.attributes_state import MOST_PICKS, collected, dropped, joined, with_trait
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.state import Inversion, Trait
from studio.gui.session import Session
from tests.gui.explore.conftest import RUN
from tests.gui.explore.flows import FLOWN, FlowToy
from tests.gui.explore.toy import ToyEngine


@pytest.fixture
def toy() -> FlowToy:
    return FlowToy()


def view_of(toy: FlowToy) -> ModelView:
    return ModelView(toy.step, toy.data, toy.capabilities, toy.prior, toy.checkpoints)  # type: ignore[arg-type]


@pytest.fixture
def inverter(session: Session, engine: ToyEngine, toy: FlowToy) -> Inverter:
    return Inverter(session, session)


@pytest.fixture
def box(inverter: Inverter, engine: ToyEngine, toy: FlowToy, qtbot: QtBot) -> AttributesBox:
    """Seen, with example 3 (dark) chosen and inverted."""
    made = AttributesBox(inverter)
    qtbot.addWidget(made)
    made.resize(328, 640)
    made.show()
    inverter.show_run(Where(RUN), view_of(toy))
    inverter.choose(Real((3,)))
    engine.pump()
    return made


def add(box: AttributesBox, text: str) -> None:
    box.source.setCurrentIndex(box.source.findText(text))
    QTest.mouseClick(box.add, Qt.MouseButton.LeftButton)


def test_a_class_becomes_a_slider_that_says_how_well_it_tells_examples_apart(
    box: AttributesBox, engine: ToyEngine
) -> None:
    assert [box.source.itemText(i) for i in range(box.source.count())] == [
        "dark (class)",
        "light (class)",
        "striped (class)",
    ]
    add(box, "light (class)")
    assert engine.last(FindAttribute).by == ByLabel(1)
    assert engine.sent[-1].slow
    assert not box.rows[0].bar.isHidden()
    engine.pump()
    (row,) = box.rows
    assert row.said.text() == "tells apart 88 % of held-out examples"
    assert row.slider.value() == 0
    assert not box.add.isEnabled()
    assert "already" in box.add.toolTip()


def test_a_direction_that_tells_little_apart_says_so_in_words_and_colour(box: AttributesBox, engine: ToyEngine) -> None:
    add(box, "striped (class)")
    engine.pump()
    assert box.rows[0].said.text() == "tells apart 52 %, little more than chance"
    assert box.rows[0].said.property("role") == "warn"


def test_sliders_add_up_and_the_picture_follows(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy
) -> None:
    add(box, "light (class)")
    add(box, "striped (class)")
    engine.pump()
    own = inverter.own()
    assert own is not None
    box.rows[0].slider.number.entered.emit(1.0)
    QTest.keyClick(box.rows[1].slider.track, Qt.Key.Key_PageDown)
    engine.pump()
    light, striped = (toy.attribute(FindAttribute(Where(RUN), ByLabel(i))).vector for i in (1, 2))
    np.testing.assert_allclose(engine.last(DecodeScored).z[0], own + light - 0.5 * striped, atol=1e-6)
    assert inverter.scored is not None
    assert inverter.scored.images.mean() > toy.pictures(toy.values(Real((3,)))).mean() + 40


def test_a_drag_is_undone_as_one_and_reset_is_grey_at_zero(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine, session: Session
) -> None:
    add(box, "dark (class)")
    engine.pump()
    assert not box.reset.isEnabled()
    track = box.rows[0].slider.track
    before = session.undo.count()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_PageUp):
        QTest.keyClick(track, key)
    assert inverter.state.traits[0].amount == pytest.approx(0.6)
    assert session.undo.count() == before + 1
    assert box.reset.isEnabled()
    QTest.mouseClick(box.reset, Qt.MouseButton.LeftButton)
    assert inverter.state.traits == (Trait(ByLabel(0), "dark", 0.0),)
    assert not box.reset.isEnabled()
    session.undo.undo()
    assert box.rows[0].slider.value() == pytest.approx(0.6)
    session.undo.undo()
    assert box.rows[0].slider.value() == 0
    session.undo.undo()
    assert not box.rows
    assert not box.empty.isHidden()
    session.undo.redo()
    assert len(box.rows) == 1


def test_picks_of_both_kinds_become_an_attribute_with_a_name(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine, session: Session
) -> None:
    having, lacking = box.sets
    assert not box.add_picks.isEnabled()
    inverter.choose(Real((1, 4, 7)))
    QTest.mouseClick(having.add, Qt.MouseButton.LeftButton)
    inverter.choose(Real((0, 3), ("/pictures/dark.png",)))
    QTest.mouseClick(lacking.add, Qt.MouseButton.LeftButton)
    engine.pump()
    assert (having.count.text(), lacking.count.text()) == ("3 with", "3 without")
    assert (len(having.film), len(lacking.film)) == (3, 3)
    box.name.setText("brighter")
    QTest.keyClick(box.name, Qt.Key.Key_Return)
    engine.pump()
    by = ByPicks(Real((1, 4, 7)), Real((0, 3), ("/pictures/dark.png",)))
    assert inverter.state.traits == (Trait(by, "brighter", 0.0),)
    assert box.rows[0].said.text() == "from 3 with, 3 without"
    assert "not known" in box.rows[0].said.toolTip()
    assert not box.add_picks.isEnabled()
    having.film.removed.emit(1)
    assert inverter.state.having == Real((1, 7))
    assert box.add_picks.isEnabled()
    QTest.mouseClick(lacking.clear, Qt.MouseButton.LeftButton)
    assert not len(inverter.state.lacking)
    session.undo.undo()
    assert len(inverter.state.lacking) == 3


def test_an_example_is_in_one_set_alone() -> None:
    state = collected(Inversion(), True, Real((1, 2), ("a.png",)))
    state = collected(state, False, Real((2, 3), ("a.png",), True))
    assert state.having == Real((1,))
    assert state.lacking == Real((2, 3), ("a.png",), True)
    assert dropped(state, False, 2).lacking == Real((2, 3), (), True)
    assert dropped(state, False, -1).lacking == Real()
    assert len(joined(Real(tuple(range(200))), Real(tuple(range(100, 400))))) == MOST_PICKS


def test_the_same_attribute_is_not_added_twice_nor_too_many() -> None:
    state = Inversion()
    for label in range(20):
        state = with_trait(with_trait(state, ByLabel(label), str(label)), ByLabel(label), "again")
    assert [t.name for t in state.traits] == [str(i) for i in range(12)]


def test_progress_is_shown_and_a_stop_leaves_a_way_on(box: AttributesBox, engine: ToyEngine) -> None:
    add(box, "light (class)")
    (ask,) = engine.waiting(FindAttribute)
    engine.tell(Advanced(ask.stamp, 100, 600))
    (row,) = box.rows
    assert (row.bar.value(), row.bar.maximum()) == (100, 600)
    assert [j.title for j in work.desk.jobs] == ["Finding the direction of light"]
    QTest.mouseClick(row.stop, Qt.MouseButton.LeftButton)
    assert engine.last(Cancel).stamp == ask.stamp
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "cancelled"))
    assert row.said.text() == "stopped: its direction is not known"
    assert not engine.waiting(FindAttribute)
    QTest.mouseClick(row.again, Qt.MouseButton.LeftButton)
    engine.pump()
    assert row.said.text().startswith("tells apart")
    assert not work.desk.jobs


def test_what_went_wrong_stands_in_its_row(box: AttributesBox, engine: ToyEngine) -> None:
    add(box, "light (class)")
    (ask,) = engine.waiting(FindAttribute)
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "the dataset 'toys' is not in the cache any more"))
    assert box.rows[0].said.text() == "the dataset 'toys' is not in the cache any more"
    assert box.rows[0].said.property("role") == "bad"


def test_several_are_found_one_after_the_other(box: AttributesBox, engine: ToyEngine) -> None:
    for name in ("dark", "light", "striped"):
        add(box, f"{name} (class)")
    assert len(engine.waiting(FindAttribute)) == 1
    assert box.rows[2].said.text() == "waits for its turn"
    engine.pump()
    assert len(engine.all(FindAttribute)) == 3
    assert all(r.said.text().startswith("tells apart") for r in box.rows)


def test_a_slider_that_is_moved_before_its_direction_is_known_waits_for_it(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine
) -> None:
    add(box, "light (class)")
    assert not inverter.waits
    box.rows[0].slider.number.entered.emit(1.0)
    assert inverter.waits
    assert not inverter.differs
    engine.pump()
    assert not inverter.waits
    assert inverter.differs


def test_removing_the_one_that_is_looked_for_calls_it_off(
    box: AttributesBox, engine: ToyEngine, session: Session
) -> None:
    add(box, "light (class)")
    (ask,) = engine.waiting(FindAttribute)
    QTest.mouseClick(box.rows[0].remove, Qt.MouseButton.LeftButton)
    assert engine.last(Cancel).stamp == ask.stamp
    assert not box.rows
    session.undo.undo()
    assert len(engine.all(FindAttribute)) == 2


def test_newer_weights_find_directions_anew_when_there_is_time(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(box, "light (class)")
    engine.pump()
    box.rows[0].slider.number.entered.emit(1.0)
    engine.pump()
    old = inverter.vectors[ByLabel(1)]
    toy.step = 400
    monkeypatch.setattr(inverter, "_since_edit", type(inverter._since_edit)())
    inverter.refresh()
    engine.pump()
    assert len(engine.all(FindAttribute)) == 1  # it is too early
    assert box.rows[0].said.text().endswith("step 300")
    monkeypatch.setattr("studio.gui.explore.invert.attributes_find.LEAST_REST", 0)
    monkeypatch.setattr(box.finder, "_took", 0)
    toy.step = 500
    inverter.refresh()
    engine.pump()
    assert len(engine.all(FindAttribute)) == 2
    new = inverter.vectors[ByLabel(1)]
    assert not np.array_equal(old, new)
    assert box.rows[0].said.text() == "tells apart 88 % of held-out examples"
    assert not work.desk.jobs


def test_weights_that_came_from_elsewhere_never_decode_a_latent_of_older_ones(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy
) -> None:
    add(box, "light (class)")
    engine.pump()
    toy.step = 400  # another program trains this run
    box.rows[0].slider.number.entered.emit(0.5)
    engine.pump()
    result, scored = inverter.result, inverter.scored
    assert result is not None
    assert scored is not None
    assert (result.step, scored.step) == (400, 400)


def test_a_direction_of_newer_weights_brings_the_picture_along(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy
) -> None:
    toy.step = 400
    add(box, "light (class)")
    inverter._since_edit.invalidate()
    engine.pump()
    assert inverter.result is not None
    assert inverter.result.step == 400


def test_another_checkpoint_has_directions_of_its_own_and_those_before_are_kept(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy
) -> None:
    add(box, "light (class)")
    engine.pump()
    inverter.show_run(Where(RUN, 200), view_of(toy))
    engine.pump()
    assert [q.where.checkpoint for q in engine.all(FindAttribute)] == [None, 200]
    inverter.show_run(Where(RUN), view_of(toy))
    engine.pump()
    assert len(engine.all(FindAttribute)) == 2
    assert ByLabel(1) in inverter.vectors


def test_nothing_is_asked_while_the_panel_sleeps(inverter: Inverter, engine: ToyEngine, toy: FlowToy) -> None:
    Finder(inverter, inverter)
    inverter.awake = False
    inverter.show_run(Where(RUN), view_of(toy))
    inverter.edit("Add", with_trait(inverter.state, ByLabel(1), "light"))
    assert not engine.all(FindAttribute)


def test_pictures_of_the_sets_are_read_when_they_can_be_seen(
    box: AttributesBox, inverter: Inverter, engine: ToyEngine
) -> None:
    box.hide()
    inverter.edit("Collect", replace(inverter.state, having=Real((1, 4))))
    assert not [q for q in engine.all(Look) if q.real == Real((1, 4))]
    box.show()
    engine.pump()
    assert len(box.sets[0].film) == 2
    inverter.session.undo.undo()
    assert len(box.sets[0].film) == 0
    assert "choose some" in box.sets[0].film.strip.empty


def test_known_factors_of_a_drawn_dataset_are_offered(
    inverter: Inverter, engine: ToyEngine, toy: FlowToy, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.data import store
    from studio.data.dataset import Dataset

    count = 90
    labels = np.arange(count, dtype=np.int64) % 3
    drawn = {
        "shape": labels.astype(np.float64),
        "size": np.linspace(5, 10, count),
        "corners": (np.arange(count) % 2 + 3).astype(np.float64),
    }
    whole = Dataset(FLOWN, np.zeros((count, 1, 8, 8), np.uint8), labels, np.arange(60), np.arange(60, 90), drawn)
    monkeypatch.setattr(store, "open", lambda fingerprint: whole)
    box = AttributesBox(inverter)
    qtbot.addWidget(box)
    box.show()
    inverter.show_run(Where(RUN), view_of(toy))
    qtbot.waitUntil(lambda: box.source.count() > 3)
    texts = [box.source.itemText(i) for i in range(box.source.count())]
    assert texts[3:] == ["size (factor)", "corners = 3 (factor)", "corners = 4 (factor)"]
    add(box, "size (factor)")
    assert engine.last(FindAttribute).by == ByFactor("size")
    engine.pump()
    assert box.rows[0].said.text() == "tells apart 71 % of held-out examples"
