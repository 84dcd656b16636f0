"""The page upon the real engine, driven into trouble: the banner explains, and its way out works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.data import sources, store
from studio.gui.session import Session, Trouble
from studio.gui.train.page import TrainPage
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training import control

SMALL = {"latent": 6, "width": 4, "batch": 8, "steps": 1_000_000, "critic_steps": 1}


@pytest.fixture
def run(home: Path, tmp_path: Path) -> RunFolder:
    """60 grey 8×8 squares of noise, not yet trained."""
    random = np.random.default_rng(0)
    np.savez(tmp_path / "squares.npz", images=random.integers(0, 255, (60, 8, 8)).astype(np.uint8))
    source = sources.recognise(tmp_path / "squares.npz")
    data = store.prepare(source, store.suggested(source)).spec
    values = {f.name: f.default for f in recipes.fields(catalog.load("wgan_gp").recipe_type)}
    return RunFolder.create(home / "runs" / "squares-1", "wgan_gp", values | SMALL, data)


@pytest.fixture
def troubles(real_session: Session) -> list[Trouble]:
    told: list[Trouble] = []
    real_session.trouble.connect(told.append)
    return told


@pytest.fixture
def page(real_session: Session, run: RunFolder, troubles: list[Trouble], qtbot: QtBot) -> Iterator[TrainPage]:
    """With the run going."""
    made = TrainPage(real_session)
    qtbot.addWidget(made)
    made.resize(1060, 640)
    made.show()
    real_session.choose_run(str(run.path))
    real_session.train(str(run.path))
    qtbot.waitUntil(lambda: made.run_pane._step >= 3, timeout=60_000)
    yield made
    real_session.steer(control.Stop())
    qtbot.waitUntil(lambda: not real_session.training, timeout=60_000)


def test_values_that_are_no_numbers_are_explained_and_left_by_the_banner(
    page: TrainPage, real_session: Session, run: RunFolder, troubles: list[Trouble], qtbot: QtBot
) -> None:
    real_session.steer(control.SaveNow())
    qtbot.waitUntil(lambda: bool(run.checkpoints(resumable=True)), timeout=60_000)
    good = run.checkpoints(resumable=True)[-1]
    real_session.steer(control.SetRate("critic", 1e30))
    qtbot.waitUntil(lambda: bool(troubles), timeout=60_000)
    told = troubles[0]
    assert told.what.endswith("paused: a value is not a number")
    assert "Lower the learning rate of the" in told.why
    assert f"checkpoint of step {run.checkpoints(resumable=True)[-1]:,}" in told.why
    assert "not a number" in page.run_pane.state.text()
    assert run.checkpoints(resumable=True)[-1] >= good
    over: list[str] = []
    real_session.trouble_over.connect(over.append)
    assert told.act is not None
    told.act()
    qtbot.waitUntil(lambda: not real_session.is_paused, timeout=10_000)
    assert over == [str(run.path)]
    was = page.run_pane._step
    qtbot.waitUntil(lambda: page.run_pane._step > was + 5, timeout=60_000)
    assert page.run_pane.rates.now["critic"] == pytest.approx(1e-4)  # it was raised: back to where it began
    assert page.run_pane.rates.now["generator"] == pytest.approx(5e-5)
    assert len(troubles) == 1
    real_session.steer(control.Pause())
    qtbot.waitUntil(lambda: real_session.is_paused, timeout=10_000)
    live = page.live
    assert live is not None
    for series in live.series.values():
        assert np.isfinite(series.y).all()
        assert (np.diff(series.x) > 0).all()
