"""The inversion panel as a person uses it: a picture comes back bit for bit, is changed, handed over, and undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from studio.engine.messages import Answer, Failed
from studio.explore.latents import draw, spherical
from studio.explore.questions import ByLabel, Decode, DecodeScored, Directions, Real, Unfold
from studio.export.jobs import ExportComparison, ExportLatents, Written
from studio.export.provenance import Provenance
from studio.gui.explore.invert.logdets import BAR, PRIOR, TOTAL, tree
from studio.gui.explore.invert.moves import edited, film, levels_of, strip, tried
from studio.gui.explore.invert.numbers import nats
from studio.gui.explore.invert.panel import InvertPanel
from studio.gui.explore.invert.state import MOST, Inversion, Level, Trait, as_plain, from_plain, one
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from studio.models.core.latents import Part, Prior, one_hot
from tests.gui.explore.conftest import RUN
from tests.gui.explore.flows import FLOWN, LEVELS, STEPS, FlowToy
from tests.gui.explore.toy import Toy, ToyEngine

Opened = Callable[..., InvertPanel]
WITH_CLASS = Prior((*LEVELS.parts, Part("class", "categorical", 3, "class", FLOWN.classes)))


@pytest.fixture
def toy() -> FlowToy:
    return FlowToy()


@pytest.fixture
def opened(page: ExplorePage, session: Session, engine: ToyEngine) -> Opened:
    """The panel of a run of the toy, everything answered, and these examples chosen."""

    def show(*indices: int) -> InvertPanel:
        session.choose_run(RUN)
        engine.pump()
        panel = page.open[0]
        assert isinstance(panel, InvertPanel)
        if indices:
            panel.inverter.choose(Real(indices))
            engine.pump()
        return panel

    return show


def click(panel: InvertPanel, index: int, engine: ToyEngine, qtbot: QtBot) -> None:
    grid = panel.browser.grid
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.tile_rect(index).center().toPoint())
    qtbot.wait(5)
    engine.pump()


def texts(panel: InvertPanel) -> dict[str, str]:
    return {key: value.text() for key, value in panel.numbers.values.items()}


# --- in the window


def test_it_is_the_tab_that_opens_for_a_flow_and_says_what_to_do(opened: Opened, page: ExplorePage) -> None:
    panel = opened()
    assert page.controls.currentIndex() == 0
    assert page.panel is panel
    assert "Pick a picture below, or drop one here." in panel.stage.original.message
    assert not panel.edits.edit_button.isEnabled()
    assert not panel.edits.reset_button.isEnabled()


def test_nothing_is_said_of_a_picture_that_is_not_there_any_more(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(5)
    panel.inverter.edit("cooler", replace(panel.inverter.state, temperature=0.5))
    engine.pump()
    panel.inverter.choose(Real())
    engine.pump()
    said = [caption.text() for caption in panel.stage.captions.values()]
    assert said == ["original", "z by level", "back from z", "difference", "edited: nothing yet"]


def test_every_control_has_a_name_and_a_tooltip(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(5, 6)
    panel.attributes.add.click()
    engine.pump()
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox)
    every: list[QWidget] = [w for half in (panel.pictures, panel.controls) for k in kinds for w in half.findChildren(k)]
    own = [w for w in every if not w.objectName().startswith("qt_") and type(w.parent()).__name__ != "QTabBar"]
    assert len(own) > 40
    assert not [w for w in own if not w.accessibleName() and not w.text()]  # type: ignore[attr-defined]
    assert not [w for w in own if not w.toolTip()]


def test_a_model_that_does_not_invert_has_no_such_panel(page: ExplorePage, session: Session, engine: ToyEngine) -> None:
    engine.toy = Toy()
    session.choose_run(RUN)
    engine.pump()
    assert not any(isinstance(p, InvertPanel) for p in page.open)


def test_a_picked_picture_comes_back_bit_for_bit_and_says_so(
    opened: Opened, engine: ToyEngine, qtbot: QtBot, toy: FlowToy
) -> None:
    panel = opened()
    click(panel, 5, engine, qtbot)
    found = panel.inverter.result
    assert found is not None
    assert panel.inverter.state.real == Real((5,))
    np.testing.assert_array_equal(found.images, found.originals)
    assert panel.stage.verdict.text() == "✓ Same picture, bit for bit"
    assert panel.stage.captions[panel.stage.difference].text() == "no difference"
    said = texts(panel)
    assert said["worst"] == "1.50e−05 grey levels, unrounded"
    assert said["bits"] == f"{float(found.bits[0]):.3f} ± 0.004 (sd, 4 draws)"
    assert said["log p"] == f"{nats(float(found.log_likelihood[0]))} nats, lower bound"
    prior, dets = float(found.log_prior[0]), float(found.log_dets[0].sum())
    assert said["middle"] == f"{nats(prior)} − {nats(-dets)} nats, mid-level"
    assert said["edited"] == "nothing yet"
    assert panel.stage.name.text() == "example 5, labelled striped"


def test_a_picture_that_does_not_come_back_is_said_to_differ_and_by_how_much(
    opened: Opened, engine: ToyEngine, toy: FlowToy
) -> None:
    panel = opened()
    honest = toy.unfolded(Real((1,)))
    wrong = honest.images.copy()
    wrong[0, 0, 0] = np.where(wrong[0, 0, 0] > 100, wrong[0, 0, 0] - 3, wrong[0, 0, 0] + 3)
    worst = np.array([2.75], np.float32)
    panel.inverter.choose(Real((1,)))
    (ask,) = engine.waiting(Unfold)
    engine.answered.add(ask.stamp)
    engine.tell(Answer(ask.stamp, replace(honest, images=wrong, worst=worst, same=np.array([False]))))
    assert "Not the same picture: off by up to 2.750 grey levels" in panel.stage.verdict.text()
    assert panel.stage.captions[panel.stage.difference].text() == "difference ≤ 3"
    panel.stage.set_times(8)
    assert panel.stage.difference.image.pixelColor(0, 0).red() == 24


def test_a_model_that_keeps_fewer_bits_does_not_claim_the_other_ones(
    opened: Opened, engine: ToyEngine, toy: FlowToy
) -> None:
    panel = opened()
    honest = toy.unfolded(Real((1,)))
    panel.inverter.choose(Real((1,)))
    (ask,) = engine.waiting(Unfold)
    engine.answered.add(ask.stamp)
    engine.tell(Answer(ask.stamp, replace(honest, images=honest.images // 8 * 8)))
    assert panel.stage.verdict.text() == "✓ Same in the bits that this model keeps"
    assert panel.stage.captions[panel.stage.difference].text() == "difference ≤ 7"


def test_a_model_that_has_diverged_is_shown_as_it_is(opened: Opened, engine: ToyEngine, toy: FlowToy) -> None:
    panel = opened()
    honest = toy.unfolded(Real((1,)))
    nan = np.full(1, np.nan)
    panel.inverter.choose(Real((1,)))
    (ask,) = engine.waiting(Unfold)
    engine.answered.add(ask.stamp)
    broken = replace(
        honest,
        z=np.full_like(honest.z, np.nan),
        worst=nan.astype(np.float32),
        same=np.array([False]),
        log_likelihood=nan,
        bits=nan,
        bits_sd=nan,
        log_prior=nan,
        log_dets=np.full_like(honest.log_dets, np.nan),
    )
    engine.tell(Answer(ask.stamp, broken))
    panel.stage.levels.grab()
    panel.logdets.grab()
    assert "Not the same picture" in panel.stage.verdict.text()


def test_the_latent_is_shown_by_level_and_each_value_can_be_read(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(5)
    view, found = panel.stage.levels, panel.inverter.result
    assert found is not None
    assert [level.size for level in view.levels] == ["2×4×4", "8×2×2"]
    np.testing.assert_array_equal(view.levels[0].values.ravel(), found.z[0, :32])
    room, layout = view._tiles(0)
    assert layout is not None
    x, y, _, _ = (v / view.devicePixelRatioF() for v in layout.rect(1))
    value = f"{found.z[0, 16]:.2f}".replace("-", "−")
    assert (
        view.told(QPointF(room.left() + x + 2, room.top() + y + 2)) == f"level 1, channel 2, row 1, column 1: {value} σ"
    )
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.accessibleDescription().startswith("level 2, 8×2×2: mean")


def test_the_log_det_stands_by_step_in_groups_whose_sums_make_the_log_likelihood(opened: Opened) -> None:
    panel = opened(5)
    found, steps = panel.inverter.result, panel.logdets
    assert found is not None
    top = {steps.topLevelItem(i).text(0): steps.topLevelItem(i) for i in range(steps.topLevelItemCount())}
    assert list(top) == [PRIOR, "level 1", "level 2", "top", TOTAL]
    level = top["level 1"]
    assert level is not None
    assert [level.child(i).text(0) for i in range(level.childCount())] == ["coupling", "mixing", "split"]
    assert level.text(1) == f"{found.log_dets[0, :3].sum():,.1f}".replace("-", "−")
    total = top[TOTAL]
    assert total is not None
    shares = [top[name].data(2, BAR) for name in top]  # type: ignore[union-attr]
    assert max(map(abs, shares)) == 1, "no bar is longer than its column"
    assert total.text(1) == f"{panel.inverter.in_the_middle(0):,.1f}".replace("-", "−")
    level.setExpanded(True)
    panel.inverter.choose(Real((6,)))
    panel.inverter.session.undo.undo()
    assert panel.save_state()["open steps"] == ["level 1"]


def test_the_temperature_changes_the_picture_at_every_step_and_is_one_undo(
    opened: Opened, engine: ToyEngine, toy: FlowToy
) -> None:
    panel = opened(5)
    slider, inverter = panel.edits.temperature, panel.inverter
    own = inverter.own()
    assert own is not None
    before = engine.all(DecodeScored)
    QTest.keyClick(slider.track, Qt.Key.Key_Left)
    QTest.keyClick(slider.track, Qt.Key.Key_Left)
    engine.pump()
    assert inverter.state.temperature == pytest.approx(0.9)
    asked = engine.all(DecodeScored)[len(before) :]
    assert asked
    np.testing.assert_allclose(asked[-1].z[0], np.float32(0.9) * own, rtol=1e-6)
    scored = inverter.scored
    assert scored is not None
    assert panel.stage.captions[panel.stage.edited].text() == f"edited · {scored.bits[0]:.2f} bits/dim"
    assert texts(panel)["edited"].startswith(f"{scored.bits[0]:.3f} bits/dim (−")
    assert panel.edits.reset_button.isEnabled()
    inverter.session.undo.undo()
    engine.pump()
    assert inverter.state.temperature == 1.0
    assert slider.value() == 1.0
    assert texts(panel)["edited"] == "nothing yet"


def test_what_is_not_edited_needs_no_engine_and_is_the_reconstruction_itself(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(5)
    assert not engine.all(DecodeScored)
    assert panel.stage.edited.image == panel.stage.again.image


def test_a_level_becomes_noise_or_zero_as_far_as_wanted_and_reset_takes_it_back(
    opened: Opened, engine: ToyEngine
) -> None:
    panel = opened(5)
    inverter, made = panel.inverter, panel.edits.rows["level 1"]
    own = inverter.own()
    assert own is not None
    assert not made.dice.isEnabled()
    made.ways.buttons[1].click()
    engine.pump()
    assert inverter.state.level("level 1") == Level("noise")
    z = engine.last(DecodeScored).z[0]
    np.testing.assert_array_equal(z[32:], own[32:])
    np.testing.assert_array_equal(z[:32], draw(LEVELS, 1, 0)[0, :32])
    made.dice.click()
    engine.pump()
    np.testing.assert_array_equal(engine.last(DecodeScored).z[0, :32], draw(LEVELS, 1, 1)[0, :32])
    made.amount.number.entered.emit(0.5)
    engine.pump()
    halfway = spherical(own[:32], draw(LEVELS, 1, 1)[0, :32], 0.5)
    np.testing.assert_array_equal(engine.last(DecodeScored).z[0, :32], halfway)
    made.ways.buttons[2].click()
    engine.pump()
    np.testing.assert_allclose(engine.last(DecodeScored).z[0, :32], own[:32] / 2)
    panel.edits.reset_button.click()
    engine.pump()
    assert not inverter.state.edited
    assert not panel.edits.reset_button.isEnabled()
    assert not inverter.differs


def test_what_lives_where_shows_each_level_alone_and_a_click_takes_it(
    opened: Opened, engine: ToyEngine, qtbot: QtBot, toy: FlowToy
) -> None:
    panel = opened(5)
    assert not engine.all(Decode), "nobody looks at it yet"
    panel.lower.setCurrentWidget(panel.strip)
    engine.pump()
    inverter, grid = panel.inverter, panel.strip.grid
    own = inverter.own()
    assert own is not None
    options = tried(inverter.state)
    expected = toy.decode(strip(own, LEVELS, inverter.state, {})).images
    np.testing.assert_array_equal(grid.images, expected)
    assert grid.selected == {0, len(options)}, "both are kept"
    at = len(options) + 3
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.tile_rect(at).center().toPoint())
    assert inverter.state.levels == (("level 2", options[3]),)
    engine.pump()
    assert grid.selected == {0, at}
    scored = inverter.scored
    assert scored is not None
    np.testing.assert_array_equal(scored.images[0], expected[at])
    panel.strip.new.click()
    engine.pump()
    assert inverter.state.seed > 0
    assert grid.selected == {0}, "that noise is not among these any more"
    inverter.session.undo.undo()
    inverter.session.undo.undo()
    engine.pump()
    assert grid.selected == {0, len(options)}


def test_a_class_in_the_latent_is_said_and_can_be_exchanged(
    page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    class Conditional(FlowToy):
        def unfolded(self, real: Real) -> Any:
            found = super().unfolded(real)
            return replace(found, z=np.concatenate([found.z, one_hot(found.labels, 3)], axis=1))

    engine.toy = Conditional(prior=WITH_CLASS)
    session.choose_run(RUN)
    engine.pump()
    panel = page.open[0]
    assert isinstance(panel, InvertPanel)
    panel.inverter.choose(Real((5,)))
    engine.pump()
    assert texts(panel)["class"] == "striped"
    assert panel.edits.classes is not None
    assert panel.edits.classes.buttons[2].isChecked()
    panel.edits.classes.buttons[0].click()
    engine.pump()
    np.testing.assert_array_equal(engine.last(DecodeScored).z[0, 64:], [1, 0, 0])
    panel.edits.classes.buttons[2].click()
    assert panel.inverter.state.label is None, "the class that was found is no edit"


def test_of_several_examples_one_is_looked_at_and_edited(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(5, 6, 7)
    stage, inverter = panel.stage, panel.inverter
    assert stage.film.isVisible()
    assert len(stage.film) == 3
    assert inverter.state.current == 2
    QTest.keyClick(stage.film.strip, Qt.Key.Key_Home)
    engine.pump()
    assert inverter.state.current == 0
    assert stage.name.text() == "example 5, labelled striped"
    found = inverter.result
    assert found is not None
    np.testing.assert_array_equal(inverter.own(), found.z[0])
    inverter.choose(Real((5,)))
    engine.pump()
    assert not stage.film.isVisible()
    assert inverter.state.current == 0


def test_dropped_files_are_inverted_and_what_is_no_picture_is_left_to_the_window(
    opened: Opened, engine: ToyEngine, tmp_path: Path
) -> None:
    panel = opened()
    names = [str(tmp_path / f"{i}.png") for i in range(MOST + 4)]
    assert panel.would_take(names[:1]) == "Invert 1 picture"
    assert panel.would_take(names) == f"Invert {MOST} pictures (the first {MOST} of {MOST + 4})"
    assert panel.would_take([str(tmp_path / "run.safetensors")]) == ""
    panel.take(names[:1])
    engine.pump()
    assert panel.inverter.state.real == Real((), (names[0],))
    assert panel.stage.name.text() == "0.png"
    assert panel.stage.captions[panel.stage.original].text() == "original, as 8×8 pixels"
    assert "bit for bit" in panel.stage.verdict.text()


def test_a_file_that_cannot_be_read_is_told_in_the_pictures_place(opened: Opened, engine: ToyEngine) -> None:
    panel = opened()
    panel.take(["/nowhere/broken.png"])
    (ask,) = engine.waiting(Unfold)
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "broken.png: is no picture that can be read"))
    assert "broken.png" in panel.stage.original.message
    assert panel.stage.verdict.text() == ""
    assert set(texts(panel).values()) == {"–"}


def test_the_edited_latent_is_handed_to_the_latent_panel_with_its_original(
    opened: Opened, engine: ToyEngine, page: ExplorePage
) -> None:
    panel = opened(5)
    panel.inverter.edit("hotter", replace(panel.inverter.state, temperature=0.5))
    engine.pump()
    panel.edits.edit_button.click()
    engine.pump()
    latent = page.panel
    assert isinstance(latent, LatentPanel)
    np.testing.assert_array_equal(latent.explorer.state.z, panel.inverter.edited_latent())
    assert latent.explorer.state.source == "the latent of example 5, labelled striped, edited"
    np.testing.assert_array_equal(latent.beside.shown, panel.inverter.original())


def test_it_follows_the_newer_weights_of_a_run_in_training(
    opened: Opened, engine: ToyEngine, toy: FlowToy, qtbot: QtBot
) -> None:
    panel = opened(5)
    first = panel.inverter.own()
    assert first is not None
    shown: list[int] = []
    panel.step_shown.connect(shown.append)
    toy.step = 400
    panel.inverter._since_edit.invalidate()
    panel.refresh()
    engine.pump()
    assert shown[-1] == 400
    second = panel.inverter.own()
    assert second is not None
    assert not np.array_equal(first, second)
    assert "bit for bit" in panel.stage.verdict.text()


def test_newer_weights_wait_until_what_lives_where_was_drawn(opened: Opened, engine: ToyEngine, toy: FlowToy) -> None:
    panel = opened(5)
    panel.lower.setCurrentWidget(panel.strip)
    assert engine.waiting(Decode), "on its way"
    many = len(engine.all(Unfold))
    toy.step = 400
    panel.inverter._since_edit.invalidate()
    panel.refresh()
    assert len(engine.all(Unfold)) == many
    engine.pump()
    panel.refresh()
    engine.pump()
    assert len(engine.all(Unfold)) == many + 1
    assert len(panel.strip.grid.images) == 16


def test_nothing_is_asked_while_it_is_hidden_and_it_catches_up_when_seen(
    opened: Opened, engine: ToyEngine, page: ExplorePage, toy: FlowToy
) -> None:
    panel = opened(5)
    page.controls.setCurrentIndex(1)
    engine.pump()
    many = len(engine.all(Unfold))
    toy.step = 500
    panel.inverter._since_edit.invalidate()
    panel.refresh()
    engine.pump()
    assert len(engine.all(Unfold)) == many
    page.controls.setCurrentIndex(0)
    engine.pump()
    assert panel.inverter.result is not None
    assert panel.inverter.result.step == 500


def test_panels_that_nobody_sees_leave_the_engine_to_the_one_that_is_seen(
    opened: Opened, engine: ToyEngine, page: ExplorePage
) -> None:
    opened(5)
    assert not engine.all(Directions)
    assert not engine.all(Decode)
    latent = next(p for p in page.open if isinstance(p, LatentPanel))
    page.controls.setCurrentIndex(page.open.index(latent))
    engine.pump()
    assert engine.all(Directions)
    assert latent.explorer.samples is not None


def test_an_answer_to_what_was_forgotten_changes_nothing(opened: Opened, engine: ToyEngine, page: ExplorePage) -> None:
    panel = opened()
    panel.inverter.choose(Real((3,)))
    panel.forget()
    engine.pump()
    assert panel.inverter.result is None
    assert panel.offer() is None


# --- out, and back


def test_it_offers_comparison_sheet_film_and_picture_that_carry_its_state(
    opened: Opened, engine: ToyEngine, page: ExplorePage, tmp_path: Path
) -> None:
    panel = opened(5, 6)
    panel.inverter.edit("cooler", replace(panel.inverter.state, temperature=0.7))
    engine.pump()
    offer = panel.offer()
    assert offer is not None
    assert offer.sheet is not None
    assert offer.film is not None
    assert offer.comparison is not None
    assert offer.sheet.z.shape == (16, 64)
    assert offer.sheet.columns == 8
    frames, columns = offer.film.frames_of("temperature", 4, False)
    assert frames.shape == (4, 1, 64)
    assert columns == 1
    np.testing.assert_array_equal(offer.current[0], panel.inverter.edited_latent())
    for title, kind in (("Comparison", ExportComparison), ("Grid", ExportLatents), ("This picture", ExportLatents)):
        page.export()
        page.sheet.show_kind(title)
        page.sheet.to.setText(str(tmp_path / f"{title}.png"))
        page.sheet.export()
        ask = engine.waiting(kind)[-1]
        job: Any = ask.question
        about = job.panel
        assert about is not None
        assert about["name"] == "Invert", title
        assert from_plain(about["state"]) == panel.inverter.state
        engine.answered.add(ask.stamp)
        engine.tell(Answer(ask.stamp, Written((job.out,))))
        page.export()


def test_the_way_between_two_examples_is_a_film_once_both_are_set(opened: Opened, engine: ToyEngine) -> None:
    panel = opened(5, 6)
    offer = panel.offer()
    assert offer is not None
    assert offer.film is not None
    assert list(offer.film.along) == ["level 1", "level 2", "temperature"]
    panel.tabs.setCurrentIndex(2)
    panel.inverter.pick(0)
    panel.between.set_buttons["start"].click()
    panel.inverter.pick(1)
    panel.between.set_buttons["end"].click()
    engine.pump()
    offer = panel.offer()
    assert offer is not None
    assert offer.film is not None
    assert next(iter(offer.film.along)) == "between"
    frames, columns = offer.film.frames_of("between", 6, False)
    found = panel.inverter.result
    assert found is not None
    assert columns == 1
    np.testing.assert_array_equal(frames[0, 0], found.z[0])
    np.testing.assert_array_equal(frames[3, 0], found.z[1])


def test_a_dropped_export_brings_examples_and_edits_back(opened: Opened, engine: ToyEngine) -> None:
    panel = opened()
    state = Inversion(Real((3, 4)), 0, 0.8, (("level 2", Level("noise", 0.5, 9)),))
    settings = {"panel": {"name": "Invert", "state": as_plain(state)}}
    panel.restore(Provenance("glow", "", RUN, 300, {}, settings=settings))
    engine.pump()
    assert panel.inverter.state == state
    assert panel.inverter.differs
    panel.inverter.session.undo.undo()
    engine.pump()
    assert not len(panel.inverter.state.real)


def test_the_state_of_each_run_comes_back_with_the_next_session(
    opened: Opened, engine: ToyEngine, page: ExplorePage, session: Session
) -> None:
    panel = opened(5)
    panel.inverter.edit("cooler", replace(panel.inverter.state, temperature=0.7))
    panel.lower.setCurrentIndex(2)
    panel.stage.set_times(4)
    saved = panel.save_state()
    again = InvertPanel(session, page)
    again.restore_state(saved)
    assert again.stage.times == 4
    assert again.lower.currentIndex() == 2
    view = panel.inverter.view
    assert view is not None
    again.show_run(panel.inverter.where, view)
    assert again.inverter.state == panel.inverter.state
    again.forget()
    for widget in (again.pictures, again.controls):
        widget.deleteLater()
    again.restore_state({"split": "no", "gain": 3, "tab": 99, "runs": {RUN: 7}})
    again.deleteLater()


# --- the state


def test_a_state_survives_json_and_damage_is_no_state() -> None:
    state = Inversion(
        Real((3,), ("/a/b.png",), negative=True),
        1,
        0.6,
        (("level 1", Level("zero", 0.25)), ("level 3", Level("noise", 1.0, 77))),
        label=2,
        seed=12,
        traits=(Trait(ByLabel(1), "light", -1.5),),
    )
    assert from_plain(as_plain(state)) == state
    assert from_plain({**as_plain(state), "temperature": 99.0}) == replace(state, temperature=1.5)
    for key, wrong in (("levels", {"level 1": {}}), ("temperature", "warm"), ("real", None), ("traits", [3])):
        assert from_plain({**as_plain(state), key: wrong}) is None, key
    assert from_plain({}) is None


def test_the_one_looked_at_stays_when_others_are_chosen_beside_it() -> None:
    state = Inversion().chosen(Real((1, 2, 3)))
    assert state.current == 2
    state = replace(state, current=0).chosen(Real((9, 1)))
    assert one(state.real, state.current) == Real((1,))
    assert len(Inversion().chosen(Real(tuple(range(40)))).real) == MOST


def test_the_edited_latent_is_levels_times_temperature_plus_attributes_with_its_class_left_alone() -> None:
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=64), [0, 1, 0]]).astype(np.float32)
    vector = np.concatenate([rng.normal(size=64), [0, 0, 0]]).astype(np.float32)
    by = ByLabel(1)
    state = Inversion(
        temperature=0.5,
        levels=(("level 2", Level("zero", 1.0)),),
        traits=(Trait(by, "light", 1.5), Trait(ByLabel(2), "x", 1)),
    )
    made = edited(z, WITH_CLASS, state, {by: vector})
    np.testing.assert_allclose(made[:32], 0.5 * z[:32] + 1.5 * vector[:32], rtol=1e-5)
    np.testing.assert_allclose(made[32:64], 1.5 * vector[32:64], rtol=1e-5)
    np.testing.assert_array_equal(made[64:], z[64:])
    np.testing.assert_array_equal(edited(z, WITH_CLASS, Inversion(), {by: vector}), z)
    np.testing.assert_array_equal(edited(z, WITH_CLASS, Inversion(label=2), {})[64:], [0, 0, 1])


def test_a_film_begins_with_the_picture_and_is_farthest_in_the_middle() -> None:
    z = np.random.default_rng(0).normal(size=64).astype(np.float32)
    state = Inversion()
    frames = film(z, LEVELS, state, {}, "level 1", 8)
    np.testing.assert_array_equal(frames[0], z)
    np.testing.assert_array_equal(frames[4, :32], draw(LEVELS, 1, 0)[0, :32])
    np.testing.assert_array_equal(frames[:, 32:], np.repeat(z[None, 32:], 8, axis=0))
    cooled = film(z, LEVELS, state, {}, "temperature", 8)
    np.testing.assert_array_equal(cooled[0], z)
    assert not cooled[4].any()


def test_groups_of_steps_sum_what_is_inside() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    root = tree(STEPS, values)
    assert root.value == 63
    assert root.inside["level 1"].value == 7
    assert root.inside["level 2"].inside["mixing"].value == 16
    assert [part.name for part, _ in levels_of(WITH_CLASS)] == ["level 1", "level 2"]
