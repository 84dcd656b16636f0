"""The session: what is sent, what is told, in which order; the queue, and what a dead engine costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from studio.data import places
from studio.data.dataset import DataSpec
from studio.engine.messages import Ask, EngineDied, Failed, Ready, Start
from studio.explore.questions import Describe, Where
from studio.gui import unfinished, work
from studio.gui.session import Session, Trouble
from studio.runs.folder import RunFolder, RunState
from studio.training.events import Checkpointed, Ended, Measured, Paused, Progress, SheetDrawn, Started
from tests.gui.conftest import FakeEngine

DATA = DataSpec("Digits", "images", (1, 8, 8), 100, 10, fingerprint="f" * 32)


def make(session: Session, n: int = 1) -> list[str]:
    return [session.new_run("wgan_gp", {"steps": 10, "seed": i}, DATA) for i in range(n)]


def ended(run: str, reason: Any = "finished") -> Ended:
    return Ended(run, 10, reason)


def test_events_are_told_in_order_and_numbers_all_at_once(session: Session, engine: FakeEngine) -> None:
    told: list[Any] = []
    for name in ("started", "progressed", "measured", "sheet_drawn", "checkpointed", "paused", "resumed", "ended"):
        getattr(session, name).connect(lambda e, name=name: told.append((name, e)))
    session.train("a")
    numbers = [Measured("a", i, 1.0, {"loss/x": 1.0}) for i in range(3)]
    engine.tell(
        Started("a", 0, 10, {}, "CPU", "float32"),
        *numbers,
        Progress("a", 3, 10, 1.0, 1.0, None, 1),
        SheetDrawn("a", 3, np.zeros((1, 1, 1, 3), np.uint8)),
        Checkpointed("a", 3),
        Paused("a", 3, "asked"),
        ended("a"),
    )
    assert sorted(n for n, _ in told) == sorted(
        ["measured", "started", "progressed", "sheet_drawn", "checkpointed", "paused", "ended"]
    )
    assert [n for n, _ in told if n != "measured"] == [
        "started", "progressed", "sheet_drawn", "checkpointed", "paused", "ended",
    ]  # fmt: skip
    assert dict(told)["measured"] == numbers


def test_a_new_run_is_a_folder_that_can_be_trained(session: Session, engine: FakeEngine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.library_changed):
        (run,) = make(session)
    assert Path(run).parent == places.runs()
    assert RunFolder(run).recipe() == ("wgan_gp", {"steps": 10, "seed": 0})
    session.train(run)
    assert engine.last(Start) == Start(run, None, "auto")
    assert make(session)[0] != run


def test_the_queue_goes_on_by_itself_and_can_be_rearranged(session: Session, engine: FakeEngine) -> None:
    a, b, c = make(session, 3)
    session.train(a)
    session.train(b)
    session.enqueue(c)
    session.enqueue(c)
    assert session.queue == [b, c]
    session.move_in_queue(c, 0)
    assert session.queue == [c, b]
    engine.tell(ended(a))
    assert engine.last(Start).run == c
    assert session.queue == [b]
    session.dequeue(b)
    engine.tell(ended(c))
    assert session.training == ""
    assert len(engine.all(Start)) == 2


def test_the_steps_of_a_run_that_waits_are_kept(session: Session, engine: FakeEngine) -> None:
    a, b, c = make(session, 3)
    session.train(a)
    session.train(b, 500)
    session.train(c)
    session.train(c, 70)  # it waits already: only how far it goes is new
    later = Session(engine)
    later.restore_queue(later.settings.get("queue"))
    for each in (session, later):
        assert each.queue == [b, c]
    engine.tell(ended(a))
    assert engine.last(Start) == Start(b, 500, "auto")
    engine.tell(ended(b))
    assert engine.last(Start) == Start(c, 70, "auto")
    engine.tell(ended(c))
    assert session.settings.get("queue steps") == {}
    session.train(c)
    assert engine.last(Start).steps is None


def test_a_device_that_is_gone_is_not_asked_for(session: Session, engine: FakeEngine) -> None:
    session.settings.device = "cuda:1"
    session.train("a")
    assert engine.last(Start).device == "auto"
    engine.tell(ended("a"), Ready({"cpu": "CPU", "cuda:1": "a card"}, {}, 1))
    session.train("b")
    assert engine.last(Start).device == "cuda:1"


def test_an_answer_goes_to_its_asker_and_never_to_one_that_is_gone(session: Session, engine: FakeEngine) -> None:
    owner, gone, answers = QObject(), QObject(), []
    session.ask(Describe(Where("a")), owner, answers.append)
    session.ask(Describe(Where("b")), gone, answers.append)
    first, second = engine.all(Ask)
    gone.deleteLater()
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(gone, QEvent.Type.DeferredDelete)
    engine.tell(Failed(second.stamp, "no"))
    engine.answer("view")
    assert answers == []  # the newest question was the gone one's
    from studio.engine.messages import Answer

    engine.tell(Answer(first.stamp, "view"))
    assert answers == ["view"]


def test_a_titled_question_stands_in_the_status_line_until_it_is_answered(session: Session, engine: FakeEngine) -> None:
    owner = QObject()
    session.ask(Describe(Where("a")), owner, lambda _: None, slow=True, title="Exporting")
    assert [j.title for j in work.desk.jobs] == ["Exporting"]
    engine.answer("done")
    assert not work.desk.jobs


def test_a_dead_engine_keeps_the_queue_and_offers_a_way_out(session: Session, engine: FakeEngine) -> None:
    troubles: list[Trouble] = []
    session.trouble.connect(troubles.append)
    a, b = make(session, 2)
    session.train(a)
    session.enqueue(b)
    engine.alive = False
    engine.tell(ended(a, "failed"), EngineDied("the engine's process was ended by SIGKILL"))
    assert session.queue == [b]
    assert len(engine.all(Start)) == 1
    assert "SIGKILL" in troubles[-1].why
    assert troubles[-1].action == "Restart engine"
    act = troubles[-1].act
    assert act is not None
    act()
    assert engine.restarts == 1


def crashed_run(session: Session, status: Any = "running") -> str:
    (run,) = make(session)
    RunFolder(run).write_state(RunState(status, 70, 100))
    weights = RunFolder(run).checkpoint(50)
    weights.mkdir(parents=True)
    for name in ("average", "engine"):
        (weights / f"{name}.safetensors").write_bytes(b"")
    return run


def test_an_interrupted_run_is_offered_and_goes_on(session: Session, engine: FakeEngine, qtbot: QtBot) -> None:
    run = crashed_run(session)
    make(session)
    (places.runs() / "damaged").mkdir()
    (places.runs() / "damaged" / "state.json").write_text("{")
    assert [(r.path, r.step, r.crashed) for r in unfinished.look(places.runs())] == [(run, 50, True)]
    with qtbot.waitSignal(session.trouble) as told:
        session.offer_interrupted()
    trouble: Trouble = told.args[0]
    assert "step 50" in trouble.what
    assert (trouble.action, trouble.about) == ("Resume", run)
    assert trouble.act is not None
    trouble.act()
    assert session.run == run
    assert engine.last(Start).run == run


def test_the_run_that_trained_when_the_window_went_is_offered_once(
    session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    run = crashed_run(session, "stopped")
    session.train(run)  # and then the window was killed: its engine stopped the run with a checkpoint
    later = Session(engine)
    with qtbot.waitSignal(later.trouble) as told:
        later.offer_interrupted()
    trouble: Trouble = told.args[0]
    assert "interrupted when the window closed" in trouble.what
    assert "step 50" in trouble.why
    assert (trouble.action, trouble.about) == ("Resume", run)
    assert later.settings.get("training") == ""
    later.train(run)
    engine.tell(ended(run))
    assert later.settings.get("training") == ""
    assert unfinished.look(places.runs()) == []


def test_a_run_without_a_checkpoint_says_that_it_begins_again(session: Session) -> None:
    (run,) = make(session)
    RunFolder(run).write_state(RunState("running", 7, 100))
    (found,) = unfinished.look(places.runs())
    assert "begins again" in found.why


@pytest.mark.parametrize("status", ["new", "stopped", "finished", "failed"])
def test_a_run_that_ended_is_not_offered(session: Session, status: Any) -> None:
    crashed_run(session, status)
    assert unfinished.look(places.runs()) == []


def test_a_run_that_somebody_trains_is_not_offered(session: Session) -> None:
    run = crashed_run(session)
    with RunFolder(run).lock():
        assert unfinished.look(places.runs()) == []


def test_the_queue_comes_back_and_waits_for_the_person(engine: FakeEngine, qtbot: QtBot) -> None:
    first = Session(engine)
    first.train("a")
    first.enqueue("b")
    second = Session(engine)
    second.restore_queue(second.settings.get("queue"))
    assert second.queue == ["b"]
    assert len(engine.all(Start)) == 1
