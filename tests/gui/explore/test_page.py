"""The page: which panel for which run, what is live, and the way back from a dropped file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.engine.messages import Answer, Ask, EngineDied, Failed, Ready
from studio.explore import latents
from studio.explore.questions import Decode, Describe, Directions, ModelView
from studio.export.provenance import Provenance
from studio.gui.explore.asking import brief
from studio.gui.explore.latent_panel import LatentPanel
from studio.gui.explore.page import ExplorePage
from studio.gui.session import Session, Trouble
from studio.models.core.latents import Prior
from studio.runs.folder import RunFolder
from studio.training.events import Checkpointed, Progress, Started
from tests.gui.explore.conftest import RUN
from tests.gui.explore.toy import IMAGES, POINTS, Toy, ToyEngine


def _progress(step: int, run: str = RUN) -> Progress:
    return Progress(run, step, 1000, 10.0, 1.0, None, 0)


def test_without_a_run_the_page_says_where_to_get_one(page: ExplorePage, session: Session, qtbot: QtBot) -> None:
    assert page.notice.words.text() == "No run to explore yet"
    with qtbot.waitSignal(session.page_wanted) as heard:
        page.notice.button.click()
    assert heard.args == ["train"]
    assert not page.export_button.isVisible(), "one primary button at a time"


def test_a_run_that_decodes_a_latent_gets_the_latent_panel(panel: LatentPanel, page: ExplorePage) -> None:
    assert page.body.currentWidget() is page.split
    assert page.pictures.currentWidget() is panel.pictures
    assert page.controls.tabText(0) == panel.title
    assert page.title.text() == Path(RUN).name


def test_a_model_without_a_panel_gets_none(page: ExplorePage, session: Session, engine: ToyEngine) -> None:
    engine.toy.capabilities = ("criticise",)
    session.choose_run(RUN)
    engine.pump()
    assert page.open == []
    assert page.notice.words.text() == "No panel for this model"
    assert "criticise" in page.notice.more.text()
    assert not engine.all(Decode)


def test_a_run_without_weights_offers_to_train(page: ExplorePage, session: Session, engine: ToyEngine) -> None:
    engine.toy.checkpoints = ()
    session.choose_run(RUN)
    engine.pump()
    assert page.notice.words.text() == "This run has no weights yet"
    assert page.notice.button.isVisible()


def test_what_the_engine_says_against_it_is_shown(page: ExplorePage, session: Session, engine: ToyEngine) -> None:
    session.choose_run(RUN)
    asks = [m for m in engine.sent if isinstance(m, Ask) and isinstance(m.question, Describe)]
    engine.tell(Failed(asks[-1].stamp, "recipe.toml is missing"))
    assert page.notice.more.text() == "recipe.toml is missing"


def test_a_run_in_training_opens_by_itself_once_it_has_weights(
    page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    engine.toy.checkpoints = ()
    session.choose_run(RUN)
    engine.pump()
    session.training = RUN
    engine.tell(Started(RUN, 0, 1000, {"critic": 1e-4}, "CPU", "float32"), _progress(5))
    engine.pump()
    assert page.body.currentWidget() is page.split
    assert page.live.text() == "● live · step 300"


def test_a_run_in_training_is_live_and_refreshes(
    panel: LatentPanel, page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    session.training = RUN
    engine.tell(Started(RUN, 300, 1000, {"critic": 1e-4}, "CPU", "float32"))
    engine.pump()
    engine.toy.step = 480
    latent = panel.explorer.state.z
    engine.tell(_progress(480))
    engine.pump()
    assert page.live.text() == "● live · step 480"
    assert np.array_equal(panel.stage.grid.images, engine.toy.decode(panel.explorer.state.samples()).images)
    assert np.array_equal(panel.explorer.state.z, latent)
    sent = len(engine.sent)
    engine.tell(_progress(481))
    assert len(engine.sent) == sent, "at most once a second"
    engine.tell(_progress(490, "/runs/another"))
    assert len(engine.sent) == sent


def test_an_older_checkpoint_stands_still_while_the_run_trains(
    panel: LatentPanel, page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    session.training = RUN
    page.checkpoints.setCurrentIndex(page.checkpoints.findData(100))
    page.checkpoints.activated.emit(page.checkpoints.findData(100))
    engine.pump()
    assert page.live.text() == "step 100"
    sent = len(engine.all(Decode))
    engine.tell(_progress(500))
    engine.pump()
    assert len(engine.all(Decode)) == sent


def test_new_checkpoints_come_into_the_list(panel: LatentPanel, page: ExplorePage, engine: ToyEngine) -> None:
    engine.toy.checkpoints = (100, 200, 300, 400)
    engine.tell(Checkpointed(RUN, 400))
    engine.pump()
    assert page.checkpoints.findData(400) > 0
    assert page.open[0] is panel, "the panel stays as it is"


def test_a_page_out_of_sight_asks_nothing(page: ExplorePage, session: Session, engine: ToyEngine) -> None:
    page.hide()
    session.choose_run(RUN)
    assert not engine.all(Describe)
    page.show()
    engine.pump()
    assert page.open


def test_the_pick_is_marked_also_after_points_were_shown(
    panel: LatentPanel, session: Session, engine: ToyEngine
) -> None:
    engine.toy.data = POINTS
    session.choose_run("/runs/points")
    engine.pump()
    assert panel.stage.scatter.selected == {0}
    engine.toy.data = IMAGES
    session.choose_run(RUN)
    engine.pump()
    assert panel.stage.grid.selected == {0}
    assert panel.explorer.selection == (0,)
    panel.stage.grid.select(set())
    panel.explorer.ask_samples()
    engine.pump()
    assert panel.stage.grid.selected == set(), "newer weights select nothing by themselves"


def test_each_run_keeps_its_own_latent(panel: LatentPanel, session: Session, engine: ToyEngine) -> None:
    panel.steer.randomise()
    first = panel.explorer.state.z
    session.choose_run("/runs/other")
    engine.pump()
    assert not np.array_equal(panel.explorer.state.z, first)
    session.choose_run(RUN)
    engine.pump()
    assert np.array_equal(panel.explorer.state.z, first)


def test_a_model_of_another_size_starts_afresh(panel: LatentPanel, session: Session, engine: ToyEngine) -> None:
    panel.steer.randomise()
    panel.steer.sliders["dir:7"].lock.click()
    engine.toy.prior = Prior.of("normal", 7)
    session.choose_run("/runs/other")
    engine.pump()
    assert panel.explorer.state.size == 7
    assert "dim:6" not in panel.steer.sliders
    assert len(panel.steer.sliders) == 7 + 6, "all directions there are, six dimensions"
    engine.toy.prior, engine.toy.data = Prior.of("normal", 2), POINTS
    session.choose_run("/runs/points")
    engine.pump()
    assert set(panel.steer.sliders) == {"dir:0", "dir:1", "dim:0", "dim:1"}
    session.choose_run("/runs/other")


def _made(**changes: object) -> Provenance:
    return replace(Provenance("wgan_gp", "id", RUN, 200, {}), **changes)  # type: ignore[arg-type]


def test_a_dropped_sheet_restores_checkpoint_seed_and_truncation(
    page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    session.choose_run(RUN)
    session.provenance_dropped.emit(_made(settings={"seed": 9, "count": 16, "truncation": 1.25}))
    engine.pump()
    panel = page.open[0]
    assert isinstance(panel, LatentPanel)
    state = panel.explorer.state
    assert (state.seed, state.count, state.truncation) == (9, 16, 1.25)
    assert page.checkpoint == 200
    wanted = engine.toy.decode(latents.draw(Prior.of("normal", 12), 16, 9, 1.25), 200).images
    assert np.array_equal(panel.stage.grid.images, wanted)
    assert state.temperature == 1, "of a file from before there was one"
    session.undo.undo()
    assert panel.explorer.state.seed == 0
    session.provenance_dropped.emit(_made(settings={"seed": 9, "count": 16, "temperature": 0.75}))
    engine.pump()
    assert panel.explorer.state.temperature == 0.75


def test_a_dropped_picture_restores_its_latent(panel: LatentPanel, session: Session, engine: ToyEngine) -> None:
    z = np.linspace(-1, 1, 12, dtype=np.float32)
    session.provenance_dropped.emit(_made(latents=z[None]))
    engine.pump()
    assert np.array_equal(panel.explorer.state.z, z)
    assert panel.stage.caption.text() == "latent of a file · step 200"


def test_a_dropped_walk_restores_its_keys_and_way(panel: LatentPanel, session: Session, engine: ToyEngine) -> None:
    keys = panel.explorer.state.samples()[:3]
    settings = {"path": "linear", "frames": 12, "fps": 10, "loop": False}
    session.provenance_dropped.emit(_made(kind="walk", latents=keys, settings=settings))
    engine.pump()
    walk = panel.explorer.state.walk
    assert np.array_equal(walk.keys, keys)
    assert (walk.kind, walk.frames, walk.fps, walk.loop) == ("linear", 12, 10, False)
    assert panel.tabs.currentWidget() is panel.walk


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": 1e300, "count": -5, "truncation": "x"},
        {"seed": "a", "count": None, "truncation": float("nan")},
        {"frames": [], "path": 3},
    ],
)
def test_hostile_settings_of_a_dropped_file_do_no_harm(
    panel: LatentPanel, session: Session, engine: ToyEngine, settings: dict[str, object]
) -> None:
    wrong_size = np.zeros((2, 5), np.float32)
    session.provenance_dropped.emit(_made(kind="walk", latents=wrong_size, settings=settings))
    engine.pump()
    state = panel.explorer.state
    assert 1 <= state.count <= 1024
    assert state.truncation is None
    assert state.size == 12


def test_weights_that_are_gone_are_said_to_be(panel: LatentPanel, session: Session, engine: ToyEngine) -> None:
    heard: list[Trouble] = []
    session.trouble.connect(heard.append)
    session.provenance_dropped.emit(_made(checkpoint=123, settings={"seed": 4}))
    engine.pump()
    assert "step 123" in heard[0].what
    assert panel.explorer.state.seed == 4


def test_the_title_is_the_runs_own(session: Session, page: ExplorePage, home: Path, qtbot: QtBot) -> None:
    run = RunFolder.create(home / "runs" / "x", "wgan_gp", {"steps": 10}, IMAGES, title="First try")
    session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: page.title.text() == "First try")


def test_a_failed_picture_stands_in_the_picture(panel: LatentPanel, engine: ToyEngine) -> None:
    panel.steer.randomise()
    ask = engine.waiting(Decode)[-1]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "out of memory"))
    assert panel.stage.picture.message == "out of memory"
    panel.steer.randomise()
    engine.pump()
    assert panel.stage.picture.message == "", "and the next one is asked and shown"


def test_an_answer_for_a_run_left_meanwhile_opens_nothing(
    page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    session.choose_run(RUN)
    ask = engine.waiting(Describe)[-1]
    session.choose_run("")
    view = engine.toy.answer(ask.question)
    assert isinstance(view, ModelView)
    engine.tell(Answer(ask.stamp, view))
    assert page.open == []
    assert page.notice.words.text() == "No run to explore yet"


def test_after_a_restart_of_the_engine_the_page_asks_again(
    page: ExplorePage, session: Session, engine: ToyEngine
) -> None:
    session.choose_run(RUN)
    ask = engine.waiting(Describe)[-1]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "the engine was killed"), EngineDied("killed"))
    assert "killed" in page.notice.more.text()
    engine.tell(Ready({}, {}, 0))
    engine.pump()
    assert page.open
    decoded = len(engine.all(Decode))
    engine.tell(Ready({}, {}, 0))
    engine.pump()
    assert len(engine.all(Decode)) > decoded


def test_directions_that_cannot_be_found_say_so(panel: LatentPanel, engine: ToyEngine) -> None:
    panel.steer.again.click()
    ask = engine.waiting(Directions)[-1]
    engine.answered.add(ask.stamp)
    engine.tell(Failed(ask.stamp, "out of memory"))
    assert panel.steer.about.text() == "could not be found"
    assert panel.steer.about.toolTip() == "out of memory"


def test_a_toy_is_the_same_each_time() -> None:
    z = latents.draw(Prior.of("normal", 12), 3, 0)
    assert np.array_equal(Toy().decode(z).images, Toy().decode(z).images)


def test_what_went_wrong_takes_one_line_in_a_pictures_place() -> None:
    assert brief("The run is gone.") == "The run is gone."
    assert brief("Error(s) in loading:\n  size mismatch\n  and more") == "Error(s) in loading …"


def test_another_run_and_the_next_session_open_with_the_panel_looked_at_last(
    page: ExplorePage, panel: LatentPanel, session: Session, engine: ToyEngine, qtbot: QtBot
) -> None:
    other = next(i for i, p in enumerate(page.open) if p is not panel)
    title = page.open[other].title
    session.choose_run("/runs/another")
    engine.pump(Describe)
    assert page.panel is panel
    page.controls.setCurrentIndex(other)
    session.choose_run(RUN)
    engine.pump(Describe)
    assert page.panel is not None
    assert page.panel.title == title
    assert page.pictures.currentWidget() is page.panel.pictures
    again = ExplorePage(session)
    qtbot.addWidget(again)
    again.restore_state(page.save_state())
    again.show()
    engine.pump(Describe)
    assert again.panel is not None
    assert again.panel.title == title
