"""Controls of single fields: what is typed is what is meant, steps follow the scale."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from studio.gui.train.editors import Editor, NumberBox, ladder, said
from tests.gui.train.conftest import FIELDS


def box(qtbot: QtBot, *, whole: bool, log: bool, low: float | None = None, high: float | None = None) -> NumberBox:
    made = NumberBox(whole=whole, low=low, high=high, log=log, unit="steps")
    qtbot.addWidget(made)
    return made


def typed(qtbot: QtBot, number: NumberBox, text: str) -> list[object]:
    heard: list[object] = []
    number.edited.connect(heard.append)
    number.lineEdit().selectAll()
    qtbot.keyClicks(number.lineEdit(), text)
    return heard


@pytest.mark.parametrize(("text", "value"), [("2e-4", 2e-4), ("50,000", 50_000), ("0.5", 0.5)])
def test_numbers_are_typed_as_people_write_them(qtbot: QtBot, text: str, value: float) -> None:
    number = box(qtbot, whole=False, log=True)
    assert typed(qtbot, number, text)[-1] == value


def test_signs_from_elsewhere_are_understood(qtbot: QtBot) -> None:
    assert box(qtbot, whole=False, log=False)._parse("−1 234,5 steps".replace(",", ".")) == -1234.5


def test_a_whole_number_takes_no_fraction_and_what_is_no_number_is_undone(qtbot: QtBot) -> None:
    number = box(qtbot, whole=True, log=False)
    number.set_value(7)
    assert typed(qtbot, number, "1.5")[-1:] != [1.5]
    number.set_value(7)
    typed(qtbot, number, "ten")
    number.editingFinished.emit()
    assert number.lineEdit().text() == "7 steps"


def test_out_of_range_is_let_in_to_be_told_as_a_problem(qtbot: QtBot) -> None:
    number = box(qtbot, whole=True, log=False, low=1, high=10)
    assert typed(qtbot, number, "99")[-1] == 99


def test_a_logarithmic_value_steps_through_1_2_5_10(qtbot: QtBot) -> None:
    number = box(qtbot, whole=False, log=True, low=1e-6, high=1.0)
    number.set_value(1e-4)
    seen = []
    for _ in range(4):
        number.stepBy(1)
        seen.append(number.value())
    assert seen == pytest.approx([2e-4, 5e-4, 1e-3, 2e-3])
    number.stepBy(-10)
    assert number.value() == pytest.approx(1e-6)
    assert [ladder(3e-4, 1), ladder(3e-4, -1)] == pytest.approx([5e-4, 2e-4])


def test_a_step_stays_in_range(qtbot: QtBot) -> None:
    number = box(qtbot, whole=True, log=False, low=1, high=3)
    number.set_value(2)
    number.stepBy(10)
    assert number.value() == 3


def test_the_wheel_moves_a_number_only_while_it_has_the_focus(qtbot: QtBot) -> None:
    number = box(qtbot, whole=True, log=False, low=0, high=10)
    number.set_value(5)
    number.show()
    number.clearFocus()
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(number, wheel)
    assert number.value() == 5


@pytest.mark.parametrize("name", [f.name for f in FIELDS])
def test_every_type_has_a_control_with_name_and_help_that_shows_and_speaks(qtbot: QtBot, name: str) -> None:
    field = next(f for f in FIELDS if f.name == name)
    editor = Editor(field)
    qtbot.addWidget(editor.widget)
    heard: list[object] = []
    editor.edited.connect(heard.append)
    editor.show_value(field.default)
    assert heard == []  # a value from outside is no edit
    assert editor.widget.accessibleName() == field.label
    assert field.help[1:] in editor.widget.toolTip()
    expected: object
    match editor.widget:
        case NumberBox() as number:
            number.stepBy(1)
            expected = number.value()
        case QCheckBox() as check:
            check.click()
            expected = True
        case QComboBox() as combo:
            combo.setCurrentIndex(1)
            expected = "layer"
        case QLineEdit() as line:
            line.selectAll()
            qtbot.keyClicks(line, "x")
            expected = "x"
    assert heard[-1] == expected
    assert type(heard[-1]) is type(field.default)


@pytest.mark.parametrize(
    ("value", "text"), [(20_000, "20,000"), (64, "64"), (2e-4, "2e-4"), (0.5, "0.5"), (True, "yes"), ("a", "a")]
)
def test_values_are_said_shortly(value: int | float | bool | str, text: str) -> None:
    assert said(value) == text
