"""The spectral-norm GAN against the exact facts of its papers (papers.md 2.9e), through the engine that trains it."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import Dataset, DataSpec, split
from studio.models.core.model import Batch
from studio.models.core.recipe import Value, make
from studio.models.sngan import SNGAN, SNGANRecipe
from studio.nn.spectral import Spectral
from studio.training.average import shell
from studio.training.cycle import Cycle
from tests.models.every import PICTURES, POINTS, cross_talk, examples

CPU = torch.device("cpu")


def build(data: DataSpec = POINTS, **values: Value) -> SNGAN:
    torch.manual_seed(0)
    return SNGAN(make(SNGANRecipe, {"width": 6, "latent": 5, **values}), data).train()


def cycle(spec: DataSpec = PICTURES, **values: Value) -> Cycle:
    random = np.random.default_rng(0)
    data = Dataset(spec, random.integers(0, 256, (64, *spec.shape), np.uint8), None, *split(64, 0.25))
    small = {"width": 6, "latent": 5, "batch": 8, "discriminator_steps": 2, "precision": "float32", **values}
    return Cycle(SNGAN, make(SNGANRecipe, small), data, CPU)


def test_the_papers_settings_are_the_defaults() -> None:
    r = SNGANRecipe()
    assert (r.generator_rate, r.discriminator_rate, r.beta1, r.beta2) == (2e-4, 2e-4, 0, 0.9)
    assert (r.discriminator_steps, r.batch, r.latent) == (5, 64, 128)
    quick = make(SNGANRecipe, SNGAN.suits(PICTURES))
    assert (quick.beta1, quick.beta2, quick.discriminator_steps) == (0.5, 0.999, 1)


def test_on_32_pixels_the_discriminator_is_the_papers_but_for_the_kernels_of_stride_two() -> None:
    made = SNGAN(SNGANRecipe(), DataSpec("c", "images", (3, 32, 32), 100))
    layers = [m.layer for m in made.discriminator.modules() if isinstance(m, Spectral)]
    channels = [tuple(m.weight.shape[:2]) for m in layers]
    assert channels == [(64, 3), (64, 64), (128, 64), (128, 128), (256, 128), (256, 256), (512, 256), (1, 512 * 16)]
    strides = [m.stride[0] for m in layers if isinstance(m, nn.Conv2d)]
    assert strides == [1, 2, 1, 2, 1, 2, 1]
    assert {m.negative_slope for m in made.discriminator.modules() if isinstance(m, nn.LeakyReLU)} == {0.1}


@pytest.mark.parametrize("spec", [PICTURES, POINTS], ids=["pictures", "points"])
def test_every_layer_of_the_discriminator_is_normalised_and_none_of_the_generator(spec: DataSpec) -> None:
    made = build(spec)
    weights = [m for m in made.discriminator.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    normed = [m.layer for m in made.discriminator.modules() if isinstance(m, Spectral)]
    assert {id(m) for m in weights} == {id(m) for m in normed}
    assert not any(isinstance(m, Spectral) for m in made.generator.modules())


# --- the hinge


class Table(nn.Module):
    """Scores by the first number of an example."""

    def __init__(self, scores: Tensor) -> None:
        super().__init__()
        self.scores = nn.Parameter(scores)

    def forward(self, x: Tensor) -> Tensor:
        return self.scores[x[:, 0].long()]


class Given(nn.Module):
    """Makes the same examples, whatever the latents."""

    def __init__(self, made: Tensor) -> None:
        super().__init__()
        self.made = nn.Parameter(made)

    def forward(self, z: Tensor) -> Tensor:
        return self.made


def points(counts: list[int]) -> Tensor:
    """Value i, counts[i] times, as points."""
    values = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts)).float()
    return torch.stack([values, torch.zeros_like(values)], 1)


@pytest.mark.parametrize(
    ("real", "fake", "expected"),
    [(2.0, -2.0, 0.0), (1.0, -1.0, 0.0), (0.0, 0.0, 2.0), (0.5, -0.25, 1.25), (-1.0, 1.0, 4.0), (3.0, 3.0, 4.0)],
)
def test_the_hinge_is_what_is_missing_to_the_margins(real: float, fake: float, expected: float) -> None:
    made = build()
    made.discriminator = Table(torch.tensor([real, fake]))  # type: ignore[assignment]
    made.generator = Given(points([0, 5]))
    loss = made.discriminator_loss(Batch(points([5, 0])))
    assert float(loss.value.detach()) == pytest.approx(expected)
    assert float(loss.shows["score/D(x)"]) == pytest.approx(real)
    assert float(loss.shows["score/D(G(z))"]) == pytest.approx(fake)
    assert float(made.generator_loss(Batch(points([5, 0]))).value.detach()) == pytest.approx(-fake)


def test_examples_beyond_their_margin_move_nothing() -> None:
    made = build()
    made.discriminator = Table(torch.tensor([1.5, -1.5, 0.5, -0.5]))  # type: ignore[assignment]
    made.generator = Given(points([0, 1, 0, 1]))
    made.discriminator_loss(Batch(points([1, 0, 1, 0]))).value.backward()  # type: ignore[no-untyped-call]
    (table,) = made.discriminator.parameters()
    assert table.grad is not None
    assert table.grad.tolist() == [0, 0, -0.5, 0.5]


P, Q = [4, 3, 2, 1], [1, 1, 3, 5]


def test_the_best_score_is_the_sign_of_the_difference_and_its_loss_gives_the_total_variation() -> None:
    """On a finite X, E hinge ≥ 2 Σ min(p, q) = 2 (1 − TV); any other D implies less than TV."""
    variation = sum(abs(p - q) for p, q in zip(P, Q, strict=True)) / 20

    def implied(scores: Tensor) -> float:
        made = build()
        made.discriminator = Table(scores)  # type: ignore[assignment]
        made.generator = Given(points(Q))
        return float(made.discriminator_loss(Batch(points(P))).shows["total variation/that D implies, at least"])

    best = torch.tensor([1.0 if p > q else -1.0 for p, q in zip(P, Q, strict=True)])
    assert implied(best) == pytest.approx(variation, abs=1e-6)
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        assert implied(torch.randn(4, generator=generator) * 2) < variation


# --- the discriminator's slope


def test_the_slope_between_any_two_points_is_at_most_one() -> None:
    made = build(width=32)
    for _ in range(200):
        made.discriminator(torch.zeros(1, 2))  # the power iteration settles
    made.eval()
    a, b = torch.randn(2, 20_000, 2, generator=torch.Generator().manual_seed(0)).mul(3).unbind()
    with torch.no_grad():
        slopes = (made.scores(a) - made.scores(b)).abs() / (a - b).norm(dim=1)
    assert 0 < float(slopes.max()) <= 1 + 1e-4


def test_the_slope_between_two_pictures_stays_within_what_overlapping_patches_allow() -> None:
    """σ of the reshaped kernel is the paper's; a convolution's true norm may be ⌈k/stride⌉ = 3 times that."""
    made = build(PICTURES)
    for _ in range(200):
        made.discriminator(torch.zeros(1, 1, 8, 8))
    made.eval()
    a, b = torch.rand(2, 2000, 1, 8, 8, generator=torch.Generator().manual_seed(0)).mul(2).sub(1).unbind()
    near = a + 1e-2 * torch.randn(a.shape, generator=torch.Generator().manual_seed(1))
    convolutions = sum(isinstance(m, nn.Conv2d) for m in made.discriminator.modules())
    with torch.no_grad():
        for other in (b, near):
            slopes = (made.scores(a) - made.scores(other)).abs() / (a - other).flatten(1).norm(dim=1)
            assert float(slopes.max()) <= 1, "far below the bound, in fact"
            assert float(slopes.max()) <= 3.0**convolutions


def test_a_move_of_the_discriminator_is_one_step_of_the_power_iteration_and_the_generators_is_none() -> None:
    training = cycle()
    assert isinstance(training.model, SNGAN)
    layer = next(m for m in training.model.discriminator.modules() if isinstance(m, Spectral))
    for player, moves in (("discriminator", True), ("generator", False)):
        before, matrix = layer.u.clone(), layer.layer.weight.detach().flatten(1).clone()
        training.move_once(player)
        assert torch.equal(layer.u, before) != moves
        if moves:
            step = nn.functional.normalize(matrix @ nn.functional.normalize(matrix.t() @ before, dim=0), dim=0)
            assert torch.allclose(layer.u, step, atol=1e-6)


def test_while_it_trains_the_estimates_stay_near_the_norms_and_below() -> None:
    training = cycle()
    for _ in range(240):
        training.move()
    for layer in training.model.modules():
        if isinstance(layer, Spectral):
            matrix = layer.layer.weight.detach().flatten(1)
            estimate, true = float(layer.sigma().detach()), float(torch.linalg.matrix_norm(matrix, 2))
            assert 0.9 * true < estimate <= true * (1 + 1e-5)


# --- how it lives in the engine


def test_the_score_of_an_example_does_not_depend_on_the_others() -> None:
    made = build(PICTURES).eval()
    assert cross_talk(made.scores, examples(PICTURES)) == 0


def test_a_resumed_training_goes_on_bit_for_bit() -> None:
    one = cycle()
    for _ in range(17):
        one.move()
    other = cycle()
    for _ in range(8):
        other.move()
    kept = copy.deepcopy((other.model.state_dict(), other.average.state(), other.tensors(), other.plain()))
    again = cycle()
    again.load(*kept)
    for _ in range(9):
        again.move()
    assert (again.step, again.position) == (one.step, one.position)
    assert any(name.endswith(".u") for name in kept[0])
    for name, tensor in one.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name


def test_copies_and_shells_score_as_the_original() -> None:
    made = build(PICTURES)
    state = {name: tensor.detach() for name, tensor in made.state_dict().items()}
    x = examples(PICTURES)
    scores = made.eval().scores(x).detach()
    assert torch.equal(copy.deepcopy(made).scores(x).detach(), scores)
    assert torch.equal(shell(SNGAN, made.recipe, PICTURES, state).scores(x), scores)  # type: ignore[operator]


def test_where_the_hinge_is_met_everywhere_the_two_cannot_overlap() -> None:
    """On the plane, slope at most 1: margins 1 and −1 can only both be met by sets 2 apart."""
    made = build(width=16)
    real = Batch(torch.tensor([[1.5, 0.0]]).repeat(32, 1))
    made.generator = Given(torch.tensor([[-1.5, 0.0]]).repeat(32, 1))
    adam = torch.optim.Adam(made.discriminator.parameters(), 5e-3, (0.0, 0.9))
    for _ in range(400):
        adam.zero_grad()
        loss = made.discriminator_loss(real)
        loss.value.backward()  # type: ignore[no-untyped-call]
        adam.step()
    assert float(loss.value.detach()) < 0.1
    near = build(width=16)
    near.generator = Given(torch.tensor([[-0.5, 0.0]]).repeat(32, 1))
    beside = Batch(torch.tensor([[0.5, 0.0]]).repeat(32, 1))
    adam = torch.optim.Adam(near.discriminator.parameters(), 5e-3, (0.0, 0.9))
    for _ in range(400):
        adam.zero_grad()
        loss = near.discriminator_loss(beside)
        loss.value.backward()  # type: ignore[no-untyped-call]
        adam.step()
    assert float(loss.value.detach()) >= 1 - 0.05, "1 apart, at slope 1: 1 is missing to the margins"
    assert math.isfinite(float(loss.value.detach()))
