"""The curve panel: shows every number, reads any step, saves what it has."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.gui import theme
from studio.gui.widgets import curve_export
from studio.gui.widgets.curve_canvas import LIVE_MS
from studio.gui.widgets.curves import CurvePanel
from studio.gui.widgets.plot import plain

MILLION = 1_000_000


@pytest.fixture
def panel(qtbot: QtBot) -> CurvePanel:
    made = CurvePanel("Losses", "nats")
    qtbot.addWidget(made)
    made.resize(480, 320)
    made.show()
    return made


def test_says_that_nothing_is_there_until_something_is(panel: CurvePanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: panel.empty.isVisible())
    panel.append("loss/critic", 1, 2.0)
    qtbot.waitUntil(lambda: not panel.empty.isVisible())
    assert [c.label for c in panel.curves] == ["critic"]


def test_live_points_are_drawn_together_and_not_one_by_one(panel: CurvePanel, qtbot: QtBot) -> None:
    panel.append("loss/critic", 0, 0.0)
    qtbot.wait(2 * LIVE_MS)
    before = panel.drawn
    for i in range(1, 2000):
        panel.append("loss/critic", i, float(i))
    qtbot.waitUntil(lambda: panel.drawn > before)
    assert panel.drawn - before <= 2
    assert len(panel.curves[0].series) == 2000


def test_is_not_drawn_while_hidden(panel: CurvePanel, qtbot: QtBot) -> None:
    panel.append("loss/critic", 0, 0.0)
    qtbot.wait(2 * LIVE_MS)
    panel.hide()
    before = panel.drawn
    panel.append("loss/critic", 1, 1.0)
    qtbot.wait(2 * LIVE_MS)
    assert panel.drawn == before
    panel.show()
    qtbot.waitUntil(lambda: panel.drawn > before)


def test_a_million_points_draw_as_a_few_and_read_exactly(panel: CurvePanel) -> None:
    y = np.random.default_rng(0).normal(size=MILLION)
    panel.set_curve("loss/critic", "critic", np.arange(MILLION), y)
    series = panel.curves[0].series
    room = series._x._room
    for i in range(100):
        panel.append("loss/critic", MILLION + i, 7.0)
    panel.draw_now()
    drawn = panel.curves[0].line.getData()[0]
    assert len(drawn) < 5000
    assert panel.values_at(123_456.4)["loss/critic", 0] == y[123_456]
    assert panel.values_at(None)["loss/critic", 0] == 7.0
    room_after = series._x._room
    for i in range(100):
        panel.append("loss/critic", MILLION + 100 + i, 8.0)
    panel.draw_now()
    assert series._x._room is room_after  # the points that were there were not copied again
    assert len(room_after) >= len(room)


def test_hover_reads_all_curves_at_the_step_under_the_mouse(panel: CurvePanel, qtbot: QtBot) -> None:
    panel.set_curve("loss/critic", "critic", np.arange(100), np.arange(100) * 2.0)
    panel.set_curve("loss/generator", "generator", np.arange(0, 100, 10), np.arange(0, 100, 10) * 3.0)
    panel.draw_now()
    seen: list[float | None] = []
    panel.hovered.connect(seen.append)
    view = panel.plot.view
    at = panel.plot.widget.mapFromScene(view.mapViewToScene(QPointF(55.4, 20)))
    port = panel.plot.widget.viewport()
    place = QPointF(at)
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        port.mapToGlobal(place),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(port, move)
    assert seen[-1] == pytest.approx(55.4, abs=0.5)
    assert [e.value for e in panel.legend.entries] == [plain(110.0), plain(150.0)]
    assert panel.step.text() == "step 55"
    QApplication.sendEvent(port, QEvent(QEvent.Type.Leave))
    assert seen[-1] is None
    assert [e.value for e in panel.legend.entries] == [plain(198.0), plain(270.0)]


def test_a_mark_is_named_where_the_read_out_is_on_it(panel: CurvePanel) -> None:
    panel.set_curve("loss/critic", "critic", [0, 100], [0, 1])
    panel.mark(50, "checkpoint")
    panel.draw_now()
    assert set(panel.plot.marks.getData()[0].tolist()) == {50.0}
    panel.show_step(50)
    assert panel.step.text() == "step 50 · checkpoint"


def test_marks_that_would_run_together_are_thinned_until_one_zooms_in(panel: CurvePanel) -> None:
    panel.set_curve("loss/critic", "critic", np.arange(10_000), np.arange(10_000))
    panel.set_marks([(float(x), "checkpoint") for x in range(0, 10_000, 5)])
    panel.draw_now()
    drawn = np.unique(panel.plot.marks.getData()[0])
    assert 3 <= len(drawn) <= panel.plot.view.width() / 10
    panel.set_range(100, 120)
    panel.draw_now()
    assert {100.0, 105.0, 110.0, 115.0} <= set(panel.plot.marks.getData()[0].tolist())


def test_zoom_stays_while_points_arrive_and_fit_shows_all(panel: CurvePanel) -> None:
    panel.set_curve("loss/critic", "critic", np.arange(1000), np.arange(1000))
    panel.set_range(100, 200)
    panel.draw_now()
    panel.append("loss/critic", 1000, 0)
    panel.draw_now()
    assert panel.shown == pytest.approx((100, 200))
    low, high = panel.plot.view.viewRange()[1]
    assert low > 50
    assert high < 250  # the values follow what is in view
    panel.fit()
    panel.draw_now()
    assert panel.shown == pytest.approx((0, 1000))


def test_keys_zoom_fit_and_move_the_read_out(panel: CurvePanel, qtbot: QtBot) -> None:
    panel.set_curve("loss/critic", "critic", np.arange(0, 1000, 100), np.arange(10))
    panel.draw_now()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(panel.plot.widget, key)
    assert panel.step.text() == "step 100"
    qtbot.keyClick(panel.plot.widget, Qt.Key.Key_Plus)
    assert panel.shown[1] - panel.shown[0] == pytest.approx(600)
    qtbot.keyClick(panel.plot.widget, Qt.Key.Key_F)
    panel.draw_now()
    assert panel.shown == pytest.approx((0, 900))


def test_log_axis_leaves_out_what_is_not_above_zero(panel: CurvePanel) -> None:
    panel.set_curve("loss/critic", "critic", [0, 1, 2], [-1.0, 10.0, 100.0])
    panel.set_log(True)
    panel.draw_now()
    drawn = panel.curves[0].line.getData()[1]
    assert np.isnan(drawn[0])
    assert drawn[1:].tolist() == [1.0, 2.0]
    assert panel.tools.log.isChecked()


def test_smoothing_lies_over_the_faint_raw_line(panel: CurvePanel) -> None:
    y = np.random.default_rng(0).normal(size=500)
    panel.set_curve("loss/critic", "critic", np.arange(500), y)
    panel.tools.smooth.setValue(50)
    panel.draw_now()
    curve = panel.curves[0]
    assert curve.raw.isVisible()
    np.testing.assert_array_equal(curve.raw.getData()[1], y)
    assert curve.line.getData()[1][-100:].std() < 0.5 * y.std()
    assert panel.smoothing == pytest.approx(1 - 10**-1.5)
    panel.set_smoothing(0)
    assert not curve.raw.isVisible()


def test_a_long_curve_is_smoothed_by_a_worker(panel: CurvePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.gui.widgets.curve_canvas.LONG", 100)
    panel.set_curve("loss/critic", "critic", np.arange(500), np.random.default_rng(0).normal(size=500))
    panel.set_smoothing(0.9)
    panel.draw_now()
    assert not panel.curves[0].series.is_smoothed(0.9)
    qtbot.waitUntil(lambda: panel.curves[0].series.is_smoothed(0.9))
    panel.draw_now()
    np.testing.assert_array_equal(panel.curves[0].line.getData()[1], panel.curves[0].series.smoothed(0.9).y)


def test_curves_differ_by_dash_and_runs_too(panel: CurvePanel) -> None:
    for run in (0, 1):
        for key in ("loss/critic", "loss/generator"):
            panel.set_curve(key, f"{key} {run}", [0, 1], [0, 1], run)
    looks = {(e.colour, tuple(e.dash)) for e in panel.legend.entries}
    assert len(looks) == 4
    of_run = [{tuple(e.dash) for e in panel.legend.entries if e.label.endswith(str(run))} for run in (0, 1)]
    assert [len(d) for d in of_run] == [1, 1]
    assert of_run[0] != of_run[1]


def test_a_click_in_the_legend_hides_a_curve(panel: CurvePanel, qtbot: QtBot) -> None:
    panel.set_curve("loss/critic", "critic", [0, 1], [0, 1])
    panel.legend.setFocus()
    qtbot.keyClick(panel.legend, Qt.Key.Key_Return)
    assert panel.curves[0].hidden
    assert not panel.curves[0].line.isVisible()
    qtbot.keyClick(panel.legend, Qt.Key.Key_Return)
    assert panel.curves[0].line.isVisible()


def test_a_floor_is_named_upon_its_line_and_never_smoothed(panel: CurvePanel) -> None:
    panel.set_curve("wasserstein/sliced", "sliced", [0, 1], [2.0, 1.0])
    panel.set_curve("wasserstein/floor", "floor (real v real)", [0, 1], [0.25, 0.25], reference=True)
    panel.set_smoothing(0.9)
    panel.draw_now()
    floor = panel.curves[-1]
    assert floor.name.toPlainText() == "floor (real v real)  0.250"
    assert not floor.raw.isVisible()
    assert [e.label for e in panel.legend.entries] == ["sliced"]


def test_the_theme_recolours_at_once(panel: CurvePanel) -> None:
    panel.set_curve("loss/critic", "critic", [0, 1], [0, 1])
    try:
        theme.theme.apply("light")
        light = panel.legend.entries[0].colour
        theme.theme.apply("dark")
        assert panel.legend.entries[0].colour != light
        assert panel.curves[0].line.opts["pen"].color().name() == panel.legend.entries[0].colour
    finally:
        theme.theme.apply("light")


def test_csv_equals_the_data() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=1000), rng.normal(size=100)
    columns = {"critic": (np.arange(1000.0), a), "sliced": (np.arange(0, 1000.0, 10), b)}
    head, *rows = csv.reader(io.StringIO(curve_export.csv_text(columns)))
    assert head == ["step", "critic", "sliced"]
    assert [int(r[0]) for r in rows] == list(range(1000))
    assert [float(r[1]) for r in rows] == a.tolist()
    assert [float(r[2]) for r in rows if r[2]] == b.tolist()
    assert rows[1][2] == ""


def test_saves_picture_vector_and_numbers(panel: CurvePanel, qtbot: QtBot, tmp_path: Path) -> None:
    panel.set_curve("loss/critic", "critic", [0, 1, 2], [0.5, 1, 0.25])
    for kind in ("png", "svg", "csv"):
        curve_export.save(panel, tmp_path / f"curves.{kind}")
        qtbot.waitUntil(lambda kind=kind: (tmp_path / f"curves.{kind}").exists())
    picture = QImage(str(tmp_path / "curves.png"))
    assert picture.width() >= 2 * 320
    assert len({picture.pixel(x, 200) for x in range(picture.width())}) > 2
    drawing = (tmp_path / "curves.svg").read_text()
    assert "<polyline" in drawing or "<path" in drawing
    assert "Losses (nats)" in drawing
    assert (tmp_path / "curves.csv").read_text() == "step,critic\n0,0.5\n1,1.0\n2,0.25\n"


def test_saving_under_another_suffix_is_refused(panel: CurvePanel, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.gif"):
        curve_export.save(panel, tmp_path / "curves.gif")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (12400, "12,400"), (0.0213, "0.0213"), (-1.5, "−1.500"), (3.1e-5, "3.10e−05"), (float("nan"), "–")],
)
def test_numbers_read_well_in_little_room(value: float, text: str) -> None:
    assert plain(value) == text


def test_a_single_measurement_can_be_seen_and_a_floor_holds_everywhere(panel: CurvePanel) -> None:
    panel.set_curve("w/critic", "critic", np.arange(100), np.arange(100))
    panel.set_curve("w/exact", "exact", [50], [30.0])
    panel.set_curve("w/floor", "floor", [10], [5.0], reference=True)
    panel.draw_now()
    exact, floor = panel.curves[1].line.getData(), panel.curves[2].line.getData()
    assert exact[0][0] < 50 < exact[0][-1]
    assert set(exact[1]) == {30.0}
    assert (floor[0][0], floor[0][-1]) == (0, 99)
    assert set(floor[1]) == {5.0}


def test_numbers_of_a_log_axis_do_not_lie_on_one_another(panel: CurvePanel) -> None:
    axis = panel.plot.left
    axis.setLogMode(True)
    axis.setRange(-1, 1)
    assert axis.tickStrings([-1, np.log10(0.2), np.log10(0.9), 0], 1, 1) == ["0.1", "0.2", "", "1"]
    axis.setRange(-4, 1)
    assert axis.tickStrings([-3, np.log10(0.2)], 1, 1) == ["0.001", ""]
