"""The encode panel of a model with a posterior: the bound by its parts, units, samples, and the sheet of all codes."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSplitter
from pytestqt.qtbot import QtBot

from studio.explore.questions import Decode, Decoded, Describe, FindUnits, Real, SplitBound, Where
from studio.export.provenance import Provenance
from studio.gui.explore.encode.panel import EncodePanel
from studio.gui.explore.encode.posterior import SIDE, nearest_on_sheet, sheet_of_codes
from studio.gui.session import Session
from tests.gui.explore.conftest import RUN
from tests.gui.explore.encoded import EncodeToy
from tests.gui.explore.scattered import InferToy
from tests.gui.explore.toy import ToyEngine

Opened = Callable[[EncodeToy], EncodePanel]


@pytest.fixture
def opened(session: Session, engine: ToyEngine, qtbot: QtBot) -> Opened:
    """The panel alone, seen, with a run of this toy shown and everything answered."""
    hosts = []

    def show(toy: EncodeToy) -> EncodePanel:
        engine.toy = toy
        host = QSplitter()
        qtbot.addWidget(host)
        hosts.append(host)
        panel = EncodePanel(session, host)
        host.addWidget(panel.pictures)
        host.addWidget(panel.controls)
        host.resize(1000, 620)
        panel.show_run(Where(RUN), toy.answer(Describe(Where(RUN))))
        host.show()
        engine.pump()
        return panel

    return show


def test_a_model_without_a_posterior_looks_as_before(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(EncodeToy(encoder=True))
    panel.coder.choose(Real((3,)))
    engine.pump()
    assert not panel.views.bar.isVisible()
    assert not panel.bound.isVisible()
    assert not engine.all(SplitBound)
    assert not engine.all(FindUnits)


def test_the_bound_of_the_example_is_told_by_its_parts_with_their_estimators(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(InferToy())
    bound = panel.bound
    assert bound.active.text() == "11 of 12 units active"
    assert "20 held-out examples: ELBO −120 nats, reconstruction −90, KL 66 (closed form)" in bound.of.text()
    panel.coder.choose(Real((3, 5)))
    engine.pump()
    panel.coder.pick(1)
    kl = 12 * 5 + 66 - 7
    said = bound.split.text().splitlines()
    assert said[0] == f"ELBO −{100 + kl} nats (mean of 8 samples)"
    assert said[1] == "= reconstruction −100 (mean of 8 samples)"
    assert said[2] == f"− KL {kl} (closed form)"
    assert said[3].startswith(f"L₈ −{100 + kl - 0.5} nats, 0.5")
    bound.samples.setCurrentIndex(0)
    bound.samples.activated.emit(0)
    engine.pump()
    assert engine.all(SplitBound)[-1].samples == 1
    assert len(bound.split.text().splitlines()) == 3, "of one sample both bounds are one"


def test_bars_stand_by_size_or_number_and_tell_which_unit_is_not_active(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(InferToy())
    panel.coder.choose(Real((3,)))
    engine.pump()
    bars = panel.bound.bars
    assert bars.shown() == list(range(11, -1, -1))
    assert "not active" in bars.words(2)
    assert bars.words(7).startswith("z 7 · KL 10 nats of this example · 7 nats in the mean")
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_Right)
    assert bars.accessibleDescription().startswith("z 11")
    panel.bound.show_way("number")
    assert bars.shown() == list(range(12))
    panel.bound.show_way("table")
    table = panel.bound.table
    model = table.model()
    cells = [[model.index(line, column).data() for column in range(5)] for line in range(table.rowCount())]
    assert cells[0] == ["z 11", "14", "11", "0.500", "✓"]
    assert [row[0] for row in cells if not row[4]] == ["z 2"]


def test_samples_of_the_posterior_stand_beside_the_mean(opened: Opened, engine: ToyEngine) -> None:
    toy = InferToy()
    panel = opened(toy)
    panel.coder.choose(Real((3, 5)))
    panel.views.buttons["samples"].click()
    engine.pump()
    grid = panel.views.samples
    assert [c[0] for c in grid.captions] == ["example", "mean", *(f"sample {i}" for i in range(1, 9))]
    panel.coder.pick(1)
    mean = toy.latents(Real((5,)))
    np.testing.assert_array_equal(grid.images[1], toy.decode(mean).images[0])
    np.testing.assert_array_equal(grid.images[2], toy.decode(mean - np.float32(0.3)).images[0])
    panel.coder.choose(Real())
    engine.pump()
    assert not len(grid.images)


class PlaneToy(InferToy):
    """Of two numbers; what it draws depends on them alone."""

    def __init__(self) -> None:
        super().__init__(size=2)

    def decode(self, z: np.ndarray[Any, Any], step: int | None = None) -> Decoded:
        return super().decode(np.pad(z, ((0, 0), (0, 10))), step)


def test_codes_of_two_numbers_are_one_sheet_spread_evenly_over_the_prior(opened: Opened, engine: ToyEngine) -> None:
    z = sheet_of_codes(SIDE)
    normal = NormalDist()
    np.testing.assert_allclose([normal.cdf(v) for v in z[:SIDE, 0]], (np.arange(SIDE) + 0.5) / SIDE, atol=1e-6)
    assert z[0, 1] > 0 > z[-1, 1], "up is up"
    assert nearest_on_sheet(z[37] + np.float32(0.01), SIDE) == 37
    toy = PlaneToy()
    panel = opened(toy)
    assert not panel.views.buttons["sheet"].isHidden()
    assert not engine.all(Decode), "nothing is decoded before anybody looks"
    panel.coder.choose(Real((3,)))
    panel.views.buttons["sheet"].click()
    engine.pump()
    sheet = panel.views.sheet
    assert sheet.columns == SIDE
    np.testing.assert_array_equal(sheet.images, toy.decode(z).images)
    assert sheet.selected == {nearest_on_sheet(toy.latents(Real((3,)))[0], SIDE)}
    told: list[np.ndarray[Any, Any]] = []
    panel.latent_wanted.connect(lambda code, what: told.append(code))
    QTest.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=sheet.tile_rect(41).center().toPoint())
    assert panel.views.code.text() == f"z = ({z[41, 0]:.2f}, {z[41, 1]:.2f})".replace("-", "−")
    panel.views.edit.click()
    np.testing.assert_array_equal(told[0], z[41])
    assert not panel.browser.isVisible(), "the sheet has the room"


def test_the_sheet_is_exported_and_the_file_finds_the_way_back(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(PlaneToy())
    panel.coder.choose(Real((3,)))
    panel.views.show_view("sheet")
    engine.pump()
    offer = panel.offer()
    assert offer is not None
    assert offer.sheet is not None
    np.testing.assert_array_equal(offer.sheet.z, sheet_of_codes(SIDE))
    assert offer.sheet.columns == SIDE
    panel.views.show_view("pairs")
    panel.coder.choose(Real())
    panel.restore(Provenance("vae", "id", RUN, 300, {}, settings={"panel": offer.sheet.panel}))
    engine.pump()
    assert panel.views.view == "sheet"
    assert panel.coder.state.real == Real((3,))


def test_a_latent_of_more_numbers_has_no_sheet_and_the_view_comes_back(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(InferToy())
    assert panel.views.buttons["sheet"].isHidden()
    panel.views.show_view("sheet")
    assert panel.views.view == "pairs"
    panel.views.show_view("samples")
    panel.posterior.samples = 64
    panel.bound.show_way("table")
    other = opened(InferToy())
    other.restore_state(panel.save_state())
    view = other.coder.view
    assert view is not None
    other.show_run(Where(RUN), view)
    assert (other.views.view, other.posterior.samples, other.bound.way_shown) == ("samples", 64, "table")
