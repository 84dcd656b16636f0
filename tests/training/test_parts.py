"""The parts of the trainer, each against its closed form."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import torch

from studio.data.dataset import Dataset
from studio.models.core import catalog
from studio.models.core.model import Batch, Loss, Optimiser, Update
from studio.models.core.recipe import make
from studio.models.wgan_gp import WGANGP
from studio.runs.folder import DamagedRun, RunFolder
from studio.training import checkpoint, device, players
from studio.training.average import RunningAverage
from studio.training.checkpoint import superfluous
from studio.training.cycle import Cycle
from studio.training.feed import Feed, Order
from studio.training.pace import Clock, Pace
from studio.training.recorder import Recorder
from tests.training.conftest import Listener, train

MakeRun = Callable[..., RunFolder]
CPU = torch.device("cpu")


def test_every_example_is_shown_once_per_epoch() -> None:
    order = Order(23, seed=3)
    shown = np.concatenate([order.take(5) for _ in range(23)])
    for epoch in range(5):
        assert sorted(shown[epoch * 23 : (epoch + 1) * 23]) == list(range(23))
    assert not np.array_equal(shown[:23], shown[23:46])


def test_the_order_can_be_taken_up_anywhere() -> None:
    order, again = Order(10, seed=1), Order(10, seed=1)
    order.take(27)
    again.go_to(order.epoch, order.at)
    assert np.array_equal(order.take(14), again.take(14))


def test_a_batch_may_be_larger_than_the_data() -> None:
    assert Counter(Order(4, seed=0).take(10).tolist()).most_common(1)[0][1] <= 3


def test_images_come_as_floats_from_minus_one_to_one(images: Dataset) -> None:
    batch = Feed(images, 63, 0, False, CPU).next()
    assert batch.x.dtype == torch.float32
    assert sorted(((batch.x + 1) * 127.5).round().byte().flatten().tolist()) == sorted(
        images.values[images.train].flatten().tolist()
    )
    assert batch.x.is_contiguous(memory_format=torch.channels_last)


def test_mirrored_images_are_the_images_turned(images: Dataset) -> None:
    turned = images.values.copy()
    turned[..., 0] = 0  # a dark left edge
    turned[..., 1:] |= 1
    data = Dataset(images.spec, turned, None, images.train, images.held_out)
    torch.manual_seed(0)
    x = Feed(data, 63, 0, True, CPU).next().x
    left, right = (x[..., 0] == -1).all((1, 2)), (x[..., -1] == -1).all((1, 2))
    assert (left ^ right).all()
    assert 15 < int(right.sum()) < 48


def test_data_too_large_for_memory_is_read_from_its_file(images: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    near = Feed(images, 9, 4, False, CPU)

    class Full:
        available = 0

    monkeypatch.setattr("psutil.virtual_memory", Full)
    far = Feed(images, 9, 4, False, CPU)
    for _ in range(9):
        assert torch.equal(near.next().x, far.next().x)


@pytest.mark.parametrize("decay", [0.9, 0.5])
def test_the_running_average_has_its_closed_form(decay: float, images: Dataset) -> None:
    recipe = make(WGANGP.recipe_type, {"width": 4, "latent": 3})
    live = WGANGP(recipe, images.spec)
    average = RunningAverage(live, [live.generator], decay)
    weight = live.generator.project.weight if hasattr(live.generator, "project") else None
    norm = next(m for m in live.generator.modules() if isinstance(m, torch.nn.BatchNorm2d))
    expected = norm.weight.detach().clone().double()
    statistics = norm.running_mean
    assert statistics is not None
    expected_mean = statistics.clone().double()
    for move in range(8):
        with torch.no_grad():
            norm.weight.add_(torch.rand_like(norm.weight))
            statistics.add_(torch.rand_like(statistics))
            assert norm.num_batches_tracked is not None
            norm.num_batches_tracked += 1
        average.update()
        d = min(decay, (1 + move) / (10 + move))
        expected = d * expected + (1 - d) * norm.weight.detach().double()
        expected_mean = d * expected_mean + (1 - d) * statistics.double()
    shown = next(m for m in average.model.modules() if isinstance(m, torch.nn.BatchNorm2d))
    assert shown.running_mean is not None
    torch.testing.assert_close(shown.weight.double(), expected, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(shown.running_mean.double(), expected_mean, rtol=1e-6, atol=1e-7)
    assert shown.num_batches_tracked is not None
    assert int(shown.num_batches_tracked) == 8
    assert weight is not None


def test_what_is_not_averaged_is_the_live_tensor(images: Dataset) -> None:
    live = WGANGP(make(WGANGP.recipe_type, {"width": 4, "latent": 3}), images.spec)
    average = RunningAverage(live, [live.generator], 0.9)
    names = [n for n, t in live.state_dict().items() if t.data_ptr() == average.state()[n].data_ptr()]
    assert names
    assert all(n.startswith("critic") for n in names)
    off = RunningAverage(live, [live.generator], 0.0)
    assert all(t.data_ptr() == off.state()[n].data_ptr() for n, t in live.state_dict().items())


@pytest.mark.parametrize("model", ["wgan_gp", "dcgan"])
def test_bfloat16_stays_close_to_float32(model: str, images: Dataset) -> None:
    """The losses of the first cycles, of networks wide enough that our own weight gradients take part."""
    kind = catalog.load(model)

    def losses(precision: str) -> list[float]:
        recipe = make(kind.recipe_type, {"width": 128, "latent": 8, "batch": 8, "precision": precision, "seed": 3})
        cycle = Cycle(kind, recipe, images, CPU)
        moves = [cycle.move() for _ in range(2 * len(cycle.turns))]
        return [float(v) for m in moves for k, v in m.values.items() if k.startswith("loss/")]

    exact, rough = losses("float32"), losses("bfloat16")
    assert exact != rough
    assert rough == pytest.approx(exact, rel=0.05, abs=0.05)


def test_auto_is_float32_for_small_models(images: Dataset) -> None:
    assert device.settle("auto", CPU, WGANGP(make(WGANGP.recipe_type, {"width": 8}), images.spec)) == "float32"
    assert device.settle("bfloat16", CPU, torch.nn.Linear(1, 1)) == "bfloat16"


@pytest.mark.parametrize("name", ["adam", "rmsprop", "sgd"])
def test_each_optimiser_goes_on_from_its_saved_memory(name: str) -> None:
    asked = Optimiser(name, 0.01, momentum=0.9, weight_decay=0.01)  # type: ignore[arg-type]

    def player() -> players.Player:
        layer = torch.nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return players.Player(Update("one", layer, lambda b: Loss(layer(b.x).square().sum()), asked), CPU, "float32")

    batch = Batch(torch.randn(2, 2, 5, 5))

    def move(one: players.Player) -> None:
        one.gradients(batch)
        one.descend(0)

    first, second = player(), player()
    move(first)
    move(first)
    second.update.module.load_state_dict(first.update.module.state_dict())
    second.load({k: v.contiguous() for k, v in first.tensors().items()})  # as a file gives them back
    move(first)
    move(second)
    for one, other in zip(first.parameters, second.parameters, strict=True):
        assert torch.equal(one, other)
    for key, tensor in first.tensors().items():
        assert torch.equal(tensor, second.tensors()[key]), key


def test_checkpoints_are_thinned_evenly_on_a_logarithmic_axis(images: Dataset, new_run: MakeRun) -> None:
    kept: list[int] = []
    for step in range(100, 100_001, 100):
        kept.append(step)
        for gone in superfluous(kept):
            kept.remove(gone)
    assert len(kept) == 16
    assert kept[0] == 100
    assert kept[-2:] == [99_900, 100_000]
    ratios = [b / a for a, b in itertools.pairwise(kept)]
    assert max(ratios) < 4
    assert superfluous([1, 2, 3]) == []


def test_only_the_newest_two_can_be_resumed_from(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    for steps in (1, 2, 3, 4):
        train(run, images, steps=steps)
    assert run.checkpoints() == [1, 2, 3, 4]
    assert run.checkpoints(resumable=True) == [3, 4]
    assert [p.name for p in run.checkpoint(1).iterdir() if p.suffix == ".safetensors"] == ["average.safetensors"]
    assert checkpoint.load_model(run, 1)[1] == 1
    with pytest.raises(checkpoint.NoCheckpoint, match="averaged"):
        checkpoint.load_model(run, 1, averaged=False)


def test_a_fork_of_a_thinned_checkpoint_starts_from_its_weights(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    train(run, images, steps=2)
    for name in ("engine", "weights"):
        (run.checkpoint(2) / f"{name}.safetensors").unlink()
    saved = checkpoint.read(run.checkpoint(2) / "average.safetensors")
    cycle = Cycle(WGANGP, make(WGANGP.recipe_type, run.recipe()[1]), images, CPU)
    checkpoint.resume(run, cycle)
    assert cycle.step == 2
    assert all(torch.equal(t, saved[n]) for n, t in cycle.model.state_dict().items())


def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    images: Dataset, new_run: MakeRun, caplog: pytest.LogCaptureFixture
) -> None:
    run = new_run("wgan_gp", images)
    train(run, images, steps=2)
    train(run, images, steps=4)
    (run.checkpoint(4) / "engine.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0half")
    cycle = Cycle(WGANGP, make(WGANGP.recipe_type, run.recipe()[1]), images, CPU)
    checkpoint.resume(run, cycle)
    assert cycle.step == 2
    assert "an older one is tried" in caplog.text
    (run.checkpoint(2) / "weights.safetensors").unlink()
    with pytest.raises(DamagedRun, match=r"engine\.safetensors"):
        checkpoint.resume(run, cycle)


def test_a_crash_while_saving_leaves_the_old_or_the_new(images: Dataset, new_run: MakeRun) -> None:
    run = new_run("wgan_gp", images)
    train(run, images, steps=2)
    at = run.checkpoint(2)
    at.rename(at.with_name(f".{at.name}.old"))
    half = at.with_name(".000000004.new")
    half.mkdir()
    (half / "weights.safetensors").write_bytes(b"half")
    assert run.checkpoints() == []
    checkpoint.recover(run)
    assert run.checkpoints(resumable=True) == [2]
    assert [p.name for p in at.parent.iterdir()] == ["000000002"]


def test_work_beside_training_keeps_to_its_share() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0], 0.1, lambda seconds: 2.0, first=1.0)
    done = []
    while now[0] < 100:
        if pace.due():
            done.append(now[0])
            with pace.working():
                now[0] += 0.5
        now[0] += 0.01
    assert done[0] == pytest.approx(1.0, abs=0.02)
    assert sum(0.5 for _ in done) <= 0.1 * 100 + 0.5
    assert len(done) >= 18


def test_work_that_took_longer_once_does_not_count() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0], 0.1, lambda seconds: 1.0)
    with pace.working(counted=False):
        now[0] += 50
    assert not pace.due()
    now[0] += 1
    assert pace.due()
    with pace.working():
        now[0] += 10
    now[0] += 20
    assert not pace.due()
    now[0] += 20
    assert pace.due()


def test_the_clock_stands_still_in_a_pause() -> None:
    clock = Clock(5.0)
    assert clock() == 5.0
    clock.start()
    clock.stop()
    stopped = clock()
    assert stopped >= 5.0
    assert clock() == stopped
    clock.set(3.0)
    assert clock() == 3.0


def test_fast_cycles_are_recorded_as_means(images: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run("wgan_gp", images)
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    heard = Listener()
    recorder = Recorder(run, heard, lambda: now[0])
    for step in range(1, 101):
        recorder.add({"loss/critic": float(step)})
        recorder.cycle(step)
        now[0] += 0.005
    recorder.flush(100)
    records = list(run.records())
    assert 24 <= len(records) <= 27
    weights = np.diff([0, *[r.step for r in records]])
    assert sum(r.values["loss/critic"] * w for r, w in zip(records, weights, strict=True)) == pytest.approx(5050)
    assert len(heard.heard) == len(records)
