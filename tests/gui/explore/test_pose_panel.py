"""The pose panel as a person uses it: a wrist dragged, parts, scores, truth, a run beside, export, coming back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from studio.data.skeleton import PARTS, J
from studio.engine.messages import Failed
from studio.explore.pose import same
from studio.explore.questions import BrowsePoses, Person, Real, TakePose
from studio.export.jobs import ExportPoses
from studio.export.provenance import Provenance
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.pose.others import OtherRun
from studio.gui.explore.pose.panel import PosePanel
from studio.gui.explore.pose.poser import LIVE
from studio.gui.explore.pose.scores import LOWEST, TOTAL
from studio.gui.session import Session
from studio.training.events import Progress
from tests.gui.explore.conftest import RUN
from tests.gui.explore.posed import EACH, SIDE, PoseToy, colour_of, joints_of
from tests.gui.explore.toy import ToyEngine

OTHER = "/runs/toys-pose-2"
WRIST = J["right wrist"]
Settle = Callable[[], None]


@pytest.fixture
def toy() -> PoseToy:
    made = PoseToy()
    made.negative.add(OTHER)
    return made


@pytest.fixture
def panel(page: ExplorePage, session: Session, engine: ToyEngine, settle: Settle) -> PosePanel:
    """Seen, with everything answered."""
    session.choose_run(RUN)
    settle()
    found = page.open[0]
    assert isinstance(found, PosePanel)
    return found


@pytest.fixture
def settle(engine: ToyEngine, qtbot: QtBot) -> Settle:
    """Wait until the slow questions were asked, and answer everything."""

    def wait() -> None:
        for _ in range(2):
            engine.pump()
            qtbot.wait(220)
        engine.pump()

    return wait


def offer_other(panel: PosePanel, constraint: str = "learned") -> None:
    """The library has another run."""
    panel.others.own = "none"
    panel.others.runs = (OtherRun(OTHER, "toys 2", constraint, 0, constraint == "none"),)
    panel.others.listed.emit()


def focus(widget: QWidget, qtbot: QtBot) -> None:
    widget.window().activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)


def drag(panel: PosePanel, joint: int, by: tuple[float, float], *, release: bool = True) -> None:
    """A joint, by so many image pixels, with the mouse, in four moves."""
    canvas = panel.canvas
    x, y, _ = (float(v) for v in panel.poser.state.joints[joint])
    start = canvas.to_widget(x, y).toPoint()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 5):
        at: QPointF = canvas.to_widget(x + by[0] * step / 4, y + by[1] * step / 4)
        QTest.mouseMove(canvas, at.toPoint())
        QTest.qWait(2)
    if release:
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at.toPoint())


# --- what is asked and shown


def test_somebody_is_posed_from_the_start_in_another_pose_of_theirs(panel: PosePanel, engine: ToyEngine) -> None:
    state = panel.poser.state
    assert state.source is not None
    assert state.source.real == Real((0,))
    assert state.person == 0
    assert state.target is not None
    assert state.target // EACH == 0
    assert state.target != 0
    asked = engine.last(TakePose)
    assert same(asked.joints[0], joints_of(state.target))
    assert asked.target == state.target
    assert not panel.session.undo.canUndo(), "nobody has done anything yet"
    own = panel.board.own
    assert not own.picture.image.isNull()
    assert [c.text() for c in own.captions[:2]] == ["stage 1", "difference"]
    assert not panel.board.truth.image.isNull()
    assert "SSIM 0.750" in own.numbers.text()
    assert "mask-SSIM 0.850" in own.numbers.text()
    assert "nats" in own.numbers.text()


def test_nothing_is_asked_before_it_is_seen(
    page: ExplorePage, session: Session, engine: ToyEngine, toy: PoseToy, settle: Settle
) -> None:
    toy.capabilities = (*toy.capabilities, "decode latent")
    page.restore_state({"panel": "Measures"})
    session.choose_run(RUN)
    settle()
    assert not engine.all(TakePose)
    assert not engine.all(BrowsePoses)
    page.controls.setCurrentIndex(0)
    settle()
    assert engine.all(TakePose)


def test_the_picture_follows_a_wrist_that_is_dragged_and_one_undo_brings_it_back(
    panel: PosePanel, engine: ToyEngine, settle: Settle
) -> None:
    before, was = panel.poser.state.joints, panel.board.own.picture.image.copy()
    asked = len(engine.all(TakePose))
    drag(panel, WRIST, (4, 9), release=False)
    assert len(engine.all(TakePose)) == asked + 1, "one under way, the newest waits"
    engine.pump()
    newest = engine.last(TakePose)
    assert same(newest.joints[0], panel.poser.state.joints)
    assert not same(newest.joints[0], before)
    assert newest.target is None, "nobody's pose any more"
    assert panel.board.own.picture.image != was
    QTest.mouseRelease(panel.canvas, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    settle()
    panel.session.undo.undo()
    assert same(panel.poser.state.joints, before), "one step for the whole drag"
    settle()
    assert panel.board.own.picture.image == was
    panel.session.undo.redo()
    assert not same(panel.poser.state.joints, before)


def test_where_parts_take_long_they_come_when_the_hand_rests(
    panel: PosePanel, engine: ToyEngine, settle: Settle
) -> None:
    panel.poser._took = LIVE + 100
    parts = panel.board.own.parts.parts
    drag(panel, WRIST, (4, 9))
    engine.pump()
    assert engine.last(TakePose).parser == "none"
    assert panel.board.own.parts.parts is parts, "those of a moment ago stay"
    assert panel.verdict.scores.runs
    settle()
    assert engine.last(TakePose).parser == "judge"
    assert panel.board.own.parts.parts is not parts


def test_without_a_true_picture_that_is_said(panel: PosePanel, settle: Settle) -> None:
    panel.take(["/pictures/somebody.png"])
    settle()
    assert panel.board.truth.image.isNull()
    assert "no true picture" in panel.board.truth.message
    assert "SSIM" not in panel.board.own.numbers.text()
    assert panel.source.who.text() == "somebody.png"


def test_parts_are_named_where_the_mouse_rests(panel: PosePanel, qtbot: QtBot) -> None:
    view = panel.board.own.parts
    assert view.parts is not None
    room, image = view.rect(), view.image
    side = min(room.width(), room.height()) // image.width() * image.width()
    at = QPointF(room.center()) + QPointF(0.0, (joints_of(1)[J["neck"], 1] + 4 - SIDE / 2) * side / SIDE)
    assert view.part_at(at) == "torso"
    assert view.part_at(QPointF(-5, 2)) == ""
    assert "torso 96 pixels" in view.accessibleDescription()


def test_scores_have_a_bar_for_each_part_and_say_their_unit(panel: PosePanel) -> None:
    scores = panel.verdict.scores
    assert scores.rows == (TOTAL, *PARTS)
    (run,) = scores.runs
    assert scores.value(run, "head") == pytest.approx(-0.25)
    assert "−0.25 nats per pixel, a probability of 0.78" in scores.words("head")
    assert "not in this pose" in scores.words("left shin")
    assert scores.value(run, TOTAL) == pytest.approx(-0.375)
    assert scores.value(run, "head") > LOWEST
    assert "94 %" in panel.verdict.by.text()
    assert "head: −0.25" in scores.accessibleDescription()


def test_stages_and_parts_can_be_put_away_and_come_back_by_undo(panel: PosePanel, settle: Settle) -> None:
    board = panel.board
    board.stages.click()
    assert board.own.stages[0].isHidden() or not board.own.stages[0].isVisible()
    assert board.own.parts.isVisible()
    board.parts.click()
    assert not board.own.small.isVisible()
    assert not board.wanted.isVisible()
    settle()
    panel.session.undo.undo()
    panel.session.undo.undo()
    assert board.own.stages[0].isVisible()
    assert board.wanted.isVisible()


def test_what_lies_under_the_skeleton_can_be_chosen(panel: PosePanel, settle: Settle) -> None:
    seen = []
    for index in range(panel.source.under.count()):
        panel.source.under.setCurrentIndex(index)
        panel.source.under.activated.emit(index)
        settle()
        seen.append(panel.canvas._picture.copy())
    assert seen[-1].isNull()
    assert seen[0] != seen[2], "the source, and what was made of it"


def test_a_model_without_eyes_of_its_own_has_only_the_judge(
    panel: PosePanel, engine: ToyEngine, settle: Settle
) -> None:
    box = panel.verdict.parser
    box.setCurrentIndex(1)
    box.activated.emit(1)
    settle()
    assert engine.last(TakePose).parser == "own"
    assert "own" in panel.verdict.by.text()
    assert panel.poser.view is not None
    panel.show_run(panel.poser.where, replace(panel.poser.view, capabilities=("take a pose",)))
    settle()
    assert engine.last(TakePose).parser == "judge"
    assert box.currentData() == "judge"


def test_a_judge_is_trained_once_when_there_is_none(
    page: ExplorePage, session: Session, engine: ToyEngine, toy: PoseToy, settle: Settle
) -> None:
    toy.judge = False
    session.choose_run(RUN)
    settle()
    panel = page.open[0]
    assert isinstance(panel, PosePanel)
    assert panel.verdict.train.isVisible()
    assert "no judge" in panel.board.own.parts.message
    assert not panel.verdict.scores.runs
    panel.verdict.train.click()
    assert engine.last(TakePose).train
    assert not panel.verdict.train.isVisible()
    assert "trained" in panel.verdict.by.text()
    settle()
    assert not panel.verdict.train.isVisible()
    assert panel.board.own.parts.parts is not None
    assert panel.verdict.scores.runs


def test_the_way_to_a_judge_stays_while_a_hand_moves(
    page: ExplorePage, session: Session, engine: ToyEngine, toy: PoseToy, settle: Settle
) -> None:
    toy.judge = False
    session.choose_run(RUN)
    settle()
    panel = page.open[0]
    assert isinstance(panel, PosePanel)
    panel.poser._took = LIVE + 100
    drag(panel, WRIST, (3, 3))
    engine.pump()
    assert panel.poser.hurried
    assert panel.verdict.train.isVisible()


def test_a_judge_that_cannot_be_trained_says_why(
    page: ExplorePage, session: Session, engine: ToyEngine, toy: PoseToy, settle: Settle
) -> None:
    toy.judge = False
    session.choose_run(RUN)
    settle()
    panel = page.open[0]
    assert isinstance(panel, PosePanel)
    panel.verdict.train.click()
    ask = engine.waiting(TakePose)[-1]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "no parts in this dataset"))
    assert "no parts in this dataset" in panel.verdict.by.text()


def test_a_failure_stands_in_the_picture(panel: PosePanel, engine: ToyEngine) -> None:
    panel.poser.ask()
    ask = engine.waiting(TakePose)[-1]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "the dataset is gone"))
    assert panel.board.own.picture.message == "the dataset is gone"


def test_a_pose_without_joints_is_no_pose_and_says_what_to_do(panel: PosePanel, settle: Settle) -> None:
    panel.poser.edit("Hide all", panel.poser.state.moved(np.zeros((18, 3), np.float32)))
    settle()
    assert "Add one" in panel.board.own.picture.message
    panel.session.undo.undo()
    settle()
    assert not panel.board.own.picture.message
    assert not panel.board.own.picture.image.isNull()


def test_newer_weights_draw_anew_while_it_trains_but_not_under_a_hand(
    panel: PosePanel, session: Session, engine: ToyEngine, toy: PoseToy, qtbot: QtBot, settle: Settle
) -> None:
    was = panel.board.own.picture.image.copy()
    toy.step = 320
    session.training = RUN
    engine.tell(Progress(RUN, 320, 1000, 1.0, 1.0, None, 0))
    settle()
    assert panel.board.own.picture.image != was
    drag(panel, WRIST, (2, 2))
    engine.pump()
    asked = len(engine.all(TakePose))
    panel.refresh()
    assert len(engine.all(TakePose)) == asked


# --- people


def test_what_was_made_becomes_the_source(panel: PosePanel, engine: ToyEngine, settle: Settle, qtbot: QtBot) -> None:
    made, joints = panel.poser.result, panel.poser.joints
    assert made is not None
    focus(panel.canvas, qtbot)
    QTest.keyClick(panel.canvas, Qt.Key.Key_U)
    settle()
    source = engine.last(TakePose).source
    assert source.picture is not None
    assert (source.picture == made.images[0]).all()
    assert source.joints is not None
    assert same(source.joints, joints)
    assert "made" in panel.source.who.text()
    panel.session.undo.undo()
    assert panel.poser.state.source is not None
    assert panel.poser.state.source.picture is None


def test_a_picture_that_is_dropped_is_posed(panel: PosePanel, engine: ToyEngine, settle: Settle) -> None:
    assert panel.would_take(["/a/b.png"]) == "Pose the person in this picture"
    assert panel.would_take(["/a/b.csv"]) == ""
    assert panel.would_take(["/a/b.png", "/a/c.png"]) == ""
    panel.take(["/a/b.png"])
    settle()
    assert engine.last(TakePose).source.real.paths == (str(Path("/a/b.png")),)


def test_somebody_of_the_dataset_is_posed(panel: PosePanel, engine: ToyEngine, settle: Settle) -> None:
    panel.poser.choose_person(9, 2)
    settle()
    assert engine.last(TakePose).source.real == Real((9,))
    shown = panel.poser.result
    assert shown is not None
    assert (shown.truth[0] == colour_of(2)).all(-1).any()
    assert panel.source.who.text() == "person 2 · example 9"


# --- another run beside


def test_another_run_stands_beside_with_one_switch(panel: PosePanel, engine: ToyEngine, settle: Settle) -> None:
    assert not panel.verdict.beside.isEnabled(), "there is no other yet"
    offer_other(panel)
    assert panel.verdict.beside.isEnabled()
    panel.verdict.beside.click()
    settle()
    ours, theirs = engine.all(TakePose)[-2:]
    assert {ours.where.run, theirs.where.run} == {RUN, OTHER}
    assert same(ours.joints[0], theirs.joints[0])
    board = panel.board
    assert (board.own.title.text(), board.other.title.text()) == ("base", "learned constraint")
    assert board.other.isVisible()
    assert board.other.picture.image != board.own.picture.image
    assert board.other.parts.parts is not None
    ours_scored, theirs_scored = panel.verdict.scores.runs
    assert (ours_scored.name, theirs_scored.name) == ("base", "learned constraint")
    assert theirs_scored.total < ours_scored.total
    assert "Upper bar: base" in panel.verdict.by.text()
    drag(panel, WRIST, (3, 5))
    settle()
    assert {q.where.run for q in engine.all(TakePose)[-2:]} == {RUN, OTHER}
    panel.session.undo.undo()
    panel.session.undo.undo()
    settle()
    assert not board.other.isVisible()
    asked = len(engine.all(TakePose))
    drag(panel, WRIST, (3, 5))
    settle()
    assert {q.where.run for q in engine.all(TakePose)[asked:]} == {RUN}


def test_the_switch_has_a_key(panel: PosePanel, qtbot: QtBot, settle: Settle) -> None:
    offer_other(panel)
    focus(panel.canvas, qtbot)
    QTest.keyClick(panel.canvas, Qt.Key.Key_B)
    settle()
    assert panel.board.other.isVisible()
    QTest.keyClick(panel.canvas, Qt.Key.Key_B)
    assert not panel.board.other.isVisible()


def test_runs_with_the_same_constraint_go_by_their_titles(panel: PosePanel, settle: Settle) -> None:
    offer_other(panel, "none")
    panel.verdict.set_beside(on=True)
    settle()
    assert (panel.board.own.title.text(), panel.board.other.title.text()) == ("this run", "toys 2")


def test_a_run_beside_that_fails_says_why_in_its_place(panel: PosePanel, engine: ToyEngine) -> None:
    offer_other(panel)
    panel.verdict.set_beside(on=True)
    ask = next(a for a in engine.waiting(TakePose) if isinstance(q := a.question, TakePose) and q.where.run == OTHER)
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "it has no weights"))
    assert panel.board.other.picture.message == "it has no weights"


# --- the film


def film(panel: PosePanel, settle: Settle) -> None:
    """Two keyframes."""
    panel.board.tabs.setCurrentWidget(panel.board.keyframes)
    panel.board.keyframes.add_pose()
    drag(panel, WRIST, (4, 8))
    settle()
    panel.board.keyframes.add_pose()
    settle()
    assert len(panel.poser.state.keyframes) == 2


def test_the_film_is_played_live_by_a_key(panel: PosePanel, engine: ToyEngine, qtbot: QtBot, settle: Settle) -> None:
    film(panel, settle)
    focus(panel.canvas, qtbot)
    asked = len(engine.all(TakePose))
    QTest.keyClick(panel.canvas, Qt.Key.Key_P)
    for _ in range(6):
        qtbot.wait(60)
        engine.pump()
    frames = engine.all(TakePose)[asked:]
    assert len(frames) >= 3
    assert not same(frames[0].joints[0], frames[-1].joints[0])
    assert all(f.target is None for f in frames)
    QTest.keyClick(panel.canvas, Qt.Key.Key_P)
    settle()
    assert not panel.board.keyframes.player.playing


# --- out, and back


def test_poses_are_exported_as_they_stand(
    panel: PosePanel, page: ExplorePage, engine: ToyEngine, settle: Settle
) -> None:
    film(panel, settle)
    offer_other(panel)
    panel.verdict.set_beside(on=True)
    settle()
    page.export()
    kinds = [page.sheet.kind.itemText(i) for i in range(page.sheet.kind.count())]
    assert kinds == ["Pose", "Pose, film", "Weights", "Whole run"]
    page.sheet.go.click()
    job = engine.exported().question
    assert isinstance(job, ExportPoses)
    assert job.joints.shape == (1, 18, 3)
    assert same(job.joints[0], panel.poser.state.joints)
    assert (job.shows, job.film, job.format) == ("pose", False, "png")
    assert (job.name, [name for name, _ in job.beside]) == ("base", ["learned constraint"])
    assert job.panel["name"] == "Pose"
    engine.write("/tmp/x.png")
    page.sheet.show_kind("Pose, film")
    page.sheet.go.click()
    job = engine.exported().question
    assert isinstance(job, ExportPoses)
    assert job.film
    assert len(job.joints) >= 25
    assert job.format == "mp4"


def test_a_film_needs_two_keyframes_and_says_so(panel: PosePanel, page: ExplorePage) -> None:
    page.export()
    page.sheet.show_kind("Pose, film")
    assert "two keyframes" in page.sheet.missing.text()
    assert not page.sheet.go.isEnabled()


def test_a_file_brings_person_pose_and_keyframes_back(panel: PosePanel, settle: Settle, toy: PoseToy) -> None:
    panel.poser.choose_person(6, 1)
    film(panel, settle)
    offer = panel.offer()
    assert offer is not None
    assert offer.poses is not None
    kept = json.loads(json.dumps(offer.poses.panel))
    joints = panel.poser.state.joints
    panel.poser.take_made()
    panel.poser.take_pose(joints_of(0), 0)
    settle()
    made = Provenance("pg2", "id", RUN, 300, {}, settings={"panel": kept})
    panel.restore(made)
    settle()
    state = panel.poser.state
    assert state.source is not None
    assert state.source.real == Real((6,))
    assert np.abs(state.joints - joints).max() < 2e-3
    assert len(state.keyframes) == 2
    panel.session.undo.undo()
    assert panel.poser.state.source is not None
    assert panel.poser.state.source.picture is not None
    for broken in ({"name": "Pose"}, {"name": "Pose", "state": {"joints": 3}}, {"name": "Latent"}, 5):
        panel.restore(replace(made, settings={"panel": broken}))
    assert panel.poser.state.source.picture is not None


def test_settings_come_back_with_the_next_session(
    panel: PosePanel, session: Session, page: ExplorePage, settle: Settle
) -> None:
    panel.poser.choose_person(9, 2)
    drag(panel, WRIST, (3, 5))
    panel.board.tabs.setCurrentIndex(1)
    settle()
    kept = json.loads(json.dumps(panel.save_state()))
    other = PosePanel(session, page)
    other.restore_state(kept)
    assert panel.poser.view is not None
    other.show_run(panel.poser.where, panel.poser.view)
    assert other.poser.state.source is not None
    assert other.poser.state.source.real == Real((9,))
    assert np.abs(other.poser.state.joints - panel.poser.state.joints).max() < 2e-3
    assert other.board.tabs.currentIndex() == 1
    for damaged in (
        {},
        {"runs": 3, "board": 5},
        {"runs": {RUN: {"joints": "x"}}, "board": {"across": ["a"], "tab": 99}},
    ):
        PosePanel(session, page).restore_state(damaged)
    for made in page.findChildren(PosePanel):
        if made is not panel:
            made.pictures.deleteLater()
            made.controls.deleteLater()
            made.deleteLater()


def test_a_person_that_the_dataset_has_not_is_not_shown(panel: PosePanel, session: Session, settle: Settle) -> None:
    view, where = panel.poser.view, panel.poser.where
    assert view is not None
    panel.poser.keeper.states[RUN] = panel.poser.state.with_source(Person(Real((39,))))
    panel.show_run(where, replace(view, data=replace(view.data, count=10)))
    settle()
    assert panel.poser.state.source is not None
    assert panel.poser.state.source.real == Real((0,))


# --- for everybody


def test_every_control_has_a_name_and_says_what_it_does(panel: PosePanel) -> None:
    for half in (panel.pictures, panel.controls):
        for control in (*half.findChildren(QAbstractButton), *half.findChildren(QComboBox)):
            if control.objectName().startswith("qt_") or not control.isVisible():
                continue
            named: Any = control.accessibleName() or getattr(control, "text", lambda: "")()
            assert named, control
            assert control.toolTip(), named


def test_it_fits_the_smallest_window(panel: PosePanel, page: ExplorePage, settle: Settle) -> None:
    offer_other(panel)
    panel.verdict.set_beside(on=True)
    settle()
    assert page.width() == 1052
    assert page.height() == 620
