"""Coverage, motion and alarms while a model trains; the classifier beside it ends with the training."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data import toys
from studio.data.dataset import Dataset, DataSpec, split
from studio.metrics import classifier as classifiers
from studio.metrics.figures import Diverged
from studio.metrics.oscillation import STEPS
from studio.models.core import catalog
from studio.models.core.flow import FlowRecipe
from studio.models.core.model import Loss, Model, Optimiser, Paper, Part, Prior, Update
from studio.models.core.recipe import Recipe, make, values_of
from studio.runs.folder import RunFolder
from studio.training import start
from studio.training.control import Stop
from studio.training.events import Alarm, Ended, Measured
from studio.training.observing import EPOCHS, Metrics, Observed, Observer, looks
from studio.training.pace import Pace
from studio.training.snapshot import Snapshot
from tests.models.every import SENTENCES
from tests.models.linear import Linear, linear
from tests.training.conftest import Listener, at

MakeRun = Callable[..., RunFolder]
RECIPE = Recipe(steps=90)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "SEEN", 1500)


class Quarters(Model):
    """Draws what the dataset of the fixture holds, but for the class that is ``lost``."""

    title = "quarters"
    paper = Paper("nobody", 2000, "", "")
    about = ""
    recipe_type = Recipe
    prior = Prior((Part("noise", "uniform", 64), Part("c", "categorical", 3, "code")))

    def build(self, data: DataSpec) -> None:
        self.lost = nn.Parameter(torch.tensor(-1.0))

    def updates(self) -> list[Update]:
        return [Update("nobody", self, lambda batch: Loss(self.lost * 0), Optimiser("sgd", 0.1))]

    def decode(self, z: Tensor) -> Tensor:
        label = z[:, 64:].argmax(1)
        label = torch.where(label == self.lost, 0, label)
        x = (z[:, :64].view(-1, 1, 8, 8) + 1) * 50
        for row, of in zip(x, label.tolist(), strict=True):
            down, right = divmod(of, 2)
            row[0, 4 * down : 4 * down + 4, 4 * right : 4 * right + 4] += 150
        return x / 127.5 - 1


class Modes(Quarters):
    """Samples of eight Gaussians, but for the mode that is ``lost``."""

    prior = Prior((Part("noise", "normal", 2), Part("c", "categorical", 8, "code")))

    def decode(self, z: Tensor) -> Tensor:
        label = z[:, 2:].argmax(1)
        angle = torch.where(label == self.lost, 0, label) * (2 * torch.pi / 8)
        return torch.stack([angle.cos(), angle.sin()], 1) * centre + z[:, :2] * 0.005


centre = 1.0


def observe(observer: Observer, data: Dataset, model: type[Model], step: int, lost: int = -1) -> Observed:
    return observer.samples(Snapshot("run", step, {"lost": torch.tensor(float(lost))}, model, RECIPE, data))


def wait(observer: Observer) -> None:
    assert observer._beside is not None
    if observer._beside._thread is not None:
        observer._beside._thread.join()


def test_classes_are_looked_for_as_soon_as_the_classifier_is_there(classes: Dataset) -> None:
    with Observer(lambda: classes) as observer:
        first = observe(observer, classes, Quarters, 1)
        assert "wasserstein/sliced" in first.values
        assert not any(name.startswith(("modes/", "oscillation/")) for name in first.values)
        wait(observer)
        then = observe(observer, classes, Quarters, 2)
    accuracy = then.values["classes/accuracy of the classifier on 120 held-out"]
    assert accuracy > 0.97
    assert then.values["modes/classes covered of 3"] == 3
    assert then.values["classes/rarest, its share over that in the data"] > 0.7
    divergence = then.values["class divergence/KL(samples ‖ data)"]
    floor = then.values["class divergence/floor (K − 1)/2n"]
    assert floor == pytest.approx(2 / (2 * 150))
    assert divergence < 10 * floor
    assert then.values["oscillation/change since the last measure"] == 0
    again = Observer(lambda: classes)
    with again:
        assert "modes/classes covered of 3" in observe(again, classes, Quarters, 1).values  # from the cache, at once


def test_a_class_that_vanishes_is_told_once_and_taken_back(classes: Dataset) -> None:
    classifiers.classifier(classes)
    with Observer(lambda: classes) as observer:
        said = [
            observe(observer, classes, Quarters, step, lost).alarms
            for step, lost in enumerate((-1, -1, 2, 2, 2, -1, -1), 1)
        ]
    assert [set(s) for s in said] == [set(), set(), set(), {"classes"}, set(), set(), {"classes"}]
    assert said[3]["classes"].message.startswith("class c has vanished from the samples (as a classifier sees them")
    assert said[3]["classes"].mark == "lost: c"
    assert said[6]["classes"].message == ""


def test_a_class_that_never_came_is_missed_after_a_third(classes: Dataset) -> None:
    classifiers.classifier(classes)
    with Observer(lambda: classes) as observer:
        said = [observe(observer, classes, Quarters, step, 1).alarms for step in (10, 20, 29, 30)]
        assert [set(s) for s in said] == [set(), set(), set(), {"classes"}]
        assert "class b is missing" in said[3]["classes"].message
    with Observer(lambda: classes, steps=9000) as observer:
        assert [observe(observer, classes, Quarters, step, 1).alarms for step in (10, 30, 40)] == [{}, {}, {}]


def test_modes_of_a_mixture_need_no_classifier() -> None:
    global centre
    points, labels = toys.draw("8gaussians", 4000)
    centre = float(np.linalg.norm(points[labels == 0].mean(axis=0)))
    spec = DataSpec("ring", "points", (2,), 4000, 400, tuple("abcdefgh"), "ring", "builtin:8gaussians")
    data = Dataset(spec, points.astype(np.float32), labels, *split(4000, 0.1))
    with Observer(lambda: data) as observer:
        said = [observe(observer, data, Modes, step, lost) for step, lost in enumerate((-1, -1, 3, 3), 1)]
        assert observer._beside is None
    assert [s.values["modes/reached of 8"] for s in said] == [8, 8, 7, 7]
    assert [set(s.alarms) for s in said] == [set(), set(), set(), {"modes"}]
    assert said[3].alarms["modes"].message == "mode d has vanished from the samples"


def test_oscillation_is_there_after_enough_measures_and_begins_anew_after_a_step_back(images: Dataset) -> None:
    name = f"oscillation/oscillation over {STEPS} measures"
    with Observer(lambda: images) as observer:
        found = [observe(observer, images, Quarters, step, step % 2).values for step in range(STEPS + 1)]
        assert [name in values for values in found] == [*[False] * STEPS, True]
        assert found[-1][name] == pytest.approx(1)
        back = observe(observer, images, Quarters, 3, 1).values
        assert not any(key.startswith("oscillation/") for key in back)


def test_a_stop_ends_the_classifier_too(classes: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would train for hours."""
    monkeypatch.setattr(classifiers, "SEEN", 10**9)
    monkeypatch.setattr(classifiers, "EPOCHS", 10**9)
    monkeypatch.setattr(Pace, "due", lambda self: self._gap(0) < 5)  # not the checkpoints
    run = new_run("wgan_gp", classes, steps=10_000)
    listener = Listener((at(Measured, 3), [Stop()]))
    seen: list[bool] = []

    def hear(event: object) -> None:
        seen.append(any(t.name == "classifier" for t in threading.enumerate()))
        listener(event)  # type: ignore[arg-type]

    start.trainer(run.path, device="cpu", data=classes).run(hear, listener.control)
    assert True in seen
    assert not any(t.name == "classifier" for t in threading.enumerate())
    assert listener.of(Ended)[0].reason == "stopped"
    assert classifiers.cached(classes.spec) is None


def test_a_training_tells_alarms_and_marks_them(
    classes: Dataset, new_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise covers no class of two that are far from it."""
    classifiers.classifier(classes)
    monkeypatch.setattr(Pace, "due", lambda self: self._gap(0) < 5)  # not the checkpoints
    run = new_run("wgan_gp", classes, steps=5, generator_rate=1e-7)
    listener = Listener()
    start.trainer(run.path, device="cpu", data=classes).run(listener, listener.control)
    told = listener.of(Alarm)
    assert told
    assert all(e.about == "classes" for e in told)
    assert "missing from the samples" in told[0].message
    assert [r.mark for r in run.records() if r.mark.startswith("missing: ")]


def test_a_classifier_that_fails_costs_no_training(
    classes: Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(data: Dataset, watch: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(classifiers, "classifier", broken)
    with Observer(lambda: classes) as observer:
        observe(observer, classes, Quarters, 1)
        wait(observer)
        assert "wasserstein/sliced" in observe(observer, classes, Quarters, 2).values
    assert "no classifier could be trained" in caplog.text


def test_a_model_that_scores_a_likelihood_is_followed_on_the_same_examples(points: Dataset) -> None:
    with Observer(lambda: points) as observer:
        snapshots = [
            Snapshot("run", step, linear(points.spec, spread=spread).state_dict(), Linear, FlowRecipe(), points)
            for step, spread in ((1, 0.1), (2, 0.1), (3, 0.5))
        ]
        first, again, other = (observer.likelihood(snapshot).values for snapshot in snapshots)
    assert set(first) == {"log-likelihood/held-out (30 points)", "log-likelihood/training points, as many"}
    assert first == again
    assert first != other


def test_a_model_without_a_likelihood_is_asked_for_none(classes: Dataset) -> None:
    with Observer(lambda: classes) as observer:
        asked = Snapshot("run", 1, {"lost": torch.tensor(-1.0)}, Quarters, RECIPE, classes)
        assert observer.likelihood(asked).values == {}


def test_each_part_has_a_pace_of_its_own_so_that_slow_samples_hold_up_no_likelihood() -> None:
    now = 0.0
    looked: list[tuple[str, int]] = []

    def taking(what: str, seconds: float) -> Metrics:
        def look(snapshot: Snapshot) -> Observed:
            nonlocal now
            looked.append((what, round(now)))
            now += seconds
            return Observed({what: 1.0})

        return look

    class Two(Observer):
        def looks(self) -> dict[Metrics, float]:
            return {taking("likelihood", 0.1): 0.03, taking("samples", 30.0): 0.05}

    parts = looks(Two(lambda: data_never_opened()), lambda: now)
    while now < 900:
        now += 0.5
        for part in parts:
            if part.due(0):
                part(snapshot_of_nothing())
    count = {what: sum(1 for w, _ in looked if w == what) for what in ("likelihood", "samples")}
    assert count["samples"] <= 3  # the first is not counted; then a twentieth of the time
    assert count["likelihood"] > 100


def test_what_looks_by_epochs_looks_when_each_has_ended_and_not_twice_at_the_end() -> None:
    looked: list[int] = []

    def look(snapshot: Snapshot) -> Observed:
        looked.append(snapshot.step)
        return Observed({})

    class ByEpoch(Observer):
        def looks(self) -> dict[Metrics, float]:
            return {look: EPOCHS}

    (part,) = looks(ByEpoch(lambda: data_never_opened()), lambda: 0.0, epoch=2.5)
    for step in range(1, 11):
        if part.due(step):
            part(snapshot_of_nothing(step))
    part(snapshot_of_nothing(10))
    assert looked == [3, 5, 8, 10]


def data_never_opened() -> Dataset:
    raise AssertionError("nobody asked for the data")


def snapshot_of_nothing(step: int = 0) -> Snapshot:
    return Snapshot("run", step, {}, Quarters, RECIPE, None)  # type: ignore[arg-type]


def test_weights_that_have_diverged_are_passed_over_and_a_failure_ends_a_look(caplog: pytest.LogCaptureFixture) -> None:
    wrong: list[Exception | None] = [Diverged("not finite"), None, RuntimeError("no"), None]

    def look(snapshot: Snapshot) -> Observed:
        error = wrong.pop(0)
        if error is not None:
            raise error
        return Observed({"a/b": 1.0})

    (part,) = looks(look, lambda: 100.0)
    found = [part(snapshot_of_nothing()).values for _ in range(4)]
    assert found == [{}, {"a/b": 1.0}, {}, {}]
    assert caplog.text.count("a measurement failed") == 1
    assert not part.due(0)


def test_a_flow_in_training_shows_the_likelihood_of_held_out_points(points: Dataset, tmp_path: Path) -> None:
    recipe = make(catalog.load("realnvp").recipe_type, {"batch": 6, "steps": 6})
    run = RunFolder.create(tmp_path / "run", "realnvp", values_of(recipe), points.spec)
    start.trainer(run.path, device="cpu", data=points).run(lambda event: None, queue.SimpleQueue())
    curves = {name for r in run.records() for name in r.values}
    assert "log-likelihood/held-out (30 points)" in curves
    assert "wasserstein/sliced" in curves


def test_sentences_are_read_when_each_epoch_ends_and_nothing_is_sampled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    random = np.random.default_rng(0)
    part = np.repeat([0, 1, 2], [40, 10, 10]).astype(np.int8)
    spec = replace(SENTENCES, count=60, held_out=20, fingerprint="sentences")
    values = random.integers(1, 31, (60, 12), np.int32)
    columns: dict[str, Any] = {"part": part, "but": random.integers(-1, 3, 60).astype(np.int32)}
    held = np.flatnonzero(part)
    data = Dataset(spec, values, random.integers(0, 2, 60), np.flatnonzero(part == 0), held, columns=columns)
    recipe = make(
        catalog.load("rule_distillation").recipe_type, {"batch": 8, "steps": 12, "embedding": 4, "filters": 3}
    )
    run = RunFolder.create(tmp_path / "run", "rule_distillation", values_of(recipe), spec)
    start.trainer(run.path, device="cpu", data=data).run(lambda event: None, queue.SimpleQueue())
    looked = {name: [r.step for r in run.records() if name in r.values] for name in ("accuracy/p, dev (10)",)}
    assert looked["accuracy/p, dev (10)"] == [5, 10, 12], "epochs of 40 sentences, and the end"
    assert any(name.startswith("test accuracy/q, test (10)") for r in run.records() for name in r.values)
    assert not any(name.startswith("wasserstein") for r in run.records() for name in r.values)
    assert "a measurement failed" not in caplog.text
