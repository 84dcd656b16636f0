"""Scatter and the bound upon the real engine and a real, very small VAE: from its data to a file, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.data import sources, store
from studio.explore.questions import Real
from studio.gui.drop import Drops
from studio.gui.explore.encode.panel import EncodePanel
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.scatter.panel import ScatterPanel
from studio.gui.session import Session
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training import checkpoint


@pytest.fixture
def run(home: Path, tmp_path: Path) -> RunFolder:
    """In the library: 60 grey 8×8 squares in three classes, and a VAE of two numbers with weights that are anything."""
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (60, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "squares.npz", images=images, labels=np.arange(60) % 3)
    source = sources.recognise(tmp_path / "squares.npz")
    data = store.prepare(source, store.suggested(source)).spec
    kind = catalog.load("vae")
    values = {f.name: f.default for f in recipes.fields(kind.recipe_type)} | {"latent": 2, "width": 8, "batch": 8}
    made = RunFolder.create(home / "runs" / "squares-1", "vae", values, data)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = kind(recipes.make(kind.recipe_type, values), data).state_dict()
    checkpoint.save(made, 3, checkpoint.Saved(state, state, {}, {}))
    return made


def test_look_put_in_save_and_drop_back(
    run: RunFolder, real_session: Session, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ExplorePage(real_session)
    qtbot.addWidget(page)
    page.resize(1052, 620)
    page.show()
    real_session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: bool(page.open), timeout=60_000)
    scatter = next(p for p in page.open if isinstance(p, ScatterPanel))
    page.controls.setCurrentIndex(page.open.index(scatter))
    finder = scatter.finder
    qtbot.waitUntil(lambda: finder.result is not None and len(scatter.plot.points) == 60, timeout=20_000)
    assert finder.result is not None
    assert finder.result.names == ("z 0", "z 1")
    picture = np.random.default_rng(7).integers(0, 256, (8, 8)).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "mine.png")
    page.take([str(tmp_path / "mine.png")])
    qtbot.waitUntil(lambda: len(scatter.plot.landed) == 1, timeout=20_000)
    scatter.plot.take(5)
    qtbot.waitUntil(lambda: finder.seen is not None, timeout=20_000)
    z = finder.latent()
    assert z is not None
    np.testing.assert_allclose(np.hypot(*(finder.in_plane(z[None])[0] - z)), 0, atol=1e-6)

    at, there = tmp_path / "plane.png", finder.state
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(at), "Picture (*.png)"))
    scatter.save.click()
    qtbot.waitUntil(at.exists, timeout=10_000)
    scatter.clear.click()
    page.controls.setCurrentIndex(0)
    Drops(real_session, page).drop([at])
    qtbot.waitUntil(lambda: finder.view is not None and finder.state == there, timeout=20_000)
    assert page.panel is scatter

    encode = next(p for p in page.open if isinstance(p, EncodePanel))
    page.controls.setCurrentIndex(page.open.index(encode))
    held = Real(tuple(int(i) for i in store.open(encode.coder.view.data.fingerprint).held_out[:2]))  # type: ignore[union-attr]
    encode.coder.choose(held)
    encode.views.buttons["sheet"].click()
    posterior = encode.posterior
    qtbot.waitUntil(lambda: posterior.split is not None and posterior.units is not None, timeout=20_000)
    qtbot.waitUntil(lambda: len(encode.views.sheet.images) == 400, timeout=20_000)
    split = posterior.split
    assert split is not None
    np.testing.assert_allclose(split.bound, split.reconstruction - split.kl.sum(axis=1), atol=2)
    assert (split.weighted >= split.bound).all()
    assert "ELBO" in encode.bound.split.text()
    page.hide()
