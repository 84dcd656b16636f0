"""The editor, the keyframes with their player and the pose library, with a made-up engine behind them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from studio.data.skeleton import JOINTS, J, mirrored
from studio.explore.pose import ROOT, known, lengths, same
from studio.explore.pose_bodies import PRESETS, height_of
from studio.explore.questions import BrowsePoses, Describe, TakePose, Where
from studio.gui.explore.pose.editor import Editor
from studio.gui.explore.pose.keyframes import REST, Keyframes
from studio.gui.explore.pose.library import CHOSEN, Library
from studio.gui.explore.pose.poser import Poser
from studio.gui.explore.pose.state import Posing, as_plain, from_plain
from studio.gui.session import Session
from tests.gui.explore.posed import EACH, PEOPLE, SIDE, PoseToy, joints_of
from tests.gui.explore.toy import ToyEngine

RUN = "/runs/toys-pose-1"
WRIST = J["right wrist"]
LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


class Desk(QWidget):
    """The three of them over one poser."""

    def __init__(self, session: Session, engine: ToyEngine, qtbot: QtBot) -> None:
        super().__init__()
        self.engine, self.qtbot, self.undo = engine, qtbot, session.undo
        self.poser = Poser(session, self)
        self.editor = Editor(self.poser)
        self.keyframes = Keyframes(session, self.poser)
        self.library = Library(session, self.poser)
        self.player = self.keyframes.player
        self.player.frame_shown.connect(self.editor.show_frame)
        box = QVBoxLayout(self)
        box.addWidget(self.editor, 3)
        box.addWidget(self.keyframes)
        box.addWidget(self.library, 1)

    @property
    def state(self) -> Posing:
        return self.poser.state

    def settle(self) -> None:
        self.engine.pump()
        self.qtbot.wait(REST + 30)
        self.engine.pump()

    def drag(self, joint: int, by: QPoint) -> None:
        canvas = self.editor.canvas
        start = canvas.place_of(joint)
        assert start is not None
        QTest.mousePress(canvas, LEFT, pos=start.toPoint())
        for step in (1, 2, 3):
            QTest.mouseMove(canvas, start.toPoint() + by * step / 3)
        QTest.mouseRelease(canvas, LEFT, pos=start.toPoint() + by)

    def tile(self, index: int) -> QPoint:
        return self.library.grid.tile_rect(index).center().toPoint()

    def key(self, index: int) -> QPoint:
        return self.keyframes.film.strip.tile(index).center().toPoint()


@pytest.fixture
def engine(qapp: object) -> ToyEngine:
    return ToyEngine(PoseToy())


@pytest.fixture
def desk(session: Session, engine: ToyEngine, qtbot: QtBot) -> Desk:
    made = Desk(session, engine, qtbot)
    qtbot.addWidget(made)
    made.resize(560, 760)
    made.show()
    made.activateWindow()
    made.poser.show_run(Where(RUN), engine.toy.answer(Describe(Where(RUN))))
    made.settle()
    assert made.state.posed
    return made


def actions(button: QToolButton) -> list[QAction]:
    """Of a button's menu, filled as when it opens."""
    menu = button.menu()
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    return menu.actions()


# --- the editor


def test_a_drag_is_one_step_of_undo_and_redo(desk: Desk) -> None:
    before = desk.state.joints
    desk.drag(WRIST, QPoint(20, -30))
    after = desk.state.joints
    assert not same(before, after)
    assert desk.undo.count() == 1
    assert desk.undo.undoText() == "Move the right wrist"
    desk.undo.undo()
    assert same(desk.state.joints, before)
    assert same(desk.editor.canvas.joints, before)
    desk.undo.redo()
    assert same(desk.editor.canvas.joints, after)


def test_every_edit_asks_for_the_newest_pose(desk: Desk, engine: ToyEngine) -> None:
    desk.drag(WRIST, QPoint(20, -30))
    engine.pump()
    assert same(engine.last(TakePose).joints[0], desk.state.joints)


def test_lengths_kept_or_free_is_an_edit_that_the_canvas_heeds(
    desk: Desk,
) -> None:
    editor = desk.editor
    assert editor.keep.isChecked()
    QTest.mouseClick(editor.keep, LEFT)
    assert not desk.state.keep
    assert not editor.canvas.keep
    assert "free" in editor.keep.toolTip()
    before = desk.state.joints
    desk.drag(J["left elbow"], QPoint(15, 10))
    assert np.array_equal(desk.state.joints[J["left wrist"]], before[J["left wrist"]])
    desk.undo.undo()
    desk.undo.undo()
    assert editor.keep.isChecked()
    editor.canvas.setFocus()
    QTest.keyClick(editor.canvas, Qt.Key.Key_L)
    assert not editor.keep.isChecked()


def test_reset_is_grey_until_the_pose_was_edited_and_goes_back_to_the_one_taken(
    desk: Desk,
) -> None:
    assert not desk.editor.reset.isEnabled()
    taken = desk.state.taken
    QTest.mouseClick(desk.editor.larger, LEFT)
    assert height_of(desk.state.joints) > 1.05 * height_of(taken)
    grown = desk.state.joints
    QTest.mouseClick(desk.editor.mirror, LEFT)
    assert same(desk.state.joints, mirrored(grown, SIDE))
    assert desk.editor.reset.isEnabled()
    QTest.mouseClick(desk.editor.reset, LEFT)
    assert same(desk.state.joints, taken)
    assert not desk.editor.reset.isEnabled()


def test_poses_by_name_have_the_lengths_of_the_person(desk: Desk) -> None:
    before = lengths(desk.state.joints)
    found = actions(desk.editor.poses)
    assert [a.text() for a in found] == list(PRESETS)
    next(a for a in found if a.text() == "T-pose").trigger()
    assert desk.undo.undoText() == "Pose: T-pose"
    assert np.nanmax(np.abs(lengths(desk.state.joints) - before)) < 1e-3
    assert desk.state.joints[WRIST, 1] == pytest.approx(desk.state.joints[J["right shoulder"], 1], abs=1e-3)


def test_a_joint_that_was_hidden_is_named_as_missing_and_comes_back_by_its_link(desk: Desk) -> None:
    before = desk.state.joints
    nose = next(a for a in actions(desk.editor.visible) if a.text() == "nose")
    assert nose.isChecked()
    nose.trigger()
    assert not known(desk.state.joints)[J["nose"]]
    assert "nose" in desk.editor.missing.text()
    size = desk.editor.canvas.size()
    assert desk.editor.canvas.joints[J["nose"], 2] == 0
    desk.editor.missing.linkActivated.emit(str(J["nose"]))
    assert same(desk.state.joints, before)
    assert desk.editor.missing.text() == ""
    assert desk.editor.canvas.size() == size, "what is missing takes no room from the canvas"
    assert desk.editor.canvas.chosen == J["nose"]


def test_of_many_missing_joints_as_many_are_named_as_there_is_room_for(desk: Desk) -> None:
    few = desk.state.joints.copy()
    few[4:] = 0
    desk.poser.edit("Few", desk.state.with_pose(few))
    said = desk.editor.missing.text()
    assert said.startswith("Missing: ")
    assert said.endswith("more")
    assert said.count("href") + int(said.rpartition(", ")[2].partition(" ")[0]) == 14
    assert all(JOINTS[j] in desk.editor.missing.toolTip() for j in range(4, 18))


def test_the_chosen_joint_comes_back_with_an_undo_and_the_next_session(desk: Desk) -> None:
    canvas = desk.editor.canvas
    canvas.choose(J["left knee"])
    canvas.nudge(1, 0)
    canvas.choose(J["nose"])
    canvas.nudge(-1, 0)
    assert desk.state.chosen == J["nose"]
    desk.undo.undo()
    assert canvas.chosen == J["left knee"]
    back = from_plain(as_plain(desk.state))
    assert back is not None
    assert back.chosen == J["left knee"]


# --- keyframes


def two_keys(desk: Desk) -> None:
    desk.keyframes.add.click()
    desk.editor.take_preset("Star")
    desk.keyframes.add.click()
    desk.settle()


def test_the_pose_is_added_as_a_keyframe_and_drawn_as_the_model_makes_it(desk: Desk, engine: ToyEngine) -> None:
    assert not desk.player.play.isEnabled()
    two_keys(desk)
    keys = desk.state.keyframes
    assert len(keys) == 2
    assert same(keys[1].joints, desk.state.joints)
    assert desk.state.keyframe == 1
    assert desk.player.play.isEnabled()
    asked = [q for q in engine.all(TakePose) if len(q.joints) == 2]
    assert asked[-1].parser == "none"
    strip = desk.keyframes.film.strip
    assert [i.width() for i in strip.images] == [SIDE, SIDE]
    assert list(strip.captions) == ["1 · 1 s", "2 · 1 s"]
    assert desk.keyframes.about.text() == "2 s"


def test_keyframes_are_drawn_anew_by_newer_weights(desk: Desk, engine: ToyEngine) -> None:
    two_keys(desk)
    before = desk.keyframes.film.strip.images[0]
    engine.toy.step += 7
    desk.poser.ask()
    desk.settle()
    assert desk.keyframes.film.strip.images[0] != before


def test_choosing_a_keyframe_takes_its_pose_and_replacing_it_gives_it_another(
    desk: Desk,
) -> None:
    two_keys(desk)
    strip = desk.keyframes.film.strip
    QTest.mouseClick(strip, LEFT, pos=desk.key(0))
    assert desk.state.keyframe == 0
    assert same(desk.state.joints, desk.state.keyframes[0].joints)
    assert not desk.keyframes.change.isEnabled()
    desk.drag(WRIST, QPoint(10, -20))
    assert not same(desk.state.joints, desk.state.keyframes[0].joints)
    QTest.mouseClick(desk.keyframes.change, LEFT)
    assert same(desk.state.joints, desk.state.keyframes[0].joints)
    desk.undo.undo()
    assert not same(desk.state.joints, desk.state.keyframes[0].joints)


def test_keyframes_are_put_in_order_by_keys_and_by_a_drag(
    desk: Desk,
) -> None:
    two_keys(desk)
    first, second = desk.state.keyframes
    strip = desk.keyframes.film.strip
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Left, CTRL)
    assert list(desk.state.keyframes) == [second, first]
    assert desk.state.keyframe == 0
    QTest.mousePress(strip, LEFT, pos=desk.key(0))
    QTest.mouseRelease(strip, LEFT, pos=desk.key(1))
    assert list(desk.state.keyframes) == [first, second]
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert list(desk.state.keyframes) == [first]
    desk.undo.undo()
    assert list(desk.state.keyframes) == [first, second]


def test_a_keyframe_has_its_own_time(
    desk: Desk,
) -> None:
    two_keys(desk)
    box = desk.keyframes.seconds
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "2.5")
    assert desk.state.keyframes[1].seconds == 2.5
    assert desk.state.duration == 3.5
    QTest.mouseClick(desk.keyframes.loop, LEFT)
    assert desk.state.duration == 1.0
    assert desk.undo.undoText() == "Open the film"


def test_it_plays_through_poses_in_between_and_an_edit_ends_it_where_it_stands(desk: Desk, qtbot: QtBot) -> None:
    two_keys(desk)
    seen: list[object] = []
    desk.player.frame_shown.connect(seen.append)
    QTest.mouseClick(desk.player.play, LEFT)
    qtbot.waitUntil(lambda: len(seen) > 4, timeout=3000)
    ends = [k.joints for k in desk.state.keyframes]
    assert not any(same(desk.editor.canvas.joints, end) for end in ends)
    QTest.mouseClick(desk.player.play, LEFT)
    assert not desk.player.playing
    frame = desk.editor.canvas.joints
    desk.drag(WRIST, QPoint(8, -8))
    moved = np.abs(desk.state.joints - frame).max(axis=1)
    assert moved[J["left ankle"]] == 0, "the edit went on from the frame that was shown"
    assert moved[WRIST] > 0
    assert not desk.player.shown


def test_an_open_film_stops_at_its_end_and_begins_again(desk: Desk, qtbot: QtBot) -> None:
    two_keys(desk)
    desk.keyframes.loop.click()
    desk.player.at = 0.9
    desk.player.toggle()
    qtbot.waitUntil(lambda: not desk.player.playing, timeout=3000)
    assert same(desk.editor.canvas.joints, desk.state.keyframes[1].joints)
    desk.player.toggle()
    assert desk.player.at < 0.5
    desk.player.stop()


def test_scrubbing_shows_a_frame_that_can_be_taken_or_left(
    desk: Desk,
    engine: ToyEngine,
) -> None:
    two_keys(desk)
    pose = desk.state.joints
    desk.player.scrub.track.setFocus()
    QTest.keyClick(desk.player.scrub.track, Qt.Key.Key_Right)
    assert desk.player.at == pytest.approx(0.1)
    frame = desk.editor.canvas.joints
    engine.pump()
    assert same(engine.last(TakePose).joints[0], frame)
    strip = desk.keyframes.film.strip
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Escape)
    assert same(desk.editor.canvas.joints, pose)
    QTest.keyClick(desk.player.scrub.track, Qt.Key.Key_Right)
    shown = desk.editor.canvas.joints
    desk.player.take.click()
    assert same(desk.state.joints, shown)
    assert desk.undo.undoText() == "Take a frame of the film"


def test_what_is_hidden_does_not_play(desk: Desk) -> None:
    two_keys(desk)
    desk.player.toggle()
    desk.keyframes.hide()
    assert not desk.player.playing
    assert same(desk.editor.canvas.joints, desk.state.joints)


# --- the library


def test_a_click_takes_the_pose_of_an_example(
    desk: Desk,
) -> None:
    source = desk.state.source
    QTest.mouseClick(desk.library.grid, LEFT, pos=desk.tile(6))
    assert same(desk.state.joints, joints_of(6))
    assert desk.state.target == 6
    assert desk.state.source is source
    assert desk.library.grid.selected == {6}
    desk.undo.undo()
    assert desk.library.grid.selected != {6}


def test_a_double_click_takes_the_person_and_leaves_the_pose_in_one_step(
    desk: Desk,
) -> None:
    pose, steps = desk.state.joints, desk.undo.count()
    QTest.mouseClick(desk.library.grid, LEFT, pos=desk.tile(9))
    QTest.mouseDClick(desk.library.grid, LEFT, pos=desk.tile(9))
    assert desk.state.source is not None
    assert desk.state.source.real.indices == (9,)
    assert desk.state.person == 9 // EACH
    assert same(desk.state.joints, pose)
    assert desk.undo.count() == steps + 1
    assert desk.undo.undoText() == CHOSEN


def test_the_button_takes_the_marked_person(
    desk: Desk,
) -> None:
    grid = desk.library.grid
    grid.setFocus()
    for _ in range(5):
        QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    desk.library.source.click()
    assert desk.state.source is not None
    assert desk.state.source.real.indices == (5,)
    assert "person 1, who is posed" in grid.tile_name(5)


def test_the_same_person_alone(desk: Desk, engine: ToyEngine) -> None:
    desk.library.same.click()
    engine.pump()
    assert engine.last(BrowsePoses).person == desk.state.person
    page = desk.library.page
    assert page is not None
    assert set(page.people.tolist()) == {desk.state.person}
    assert desk.library.place.text() == f"1–{EACH} of {EACH}"


@pytest.mark.parametrize("fit", ["place", "limbs"])
def test_a_pose_is_taken_at_the_persons_own_place_and_size(desk: Desk, fit: str) -> None:
    found = desk.poser.result
    assert found is not None
    desk.library.fit.setCurrentIndex(desk.library.fit.findData(fit))
    page = desk.library.page
    assert page is not None
    page.joints[6] = joints_of(6) * np.array([0.5, 0.5, 1], np.float32)
    QTest.mouseClick(desk.library.grid, LEFT, pos=desk.tile(6))
    assert np.allclose(desk.state.joints[ROOT], found.source_joints[ROOT], atol=1e-3)
    assert height_of(desk.state.joints) == pytest.approx(height_of(found.source_joints), rel=0.01)
    assert desk.state.target is None


def test_the_librarys_settings_come_back(desk: Desk) -> None:
    library = desk.library
    library.part.setCurrentIndex(1)
    library.fit.setCurrentIndex(2)
    saved = library.save_state()
    library.part.setCurrentIndex(0)
    library.fit.setCurrentIndex(0)
    library.restore_state(saved)
    assert library.save_state() == saved
    library.restore_state({"part": 3, "fit": None, "same": "yes"})
    assert library.save_state() == saved


def test_limbs_are_drawn_over_the_pictures(desk: Desk) -> None:
    grid = desk.library.grid
    there = grid.grab().toImage()
    grid.joints = np.zeros_like(grid.joints)
    assert grid.grab().toImage() != there


# --- all of them


def test_every_control_has_a_name_and_a_tooltip(desk: Desk) -> None:
    for button in desk.findChildren(QToolButton):
        if button.parent() is not None and button.isVisible():
            assert button.accessibleName(), button
            assert button.toolTip(), button
    assert desk.editor.canvas.accessibleName()
    assert JOINTS[desk.editor.canvas.chosen] in desk.editor.canvas.accessibleDescription()


def test_without_a_run_nothing_happens(session: Session, engine: ToyEngine, qtbot: QtBot) -> None:
    desk = Desk(session, engine, qtbot)
    qtbot.addWidget(desk)
    desk.show()
    QApplication.processEvents()
    for part in (desk.editor.poses, desk.editor.reset, desk.keyframes.add, desk.player.play, desk.library.source):
        assert not part.isEnabled()
    desk.editor.take_preset("Star")
    desk.keyframes.remove()
    desk.player.toggle()
    QTest.mouseClick(desk.editor.canvas, LEFT, pos=QPointF(50, 50).toPoint())
    assert session.undo.count() == 0
    assert engine.sent == []


def test_somebody_without_any_joints_can_be_given_a_pose_by_name(desk: Desk) -> None:
    desk.poser.edit("Nothing", desk.state.with_pose(np.zeros((18, 3), np.float32)))
    assert not desk.editor.mirror.isEnabled()
    desk.editor.take_preset("Standing")
    assert known(desk.state.joints).all()
    height, width = PEOPLE.shape[-2:]
    assert (desk.state.joints[:, :2] >= 0).all()
    assert (desk.state.joints[:, :2] <= (width, height)).all()
