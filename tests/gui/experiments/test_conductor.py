"""Attempts go through the session's queue to their conclusions, and none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from studio.data.errors import Unrecognised
from studio.engine.messages import Ask, Cancel, Failed, Start
from studio.experiments.core import attempts, material
from studio.experiments.core.attempts import Attempt
from studio.experiments.questions import Conclude
from studio.gui.experiments import conductor as conducting
from studio.gui.experiments.conductor import Conductor
from studio.gui.session import Session, Trouble
from studio.runs.folder import RunFolder, RunState
from studio.training.control import Stop
from studio.training.events import Ended, Progress, Started
from tests.gui.conftest import FakeEngine
from tests.gui.experiments.conftest import NEEDY, TOY, attempt, findings, paths
from tests.gui.train.conftest import card


@pytest.fixture
def conductor(session: Session) -> Conductor:
    session.set_models([card()])
    return conducting.of(session)


@pytest.fixture
def troubles(session: Session) -> list[Trouble]:
    told: list[Trouble] = []
    session.trouble.connect(told.append)
    return told


def begin(conductor: Conductor, qtbot: QtBot, seeds: int = 1) -> Attempt:
    conductor.begin(TOY, "short", seeds)
    qtbot.waitUntil(lambda: conductor.at("toy_game") is not None)
    one = conductor.at("toy_game")
    assert one is not None
    return one.attempt


def train(run: str, engine: FakeEngine, reason: Any = "finished", message: str = "") -> None:
    """Let a run be trained to its end, on disk too."""
    engine.tell(Started(run, 0, 10, {}, "CPU", "float32"))
    RunFolder(run).write_state(RunState(reason, 10, 10, seconds=3.0))
    engine.tell(Ended(run, 10, reason, message))


def conclude(made: Attempt, engine: FakeEngine) -> None:
    assert engine.last(Conclude) == Conclude(str(made.path))
    engine.answer(attempts.finish(attempts.read(made.path), findings(), 1.0), Conclude)


def test_there_is_one_conductor_for_a_session(session: Session) -> None:
    assert conducting.of(session) is conducting.of(session)


def test_runs_are_trained_one_after_the_other_and_then_concluded(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = begin(conductor, qtbot)
    first, second = paths(made)
    assert (session.training, session.queue) == (first, [second])
    train(first, engine)
    assert session.training == second
    one = conductor.at("toy_game")
    assert one is not None
    assert not engine.all(Conclude)
    train(second, engine)
    assert one.words(session) == "drawing the conclusion"
    conclude(made, engine)
    assert conductor.at("toy_game") is None
    assert attempts.read(made.path).status == "finished"
    assert not attempts.taken(made)


def test_as_many_seeds_as_asked_for(conductor: Conductor, qtbot: QtBot) -> None:
    assert begin(conductor, qtbot, seeds=3).seeds == (0, 1, 2)


def test_nobody_else_can_be_at_it_meanwhile(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = begin(conductor, qtbot)
    assert attempts.taken(made)
    for run in paths(made):
        train(run, engine)
    assert not attempts.taken(made)  # the engine is to take it


def test_progress_is_of_the_whole(conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot) -> None:
    made = begin(conductor, qtbot)
    first, second = paths(made)
    one = conductor.at("toy_game")
    assert one is not None
    told: list[str] = []
    conductor.advanced.connect(told.append)
    engine.tell(Started(first, 0, 10, {}, "CPU", "float32"), Progress(first, 5, 10, 1.0, 1.0, None, 0))
    assert one.words(session) == "run 1 of 2 · step 5 of 10"
    assert one.done == pytest.approx(0.5 / 3)
    train(first, engine)
    assert one.done == pytest.approx(1 / 3)
    assert set(told) == {str(made.path)}
    assert second == session.training


def test_a_run_that_fails_fails_the_attempt_and_the_others_do_not_train(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = begin(conductor, qtbot)
    train(paths(made)[0], engine, "failed", "Out of memory.")
    qtbot.waitUntil(lambda: attempts.read(made.path).status == "failed")
    assert "Out of memory." in attempts.read(made.path).message
    assert not session.queue
    assert conductor.at("toy_game") is None


def test_a_stopped_run_waits_to_be_gone_on_with(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = begin(conductor, qtbot)
    first, second = paths(made)
    engine.tell(Ended(first, 3, "stopped"))
    train(second, engine)
    one = conductor.at("toy_game")
    assert one is not None
    assert one.stands(session)
    assert one.words(session) == "stopped · 1 of 2 runs are left"
    conductor.go_on(made)
    assert session.training == first
    train(first, engine)
    conclude(made, engine)


def test_calling_off_stops_dequeues_and_is_written_down_and_can_be_taken_back(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = begin(conductor, qtbot)
    first, second = paths(made)
    conductor.cancel("toy_game")
    assert isinstance(engine.last(Stop), Stop)
    assert not session.queue
    engine.tell(Ended(first, 3, "stopped"))
    qtbot.waitUntil(lambda: attempts.read(made.path).status == "cancelled")
    assert session.training == ""
    conductor.go_on(attempts.read(made.path))
    qtbot.waitUntil(lambda: conductor.at("toy_game") is not None)
    assert attempts.read(made.path).status == "running"
    assert (session.training, session.queue) == (first, [second])


def test_a_conclusion_can_be_called_off_and_drawn_again(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = begin(conductor, qtbot)
    for run in paths(made):
        train(run, engine)
    conductor.cancel("toy_game")
    asked = next(m for m in engine.sent if isinstance(m, Ask) and isinstance(m.question, Conclude))
    assert engine.last(Cancel) == Cancel(asked.stamp)
    engine.tell(Failed(asked.stamp, "cancelled"))
    qtbot.waitUntil(lambda: attempts.read(made.path).status == "cancelled")
    conductor.go_on(attempts.read(made.path))
    qtbot.waitUntil(lambda: len(engine.all(Conclude)) == 2)
    conclude(made, engine)
    assert attempts.read(made.path).status == "finished"


def test_a_conclusion_that_fails_says_why_and_offers_another_try(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot, troubles: list[Trouble]
) -> None:
    made = begin(conductor, qtbot)
    for run in paths(made):
        train(run, engine)
    asked = next(m for m in engine.sent if isinstance(m, Ask) and isinstance(m.question, Conclude))
    attempts.fail(made, "no labels")
    engine.tell(Failed(asked.stamp, "no labels"))
    assert [(t.why, t.action, t.about) for t in troubles] == [("no labels", "Try again", str(made.path))]
    assert troubles[0].act is not None
    troubles[0].act()
    qtbot.waitUntil(lambda: len(engine.all(Conclude)) == 2)


def test_what_was_cut_off_is_offered_at_the_next_start_and_goes_on(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot, troubles: list[Trouble]
) -> None:
    made = attempt()
    first, second = paths(made)
    RunFolder(first).write_state(RunState("finished", 10, 10))
    session.restore_queue([second])
    conductor.look()
    qtbot.waitUntil(lambda: bool(troubles))
    assert (troubles[0].what, troubles[0].why) == (
        "Toys come to an end: interrupted",
        "1 of its 2 runs are left.",
    )
    assert troubles[0].act is not None
    troubles[0].act()
    qtbot.waitUntil(lambda: session.training == second)
    train(second, engine)
    conclude(made, engine)


def test_an_attempt_whose_runs_were_all_done_goes_on_with_its_conclusion(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot, troubles: list[Trouble]
) -> None:
    made = attempt()
    for run in paths(made):
        RunFolder(run).write_state(RunState("finished", 10, 10))
    conductor.look()
    qtbot.waitUntil(lambda: bool(troubles))
    assert "the conclusion is missing" in troubles[0].why
    conductor.go_on(made)
    qtbot.waitUntil(lambda: bool(engine.all(Conclude)))
    assert not engine.all(Start)


def test_resuming_one_of_its_runs_takes_up_the_attempt(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot, troubles: list[Trouble]
) -> None:
    made = attempt()
    first, second = paths(made)
    conductor.look()
    qtbot.waitUntil(lambda: bool(troubles))
    session.train(first)
    engine.tell(Started(first, 3, 10, {}, "CPU", "float32"))
    qtbot.waitUntil(lambda: conductor.at("toy_game") is not None)
    assert session.queue == [second]


def test_a_run_that_is_gone_is_said_and_written_down(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot, troubles: list[Trouble]
) -> None:
    made = attempt()
    (Path(paths(made)[1]) / "run.json").unlink()
    conductor.go_on(made)
    qtbot.waitUntil(lambda: bool(troubles))
    assert "run.json" in troubles[0].why
    assert attempts.read(made.path).status == "failed"
    assert not attempts.taken(made)


def test_an_attempt_that_somebody_else_is_at_is_left_alone(
    conductor: Conductor, session: Session, engine: FakeEngine, qtbot: QtBot, troubles: list[Trouble]
) -> None:
    made = attempt()
    with made.lock().acquire(blocking=False):
        conductor.look()
        conductor.go_on(made)
        qtbot.waitUntil(lambda: bool(troubles))
    assert [t.why for t in troubles] == [conducting.ELSEWHERE]
    assert not session.training


def test_data_that_cannot_be_read_are_said_and_nothing_begins(
    conductor: Conductor, session: Session, qtbot: QtBot, troubles: list[Trouble], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise Unrecognised("notes.txt: is not MNIST")

    monkeypatch.setattr(material, "prepare", wrong)
    conductor.bring(NEEDY, Path("notes.txt"))
    qtbot.waitUntil(lambda: bool(troubles))
    assert troubles[0].why == "notes.txt: is not MNIST"
    assert not conductor.preparing
    assert not attempts.listed()
