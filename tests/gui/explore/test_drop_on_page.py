"""Pictures dropped on a page: its panel takes them, the sidebar reads data, what Gen Studio exported goes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.data import places
from studio.data.dataset import DataSpec
from studio.explore.questions import Real
from studio.export import provenance
from studio.gui.explore.encode.panel import EncodePanel
from studio.gui.session import Session
from studio.gui.window import MainWindow
from studio.runs.folder import RunFolder
from tests.gui.explore.conftest import RUN
from tests.gui.explore.encoded import EncodeToy
from tests.gui.explore.toy import ToyEngine

COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Hand:
    """Drags files over the window and lets go."""

    def __init__(self, window: MainWindow, *paths: Path) -> None:
        self.window = window
        self.mime = QMimeData()
        self.mime.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
        QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 300), COPY, self.mime, LEFT, PLAIN))

    def move(self, at: QPoint) -> tuple[str, str]:
        """What is said there."""
        QApplication.sendEvent(self.window, QDragMoveEvent(at, COPY, self.mime, LEFT, PLAIN))
        return self.window.overlay.headline, self.window.overlay.line

    def drop(self, at: QPoint, keys: Qt.KeyboardModifier = PLAIN) -> None:
        QApplication.sendEvent(self.window, QDropEvent(QPointF(at), COPY, self.mime, LEFT, keys))


@pytest.fixture
def window(session: Session, engine: ToyEngine, qtbot: QtBot) -> MainWindow:
    """With the encode panel of a toy in front."""
    engine.toy = EncodeToy(encoder=True)
    made = MainWindow(session)
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.painted):
        made.show()
    session.choose_run(RUN)
    made.show_page("explore")
    engine.pump()
    page = made.pages["explore"]
    page.controls.setCurrentIndex([p.title for p in page.open].index("Encode"))  # type: ignore[attr-defined]
    engine.pump()
    return made


def panel_of(window: MainWindow) -> EncodePanel:
    panel = window.pages["explore"].panel  # type: ignore[attr-defined]
    assert isinstance(panel, EncodePanel)
    return panel


def on_page(window: MainWindow) -> QPoint:
    return window.stack.mapTo(window, window.stack.rect().center())


def picture(path: Path, made_by: RunFolder | None = None) -> Path:
    origin = provenance.of(made_by, 5, "samples", latents=np.zeros((1, 4), np.float32)) if made_by else None
    provenance.write_png(path, np.zeros((8, 8, 3), np.uint8), origin)
    return path


def test_over_the_page_the_panel_offers_and_over_the_sidebar_the_window_does(
    window: MainWindow, tmp_path: Path
) -> None:
    hand = Hand(window, picture(tmp_path / "cat.png"))
    assert window.overlay.headline == "Restore what made this, or read it as data"
    headline, line = hand.move(on_page(window))
    assert headline == "Encode 1 picture"
    assert "hold Shift" in line
    assert "sidebar" in line
    assert hand.move(QPoint(50, 300))[0] == "Restore what made this, or read it as data"
    window.show_page("train")
    assert hand.move(on_page(window))[0] == "Restore what made this, or read it as data"


def test_plain_pictures_go_to_the_panel(
    window: MainWindow, engine: ToyEngine, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    paths = [picture(tmp_path / f"{name}.png") for name in ("cat", "dog")]
    Hand(window, *paths).drop(on_page(window))
    coder = panel_of(window).coder
    qtbot.waitUntil(lambda: coder.state.real == Real(paths=tuple(map(str, paths))), timeout=10_000)
    engine.pump()
    assert len(coder.result or ()) == 2
    assert not window.overlay.isVisible()
    assert window.sheet is None
    session.undo.undo()
    assert coder.state.real == Real()


def test_a_picture_of_ours_goes_back_to_what_made_it_unless_shift_is_held(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    data = DataSpec("Digits", "images", (1, 8, 8), 100, 10, fingerprint="f" * 32)
    run = RunFolder.create(places.runs() / "a-run", "wgan_gp", {"steps": 10, "seed": 3}, data)
    path = picture(tmp_path / "sample.png", run)
    coder = panel_of(window).coder
    Hand(window, path).drop(on_page(window), SHIFT)
    assert coder.state.real == Real(paths=(str(path),))
    with qtbot.waitSignal(session.provenance_dropped, timeout=10_000) as dropped:
        Hand(window, path).drop(on_page(window))
    assert dropped.args[0].run_id == run.info().id
    assert Path(session.run).resolve() == run.path.resolve()


def test_on_the_sidebar_pictures_are_a_dataset_as_ever(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    paths = [picture(tmp_path / f"{i}.png") for i in range(4)]
    Hand(window, *paths).drop(QPoint(50, 300))
    qtbot.waitUntil(lambda: window.sheet is not None and window.sheet.isVisible(), timeout=20_000)
    assert panel_of(window).coder.state.real == Real()
