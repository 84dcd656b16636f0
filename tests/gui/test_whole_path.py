"""The path a person takes, through the real window and the real engine in its own process, real pictures dropped in.

Drop a folder → train → the plots move → pause → resume → drag a slider → export → close → reopen → resume.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from studio.data import builtin, store
from studio.export import provenance
from studio.gui import app, work
from studio.gui.dataset_sheet import DatasetSheet
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from studio.gui.train.page import TrainPage
from studio.gui.trainer import Trainer
from studio.gui.widgets.slider import Slider
from studio.gui.window import MainWindow
from studio.runs.folder import RunFolder

pytestmark = pytest.mark.timeout(300)


@contextmanager
def opened(qtbot: QtBot) -> Iterator[MainWindow]:
    """The window as :func:`studio.gui.app.main` opens it; closed as a person closes it."""
    trainer = Trainer("process")
    session = Session(trainer)
    troubles: list[Any] = []
    session.trouble.connect(troubles.append)
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    to_front(qtbot, window)
    trainer.start()
    app.begin(session)
    window.fill()
    try:
        yield window
        # an offer to resume what the last window trained is no trouble
        assert not [t for t in troubles if t.action != "Resume"], troubles
    finally:
        window.close()
        trainer.close()
        work.close()
        session.deleteLater()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some of the built-in digits as PNGs in class folders, and one broken file among them."""
    source = builtin.source("digits")
    data = store.prepare(source)
    at = tmp_path / "my digits"
    assert data.labels is not None
    for index in range(240):
        into = at / data.spec.classes[data.labels[index]]
        into.mkdir(parents=True, exist_ok=True)
        Image.fromarray(data.values[index, 0]).save(into / f"{index:03d}.png")
    (at / "0" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return at


def drop(window: MainWindow, path: Path) -> None:
    """Over the middle of the window and let go, as a file manager does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    at = window.rect().center()
    how = Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(at, *how))
    QApplication.sendEvent(window, QDropEvent(QPointF(at), *how))


def to_front(qtbot: QtBot, window: MainWindow) -> None:
    """Without a window manager nobody does it; keys go to the window in front alone."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def key(
    qtbot: QtBot, window: MainWindow, which: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    to_front(qtbot, window)
    qtbot.keyClick(window, which, held)


def press(qtbot: QtBot, inside: QWidget, text: str) -> None:
    """Click the one visible button of this text."""

    def there() -> None:
        assert found(), [b.text() for b in inside.findChildren(QAbstractButton) if b.isVisible()]

    def found() -> list[QAbstractButton]:
        return [b for b in inside.findChildren(QAbstractButton) if b.text() == text and b.isVisible() and b.isEnabled()]

    qtbot.waitUntil(there, timeout=30_000)
    qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)


def until(qtbot: QtBot, holds: Callable[[], object], seconds: float = 60) -> None:
    qtbot.waitUntil(lambda: bool(holds()), timeout=int(seconds * 1000))


def test_a_person_drops_trains_pauses_steers_exports_closes_and_resumes(
    qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    with opened(qtbot) as window:
        session = window.session
        until(qtbot, lambda: session.models)

        drop(window, folder)
        until(qtbot, lambda: window.findChild(DatasetSheet) and window.findChild(DatasetSheet).isVisible())
        press(qtbot, window.findChild(DatasetSheet), "Use this dataset")
        until(qtbot, lambda: session.dataset is not None)
        assert session.dataset is not None
        assert session.dataset.count == 240, "the broken file is left out, nothing else"
        assert len(session.dataset.classes) == 10

        train = window.pages["train"]
        assert isinstance(train, TrainPage)
        until(qtbot, lambda: train.recipe_pane.model.currentData() == "wgan_gp")
        press(qtbot, train, "Train")
        with qtbot.waitSignal(session.sheet_drawn, timeout=60_000):
            pass
        run = session.training
        until(qtbot, lambda: train.live is not None and len(points(train, "loss/critic")) > 5)
        assert np.isfinite(points(train, "loss/critic")).all()

        with qtbot.waitSignal(session.paused, timeout=60_000):
            key(qtbot, window, Qt.Key.Key_Space)
        at = RunFolder(run).state().step
        assert RunFolder(run).checkpoints(resumable=True)[-1] == at
        qtbot.wait(300)
        assert RunFolder(run).state().step == at, "a paused run stands still"
        with qtbot.waitSignal(session.resumed, timeout=60_000):
            key(qtbot, window, Qt.Key.Key_Space)
        before = len(points(train, "loss/critic"))
        until(qtbot, lambda: len(points(train, "loss/critic")) > before)

        key(qtbot, window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        explore = window.pages["explore"]
        assert isinstance(explore, ExplorePage)
        until(qtbot, lambda: explore.open and visible_sliders(explore))
        panel: Any = explore.open[0]
        until(qtbot, lambda: panel.explorer.picture is not None and panel.explorer.samples is not None)
        shown, latents = panel.explorer.picture.images, panel.explorer.state
        slide(qtbot, visible_sliders(explore)[0])
        until(qtbot, lambda: not np.array_equal(panel.explorer.picture.images, shown))
        assert panel.explorer.state != latents
        key(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert panel.explorer.state == latents, "one undo takes the whole drag back"

        out = tmp_path / "taken" / "samples.png"
        out.parent.mkdir()
        key(qtbot, window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        until(qtbot, explore.sheet.isVisible)
        explore.sheet.to.setText(str(out))
        qtbot.mouseClick(explore.sheet.go, Qt.MouseButton.LeftButton)
        until(qtbot, out.is_file)
        made = provenance.read(out)
        assert made is not None
        assert made.run_id == RunFolder(run).info().id
        assert session.training == run, "it trained on all the while"

    closed_at = RunFolder(run).state()
    assert closed_at.status == "stopped"
    assert RunFolder(run).checkpoints(resumable=True)[-1] == closed_at.step > at

    with opened(qtbot) as window:
        session = window.session
        until(qtbot, lambda: session.run == run and session.dataset is not None)
        until(qtbot, lambda: session.models)
        window.show_page("train")
        with qtbot.waitSignal(session.started, timeout=60_000) as started:
            press(qtbot, window.pages["train"], "Resume")
        assert started.args[0].step == closed_at.step
        with qtbot.waitSignal(session.measured, timeout=60_000):
            pass


def points(page: TrainPage, name: str) -> Any:
    """What the page has of one curve of the run in training."""
    assert page.live is not None
    series = page.live.series.get(name)
    return np.zeros(0) if series is None else series.y


def visible_sliders(page: QWidget) -> list[Slider]:
    """Those of the latent, not the truncation."""
    return [s for s in page.findChildren(Slider) if s.isVisible() and "truncation" not in s.accessibleName().lower()]


def slide(qtbot: QtBot, slider: Slider) -> None:
    """Drag with the mouse from the middle to three quarters."""
    track = slider.track
    middle, aim = track.rect().center(), QPoint(math.floor(track.width() * 0.8), track.rect().center().y())
    qtbot.mousePress(track, Qt.MouseButton.LeftButton, pos=middle)
    for share in (0.3, 0.6, 1.0):
        qtbot.mouseMove(track, middle + (aim - middle) * share)
        qtbot.wait(20)
    qtbot.mouseRelease(track, Qt.MouseButton.LeftButton, pos=aim)
