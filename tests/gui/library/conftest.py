"""A library page upon a made-up engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from studio.gui.library.page import LibraryPage
from studio.gui.session import Session
from tests.gui.library import made


@pytest.fixture
def troubles(session: Session) -> list[Any]:
    """What a banner would have said."""
    told: list[Any] = []
    session.trouble.connect(told.append)
    return told


@pytest.fixture
def page(session: Session, qtbot: QtBot) -> Callable[[], LibraryPage]:
    """Opens the page and waits until the library was read; call it once the runs are made."""

    def open_() -> LibraryPage:
        session.set_models([made.CARD, made.CARD_2])
        opened = LibraryPage(session)
        qtbot.addWidget(opened)
        opened.resize(1048, 640)
        opened.show()
        qtbot.waitUntil(lambda: opened.shelf.scanned)
        return opened

    return open_
