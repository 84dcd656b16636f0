"""What stands beside a run: the real data before there is one, and other runs laid over its curves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from studio.data import builtin, store
from studio.gui.session import Session
from studio.gui.train.compare_with import Other, short_names
from studio.gui.train.page import TrainPage
from studio.gui.train.run_curves import RunCurves, term_of, title_of
from studio.gui.widgets.curves import CurvePanel
from studio.gui.widgets.legend import Entry, Legend
from studio.training.events import Measured, Started
from tests.gui.conftest import FakeEngine
from tests.gui.train.conftest import DATA
from tests.gui.train.test_page import old_run


@pytest.mark.parametrize(("name", "what"), [("digits", "examples"), ("8gaussians", "points")])
def test_a_dataset_without_a_run_shows_its_real_examples(
    name: str, what: str, page: TrainPage, session: Session, qtbot: QtBot
) -> None:
    page.show()
    data = store.prepare(builtin.source(name))
    session.choose_dataset(data.spec)
    qtbot.waitUntil(lambda: len(page.real.grid.images) > 0)
    assert page.real.heading.text() == f"Real {what} of {data.spec.name}"
    assert page.above.currentWidget() is page.real
    assert page.real.sentence.isVisible()
    if data.spec.kind == "images":
        real = {bytes(v) for v in np.asarray(data.values)}
        assert all(bytes(np.ascontiguousarray(i[..., 0])) in real for i in page.real.grid.images)
    session.choose_run(old_run(session))
    assert page.above.currentWidget() is page.sheet
    session.choose_run("")
    assert page.above.currentWidget() is page.real


def test_a_dataset_that_is_gone_says_so_in_place_of_its_examples(ready: TrainPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "cannot be shown" in ready.real.grid.empty_text)


def test_runs_of_the_same_dataset_are_laid_over(
    ready: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    ready.show()
    first = old_run(session)
    session.choose_run(first)
    qtbot.waitUntil(lambda: ready.facts is not None and ready.shown is not None and bool(ready.shown.series))
    ready.recipe_pane.start()
    qtbot.waitUntil(lambda: bool(session.training))
    qtbot.waitUntil(ready.compare.isVisible)
    engine.tell(Started(session.training, 0, 500, {}, "CPU", "float32"))
    engine.tell(Measured(session.training, 1, 0.1, {"loss/critic": 2.0}))
    ready.compare.click()
    menu = ready.compare.menu_of_runs
    qtbot.waitUntil(menu.isVisible)
    assert [a.text() for a in menu.actions()] == ["yesterday"]
    menu.actions()[0].trigger()
    menu.hide()
    panel = ready.deck.panels["loss"]
    qtbot.waitUntil(lambda: len(panel.curves) == 2)
    assert panel.curves[1].label == "critic · yesterday"
    assert len(panel.curves[1].series) == 50
    assert ready.compare.text() == "Compared with 1"
    session.choose_run(first)  # another run begins alone, and can be compared with the one that trains on
    assert not ready.compare.chosen
    ready.compare._take([Other(session.training, "now")])
    engine.tell(Measured(session.training, 2, 0.2, {"loss/critic": 3.0}))
    qtbot.waitUntil(lambda: [len(c.series) for c in panel.curves] == [50, 2])


def test_names_in_a_legend_are_what_tells_runs_apart() -> None:
    assert short_names(["digits-wgan_gp-1", "digits-wgan_gp-12"]) == ["1", "12"]
    assert short_names(["a run", "another"]) == ["a run", "another"]
    assert short_names(["same", "same"]) == ["same", "same"]
    assert short_names(["alone-1"]) == ["alone-1"]


def test_estimators_have_their_terms_and_the_unit_is_that_of_the_measurement() -> None:
    assert term_of("wasserstein/sliced, against training data") == "wasserstein-sliced"
    assert term_of("wasserstein/exact (180 v 180)") == "wasserstein-exact"
    assert term_of("wasserstein/critic estimate, held-out") == "wasserstein-critic"
    assert term_of("wasserstein/floor (exact, real v real)") == "floor"
    assert term_of("gradient norm/critic") == "gradient-norm"
    assert term_of("loss/critic") == "critic"
    assert term_of("speed/images") == ""
    assert title_of("wasserstein")[1] == "W₁, model's scale"


def test_resting_on_a_name_in_the_legend_explains_it_until_the_mouse_goes_on(qtbot: QtBot) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    legend.resize(500, 40)
    legend.set_entries([Entry("sliced", "#000", [], term="wasserstein-sliced"), Entry("other", "#000", [])])
    legend.show()
    assert legend._explain(0)
    assert legend.card is not None
    assert legend.card.isVisible()
    assert not legend._explain(1)
    qtbot.mouseMove(legend, legend._places[1].center())
    qtbot.waitUntil(lambda: legend.card is None)
    qtbot.wait(50)  # Qt has yet to tell who the mouse left and entered


def test_a_dotted_stroke_in_the_legend_has_gaps(qtbot: QtBot) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    legend.resize(300, 24)
    legend.set_entries([Entry("exact", "#ff0000", [2.0, 2.0])])
    image = QImage(300, 24, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    legend.render(image, QPoint())
    middle = legend._places[0].center().y()
    red = [image.pixelColor(x, middle).green() < 128 for x in range(20)]
    assert 6 <= sum(red) <= 14
    assert sum(a != b for a, b in itertools.pairwise(red)) >= 6


def test_another_dataset_is_shown_while_an_old_run_is_and_the_run_comes_back(
    page: TrainPage, session: Session, qtbot: QtBot
) -> None:
    page.show()
    session.choose_run(old_run(session))
    qtbot.waitUntil(lambda: page.facts is not None)
    session.choose_dataset(DATA)  # its own
    assert page.above.currentWidget() is page.sheet
    session.choose_dataset(store.prepare(builtin.source("8gaussians")).spec)
    assert page.above.currentWidget() is page.real
    page.tabs.button(1).click()
    assert page.above.currentWidget() is page.sheet


def test_curves_keep_their_colours_in_whatever_order_they_come(qtbot: QtBot) -> None:
    panels = [CurvePanel("any"), CurvePanel("any")]
    for panel, keys in zip(panels, ("abc", "cab"), strict=True):
        qtbot.addWidget(panel)
        for key in keys:
            panel.set_curve(key, key, [0, 1], [1, 2])
    first, second = ([(e.label, e.colour) for e in panel.legend.entries] for panel in panels)
    assert first == second


def test_a_step_that_is_done_again_replaces_its_numbers() -> None:
    curves = RunCurves("run")
    curves.add(Measured("run", 1, 0.1, {"loss/critic": 1.0, "wasserstein/sliced": 3.0}))
    curves.add(Measured("run", 1, 0.1, {"loss/critic": 2.0}))
    assert curves.series["loss/critic"].y.tolist() == [2.0]
    assert curves.series["wasserstein/sliced"].y.tolist() == [3.0]
