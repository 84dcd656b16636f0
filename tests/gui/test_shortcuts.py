"""Keys of a page, and whom they leave alone."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from studio.gui.shortcuts import bind


def test_typing_in_a_box_with_choices_searches_them_and_does_nothing_else(qtbot: QtBot) -> None:
    page, done = QWidget(), []
    qtbot.addWidget(page)
    box, other = QComboBox(), QPushButton("other")
    box.addItems(["colour", "rotation", "size"])
    layout = QVBoxLayout(page)
    layout.addWidget(box)
    layout.addWidget(other)
    bind(page, "Explore", {"new seed": lambda: done.append("seed")})
    with qtbot.waitExposed(page):
        page.show()
    page.activateWindow()
    other.setFocus()
    qtbot.waitUntil(other.hasFocus)
    qtbot.keyClick(other, Qt.Key.Key_R)
    assert done == ["seed"]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_R)
    assert done == ["seed"]
    assert box.currentText() == "rotation"
