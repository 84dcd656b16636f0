"""Log-likelihoods against closed forms: independent Gaussians, of which all is known, also of whole grey levels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from studio.data.dataset import Dataset, DataSpec, split
from studio.data.watch import Cancelled, Watch
from studio.metrics.figures import BY_NAME, Diverged, Figure, lacking
from studio.metrics.likelihood import Followed, figures, log_likelihoods
from studio.models.core.binary import binarised
from studio.models.core.model import Model, Paper, Update, capabilities
from studio.models.core.recipe import Recipe
from tests.metrics.test_measure import shifted
from tests.models.linear import gaussian, linear

MEAN, SD = 0.05, 0.01
"""Of v / 256 − ½: two and a half grey levels wide, so that dequantisation costs something."""


def pictures(count: int = 400, held_out: float = 0.5) -> Dataset:
    """Whole grey levels of independent Gaussians, drawn from the very model."""
    random = np.random.default_rng(0)
    values = np.floor((random.normal(MEAN, SD, (count, 1, 4, 4)) + 0.5) * 256).astype(np.uint8)
    spec = DataSpec("levels", "images", (1, 4, 4), count, fingerprint="levels")
    return Dataset(spec, values, None, *split(count, held_out))


def plane(count: int = 6000, held_out: float = 0.5) -> Dataset:
    values = (np.random.default_rng(0).standard_normal((count, 2)) * 2 + 1).astype(np.float32)
    return Dataset(DataSpec("plane", "points", (2,), count, fingerprint="plane"), values, None, *split(count, held_out))


def of_levels(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """log P of whole grey levels, N: the Gaussian's weight on each level."""
    ends = [(values.astype(float) + more) / 256 - 0.5 for more in (0, 1)]
    weight = ndtr((ends[1] - MEAN) / SD) - ndtr((ends[0] - MEAN) / SD)
    return np.log(weight).reshape(len(values), -1).sum(axis=1)


def by_label(made: list[Figure]) -> dict[str, Figure]:
    return {f.label: f for f in made}


def test_points_have_the_entropy_of_their_gaussian() -> None:
    data = plane()
    made = by_label(figures(gaussian(data.spec, 1, 2), data, 50))
    found = made["log-likelihood"]
    exact = -1 - math.log(2 * math.pi * 4)  # −entropy
    assert found.value == pytest.approx(exact, abs=4 * (found.error or 0))
    assert found.error == pytest.approx(1 / math.sqrt(3000), rel=0.1)  # log p has variance D/2 = 1
    assert (found.unit, found.error_of) == ("nats", "standard error")
    assert found.how == "3,000 held-out points; exact"  # all: they cost little
    assert set(made) == {"log-likelihood", "log-likelihood, training examples"}


def test_whole_grey_levels_are_bounded_from_below_and_more_draws_come_nearer() -> None:
    data = pictures()
    made = by_label(figures(gaussian(data.spec, MEAN, SD), data, 10_000))
    true = of_levels(data.values[data.held_out])
    plain = made["log-likelihood"]
    weighted = made["log-likelihood, importance-weighted"]
    assert plain.value < weighted.value < true.mean() + 0.05
    assert true.mean() - weighted.value < 0.5 * (true.mean() - plain.value)
    # the mean's distance from log P is known: the quadratic's mean over a level less the level's weight
    v = data.values[data.held_out].astype(float)
    steps = (np.arange(1000) + 0.5) / 1000
    inside = [-((((v + u) / 256 - 0.5 - MEAN) / SD) ** 2) / 2 for u in steps]
    exact = (np.mean(inside, axis=0) - math.log(SD * math.sqrt(2 * math.pi) * 256)).reshape(len(v), -1).sum(axis=1)
    assert plain.value == pytest.approx(exact.mean(), abs=0.1)
    bits = made["bits per dim"]
    assert bits.value == pytest.approx(-plain.value / (16 * math.log(2)))
    assert bits.error == pytest.approx(plain.error / (16 * math.log(2)))  # type: ignore[operator]
    assert bits.unit == "bits/dim"
    assert bits.how == "200 held-out images; lower bound (uniform dequantisation), mean of 4 draws of the noise"
    assert "training images" in made["bits per dim, training examples"].how
    assert made["bits per dim, training examples"].value == pytest.approx(bits.value, abs=0.1)


def test_of_images_as_many_are_scored_as_are_asked_for_and_without_held_out_ones_it_is_said() -> None:
    data = pictures(60, 0.0)
    made = figures(gaussian(data.spec, MEAN, SD), data, 20)
    assert all(f.how.startswith("20 training images") for f in made)
    assert not any("training examples" in f.label for f in made)


def test_the_measure_needs_a_model_that_scores_a_likelihood_and_no_samples() -> None:
    measure, data = BY_NAME["likelihood"], plane()
    assert lacking(measure, data.spec, capabilities(linear(data.spec)), inception=False) == ""
    assert lacking(measure, data.spec, ["score likelihood"], inception=False) == ""
    assert lacking(measure, data.spec, ["decode latent"], inception=False) == "the model gives examples no likelihood"
    with pytest.raises(ValueError, match="shifted gives examples no likelihood"):
        log_likelihoods(shifted(data), data.values[:3])


def test_the_same_examples_with_the_same_noise_are_followed_and_no_generator_of_torch_is_used() -> None:
    data = pictures()
    model = gaussian(data.spec, MEAN, SD)
    before = torch.get_rng_state()
    found = Followed(data).values(model)
    assert found == Followed(data).values(model)
    assert found != Followed(data, seed=1).values(model)
    assert torch.equal(before, torch.get_rng_state())
    assert list(found) == ["bits per dim/held-out (200 images)", "bits per dim/training images, as many"]
    true = -of_levels(data.values).mean() / (16 * math.log(2))
    for value in found.values():
        assert value == pytest.approx(true + 0.01, abs=0.05)


def test_a_curve_is_of_a_few_hundred_images_and_of_more_points() -> None:
    data = pictures(1200)
    assert next(iter(Followed(data).values(gaussian(data.spec, MEAN, SD)))) == "bits per dim/held-out (256 images)"
    points = plane()
    found = Followed(points).values(gaussian(points.spec, 1, 2))
    assert list(found) == ["log-likelihood/held-out (2,048 points)", "log-likelihood/training points, as many"]
    assert found["log-likelihood/held-out (2,048 points)"] == pytest.approx(-1 - math.log(8 * math.pi), abs=0.1)
    bare = plane(300, 0.0)
    assert list(Followed(bare).values(gaussian(bare.spec, 1, 2))) == [
        "log-likelihood/training (300 points), nothing held out"
    ]


def test_an_example_far_off_is_infinitely_unlikely_and_a_diverged_model_is_told() -> None:
    data = plane()

    class Broken(type(linear(data.spec))):  # type: ignore[misc]
        def log_likelihood(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
            return torch.where(x[:, 0] > 1, torch.nan, 0.0)

    model: Model = linear(data.spec, Broken)
    x = np.array([[0, 0], [2, 0]], np.float32)
    assert log_likelihoods(model, x)[:, 0].tolist() == [0, -np.inf]
    with pytest.raises(Diverged, match="has diverged"):
        log_likelihoods(model, x[1:])


def test_it_can_be_cancelled_and_tells_how_far_it_is() -> None:
    data = pictures()
    seen: list[tuple[int, int]] = []
    model = gaussian(data.spec, MEAN, SD)
    figures(model, data, 100, watch=Watch(lambda done, total, what: seen.append((done, total))))
    assert {total for _, total in seen} == {100 * 4 + 100}
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        figures(model, data, 100, watch=watch)


class Noisy(Model):
    """log-weights with a variance that is known: log p is −D, and each draw is N(−D − s²/2, s²) off it."""

    title, about, recipe_type = "noisy", "", Recipe
    paper = Paper("nobody", 2000, "", "")
    weighted = 8
    chance = "the latent"  # type: ignore[assignment]
    in_bits = False  # type: ignore[assignment]
    likelihood = "lower bound"
    spread = 0.5

    def build(self, data: DataSpec) -> None:
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def updates(self) -> list[Update]:
        return []

    def held(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        return binarised(x, "dynamic", generator)

    def log_likelihood(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        assert set(x.unique().tolist()) <= {-1, 1}
        drawn = torch.randn(len(x), generator=generator)
        return -x[0].numel() - self.spread**2 / 2 + self.spread * drawn


def test_log_weights_give_their_mean_and_the_importance_weighted_bound_of_as_many_draws_as_one_likes() -> None:
    data = pictures(4000)
    for draws, many in ((0, 8), (64, 64)):
        made = by_label(figures(Noisy(Recipe(), data.spec), data, 2000, draws=draws))
        assert made["log-likelihood"].value == pytest.approx(-16 - 0.125, abs=0.01)
        weighted = made["log-likelihood, importance-weighted"]
        assert weighted.value == pytest.approx(-16 - 0.14 / many, abs=0.02)  # −(e^s² − 1)/2K
        assert weighted.how == f"2,000 held-out images; lower bound, log mean p over {many} draws of the latent"
        assert "bits per dim" not in made
    assert list(Followed(data).values(Noisy(Recipe(), data.spec))) == [
        "log-likelihood/held-out (256 images), lower bound",
        "log-likelihood/training images, as many, lower bound",
    ]


def test_test_and_validation_examples_are_scored_apart_where_the_source_has_both() -> None:
    data = plane(300, 0.5)
    part = np.zeros(300, np.int64)
    part[data.held_out] = 2 - (np.arange(len(data.held_out)) < 50)
    data = replace(data, columns={"part": part})
    made = by_label(figures(gaussian(data.spec, 1, 2), data, 10))
    assert made["log-likelihood"].how == "100 test points; exact"
    assert made["log-likelihood, validation examples"].how == "50 validation points; exact"
    assert made["log-likelihood, training examples"].how == "100 training points; exact"
    assert list(Followed(data).values(gaussian(data.spec, 1, 2))) == [
        "log-likelihood/test (100 points)",
        "log-likelihood/validation (50 points)",
        "log-likelihood/training points, as many",
    ]
