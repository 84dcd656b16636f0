"""WGAN-GP against the exact facts of its paper (papers.md 2.7)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.model import Batch
from studio.models.core.recipe import make
from studio.models.wgan_gp import WGANGP, WGANGPRecipe
from studio.nn.slopes import gradient_norms
from tests.models.every import cross_talk, examples

PICTURES = DataSpec("made up", "images", (1, 8, 8), 100)
POINTS = DataSpec("points", "points", (2,), 100)


def build(data: DataSpec, **values: float) -> WGANGP:
    torch.manual_seed(0)
    return WGANGP(make(WGANGPRecipe, {"width": 6, "latent": 5, **values}), data)


def test_the_papers_hyperparameters_are_the_defaults() -> None:
    gp = WGANGPRecipe()
    assert (gp.penalty, gp.critic_steps, gp.critic_rate, gp.generator_rate) == (10, 5, 1e-4, 1e-4)
    assert (gp.beta1, gp.beta2, gp.batch, gp.latent) == (0.5, 0.9, 64, 128)


def test_points_suit_the_toy_of_the_paper() -> None:
    recipe = make(WGANGPRecipe, WGANGP.suits(POINTS))
    assert (recipe.latent, recipe.width, recipe.penalty, recipe.batch) == (2, 512, 0.1, 256)
    made = WGANGP(recipe, POINTS)
    shapes = [tuple(m.weight.shape) for m in made.generator.modules() if isinstance(m, nn.Linear)]
    assert shapes == [(512, 2), (512, 512), (512, 512), (2, 512)]
    assert WGANGP.problems(recipe, POINTS) == []


class Linear(nn.Module):
    """a·x."""

    def __init__(self, a: Tensor) -> None:
        super().__init__()
        self.a = nn.Parameter(a)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.a


def test_the_penalty_of_a_linear_critic_is_exact() -> None:
    made = build(POINTS, penalty=7.0)
    a = torch.tensor([3.0, -4.0])
    made.critic = Linear(a)
    loss = made.critic_loss(Batch(examples(POINTS)))
    gap = loss.shows["wasserstein/critic estimate"]
    assert (loss.value + gap).item() == pytest.approx(7 * (5 - 1) ** 2, rel=1e-6)
    assert loss.shows["gradient norm/critic"].item() == pytest.approx(5, rel=1e-6)


def test_the_score_of_an_example_does_not_depend_on_the_others() -> None:
    assert cross_talk(build(PICTURES).critic.train(), examples(PICTURES)) == 0


def test_pixels_get_noise_below_one_grey_level_and_points_none() -> None:
    images, points = build(PICTURES), build(POINTS)
    x = torch.zeros(50, 1, 8, 8)
    noise = images.dequantised(x)
    assert 0 <= noise.min() < noise.max() < 1 / 128
    assert noise.mean().item() == pytest.approx(1 / 256, rel=0.05)
    assert points.dequantised(x) is x


def test_a_critic_in_one_dimension_finds_the_distance_of_two_blocks() -> None:
    """Real at 1, made at −1: the best 1-Lipschitz critic has slope 1 along the line and estimates W₁ = 2."""
    torch.manual_seed(0)
    made = build(POINTS, width=32, penalty=10.0)
    made.generator = nn.Sequential(nn.Linear(5, 2))
    with torch.no_grad():
        made.generator[0].weight.zero_()
        made.generator[0].bias.copy_(torch.tensor([-1.0, 0.0]))
    real = Batch(torch.tensor([[1.0, 0.0]]).repeat(64, 1))
    adam = torch.optim.Adam(made.critic.parameters(), 2e-3, (0.5, 0.9))
    for _ in range(250):
        adam.zero_grad()
        loss = made.critic_loss(real)
        loss.value.backward()
        adam.step()
    # the best of the penalised problem has slope 1 + 1/λ·(W/2)... bounded by its own optimum: s = 1 + W/(2λ)
    assert loss.shows["wasserstein/critic estimate"].item() == pytest.approx(2 * (1 + 2 / (2 * 10.0)), rel=0.05)
    line = torch.stack([torch.linspace(-0.9, 0.9, 20), torch.zeros(20)], 1)
    assert gradient_norms(made.critic, line).mean().item() == pytest.approx(1.1, rel=0.05)
