"""The constraints panel: p beside q*, λ moved with no question to the engine, what it costs, and the way to train."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.engine.messages import Advanced, Answer, Ask, Failed
from studio.explore.questions import Asked, OfferConstraints, ScoreSamples
from studio.export.jobs import ExportLatents
from studio.export.provenance import Provenance
from studio.gui.explore.constraints.panel import ConstraintsPanel
from studio.gui.explore.constraints.state import Chosen, Constrained, as_plain, from_plain, in_words
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from studio.models.core import posterior
from studio.models.core.catalog import ModelCard
from studio.runs.folder import RunFolder
from tests.gui.explore.conftest import RUN
from tests.gui.explore.constrained import OFFERED, ConstrainedToy
from tests.gui.explore.toy import IMAGES, POINTS, ToyEngine


@pytest.fixture
def toy() -> ConstrainedToy:
    return ConstrainedToy()


def opened(page: ExplorePage, session: Session, engine: ToyEngine) -> ConstraintsPanel:
    session.choose_run(RUN)
    engine.pump()
    index = next(i for i, panel in enumerate(page.open) if isinstance(panel, ConstraintsPanel))
    page.controls.setCurrentIndex(index)
    engine.pump()
    found = page.open[index]
    assert isinstance(found, ConstraintsPanel)
    return found


@pytest.fixture
def constraints(page: ExplorePage, session: Session, engine: ToyEngine) -> ConstraintsPanel:
    return opened(page, session, engine)


def _weights(panel: ConstraintsPanel) -> np.ndarray[Any, Any]:
    assert panel.found is not None
    f = panel.found.scores @ np.asarray(panel.state.weights)
    return posterior.weights(f, panel.state.lam)


def test_it_opens_with_one_constraint_at_a_strength_where_both_are_seen(
    constraints: ConstraintsPanel, toy: ConstrainedToy
) -> None:
    assert constraints.state.rows == (Chosen("brightness", 0.5),)
    assert constraints.weighed is not None
    assert constraints.found is not None
    assert 0.45 < constraints.weighed.effective / 256 < 0.55
    p, q = constraints.show_.grids
    assert np.array_equal(p.images, constraints.found.images[:64])
    assert np.array_equal(q.images, constraints.found.images[constraints.weighed.places[:64]])
    w = _weights(constraints)
    assert constraints.weighed.weights == pytest.approx(w)
    assert (
        constraints.hands.effective.text()
        == f"{1 / (w**2).sum():,.0f} of 256 ({1 / (w**2).sum() / 256:.0%})".replace("%", " %")
    )
    drawn = [int(text[1:]) if text else 1 for text in q.badges]
    assert max(drawn) > 1
    assert drawn == np.maximum(constraints.weighed.counts[constraints.show_.shown[1]], 1).tolist()


def test_lambda_moves_by_keys_with_no_question_and_is_one_step_of_undo(
    constraints: ConstraintsPanel, toy: ConstrainedToy, session: Session
) -> None:
    scored, strength, steps = toy.scored, constraints.state.lam, session.undo.count()
    track = constraints.hands.strength.track
    effective = [constraints.weighed.effective if constraints.weighed else 0]
    for _ in range(3):
        QTest.keyClick(track, Qt.Key.Key_PageUp)
        assert constraints.weighed is not None
        effective.append(constraints.weighed.effective)
    assert effective == sorted(effective, reverse=True)
    assert effective[-1] < effective[0] / 2
    assert constraints.show_.curve.effective == effective[-1]
    assert toy.scored == scored
    assert session.undo.count() == steps + 1
    session.undo.undo()
    assert constraints.state.lam == strength


def test_at_0_q_is_p_and_a_picture_keeps_its_place_while_it_is_drawn(constraints: ConstraintsPanel) -> None:
    QTest.keyClick(constraints.hands.strength.track, Qt.Key.Key_Home)
    p, q = constraints.show_.grids
    assert constraints.state.lam == 0
    assert np.array_equal(p.images, q.images)
    assert not any(q.badges)
    assert constraints.hands.effective.text() == "256 of 256 (100 %)"
    QTest.keyClick(constraints.hands.strength.track, Qt.Key.Key_PageUp)
    assert constraints.weighed is not None
    kept = np.flatnonzero(256 * constraints.weighed.weights >= 1)
    assert (constraints.weighed.places[kept] == kept).all()


def test_few_effective_samples_are_warned_of(constraints: ConstraintsPanel) -> None:
    assert not constraints.hands.warning.isVisible()
    QTest.keyClick(constraints.hands.strength.track, Qt.Key.Key_End)
    assert constraints.weighed is not None
    assert constraints.weighed.effective < 0.05 * 256
    assert constraints.hands.warning.isVisible()
    assert np.isfinite(constraints.weighed.log_normaliser)


def test_constraints_are_added_weighed_aimed_and_taken_off(
    constraints: ConstraintsPanel, engine: ToyEngine, toy: ConstrainedToy, session: Session
) -> None:
    hands = constraints.hands
    hands.add.activated.emit(hands.add.findData("symmetry"))
    engine.pump()
    assert [made.offered.name for made in hands.rows] == ["brightness", "symmetry"]
    assert constraints.found is not None
    assert constraints.found.scores.shape == (256, 2)
    scored = toy.scored
    QTest.keyClick(hands.rows[1].weight.track, Qt.Key.Key_PageUp)
    assert constraints.state.rows[1].weight > 1.5
    assert toy.scored == scored, "a weight is arithmetic"
    assert constraints.weighed is not None
    assert constraints.weighed.weights == pytest.approx(_weights(constraints))
    assert hands.numbers.cells[3, 0].text() == "weighted sum f"
    number = hands.rows[0].number
    assert number is not None
    QTest.keyClick(number.track, Qt.Key.Key_PageUp)
    engine.pump()
    assert toy.scored == scored + 1, "another target is another score"
    assert engine.last(ScoreSamples).asked[0].target == pytest.approx(0.6)
    hands.rows[0].remove.click()
    engine.pump()
    assert [made.offered.name for made in hands.rows] == ["symmetry"]
    for _ in range(4):
        session.undo.undo()
    engine.pump()
    assert constraints.state.rows == (Chosen("brightness", 0.5),)
    assert len(hands.rows) == 1


def test_without_constraints_q_is_p(constraints: ConstraintsPanel, engine: ToyEngine) -> None:
    constraints.hands.rows[0].remove.click()
    engine.pump()
    p, q = constraints.show_.grids
    assert np.array_equal(p.images, q.images)
    assert constraints.hands.none.isVisible()
    assert not constraints.hands.strength.isEnabled()
    assert not constraints.hands.train.isEnabled()


def test_most_and_least_are_sorted_by_f(constraints: ConstraintsPanel, engine: ToyEngine, toy: ConstrainedToy) -> None:
    scored = toy.scored
    constraints.hands.view.activated.emit(1)
    assert constraints.weighed is not None
    assert constraints.found is not None
    order = np.argsort(-constraints.weighed.scores, kind="stable")
    most, least = constraints.show_.grids
    assert np.array_equal(most.images, constraints.found.images[order[:64]])
    assert np.array_equal(least.images, constraints.found.images[order[::-1][:64]])
    assert toy.scored == scored


def test_the_classifier_is_trained_once_and_a_cancel_takes_its_constraint_off(
    constraints: ConstraintsPanel, engine: ToyEngine, session: Session
) -> None:
    hands = constraints.hands

    def add() -> Ask:
        hands.add.activated.emit(hands.add.findData("class"))
        return [ask for ask in engine.waiting(ScoreSamples) if ask.slow][-1]

    ask = add()
    engine.tell(Advanced(ask.stamp, 30, 100))
    assert hands.effective.text() == "Training a classifier … 30 %"
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "cancelled"))
    engine.pump()
    assert [one.name for one in constraints.state.rows] == ["brightness"]
    assert "not trained" in hands.trouble.text()
    ask = add()
    assert hands.rows[1].classes is not None
    hands.rows[1].classes.activated.emit(1)
    engine.answered.add(ask.stamp)
    engine.tell(Answer(ask.stamp, engine.toy.answer(ask.question)))
    engine.pump()
    assert engine.last(ScoreSamples).asked == (Asked("brightness", 0.5), Asked("class", 1.0))
    assert constraints.found is not None
    assert constraints.found.scores.shape == (256, 2)
    hands.rows[1].classes.activated.emit(0)
    assert not [ask for ask in engine.waiting(ScoreSamples) if ask.slow], "it is there now"
    engine.pump()


def test_a_sample_is_picked_in_either_sheet_and_its_latent_handed_over(
    constraints: ConstraintsPanel, engine: ToyEngine, page: ExplorePage
) -> None:
    q = constraints.show_.grids[1]
    at = next(i for i, text in enumerate(q.badges) if text)
    QTest.mouseClick(q, Qt.MouseButton.LeftButton, pos=q.tile_rect(at).center().toPoint())
    sample = int(constraints.show_.shown[1][at])
    assert constraints.state.pick == sample
    assert q.selected == set(np.flatnonzero(constraints.show_.shown[1] == sample).tolist())
    assert "drawn" in q.tile_name(at)
    constraints.hands.edit_button.click()
    engine.pump()
    latent = page.panel
    assert isinstance(latent, LatentPanel)
    assert constraints.found is not None
    assert np.array_equal(latent.explorer.state.z, constraints.found.z[sample])
    assert np.array_equal(latent.beside.shown, constraints.found.images[sample])  # type: ignore[arg-type]


def test_newer_weights_are_followed_with_the_same_latents(constraints: ConstraintsPanel, engine: ToyEngine) -> None:
    before = constraints.found
    engine.toy.step = 400
    constraints.refresh()
    engine.pump()
    assert before is not None
    assert constraints.found is not None
    assert constraints.found.step == 400
    assert np.array_equal(before.z, constraints.found.z)


def test_how_far_the_samples_are_is_told(constraints: ConstraintsPanel, engine: ToyEngine) -> None:
    hands = constraints.hands
    hands.count.activated.emit(4)
    (ask,) = engine.waiting(ScoreSamples)
    engine.tell(Advanced(ask.stamp, 256, 1024))
    assert hands.effective.text() == "Drawing samples … 25 %"
    engine.pump()
    assert "of 1,024" in hands.effective.text()
    constraints._since_edit.invalidate()  # hands have rested
    constraints.refresh()
    (ask,) = engine.waiting(ScoreSamples)
    engine.tell(Advanced(ask.stamp, 256, 1024))
    assert "of 1,024" in hands.effective.text(), "newer weights of the same samples are no news"
    engine.pump()


def test_a_file_that_is_dropped_before_the_panel_was_seen_is_restored_when_it_is(
    page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    session.choose_run(RUN)
    engine.pump()
    panel = next(one for one in page.open if isinstance(one, ConstraintsPanel))
    state = Constrained(seed=4, chosen=(Chosen("symmetry", 0.0, 2.0),), strength=3.0)
    panel.restore(
        Provenance("toy", "", "", 300, {}, settings={"panel": {"name": "Constraints", "state": as_plain(state)}})
    )
    page.controls.setCurrentIndex(page.open.index(panel))
    engine.pump()
    assert panel.state == state
    assert [made.offered.name for made in panel.hands.rows] == ["symmetry"]


def test_nothing_is_asked_while_it_cannot_be_seen(page: ExplorePage, session: Session, engine: ToyEngine) -> None:
    session.choose_run(RUN)
    engine.pump()
    assert not engine.all(OfferConstraints)


def test_the_sheet_of_q_is_exported_and_a_file_brings_the_settings_back(
    constraints: ConstraintsPanel, engine: ToyEngine, page: ExplorePage, session: Session
) -> None:
    constraints.hands.count.activated.emit(0)
    QTest.keyClick(constraints.hands.strength.track, Qt.Key.Key_PageUp)
    engine.pump()
    offer = constraints.offer()
    assert offer is not None
    assert offer.sheet is not None
    assert constraints.found is not None
    assert constraints.weighed is not None
    assert np.array_equal(offer.sheet.z, constraints.found.z[constraints.weighed.places])
    page.export()
    job = page.sheet.forms["Grid"].job("/x.png")
    assert isinstance(job, ExportLatents)
    assert np.array_equal(job.z, offer.sheet.z)
    page.export()
    kept = constraints.state
    constraints.edit("other", replace(kept, seed=5, strength=0.0))
    made = Provenance("toy", "", "", 300, {}, settings={"panel": dict(offer.sheet.panel)})
    constraints.restore(made)
    assert constraints.state == kept


def test_settings_come_back_run_by_run_and_what_is_damaged_is_left() -> None:
    state = Constrained(seed=3, count=512, chosen=(Chosen("class", 1, 2.5),), strength=4.0, view="extremes", pick=7)
    assert from_plain(as_plain(state)) == state
    assert from_plain(as_plain(Constrained())) == Constrained()
    for name, value in (("view", "x"), ("chosen", [{}]), ("strength", float("nan")), ("count", None)):
        assert from_plain({**as_plain(state), name: value}) is None


def test_a_sum_is_said_as_a_recipe_takes_it() -> None:
    known = {one.name: one for one in OFFERED}
    rows = (Chosen("class", 1), Chosen("brightness", 0.3, 2.0), Chosen("symmetry", 0, 0))
    assert in_words(Constrained(chosen=rows), known) == "class right, 2 brightness 0.3"


def test_training_under_them_opens_the_train_page_with_this_runs_recipe(
    constraints: ConstraintsPanel, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    RunFolder.create(run, "wgan_gp", {"batch": 32, "steps": 9}, IMAGES, title="toys")
    constraints.where = replace(constraints.where, run=str(run))
    constraints.keeper.states[str(run)] = replace(constraints.state, strength=2.0)
    constraints.keeper.run = str(run)
    proposed: list[tuple[str, Any]] = []
    session.values_proposed.connect(lambda model, values: proposed.append((model, values)))
    with qtbot.waitSignal(session.page_wanted, timeout=5000) as page:
        constraints.hands.train.click()
    ((model, values),) = proposed
    assert model == "wgan_gp"
    assert values == {
        "batch": 32,
        "steps": 9,
        "constraint": "fixed",
        "asked": "brightness 0.5",
        "strength": 2.0,
    }
    assert page.args == ["train"]
    assert session.dataset == IMAGES


def test_a_model_that_knows_no_constraint_is_not_sent_to_training(
    constraints: ConstraintsPanel, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    RunFolder.create(run, "plain", {"steps": 9}, IMAGES)
    session.set_models([ModelCard("plain", "Plain", "", "", 2000, "", "", ("decode latent",), ())])
    constraints.where = replace(constraints.where, run=str(run))
    constraints.keeper.states[str(run)] = constraints.state
    constraints.keeper.run = str(run)
    with qtbot.assertNotEmitted(session.page_wanted):
        constraints.hands.train.click()
        qtbot.waitUntil(lambda: "Plain cannot be trained" in constraints.hands.trouble.text())


class TestPoints:
    @pytest.fixture
    def toy(self) -> ConstrainedToy:
        return ConstrainedToy(POINTS)

    def test_points_are_shown_in_the_plane(
        self, page: ExplorePage, session: Session, engine: ToyEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        panel = opened(page, session, engine)
        p, q = panel.show_.scatters
        assert panel.show_.stacks[0].currentWidget() is p
        assert panel.found is not None
        assert panel.weighed is not None
        p.take(5)
        assert panel.state.pick == 5
        assert q.selected == set(np.flatnonzero(panel.weighed.places == 5).tolist())
