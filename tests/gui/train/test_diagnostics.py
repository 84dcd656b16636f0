"""Levels, gauges, histograms and alarms: what a person reads the curves by, live and from disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pytestqt.qtbot import QtBot

from studio.data import pictures
from studio.gui.banner import Banners
from studio.gui.session import Session
from studio.gui.train import sheets
from studio.gui.train.curve_tabs import CurveTabs
from studio.gui.train.gauges import GaugeBar
from studio.gui.train.page import TrainPage
from studio.gui.train.run_curves import GAME, title_of
from studio.gui.train.spreads import KEPT, History, Spreads, joined
from studio.gui.widgets.curves import CurvePanel
from studio.gui.widgets.histogram import Bins, Histogram, quantile
from studio.models.core.showing import Gauge, Level
from studio.runs.folder import Record, RunFolder, RunState
from studio.runs.spreads import SpreadRecord
from studio.training.control import Pause
from studio.training.events import Alarm, Ended, Measured, SheetDrawn, Spread, Started
from tests.gui.conftest import FakeEngine
from tests.gui.train.conftest import DATA, SUGGESTED, card

NORM = "gradient norm/reaching the generator"
CARD = replace(
    card(),
    levels=(Level("discriminator", "balance, ½", 0.5, "balance"), Level("value", "no difference", -1.386)),
    gauges=(Gauge("clip/share", "weights at the clip", good=(0.0, 0.5)),),
)


def spread(run: str, step: int, centre: float = 1.0, count: int = 64) -> Spread:
    edges = centre * 10.0 ** np.linspace(-1, 1, 9)
    return Spread(run, step, 0.1 * step, NORM, edges, np.full(8, count // 8), "log")


@pytest.fixture
def page(session: Session, engine: FakeEngine, qtbot: QtBot) -> Iterator[TrainPage]:
    session.set_models([CARD])
    made = TrainPage(session)
    qtbot.addWidget(made)
    made.resize(1060, 640)
    made.show()
    yield made
    made.close()


@pytest.fixture
def live(page: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot) -> str:
    """A run of the model with levels and gauges, in training and shown."""
    run = session.new_run("toy", SUGGESTED, DATA, "toy")
    session.choose_run(run)
    session.train(run)
    engine.tell(Started(run, 0, 500, {"generator": 1e-4}, "CPU", "float32"))
    qtbot.waitUntil(lambda: page.facts is not None and page._deck is not None)
    return run


def plot(qtbot: QtBot, values: list[float], levels: list[Level], *, log: bool = False) -> CurvePanel:
    panel = CurvePanel("Value", log=log)
    qtbot.addWidget(panel)
    panel.resize(360, 240)
    panel.show()
    panel.set_curve("value/v", "v", np.arange(len(values)), values)
    panel.set_levels(levels)
    panel.draw_now()
    return panel


# --- levels


def test_a_near_level_is_in_view_and_named_with_its_value(qtbot: QtBot) -> None:
    panel = plot(qtbot, [0.6, 0.55, 0.52], [Level("discriminator", "balance, ½", 0.5, "balance")])
    bottom, top = panel.plot.view.viewRange()[1]
    assert bottom < 0.5 < top
    (_, line, name) = panel.levels._drawn[0]
    assert line.isVisible()
    np.testing.assert_allclose(line.yData, 0.5)
    assert name.toPlainText() == "balance, ½  0.500"
    assert "one half" in name.toolTip()


def test_a_far_level_leaves_the_curve_its_height_and_stands_at_the_edge(qtbot: QtBot) -> None:
    values = [0.01, 0.02, 0.015]
    panel = plot(qtbot, values, [Level("divergence", "most possible", 0.693), Level("divergence", "least", -5.0)])
    bottom, top = panel.plot.view.viewRange()[1]
    assert max(values) - min(values) > 0.6 * (top - bottom)
    (_, above, above_name), (_, below, below_name) = panel.levels._drawn
    assert not above.isVisible()
    assert not below.isVisible()
    assert above_name.toPlainText() == "↑ most possible  0.693"
    assert below_name.toPlainText() == "↓ least  −5"


def test_a_levels_name_keeps_out_of_the_way_of_what_is_newest(qtbot: QtBot) -> None:
    panel = plot(qtbot, [0.2, 0.4, 0.52], [Level("oscillation", "random walk", 0.5)])
    (_, _, name) = panel.levels._drawn[0]
    assert name.pos().x() == panel.shown[0]
    panel = plot(qtbot, [0.52, 0.4, 0.2], [Level("oscillation", "random walk", 0.5)])
    (_, _, name) = panel.levels._drawn[0]
    assert name.pos().x() == panel.shown[1]


def test_a_level_has_no_place_below_zero_on_a_logarithmic_axis(qtbot: QtBot) -> None:
    panel = plot(qtbot, [1.0, 2.0, 3.0], [Level("value", "floor", -1.0), Level("value", "one", 1.5)], log=True)
    (_, line, name), (_, other, _) = panel.levels._drawn
    assert not line.isVisible()
    assert not name.isVisible()
    np.testing.assert_allclose(other.yData, np.log10(1.5))


def test_without_curves_there_are_no_levels(qtbot: QtBot) -> None:
    panel = plot(qtbot, [1.0, 2.0], [Level("value", "one", 1.0)])
    panel.clear()
    panel.draw_now()
    assert not any(name.isVisible() for _, _, name in panel.levels._drawn)
    assert panel.levels.shown


def test_levels_of_the_model_stand_in_the_plots_of_their_panels(
    page: TrainPage, live: str, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.tell(Measured(live, 1, 0.1, {"discriminator/D(x)": 0.6, "value/V": -1.2, "loss/generator": 1.0}))
    panels = page.deck.panels
    assert [one.label for one in panels["discriminator"].levels.shown] == ["balance, ½"]
    assert [one.label for one in panels["value"].levels.shown] == ["no difference"]
    assert not panels["loss"].levels.shown


# --- gauges


def test_a_gauge_follows_the_newest_value_and_says_when_it_is_out_of_bounds(
    page: TrainPage, live: str, engine: FakeEngine
) -> None:
    gauges = page.deck.gauges
    assert gauges.isHidden()
    engine.tell(Measured(live, 1, 0.1, {"clip/share": 0.25}))
    (bar,) = gauges.bars
    assert not gauges.isHidden()
    assert (bar.words, bar.is_well) == ("25 %", True)
    engine.tell(Measured(live, 2, 0.2, {"clip/share": 0.75}), Measured(live, 3, 0.3, {"clip/share": 0.8}))
    assert (bar.words, bar.is_well) == ("80 %", False)
    assert "outside of 0 to 0.500" in bar.accessibleDescription()


def test_a_finished_run_has_its_last_values_on_the_gauges(page: TrainPage, session: Session, qtbot: QtBot) -> None:
    run = RunFolder(session.new_run("toy", SUGGESTED, DATA, "done"))
    run.append([Record(s, s * 0.1, {"clip/share": s / 10}) for s in range(1, 4)])
    run.write_state(RunState("finished", 3, 3))
    session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: bool(page.deck.gauges.bars) and page.deck.gauges.bars[0].value == 0.3)


def test_a_gauge_of_another_range_shows_a_plain_number(qtbot: QtBot) -> None:
    bar = GaugeBar(Gauge("information/c1", "information", 0.0, 2.303, (2.0, 2.303)))
    qtbot.addWidget(bar)
    assert bar.words == "–"
    bar.show_value(1.5)
    assert (bar.words, bar.is_well) == ("1.500", False)
    bar.grab()


# --- histograms


def test_quantiles_of_a_histogram_are_those_of_the_numbers() -> None:
    rng = np.random.default_rng(0)
    even = rng.uniform(-3, 5, 100_000)
    counts, edges = np.histogram(even, 40)
    for share in (0.1, 0.5, 0.9):
        assert quantile(Bins(edges, counts), share) == pytest.approx(np.quantile(even, share), abs=0.05)
    norms = 10 ** rng.uniform(-6, 0, 100_000)
    edges = 10.0 ** np.linspace(-6, 0, 49)
    bins = Bins(edges, np.histogram(norms, edges)[0], log=True)
    assert quantile(bins, 0.5) == pytest.approx(np.median(norms), rel=0.05)
    assert np.isnan(quantile(Bins(edges, np.zeros(48, np.int64)), 0.5))


def test_a_histogram_says_itself_in_a_sentence_and_paints_bars_where_the_values_are(qtbot: QtBot) -> None:
    view = Histogram()
    qtbot.addWidget(view)
    view.resize(300, 160)
    edges = 10.0 ** np.linspace(-3, 1, 5)
    view.show_bins(Bins(edges, np.array([0, 0, 6, 2]), log=True, left_out=3), span=(1e-3, 10.0))
    assert view.words.startswith("median 0.464")
    assert view.words.endswith("n = 8, 3 not finite")
    assert view.accessibleDescription() == view.words
    places = [view.bin_at(view._x(v)) for v in (0.002, 0.02, 0.2, 2.0)]
    assert places == [0, 1, 2, 3]
    image = view.grab().toImage()
    ratio = image.width() / view.width()
    high = image.height() - int(60 * ratio)
    empty, full = (image.pixelColor(int(view._x(v) * ratio), high).name() for v in (0.02, 0.2))
    assert empty != full


def test_histograms_are_behind_a_button_of_their_plot_and_follow_the_training(
    page: TrainPage, live: str, engine: FakeEngine
) -> None:
    engine.tell(Measured(live, 1, 0.1, {f"{NORM}, median": 1.0}), spread(live, 1), spread(live, 5, 2.0))
    deck = page.deck
    deck.show_group("gradient norm")
    panel, view = deck.panels["gradient norm"], deck._views["gradient norm"]
    assert not panel.histogram.isHidden()
    assert view.isHidden()
    panel.histogram.click()
    assert view.isVisible()
    assert panel.body.isHidden()
    assert (view.step, view.label.text()) == (5, "step 5")
    view.slider.setValue(0)
    assert view.step == 1
    engine.tell(spread(live, 9))
    assert view.step == 1  # who looks at an older one stays there
    view.slider.setValue(view.slider.maximum())
    engine.tell(spread(live, 12))
    assert view.step == 12
    panel.histogram.click()
    assert panel.body.isVisible()


def test_histograms_of_a_finished_run_come_from_its_folder(page: TrainPage, session: Session, qtbot: QtBot) -> None:
    run = RunFolder(session.new_run("toy", SUGGESTED, DATA, "done"))
    edges = tuple(float(v) for v in 10.0 ** np.linspace(-1, 1, 9))
    run.append_spreads([SpreadRecord(s, 0.1, NORM, edges, (8,) * 8, "log") for s in (1, 4, 9)])
    session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: "gradient norm" in page.deck._views)
    assert page.deck._views["gradient norm"].history.steps == [1, 4, 9]
    session.choose_run("")
    assert page.deck.panels["gradient norm"].histogram.isHidden()


def test_a_resumed_run_forgets_the_histograms_that_did_not_happen(
    page: TrainPage, live: str, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.tell(*(spread(live, s) for s in (1, 5, 9)), Ended(live, 9, "stopped"))
    session.train(live)
    engine.tell(Started(live, 5, 500, {"generator": 1e-4}, "CPU", "float32"), spread(live, 7))
    assert page.spreads.shown.histories[NORM].steps == [1, 5, 7]


def test_disk_and_live_are_joined_at_the_first_live_step() -> None:
    bins = Bins(np.array([1.0, 2.0]), np.array([3]))
    disk, now = Spreads("r"), Spreads("r")
    disk.histories["a/b"], now.histories["a/b"] = History(), History()
    disk.histories["a/b"].extend([1, 2, 3, 4], [bins] * 4)
    now.histories["a/b"].extend([3, 7], [bins] * 2)
    assert joined(disk, now).histories["a/b"].steps == [1, 2, 3, 7]


def test_a_long_training_keeps_histograms_of_all_of_it() -> None:
    history, bins = History(), Bins(np.array([1.0, 2.0]), np.array([3]))
    for step in range(2 * KEPT):
        history.add(step, bins)
    assert len(history.steps) == len(history.bins) <= KEPT
    assert history.steps[-1] == 2 * KEPT - 1
    assert max(np.diff(history.steps)) < 10


# --- tabs


def test_tabs_that_find_no_room_are_in_the_menu_and_the_one_shown_never_is(qtbot: QtBot) -> None:
    tabs = CurveTabs("loss", GAME)
    qtbot.addWidget(tabs)
    for group in GAME[::-1]:
        tabs.add(group, CurvePanel(*title_of(group)))
    assert tabs.groups == list(GAME)
    tabs.resize(1200, 200)
    tabs.show()
    tabs.show_tabs(set(GAME), any_run=True)
    assert all(b.isVisible() for b in tabs.buttons.values())
    assert not tabs.more.isVisible()
    tabs.resize(260, 200)
    hidden = [a.data() for a in tabs.menu.actions()]
    assert hidden
    assert "loss" not in hidden
    assert tabs.more.isVisible()
    next(a for a in tabs.menu.actions() if a.data() == hidden[-1]).trigger()
    assert tabs.group == hidden[-1]
    assert tabs.buttons[hidden[-1]].isVisible()
    shown = [b for b in tabs.buttons.values() if b.isVisible()]
    assert sum(b.width() for b in shown) + tabs.more.width() <= tabs.width()


def test_chosen_tabs_and_histograms_come_back(page: TrainPage, live: str, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.tell(Measured(live, 1, 0.1, {f"{NORM}, median": 1.0, "discriminator/D(x)": 0.5}), spread(live, 1))
    page.deck.show_group("gradient norm")
    page.deck.show_group("discriminator")
    page.deck.panels["gradient norm"].histogram.click()
    state = page.save_state()
    other = TrainPage(page.session)
    qtbot.addWidget(other)
    other.restore_state(state)
    other.show()
    qtbot.waitUntil(lambda: other._deck is not None)
    other.live = page.live
    other.shown = page.live
    other.spreads.shown = page.spreads.shown
    other._draw_curves()
    other._draw_spreads()
    assert [side.group for side in other.deck.sides] == ["discriminator", "gradient norm"]
    qtbot.waitUntil(lambda: other.deck._views["gradient norm"].isVisible())
    assert other.save_state()["curves"] == state["curves"]
    other.close()


# --- alarms


def test_an_alarm_stands_until_it_is_over_whatever_page_is_shown(
    page: TrainPage, live: str, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    banners = Banners(session)
    qtbot.addWidget(banners)
    engine.tell(Alarm(live, 40, "classes", "classes 3, 7 have vanished from the samples"))
    (banner,) = banners.banners
    assert banner.why.text().startswith("Classes 3, 7 have vanished from the samples. They seldom")
    session.choose_run("")
    assert banners.banners == [banner]
    engine.tell(Alarm(live, 60, "classes", "classes 3, 5, 7 have vanished"))
    assert [b.why.text().split(". ")[0] for b in banners.banners] == ["Classes 3, 5, 7 have vanished"]
    engine.tell(Alarm(live, 80, "classes", ""))
    assert not banners.banners


def test_an_alarm_that_was_put_away_comes_back_only_with_other_words(
    page: TrainPage, live: str, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    banners = Banners(session)
    qtbot.addWidget(banners)
    engine.tell(Alarm(live, 40, "classes", "3 has vanished"))
    banners.banners[0].dismiss()
    engine.tell(Alarm(live, 50, "classes", "3 has vanished"))
    assert not banners.banners
    engine.tell(Alarm(live, 60, "classes", "3 and 4 have vanished"))
    assert len(banners.banners) == 1


def test_the_way_out_of_an_alarm_is_to_pause_and_look(
    page: TrainPage, live: str, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    banners = Banners(session)
    qtbot.addWidget(banners)
    engine.tell(Measured(live, 1, 0.1, {"modes/classes covered of 10": 8.0}))
    engine.tell(Alarm(live, 40, "classes", "3 has vanished"))
    session.choose_run("")
    banners.banners[0].action.click()
    assert engine.last(Pause) == Pause()
    assert session.run == live
    assert page.deck.sides[1].group == "modes"


def test_after_the_end_an_alarm_offers_a_look_alone_and_a_new_start_clears_it(
    page: TrainPage, live: str, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    banners = Banners(session)
    qtbot.addWidget(banners)
    engine.tell(Alarm(live, 40, "classes", "3 has vanished"), Ended(live, 50, "finished"))
    assert [b.action.text() for b in banners.banners] == ["Look at it"]
    banners.banners[0].action.click()
    assert not engine.all(Pause)
    engine.tell(Alarm(live, 40, "classes", "3 has vanished"))
    session.train(live)
    engine.tell(Started(live, 50, 500, {}, "CPU", "float32"))
    assert not banners.banners


def test_sheet_columns_are_kept_at_any_size(page: TrainPage, live: str, engine: FakeEngine, qtbot: QtBot) -> None:
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8, 3), dtype=np.uint8)
    engine.tell(SheetDrawn(live, 1, images, columns=5))
    qtbot.waitUntil(lambda: page.sheet.shown_step == 1)
    for size in ((1060, 640), (700, 900), (1400, 500)):
        page.resize(*size)
        assert page.sheet.grid.columns == 5
    engine.tell(SheetDrawn(live, 2, images))
    qtbot.waitUntil(lambda: page.sheet.shown_step == 2)
    assert page.sheet.grid.columns != 5


def test_sheet_columns_come_from_the_file(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8, 3), dtype=np.uint8)
    said = PngInfo()
    said.add_text("columns", "5")
    Image.fromarray(pictures.sheet(images, 5)).save(tmp_path / "s.png", pnginfo=said)
    found = sheets.read(tmp_path / "s.png", DATA)
    assert found.columns == 5
    np.testing.assert_array_equal(found.images, images)
