"""The inversion panel upon the real engine and a real, very small flow: from a dropped picture to a file, and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pytestqt.qtbot import QtBot

from studio.data import sources, store
from studio.explore.questions import Real
from studio.gui.drop import Drops
from studio.gui.explore.invert.panel import InvertPanel
from studio.gui.explore.invert.state import Level, one
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from studio.models.core import catalog
from studio.models.core import recipe as recipes
from studio.runs.folder import RunFolder
from studio.training import checkpoint

SMALL = {"levels": 2, "depth": 2, "width": 8, "batch": 8, "steps": 3, "class_conditional": True}


@pytest.fixture
def run(home: Path, tmp_path: Path) -> RunFolder:
    """In the library: 60 colour 8×8 squares of noise in three classes, and a flow of weights that are anything."""
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (60, 8, 8, 3)).astype(np.uint8)
    np.savez(tmp_path / "squares.npz", images=images, labels=np.arange(60) % 3)
    source = sources.recognise(tmp_path / "squares.npz")
    data = store.prepare(source, store.suggested(source)).spec
    kind = catalog.load("glow")
    values = {f.name: f.default for f in recipes.fields(kind.recipe_type)} | SMALL
    made = RunFolder.create(home / "runs" / "squares-1", "glow", values, data)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = kind(recipes.make(kind.recipe_type, values), data)
        for parameter in model.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
        state = model.state_dict()
    checkpoint.save(made, 3, checkpoint.Saved(state, state, {}, {}))
    return made


def test_drop_invert_edit_export_and_drop_back(
    run: RunFolder, real_session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    page = ExplorePage(real_session)
    qtbot.addWidget(page)
    page.resize(1052, 620)
    page.show()
    real_session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: bool(page.open), timeout=60_000)
    panel = page.panel
    assert isinstance(panel, InvertPanel), "it is what opens for a flow"
    inverter = panel.inverter

    picture = np.random.default_rng(7).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "mine.png")
    assert page.would_take([str(tmp_path / "mine.png")]) == "Invert 1 picture"
    page.take([str(tmp_path / "mine.png")])
    qtbot.waitUntil(lambda: inverter.result is not None, timeout=20_000)
    found = inverter.result
    assert found is not None
    np.testing.assert_array_equal(found.originals[0], picture)
    np.testing.assert_array_equal(found.images[0], picture)
    assert panel.stage.verdict.text() == "✓ Same picture, bit for bit"
    assert float(found.worst[0]) < 0.01
    assert [level.size for level in panel.stage.levels.levels] == ["6×4×4", "24×2×2"]
    assert panel.numbers.values["class"].text() in ("0", "1", "2")

    panel.lower.setCurrentWidget(panel.strip)
    qtbot.waitUntil(lambda: len(panel.strip.grid.images) == 16, timeout=20_000)
    np.testing.assert_array_equal(panel.strip.grid.images[0], picture)
    inverter.edit("noise", inverter.state.with_level("level 1", Level("noise", 1.0, 5)))
    inverter.edit("cooler", replace(inverter.state, temperature=0.8))
    qtbot.waitUntil(lambda: inverter.scored is not None and "bits/dim" in panel.numbers.values["edited"].text())
    qtbot.waitUntil(lambda: panel.stage.edited.image != panel.stage.again.image, timeout=10_000)
    there, z = inverter.state, inverter.edited_latent()

    written = []
    for kind, name in (("Comparison", "both.png"), ("This picture", "edited.png"), ("Grid", "levels.png")):
        page.export()
        page.sheet.show_kind(kind)
        page.sheet.to.setText(str(tmp_path / name))
        page.sheet.go.click()
        qtbot.waitUntil(lambda: page.sheet.result.text().startswith("Wrote"), timeout=30_000)
        written.append(Path(page.sheet._written[0]))
        page.export()
    shown = panel.stage.edited.image
    colours = [shown.pixelColor(x, y) for y in range(8) for x in range(8)]
    np.testing.assert_array_equal(
        np.asarray(Image.open(written[1]).convert("RGB"))[6:66:8, 6:66:8],  # 8 times as large, in a frame
        np.array([(c.red(), c.green(), c.blue()) for c in colours], np.uint8).reshape(8, 8, 3),
    )
    for file in written:
        panel.edits.reset_button.click()
        assert not inverter.differs
        Drops(real_session, page).drop([file])
        qtbot.waitUntil(lambda: inverter.view is not None and inverter.state == there, timeout=20_000)
        assert page.checkpoint == 3
        assert page.panel is panel

    qtbot.waitUntil(lambda: inverter.own() is not None, timeout=10_000)
    panel.edits.edit_button.click()
    latent = page.panel
    assert isinstance(latent, LatentPanel)
    np.testing.assert_array_equal(latent.explorer.state.z, z)
    page.hide()


def test_directions_ways_and_likelihoods_of_a_real_flow(run: RunFolder, real_session: Session, qtbot: QtBot) -> None:
    page = ExplorePage(real_session)
    qtbot.addWidget(page)
    page.resize(1052, 620)
    page.show()
    real_session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: bool(page.open), timeout=60_000)
    panel = page.panel
    assert isinstance(panel, InvertPanel)
    inverter, state = panel.inverter, panel.inverter.state
    held = Real(tuple(int(i) for i in store.open(inverter.data.fingerprint).held_out[:2]))

    inverter.choose(one(held, 0))
    qtbot.waitUntil(lambda: inverter.own() is not None, timeout=20_000)
    panel.tabs.setCurrentIndex(1)
    panel.attributes.source.setCurrentIndex(1)
    panel.attributes.add.click()
    (slider,) = panel.attributes.rows
    qtbot.waitUntil(lambda: slider.said.text().startswith("tells apart"), timeout=20_000)
    slider.slider.number.entered.emit(1.0)
    z, own = inverter.edited_latent(), inverter.own()
    assert z is not None
    assert own is not None
    assert inverter.view is not None
    labels = inverter.view.prior.place("class")
    np.testing.assert_array_equal(z[labels], own[labels])
    assert np.abs(z - own).max() > 0.01
    qtbot.waitUntil(lambda: "bits/dim" in panel.numbers.values["edited"].text(), timeout=20_000)

    panel.tabs.setCurrentIndex(2)
    panel.between.set_buttons["start"].click()
    inverter.choose(one(held, 1))
    panel.between.set_buttons["end"].click()
    qtbot.waitUntil(lambda: panel.between.course.frames is not None, timeout=20_000)
    frames, ends = panel.between.course.frames, panel.between.course.ends
    assert frames is not None
    assert ends is not None
    for at, end in ((0, ends[0]), (-1, ends[1])):
        np.testing.assert_array_equal(frames.images[at], end.originals[0])
    assert np.isfinite(frames.bits).all()

    panel.tabs.setCurrentIndex(3)
    typical = replace(state.typical, count=64, strangers=("noise", "flat", "negative", "shuffled"))
    inverter.edit("all strangers", replace(inverter.state, typical=typical))
    panel.typical.compute.click()
    qtbot.waitUntil(lambda: len(panel.typical.plot.rows) == 6, timeout=60_000)
    assert all(np.isfinite(row.values).all() and len(row.values) for row in panel.typical.plot.rows)
    assert panel.typical.about.text().endswith("step 3")
    qtbot.waitUntil(lambda: "held-out images" in panel.typical.said["this"].text(), timeout=20_000)
    page.hide()
