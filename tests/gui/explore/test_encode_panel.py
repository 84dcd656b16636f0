"""The encode panel as a person uses it: choosing, encoding, searching, editing, dropping, undo, and coming back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.engine.messages import Ask, Failed
from studio.explore.questions import Browse, Decode, Encode, Invert, Real, Search
from studio.export.jobs import ExportComparison
from studio.export.provenance import Provenance
from studio.gui import work
from studio.gui.explore.encode.pairs import places
from studio.gui.explore.encode.panel import EncodePanel
from studio.gui.explore.encode.state import MOST, Encoding, as_plain, from_plain, length, parts_found, values_tried
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session
from studio.models.core.latents import Part, Prior, one_hot
from tests.gui.explore.conftest import RUN
from tests.gui.explore.encoded import LABELLED, EncodeToy
from tests.gui.explore.toy import POINTS, ToyEngine

Opened = Callable[[EncodeToy], EncodePanel]


@pytest.fixture
def opened(page: ExplorePage, session: Session, engine: ToyEngine) -> Opened:
    """The encode panel, seen, with a run of this toy shown and everything answered."""

    def show(toy: EncodeToy) -> EncodePanel:
        engine.toy = toy
        session.choose_run(RUN)
        engine.pump()
        panel = next(p for p in page.open if isinstance(p, EncodePanel))
        page.controls.setCurrentIndex(page.open.index(panel))
        engine.pump()
        return panel

    return show


def click(panel: EncodePanel, index: int, engine: ToyEngine, qtbot: QtBot, *, ctrl: bool = False) -> None:
    grid = panel.browser.grid
    keys = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, keys, grid.tile_rect(index).center().toPoint())
    qtbot.wait(5)
    engine.pump_shown()


def focus(widget: QWidget, qtbot: QtBot) -> None:
    widget.window().activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)


@pytest.fixture
def engine(qapp: object, toy: object) -> ToyEngine:
    """One that does not answer rounds of a search by itself."""

    class Engine(ToyEngine):
        def pump_shown(self) -> None:
            while asks := [a for a in self.waiting() if not isinstance(a.question, Invert)]:
                for ask in asks:
                    self.answered.add(ask.stamp)
                    self.tell_answer(ask)

        def tell_answer(self, ask: Ask) -> None:
            from studio.engine.messages import Answer

            self.tell(Answer(ask.stamp, self.toy.answer(ask.question)))

        def round(self) -> None:
            (ask,) = self.waiting(Invert)
            self.answered.add(ask.stamp)
            self.tell_answer(ask)

    return Engine()


def test_nothing_is_asked_of_it_before_it_is_seen(
    page: ExplorePage, session: Session, engine: ToyEngine, opened: Opened
) -> None:
    engine.toy = EncodeToy(encoder=True)
    session.choose_run(RUN)
    engine.pump()
    assert not engine.all(Browse)
    panel = opened(engine.toy)
    assert len(engine.all(Browse)) == 1
    assert len(panel.browser.grid.images) == 20
    assert "Choose real pictures below" in panel.pairs.grid.empty_text
    assert panel.browser.place.text() == "1–20 of 20"


def test_an_encoder_answers_each_choice_at_once_with_error_class_and_picture(
    opened: Opened, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy(encoder=True))
    click(panel, 3, engine, qtbot)
    click(panel, 6, engine, qtbot, ctrl=True)
    assert panel.coder.state.real == Real((3, 6))
    found = panel.coder.result
    assert found is not None
    tiles = panel.pairs.grid.images
    at = places(16, 3)
    np.testing.assert_array_equal(tiles[0][:, at[0]], found.originals[0])
    np.testing.assert_array_equal(tiles[0][:, at[1]], found.images[0])
    np.testing.assert_array_equal(tiles[1][:, at[2]], np.abs(found.images[1].astype(int) - found.originals[1]))
    assert panel.pairs.grid.captions[0][0] == f"square · {found.errors[0]:.2f}"
    assert "RMSE in grey levels (0–255), mean" in panel.pairs.about.text()
    assert not panel.tools.settings.isVisible()
    click(panel, 7, engine, qtbot)
    assert panel.coder.state.real == Real((7,)), "a plain click chooses one alone"
    panel.coder.session.undo.undo()
    engine.pump_shown()  # type: ignore[attr-defined]
    assert panel.coder.state.real == Real((3, 6))
    assert panel.browser.grid.selected == {3, 6}
    assert len(panel.coder.result or ()) == 2


def test_the_difference_can_be_brightened(opened: Opened, engine: ToyEngine, qtbot: QtBot) -> None:
    panel = opened(EncodeToy(encoder=True))
    click(panel, 0, engine, qtbot)
    difference = places(16, 3)[2]
    before = panel.pairs.grid.images[0][:, difference].astype(int)
    panel.pairs.set_times(4)
    np.testing.assert_array_equal(panel.pairs.grid.images[0][:, difference], np.minimum(before * 4, 255))


def test_without_an_encoder_it_is_searched_in_rounds_that_are_shown(
    opened: Opened, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy())
    tools, coder = panel.tools, panel.coder
    assert not tools.by.isVisible()
    assert not tools.search_button.isEnabled()
    click(panel, 2, engine, qtbot)
    assert tools.search_button.text() == "Search 1 picture"
    np.testing.assert_array_equal(panel.pairs.grid.images[0][:, places(16, 3)[0]], panel.browser.grid.images[2])
    assert not engine.all(Encode)

    QTest.mouseClick(tools.search_button, Qt.MouseButton.LeftButton)
    assert coder.searching
    assert tools.search_button.text() == "Stop"
    assert [job.title for job in work.desk.jobs] == ["Searching the latents of 1 picture"]
    engine.round()  # type: ignore[attr-defined]
    first = coder.result
    assert first is not None
    assert "iteration 200 of 500" in tools.far.text()
    assert first.errors[0] > 0
    engine.round()  # type: ignore[attr-defined]
    engine.round()  # type: ignore[attr-defined]
    assert not coder.searching
    assert not engine.waiting(Invert)
    assert not work.desk.jobs
    assert coder.result is not None
    assert coder.result.errors[0] == 0
    assert [q.sought.done if q.sought else 0 for q in engine.all(Invert)] == [0, 200, 400]
    assert len(tools.curve.curves[0].series) == 500
    assert "4 candidates: 0, 1, 2, 3" in tools.facts.text()


def test_a_search_stops_at_once_keeps_what_it_found_and_goes_on(
    opened: Opened, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy())
    click(panel, 2, engine, qtbot)
    tools, coder = panel.tools, panel.coder
    focus(panel.pairs.grid, qtbot)
    QTest.keyClick(panel.pairs.grid, Qt.Key.Key_S)
    engine.round()  # type: ignore[attr-defined]
    kept = coder.result
    tools.toggle()
    assert engine.cancelled()
    assert not coder.searching
    assert not work.desk.jobs
    late = engine.waiting(Invert)[0]
    engine.tell(Failed(late.stamp, "cancelled"))
    engine.answered.add(late.stamp)
    assert coder.result is kept
    assert tools.search_button.text() == "Go on"
    assert tools.far.text() == "stopped after 200 of 500 iterations"
    tools.toggle()
    assert engine.last(Invert).sought is not None
    assert engine.last(Invert).sought.done == 200
    engine.round()  # type: ignore[attr-defined]
    coder.set_search("Rate", Search(rate=0.3))
    assert not coder.searching, "a search with other settings is another one"
    assert not coder.unfinished
    assert coder.result is not None, "what was found stays until something better is there"
    assert tools.search_button.text() == "Search 1 picture"
    for ask in engine.waiting(Invert):
        engine.answered.add(ask.stamp)


def test_what_goes_wrong_is_said_and_the_search_can_be_started_again(
    opened: Opened, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy())
    click(panel, 2, engine, qtbot)
    panel.tools.toggle()
    ask = engine.waiting(Invert)[0]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "no picture.png: is no picture that can be read"))
    assert "is no picture" in panel.tools.far.text()
    assert not panel.coder.searching
    assert panel.tools.search_button.isEnabled()


def test_settings_are_edited_undone_reset_and_kept_within_bounds(
    opened: Opened, engine: ToyEngine, session: Session, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy())
    tools = panel.tools
    assert not tools.reset_button.isEnabled()
    box = tools.boxes["iterations"]
    box.stepBy(1)
    box.stepBy(1)
    assert panel.coder.state.search.iterations == 2000
    assert tools.reset_button.isEnabled()
    session.undo.undo()
    assert panel.coder.state.search == Search(), "steps of one field are one edit"
    session.undo.redo()
    box = tools.boxes["pull"]
    focus(box, qtbot)
    box.selectAll()
    QTest.keyClicks(box, "2e-3")
    assert panel.coder.state.search.pull == 2e-3, "letters in a field are no shortcuts"
    tools._edited("rate", 0.0)
    assert panel.coder.state.search.rate == Search().rate
    tools.reset_button.click()
    assert panel.coder.state.search == Search()


def test_an_encoders_latent_can_be_refined(opened: Opened, engine: ToyEngine, qtbot: QtBot) -> None:
    panel = opened(EncodeToy(encoder=True))
    click(panel, 1, engine, qtbot)
    tools = panel.tools
    tools.by.setCurrentIndex(1)
    tools.by.activated.emit(1)
    engine.pump_shown()  # type: ignore[attr-defined]
    assert tools.settings.isVisible()
    tools.refine.click()
    assert not tools.boxes["seed"].isEnabled()
    tools.toggle()
    assert engine.last(Invert).search.refine
    panel.coder.stop()
    panel.coder.session.undo.undo()
    panel.coder.session.undo.undo()
    engine.answered |= {a.stamp for a in engine.waiting(Invert)}
    engine.pump_shown()  # type: ignore[attr-defined]
    assert panel.coder.by == "encoder"
    assert panel.coder.result is not None


def test_edit_hands_the_latent_over_and_the_original_stays_beside_it(
    opened: Opened, page: ExplorePage, engine: ToyEngine, session: Session, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy(encoder=True))
    click(panel, 4, engine, qtbot)
    found = panel.coder.result
    assert found is not None
    focus(panel.pairs.grid, qtbot)
    QTest.keyClick(panel.pairs.grid, Qt.Key.Key_E)
    latent = page.open[page.controls.currentIndex()]
    assert isinstance(latent, LatentPanel)
    engine.pump()
    np.testing.assert_array_equal(latent.explorer.state.z, found.z[0])
    assert latent.beside.isVisible()
    assert "example 4, labelled round" in latent.beside.words.text()
    shown = latent.explorer.picture
    assert shown is not None
    error = np.sqrt(((shown.images[0].astype(float) - found.originals[0]) ** 2).mean())
    assert f"now RMSE {error:.2f}" in latent.beside.words.text()
    before = latent.beside.words.text()
    QTest.keyClick(latent.steer.sliders["dim:0"].track, Qt.Key.Key_End)
    engine.pump()
    assert latent.beside.isVisible()
    assert latent.beside.words.text() != before
    session.undo.undo()
    session.undo.undo()
    engine.pump()
    assert not latent.beside.isVisible(), "the sample that was picked before is compared with nothing"
    session.undo.redo()
    assert latent.beside.isVisible()
    latent.beside.away.click()
    assert not latent.beside.isVisible()


def test_pages_classes_and_parts_of_the_dataset(opened: Opened, engine: ToyEngine, qtbot: QtBot) -> None:
    panel = opened(EncodeToy())
    browser = panel.browser
    browser.part.setCurrentIndex(1)
    browser.part.activated.emit(1)
    engine.pump()
    assert browser.place.text() == "1–60 of 80"
    click(panel, 0, engine, qtbot)
    assert panel.coder.state.real == Real((20,))
    browser.further.click()
    engine.pump()
    assert browser.place.text() == "61–80 of 80"
    assert not browser.further.isEnabled()
    click(panel, 1, engine, qtbot, ctrl=True)
    assert panel.coder.state.real == Real((20, 81)), "that of the other page stays chosen"
    browser.label.setCurrentIndex(1)
    browser.label.activated.emit(1)
    engine.pump()
    assert browser.place.text() == "1–40 of 40"
    assert engine.last(Browse).label == 0


def test_dropped_pictures_are_encoded_and_other_files_are_for_others(
    opened: Opened, engine: ToyEngine, page: ExplorePage
) -> None:
    panel = opened(EncodeToy(encoder=True))
    assert page.would_take(["/a/cat.png", "/a/dog.JPG"]) == "Encode 2 pictures"
    assert page.would_take(["/a/cat.png", "/a/data.csv"]) == ""
    many = [f"/a/{i}.png" for i in range(MOST + 4)]
    assert page.would_take(many) == f"Encode {MOST} pictures (the first {MOST} of {MOST + 4})"
    page.take(["/a/cat.png", "/a/dog.JPG"])
    engine.pump()
    assert panel.coder.state.real == Real(paths=(str(Path("/a/cat.png")), str(Path("/a/dog.JPG"))))
    assert "cat.png" in panel.tools.name.text()
    panel.browser.negative.click()
    assert panel.coder.state.real.negative
    panel.coder.session.undo.undo()
    assert not panel.browser.negative.isChecked()
    engine.pump()
    assert len(panel.pairs.grid.images) == 2


def test_points_are_chosen_in_the_plane_and_told_by_distance(
    opened: Opened, engine: ToyEngine, qtbot: QtBot, page: ExplorePage
) -> None:
    panel = opened(EncodeToy(POINTS, encoder=True))
    assert page.would_take(["/a/cat.png"]) == ""
    assert not panel.browser.files.isVisible()
    assert not panel.browser.negative.isVisible()
    panel.browser.scatter.take(3)
    qtbot.wait(5)
    engine.pump()
    assert panel.coder.state.real == Real((3,))
    assert len(panel.pairs.grid.images) == 1
    assert "distance in data units" in panel.pairs.about.text()
    assert not panel.pairs.gain.isVisible()
    assert "Distance" in panel.tools.facts.text()


def test_a_run_that_trains_on_is_encoded_again_with_its_newer_weights(
    opened: Opened, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy(encoder=True))
    click(panel, 4, engine, qtbot)
    engine.toy.step = 420
    panel.refresh()
    engine.pump()
    assert panel.coder.result is not None
    assert panel.coder.result.step == 420


def test_a_search_is_stopped_when_another_run_is_shown(
    opened: Opened, engine: ToyEngine, session: Session, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy())
    click(panel, 4, engine, qtbot)
    panel.tools.toggle()
    session.choose_run("/runs/another")
    assert not panel.coder.searching
    assert engine.cancelled()
    engine.answered |= {a.stamp for a in engine.waiting(Invert)}
    engine.pump()
    assert panel.coder.state == Encoding()
    session.choose_run(RUN)
    engine.pump()
    assert panel.coder.state.real == Real((4,)), "each run keeps what was chosen for it"


def test_the_comparison_is_offered_for_export_and_comes_back_from_the_file(
    opened: Opened, page: ExplorePage, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy(encoder=True))
    assert panel.offer() is not None
    assert panel.offer().comparison is None  # type: ignore[union-attr]
    click(panel, 4, engine, qtbot)
    panel.pairs.set_times(2)
    page.export()
    assert page.sheet.kind.findText("Comparison") >= 0
    page.sheet.show_kind("Comparison")
    job = page.sheet.form.job("/tmp/x.png")
    assert isinstance(job, ExportComparison)
    assert panel.coder.result is not None
    np.testing.assert_array_equal(job.z, panel.coder.result.z)
    np.testing.assert_array_equal(job.originals, panel.coder.result.originals)
    assert job.gain == 2
    state = panel.coder.state
    panel.coder.choose(Real((9,)))
    engine.pump()
    page.controls.setCurrentIndex(0)
    page.restore(Provenance("toy", "id", RUN, 300, {}, settings={"panel": dict(job.panel)}, latents=job.z))
    engine.pump()
    assert page.open[page.controls.currentIndex()] is panel
    assert panel.coder.state == state


def test_latents_that_were_searched_for_come_back_with_the_comparison(
    opened: Opened, page: ExplorePage, engine: ToyEngine, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy())
    z = np.full((2, 12), 0.3, np.float32)
    state = Encoding(Real((3, 4)), "search", Search(seed=5))
    about = {"name": "Encode", "state": as_plain(state)}
    page.restore(Provenance("toy", "id", RUN, 300, {}, settings={"panel": about}, latents=z))
    engine.pump()
    assert panel.coder.state == state
    assert panel.coder.result is not None
    np.testing.assert_array_equal(panel.coder.result.z, z)
    assert not engine.all(Invert), "nothing is searched for anew"
    assert panel.tools.edit_button.isEnabled()
    assert panel.tools.search_button.text() == "Search 2 pictures"


def test_the_next_session_brings_back_what_was_chosen(
    opened: Opened, engine: ToyEngine, session: Session, qtbot: QtBot
) -> None:
    panel = opened(EncodeToy(encoder=True))
    click(panel, 4, engine, qtbot)
    panel.coder.set_by("search")
    panel.coder.set_search("Seed", Search(seed=7))
    panel.pairs.set_times(8)
    kept = panel.save_state()
    other = EncodePanel(session, panel.parent())
    other.restore_state(kept)
    assert other.pairs.times == 8
    other.show_run(panel.coder.where, panel.coder.view)  # type: ignore[arg-type]
    assert other.coder.state == panel.coder.state
    other.restore_state({"runs": 3, "gain": "x", "browser": [], "split": [0]})
    for part in (other.pictures, other.controls):
        part.deleteLater()


# --- the state, without a window


def test_a_damaged_state_is_refused_and_numbers_are_brought_within_bounds() -> None:
    good = as_plain(Encoding(Real((1, 2), ("/a.png",)), "search", Search(4, 100, 0.1, 0.0, 3, True)))
    assert from_plain(good) == Encoding(Real((1, 2), ("/a.png",)), "search", Search(4, 100, 0.1, 0.0, 3, True))
    far = from_plain({**good, "search": {"restarts": 10**9, "rate": -1}, "indices": list(range(99))})
    assert far is not None
    assert (far.search.restarts, far.search.rate, len(far.real.indices)) == (64, 1e-4, MOST)
    bad: list[dict[str, object]] = [{}, {**good, "indices": "x"}, {**good, "search": {"rate": float("nan")}}]
    assert [from_plain(b) for b in bad] == [None, None, None]


def test_what_was_found_is_told_in_words() -> None:
    prior = Prior(
        (
            Part("noise", "uniform", 2),
            Part("c1", "categorical", 3, "code"),
            Part("c2", "uniform", 1, "code"),
            Part("class", "categorical", 2, "class", ("cat", "dog")),
        )
    )
    z = np.concatenate([[1.0, -1.0], one_hot(2, 3), [-0.5], one_hot(1, 2)]).astype(np.float32)
    assert parts_found(prior, z) == ["c1 = 2", "c2 = −0.50", "class = dog"]
    assert length(prior, z) == pytest.approx(3**0.5)
    assert values_tried(prior, 6)[:3] == ["c1 = 0, class = cat", "c1 = 0, class = dog", "c1 = 1, class = cat"]
    assert values_tried(prior, 0) == []


def test_only_what_has_a_latent_gets_the_panel(page: ExplorePage, session: Session, engine: ToyEngine) -> None:
    engine.toy = EncodeToy(LABELLED)
    engine.toy.capabilities = ("criticise",)
    session.choose_run(RUN)
    engine.pump()
    assert not any(isinstance(p, EncodePanel) for p in page.open)
    assert not engine.all(Decode)
