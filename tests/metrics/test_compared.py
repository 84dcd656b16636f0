"""Samples beside real examples: which real ones, what is said of how, and that floors are what real data score."""

from typing import Any

import numpy as np
import pytest
import torch

from studio.data.dataset import Dataset, DataSpec, split
from studio.data.watch import Watch
from studio.metrics.compared import Compared, Embedding, Looked
from studio.metrics.figures import BY_NAME, MEASURES, Figure, lacking, named

random = np.random.default_rng(0)
WATCH = Watch()


def pictures(count: int = 120, held_out: float = 0.5, size: int = 8) -> Dataset:
    """Dark and bright noise, labelled so."""
    labels = np.arange(count) % 2
    values = random.integers(0, 120, (count, 1, size, size)) + 120 * labels[:, None, None, None]
    spec = DataSpec("noise", "images", (1, size, size), count, classes=("dark", "bright"), fingerprint="n")
    return Dataset(spec, values.astype(np.uint8), labels, *split(count, held_out))


def of_data(data: Dataset, count: int, held_out: bool = True) -> np.ndarray[Any, Any]:
    return np.asarray(data.values[(data.held_out if held_out else data.train)[:count]])


def by_key(figures: list[Figure]) -> dict[str, float]:
    return {f.key: f.value for f in figures}


def test_real_examples_are_held_out_ones_chosen_by_the_seed() -> None:
    data = pictures()
    made = Compared(of_data(data, 40), data, 3)
    kept = {v.tobytes() for v in data.values[data.held_out]}
    assert len(made.real) == len(made.training) == 40
    assert all(v.tobytes() in kept for v in made.real)
    assert not any(v.tobytes() in kept for v in made.training)
    assert np.array_equal(made.real, Compared(made.samples, data, 3).real)
    assert not np.array_equal(made.real, Compared(made.samples, data, 4).real)
    assert made.size == "40 samples v 40 held-out examples"
    assert Compared(np.concatenate([made.samples] * 3), data).size == "120 samples v 60 held-out examples"


def test_without_held_out_examples_the_numbers_say_what_stood_in() -> None:
    data = pictures(held_out=0.0)
    made = Compared(of_data(data, 30, held_out=False), data)
    assert "training examples" in made.mmd(WATCH)[0].how
    with pytest.raises(ValueError, match="too few examples"):
        Compared(made.samples, pictures(3, 0.0))


def test_the_data_itself_scores_about_the_floor_and_noise_does_not() -> None:
    data = pictures(400)
    same, noise = of_data(data, 100, held_out=False), random.integers(0, 256, (100, 1, 8, 8)).astype(np.uint8)
    for samples, near in ((same, True), (noise, False)):
        made = Compared(samples, data)
        mmd = by_key(made.mmd(WATCH))
        apart = mmd["mmd/MMD², unbiased"] - mmd["mmd/MMD², unbiased, floor (real v real)"]
        assert (abs(apart) < 0.1) == near
        found = made.two_sample(WATCH)[0]
        assert (abs(found.value - 50) < 15) == near
        assert (found.unit, found.error_of) == ("%", "standard error")
        swd = by_key(made.swd(WATCH))
        assert (swd["swd/8 px"] < 2 * swd["swd/8 px, floor (real v real)"]) == near


def test_features_that_tell_the_classes_are_better_than_those_that_do_not() -> None:
    data = pictures(300)
    made = Compared(of_data(data, 50), data)
    telling = Embedding(lambda x: x.flatten(1).mean(dim=1, keepdim=True), "brightness")
    blind = Embedding(lambda x: x.flatten(1).diff(dim=1)[:, :2], "two edges")
    found = {f.label: f for f in made.nn([telling, blind], WATCH)}
    assert list(found) == ["1-NN accuracy, brightness", "1-NN accuracy, two edges", "1-NN accuracy, raw pixels"]
    assert found["1-NN accuracy, brightness"].value == 100
    assert 25 < found["1-NN accuracy, two edges"].value < 75
    assert found["1-NN accuracy, raw pixels"].value > 90
    assert "50 held-out examples, nearest of 150 training ones" in found["1-NN accuracy, brightness"].how


def test_parzen_windows_are_chosen_and_tested_on_examples_apart() -> None:
    data = pictures(300)
    found = Compared(of_data(data, 100, held_out=False), data).parzen(WATCH)[0]
    assert (found.unit, found.error_of) == ("nats", "standard error over test images")
    assert "chosen on 75 held-out images, tested on 75 others" in found.how


def test_numbers_of_features_name_the_features_and_their_floor() -> None:
    data = pictures()
    made = Compared(of_data(data, 40), data)
    x = torch.from_numpy(random.standard_normal((40, 3)))
    looked = Looked(x + 1, x, x, torch.zeros(40, 2), "made up", "by hand")
    distance, floor = made.frechet(looked, "fd-classifier", "Fréchet distance of made up")
    assert distance.value == pytest.approx(3)
    assert floor.value == pytest.approx(0, abs=1e-6)
    assert "by hand" in distance.how
    assert "floor" in floor.label
    kernel = made.kernel(looked, "kd", "kernel distance", WATCH)
    assert kernel[0].error is None  # one subset is all there is, and no spread
    assert [f.value for f in made.covered(Looked(x, x, None, x, "", ""), "pr", "of it")] == [1, 1]
    assert made.score(looked, "is", "score")[0].value == pytest.approx(1)


def test_every_measure_is_described_and_every_need_has_a_reason() -> None:
    assert len(BY_NAME) == len(MEASURES)
    points = DataSpec("ring", "points", (2,), 100)
    tiny = DataSpec("dots", "images", (1, 4, 4), 100, classes=("a", "b"))
    whole = DataSpec("digits", "images", (1, 28, 28), 100, classes=("0", "1"), carries=("joints", "person"))
    can = ("decode latent", "embed", "score likelihood", "take a pose", "follow rules")
    lacks = {"likelihood": "no likelihood", "pose": "takes no pose", "rules": "follows no rules"}
    for measure in MEASURES:
        assert measure.about
        assert measure.term
        assert not lacking(measure, whole, can, inception=True)
        reason = next((words for need, words in lacks.items() if need in measure.needs), "no samples")
        assert reason in lacking(measure, whole, (), inception=True)
        if "images" in measure.needs:
            assert "holds points" in lacking(measure, points, can, inception=True)
        if "inception" in measure.needs:
            assert "have them downloaded" in lacking(measure, whole, can, inception=False)
    assert "only 4×4" in lacking(BY_NAME["swd"], tiny, can, inception=True)
    assert "no encoder" in lacking(BY_NAME["nn"], whole, can[:1], inception=True)
    assert "no labels" in lacking(BY_NAME["nn"], points, can, inception=True)


def test_measures_are_named_by_words() -> None:
    assert named(["fid", "mmd", "mmd"]) == ["mmd", "fid"]
    assert named(["all"]) == list(BY_NAME)
    quick = ["wasserstein", "likelihood", "pose", "accuracy", "swd", "mmd", "two-sample"]
    assert named(["quick", "parzen"]) == [*quick, "parzen"]
    with pytest.raises(ValueError, match="no measure 'FID'"):
        named(["FID"])


def test_a_figure_comes_back_from_plain_data() -> None:
    for figure in (Figure("a/b", 1.0), Figure("a/b", 0.0, 0.0, "sd", "nats", "how")):
        assert Figure.from_plain(figure.as_plain()) == figure
