"""The classes panel: every class at one latent, one class, between two; played, exported and restored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.engine.messages import Advanced
from studio.explore.questions import Classify, Decode, ModelView
from studio.export.jobs import ExportFilm, ExportLatents
from studio.export.provenance import Provenance
from studio.gui.explore import drawn
from studio.gui.explore.classes.panel import ClassesPanel
from studio.gui.explore.classes.state import BETWEEN, EVERY, as_plain, beginning, from_plain
from studio.gui.explore.film import to_image
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.explore.plane import Plane
from studio.gui.session import Session
from studio.models.core.latents import Part, Prior, draw
from tests.gui.explore.coded import CLASSES, LABELS, CodedToy
from tests.gui.explore.conftest import RUN
from tests.gui.explore.toy import ToyEngine


@pytest.fixture
def toy() -> CodedToy:
    return CodedToy(LABELS)


@pytest.fixture
def classes(page: ExplorePage, session: Session, engine: ToyEngine) -> ClassesPanel:
    session.choose_run(RUN)
    engine.pump()
    found = page.open[0]
    assert isinstance(found, ClassesPanel)
    return found


def _shown(classes: ClassesPanel, toy: CodedToy) -> bool:
    wanted = to_image(toy.decode(classes.state.z[None]).images[0])
    return bool(classes.show_.picture.image == wanted)


def _view(classes: ClassesPanel, engine: ToyEngine, view: str) -> None:
    box = classes.choose.view
    box.activated.emit(box.findData(view))
    engine.pump()


def test_a_run_that_takes_classes_opens_with_every_class_at_some_latents(classes: ClassesPanel, toy: CodedToy) -> None:
    grid = classes.show_.grid
    assert (len(grid.images), grid.columns) == (6 * 4, 4)
    assert list(grid.column_names) == list(CLASSES)
    z, _ = classes.state.grid()
    assert np.array_equal(grid.images, toy.decode(z).images)
    assert np.array_equal(z[0, :8], z[3, :8]), "a row is one latent"
    assert z[:4, 8:].tolist() == np.eye(4).tolist()
    assert _shown(classes, toy)
    assert grid.selected == {0}


def test_a_class_is_picked_by_its_button_or_its_picture(
    classes: ClassesPanel, engine: ToyEngine, toy: CodedToy, session: Session
) -> None:
    assert classes.choose.classes is not None
    classes.choose.classes.buttons[2].click()
    engine.pump()
    assert classes.state.z[8:].tolist() == [0, 0, 1, 0]
    assert _shown(classes, toy)
    assert classes.show_.caption.text().startswith("fox · latent 1")
    place = classes.show_.grid.tile_rect(4 * 3 + 1).center().toPoint()
    QTest.mouseClick(classes.show_.grid, Qt.MouseButton.LeftButton, pos=place)
    engine.pump()
    assert (classes.state.pick, classes.state.chosen) == (3, 1)
    assert _shown(classes, toy)
    assert classes.choose.classes.buttons[1].isChecked()
    session.undo.undo()
    session.undo.undo()
    assert (classes.state.pick, classes.state.chosen) == (0, 0)


def test_many_samples_of_one_class(classes: ClassesPanel, engine: ToyEngine, toy: CodedToy) -> None:
    _view(classes, engine, "one")
    assert classes.choose.classes is not None
    classes.choose.classes.buttons[3].click()
    engine.pump()
    z, columns = classes.state.grid()
    assert columns is None
    assert z.shape == (64, 12)
    assert (z[:, 8:] == [0, 0, 0, 1]).all()
    assert np.array_equal(classes.show_.grid.images, toy.decode(z).images)
    assert "64 samples of owl" in classes.show_.about.text()
    classes.choose.count.setValue(5)
    engine.pump()
    assert len(classes.show_.grid.images) == 5


def test_between_two_classes_is_a_mixture_of_both(classes: ClassesPanel, engine: ToyEngine, toy: CodedToy) -> None:
    classes.choose.other.activated.emit(2)
    engine.pump()
    assert classes.state.view == "between"
    grid = classes.show_.grid
    assert grid.columns == 9
    assert (grid.column_names[0], grid.column_names[4], grid.column_names[-1]) == ("cat", "0.50", "fox")
    track = classes.choose.between.track
    for _ in range(5):
        QTest.keyClick(track, Qt.Key.Key_PageUp)
    engine.pump()
    assert classes.state.z[8:] == pytest.approx([0, 0, 1, 0])
    QTest.keyClick(track, Qt.Key.Key_PageDown)
    engine.pump()
    assert classes.state.z[8:] == pytest.approx([0.2, 0, 0.8, 0])
    assert _shown(classes, toy)
    assert "0.80 of the way from cat to fox" in classes.show_.caption.text()
    assert classes.choose.classes is not None
    classes.choose.classes.buttons[2].click()
    assert (classes.state.chosen, classes.state.other) == (2, 0), "the two change places"


def test_playing_goes_there_and_back_and_is_one_step_of_undo(
    classes: ClassesPanel, engine: ToyEngine, session: Session, qtbot: QtBot
) -> None:
    classes.choose.fps.setValue(60)
    steps = session.undo.count()
    classes.choose.play.click()
    seen = []
    for _ in range(30):
        qtbot.wait(20)
        engine.pump()
        seen.append(classes.state.t)
    classes.choose.play.click()
    assert not classes.choose.playing
    assert max(seen) > 0.2
    assert session.undo.count() == steps + 1


def test_reset_is_grey_at_the_beginning_and_goes_back_there(classes: ClassesPanel, engine: ToyEngine) -> None:
    choose = classes.choose
    assert not choose.reset_button.isEnabled()
    choose.seed.setValue(5)
    choose.other.activated.emit(3)
    assert choose.classes is not None
    choose.classes.buttons[2].click()
    assert choose.reset_button.isEnabled()
    choose.reset_button.click()
    state = classes.state
    assert (state.chosen, state.other, state.t, state.pick, state.seed) == (0, 1, 0.0, 0, 5)
    assert not choose.reset_button.isEnabled()


def test_another_seed_keeps_the_class(classes: ClassesPanel, engine: ToyEngine) -> None:
    assert classes.choose.classes is not None
    classes.choose.classes.buttons[1].click()
    before = classes.state.z
    classes.choose.new.click()
    engine.pump()
    assert np.array_equal(before[8:], classes.state.z[8:])
    assert not np.array_equal(before[:8], classes.state.z[:8])


def test_newer_weights_redraw(classes: ClassesPanel, engine: ToyEngine, toy: CodedToy) -> None:
    toy.step = 480
    classes.refresh()
    engine.pump()
    assert _shown(classes, toy)
    assert np.array_equal(classes.show_.grid.images, toy.decode(classes.state.grid()[0]).images)


def test_the_latent_can_be_handed_to_the_latent_panel(
    classes: ClassesPanel, page: ExplorePage, engine: ToyEngine
) -> None:
    classes.choose.edit_button.click()
    engine.pump()
    shown = page.open[page.controls.currentIndex()]
    assert isinstance(shown, LatentPanel)
    assert np.array_equal(shown.explorer.state.z, classes.state.z)


def test_what_is_on_screen_is_exported_and_comes_back(
    classes: ClassesPanel, page: ExplorePage, engine: ToyEngine, session: Session, tmp_path: Any
) -> None:
    classes.choose.other.activated.emit(3)
    classes.choose.seed.setValue(17)
    engine.pump()
    there = classes.state
    page.export()
    page.sheet.to.setText(str(tmp_path / "grid.png"))
    page.sheet.go.click()
    job = engine.last(ExportLatents)
    assert np.array_equal(job.z, there.grid()[0])
    assert job.columns == 9
    engine.write(str(tmp_path / "grid.png"))
    page.sheet.show_kind("Animation")
    page.sheet.to.setText(str(tmp_path / "film.gif"))
    page.sheet.go.click()
    film = engine.last(ExportFilm)
    assert film.z.shape == (48, 1, 12)
    assert film.z[24, 0, 8:].tolist() == [0, 0, 0, 1]
    session.undo.undo()
    session.undo.undo()
    assert classes.state.seed == 0
    page.restore(Provenance("toy", "1", RUN, 300, {}, kind="film", settings={"panel": film.panel}, latents=film.held))
    engine.pump()
    assert as_plain(classes.state) == as_plain(there)


def test_a_classifier_says_which_pictures_are_of_their_class(classes: ClassesPanel, engine: ToyEngine) -> None:
    choose, grid = classes.choose, classes.show_.grid
    assert choose.check.isVisible()
    assert "can tell" in choose.seen.text()
    assert not grid.captions
    choose.check.click()
    asked = engine.last(Classify)
    assert asked.train
    stamp = next(m.stamp for m in engine.sent if getattr(m, "question", None) is asked)
    engine.tell(Advanced(stamp, 30, 60))
    assert choose.seen.text() == "Training the classifier … 50%"
    engine.pump()
    assert choose.seen.text().startswith(
        "18 of 24 (75%) are, to a classifier trained on the dataset, 98.0% right on 1,000"
    )
    assert [c[0] for c in grid.captions[:4]] == ["dog", "dog", "fox", "owl"]
    assert not choose.check.isVisible()
    engine.toy.step = 480
    classes.refresh()
    engine.pump(Decode)
    assert [c[0] for c in grid.captions[:4]] == ["dog", "dog", "fox", "owl"], "nothing jumps while it looks again"
    engine.pump()
    _view(classes, engine, "one")
    assert choose.seen.text().startswith("48 of 64 (75%)")
    _view(classes, engine, "between")
    assert "of" not in choose.seen.text().split()[0]
    assert len(grid.captions) == 6 * 9


class Dense(CodedToy):
    """Scores a likelihood too; its sheet is drawn at 0.7."""

    def __init__(self) -> None:
        super().__init__(LABELS)
        self.capabilities = (*self.capabilities, "score likelihood")

    def answer(self, question: Any) -> Any:
        found = super().answer(question)
        return replace(found, temperature=0.7) if isinstance(found, ModelView) else found


@pytest.mark.parametrize("toy", [Dense()])
def test_classes_of_a_density_are_drawn_at_a_temperature(
    classes: ClassesPanel, engine: ToyEngine, session: Session
) -> None:
    slider = classes.choose.temperature
    assert slider.isVisible()
    assert slider.value() == pytest.approx(0.7)
    noise = draw(LABELS, 6, 0)[:, :8]
    np.testing.assert_allclose(classes.state.grid()[0][::4, :8], 0.7 * noise, rtol=1e-5)
    QTest.keyClick(slider.track, Qt.Key.Key_Home)
    engine.pump()
    assert not classes.state.grid()[0][:, :8].any()
    assert classes.state.grid()[0][:, 8:].any(), "the class is no noise"
    offer = classes.offer()
    assert offer is not None
    assert offer.temperature == 0
    session.undo.undo()
    assert classes.state.temperature == pytest.approx(0.7)


def test_classes_of_others_have_no_temperature(classes: ClassesPanel) -> None:
    assert not classes.choose.temperature.isVisible()
    offer = classes.offer()
    assert offer is not None
    assert offer.temperature is None
    plain = as_plain(classes.state)
    del plain["temperature"]
    assert from_plain(plain) is not None, "of a session from before there was one"


def test_films_go_through_every_class_or_between_two() -> None:
    state = beginning(LABELS)
    z, columns = state.film(EVERY, 48, whole=True)
    assert (z.shape, columns) == ((4, 6, 12), 2)
    assert z[:, 0, 8:].tolist() == np.eye(4).tolist()
    z, _ = state.film(BETWEEN, 4, whole=False)
    assert z[:, 0, 8:].tolist() == [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 1, 0, 0], [0.5, 0.5, 0, 0]]


@pytest.mark.parametrize(
    "damage", [{"prior": 3}, {"view": "x"}, {"seed": "x"}, {"t": None}, {"temperature": float("nan")}]
)
def test_a_damaged_state_is_no_state(damage: dict[str, Any]) -> None:
    plain = as_plain(beginning(LABELS))
    assert from_plain(plain) is not None
    assert from_plain(plain | damage) is None
    bounded = from_plain(plain | {"rows": 10**9, "pick": -4, "chosen": 77})
    assert bounded is not None
    assert (bounded.rows, bounded.pick, bounded.chosen) == (24, 0, 3)


def test_of_very_many_classes_those_around_the_chosen_one_are_shown() -> None:
    many = Prior((Part("noise", "normal", 2), Part("class", "categorical", 100, "class")))
    state = beginning(many).with_class(50)
    assert state.columns == tuple(range(30, 70))
    assert beginning(many).with_class(99).columns == tuple(range(60, 100))
    assert state.grid()[0].shape == (6 * 40, 102)


@pytest.mark.parametrize("toy", [CodedToy(Prior((Part("noise", "normal", 8), Part("y", "categorical", 100, "class"))))])
def test_very_many_classes_are_chosen_from_a_list(classes: ClassesPanel, engine: ToyEngine) -> None:
    assert classes.choose.classes is not None
    assert classes.choose.classes.box is not None
    classes.choose.classes.box.activated.emit(77)
    engine.pump()
    assert classes.state.chosen == 77
    assert engine.all(Decode)


@pytest.mark.parametrize("toy", [CodedToy(LABELS, points=True)])
def test_points_are_dots_in_one_window(
    classes: ClassesPanel, engine: ToyEngine, toy: CodedToy, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert classes.show_.grid.images.shape == (24, 96, 96, 3)
    plane = Plane(np.random.default_rng(0).normal(size=(50, 2)))
    monkeypatch.setattr(drawn, "of_dataset", lambda fingerprint: plane)
    classes.drawn.show(replace(toy.data, fingerprint="another ring"))
    qtbot.waitUntil(lambda: classes.drawn.plane is plane)
    engine.pump()
    points = toy.decode(classes.state.z[None]).points
    assert points is not None
    assert classes.show_.picture.image == to_image(plane.pictures(points)[0])
