"""The scatter panel as a person uses it: looking, planes and classes, putting in, handing over, coming back."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QSplitter
from pytestqt.qtbot import QtBot

from studio.engine.messages import Cancel
from studio.explore.questions import Describe, Encode, Real, Scatter, Where
from studio.export.provenance import Provenance
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.scatter.panel import ScatterPanel
from studio.gui.explore.scatter.state import MOST, Scattering, as_plain, from_plain, prior_in_plane, suits
from studio.gui.session import Session
from studio.models.core.latents import Part, Prior
from tests.gui.explore.conftest import RUN
from tests.gui.explore.scattered import InferToy, ScatterToy
from tests.gui.explore.toy import ToyEngine

Opened = Callable[[ScatterToy], ScatterPanel]


@pytest.fixture
def opened(session: Session, engine: ToyEngine, qtbot: QtBot) -> Opened:
    """The panel alone, seen, with a run of this toy shown and everything answered."""
    hosts = []

    def show(toy: ScatterToy) -> ScatterPanel:
        engine.toy = toy
        host = QSplitter()
        qtbot.addWidget(host)
        hosts.append(host)
        panel = ScatterPanel(session, host)
        host.addWidget(panel.pictures)
        host.addWidget(panel.controls)
        host.resize(1000, 560)
        panel.show_run(Where(RUN), toy.answer(Describe(Where(RUN))))
        assert not engine.all(Scatter), "nothing is encoded for a panel that nobody sees"
        host.show()
        engine.pump()
        return panel

    return show


def click(panel: ScatterPanel, row: int, qtbot: QtBot) -> None:
    plot = panel.plot
    place = plot.place_of(row).toPoint()
    at = plot.plot.viewport().mapFrom(plot, place)
    QTest.mouseClick(plot.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)


def choose(box: object, value: object) -> None:
    index = box.findData(value)  # type: ignore[attr-defined]
    box.setCurrentIndex(index)  # type: ignore[attr-defined]
    box.activated.emit(index)  # type: ignore[attr-defined]


def test_a_point_that_is_clicked_is_seen_named_and_handed_over(
    page: ExplorePage, session: Session, engine: ToyEngine, qtbot: QtBot
) -> None:
    engine.toy = toy = ScatterToy()
    session.choose_run(RUN)
    engine.pump()
    panel = next(p for p in page.open if isinstance(p, ScatterPanel))
    page.controls.setCurrentIndex(page.open.index(panel))
    engine.pump()
    assert len(panel.plot.points) == 100
    assert "100 examples · 40% and 20% of the latents' variance · step 300" in panel.tools.about.text()
    click(panel, 17, qtbot)
    engine.pump()
    assert panel.finder.index == 17
    assert panel.tools.name.text() == "example 17"
    assert "Class square" in panel.tools.facts.text()
    assert "RMSE" in panel.tools.facts.text()
    assert not panel.tools.original.image.isNull()
    assert not panel.tools.made.image.isNull()
    panel.tools.edit_button.click()
    latent = page.panel
    assert isinstance(latent, LatentPanel)
    np.testing.assert_allclose(latent.explorer.state.z, toy.latents(Real((17,)))[0] + 0.25, rtol=1e-6)
    assert latent.explorer.state.name == "the latent of example 17"


def test_the_mouse_names_a_point_and_keys_reach_it(opened: Opened, engine: ToyEngine, qtbot: QtBot) -> None:
    panel = opened(ScatterToy())
    panel.plot.pointed.emit(8)
    assert panel.plot._note.text() == "example 8 · round"
    panel.plot.pointed.emit(-1)
    assert not panel.plot._note.isVisible()
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    engine.pump()
    first = panel.finder.index
    assert first >= 0
    QTest.keyClick(panel.plot, Qt.Key.Key_Up)
    engine.pump()
    assert panel.finder.index != first
    assert panel.plot.points[panel.plot.current][1] > panel.plot.points[first][1]


def test_classes_are_hidden_alone_and_all_again_with_undo(opened: Opened, engine: ToyEngine, qtbot: QtBot) -> None:
    panel = opened(ScatterToy())
    legend = panel.tools.legend
    assert [(e.label, e.value) for e in legend.entries] == [("round", "50"), ("square", "50")]
    assert len({e.shape for e in legend.entries}) == 2
    legend.setFocus()
    QTest.keyClick(legend, Qt.Key.Key_Return)
    assert (panel.plot.classes >= 0).tolist() == [i % 2 == 1 for i in range(100)]
    assert panel.plot.point_at(panel.plot.place_of(2)) != 2, "what is hidden is not found"
    panel.finder.session.undo.undo()
    assert (panel.plot.classes >= 0).all()
    first = legend._places[0].center()
    QTest.mouseClick(legend, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, first)
    assert panel.finder.state.hidden == {1}
    panel.tools.all.click()
    assert not panel.finder.state.hidden
    assert len(engine.all(Scatter)) == 1, "nothing is encoded anew for that"


def test_the_plane_its_axes_and_the_examples_are_chosen(opened: Opened, engine: ToyEngine) -> None:
    toy = ScatterToy()
    panel = opened(toy)
    tools = panel.tools
    assert not tools.first.isVisible()
    assert not tools.latents.isVisible(), "it infers no posterior"
    choose(tools.way, "latent")
    engine.pump()
    tools.first.activated.emit(3)
    engine.pump()
    z = toy.latents(Real(tuple(range(100)))) + 0.25
    np.testing.assert_allclose(panel.plot.points, z[:, [3, 1]], rtol=1e-5)
    assert panel.plot.plot.getAxis("bottom").labelText == "z 3"
    tools.first.activated.emit(1)
    engine.pump()
    assert (panel.finder.state.first, panel.finder.state.second) == (1, 3), "axes change places"
    choose(tools.part, "held out")
    engine.pump()
    assert len(panel.plot.points) == 20
    panel.finder.session.undo.undo()
    engine.pump()
    assert len(panel.plot.points) == 100


def test_samples_of_posteriors_are_seen_in_place_of_means_where_there_are_any(
    opened: Opened, engine: ToyEngine
) -> None:
    panel = opened(InferToy())
    assert panel.tools.latents.isVisible()
    choose(panel.tools.way, "latent")
    engine.pump()
    before = panel.plot.points.copy()
    choose(panel.tools.latents, True)
    engine.pump()
    assert engine.all(Scatter)[-1].sampled
    np.testing.assert_allclose(panel.plot.points, before + 0.5, rtol=1e-4)
    assert from_plain(as_plain(panel.finder.state)) == panel.finder.state
    panel.finder.session.undo.undo()
    engine.pump()
    np.testing.assert_allclose(panel.plot.points, before)


def test_examples_and_dropped_pictures_land_where_their_latents_are(opened: Opened, engine: ToyEngine) -> None:
    toy = ScatterToy()
    panel = opened(toy)
    assert panel.would_take(["/some/mine.png"]) == "Put into the plane: 1 picture"
    assert panel.would_take(["/some/table.csv"]) == ""
    panel.take(["/some/mine.png"])
    engine.pump()
    z = toy.latents(Real((90,))) + np.float32(0.25)
    np.testing.assert_allclose(panel.plot.landed, panel.finder.in_plane(z), rtol=1e-5)
    np.testing.assert_allclose(panel.plot.landed[0], panel.plot.points[90], rtol=1e-4)
    assert len(panel.plot._thumbs) == 1
    panel.browser.chosen.emit(Real((3, 4)))
    engine.pump()
    assert len(panel.plot.landed) == 2
    choose(panel.tools.way, "latent")
    engine.pump()
    np.testing.assert_allclose(panel.plot.landed, panel.plot.points[[3, 4]], rtol=1e-4)
    panel.clear.click()
    engine.pump()
    assert len(panel.plot.landed) == 0
    assert panel.finder.state.placed(Real(tuple(range(30)))).real == Real(tuple(range(MOST)))


def test_newer_weights_keep_zoom_direction_and_the_example_that_is_looked_at(
    opened: Opened, engine: ToyEngine, qtbot: QtBot
) -> None:
    toy = ScatterToy()
    panel = opened(toy)
    click(panel, 17, qtbot)
    engine.pump()
    panel.plot.see(0.2, 0.1, 0.7)
    seen, before = panel.plot.seen(), panel.plot.points.copy()
    panel.finder._rests_until = time.monotonic() + 60
    panel.refresh()
    assert not engine.waiting(Scatter), "the last answer took long: the engine rests"
    panel.finder._rests_until = 0.0
    toy.flip, toy.step = True, 400
    panel.refresh()
    engine.pump()
    np.testing.assert_allclose(panel.plot.points, before, rtol=1e-5, err_msg="components point as before")
    assert panel.plot.seen() == pytest.approx(seen, abs=1e-6)
    assert panel.plot.current == 17
    assert "step 400" in panel.tools.about.text()


def test_a_long_encoding_tells_how_far_it_is_and_can_be_stopped(engine: ToyEngine, opened: Opened) -> None:
    panel = opened(ScatterToy())
    choose(panel.tools.part, "train")
    (ask,) = engine.waiting(Scatter)
    assert ask.slow
    panel.finder.advanced.emit(30, 80)
    assert panel.tools.busy.isVisible()
    panel.tools.stop_button.click()
    assert [m.stamp for m in engine.sent if isinstance(m, Cancel)] == [ask.stamp]
    engine.pump()
    assert len(panel.plot.points) == 100, "what was found stays, and a late answer is not shown"
    panel.tools.again.click()
    engine.pump()
    assert len(panel.plot.points) == 80


def test_while_nobody_looks_it_encodes_nothing(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(ScatterToy())
    choose(panel.tools.part, "train")
    panel.pictures.hide()
    assert engine.cancelled(), "what was under way is called off"
    asked = len(engine.all(Scatter))
    panel.finder._rests_until = 0.0
    panel.refresh()
    assert len(engine.all(Scatter)) == asked
    panel.pictures.show()
    engine.pump()
    assert len(panel.plot.points) == 80


def test_the_prior_is_drawn_where_it_has_an_outline(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(ScatterToy())
    line, mean = panel.plot._lines[1], panel.finder.result
    assert mean is not None
    x, y = line.getData()
    np.testing.assert_allclose(np.hypot(*(np.stack([x, y], 1) + mean.mean @ mean.axes.T).T), 2, rtol=1e-6)
    panel.tools.prior.click()
    assert not line.isVisible()
    both = Prior((Part("noise", "normal", 2), Part("c", "uniform", 2, "code")))
    state = Scattering(way="latent")
    assert prior_in_plane(state, both) == "normal"
    assert prior_in_plane(replace(state, first=2, second=3), both) == "uniform"
    assert prior_in_plane(replace(state, first=1, second=3), both) == ""
    assert prior_in_plane(Scattering(way="pca"), both) == ""


def test_the_state_survives_and_damage_does_not(opened: Opened, session: Session, engine: ToyEngine) -> None:
    panel = opened(ScatterToy())
    choose(panel.tools.way, "latent")
    panel.finder.edit("hide", panel.finder.state.toggled(1))
    panel.finder.place(Real((3,), ("/a/b.png",), True))
    kept, there = panel.save_state(), panel.finder.state
    panel.finder.keeper.states.clear()
    panel.restore_state(kept)
    view = panel.finder.view
    assert view is not None
    panel.show_run(panel.finder.where, view)
    assert panel.finder.state == there
    assert from_plain(as_plain(there)) == there
    for damage in ({}, {"first": "x"}, {"indices": None}, {"hidden": 3}):
        assert from_plain(damage if not damage else as_plain(there) | damage) is None
    assert not suits(replace(there, first=12), view.prior, 100, 2)
    assert not suits(there, view.prior, 100, 1)


def test_a_table_and_a_picture_are_saved_and_the_export_finds_the_way_back(
    opened: Opened, engine: ToyEngine, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(ScatterToy())
    at = tmp_path / "plane.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(at), "Table (*.csv)"))
    panel.save.click()
    qtbot.waitUntil(at.exists)
    rows = list(csv.reader(at.read_text("utf-8").splitlines()))
    assert rows[0] == ["example", "class", "principal component 1", "… 2"]
    assert rows[18][:2] == ["17", "square"]
    np.testing.assert_array_equal(np.array(rows[18][2:], np.float32), panel.plot.points[17])
    click(panel, 5, qtbot)
    panel.finder.place(Real((3,)))
    choose(panel.tools.way, "latent")
    engine.pump()
    panel.plot.see(0.2, 0.1, 0.7)
    offer = panel.offer()
    assert offer is not None
    assert offer.current.shape == (1, 12)
    assert offer.comparison is not None
    there = panel.finder.state
    made = Provenance("wgan_gp", "id", RUN, 300, {}, settings={"panel": offer.comparison.panel})
    panel.finder.edit("away", Scattering())
    engine.pump()
    panel.restore(made)
    engine.pump()
    assert panel.finder.state == there
    assert panel.plot.seen() == pytest.approx((0.2, 0.1, 0.7), abs=1e-3)


def test_what_fails_is_said(opened: Opened, engine: ToyEngine) -> None:
    toy = ScatterToy()
    panel = opened(toy)
    choose(panel.tools.part, "train")
    (ask,) = engine.waiting(Scatter)
    from studio.engine.messages import Failed

    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "the model has diverged"))
    assert panel.tools.about.text() == "the model has diverged"
    assert not panel.tools.busy.isVisible()
    assert engine.all(Encode) == []
