"""A page with a toy model behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from tests.gui.explore.toy import Toy, ToyEngine

RUN = "/runs/toys-wgan_gp-1"


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def engine(qapp: QObject, toy: Toy) -> ToyEngine:
    return ToyEngine(toy)


@pytest.fixture
def page(session: Session, engine: ToyEngine, qtbot: QtBot) -> Iterator[ExplorePage]:
    made = ExplorePage(session)
    qtbot.addWidget(made)
    made.resize(1052, 620)
    made.show()
    yield made
    made.hide()


@pytest.fixture
def panel(page: ExplorePage, session: Session, engine: ToyEngine) -> LatentPanel:
    """The latent panel with a run of the toy shown and everything answered."""
    session.choose_run(RUN)
    engine.pump()
    found = page.open[0]
    assert isinstance(found, LatentPanel)
    return found


@pytest.fixture
def rest(engine: ToyEngine, qtbot: QtBot) -> Callable[[], None]:
    """Wait until the slow questions were asked, and answer everything."""

    def wait() -> None:
        qtbot.wait(200)
        engine.pump()

    return wait
