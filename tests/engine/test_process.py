"""The whole engine over a real process: train, pause, ask, close, crash. Nothing is left running afterwards."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from studio.data.dataset import DataSpec
from studio.engine.client import Engine
from studio.engine.messages import Answer, Ask, Cancel, Catalogue, EngineDied, Failed, Ready, Start, Steer
from studio.explore.latents import draw
from studio.explore.questions import Decode, Describe, Measure, Where
from studio.models.core.latents import Prior
from studio.runs.folder import RunFolder
from studio.training.control import Pause, Resume, StepOnce, Stop
from studio.training.events import Checkpointed, Ended, Measured, Paused, Progress, Resumed, SheetDrawn, Started
from tests.engine.conftest import Ear

NewRun = Callable[..., RunFolder]


def picture(run: RunFolder, stamp: int, **where: int) -> Ask:
    return Ask(stamp, Decode(Where(str(run.path), **where), draw(Prior.of("normal", 8), 1, stamp)), "slider")


def gone(process: psutil.Process, seconds: float) -> bool:
    _, alive = psutil.wait_procs([process], timeout=seconds)
    return not alive


def children() -> set[psutil.Process]:
    """Those that are none of multiprocessing's helpers."""
    return {p for p in psutil.Process().children() if "resource_tracker" not in " ".join(p.cmdline())}


def test_a_run_goes_from_started_to_ended_and_every_word_arrives_in_order(ear: Ear, new_run: NewRun) -> None:
    run = new_run(steps=30)
    ear.engine.send(Start(str(run.path)))
    started = ear.wait(Started)
    assert (started.run, started.step, started.steps) == (str(run.path), 0, 30)
    heard = [started]
    while not isinstance(heard[-1], Ended):
        heard += ear.engine.poll(30)
    assert heard[-1] == Ended(str(run.path), 30, "finished")
    kinds = {type(m) for m in heard}
    assert kinds >= {Started, Progress, Measured, SheetDrawn, Checkpointed, Ended}
    assert run.state().status == "finished"
    ear.engine.send(Ask(1, Describe(Where(str(run.path)))))
    view = ear.wait(Answer, stamp=1).value
    assert (view.step, view.prior, view.checkpoints[-1]) == (30, Prior.of("normal", 8), 30)
    assert view.capabilities == ("decode latent", "criticise")


def test_a_training_is_steered_and_asked_while_it_runs(ear: Ear, new_run: NewRun) -> None:
    run = new_run()
    ear.engine.send(Start(str(run.path)))
    ear.wait(Started)
    ear.engine.send(picture(run, 1))
    first = ear.wait(Answer, stamp=1).value
    assert first.images.shape == (1, 8, 8, 3)
    ear.engine.send(Steer(Pause()))
    paused = ear.wait(Paused)
    assert paused.reason == "asked"
    assert run.checkpoints(resumable=True)[-1] == paused.step
    ear.heard.clear()
    assert not [m for m in ear.quiet(0.5) if isinstance(m, Measured)]
    ear.engine.send(picture(run, 2))  # weights stay in memory
    assert ear.wait(Answer, stamp=2).value.step <= paused.step
    ear.engine.send(Steer(StepOnce("critic")))
    assert "loss/critic" in ear.wait(Measured).values
    ear.engine.send(Steer(Resume()))
    ear.wait(Resumed)
    assert ear.wait(Progress).step >= paused.step
    ear.engine.send(picture(run, 3))
    assert ear.wait(Answer, stamp=3).value.step >= 0
    ear.engine.send(Steer(Stop()))
    ended = ear.wait(Ended)
    assert ended.reason == "stopped"
    assert run.checkpoints(resumable=True)[-1] == ended.step > paused.step


def test_a_second_run_is_refused_in_words_and_can_start_once_the_first_has_ended(ear: Ear, new_run: NewRun) -> None:
    first, second = new_run("first"), new_run("second", steps=3)
    ear.engine.send(Start(str(first.path)))
    ear.wait(Started)
    ear.engine.send(Start(str(second.path)))
    refused = ear.wait(Ended, run=str(second.path))
    assert refused.reason == "failed"
    assert "another run is in training" in refused.message
    ear.engine.send(Start(str(first.path)))  # it is, as was asked: no word about it
    ear.engine.send(Steer(Stop()))
    assert ear.wait(Ended).run == str(first.path)
    ear.engine.send(Start(str(second.path)))
    assert ear.wait(Ended) == Ended(str(second.path), 3, "finished")


def test_what_cannot_be_trained_ends_failed_with_the_reason(ear: Ear, tmp_path: Path, new_run: NewRun) -> None:
    ear.engine.send(Start(str(tmp_path / "nowhere")))
    ended = ear.wait(Ended)
    assert ended.reason == "failed"
    assert "nowhere" in ended.message
    run = new_run()
    info = run.info()
    run.write_info(type(info)(**{**vars(info), "data": DataSpec("lost", "images", (1, 8, 8), 9, fingerprint="00")}))
    ear.engine.send(Start(str(run.path)))
    ended = ear.wait(Ended)
    assert ended.reason == "failed"
    assert "dataset" in ended.message


def test_what_cannot_be_answered_fails_in_words_and_a_slow_question_can_be_cancelled(
    ear: Ear, tmp_path: Path, new_run: NewRun
) -> None:
    ear.engine.send(picture(RunFolder(tmp_path / "nowhere"), 1))
    assert "nowhere" in ear.wait(Failed, stamp=1).message
    run = new_run(steps=2)
    ear.engine.send(picture(run, 2))
    assert "no checkpoint yet" in ear.wait(Failed, stamp=2).message
    ear.engine.send(Start(str(run.path)))
    ear.wait(Ended)
    ear.engine.send(picture(run, 3, checkpoint=77))
    assert "step 77" in ear.wait(Failed, stamp=3).message
    wrong_size = Decode(Where(str(run.path)), np.zeros((1, 5), np.float32))
    ear.engine.send(Ask(4, wrong_size))
    assert "8 values" in ear.wait(Failed, stamp=4).message
    ear.engine.send(Ask(5, Measure(Where(str(run.path))), slow=True))
    ear.engine.send(Ask(6, Measure(Where(str(run.path))), slow=True))
    ear.engine.send(Cancel(6))
    assert ear.wait(Failed, stamp=6) == Failed(6, "cancelled")
    ear.engine.send(Ask(7, Catalogue()))
    assert {card.name for card in ear.wait(Answer, stamp=7).value} >= {"dcgan", "wgan_gp"}


def test_ready_tells_devices_and_memory_and_closing_is_quick(data: DataSpec) -> None:
    engine = Engine()
    engine.start()
    ready = Ear(engine).wait(Ready)
    start = time.monotonic()
    engine.close()
    assert time.monotonic() - start < 5
    assert next(iter(ready.devices)) == "auto"
    assert "CPU" in ready.devices["cpu"]
    assert ready.memory > 1 << 20
    assert ready.versions["torch"]


def test_closing_in_the_middle_of_a_training_keeps_it_and_leaves_no_process(new_run: NewRun) -> None:
    run = new_run()
    before = children()
    engine = Engine()
    engine.start()
    (process,) = children() - before
    ear = Ear(engine)
    engine.send(Start(str(run.path)))
    step = ear.wait(Progress).step
    engine.close()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert run.state().status == "stopped"
    assert run.checkpoints(resumable=True)[-1] >= step
    ended = [m for m in engine.poll() if isinstance(m, Ended)]
    assert [e.reason for e in ended] == ["stopped"]  # the last words are still there to be heard
    assert not engine.alive


def test_an_engine_that_is_closed_before_it_is_ready_goes_at_once(data: DataSpec) -> None:
    before = children()
    engine = Engine()
    engine.start()
    (process,) = children() - before
    start = time.monotonic()
    engine.close()
    assert time.monotonic() - start < 2
    assert gone(process, 1)
    assert not [m for m in engine.poll() if isinstance(m, EngineDied)]


@pytest.fixture
def own() -> Iterator[Ear]:
    """An engine for one test alone."""
    engine = Engine()
    engine.start()
    yield Ear(engine)
    engine.close()


def test_a_killed_engine_is_told_with_all_it_costs_and_can_be_started_again(own: Ear, new_run: NewRun) -> None:
    run, ear = new_run(), own
    ear.engine.send(Start(str(run.path)))
    ear.wait(Progress)
    ear.engine.send(Steer(Pause()))  # so that the checkpoint is there, and the question below waits for nothing
    step = ear.wait(Paused).step
    max(children(), key=lambda p: p.create_time()).kill()
    ear.engine.send(picture(run, 9))
    ended = ear.wait(Ended)
    assert (ended.run, ended.reason) == (str(run.path), "failed")
    assert "memory ran out" in ended.message
    assert ear.wait(Failed, stamp=9).message
    assert "started again" in ear.wait(EngineDied).message
    assert not ear.engine.alive
    ear.engine.send(picture(run, 10))
    assert "not running" in ear.wait(Failed, stamp=10).message
    ear.engine.start()
    ear.engine.send(Start(str(run.path)))
    assert ear.wait(Started).step == step  # nothing before the last checkpoint is lost
    ear.engine.send(picture(run, 11))
    assert ear.wait(Answer, stamp=11).value.images.shape == (1, 8, 8, 3)


PARENT = """
    import sys, time
    from studio.engine.client import Engine
    from studio.engine.messages import Start
    from studio.training.events import Progress
    if __name__ == "__main__":
        engine = Engine()
        engine.start()
        engine.send(Start(sys.argv[1]))
        while not any(isinstance(m, Progress) for m in engine.poll(60)):
            pass
        print("training", flush=True)
        time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_parent_that_is_killed_leaves_a_checkpoint_and_no_process(tmp_path: Path, new_run: NewRun) -> None:
    run = new_run()
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])}
    parent = subprocess.Popen([sys.executable, script, run.path], stdout=subprocess.PIPE, env=here)
    assert parent.stdout is not None
    try:
        assert parent.stdout.readline() == b"training\n"
        family = psutil.Process(parent.pid).children(recursive=True)
        assert family
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
    _, left = psutil.wait_procs(family, timeout=15)
    assert not [p for p in left if p.status() != psutil.STATUS_ZOMBIE]
    assert run.state().status == "stopped"
    assert run.checkpoints(resumable=True)


STUCK = """
    import multiprocessing, sys, time, types
    from studio.engine import server
    from studio.engine.messages import Start

    class Host:
        def devices(self): return {}
        def versions(self): return {}
        def memory(self): return 0
        def answer(self, question, watch): ...
        def before_question(self, lane): ...
        def train(self, start, emit, control):
            print("stuck", flush=True)
            while True:
                sum(range(10_000_000))  # never looks at its control, and keeps the interpreter lock

    sys.modules["stuck"] = types.SimpleNamespace(Host=Host)
    server.HOST, server.GRACE = "stuck", 0.5
    here, there = multiprocessing.Pipe()
    here.send(Start("x"))
    here.close()
    server.serve(there)
"""


def test_a_training_that_does_not_stop_is_ended_hard_after_the_grace() -> None:
    here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])}
    script = textwrap.dedent(STUCK).replace("here.recv()\nhere.close()\n", "here.close()\n")
    done = subprocess.run([sys.executable, "-c", script], env=here, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "Timeout" in done.stderr  # with the trace of where it was
