"""The panel Pixel by pixel upon the real engine and a real, very small model: from a picture to files, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pytestqt.qtbot import QtBot

from studio.data import sources, store
from studio.gui.drop import Drops
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.pixels.panel import PixelsPanel
from studio.gui.session import Session
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training import checkpoint


@pytest.fixture
def run(home: Path, tmp_path: Path) -> RunFolder:
    """In the library, with the weights that a training begins with: 60 grey 8×8 squares of noise."""
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (60, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "squares.npz", images=images)
    source = sources.recognise(tmp_path / "squares.npz")
    data = store.prepare(source, store.suggested(source)).spec
    kind = catalog.load("nade")
    values = {f.name: f.default for f in recipes.fields(kind.recipe_type)} | {"hidden": 12, "steps": 3}
    made = RunFolder.create(home / "runs" / "squares-1", "nade", values, data)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = kind(recipes.make(kind.recipe_type, values), data).state_dict()
    checkpoint.save(made, 3, checkpoint.Saved(state, state, {}, {}))
    return made


def test_draw_complete_a_dropped_picture_take_it_away_and_drop_it_back(
    run: RunFolder, real_session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    page = ExplorePage(real_session)
    qtbot.addWidget(page)
    page.resize(1052, 620)
    page.show()
    real_session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: bool(page.open), timeout=60_000)
    panel = page.panel
    assert isinstance(panel, PixelsPanel), "it is what opens for a model that draws in order"
    easel = panel.easel
    qtbot.waitUntil(lambda: easel.result is not None, timeout=20_000)
    assert page.live.text() == "step 3"

    picture = np.zeros((8, 8), np.uint8)
    picture[:, 3:5] = 255
    Image.fromarray(picture).save(tmp_path / "mine.png")
    page.take([str(tmp_path / "mine.png")])
    qtbot.waitUntil(lambda: easel.result is not None and len(easel.result.original) == 1, timeout=20_000)
    found = easel.result
    assert found is not None
    assert np.array_equal(found.original[0, ..., 0], picture)
    assert np.array_equal(found.images[:, :4, :, 0], np.repeat(picture[None, :4], 6, 0))
    there = easel.state

    written = []
    for kind, name, index in (("As shown", "completions.png", 0), ("As shown, film", "film.gif", 1)):
        page.export()
        page.sheet.show_kind(kind)
        page.sheet.form.format_box.setCurrentIndex(index)  # type: ignore[attr-defined]
        page.sheet.to.setText(str(tmp_path / name))
        page.sheet.go.click()
        qtbot.waitUntil(lambda: page.sheet.result.text().startswith("Wrote"), timeout=30_000)
        written.append(Path(page.sheet._written[0]))
        page.export()
    with Image.open(written[0]) as shown:
        assert shown.size == (16 * (7 * 9 + 1), 16 * 10)
    with Image.open(written[1]) as film:
        assert film.n_frames == 33  # type: ignore[attr-defined]

    panel.hands.modes.buttons[2].click()
    qtbot.waitUntil(lambda: easel.surprise is not None, timeout=20_000)
    assert easel.surprise is not None
    assert easel.surprise.totals[0] == pytest.approx(easel.surprise.nats.sum(), rel=1e-4)
    for file in written:
        panel.hands.new_seed()
        Drops(real_session, page).drop([file])
        qtbot.waitUntil(lambda: easel.view is not None and easel.state.seed == there.seed, timeout=20_000)
        assert easel.state.mode == "complete"
        assert easel.state.real == there.real
        assert page.checkpoint == 3
    page.hide()
