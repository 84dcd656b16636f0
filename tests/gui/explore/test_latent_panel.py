"""The latent panel: hands on the left, questions to the engine on the right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.engine.messages import Answer
from studio.explore import latents
from studio.explore.questions import Decode, Directions, Nearest, ThroughTime
from studio.gui.explore.film import to_image
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from studio.models.core.latents import Prior
from tests.gui.explore.toy import POINTS, DenseToy, Toy, ToyEngine


def _decodes(engine: ToyEngine, topic: str = "latent") -> list[Decode]:
    asks = [m for m in engine.sent if getattr(m, "topic", None) == topic]
    return [a.question for a in asks if isinstance(a.question, Decode)]


def _shown(panel: LatentPanel, toy: Toy) -> bool:
    """Whether the large picture is that of the current latent."""
    wanted = to_image(toy.decode(panel.explorer.state.z[None]).images[0])
    return bool(panel.stage.picture.image == wanted)


def test_the_first_sample_is_shown_large(panel: LatentPanel, toy: Toy) -> None:
    drawn = latents.draw(Prior.of("normal", 12), 64, 0)
    assert np.array_equal(panel.stage.grid.images, toy.decode(drawn).images)
    assert panel.stage.grid.selected == {0}
    assert _shown(panel, toy)
    assert "sample 1 of seed 0 · step 300" in panel.stage.caption.text()


def test_a_slider_asks_at_once_for_the_latent_it_stands_for(panel: LatentPanel, engine: ToyEngine, toy: Toy) -> None:
    before = panel.explorer.state.z
    slider = panel.steer.sliders["dim:2"]
    sent = len(_decodes(engine))
    QTest.keyClick(slider.track, Qt.Key.Key_PageUp)
    assert len(_decodes(engine)) == sent + 1, "sent within the same event, without waiting for anything"
    asked = _decodes(engine)[-1]
    expected = before.copy()
    expected[2] += 0.5
    assert asked.z == pytest.approx(expected[None])
    assert asked.where == panel.explorer.where
    engine.pump()
    assert _shown(panel, toy)
    assert panel.stage.caption.text().startswith("sample 1 of seed 0, edited")


def test_a_direction_slider_moves_along_its_direction(panel: LatentPanel, engine: ToyEngine) -> None:
    before = panel.explorer.state.z
    slider = panel.steer.sliders["dir:0"]  # the toy's first direction is dimension 11
    QTest.keyClick(slider.track, Qt.Key.Key_Home)
    asked = _decodes(engine)[-1].z[0]
    assert asked[11] == pytest.approx(-3)
    assert np.array_equal(asked[:11], before[:11])


def test_one_picture_is_under_way_and_the_newest_waits(panel: LatentPanel, engine: ToyEngine, toy: Toy) -> None:
    slider = panel.steer.sliders["dim:0"]
    sent = len(_decodes(engine))
    for _ in range(10):
        QTest.keyClick(slider.track, Qt.Key.Key_Right)
    assert len(_decodes(engine)) == sent + 1
    first = engine.waiting(Decode)[-1]
    engine.answered.add(first.stamp)
    engine.tell(Answer(first.stamp, toy.answer(first.question)))
    assert not panel.stage.picture.image.isNull()
    assert len(_decodes(engine)) == sent + 2, "the eight in between are never asked"
    assert _decodes(engine)[-1].z[0] == pytest.approx(panel.explorer.state.z)
    engine.pump()
    assert _shown(panel, toy)


def test_answers_of_another_run_are_not_shown(
    panel: LatentPanel, page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    QTest.keyClick(panel.steer.sliders["dim:0"].track, Qt.Key.Key_End)
    late = engine.waiting(Decode)[-1]
    session.choose_run("/runs/other")
    seen: list[object] = []
    panel.explorer.picture_came.connect(seen.append)
    engine.answered.add(late.stamp)
    engine.tell(Answer(late.stamp, engine.toy.answer(late.question)))
    assert not seen


def test_neighbours_that_come_when_another_run_was_chosen_are_not_shown(
    panel: LatentPanel, session: Session, engine: ToyEngine, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: bool(engine.waiting(Nearest)))
    late = engine.waiting(Nearest)[-1]
    session.choose_run("/runs/other")
    engine.answered.add(late.stamp)
    engine.tell(Answer(late.stamp, engine.toy.answer(late.question)))
    assert panel.around.near is None


def test_undo_and_redo_bring_back_latent_and_sliders(panel: LatentPanel, session: Session, engine: ToyEngine) -> None:
    slider, start = panel.steer.sliders["dim:1"], panel.explorer.state.z
    shown = slider.value()
    QTest.keyClick(slider.track, Qt.Key.Key_PageUp)
    QTest.keyClick(slider.track, Qt.Key.Key_Right)
    moved, there = panel.explorer.state.z, slider.value()
    engine.pump()
    assert session.undo.count() == 1, "one gesture is one step back"
    session.undo.undo()
    assert np.array_equal(panel.explorer.state.z, start)
    assert slider.value() == shown
    assert _decodes(engine)[-1].z[0] == pytest.approx(start), "and the picture follows"
    session.undo.redo()
    assert np.array_equal(panel.explorer.state.z, moved)
    assert slider.value() == there


def test_undo_goes_back_to_the_run_that_it_belongs_to(panel: LatentPanel, session: Session, engine: ToyEngine) -> None:
    first, start = session.run, panel.explorer.state.z
    panel.steer.randomise()
    session.choose_run("/runs/other")
    engine.pump()
    session.undo.undo()
    engine.pump()
    assert session.run == first
    assert np.array_equal(panel.explorer.state.z, start)


def test_undo_after_the_page_is_gone_does_nothing(session: Session, engine: ToyEngine, qtbot: QtBot) -> None:
    page = ExplorePage(session)
    page.show()
    session.choose_run("/runs/a")
    engine.pump()
    page.open[0].steer.randomise()  # type: ignore[attr-defined]
    page.close()
    page.deleteLater()
    qtbot.wait(20)
    session.undo.undo()
    session.undo.redo()


def test_lock_reset_and_randomise(panel: LatentPanel, session: Session) -> None:
    steer, start = panel.steer, panel.explorer.state.z
    assert not steer.reset_button.isEnabled(), "grey at the default"
    steer.sliders["dim:4"].lock.click()
    steer.randomise_button.click()
    new = panel.explorer.state.z
    assert new[4] == pytest.approx(start[4], abs=1e-6)
    assert np.abs(np.delete(new - start, 4)).min() > 1e-4
    assert steer.reset_button.isEnabled()
    steer.reset_button.click()
    assert np.array_equal(panel.explorer.state.z, start)
    assert not steer.reset_button.isEnabled()
    session.undo.undo()
    session.undo.undo()
    session.undo.undo()
    assert not steer.sliders["dim:4"].locked()


def test_a_slider_resets_to_the_pick(panel: LatentPanel) -> None:
    panel.stage.grid.picked.emit(7)
    slider = panel.steer.sliders["dim:3"]
    QTest.keyClick(slider.track, Qt.Key.Key_End)
    QTest.keyClick(slider.track, Qt.Key.Key_Delete)
    assert panel.explorer.state.z == pytest.approx(panel.explorer.state.samples()[7])


def test_dimensions_are_chosen_by_typing(panel: LatentPanel) -> None:
    panel.steer.dims.setText("2, 9-11")
    panel.steer.dims.editingFinished.emit()
    assert [k for k in panel.steer.sliders if k.startswith("dim:")] == ["dim:2", "dim:9", "dim:10", "dim:11"]
    panel.steer.dims.setText("2, 99")
    panel.steer.dims.editingFinished.emit()
    assert panel.steer.wrong.isVisible()
    assert "0 to 11" in panel.steer.wrong.text()
    assert panel.explorer.state.dims == (2, 9, 10, 11)


@pytest.mark.parametrize("toy", [Toy(prior="uniform")])
def test_sliders_of_a_uniform_prior_go_from_minus_one_to_one(panel: LatentPanel) -> None:
    slider = panel.steer.sliders["dim:0"]
    assert slider.range() == (-1, 1)
    assert "σ" not in slider.value_text()
    assert panel.steer.sliders["dir:0"].range() == (-3, 3)
    QTest.keyClick(panel.steer.sliders["dir:0"].track, Qt.Key.Key_End)
    assert panel.explorer.state.z[11] == pytest.approx(3 / 3**0.5), "three σ of U(−1, 1)"
    assert panel.stage.truncation.range()[1] == 1


def test_picking_seed_count_and_truncation_ask_for_their_samples(panel: LatentPanel, engine: ToyEngine) -> None:
    stage = panel.stage
    stage.new.click()
    engine.pump()
    assert _decodes(engine, "samples")[-1].z == pytest.approx(latents.draw(Prior.of("normal", 12), 64, 1))
    stage.count.setValue(9)
    engine.pump()
    assert len(stage.grid.images) == 9
    QTest.keyClick(stage.truncation.track, Qt.Key.Key_Home)
    engine.pump()
    assert panel.explorer.state.truncation == pytest.approx(0.05)
    assert np.abs(_decodes(engine, "samples")[-1].z).max() <= 0.05
    assert np.abs(_decodes(engine)[-1].z).max() <= 0.05, "the pick follows"
    QTest.keyClick(stage.truncation.track, Qt.Key.Key_End)
    assert panel.explorer.state.truncation is None


@pytest.mark.parametrize("toy", [DenseToy()])
def test_samples_of_a_density_are_drawn_at_a_temperature(
    panel: LatentPanel, engine: ToyEngine, session: Session
) -> None:
    stage = panel.stage
    assert stage.temperature.isVisible()
    assert not stage.truncation.isVisible()
    z = latents.draw(Prior.of("normal", 12), 64, 0)
    np.testing.assert_allclose(_decodes(engine, "samples")[-1].z, 0.7 * z, rtol=1e-5)
    QTest.keyClick(stage.temperature.track, Qt.Key.Key_Home)
    engine.pump()
    assert not _decodes(engine, "samples")[-1].z.any()
    offer = panel.offer()
    assert offer is not None
    assert offer.temperature == 0
    session.undo.undo()
    assert panel.explorer.state.temperature == pytest.approx(0.7)
    stage.temperature.number.setText("1.1")
    QTest.keyClick(stage.temperature.number, Qt.Key.Key_Return)
    QTest.keyClick(stage.temperature.track, Qt.Key.Key_Delete)
    assert panel.explorer.state.temperature == pytest.approx(0.7), "the sheet's is where it goes back to"


def test_samples_of_others_are_truncated(panel: LatentPanel) -> None:
    assert panel.stage.truncation.isVisible()
    assert not panel.stage.temperature.isVisible()
    offer = panel.offer()
    assert offer is not None
    assert offer.temperature is None


def test_large_sheets_are_asked_in_parts(session: Session, engine: ToyEngine, panel: LatentPanel) -> None:
    panel.stage.count.setValue(600)
    asked = [len(d.z) for d in _decodes(engine, "samples")]
    engine.pump()
    parts = [len(d.z) for d in _decodes(engine, "samples")][len(asked) - 1 :]
    assert sum(parts) == 600
    assert max(parts) == (1 << 16) // 256
    assert len(panel.stage.grid.images) == 600


def test_dragging_across_the_lattice(panel: LatentPanel, engine: ToyEngine, session: Session, qtbot: QtBot) -> None:
    panel.tabs.setCurrentWidget(panel.lattice)
    engine.pump()
    assert len(_decodes(engine, "lattice")[-1].z) == 49
    view, seeds = panel.lattice.pad, panel.explorer.state.pad.corners
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(view, left, pos=view.place((0.5, 0.5)).toPoint())
    QTest.mouseMove(view, view.place((0.9, 0.2)).toPoint())
    QTest.mouseMove(view, view.place((0.0, 0.0)).toPoint())
    QTest.mouseRelease(view, left, pos=view.place((0.0, 0.0)).toPoint())
    assert session.undo.count() == 1
    assert _decodes(engine)[-1].z[0] == pytest.approx(panel.explorer.state.z) or engine.waiting(Decode)
    assert panel.explorer.state.z == pytest.approx(seeds[0], abs=0.1)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert panel.explorer.state.pad.at[0] == pytest.approx(0.02, abs=0.01)
    panel.lattice.side.setCurrentIndex(1)
    panel.lattice.side.activated.emit(1)
    assert panel.explorer.state.pad.corners.shape == (9, 12)


def test_picks_become_seeds_of_the_lattice(panel: LatentPanel, engine: ToyEngine) -> None:
    assert not panel.lattice.from_picks.isEnabled()
    panel.stage.grid.select({3, 8, 20, 31})
    assert panel.lattice.from_picks.isEnabled()
    panel.lattice.from_picks.click()
    assert np.array_equal(panel.explorer.state.pad.corners, panel.explorer.state.samples()[[3, 8, 20, 31]])


@pytest.fixture
def walking(panel: LatentPanel, engine: ToyEngine) -> LatentPanel:
    """With a walk of three keys."""
    panel.tabs.setCurrentWidget(panel.walk)
    panel.stage.grid.select({2, 5, 9})
    panel.walk.add_picks.click()
    engine.pump()
    return panel


def test_a_walk_decodes_its_spherical_path_once(walking: LatentPanel, engine: ToyEngine, toy: Toy) -> None:
    keys = walking.explorer.state.samples()[[2, 5, 9]]
    path = latents.path(keys, 24, "spherical", True)
    asked = np.concatenate([d.z for d in _decodes(engine, "walk")])
    assert asked == pytest.approx(path)
    sent = len(engine.sent)
    walking.walk.show_frame(30)
    assert len(engine.sent) == sent, "scrubbing asks nothing"
    assert walking.stage.picture.image == to_image(toy.decode(path[30][None]).images[0])
    assert "frame 31 of 72" in walking.stage.caption.text()
    assert walking.around.showing == "walk"
    assert len(walking.around.film) == 72


def test_a_walk_plays_and_stops(walking: LatentPanel, qtbot: QtBot) -> None:
    walk = walking.walk
    walk.fps.setValue(60)
    walk.play_button.click()
    qtbot.waitUntil(lambda: walk.frame > 3)
    walk.play_button.click()
    assert not walk.playing
    walk.play_button.click()
    walking.tabs.setCurrentWidget(walking.steer)
    assert not walk.playing, "out of sight it does not play on"


def test_a_walk_changes_and_gives_a_frame(walking: LatentPanel, engine: ToyEngine, session: Session) -> None:
    walk = walking.walk
    walk.loop.click()
    walk.way.activated.emit(walk.way.findData("linear"))
    walk.between.setValue(10)
    engine.pump()
    path = latents.path(walking.explorer.state.walk.keys, 10, "linear", False)
    assert len(walking.around.film) == 21
    walk.show_frame(13)
    walk.take.click()
    assert walking.explorer.state.z == pytest.approx(path[13])
    walk.keys.strip._take(1)
    QTest.keyClick(walk.keys.strip, Qt.Key.Key_Delete)
    assert len(walking.explorer.state.walk.keys) == 2
    session.undo.undo()
    assert len(walking.explorer.state.walk.keys) == 3


def test_arithmetic_on_averages(panel: LatentPanel, engine: ToyEngine, toy: Toy) -> None:
    panel.tabs.setCurrentWidget(panel.arithmetic)
    z = panel.explorer.state.samples()
    picks = {"A": [1, 2, 3], "B": [4, 5], "C": [6]}
    assert not panel.arithmetic.take.isEnabled()
    for name, which in picks.items():
        panel.stage.grid.select(set(which))
        panel.arithmetic.slots[name].add_picks.click()
        engine.pump()
    result = z[1:4].mean(0) - z[4:6].mean(0) + z[6]
    average = panel.arithmetic.slots["A"].average.image
    assert average == to_image(toy.decode(z[1:4].mean(axis=0)[None]).images[0])
    assert len(panel.arithmetic.slots["B"].picks) == 2
    assert panel.arithmetic.result.image == to_image(toy.decode(result[None]).images[0])
    panel.arithmetic.take.click()
    assert panel.explorer.state.z == pytest.approx(result, abs=1e-6)
    panel.arithmetic.slots["B"].clear.click()
    engine.pump()
    assert panel.arithmetic.result.image.isNull()
    assert not panel.arithmetic.take.isEnabled()


def test_nearest_training_images_with_their_distance(
    panel: LatentPanel, engine: ToyEngine, rest: Callable[[], None]
) -> None:
    rest()
    asked = engine.last(Nearest)
    assert asked.z[0] == pytest.approx(panel.explorer.state.z)
    film = panel.around.film
    assert len(film) == asked.k
    assert film.strip.captions[0] == "3"
    assert "training example 7: root-mean-square distance" in film.strip.tips[1]
    assert all(a.slow for a in engine.sent if isinstance(getattr(a, "question", None), Nearest | Directions))


def test_the_slow_questions_wait_until_the_slider_rests(
    panel: LatentPanel, engine: ToyEngine, rest: Callable[[], None]
) -> None:
    rest()
    asked = len(engine.all(Nearest))
    for _ in range(5):
        QTest.keyClick(panel.steer.sliders["dim:0"].track, Qt.Key.Key_Right)
    assert len(engine.all(Nearest)) == asked
    rest()
    assert len(engine.all(Nearest)) == asked + 1


def test_the_same_latent_through_the_checkpoints(
    panel: LatentPanel, page: ExplorePage, engine: ToyEngine, toy: Toy
) -> None:
    panel.around.buttons["through"].click()
    engine.pump()
    assert engine.last(ThroughTime).z == pytest.approx(panel.explorer.state.z)
    assert list(panel.around.film.strip.captions) == ["100", "200", "300"]
    latent = panel.explorer.state.z
    panel.around.film.strip._take(1)
    engine.pump()
    assert page.checkpoint == 200
    assert np.array_equal(panel.explorer.state.z, latent), "the latent stays"
    assert "step 200" in panel.stage.caption.text()


@pytest.mark.parametrize("toy", [Toy(POINTS, size=2)])
def test_points_are_a_scatter_to_pick_from(panel: LatentPanel, engine: ToyEngine, toy: Toy) -> None:
    scatter = panel.stage.scatter
    assert panel.stage.body.currentIndex() == 1
    assert len(panel.explorer.state.samples()) == 512
    at = scatter.place_of(40)
    index = scatter.sample_at(at)
    shown = toy.decode(panel.explorer.state.samples()).points
    assert shown is not None
    assert shown[index] == pytest.approx(shown[40], abs=0.05)
    scatter.take(40)
    engine.pump()
    assert panel.explorer.state.pick == 40
    assert panel.stage.place.text().startswith("sample 41 of seed 0 · at")
    QTest.keyClick(scatter, Qt.Key.Key_Right)
    QTest.keyClick(scatter, Qt.Key.Key_Return)
    assert panel.explorer.state.pick == 41


def test_the_state_comes_back_with_the_next_session(
    panel: LatentPanel, page: ExplorePage, session: Session, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel.steer.randomise()
    panel.stage.new.click()
    panel.tabs.setCurrentWidget(panel.arithmetic)
    kept, latent = page.save_state(), panel.explorer.state.z
    page.hide()
    second = ExplorePage(session)
    qtbot.addWidget(second)
    second.restore_state(kept)
    second.show()
    engine.pump()
    again = second.open[0]
    assert isinstance(again, LatentPanel)
    assert np.array_equal(again.explorer.state.z, latent)
    assert again.explorer.state.seed == 1
    assert again.tabs.currentWidget() is again.arithmetic
    second.hide()


def test_every_control_has_a_name_and_a_tooltip(panel: LatentPanel, page: ExplorePage) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget

    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox)
    controls: list[QWidget] = [w for kind in kinds for w in page.findChildren(kind)]
    own = [w for w in controls if not w.objectName().startswith("qt_") and type(w.parent()).__name__ != "QTabBar"]
    assert len(own) > 40
    bare = [w for w in own if not w.accessibleName() and not w.text()]  # type: ignore[attr-defined]
    assert not bare
    assert not [w for w in own if not w.toolTip()]
