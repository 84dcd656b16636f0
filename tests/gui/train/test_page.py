"""The page: a run live, its verbs, its trouble, its history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.data import files, pictures
from studio.engine.messages import Start
from studio.gui.session import Session, Trouble
from studio.gui.train.page import TrainPage
from studio.runs.folder import Record, RunFolder, RunState
from studio.training.control import Pause, Resume, SaveNow, SetRate, StepOnce, Stop
from studio.training.events import (
    Checkpointed,
    Ended,
    Measured,
    Paused,
    Progress,
    RateChanged,
    Resumed,
    SheetDrawn,
    Started,
)
from tests.gui.conftest import FakeEngine
from tests.gui.train.conftest import DATA, SUGGESTED, card

RATES = {"critic": 1e-4, "generator": 2e-4}


@pytest.fixture
def running(ready: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot) -> TrainPage:
    """The page with a run in training."""
    ready.show()
    ready.recipe_pane.train.click()
    qtbot.waitUntil(lambda: bool(session.training))
    engine.tell(Started(session.training, 0, 500, RATES, "CPU, 2 threads", "float32"))
    qtbot.waitUntil(lambda: ready.facts is not None)
    return ready


def measured(run: str, first: int, last: int) -> list[Measured]:
    return [
        Measured(
            run, s, s * 0.1, {"loss/critic": s * 1.0, "loss/generator": -s * 1.0, "wasserstein/sliced": 1 / (s + 1)}
        )
        for s in range(first, last)
    ]


def old_run(session: Session, *, status: str = "stopped", steps: int = 50) -> str:
    run = RunFolder(session.new_run("toy", SUGGESTED, DATA, title="yesterday"))
    run.append([Record(s, s * 0.1, {"loss/critic": float(s), "gradient norm/critic": 1.0}) for s in range(steps)])
    run.append([Record(steps - 1, 5.0, {}, "checkpoint")])
    run.write_state(RunState(status, steps - 1, 500))  # type: ignore[arg-type]
    for step in (0, 20, 40):
        images = np.full((4, 8, 8, 3), step, np.uint8)
        files.write(run.sheet(step), pictures.png(pictures.sheet(images)))
    for name in ("average.safetensors", "engine.safetensors"):
        files.write(run.checkpoint(steps - 1) / name, b"")
    return str(run.path)


def test_plots_get_every_number(running: TrainPage, session: Session, engine: FakeEngine) -> None:
    events = measured(session.training, 0, 700)
    for start in range(0, 700, 100):
        engine.tell(*events[start : start + 100])
    panel = running.deck.panels["loss"]
    assert [c.key for c in panel.curves] == ["loss/critic", "loss/generator"]
    np.testing.assert_array_equal(panel.curves[0].series.y, np.arange(700.0))
    np.testing.assert_array_equal(panel.curves[1].series.y, -np.arange(700.0))
    assert len(running.deck.panels["wasserstein"].curves[0].series) == 700


def test_a_new_group_gets_a_tab_and_a_floor_its_name(
    running: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    side = running.deck.sides[1]
    assert side.groups == ["wasserstein"]
    engine.tell(Measured(session.training, 1, 0.1, {"gradient norm/critic": 1.0, "wasserstein/floor (sliced)": 0.1}))
    qtbot.waitUntil(lambda: len(side.groups) > 1 and side.buttons["gradient norm"].isVisible())
    assert [side.buttons[g].text() for g in side.groups] == ["Wasserstein", "Gradient norm"]
    side.buttons["gradient norm"].click()
    assert running.deck.panels["gradient norm"].isVisible()
    assert running.deck.panels["wasserstein"].curves[0].reference


def test_state_and_step_are_told_in_words(running: TrainPage, session: Session, engine: FakeEngine) -> None:
    run, state = session.training, running.run_pane.state
    assert state.text() == "training · step 0 of 500"
    engine.tell(Progress(run, 120, 500, 400.0, 1.0, 3.0, 1 << 30))
    assert state.text() == "training · step 120 of 500"
    engine.tell(Paused(run, 121, "asked"))
    assert state.text() == "paused · step 121 of 500"
    engine.tell(Resumed(run, 121))
    assert state.text() == "training · step 120 of 500" or "121" in state.text()
    engine.tell(Paused(run, 130, "nan", "The critic's loss is not a number."))
    assert "not a number" in state.text()
    assert "The critic's loss" in state.text()


def test_verbs_send_their_wishes(running: TrainPage, session: Session, engine: FakeEngine) -> None:
    pane = running.run_pane
    pane.pause.click()
    assert engine.last(Pause) == Pause()
    engine.tell(Paused(session.training, 3, "asked"))
    assert pane.pause.text() == "Resume"
    pane.pause.click()
    assert engine.last(Resume) == Resume()
    pane.save.click()
    assert engine.last(SaveNow) == SaveNow()
    pane.stop.click()
    assert engine.last(Stop) == Stop()


def test_single_steps_are_for_a_paused_run(running: TrainPage, session: Session, engine: FakeEngine) -> None:
    once = {player: button for player, (_, button) in running.run_pane.rates.players.items()}
    assert list(once) == ["critic", "generator"]
    assert not once["critic"].isEnabled()
    engine.tell(Paused(session.training, 3, "asked"))
    once["generator"].click()
    assert engine.last(StepOnce) == StepOnce("generator")


def test_a_learning_rate_is_changed_live_and_taken_back(
    running: TrainPage, session: Session, engine: FakeEngine
) -> None:
    box, _ = running.run_pane.rates.players["critic"]
    box.stepBy(1)
    assert engine.last(SetRate) == SetRate("critic", 2e-4)
    session.undo.undo()
    assert engine.last(SetRate) == SetRate("critic", 1e-4)
    assert box.value() == 1e-4
    engine.tell(RateChanged(session.training, 4, "critic", 5e-5))
    assert box.value() == 5e-5


def test_samples_appear_and_checkpoints_are_marked(
    running: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    run = session.training
    engine.tell(*measured(run, 0, 50), SheetDrawn(run, 40, np.full((4, 8, 8, 3), 9, np.uint8)), Checkpointed(run, 45))
    qtbot.waitUntil(lambda: running.sheet.shown_step == 40)
    assert running.sheet.label.text() == "step 40 · live"
    assert running.deck.panels["loss"].marks == [(45, "checkpoint")]


@pytest.mark.parametrize(
    ("reason", "way_out"), [("nan", "Lower the rates and go on"), ("memory", "Recipe with half"), ("disk", "Go on")]
)
def test_trouble_is_a_banner_with_a_way_out(
    running: TrainPage, session: Session, engine: FakeEngine, reason: str, way_out: str
) -> None:
    found: list[Trouble] = []
    session.trouble.connect(found.append)
    engine.tell(Paused(session.training, 9, reason, "what happened"))  # type: ignore[arg-type]
    assert found[0].about == session.training
    assert found[0].why == "what happened"
    assert found[0].action.startswith(way_out)


def test_halving_the_rates_goes_on(running: TrainPage, session: Session, engine: FakeEngine) -> None:
    found: list[Trouble] = []
    session.trouble.connect(found.append)
    engine.tell(Paused(session.training, 9, "nan", ""))
    assert found[0].act is not None
    found[0].act()
    assert engine.all(SetRate) == [SetRate("critic", 5e-5), SetRate("generator", 1e-4)]
    assert isinstance(engine.all(Resume)[-1], Resume)


def test_a_failed_run_offers_to_go_on(running: TrainPage, session: Session, engine: FakeEngine) -> None:
    found: list[Trouble] = []
    session.trouble.connect(found.append)
    run = session.training
    engine.tell(Ended(run, 77, "failed", "The disk is full."))
    assert (found[0].why, found[0].about) == ("The disk is full.", run)
    assert found[0].act is not None
    found[0].act()
    assert engine.last(Start).run == run


def test_an_old_run_opens_with_curves_sheets_and_recipe(page: TrainPage, session: Session, qtbot: QtBot) -> None:
    page.show()
    session.choose_run(old_run(session))
    qtbot.waitUntil(lambda: page.facts is not None and page.sheet.shown_step == 40)
    qtbot.waitUntil(lambda: page.shown is not None and bool(page.shown.series))
    np.testing.assert_array_equal(page.deck.panels["loss"].curves[0].series.y, np.arange(50.0))
    assert page.deck.panels["loss"].marks == [(49.0, "checkpoint")]
    assert page.run_pane.state.text() == "stopped at step 49 of 500"
    assert page.run_pane.form._texts["rate"].text() == "1e-4"
    assert page.run_pane.title.text() == "yesterday"


def test_resume_goes_to_the_steps_in_all(page: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot) -> None:
    page.show()
    run = old_run(session)
    session.choose_run(run)
    qtbot.waitUntil(lambda: page.facts is not None)
    pane = page.run_pane
    assert (pane.resume.text(), pane.to.value()) == ("Resume", 500)
    pane.to.stepBy(1)
    pane.resume.click()
    assert (engine.last(Start).run, engine.last(Start).steps) == (run, 1000)


def test_a_run_that_has_its_steps_asks_for_more(page: TrainPage, session: Session, qtbot: QtBot) -> None:
    run = old_run(session)
    RunFolder(run).write_state(RunState("finished", 500, 500))
    session.choose_run(run)
    qtbot.waitUntil(lambda: page.facts is not None)
    assert page.run_pane.state.text() == "finished, 500 steps"
    assert page.run_pane.to.value() == 750
    page.run_pane.to.set_value(500)
    page.run_pane._show()
    assert not page.run_pane.resume.isEnabled()


def test_an_interrupted_run_says_so(page: TrainPage, session: Session, qtbot: QtBot) -> None:
    session.choose_run(old_run(session, status="running"))
    qtbot.waitUntil(lambda: page.facts is not None)
    assert page.run_pane.state.text() == "interrupted at step 49 of 500"
    assert page.run_pane.resume.isEnabled()


def test_a_damaged_run_is_told_and_harms_nothing(
    page: TrainPage, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    found: list[Trouble] = []
    session.trouble.connect(found.append)
    session.choose_run(str(tmp_path / "nowhere"))
    qtbot.waitUntil(lambda: bool(found))
    assert "recipe.toml" in found[0].why
    session.choose_run("")
    assert not page.switch.isVisible()


def test_looking_at_another_run_loses_no_number_of_the_one_in_training(
    running: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    run = session.training
    engine.tell(*measured(run, 0, 100))
    session.choose_run(old_run(session))
    qtbot.waitUntil(lambda: running.facts is not None and len(running.deck.panels["loss"].curves) == 1)
    engine.tell(*measured(run, 100, 200))
    assert len(running.deck.panels["loss"].curves[0].series) == 50
    session.choose_run(run)
    np.testing.assert_array_equal(running.deck.panels["loss"].curves[0].series.y, np.arange(200.0))


def test_resuming_a_run_on_screen_goes_on_in_its_curves(
    page: TrainPage, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    page.show()
    run = old_run(session)
    session.choose_run(run)
    qtbot.waitUntil(lambda: page.shown is not None and bool(page.shown.series))
    session.train(run)
    engine.tell(Started(run, 30, 500, RATES, "CPU", "float32"))
    engine.tell(*measured(run, 31, 60))
    series = page.deck.panels["loss"].curves[0].series
    np.testing.assert_array_equal(series.x, np.arange(60.0))


def test_use_again_takes_the_recipe_over(page: TrainPage, session: Session, qtbot: QtBot) -> None:
    run = RunFolder(session.new_run("other", {**SUGGESTED, "rate": 7e-4}, DATA))
    session.choose_run(str(run.path))
    qtbot.waitUntil(lambda: page.facts is not None)
    page.run_pane.duplicate.click()
    assert (page.recipe_pane.recipe.model, page.recipe_pane.recipe.values["rate"]) == ("other", 7e-4)
    assert page.panes.currentWidget() is page.recipe_pane


def test_the_page_comes_back_as_it_was(page: TrainPage, session: Session, qtbot: QtBot) -> None:
    page.show()
    page.deck.panels["loss"].set_smoothing(0.99)
    page.deck.panels["loss"].set_log(True)
    page.recipe_pane.form.unfold(True)
    state = page.save_state()
    other = TrainPage(session)
    qtbot.addWidget(other)
    other.resize(page.size())
    other.restore_state(state)
    other.show()
    assert other.deck.panels["loss"].smoothing == 0.99
    assert other.deck.panels["loss"].log
    assert other.recipe_pane.form.is_unfolded
    other.restore_state({"split": "nonsense", "curves": {"smoothing": 3}})


@pytest.mark.parametrize("status", ["new", "stopped", "finished", "failed"])
def test_every_resting_state_has_words_and_a_sign(status: str) -> None:
    from studio.gui.train.facts import resting

    doing = resting(RunState(status, 5, 10, message="why"), crashed=False)  # type: ignore[arg-type]
    assert doing.icon
    assert doing.words
    assert resting(RunState("new"), crashed=False, waiting=2).words == "waiting, number 2 in the queue"


def test_a_model_that_draws_no_pictures_leaves_their_room_to_the_curves(
    page: TrainPage, session: Session, qtbot: QtBot
) -> None:
    silent = replace(card("silent", "Silent"), capabilities=("follow rules",))
    session.set_models([card(), silent])
    page.show()
    run = session.new_run("silent", SUGGESTED, DATA)
    session.choose_run(run)
    qtbot.waitUntil(lambda: page.above.currentWidget() is page.above.sheetless)
    qtbot.waitUntil(lambda: page.bench.sizes()[0] < 80)  # which the splitter knows a moment after
    low, kept = page.bench.sizes(), page.save_state()["bench"]
    assert "Silent draws no pictures" in page.above.sheetless.words.text()
    assert kept[0] > low[0], "another day begins with room for a sheet"
    with qtbot.waitSignal(session.page_wanted) as heard:
        page.above.sheetless.explore.click()
    assert heard.args == ["explore"]
    session.choose_run(old_run(session))
    qtbot.waitUntil(lambda: page.sheet.shown_step == 40)
    assert page.above.currentWidget() is page.sheet
    qtbot.waitUntil(lambda: page.above.height() > 200)
    session.choose_run(run)
    qtbot.waitUntil(lambda: page.above.currentWidget() is page.above.sheetless)
    session.choose_dataset(replace(DATA, fingerprint="other"))
    assert page.above.currentWidget() is page.real
    qtbot.waitUntil(lambda: page.above.height() > 200)
