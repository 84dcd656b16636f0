"""The window's end of the engine: without torch, without waiting, and as a thread where that is asked."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest

from studio.engine import client
from studio.engine.client import Engine
from studio.engine.messages import Answer, Ask, EngineDied, Failed, Ready, Shutdown, Start, Steer
from studio.explore.latents import draw
from studio.explore.questions import Decode, Where
from studio.models.core.latents import Prior
from studio.runs.folder import RunFolder
from studio.training.control import Pause
from studio.training.events import Ended, Progress, Started
from tests.engine.conftest import Ear


def test_the_client_and_all_it_needs_load_no_torch() -> None:
    code = "import sys, studio.engine.client; assert 'torch' not in sys.modules; assert 'ot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_an_engine_every_request_is_refused_at_once() -> None:
    engine = Engine()
    engine.send(Ask(1, Decode(Where("x"), draw(Prior.of("normal", 2), 1, 0))))
    engine.send(Start("x"))
    engine.send(Steer(Pause()))
    failed, ended = engine.poll(1)
    assert (failed.stamp, "not running" in failed.message) == (1, True)
    assert (ended.run, ended.reason) == ("x", "failed")
    assert engine.poll() == []
    engine.close()
    assert not engine.alive


class Fake:
    """Serves in a thread what a test tells it to, in the engine's stead."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, serve: Callable[[Connection], None]) -> None:
        monkeypatch.setattr(client, "_enter", lambda connection, alone: serve(connection))
        self.engine = Engine("thread")
        self.engine.start()


def test_an_engine_that_goes_without_being_asked_answers_for_all_that_was_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(connection: Connection) -> None:
        assert isinstance(connection.recv(), Start)
        connection.send(Started("r", 7, 10, {}, "", "float32"))
        for _ in range(4):
            ask = connection.recv()
            if ask.stamp == 1:
                connection.send(Answer(1, "done"))
        connection.send(EngineDied("the cupboard is bare"))
        connection.close()

    engine = Fake(monkeypatch, serve).engine
    engine.send(Start("r"))
    for stamp, topic in ((1, ""), (2, "slider"), (3, "slider"), (4, "")):
        engine.send(Ask(stamp, Decode(Where("r"), draw(Prior.of("normal", 2), 1, 0)), topic))
    ear = Ear(engine)
    ear.wait(Answer, stamp=1)
    ended = ear.wait(Ended)
    assert (ended.run, ended.step, ended.reason) == ("r", 7, "failed")
    assert ended.message == "the cupboard is bare; it had no checkpoint yet; start it again"
    rest = ear.quiet(0.3)
    assert [m.stamp for m in rest if isinstance(m, Failed)] == [3, 4]  # 1 has its answer, 2 was superseded
    assert [m for m in rest if isinstance(m, EngineDied)] == rest[-1:]
    assert rest[-1].message.startswith("the cupboard is bare")
    assert not engine.alive
    engine.close()


def test_sending_never_waits_for_an_engine_that_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    listen = threading.Event()
    heard = []

    def serve(connection: Connection) -> None:
        listen.wait(30)
        while not isinstance(message := connection.recv(), Shutdown):
            heard.append(message.stamp)
        connection.close()

    engine = Fake(monkeypatch, serve).engine
    large = Decode(Where("r"), draw(Prior.of("normal", 512), 500, 0))  # a megabyte: far more than a pipe holds
    start = time.monotonic()
    for stamp in range(20):
        engine.send(Ask(stamp, large))
    assert time.monotonic() - start < 0.5
    listen.set()
    engine.close()
    assert heard == list(range(20))


def test_poll_returns_at_once_when_there_is_something_and_waits_no_longer_than_asked() -> None:
    engine = Engine()
    start = time.monotonic()
    assert engine.poll(0.1) == []
    assert 0.05 < time.monotonic() - start < 2
    engine.send(Start("x"))
    start = time.monotonic()
    assert len(engine.poll(5)) == 1
    assert time.monotonic() - start < 1


def test_as_a_thread_the_engine_trains_answers_and_leaves_nothing(new_run: Callable[..., RunFolder]) -> None:
    run = new_run()
    engine = Engine("thread")
    engine.start()
    ear = Ear(engine)
    ear.wait(Ready)
    engine.send(Start(str(run.path)))
    ear.wait(Progress)
    engine.send(Ask(1, Decode(Where(str(run.path)), draw(Prior.of("normal", 8), 1, 0))))
    assert ear.wait(Answer, stamp=1).value.images.shape == (1, 8, 8, 3)
    engine.close()
    assert run.state().status == "stopped"
    assert not [t for t in threading.enumerate() if t.name in ("training", "quick", "outbox", "engine-reader")]


def test_a_torch_that_cannot_be_loaded_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.engine import server

    monkeypatch.setattr(server, "HOST", "studio.engine.no_such_module")
    engine = Engine("thread")
    engine.start()
    died = Ear(engine).wait(EngineDied)
    assert died.message.startswith("the engine cannot load torch: No module named")
    engine.close()
