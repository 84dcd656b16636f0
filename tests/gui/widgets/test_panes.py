"""Splitters that come back as a person left them."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.gui.widgets.panes import Panes


def made(qtbot: QtBot) -> Panes:
    panes = Panes()
    qtbot.addWidget(panes)
    panes.addWidget(QLabel())
    panes.addWidget(QLabel())
    panes.setSizes([700, 300])
    panes.resize(1000, 100)
    return panes


def test_sizes_that_nobody_saw_are_not_remembered(qtbot: QtBot) -> None:
    first, second = made(qtbot), made(qtbot)
    assert first.kept() == []
    second.restore(first.kept())
    second.show()
    assert abs(second.sizes()[0] - 700) < 10


def test_sizes_come_back_even_through_a_day_unseen(qtbot: QtBot) -> None:
    first, unseen, last = made(qtbot), made(qtbot), made(qtbot)
    first.show()
    first.setSizes([400, 600])
    unseen.restore(first.kept())
    last.restore(unseen.kept())
    last.show()
    assert abs(last.sizes()[0] - 400) < 10


def test_sizes_that_make_no_sense_are_passed_over(qtbot: QtBot) -> None:
    panes = made(qtbot)
    for wrong in (None, [1], [0, 0], [-1, 5], ["a", "b"], {"a": 1}):
        panes.restore(wrong)
    assert panes.kept() == []
