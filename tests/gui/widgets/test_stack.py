"""Pages one of which is seen."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.gui.widgets.stack import Stack


def test_a_hidden_page_claims_no_room(qtbot: QtBot) -> None:
    stack = Stack()
    qtbot.addWidget(stack)
    assert not stack.minimumSizeHint().isValid()
    for wide in (200, 900):
        page = QWidget()
        page.setMinimumSize(wide, 50)
        stack.addWidget(page)
    assert stack.minimumSizeHint().width() == 200
    stack.setCurrentIndex(1)
    assert stack.minimumSizeHint().width() == 900
