"""The page upon the real engine and a real, very small run: what the toy stands for is so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.data import sources, store
from studio.gui.drop import Drops
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.export.sheet import REMEMBERED
from studio.gui.session import Session
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder

SMALL = {"latent": 6, "width": 4, "batch": 8, "steps": 2, "critic_steps": 1}


@pytest.fixture
def run(home: Path, tmp_path: Path) -> RunFolder:
    """In the library, not yet trained: 60 grey 8×8 squares of noise."""
    random = np.random.default_rng(0)
    np.savez(tmp_path / "squares.npz", images=random.integers(0, 255, (60, 8, 8)).astype(np.uint8))
    source = sources.recognise(tmp_path / "squares.npz")
    data = store.prepare(source, store.suggested(source)).spec
    values = {f.name: f.default for f in recipes.fields(catalog.load("wgan_gp").recipe_type)}
    known = {k: v for k, v in SMALL.items() if k in values}
    return RunFolder.create(home / "runs" / "squares-1", "wgan_gp", values | known, data)


def test_explore_steer_export_and_drop_back(
    run: RunFolder, real_session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    page = ExplorePage(real_session)
    qtbot.addWidget(page)
    page.resize(1052, 620)
    page.show()
    real_session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: page.notice.words.text() == "This run has no weights yet", timeout=60_000)

    real_session.train(str(run.path))
    qtbot.waitUntil(lambda: bool(page.open) and page.open[0].explorer.samples is not None, timeout=60_000)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: not real_session.training, timeout=60_000)
    panel = page.open[0]
    assert isinstance(panel, LatentPanel)
    explorer = panel.explorer
    qtbot.waitUntil(lambda: page.live.text() == "step 2", timeout=20_000)
    qtbot.waitUntil(lambda: panel.around.near is not None and explorer.directions is not None, timeout=20_000)
    assert len(panel.around.film) == 6
    assert panel.stage.grid.images.shape == (64, 8, 8, 3)

    before = panel.stage.picture.image.copy()
    QTest.keyClick(panel.steer.sliders["dim:0"].track, Qt.Key.Key_Home)
    QTest.keyClick(panel.steer.sliders["dir:0"].track, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: panel.stage.picture.image != before, timeout=10_000)

    real_session.settings.set(REMEMBERED, str(tmp_path))
    page.show_checkpoint(2)
    qtbot.waitUntil(lambda: explorer.picture is not None and not explorer._current.busy, timeout=10_000)
    steered, picture = explorer.state.z, panel.stage.picture.image.copy()
    page.export()
    page.sheet.show_kind("This picture")
    page.sheet.go.click()
    qtbot.waitUntil(lambda: page.sheet.result.text().startswith("Wrote"), timeout=20_000)
    written = Path(page.sheet._written[0])

    real_session.undo.undo()
    real_session.undo.undo()
    assert not explorer.state.edited
    page.show_checkpoint(None)
    Drops(real_session, page).drop([written])
    qtbot.waitUntil(lambda: np.array_equal(explorer.state.z, steered), timeout=20_000)
    assert page.checkpoint == 2
    qtbot.waitUntil(lambda: panel.stage.picture.image == picture, timeout=10_000)
    page.hide()
