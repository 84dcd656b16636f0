"""What the trainer tells, obeys and survives."""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from studio.data.dataset import Dataset
from studio.models.core.model import Batch, Loss
from studio.models.wgan_gp import WGANGP
from studio.runs.folder import RunFolder
from studio.training import checkpoint, recorder
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
from studio.training.observing import Observed
from tests.training.conftest import Listener, at, train

MakeRun = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def every_cycle_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "EVERY", 0.0)


def test_a_run_from_its_start_to_its_end(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    heard = train(run, images).heard
    assert heard[0] == Started(str(run.path), 0, 6, {"critic": 1e-4, "generator": 1e-4}, heard[0].device, "float32")  # type: ignore[attr-defined]
    assert isinstance(heard[1], SheetDrawn)
    assert heard[1].step == 0
    assert heard[1].images.shape == (64, 8, 8, 3)
    assert [e.step for e in heard if isinstance(e, Ended)] == [6]
    assert heard[-1] == Ended(str(run.path), 6, "finished")
    measured = [e for e in heard if isinstance(e, Measured) and "loss/critic" in e.values]
    assert [e.step for e in measured] == [1, 2, 3, 4, 5, 6]
    assert {"loss/generator", "wasserstein/critic estimate", "gradient norm/critic"} <= set(measured[0].values)
    on_disk = [r for r in run.records() if "loss/critic" in r.values]
    assert [(r.step, r.values) for r in on_disk] == [(e.step, e.values) for e in measured]
    assert [(r.step, r.mark) for r in run.records() if r.mark] == [(6, "checkpoint")]
    assert [step for step, _ in run.sheets()][:: len(run.sheets()) - 1] == [0, 6]  # a busy machine draws more between
    with Image.open(run.sheet(6)) as sheet:
        assert sheet.width > 64
    state = run.state()
    assert (state.status, state.step, state.steps, state.message) == ("finished", 6, 6, "")
    assert state.seconds > 0
    progress = [e for e in heard if isinstance(e, Progress)][-1]
    assert (progress.step, progress.steps) == (6, 6)
    assert progress.examples_per_second > 0
    assert progress.memory > 0


def test_the_trainers_step_is_the_one_written_by_hand(images: Dataset, new_run: MakeRun) -> None:
    """One critic and one generator move of WGAN-GP in plain torch, from the same weights and random numbers."""
    from studio.models.core import catalog
    from studio.models.core.recipe import make
    from studio.training.cycle import Cycle

    recipe = make(
        catalog.load("wgan_gp").recipe_type,
        {"width": 4, "latent": 3, "batch": 6, "critic_steps": 1, "precision": "float32"},
    )
    ours = Cycle(WGANGP, recipe, images, torch.device("cpu"))
    theirs = Cycle(WGANGP, recipe, images, torch.device("cpu"))
    order = np.random.default_rng([0, 0]).permutation(len(images.train))
    torch.manual_seed(5)
    ours.move()
    ours.move()
    torch.manual_seed(5)
    g, f = theirs.model.generator, theirs.model.critic
    on_f = torch.optim.Adam(f.parameters(), 1e-4, (0.5, 0.9))
    on_g = torch.optim.Adam(g.parameters(), 1e-4, (0.5, 0.9))
    x = torch.from_numpy(images.values[images.train[order[:6]]]).float() / 127.5 - 1
    x = x + torch.rand_like(x) / 128
    fake = g(torch.randn(6, 3)).detach()
    e = torch.rand(6, 1, 1, 1)
    mixed = (e * x + (1 - e) * fake).requires_grad_()
    slope = torch.autograd.grad(f(mixed).sum(), mixed, create_graph=True)[0].flatten(1).norm(dim=1)
    (f(fake).mean() - f(x).mean() + 10 * ((slope - 1) ** 2).mean()).backward()
    on_f.step()
    on_g.zero_grad()
    (-f(g(torch.randn(6, 3))).mean()).backward()
    on_g.step()
    expected = dict(theirs.model.named_parameters())
    for name, parameter in ours.model.named_parameters():
        torch.testing.assert_close(parameter, expected[name], rtol=0, atol=1e-6)


def test_pause_keeps_a_checkpoint_and_resume_goes_on(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    seen: list[Any] = []

    def look(event: Any) -> bool:
        if isinstance(event, Paused):
            seen.append((run.state().status, run.checkpoints(resumable=True)))
        return isinstance(event, Paused)

    heard = train(run, images, Listener((at(Measured, 2), [Pause()]), (look, [Resume()])))
    kinds = [type(e) for e in heard.heard if isinstance(e, Checkpointed | Paused | Resumed | Ended)]
    assert kinds == [Checkpointed, Paused, Resumed, Checkpointed, Ended]
    assert heard.of(Paused)[0].reason == "asked"
    assert seen == [("paused", [2])]
    assert heard.of(Ended)[0].step == 6


def test_stop_is_answered_within_one_move(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images, steps=100_000)
    heard = train(run, images, Listener((at(Measured, 3), [Stop()])))
    assert heard.heard[-1] == Ended(str(run.path), 3, "stopped")
    assert run.checkpoints(resumable=True) == [3]
    assert checkpoint.load(run, 3).plain["position"] in (0, 1)
    assert run.state().status == "stopped"


def test_step_once_moves_that_player_alone(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    before: dict[str, torch.Tensor] = {}

    def at_pause(event: Any) -> bool:
        if isinstance(event, Paused):
            before.update(checkpoint.load(run, event.step).weights)
        return isinstance(event, Paused)

    wishes = [StepOnce("critic"), StepOnce("nobody"), Stop()]
    heard = train(run, images, Listener((at(Measured, 2), [Pause()]), (at_pause, wishes)))
    after = checkpoint.load(run, 2).weights
    changed = {name.split(".")[0] for name in after if not torch.equal(after[name], before[name])}
    assert changed - {"generator"} == {"critic"}
    moved = [n for n in after if n.startswith("generator") and not torch.equal(after[n], before[n])]
    assert all("running_" in n or "num_batches" in n for n in moved)  # it drew samples; its weights stand
    assert "loss/critic" in heard.of(Measured)[-1].values
    assert "loss/generator" not in heard.of(Measured)[-1].values


def test_a_rate_is_changed_told_and_kept(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("dcgan", images)
    wishes = [SetRate("generator", 5e-5), SetRate("nobody", 1), SetRate("generator", float("nan"))]
    heard = train(run, images, Listener((at(Measured, 1), wishes)))
    assert [(e.player, e.rate) for e in heard.of(RateChanged)] == [("generator", 5e-5)]
    assert checkpoint.load(run, 6).plain["rates"] == {"discriminator": 2e-4, "generator": 5e-5}
    assert "generator rate 5e-05" in [r.mark for r in run.records()]
    again = train(run, images, steps=7)
    assert again.of(Started)[0].rates["generator"] == 5e-5


def test_save_now_writes_a_checkpoint_after_the_cycle(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    heard = train(run, images, Listener((at(Measured, 2), [SaveNow()])))
    assert [e.step for e in heard.of(Checkpointed)] == [3, 6]


def broken_at(monkeypatch: pytest.MonkeyPatch, calls: set[int], what: Callable[[Loss], Loss]) -> None:
    """Calls of the critic's loss, counted from 0, whose outcome is replaced."""
    right = WGANGP.critic_loss
    count = iter(range(10**6))

    def loss(self: WGANGP, batch: Batch) -> Loss:
        found = right(self, batch)
        return what(found) if next(count) in calls else found

    monkeypatch.setattr(WGANGP, "critic_loss", loss)


def test_nan_pauses_and_resume_goes_back_to_the_last_good_checkpoint(
    images: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, run = new_run("wgan_gp", images, "whole"), new_run("wgan_gp", images, "broken")
    train(whole, images)
    broken_at(monkeypatch, {5 * 4 + 2}, lambda loss: Loss(loss.value * float("nan"), loss.shows))
    heard = train(run, images, Listener((at(Measured, 2), [SaveNow()]), (at(Paused), [Resume()])))
    paused = heard.of(Paused)[0]
    assert (paused.reason, paused.step) == ("nan", 4)
    for word in ("loss of the critic", "learning rate", "0.0001", "step 3"):
        assert word in paused.message
    assert heard.of(Resumed)[0].step == 3
    assert heard.of(Ended)[0].reason == "finished"
    a, b = checkpoint.load(whole, 6), checkpoint.load(run, 6)
    assert all(torch.equal(a.weights[n], b.weights[n]) for n in a.weights)


def test_nan_before_any_checkpoint_goes_back_to_the_start(
    images: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, run = new_run("wgan_gp", images, "whole"), new_run("wgan_gp", images, "broken")
    train(whole, images)
    broken_at(monkeypatch, {7}, lambda loss: Loss(loss.value / 0, loss.shows))
    heard = train(run, images, Listener((at(Paused), [Resume()])))
    assert heard.of(Resumed)[0].step == 0
    a, b = checkpoint.load(whole, 6), checkpoint.load(run, 6)
    assert all(torch.equal(a.average[n], b.average[n]) for n in a.average)


def test_weights_that_are_no_numbers_are_never_kept(
    images: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss is finite, its gradient is not; and the checkpoint is due before the next loss is computed."""
    run = new_run("wgan_gp", images, critic_steps=1)

    def poison(loss: Loss) -> Loss:
        return Loss(loss.value + (loss.value - loss.value.detach()).abs().sqrt() * 0, loss.shows)

    train(run, images, steps=2)
    broken_at(monkeypatch, {0}, poison)
    heard = train(run, images, Listener((at(Started), [SaveNow()]), (at(Paused), [SetRate("critic", 5e-5), Stop()])))
    assert heard.of(Paused)[0].reason == "nan"
    assert heard.of(Ended)[0].reason == "stopped"
    assert run.checkpoints()[-1] == 2
    kept = checkpoint.load(run, 2)
    assert all(torch.isfinite(t).all() for t in kept.weights.values())
    assert kept.plain["rates"]["critic"] == 5e-5


@pytest.mark.parametrize(
    "wrong",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_out_of_memory_pauses_and_can_go_on(
    wrong: Exception, images: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run("wgan_gp", images)

    def fail(loss: Loss) -> Loss:
        raise wrong

    broken_at(monkeypatch, {8}, fail)
    heard = train(run, images, Listener((at(Paused), [Resume()])))
    assert heard.of(Paused)[0].reason == "memory"
    assert "batch (now 6)" in heard.of(Paused)[0].message
    assert heard.of(Ended)[0].reason == "finished"


def test_a_full_disk_pauses_and_the_work_is_kept_in_memory(
    images: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run("wgan_gp", images)
    right = checkpoint.save
    full = [True]

    def save(*args: Any) -> Any:
        if full:
            full.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        return right(*args)

    monkeypatch.setattr(checkpoint, "save", save)
    heard = train(run, images, Listener((at(Measured, 2), [SaveNow()]), (at(Paused), [Resume()])))
    assert heard.of(Paused)[0].reason == "disk"
    assert "No space left" in heard.of(Paused)[0].message
    assert heard.of(Ended)[0].reason == "finished"
    assert run.checkpoints() == [3, 6] or run.checkpoints()[-1] == 6


def test_a_fault_in_the_model_ends_in_words_and_costs_nothing(
    images: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run("wgan_gp", images)

    def fail(loss: Loss) -> Loss:
        raise RuntimeError("mat1 and mat2 cannot be multiplied")

    broken_at(monkeypatch, {12}, fail)
    heard = train(run, images)
    assert [type(e) for e in heard.heard].count(Ended) == 1
    assert heard.of(Ended)[0].reason == "failed"
    assert "cannot be multiplied" in heard.of(Ended)[0].message
    assert run.state().status == "failed"
    assert run.checkpoints(resumable=True) == [2]


def test_what_stands_in_the_way_is_told_by_ended(images: Dataset, points: Dataset, new_run: MakeRun) -> None:
    run = new_run("dcgan", images)
    other = dataclasses.replace(images, spec=dataclasses.replace(images.spec, fingerprint="else", name="others"))

    def ended(run: RunFolder, data: Any, **options: Any) -> str:
        heard = train(run, data, **options)
        assert [type(e) for e in heard.heard] == [Ended]
        assert heard.of(Ended)[0].reason == "failed"
        return str(heard.of(Ended)[0].message)

    assert "stripes" in ended(run, other)
    assert run.state().status == "failed"

    def missing() -> Dataset:
        raise LookupError("stripes is not among the prepared datasets any more")

    assert "not among" in ended(run, missing)
    assert "points" in ended(new_run("dcgan", points, "points"), points)
    assert "no model 'gone'" in ended(
        RunFolder.create(run.path.parent / "x", "gone", {"steps": 1}, images.spec), images
    )
    with run.lock().acquire(blocking=False):
        assert "in training already" in ended(run, images)
    (run.path / "recipe.toml").write_text("model = 3")
    assert "recipe.toml" in ended(run, images)


def test_a_device_that_is_not_there_is_named(images: Dataset, new_run: MakeRun) -> None:
    from studio.training.trainer import Trainer

    listener = Listener()
    Trainer(new_run("dcgan", images), images, device="cuda:77").run(listener, listener.control)
    assert "cuda:77" in listener.of(Ended)[0].message
    assert "cpu" in listener.of(Ended)[0].message


def test_a_measure_that_fails_does_not_cost_the_training(
    images: Dataset, new_run: MakeRun, caplog: pytest.LogCaptureFixture
) -> None:
    def metrics(snapshot: Any) -> Observed:
        raise ValueError("no")

    assert train(new_run("wgan_gp", images), images, metrics=metrics).of(Ended)[0].reason == "finished"
    assert "measurement failed" in caplog.text


def test_points_come_as_one_picture(points: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", points)
    drawn = train(run, points).of(SheetDrawn)
    assert drawn[0].images.shape == (1, 256, 256, 3)
    assert run.sheet(0).is_file()


def test_a_run_that_is_finished_can_be_made_longer(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    train(run, images)
    again = train(run, images)
    assert again.of(Ended)[0] == Ended(str(run.path), 6, "finished")
    assert not again.of(Checkpointed)
    longer = train(run, images, steps=8)
    assert longer.of(Started)[0].step == 6
    assert longer.of(Ended)[0].step == 8
    assert run.state().steps == 8
    assert run.state().seconds > 0
