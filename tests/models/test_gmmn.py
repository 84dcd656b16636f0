"""Moment matching in pixels: the loss, its bandwidths, and what is told of them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.model import Batch
from studio.models.core.moments import EPSILON, SCALES, parse
from studio.models.core.recipe import Value, make
from studio.models.gmmn import GMMN, GMMNRecipe
from studio.nn.mmd import GaussianMixture, mmd2
from tests.models.every import PICTURES, POINTS

MNIST = DataSpec("MNIST", "images", (1, 28, 28), 70_000, 10_000)
PAPER = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0)


class Given(nn.Module):
    """A generator whose samples are what they are."""

    def __init__(self, made: Tensor) -> None:
        super().__init__()
        self.made = nn.Parameter(made)

    def forward(self, z: Tensor) -> Tensor:
        return self.made[: len(z)]


def build(data: DataSpec = PICTURES, **values: Value) -> GMMN:
    torch.manual_seed(0)
    return GMMN(make(GMMNRecipe, {"width": 16, **values}), data)


def giving(made: Tensor, data: DataSpec, **values: Value) -> GMMN:
    model = build(data, **values)
    model.generator = Given(made)  # type: ignore[assignment]
    return model


def test_the_papers_settings_are_the_defaults() -> None:
    r = GMMNRecipe()
    assert (r.latent, r.width, r.batch, r.steps) == (10, 1024, 1000, 40_000)
    assert (r.optimiser, r.rate, r.momentum, r.settle) == ("sgd", 2.0, 0.9, 10_000)
    assert parse(r.bandwidths) == PAPER
    with torch.device("meta"):
        shapes = [p.shape for p in GMMN(r, MNIST).generator.parameters() if p.dim() == 2]
    assert shapes == [(64, 10), (256, 64), (256, 256), (1024, 256), (784, 1024)]


def test_the_loss_is_the_root_of_the_discrepancy_of_values_in_0_to_1() -> None:
    real, made = torch.rand(2, 7, 1, 8, 8) * 2 - 1
    model = giving((made.flatten(1) + 1) / 2, PICTURES)
    loss = model.generator_loss(Batch(real))
    squared = mmd2(*((x.flatten(1) + 1) / 2 for x in (made, real)), GaussianMixture(PAPER))
    assert torch.allclose(loss.value, (squared + EPSILON).sqrt(), rtol=1e-5)
    shares = [value for name, value in loss.shows.items() if name.startswith("mmd of each σ/")]
    assert torch.allclose(torch.stack(shares).sum(), squared, rtol=1e-4)
    assert list(loss.shows)[2:4] == ["mmd of each σ/σ = 2", "mmd of each σ/σ = 5"]
    assert float(loss.shows["mmd/training, unbiased"]) < float(loss.shows["mmd/training, biased"])


def test_where_both_sets_are_one_the_gradient_is_finite_and_nothing() -> None:
    x = torch.randn(6, 2)
    model = giving(x.clone(), POINTS, bandwidths="0.5, 2")
    loss = model.generator_loss(Batch(x)).value
    loss.backward()  # type: ignore[no-untyped-call]
    assert float(loss.detach()) == pytest.approx(math.sqrt(EPSILON), abs=2e-4)
    assert model.generator.made.grad.abs().max() < 1e-3  # type: ignore[union-attr, operator]


def test_points_are_compared_as_they_are_and_drawn_so() -> None:
    x = torch.randn(5, 2) * 30
    model = build(POINTS)
    assert torch.equal(model.compared(x), x)
    assert torch.equal(model.written(x), x)
    assert not model.generator.bounded


def test_auto_takes_the_median_of_the_first_batch_and_keeps_it() -> None:
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 10.0]])  # squared distances 25, 45, 100
    model = build(POINTS, bandwidths="auto")
    model.generator_loss(Batch(x))
    assert model.kernel.bandwidths == pytest.approx([45 * s for s in SCALES])
    assert model.names[0] == "σ = 1/256 of the median"
    again = build(POINTS, bandwidths="auto")
    again.load_state_dict(model.state_dict())
    again.generator_loss(Batch(10 * x))
    assert again.kernel == model.kernel


def test_the_held_out_discrepancy_is_zero_on_average_for_the_datas_own_distribution() -> None:
    model = build(POINTS, bandwidths="0.5, 2")
    torch.manual_seed(0)
    found = []
    with torch.no_grad():
        for _ in range(300):
            model.generator = Given(torch.randn(20, 2))  # type: ignore[assignment]
            found.append(float(model.mismatch(torch.randn(20, 2), torch.zeros(20, 10))))
    mean = sum(found) / len(found)
    error = torch.tensor(found).std().item() / math.sqrt(len(found))
    assert abs(mean) < 4 * error
    assert min(found) < 0


def test_the_rate_falls_to_a_tenth_and_the_momentum_comes_nearer_to_one() -> None:
    (update,) = build(settle=100).updates()
    assert update.schedule is not None
    assert (update.schedule(99).rate, update.schedule(99).momentum) == (1.0, 0.9)
    assert update.schedule(100).rate == 0.1
    assert update.schedule(100).momentum == pytest.approx(0.99)
    assert build(optimiser="adam").updates()[0].schedule is None


@pytest.mark.parametrize("said", ["", "2, x", "-1", "0", "2, 2", "nan", "inf", "2,,5"])
def test_bandwidths_that_are_none_are_told_in_words(said: str) -> None:
    (problem,) = GMMN.problems(GMMNRecipe(bandwidths=said), PICTURES)
    assert problem.field == "bandwidths"


def test_it_comes_nearer_to_the_data() -> None:
    """Two blobs: the unbiased discrepancy of samples it has not learned on falls to a tenth."""
    model = build(POINTS, bandwidths="auto", width=64)
    torch.manual_seed(0)

    def data(n: int) -> Tensor:
        return torch.randn(n, 2) * 0.2 + torch.randint(0, 2, (n, 1)) * 4 - 2

    adam = torch.optim.Adam(model.parameters(), 5e-3)
    held, z = data(500), torch.rand(500, 10) * 2 - 1
    model.generator_loss(Batch(held))
    with torch.no_grad():
        before = float(model.mismatch(held, z))
    for _ in range(120):
        adam.zero_grad()
        model.generator_loss(Batch(data(150))).value.backward()  # type: ignore[no-untyped-call]
        adam.step()
    with torch.no_grad():
        assert float(model.mismatch(held, z)) < 0.1 * before
