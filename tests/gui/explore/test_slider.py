"""The slider: what moves it, what it says, and what it keeps still."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from studio.gui.widgets.slider import Slider
from studio.gui.widgets.track import RADIUS


@pytest.fixture
def slider(qtbot: QtBot) -> Slider:
    made = Slider("z 3", -3, 3, value=0.5, unit="σ", step=0.1, lockable=True)
    qtbot.addWidget(made)
    made.resize(300, 28)
    made.show()
    return made


def _place(slider: Slider, value: float) -> QPoint:
    low, high = slider.range()
    width = slider.track.width() - 2 * RADIUS
    return QPoint(round(RADIUS + (value - low) / (high - low) * width), slider.track.height() // 2)


def test_set_value_is_silent_and_a_hand_is_heard(slider: Slider, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(slider.value_changed):
        slider.set_value(1.0)
    with qtbot.waitSignal(slider.value_changed) as heard:
        QTest.keyClick(slider.track, Qt.Key.Key_Right)
    assert heard.args == [pytest.approx(1.1)]


@pytest.mark.parametrize(
    ("key", "modifier", "expected"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 0.6),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 0.4),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier, 0.51),
        (Qt.Key.Key_PageUp, Qt.KeyboardModifier.NoModifier, 1.5),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, -0.5),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, -3.0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 3.0),
    ],
)
def test_keys_move_by_steps(slider: Slider, key: Qt.Key, modifier: Qt.KeyboardModifier, expected: float) -> None:
    QTest.keyClick(slider.track, key, modifier)
    assert slider.value() == pytest.approx(expected)


def test_a_drag_is_one_gesture_and_says_before_and_after(slider: Slider) -> None:
    seen: list[tuple[int, float]] = []
    ends: list[tuple[float, float]] = []
    slider.value_changed.connect(lambda v: seen.append((slider.gesture, v)))
    slider.edited.connect(lambda a, b: ends.append((a, b)))
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(slider.track, left, pos=_place(slider, 0.5))
    assert not seen, "a press on the handle moves nothing"
    for to in (1.0, 1.5, 2.0):
        QTest.mouseMove(slider.track, _place(slider, to))
    QTest.mouseRelease(slider.track, left, pos=_place(slider, 2.0))
    assert len({gesture for gesture, _ in seen}) == 1
    assert seen[-1][1] == pytest.approx(2.0, abs=0.06)
    assert ends == [(0.5, seen[-1][1])]
    dragged = slider.gesture
    QTest.keyClick(slider.track, Qt.Key.Key_Right)
    assert slider.gesture == dragged + 1


def test_quick_keys_are_one_gesture(slider: Slider) -> None:
    QTest.keyClick(slider.track, Qt.Key.Key_Right)
    first = slider.gesture
    QTest.keyClick(slider.track, Qt.Key.Key_Right)
    assert slider.gesture == first


def test_double_click_and_delete_reset_to_the_default(slider: Slider) -> None:
    slider.set_value(2.0)
    QTest.mouseDClick(slider.track, Qt.MouseButton.LeftButton, pos=_place(slider, -1.0))
    assert slider.value() == 0.5
    slider.set_value(-2.0)
    QTest.keyClick(slider.track, Qt.Key.Key_Delete)
    assert slider.value() == 0.5


@pytest.mark.parametrize(("typed", "expected"), [("-1.25", -1.25), ("1,5 σ", 1.5), ("99", 3.0), ("−2", -2.0)])
def test_a_typed_number_counts(slider: Slider, typed: str, expected: float) -> None:
    slider.number.setFocus()
    slider.number.selectAll()
    slider.number.setText(typed)
    QTest.keyClick(slider.number, Qt.Key.Key_Return)
    assert slider.value() == pytest.approx(expected)
    assert slider.number.text() == f"{expected:.2f} σ"


@pytest.mark.parametrize("typed", ["", "much", "nan", "inf"])
def test_what_is_no_number_changes_nothing(slider: Slider, typed: str) -> None:
    slider.number.setText(typed)
    QTest.keyClick(slider.number, Qt.Key.Key_Return)
    assert slider.value() == 0.5
    assert slider.number.text() == "0.50 σ"


def _wheel(slider: Slider) -> bool:
    at = QPointF(slider.track.rect().center())
    event = QWheelEvent(
        at,
        slider.track.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(slider.track, event)
    return event.isAccepted()


def test_the_wheel_moves_it_only_while_it_has_the_focus(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    lay = QVBoxLayout(box)
    first, second = Slider("a", 0, 1, value=0.5), Slider("b", 0, 1, value=0.5)
    lay.addWidget(first)
    lay.addWidget(second)
    box.show()
    box.activateWindow()
    first.setFocus()
    qtbot.waitUntil(first.track.hasFocus)
    _wheel(second)
    assert second.value() == 0.5
    assert _wheel(first)
    assert first.value() > 0.5


def test_a_locked_slider_takes_no_edit(slider: Slider, qtbot: QtBot) -> None:
    with qtbot.waitSignal(slider.locked_changed) as heard:
        slider.lock.click()
    assert heard.args == [True]
    QTest.keyClick(slider.track, Qt.Key.Key_Right)
    slider.reset()
    assert slider.value() == 0.5
    assert not slider.track.isEnabled()


def test_a_value_beyond_the_range_is_shown_as_it_is(slider: Slider) -> None:
    slider.set_value(4.5)
    assert slider.value() == 4.5
    assert slider.number.text() == "4.50 σ"


def test_the_high_end_can_mean_off(qtbot: QtBot) -> None:
    slider = Slider("truncation", 0.05, 4, value=4, unit="σ", at_high="off")
    qtbot.addWidget(slider)
    assert slider.number.text() == "off"
    slider.set_value(2)
    slider.number.setText("off")
    QTest.keyClick(slider.number, Qt.Key.Key_Return)
    assert slider.value() == 4


def test_screen_readers_get_name_and_value_with_unit(slider: Slider) -> None:
    assert slider.track.accessibleName() == "z 3"
    assert slider.track.accessibleDescription() == "0.50 σ"
    assert slider.lock.accessibleName() == "lock z 3"


def test_a_range_that_is_none_is_refused(slider: Slider) -> None:
    with pytest.raises(ValueError, match="low < high"):
        slider.set_range(1, 1)


def test_a_bent_slider_reaches_from_0_over_decades_and_keys_go_along_the_track(qtbot: QtBot) -> None:
    bent = Slider("λ", 0, 1000, value=0.0, bend=0.1)
    qtbot.addWidget(bent)
    bent.resize(300, 28)
    bent.show()
    assert bent.track.moved(0.0, 0.5) == pytest.approx((0.1 * 1000 / 2) ** 0.5, rel=0.01)
    seen = []
    bent.value_changed.connect(seen.append)
    for _ in range(10):
        QTest.keyClick(bent.track, Qt.Key.Key_PageUp)
    assert seen[-1] == pytest.approx(1000)
    assert all(later > 2.5 * earlier for earlier, later in pairwise(seen))
    QTest.keyClick(bent.track, Qt.Key.Key_Home)
    assert bent.value() == 0
    QTest.keyClick(bent.track, Qt.Key.Key_Right)
    assert 0 < bent.value() < 0.02
    half = QPoint(bent.track.width() // 2, bent.track.height() // 2)
    QTest.mouseClick(bent.track, Qt.MouseButton.LeftButton, pos=half)
    assert bent.value() == pytest.approx(7.07, rel=0.1)
