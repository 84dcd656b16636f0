"""Where a picture stands among likelihoods: both sides, strangers, what is computed when, and what comes back."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.data import store
from studio.data.dataset import DataSpec
from studio.engine.messages import Advanced, Cancel, Failed
from studio.explore.questions import DecodeScored, Likelihoods, LikelihoodsFound, ModelView, Real, Where
from studio.gui import work
from studio.gui.explore.invert import typical as module
from studio.gui.explore.invert.inverter import Inverter
from studio.gui.explore.invert.state import Typical
from studio.gui.explore.invert.typical import TypicalBox
from studio.gui.explore.invert.typical_state import Crowd, detected, found_as_plain, found_from_plain, standing
from studio.gui.session import Session
from studio.gui.widgets.ridges import BINS, Ridges, Row, heights, named, nice, runs
from tests.gui.explore.conftest import RUN
from tests.gui.explore.flows import FLOWN, FlowToy
from tests.gui.explore.toy import ToyEngine

OTHER = DataSpec("photos", "images", (3, 32, 32), 500, fingerprint="photos")


@pytest.fixture
def toy() -> FlowToy:
    return FlowToy()


@pytest.fixture(autouse=True)
def datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = DataSpec("ring", "points", (2,), 100, fingerprint="ring")
    monkeypatch.setattr(store, "listed", lambda: [FLOWN, OTHER, ring])


@pytest.fixture
def inverter(session: Session, engine: ToyEngine) -> Inverter:
    return Inverter(session, session)


def view_of(toy: FlowToy) -> ModelView:
    return ModelView(toy.step, toy.data, toy.capabilities, toy.prior, toy.checkpoints)  # type: ignore[arg-type]


@pytest.fixture
def box(inverter: Inverter, engine: ToyEngine, toy: FlowToy, qtbot: QtBot) -> TypicalBox:
    made = TypicalBox(inverter)
    qtbot.addWidget(made)
    made.resize(328, 700)
    made.show()
    inverter.show_run(Where(RUN), view_of(toy))
    inverter.choose(Real((3,)))
    engine.pump()
    qtbot.waitUntil(lambda: bool(made.others))
    return made


def action(box: TypicalBox, text: str) -> QAction:
    box.menu.aboutToShow.emit()
    (found,) = [a for a in box.menu.actions() if a.text() == text]
    return found


def set_to(inverter: Inverter, **parts: Any) -> None:
    inverter.edit("Set", replace(inverter.state, typical=replace(inverter.state.typical, **parts)))


def test_nothing_is_scored_before_it_is_asked_for(box: TypicalBox, engine: ToyEngine) -> None:
    assert not engine.all(Likelihoods)
    assert box.compute.text() == "Compute"
    assert not box.lesson.isVisible()
    assert "Compute" in box.plot.empty_text


def test_a_picture_is_placed_among_held_out_training_and_strangers(
    box: TypicalBox, inverter: Inverter, engine: ToyEngine
) -> None:
    QTest.mouseClick(box.compute, Qt.MouseButton.LeftButton)
    assert engine.last(Likelihoods) == Likelihoods(Where(RUN), 256, ("noise", "flat"), ())
    assert engine.sent[-1].slow
    engine.pump()
    assert [r.name for r in box.plot.rows] == ["held out", "training", "uniform noise", "one grey all over"]
    result = inverter.result
    assert result is not None
    assert [(m.name, m.value) for m in box.plot.marks] == [("this", pytest.approx(float(result.bits[0])))]
    assert box.said["this"].text().startswith("This picture: ")
    assert not box.said["edited"].isVisible()
    assert box.about.text() == "n = 256 · step 300"
    assert "1810.09136" in box.lesson.text()
    (noise, flat) = [[c.text() for c in box.table.cells[i : i + 3]] for i in (3, 6)]  # type: ignore[attr-defined]
    assert noise == ["uniform noise", "1.00", "1.00"]
    assert flat == ["one grey all over", "0.00", "1.00"]


def test_the_edited_picture_has_a_mark_of_its_own(box: TypicalBox, inverter: Inverter, engine: ToyEngine) -> None:
    box.compute.click()
    inverter.edit("Cool", replace(inverter.state, temperature=0.5))
    engine.pump()
    marks = {m.name: m for m in box.plot.marks}
    assert inverter.scored is not None
    assert marks["edited"].value == pytest.approx(float(inverter.scored.bits[0]))
    assert marks["edited"].dashed
    assert box.said["edited"].isVisible()
    inverter.session.undo.undo()
    assert not box.said["edited"].isVisible()


def test_a_stranger_that_is_added_is_scored_at_once_and_one_that_is_taken_away_is_not(
    box: TypicalBox, inverter: Inverter, engine: ToyEngine, session: Session
) -> None:
    action(box, "Held-out images in negative").trigger()
    assert not engine.all(Likelihoods)
    box.compute.click()
    engine.pump()
    action(box, "Held-out images, pixels shuffled").trigger()
    assert engine.last(Likelihoods).strangers == ("noise", "flat", "negative", "shuffled")
    engine.pump()
    action(box, "Uniform noise").trigger()
    assert len(engine.all(Likelihoods)) == 2
    assert [r.name for r in box.plot.rows[2:]] == [
        "one grey all over",
        "held-out images in negative",
        "held-out images, pixels shuffled",
    ]
    session.undo.undo()
    assert box.plot.rows[2].name == "uniform noise"
    assert len(engine.all(Likelihoods)) == 2


def test_another_dataset_of_images_can_be_the_stranger(
    box: TypicalBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert box.others == {"photos": "photos"}
    found = toy.likelihoods

    def named_as_the_engine_does(question: Likelihoods) -> LikelihoodsFound:
        made = found(question)
        return replace(made, strangers={{"photos": "my photos"}.get(n, n): v for n, v in made.strangers.items()})

    monkeypatch.setattr(toy, "likelihoods", named_as_the_engine_does)
    action(box, "photos").trigger()
    assert inverter.state.typical.others == ("photos",)
    box.compute.click()
    engine.pump()
    assert box.plot.rows[-1].name == "my photos"
    action(box, "photos").trigger()
    assert box.plot.rows[-1].name == "one grey all over"


def test_progress_and_cancel_leave_what_was_found(box: TypicalBox, engine: ToyEngine) -> None:
    box.compute.click()
    engine.pump()
    box.compute.click()
    (ask,) = engine.waiting(Likelihoods)
    engine.tell(Advanced(ask.stamp, 300, 1024))
    assert (box.bar.value(), box.bar.maximum()) == (300, 1024)
    assert not box.compute.isEnabled()
    assert [j.title for j in work.desk.jobs] == ["Scoring images for their typicality"]
    QTest.mouseClick(box.cancel_button, Qt.MouseButton.LeftButton)
    assert engine.last(Cancel).stamp == ask.stamp
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "cancelled"))
    assert not box.progress.isVisible()
    assert box.compute.isEnabled()
    assert len(box.plot.rows) == 4
    assert not work.desk.jobs


def test_what_went_wrong_is_said_until_it_is_tried_again(
    box: TypicalBox, inverter: Inverter, engine: ToyEngine
) -> None:
    box.compute.click()
    (ask,) = engine.waiting(Likelihoods)
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "photos: there is no such dataset any more"))
    assert box.trouble.text() == "The images could not be scored: photos: there is no such dataset any more"
    inverter.edit("Cool", replace(inverter.state, temperature=0.5))
    engine.pump(DecodeScored)
    assert box.trouble.isVisible()
    box.compute.click()
    assert not box.trouble.isVisible()


def test_what_was_scored_comes_back_with_the_next_session(
    box: TypicalBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy, qtbot: QtBot
) -> None:
    box.compute.click()
    engine.pump()
    box.near.click()
    state = json.loads(json.dumps(box.save_state()))
    other = TypicalBox(inverter)
    qtbot.addWidget(other)
    other.restore_state(state)
    inverter.show_run(Where(RUN), view_of(toy))
    engine.pump()
    assert other.near.isChecked()
    assert [r.name for r in other.plot.rows] == [r.name for r in box.plot.rows]
    np.testing.assert_allclose(other.plot.rows[0].values, box.plot.rows[0].values, atol=6e-4)
    assert len(engine.all(Likelihoods)) == 1
    for broken in (None, {}, {"scores": 3}, {"scores": {RUN: {"count": "x"}}}, {"scores": {RUN: None}}):
        other.restore_state(broken)
    qtbot.waitUntil(lambda: bool(other.others))


def test_weights_of_another_checkpoint_have_scores_of_their_own(
    box: TypicalBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy
) -> None:
    box.compute.click()
    engine.pump()
    inverter.show_run(Where(RUN, 200), view_of(toy))
    engine.pump()
    assert not box.plot.rows
    inverter.show_run(Where(RUN), view_of(toy))
    engine.pump()
    assert len(box.plot.rows) == 4


def test_a_picture_is_inverted_anew_by_the_weights_that_the_others_were_scored_by(
    box: TypicalBox, inverter: Inverter, engine: ToyEngine, toy: FlowToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inverter, "_since_edit", type(inverter._since_edit)())
    toy.step = 500
    box.compute.click()
    engine.pump()
    assert inverter.result is not None
    assert inverter.result.step == 500
    assert box.about.text() == "n = 256 · step 500"
    toy.step = 600
    inverter.refresh()
    engine.pump()
    assert box.about.text() == "n = 256 · step 500, picture 600"
    assert box.about.property("role") == "warn"


# --- what the numbers say


def found(held: Any, unit: str = "bits/dim", train: Any = (1.0, 2.0)) -> LikelihoodsFound:
    return LikelihoodsFound(1, unit, np.asarray(held, float), np.asarray(train, float), {})


def test_too_likely_is_untypical_as_well() -> None:
    crowd = Crowd.of(found(np.linspace(3, 5, 201)))
    low = standing(crowd, 0.5)
    assert low.startswith("More likely than all 201 held-out images")
    assert "below their mean: untypical, as much as one that is too unlikely" in low
    high = standing(crowd, 7.5)
    assert high.startswith("Less likely than all 201 held-out images")
    assert high.endswith("above their mean: untypical.")
    assert "typical; 51\u00a0% of them" in standing(crowd, 3.5)
    assert standing(crowd, 4.975).endswith("unusual; only 3.0\u00a0% of them are as far from it.")
    assert "rules it out" in standing(crowd, math.inf)


def test_in_nats_more_is_likelier() -> None:
    crowd = Crowd.of(found([-10.0, -8, -6, -4], "nats"))
    assert crowd.less_likely(-5) == 0.75
    assert crowd.off(-5) < 0
    assert detected(crowd, np.array([-20.0, -30]))[0] == 1


def test_without_held_out_examples_those_of_training_are_the_crowd() -> None:
    crowd = Crowd.of(found([], train=[3.0, 4, 5]))
    assert crowd.name == "training"
    assert "training images" in standing(crowd, 4.1)


def test_areas_under_the_curve_count_pairs_and_halve_ties() -> None:
    crowd = Crowd.of(found([1.0, 2.0, 3.0]))
    assert detected(crowd, np.array([2.0]))[0] == 0.5
    assert detected(crowd, np.array([10.0, np.inf, np.nan])) == (1.0, 1.0)
    likelier, apart = detected(crowd, np.array([-9.0]))
    assert (likelier, apart) == (0.0, 1.0)
    assert all(math.isnan(v) for v in detected(crowd, np.zeros(0)))


def test_scores_survive_json_with_what_is_not_finite() -> None:
    plain = json.loads(json.dumps(found_as_plain(found([1.23456, math.inf]))))
    back = found_from_plain(plain)
    assert back is not None
    np.testing.assert_allclose(back.held_out, [1.235, math.nan])
    assert found_from_plain({"step": 1}) is None


# --- how they are drawn


def test_the_axis_holds_all_rows_but_not_at_the_cost_of_the_data(qtbot: QtBot) -> None:
    plot = Ridges("likelihoods")
    qtbot.addWidget(plot)
    data = np.linspace(3, 4, 100)
    plot.show_rows([Row("held out", data, own=True), Row("near", data - 2)], "bits/dim")
    low, high = plot.span
    assert low < 1.1
    plot.show_rows([Row("held out", data, own=True), Row("far", data + 500)], "bits/dim")
    low, high = plot.span
    assert 9 < high < 11
    assert named(plot.rows[1], low, high).endswith("→")
    plot.show_rows([Row("held out", data, own=True), Row("near", data - 2)], "bits/dim", near=True)
    assert plot.span[0] > 2
    plot.show_rows([Row("held out", np.full(5, np.nan), own=True)], "bits/dim")
    assert named(plot.rows[0]) == "held out: not one is finite"
    plot.grab()


def test_a_row_that_is_mostly_elsewhere_is_low(qtbot: QtBot) -> None:
    values = np.r_[np.full(99, 50.0), 0.5]
    seen = heights(values, np.full(len(values), 1 / len(values)), 0, 1)
    assert len(seen) == BINS
    assert seen.max() == pytest.approx(1 / 99)
    assert heights(np.zeros(0), np.zeros(0), 0, 1).max() == 0
    assert [[at for at, _ in run] for run in runs(np.array([0, 1, 1, 0, 1]))] == [[1, 2], [4]]


@pytest.mark.parametrize("width", [0.013, 0.9, 7.0, 4300.0])
def test_ticks_are_round_and_few(width: float) -> None:
    assert 2 <= width / nice(width) <= 9


def test_the_beginning_compares_with_noise_and_flat_images() -> None:
    assert Typical().strangers == ("noise", "flat")
    assert "Nalisnick" in module.LESSON
