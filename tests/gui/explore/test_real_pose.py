"""The pose panel upon the real engine and a real, very small run of drawn people: dragged, exported, dropped back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.data import builtin, store
from studio.data.skeleton import J
from studio.gui.drop import Drops
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.pose.panel import PosePanel
from studio.gui.export.sheet import REMEMBERED
from studio.gui.session import Session
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder

SMALL = {"width": 8, "batch": 4, "steps": 2, "first": 1, "average": 0.5}
WRIST = J["right wrist"]


@pytest.fixture
def run(home: Path) -> RunFolder:
    """In the library, not yet trained: 20 drawn people."""
    source = builtin.source("figures")
    source.count = 160  # type: ignore[attr-defined]
    data = store.prepare(source, store.suggested(source)).spec
    recipe = recipes.values_of(recipes.make(catalog.load("pg2").recipe_type, SMALL))
    return RunFolder.create(home / "runs" / "people-1", "pg2", recipe, data)


def test_a_drawn_person_is_posed_exported_and_comes_back(
    run: RunFolder, real_session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    page = ExplorePage(real_session)
    qtbot.addWidget(page)
    page.resize(1052, 620)
    page.show()
    with qtbot.waitSignal(real_session.ended, timeout=120_000):
        real_session.train(str(run.path))
    real_session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: bool(page.open) and isinstance(page.open[0], PosePanel), timeout=60_000)
    panel = page.open[0]
    assert isinstance(panel, PosePanel)
    poser, board = panel.poser, panel.board
    qtbot.waitUntil(lambda: poser.result is not None, timeout=60_000)
    found = poser.result
    assert found is not None
    assert list(found.stages) == ["stage 1", "difference", "stage 2"]
    assert len(found.truth) == 1
    assert len(found.ssim) == 1
    assert panel.verdict.train.isVisible(), "nobody has looked at parts yet"
    box = panel.verdict.parser
    box.setCurrentIndex(box.findData("own"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: board.own.parts.parts is not None or poser.parses is False, timeout=20_000)

    was, truth = board.own.picture.image.copy(), board.truth.image.copy()
    panel.canvas.choose(WRIST)
    QTest.keyClick(panel.canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(panel.canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: board.own.picture.image != was, timeout=20_000)
    qtbot.waitUntil(lambda: board.truth.image != truth, timeout=20_000)
    assert not board.truth.image.isNull(), "of drawn people every pose has its true picture"

    for name in ("Arms up", "Star"):
        board.editor.take_preset(name)
        board.keyframes.add_pose()
    real_session.settings.set(REMEMBERED, str(tmp_path))
    qtbot.waitUntil(lambda: not poser._lane.busy, timeout=20_000)
    page.export()
    for kind, shows in (("Pose", 2), ("Pose, film", 1)):
        page.sheet.show_kind(kind)
        form = page.sheet.form
        form.shows.setCurrentIndex(shows)  # type: ignore[attr-defined]
        page.sheet.go.click()
        qtbot.waitUntil(lambda: page.sheet.result.text().startswith("Wrote"), timeout=60_000)
    film = Path(page.sheet._written[0])
    assert film.suffix == ".mp4"
    joints, keys = poser.state.joints, len(poser.state.keyframes)
    board.editor.take_preset("T-pose")
    poser.edit("no keys", poser.state.with_keyframes(()))
    assert not np.allclose(poser.state.joints, joints, atol=0.1)
    Drops(real_session, page).drop([film])
    qtbot.waitUntil(lambda: len(poser.state.keyframes) == keys, timeout=30_000)
    assert np.allclose(poser.state.joints, joints, atol=2e-3)
    assert page.checkpoint == 2
