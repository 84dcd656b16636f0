"""The flow panel as a person uses it: scrubbing, playing, layers, following a point, undo, export, and coming back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.engine.messages import Failed
from studio.explore.flow_pictures import Layers, colour_map
from studio.explore.questions import Density, Follow, Likelihoods, Trace
from studio.export.jobs import ExportFlow
from studio.export.provenance import Provenance
from studio.gui import theme
from studio.gui.explore.flow import panel as flow_panel
from studio.gui.explore.flow import stream as streams
from studio.gui.explore.flow.panel import FlowPanel
from studio.gui.explore.flow.state import Flowing, as_plain, caption, from_plain
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.plane import Plane
from studio.gui.session import Session
from tests.gui.explore.conftest import RUN
from tests.gui.explore.flowing import NAMES, FlowToy, course, latent
from tests.gui.explore.toy import IMAGES, POINTS, ToyEngine

REAL = course(np.random.default_rng(3).normal(size=(400, 2))).points[-1].astype(np.float64)
Settle = Callable[[], None]


@pytest.fixture
def toy() -> FlowToy:
    return FlowToy()


@pytest.fixture
def panel(
    page: ExplorePage, session: Session, engine: ToyEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> FlowPanel:
    """Seen, with everything answered and drawn, coarser than a person would see it."""
    monkeypatch.setattr(streams, "of_dataset", lambda fingerprint: Plane(REAL))
    for cells in ("GRID", "EXACT", "SMALL"):
        monkeypatch.setattr(streams, cells, 64)
    monkeypatch.setattr(flow_panel, "FINE", 96)
    monkeypatch.setattr(flow_panel, "SMALL_EVERY", 1)
    session.choose_run(RUN)
    engine.pump()
    found = next(p for p in page.open if isinstance(p, FlowPanel))
    page.controls.setCurrentIndex(page.open.index(found))
    wait(found, engine, qtbot)
    return found


@pytest.fixture
def settle(panel: FlowPanel, engine: ToyEngine, qtbot: QtBot) -> Settle:
    return lambda: wait(panel, engine, qtbot)


def wait(panel: FlowPanel, engine: ToyEngine, qtbot: QtBot) -> None:
    """Until everything was answered, and drawn."""

    def still() -> bool:
        engine.pump()
        stream = panel.stream
        waits = (panel._rest, panel._small_rest, stream._soon)
        drawn = (
            not stream.busy
            and not panel._shading.busy
            and not panel._small.busy
            and not any(w.isActive() for w in waits)
        )
        return stream.window is not None and stream.flow is not None and drawn

    qtbot.waitUntil(still, timeout=10_000)


def focus(widget: QWidget, qtbot: QtBot) -> None:
    widget.window().activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)


def click(panel: FlowPanel, x: float, y: float, qtbot: QtBot) -> None:
    """On a place of the plane, by mouse."""
    canvas = panel.canvas
    scene = canvas.plot.getViewBox().mapViewToScene(QPointF(x, y))
    at: QPoint = canvas.plot.mapFromScene(scene)
    QTest.mouseClick(canvas.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    qtbot.wait(5)


# --- what is asked and shown


def test_nothing_is_asked_of_it_before_it_is_seen(
    page: ExplorePage, session: Session, engine: ToyEngine, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(streams, "of_dataset", lambda fingerprint: Plane(REAL))
    page.restore_state({"panel": "Latent"})
    session.choose_run(RUN)
    engine.pump()
    panel = next(p for p in page.open if isinstance(p, FlowPanel))
    qtbot.waitUntil(lambda: panel.stream.window is not None)
    engine.pump()
    assert not [q for kind in (Trace, Density, Likelihoods) for q in engine.all(kind)]
    page.controls.setCurrentIndex(page.open.index(panel))
    wait(panel, engine, qtbot)
    assert engine.all(Trace)
    assert engine.all(Density)


@pytest.mark.parametrize("toy", [FlowToy(IMAGES)])
def test_a_flow_of_images_has_no_such_panel(page: ExplorePage, session: Session, engine: ToyEngine) -> None:
    session.choose_run(RUN)
    engine.pump()
    assert not [p for p in page.open if isinstance(p, FlowPanel)]


def test_it_begins_at_the_data_with_mass_likelihood_and_small_pictures(panel: FlowPanel) -> None:
    stream = panel.stream
    assert stream.at == 3
    assert panel.about.text() == "After step 3 of 3: scale"
    assert panel.tools.mass.text().startswith("0.9")
    assert "of the mass is in the window" in panel.tools.mass.text()
    said = panel.tools.likelihood.text()
    assert said == "Log-likelihood: held out −2 ± 0.408 nats, training −1.500 ± 0.408 nats"
    assert panel.film.strip.captions == ["prior", "step 1", "step 2", "step 3"]
    assert panel.film.current == 3
    np.testing.assert_allclose(panel.canvas.flow.samples.at(3)[0], stream.flow.samples.points[3])  # type: ignore[union-attr]
    assert panel.canvas.image.image is not None
    assert panel.key.isVisible()


def test_the_density_is_drawn_for_what_is_seen_of_the_plane(
    panel: FlowPanel, engine: ToyEngine, qtbot: QtBot, settle: Settle
) -> None:
    def colour_at(x: float, y: float) -> np.ndarray:  # type: ignore[type-arg]
        image, rect = panel.canvas.image.image, panel.canvas.image.mapRectToParent(panel.canvas.image.boundingRect())
        row = int((y - rect.top()) / rect.height() * image.shape[0])
        column = int((x - rect.left()) / rect.width() * image.shape[1])
        return np.asarray(image[row, column], int)

    panel.stream.move(0.0)
    settle()
    brightest = colour_map()[255].astype(int)
    assert abs(colour_at(0, 0) - brightest).max() < 12
    np.testing.assert_array_equal(colour_at(2.9, 2.9), colour_map()[0])
    panel.canvas.plot.setRange(xRange=(-0.1, 0.1), yRange=(-0.1, 0.1), padding=0)
    settle()
    assert abs(panel.canvas.image.image.astype(int) - brightest).max() < 40, "a closer look is drawn anew"
    panel.canvas.show_home()


def test_a_look_elsewhere_stays_until_a_double_click(panel: FlowPanel, settle: Settle) -> None:
    canvas = panel.canvas
    canvas.plot.setRange(xRange=(1.0, 2.0), yRange=(1.0, 2.0), padding=0)
    canvas.plot.getViewBox().sigRangeChangedManually.emit([True, True])
    before = canvas.seen()
    for at in (2.0, 1.0, 0.0):
        panel.stream.move(at)
    assert canvas.seen() == before
    canvas.show_home()
    home = canvas.seen()
    assert home.centre == pytest.approx(panel.stream.flow.window.centre, abs=0.05)  # type: ignore[union-attr]
    assert home.reach >= panel.stream.flow.window.reach  # type: ignore[union-attr]
    settle()


def test_at_rest_the_density_is_the_model_s_own_after_every_whole_step(
    panel: FlowPanel, engine: ToyEngine, settle: Settle
) -> None:
    flow = panel.stream.flow
    assert flow is not None
    assert sorted(flow.known) == [1, 2, 3], "so are those of the small pictures"
    panel.stream.move(2.0)
    settle()
    asked = engine.last(Density)
    assert asked.after == 2
    assert (asked.centre, asked.reach) == (panel.canvas.seen().centre, panel.canvas.seen().reach)
    assert panel.canvas.image.image.shape[:2] == (64, 64), "the engine's grid, not the mesh"
    panel.stream.move(1.5)
    settle()
    assert panel.canvas.image.image.shape[:2] == (96, 96), "between two steps there is none"


# --- through the steps


def test_the_slider_moves_samples_from_step_to_step_and_is_one_undo_per_gesture(
    panel: FlowPanel, session: Session, engine: ToyEngine, settle: Settle, qtbot: QtBot
) -> None:
    asked = len(engine.all(Trace))
    track = panel.scrubber.slider.track
    focus(track, qtbot)
    QTest.keyClick(track, Qt.Key.Key_Left)
    QTest.keyClick(track, Qt.Key.Key_Left)
    assert panel.stream.at == 1
    shown = panel.stream.flow.samples.points[1]  # type: ignore[union-attr]
    np.testing.assert_array_equal(panel.canvas.flow.samples.at(panel.canvas.at)[0], shown)  # type: ignore[union-attr]
    QTest.keyClick(track, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert panel.stream.at == pytest.approx(1.1)
    assert panel.about.text() == "Between steps 1 and 2 of 3; the way between is drawn straight"
    settle()
    assert panel.film.current == -1
    session.undo.undo()
    assert panel.stream.at == 3
    session.undo.redo()
    assert panel.stream.at == pytest.approx(1.1)
    assert len(engine.all(Trace)) == asked, "all steps are at hand"


def test_keys_in_the_plane_step_and_choose_samples(panel: FlowPanel, engine: ToyEngine, qtbot: QtBot) -> None:
    canvas = panel.canvas
    focus(canvas, qtbot)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert panel.stream.at == 2
    panel.stream.move(1.4)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert panel.stream.at == 1
    panel.stream.move(1.4)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert panel.stream.at == 2
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert panel.stream.at == 0
    QTest.keyClick(canvas, Qt.Key.Key_End)
    assert panel.stream.at == 3
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    engine.pump()
    z = panel.stream.flow.samples.points[0, 1]  # type: ignore[union-attr]
    assert panel.stream.state.z == pytest.approx(tuple(z.tolist()))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert panel.stream.state.z is None
    assert panel.stream.point is None


def test_it_plays_to_the_end_once_and_stops(panel: FlowPanel, session: Session, qtbot: QtBot) -> None:
    panel.stream.set_pace(20.0)
    count = session.undo.count()
    focus(panel.canvas, qtbot)
    QTest.keyClick(panel.canvas, Qt.Key.Key_P)
    assert panel.scrubber.playing
    assert panel.stream.at < 3, "from the beginning, when it stood at the end"
    seen = []
    panel.scrubber.moved.connect(lambda at, merge: seen.append(at))
    qtbot.waitUntil(lambda: not panel.scrubber.playing, timeout=5000)
    assert panel.stream.at == 3
    assert seen == sorted(seen)
    assert session.undo.count() == count + 1, "one undo for all of it"
    panel.scrubber.toggle()
    panel.scrubber.slider.set_value(1.0)
    panel.scrubber.step(1)
    assert not panel.scrubber.playing, "a hand stops it"


def test_a_small_picture_leads_to_its_step(panel: FlowPanel, qtbot: QtBot) -> None:
    strip = panel.film.strip
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.tile(1).center().toPoint())
    assert panel.stream.at == 1


# --- what is seen


def test_layers_are_shown_and_hidden_with_undo(panel: FlowPanel, session: Session, settle: Settle) -> None:
    canvas, boxes = panel.canvas, panel.tools.layers
    before = np.stack([np.asarray(i.constBits()).copy() for i in panel.film.strip.images])
    boxes["density"].click()
    boxes["samples"].click()
    boxes["real"].click()
    settle()
    assert not canvas.image.isVisible()
    assert not canvas.dots.isVisible()
    assert not panel.key.isVisible()
    assert not panel.tools.scale.isEnabled()
    assert len(canvas.real.data) == len(REAL)
    after = np.stack([np.asarray(i.constBits()).copy() for i in panel.film.strip.images])
    assert (before != after).any(), "the small pictures follow"
    session.undo.undo()
    assert not len(canvas.real.data)
    session.undo.undo()
    session.undo.undo()
    settle()
    assert canvas.image.isVisible()
    assert boxes["density"].isChecked()
    boxes["contours"].click()
    settle()
    x, _y = canvas.contours.getData()
    assert len(x) > 50
    panel.tools.reset()
    assert panel.stream.state.layers == Layers()
    assert not panel.tools.reset_button.isEnabled()


def test_another_seed_draws_other_samples_and_keeps_the_rest(panel: FlowPanel, settle: Settle) -> None:
    before = panel.stream.flow
    assert before is not None
    panel.stream.move(1.0)
    panel.tools.new_seed()
    panel.tools.count.setValue(250)
    settle()
    after = panel.stream.flow
    assert after is not None
    assert after.samples.points.shape[1] == 250
    assert not np.array_equal(after.samples.points[0], before.samples.points[0, :250])
    assert panel.stream.at == 1
    np.testing.assert_array_equal(after.lines.points, before.lines.points)


# --- one point


def test_a_click_on_a_sample_follows_it_with_its_density_step_by_step(
    panel: FlowPanel, engine: ToyEngine, qtbot: QtBot, settle: Settle
) -> None:
    panel.stream.move(2.0)
    samples = panel.stream.flow.samples  # type: ignore[union-attr]
    alone = int(np.argmax(np.hypot(*samples.points[2].T) * (np.abs(samples.points[2]) < 2.8).all(axis=1)))
    x, y = samples.points[2, alone].tolist()
    click(panel, x, y, qtbot)
    engine.pump()
    assert engine.last(Follow).z == pytest.approx(tuple(samples.points[0, alone].tolist()))
    split = panel.tools.split
    assert split.isVisible()
    assert split.names == NAMES
    exact = course(samples.points[0, [alone]], engine.toy.size).log_density[:, 0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(np.cumsum(split.values), exact)
    assert split.tell(0) == f"log-density of the latent under the prior: −{-exact[0]:.3f} nats"
    assert "there and back" in panel.tools.point.text().lower()
    settle()
    path, _ = panel.canvas.path.getData()
    assert len(path) == 4
    panel.tools.clear_button.click()
    settle()
    assert panel.stream.point is None
    assert not split.isVisible()
    assert panel.canvas.path.getData()[0] is None or not len(panel.canvas.path.getData()[0])


def test_a_double_click_shows_everything_and_chooses_nothing(
    panel: FlowPanel, engine: ToyEngine, session: Session, settle: Settle
) -> None:
    panel.stream.follow(z=(1.0, 1.0))
    canvas = panel.canvas
    canvas.plot.setRange(xRange=(1.0, 2.0), yRange=(1.0, 2.0), padding=0)
    click_at = canvas.plot.mapFromScene(canvas.plot.getViewBox().mapViewToScene(QPointF(1.5, 1.5)))
    followed = []
    panel.stream.changed.connect(lambda before: followed.append(panel.stream.state.x or panel.stream.state.z))
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for hand in (QTest.mousePress, QTest.mouseRelease, QTest.mouseDClick, QTest.mouseRelease):
        hand(canvas.plot.viewport(), left, none, click_at)  # as a real hand's arrives
    assert (panel.stream.state.x, panel.stream.state.z) == (None, (1.0, 1.0))
    assert len(followed) == 2, "the first click chose, the second took it back"
    assert canvas.seen().reach > 2
    settle()


def test_after_the_last_step_any_place_is_inverted_and_a_real_point_is_caught(
    panel: FlowPanel, engine: ToyEngine, qtbot: QtBot, settle: Settle
) -> None:
    panel.tools.layers["samples"].click()
    panel.tools.layers["real"].click()
    settle()
    real = REAL[int(np.argmax(np.hypot(*REAL.T) * (np.abs(REAL) < 2.5).all(axis=1)))]
    click(panel, real[0] + 0.01, real[1], qtbot)
    assert panel.stream.state.x == pytest.approx(tuple(real))
    engine.pump()
    z = latent(real[None], engine.toy.size)[0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(panel.stream.point.z, z, atol=1e-5)  # type: ignore[union-attr]
    panel.tools.layers["real"].click()
    click(panel, -2.2, 2.6, qtbot)
    x = panel.stream.state.x
    assert x == pytest.approx((-2.2, 2.6), abs=0.05)


def test_between_the_ends_a_place_means_the_latent_that_the_flow_brings_there(
    panel: FlowPanel, engine: ToyEngine, qtbot: QtBot, settle: Settle
) -> None:
    panel.tools.layers["samples"].click()
    panel.stream.move(1.0)
    settle()
    click(panel, 1.5, 1.0, qtbot)
    z = panel.stream.state.z
    assert z is not None
    assert z == pytest.approx((np.arcsinh(1.5), 1.0), abs=0.06)


def test_what_cannot_be_followed_says_why(panel: FlowPanel, engine: ToyEngine) -> None:
    panel.stream.follow(x=(1.0, 1.0))
    ask = engine.waiting(Follow)[-1]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "it has diverged"))
    assert panel.tools.point.text() == "It cannot be followed: it has diverged"
    assert not panel.tools.split.isVisible()


def test_the_point_s_latent_is_handed_to_the_panel_that_steers(
    panel: FlowPanel, page: ExplorePage, engine: ToyEngine
) -> None:
    panel.stream.follow(z=(0.5, -0.25))
    engine.pump()
    panel.tools.edit_button.click()
    steering = page.panel
    assert isinstance(steering, LatentPanel)
    np.testing.assert_allclose(steering.explorer.state.z, [0.5, -0.25])


# --- training, checkpoints, trouble


def test_newer_weights_bend_the_plane_anew_while_the_place_stays(
    panel: FlowPanel, engine: ToyEngine, settle: Settle, qtbot: QtBot
) -> None:
    panel.stream.move(2.5)
    before = panel.stream.flow
    qtbot.wait(520)
    engine.toy.step = 600
    panel.refresh()
    settle()
    after = panel.stream.flow
    assert before is not None
    assert after is not None
    np.testing.assert_allclose(after.samples.points[3], before.samples.points[3] * 1.3, rtol=1e-4)
    assert panel.stream.at == 2.5


def test_what_came_while_hands_were_on_it_is_drawn_when_they_rest(
    panel: FlowPanel, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel.stream.move(1.0)
    asked = len(engine.all(Trace))
    panel.refresh()
    assert len(engine.all(Trace)) == asked
    qtbot.waitUntil(lambda: len(engine.all(Trace)) > asked, timeout=4000)
    engine.pump()


def test_a_flow_that_has_diverged_is_drawn_as_far_as_it_can_be(
    panel: FlowPanel, engine: ToyEngine, settle: Settle, qtbot: QtBot
) -> None:
    whole = engine.toy.answer

    def broken(question: object) -> object:
        found = whole(question)
        if isinstance(question, Trace):
            points = found.points.copy()
            points[2, ::2], points[2, 1::4], points[3] = np.nan, 1e30, np.inf
            found = replace(found, points=points, log_density=np.full_like(found.log_density, np.nan))
        return found

    engine.toy.answer = broken  # type: ignore[method-assign]
    panel.tools.layers["contours"].click()
    panel.stream.ask()
    for at in (3.0, 2.0, 1.5, 0.0):
        panel.stream.move(at)
        settle()
    panel.canvas.grab()


def test_a_flow_of_no_steps_shows_the_prior(panel: FlowPanel, engine: ToyEngine, settle: Settle) -> None:
    whole = engine.toy.answer

    def short(question: object) -> object:
        found = whole(question)
        if isinstance(question, Trace):
            return replace(found, names=found.names[:1], points=found.points[:1], log_density=found.log_density[:1])
        return found

    engine.toy.answer = short  # type: ignore[method-assign]
    panel.stream.ask()
    settle()
    assert panel.about.text() == "The prior; this flow has no step"
    assert not panel.scrubber.isEnabled()
    assert panel.film.strip.captions == ["prior"]


def test_another_checkpoint_is_shown_without_losing_sight(
    panel: FlowPanel, page: ExplorePage, engine: ToyEngine, settle: Settle
) -> None:
    page.show_checkpoint(100)
    assert panel.canvas.flow is not None, "the old one until the new one is there"
    settle()
    assert {q.where.checkpoint for q in engine.all(Trace)[-2:]} == {100}


def test_trouble_stands_in_the_picture_s_place(
    page: ExplorePage, session: Session, engine: ToyEngine, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(streams, "of_dataset", lambda fingerprint: Plane(REAL))
    session.choose_run(RUN)
    engine.pump(*[type(a.question) for a in engine.waiting() if not isinstance(a.question, Trace)])
    panel = next(p for p in page.open if isinstance(p, FlowPanel))
    for ask in engine.waiting(Trace):
        engine.answered.add(ask.stamp)
        engine.tell(Failed(ask.stamp, "the steps are shown of points alone"))
    assert panel.canvas.message.text() == "the steps are shown of points alone"


def test_another_run_shows_nothing_of_the_one_before(
    panel: FlowPanel, session: Session, engine: ToyEngine, settle: Settle
) -> None:
    panel.stream.follow(z=(1.0, 1.0))
    engine.pump()
    engine.toy.data = replace(POINTS, fingerprint="other", name="other")
    session.choose_run("/runs/other-realnvp-1")
    engine.pump(*[type(a.question) for a in engine.waiting() if not isinstance(a.question, Trace)])
    assert panel.stream.flow is None
    assert panel.canvas.flow is None
    settle()
    assert panel.stream.state.z is None


# --- out, and back


def test_the_view_is_offered_as_picture_steps_and_film(
    panel: FlowPanel, page: ExplorePage, engine: ToyEngine, tmp_path: object
) -> None:
    panel.stream.move(1.5)
    panel.stream.follow(z=(0.5, 0.5))
    engine.pump()
    page.export()
    sheet = page.sheet
    titles = [sheet.kind.itemText(i) for i in range(sheet.kind.count())]
    assert titles[:2] == ["Flow", "Flow, film"]
    assert "Walk" not in titles
    sheet.to.setText(f"{tmp_path}/flow.png")
    sheet.export()
    job = engine.last(ExportFlow)
    assert job.at == (1.5,)
    assert job.z == (0.5, 0.5)
    assert job.layers == Layers()
    assert job.window == panel.stream.window
    assert from_plain(json.loads(json.dumps(job.panel))["state"]) == panel.stream.state
    engine.write(f"{tmp_path}/flow.png")
    form = sheet.form
    form.what.setCurrentIndex(1)  # type: ignore[attr-defined]
    assert form.file_name().endswith("-flow-steps.png")
    assert form.job("/x.png").at == (0.0, 1.0, 2.0, 3.0)  # type: ignore[attr-defined]
    sheet.show_kind("Flow, film")
    job = sheet.form.job("/x.mp4")  # type: ignore[assignment]
    assert isinstance(job, ExportFlow)
    assert job.film
    assert (job.at[0], job.at[-1]) == (0.0, 3.0)
    assert list(job.at) == sorted(job.at)


def test_a_file_that_comes_back_restores_what_was_seen(panel: FlowPanel, session: Session) -> None:
    state = Flowing(1.5, Layers(contours=True, log=True), seed=4, count=300, x=(0.5, 0.25))
    about = {"name": "Flow", "state": as_plain(state)}
    made = Provenance("realnvp", "id", RUN, 300, {}, settings={"panel": about})
    panel.restore(made)
    assert panel.stream.state == state
    session.undo.undo()
    assert panel.stream.state == Flowing()
    panel.restore(replace(made, settings={"panel": {"name": "Flow", "state": {"at": "x"}}}))
    panel.restore(replace(made, settings={"panel": {"name": "Latent", "state": as_plain(state)}}))
    assert panel.stream.state == Flowing()


def test_its_state_comes_back_run_by_run(panel: FlowPanel, session: Session) -> None:
    panel.stream.move(2.0)
    kept = json.loads(json.dumps(panel.save_state()))
    assert from_plain(kept["runs"][RUN]) == panel.stream.state
    other = FlowPanel(session, session)
    other.restore_state(kept)
    assert other.stream.keeper.remembered[RUN] == kept["runs"][RUN]
    other.restore_state({"runs": 3})
    for part in (other.pictures, other.controls):
        part.deleteLater()
    other.deleteLater()


def test_damaged_states_are_brought_into_bounds_or_refused() -> None:
    plain = as_plain(Flowing(at=1.0, z=(1.0, 2.0)))
    assert from_plain(plain) == Flowing(at=1.0, z=(1.0, 2.0))
    found = from_plain({**plain, "count": 10**9, "seed": -5, "pace": 1e9, "at": -3})
    assert found is not None
    assert (found.count, found.seed, found.pace, found.at) == (5000, 0, 20.0, 0.0)
    for bad in (
        {"at": "three"},
        {"x": [1]},
        {"x": [1e300, 0]},
        {"layers": 3},
        {"pace": float("nan")},
        {"z": [None, 1]},
    ):
        assert from_plain({**plain, **bad}) is None


def test_where_it_stands_is_said_in_words() -> None:
    assert caption(NAMES, 0) == "the prior, before the first of 3 steps"
    assert caption(NAMES[:2], 0) == "the prior, before the one step"
    assert caption(NAMES, 2) == "after step 2 of 3: shear"
    assert caption(("prior", "step 1", "step 2"), 2) == "after step 2 of 2"
    assert caption(("prior",), 0) == "the prior; this flow has no step"


def test_every_control_can_be_named_and_explained(panel: FlowPanel, settle: Settle) -> None:
    for holder in (panel.pictures, panel.tools):
        for widget in holder.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not widget.focusProxy():
                named = widget.accessibleName() or getattr(widget, "text", lambda: "")()
                assert named, widget
    assert panel.canvas.accessibleDescription() == "after step 3 of 3: scale"
    theme.theme.apply("dark")
    settle()
    theme.theme.apply("light")
    settle()
