"""The codes panel upon the real engine and a real, very small run: from the codes to a file, and back from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.data import sources, store
from studio.gui.drop import Drops
from studio.gui.explore.codes.panel import CodesPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training import checkpoint

SMALL = {"latent": 5, "width": 4, "batch": 8, "dense": 12, "head": 8, "codes": "4, u, u", "steps": 3}


@pytest.fixture
def run(home: Path, tmp_path: Path) -> RunFolder:
    """In the library, with the weights that a training begins with: 60 grey 8×8 squares of noise in four classes."""
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (60, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "squares.npz", images=images, labels=np.arange(60) % 4)
    source = sources.recognise(tmp_path / "squares.npz")
    data = store.prepare(source, store.suggested(source)).spec
    kind = catalog.load("infogan")
    values = {f.name: f.default for f in recipes.fields(kind.recipe_type)} | SMALL
    made = RunFolder.create(home / "runs" / "squares-1", "infogan", values, data)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = kind(recipes.make(kind.recipe_type, values), data).state_dict()
    checkpoint.save(made, 3, checkpoint.Saved(state, state, {}, {}))
    return made


def test_turn_read_tabulate_export_and_drop_back(
    run: RunFolder, real_session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    page = ExplorePage(real_session)
    qtbot.addWidget(page)
    page.resize(1052, 620)
    page.show()
    real_session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: bool(page.open) and isinstance(page.open[0], CodesPanel), timeout=60_000)
    panel = page.open[0]
    assert isinstance(panel, CodesPanel)
    grid = panel.traverse.grid
    qtbot.waitUntil(lambda: len(grid.images) == 36 and panel.desk.picture is not None, timeout=20_000)
    assert grid.images.shape[1:] == (8, 8, 3)
    assert page.live.text() == "step 3"

    before = panel.traverse.picture.image.copy()
    panel.turn.dials["c1"].buttons[2].click()  # type: ignore[union-attr]
    QTest.keyClick(panel.turn.dials["c3"].track, Qt.Key.Key_End)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not panel.desk.busy and panel.traverse.picture.image != before, timeout=10_000)
    there = panel.desk.state

    panel.tabs.setCurrentWidget(panel.real)
    qtbot.waitUntil(lambda: panel.real.found is not None, timeout=10_000)
    panel.tabs.setCurrentWidget(panel.table)
    qtbot.waitUntil(lambda: panel.table.found is not None, timeout=10_000)
    assert panel.table.accuracy.text().startswith("Unsupervised accuracy 0.")

    written = []
    for kind, name in (("Grid", "grid.png"), ("Animation", "film.gif")):
        page.export()
        page.sheet.show_kind(kind)
        if kind == "Animation":
            page.sheet.form.format_box.setCurrentIndex(1)  # type: ignore[attr-defined]
        page.sheet.to.setText(str(tmp_path / name))
        page.sheet.go.click()
        qtbot.waitUntil(lambda: page.sheet.result.text().startswith("Wrote"), timeout=30_000)
        written.append(Path(page.sheet._written[0]))
        page.export()
    for file in written:
        panel.turn.reset()
        panel.traverse.new.click()
        assert not np.array_equal(panel.desk.state.z, there.z)
        Drops(real_session, page).drop([file])
        qtbot.waitUntil(lambda: np.array_equal(panel.desk.state.z, there.z), timeout=20_000)
        assert page.checkpoint == 3
        assert panel.tabs.currentWidget() is panel.turn
    page.hide()
