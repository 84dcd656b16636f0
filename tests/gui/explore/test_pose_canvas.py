"""The skeleton canvas under real mouse and key events."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from studio.data.skeleton import JOINTS, J, Joints, mirrored
from studio.explore.pose import ROOT, inside, known, lengths
from studio.explore.pose_bodies import preset
from studio.gui.explore.pose.canvas import GROWTH, Canvas

WRIST = J["right wrist"]
LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


def person() -> Joints:
    like = np.zeros((18, 3), np.float32)
    like[[ROOT, J["right hip"], J["left hip"]]] = (32, 18, 1), (28, 34, 1), (36, 34, 1)
    return preset("A-pose", like)


class Held:
    """Keeps what the canvas edits, as the panel does, and remembers how."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.edits: list[tuple[str, object]] = []
        self.finished = 0
        canvas.edited.connect(self._edited)
        canvas.finished.connect(self._end)
        canvas.show_pose(person())

    def _edited(self, text: str, joints: Joints, merge: object) -> None:
        self.edits.append((text, merge))
        self.canvas.show_pose(joints)

    def _end(self) -> None:
        self.finished += 1

    @property
    def joints(self) -> Joints:
        return self.canvas.joints


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.set_image_size(64, 64)
    made.resize(600, 600)
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


@pytest.fixture
def held(canvas: Canvas) -> Held:
    return Held(canvas)


def at(canvas: Canvas, joint: int) -> QPoint:
    place = canvas.place_of(joint)
    assert place is not None
    return place.toPoint()


def drag(canvas: Canvas, joint: int, by: QPoint, keys: Qt.KeyboardModifier = NONE, steps: int = 4) -> None:
    start = at(canvas, joint)
    QTest.mousePress(canvas, LEFT, keys, start)
    for step in range(1, steps + 1):
        _move(canvas, start + by * step / steps, keys)
    QTest.mouseRelease(canvas, LEFT, keys, start + by)


def _move(canvas: Canvas, to: QPoint, keys: Qt.KeyboardModifier) -> None:
    """QTest's moves carry no modifiers."""
    place = QPointF(to)
    moved = QMouseEvent(QEvent.Type.MouseMove, place, canvas.mapToGlobal(place), Qt.MouseButton.NoButton, LEFT, keys)
    QApplication.sendEvent(canvas, moved)


def test_a_dragged_wrist_follows_the_pointer_and_its_elbow_bends(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    before = held.joints
    drag(canvas, WRIST, QPoint(16, -24))
    moved = held.joints[WRIST, :2] - before[WRIST, :2]
    assert np.allclose(moved, np.array([16, -24]) / canvas.scale, atol=0.01)
    assert np.nanmax(np.abs(lengths(held.joints) - lengths(before))) < 1e-4
    assert not np.allclose(held.joints[J["right elbow"]], before[J["right elbow"]], atol=0.1)
    assert canvas.chosen == WRIST
    assert held.finished == 1


def test_one_drag_is_one_edit_and_the_next_drag_another(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    drag(canvas, WRIST, QPoint(-8, -24))
    drag(canvas, WRIST, QPoint(8, 8))
    assert {text for text, _ in held.edits} == {"Move the right wrist"}
    merges = [merge for _, merge in held.edits]
    assert len(merges) > 2
    assert len(set(merges)) == 2
    assert None not in merges


def test_a_drag_there_and_back_leaves_no_trace(canvas: Canvas, held: Held) -> None:
    before, start = held.joints, at(canvas, WRIST)
    QTest.mousePress(canvas, LEFT, NONE, start)
    for to in (start + QPoint(90, -60), start + QPoint(-300, 10), start):
        _move(canvas, to, NONE)
    QTest.mouseRelease(canvas, LEFT, NONE, start)
    assert np.allclose(held.joints, before, atol=1e-3)


def test_a_click_chooses_a_joint_and_moves_nothing(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    with qtbot.waitSignal(canvas.chosen_changed) as chosen:
        QTest.mouseClick(canvas, LEFT, NONE, at(canvas, J["left knee"]) + QPoint(2, 1))
    assert chosen.args == [J["left knee"]]
    assert held.edits == []
    assert held.finished == 0
    assert "left knee" in canvas.accessibleDescription()


def test_shift_moves_the_joint_alone(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    before = held.joints
    drag(canvas, J["left elbow"], QPoint(40, -40), SHIFT)
    others = [j for j in range(18) if j != J["left elbow"]]
    assert np.array_equal(held.joints[others], before[others])
    assert np.allclose(
        held.joints[J["left elbow"], :2] - before[J["left elbow"], :2], np.array([40, -40]) / canvas.scale
    )


def test_with_lengths_free_no_shift_is_needed(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    canvas.keep = False
    before = held.joints
    drag(canvas, J["left elbow"], QPoint(40, -40))
    assert np.array_equal(held.joints[J["left wrist"]], before[J["left wrist"]])


def test_ctrl_moves_all_of_it_from_anywhere(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    before = held.joints
    drag(canvas, J["left ankle"], QPoint(-16, 8), CTRL)
    assert np.allclose(held.joints[:, :2] - before[:, :2], np.array([-16, 8]) / canvas.scale, atol=1e-3)
    corner = QPoint(20, 20)
    assert canvas.joint_at(QPointF(corner)) < 0
    QTest.mousePress(canvas, LEFT, CTRL, corner)
    _move(canvas, corner + QPoint(32, 0), CTRL)
    QTest.mouseRelease(canvas, LEFT, CTRL, corner + QPoint(32, 0))
    assert held.edits[-1][0] == "Move the pose"
    assert np.allclose(held.joints[:, 0] - before[:, 0], 16 / canvas.scale, atol=1e-3)


def test_alt_bends_the_other_way(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    start = held.joints
    drag(canvas, WRIST, QPoint(40, 0))
    usual = held.joints
    canvas.show_pose(start)
    drag(canvas, WRIST, QPoint(40, 0), ALT)
    assert np.allclose(held.joints[WRIST], usual[WRIST], atol=1e-3)
    assert not np.allclose(held.joints[J["right elbow"]], usual[J["right elbow"]], atol=0.5)


def test_a_joint_is_not_dragged_out_of_the_picture(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    canvas.keep = False
    drag(canvas, WRIST, QPoint(-2000, 30))
    assert held.joints[WRIST, 0] == 0
    assert inside(held.joints, 64, 64)[WRIST]


def test_escape_lets_go_and_puts_it_back(canvas: Canvas, held: Held) -> None:
    before, start = held.joints, at(canvas, WRIST)
    QTest.mousePress(canvas, LEFT, NONE, start)
    _move(canvas, start + QPoint(30, -30), NONE)
    assert not np.allclose(held.joints, before)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert np.array_equal(held.joints, before)
    _move(canvas, start + QPoint(60, -60), NONE)
    assert np.array_equal(held.joints, before)
    QTest.mouseRelease(canvas, LEFT, NONE, start)
    assert len({merge for _, merge in held.edits}) == 1


@pytest.mark.parametrize(
    ("key", "keys", "by"),
    [
        (Qt.Key.Key_Left, NONE, (-1.0, 0.0)),
        (Qt.Key.Key_Up, SHIFT, (0.0, -5.0)),
        (Qt.Key.Key_Right, ALT, (0.2, 0.0)),
    ],
)
def test_arrows_move_the_chosen_joint(
    canvas: Canvas, held: Held, key: Qt.Key, keys: Qt.KeyboardModifier, by: tuple[float, float]
) -> None:
    canvas.keep = False
    canvas.choose(WRIST)
    before = held.joints
    QTest.keyClick(canvas, key, keys)
    assert np.allclose(held.joints[WRIST, :2] - before[WRIST, :2], by, atol=1e-4)
    others = [j for j in range(18) if j != WRIST]
    assert np.array_equal(held.joints[others], before[others])


def test_ctrl_arrows_move_all_and_keys_in_a_row_are_one_edit(canvas: Canvas, held: Held) -> None:
    before = held.joints
    for _ in range(3):
        QTest.keyClick(canvas, Qt.Key.Key_Down, CTRL)
    assert np.allclose(held.joints[:, 1] - before[:, 1], 3, atol=1e-4)
    assert len({merge for _, merge in held.edits}) == 1
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert len({merge for _, merge in held.edits}) == 2


def test_tab_goes_through_the_known_joints_and_then_on(qtbot: QtBot) -> None:
    whole = QWidget()
    qtbot.addWidget(whole)
    canvas, after = Canvas(), QWidget()
    after.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box = QVBoxLayout(whole)
    box.addWidget(canvas)
    box.addWidget(after)
    joints = person()
    joints[J["neck"]] = 0
    canvas.show_pose(joints)
    whole.show()
    qtbot.waitExposed(whole)
    whole.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    canvas.choose(0)
    seen = [canvas.chosen]
    for _ in range(16):
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
        seen.append(canvas.chosen)
    assert seen == [j for j in range(18) if j != J["neck"]]
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert after.hasFocus()
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Backtab, SHIFT)
    assert canvas.chosen == 16


def test_space_hides_a_joint_and_brings_it_back(canvas: Canvas, held: Held) -> None:
    before = held.joints
    canvas.choose(WRIST)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    assert not held.joints[WRIST].any()
    assert "missing" in canvas.status()
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    assert np.allclose(held.joints, before, atol=1e-4)
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert not known(held.joints)[WRIST]
    assert [text for text, _ in held.edits] == ["Hide the right wrist", "Add the right wrist", "Hide the right wrist"]


def test_letters_mirror_flip_and_bring_in(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    before = held.joints
    QTest.keyClick(canvas, Qt.Key.Key_M)
    assert np.allclose(held.joints, mirrored(before, 64), atol=1e-4)
    QTest.keyClick(canvas, Qt.Key.Key_M)
    assert np.allclose(held.joints, before, atol=1e-4)
    canvas.show_pose(preset("Hands on hips", before))
    canvas.choose(WRIST)
    elbow = held.joints[J["right elbow"]].copy()
    QTest.keyClick(canvas, Qt.Key.Key_F)
    assert not np.allclose(held.joints[J["right elbow"]], elbow, atol=0.5)
    for _ in range(12):
        QTest.keyClick(canvas, Qt.Key.Key_Left, CTRL | SHIFT)
    assert not inside(held.joints, 64, 64).all()
    QTest.keyClick(canvas, Qt.Key.Key_I)
    assert inside(held.joints, 64, 64).all()
    with qtbot.waitSignal(canvas.keep_wanted) as wanted:
        QTest.keyClick(canvas, Qt.Key.Key_L)
    assert wanted.args == [False]


def test_plus_and_minus_scale_about_the_middle(canvas: Canvas, held: Held) -> None:
    before = held.joints
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert np.nanmax(np.abs(lengths(held.joints) / lengths(before) - GROWTH)) < 1e-3
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert np.allclose(held.joints, before, atol=1e-3)


def test_the_wheel_looks_closer_at_what_is_under_it_and_edits_nothing(qtbot: QtBot, canvas: Canvas, held: Held) -> None:
    place = QPointF(at(canvas, WRIST))
    scale, under = canvas.scale, canvas.to_image(place)
    for _ in range(4):
        turned = QWheelEvent(
            place,
            canvas.mapToGlobal(place),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(canvas, turned)
    assert canvas.scale == pytest.approx(scale * 1.2**4)
    assert canvas.to_image(place) == pytest.approx(under, abs=0.2)
    drag(canvas, WRIST, QPoint(0, -20))
    assert len(held.edits) > 0
    QTest.keyClick(canvas, Qt.Key.Key_0, CTRL)
    assert canvas.scale == scale


def test_a_missing_joint_is_added_from_the_menu(canvas: Canvas, held: Held) -> None:
    joints = person()
    joints[J["left ear"]] = 0
    canvas.show_pose(joints)
    menu = canvas.menu(WRIST)
    texts = [a.text().partition("\t")[0] for a in menu.actions()]
    assert texts[0] == "Hide the right wrist"
    adding = next(a.menu() for a in menu.actions() if a.text() == "Add a joint")
    assert isinstance(adding, QMenu)
    assert [a.text() for a in adding.actions()] == ["left ear"]
    adding.actions()[0].trigger()
    assert known(held.joints).all()
    assert canvas.chosen == J["left ear"]
    menu.deleteLater()


def test_the_menu_key_opens_the_menu_of_the_chosen_joint(canvas: Canvas, held: Held) -> None:
    canvas.choose(J["left knee"])
    QApplication.sendEvent(canvas, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint(1, 1)))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.actions()[0].text().startswith("Hide the left knee")
    menu.actions()[0].trigger()
    assert not known(held.joints)[J["left knee"]]
    menu.close()


def test_hovering_names_a_joint(canvas: Canvas, held: Held) -> None:
    QTest.mouseMove(canvas, at(canvas, J["left ankle"]))
    assert JOINTS[canvas.hovered] == "left ankle"
    QTest.mouseMove(canvas, QPoint(5, 5))
    assert canvas.hovered == -1


def test_it_paints_the_picture_the_skeleton_and_words_where_there_is_nothing(canvas: Canvas) -> None:
    canvas.empty_text = "No pose yet"
    empty = canvas.grab().toImage()
    canvas.show_picture(np.full((64, 64, 3), (0, 0, 255), np.uint8))
    canvas.show_pose(person())
    full = canvas.grab().toImage()
    assert empty != full
    place = canvas.place_of(J["left shoulder"])
    assert place is not None
    assert full.pixelColor(place.toPoint()).name() == "#0072b2"
    corner = canvas.picture_rect().topLeft().toPoint() + QPoint(3, 3)
    assert full.pixelColor(corner).blue() > 120
