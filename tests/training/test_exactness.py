"""Stopped and resumed equals never stopped, bit for bit; and whoever looks on changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.data.dataset import Dataset
from studio.models.core import catalog
from studio.models.core.recipe import make
from studio.runs.folder import RunFolder
from studio.training import checkpoint
from studio.training.control import Pause, Resume, SaveNow, SetRate, StepOnce, Stop
from studio.training.cycle import Cycle
from studio.training.events import Ended, Measured, Paused, RateChanged, Spread
from studio.training.observing import Observed, Observer
from studio.training.pace import Pace
from studio.training.trainer import Trainer
from tests.training.conftest import Listener, at, train

MakeRun = Callable[..., RunFolder]
COVERED = "modes/classes covered of 3"


def everything(run: RunFolder) -> tuple[dict[str, Tensor], dict[str, Any]]:
    saved = checkpoint.load(run, run.checkpoints()[-1])
    tensors = {f"{part}/{k}": v for part in ("weights", "average", "engine") for k, v in getattr(saved, part).items()}
    return tensors, {k: v for k, v in saved.plain.items() if k != "seconds"}


def same(a: RunFolder, b: RunFolder) -> None:
    (tensors, plain), (others, other_plain) = everything(a), everything(b)
    assert plain == other_plain
    assert tensors.keys() == others.keys()
    for name in tensors:
        assert torch.equal(tensors[name], others[name]), name


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("model", ["wgan_gp", "dcgan"])
def test_resume_equals_never_stopped(model: str, precision: str, images: Dataset, new_run: MakeRun) -> None:
    whole = new_run(model, images, "whole", precision=precision, mirror=True)
    train(whole, images)
    parts = new_run(model, images, "parts", precision=precision, mirror=True)
    for stop in (1, 4, None):
        train(parts, images, steps=stop)
    same(whole, parts)
    assert len(everything(whole)[0]) > 40


def test_resume_equals_never_stopped_with_simultaneous_moves_and_a_schedule(classes: Dataset, new_run: MakeRun) -> None:
    """The conditional GAN of 2014: labels, dropout, momentum, and a bias that begins at the first batch."""
    values = {"units": 4, "momentum_epochs": 1, "batch": 60, "decay": 1.01}
    whole, parts = new_run("cgan", classes, "whole", **values), new_run("cgan", classes, "parts", **values)
    train(whole, classes)
    for stop in (1, 4, None):
        train(parts, classes, steps=stop)
    same(whole, parts)
    assert bool(everything(whole)[0]["weights/generator.begun"])


def test_resume_equals_never_stopped_on_points(points: Dataset, new_run: MakeRun) -> None:
    whole, parts = new_run("wgan_gp", points, "whole"), new_run("wgan_gp", points, "parts")
    train(whole, points)
    train(parts, points, steps=2)
    train(parts, points)
    same(whole, parts)


def test_a_stop_in_the_middle_of_a_cycle_loses_nothing(images: Dataset, new_run: MakeRun) -> None:
    """The cycle of WGAN-GP has six moves; it is cut after the second."""
    recipe = make(catalog.load("wgan_gp").recipe_type, {"width": 4, "latent": 3, "batch": 6})
    model = catalog.load("wgan_gp")

    def fresh() -> Cycle:
        return Cycle(model, recipe, images, torch.device("cpu"))

    whole = fresh()
    for _ in range(14):
        whole.move()
    run = new_run("wgan_gp", images)
    cut = fresh()
    for _ in range(8):
        cut.move()
    assert (cut.step, cut.position) == (1, 2)
    checkpoint.save(run, cut.step, checkpoint.take(cut, 1.5))
    resumed = fresh()
    assert checkpoint.resume(run, resumed) == 1.5
    for _ in range(6):
        resumed.move()
    assert whole.plain() == resumed.plain()
    for name, tensor in whole.tensors().items():
        assert torch.equal(tensor, resumed.tensors()[name]), name
    for name, tensor in whole.average.state().items():
        assert torch.equal(tensor, resumed.average.state()[name]), name


def test_pause_single_steps_and_rates_survive_a_resume(images: Dataset, new_run: MakeRun) -> None:
    wishes = [StepOnce("critic"), StepOnce("generator"), SetRate("critic", 3e-4)]
    whole, parts = new_run("wgan_gp", images, "whole"), new_run("wgan_gp", images, "parts")
    # pausing at the end of step 2, where Measured stands for the whole cycle, lands both at the same move
    first = train(whole, images, Listener((at(Measured, 2), [Pause(), *wishes, Resume()])))
    second = train(parts, images, Listener((at(Measured, 2), [Pause(), *wishes, Stop()])))
    assert [type(e) for e in first.heard if isinstance(e, Paused | RateChanged)] == [Paused, RateChanged]
    assert second.of(Ended)[0].reason == "stopped"
    assert second.of(RateChanged)[0].rate == 3e-4
    assert checkpoint.load(parts, 2).plain["rates"] == {"critic": 3e-4, "generator": 1e-4}
    train(parts, images)
    same(whole, parts)


def test_looking_on_changes_nothing(images: Dataset, new_run: MakeRun) -> None:
    """Snapshots, measurements that draw random numbers, checkpoints on the way."""
    quiet, watched = new_run("wgan_gp", images, "quiet"), new_run("wgan_gp", images, "watched")
    train(quiet, images)
    measured: list[int] = []

    def metrics(snapshot: Any) -> Observed:
        torch.rand(3)
        measured.append(snapshot.step)
        return Observed({"wasserstein/made up": float(snapshot.model().decode(torch.zeros(1, 3)).mean())})

    listener = Listener((at(Measured, 1), [SaveNow()]), (at(Measured, 3), [SaveNow()]))
    trainer = Trainer(watched, images, device="cpu", metrics=metrics)
    looked: list[int] = []

    def hear(event: Any) -> None:
        listener(event)
        snapshot = trainer.snapshot()
        if snapshot is not None:
            looked.append(snapshot.step)
            snapshot.model().decode(torch.randn(2, 3, generator=torch.Generator().manual_seed(1)))

    trainer.run(hear, listener.control)
    assert measured
    assert looked
    same(quiet, watched)


def test_spreads_measures_and_a_classifier_trained_beside_change_nothing(
    classes: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is looked at, at every cycle; the classifier trains during the first ones, and is there for the rest."""
    quiet, watched = new_run("wgan_gp", classes, "quiet", steps=8), new_run("wgan_gp", classes, "watched", steps=8)
    train(quiet, classes)
    monkeypatch.setattr(Pace, "due", lambda self: self._gap(0) < 5)  # not the checkpoints
    monkeypatch.setattr("studio.metrics.classifier.SEEN", 10_000)
    observer = Observer(lambda: classes)
    listener = Listener()

    def hear(event: Any) -> None:
        listener(event)
        beside = observer._beside
        if isinstance(event, Measured) and event.step == 4 and beside is not None and beside._thread is not None:
            beside._thread.join()

    Trainer(watched, classes, device="cpu", metrics=observer).run(hear, listener.control)
    curves = {name: [r.step for r in watched.records() if name in r.values] for name in ("loss/critic", COVERED)}
    assert curves["loss/critic"][0] < curves[COVERED][0] <= 4
    assert len(listener.of(Spread)) == 8 * 6
    same(quiet, watched)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(images: Dataset, new_run: MakeRun) -> None:
    runs = [new_run("dcgan", images, name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    for run in runs:
        torch.rand(5)  # whatever was drawn before
        train(run, images)
    same(runs[0], runs[1])
    weights = [checkpoint.load(run, 6).weights["generator.project.weight"] for run in runs]
    assert not torch.equal(weights[0], weights[2])


def test_load_model_draws_no_random_numbers_and_gives_what_was_saved(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("dcgan", images)
    with pytest.raises(checkpoint.NoCheckpoint, match="no checkpoint yet"):
        checkpoint.load_model(run)
    train(run, images)
    before = torch.get_rng_state()
    averaged, step = checkpoint.load_model(run)
    live, _ = checkpoint.load_model(run, 6, averaged=False)
    assert torch.equal(before, torch.get_rng_state())
    saved = checkpoint.load(run, 6)
    assert step == 6
    for model, state in ((averaged, saved.average), (live, saved.weights)):
        assert not model.training
        for name, tensor in model.state_dict().items():
            assert torch.equal(tensor, state[name])
    with pytest.raises(checkpoint.NoCheckpoint, match="there are: 6"):
        checkpoint.load_model(run, 3)


def test_killed_and_resumed_loses_nothing_before_the_last_checkpoint(
    images: Dataset, new_run: MakeRun, tmp_path: Path
) -> None:
    run = new_run("wgan_gp", images, steps=1_000_000, width=4)
    np.savez(tmp_path / "data.npz", values=images.values, train=images.train, held_out=images.held_out)
    script = textwrap.dedent(f"""
        import queue, sys
        import numpy as np, torch
        from pathlib import Path
        from studio.data.dataset import Dataset
        from studio.runs.folder import RunFolder
        from studio.training.events import Checkpointed
        from studio.training.trainer import Trainer
        torch.set_num_threads(1)
        run = RunFolder(Path({str(run.path)!r}))
        held = np.load({str(tmp_path / "data.npz")!r})
        data = Dataset(run.info().data, held["values"], None, held["train"], held["held_out"])
        def hear(event):
            if isinstance(event, Checkpointed):
                print(event.step, flush=True)
        Trainer(run, data, device="cpu", save_every=0.3).run(hear, queue.SimpleQueue())
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(3)]
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert run.crashed()
    assert run.state().status == "running"
    assert run.checkpoints(resumable=True)[-1] >= told[-1]
    measured = [r.step for r in run.records() if "loss/critic" in r.values]
    assert measured[-1] >= told[-1]
    last = run.checkpoints()[-1]
    ended = train(run, images, steps=last + 2).of(Ended)[0]
    assert (ended.reason, ended.step) == ("finished", last + 2)
    assert not run.crashed()
