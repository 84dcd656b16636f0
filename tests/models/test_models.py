"""Every model of the package, and the two adversarial ones against the exact facts of their papers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core import catalog
from studio.models.core.adversarial import AdversarialRecipe
from studio.models.core.model import Batch, Criticises, DecodesLatent, Model, capabilities
from studio.models.core.recipe import fields, from_toml, make, to_toml, values_of
from studio.models.dcgan import DCGAN, DCGANRecipe
from studio.models.wgan_gp import WGANGP, WGANGPRecipe
from studio.nn.slopes import gradient_norms

PICTURES = DataSpec("made up", "images", (1, 8, 8), 100)
POINTS = DataSpec("points", "points", (2,), 100)
BUILDS = [(DCGAN, PICTURES), (WGANGP, PICTURES), (WGANGP, POINTS)]


def build(model: type[Model], data: DataSpec, **values: float) -> Model:
    torch.manual_seed(0)
    return model(make(model.recipe_type, {"width": 6, "latent": 5, **values}), data)


def examples(data: DataSpec, n: int = 6) -> Tensor:
    return torch.rand(n, *data.shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize(("model", "data"), BUILDS)
def test_each_loss_reaches_every_parameter_of_its_player(model: type[Model], data: DataSpec) -> None:
    made = build(model, data)
    for update in made.updates():
        made.zero_grad()
        update.loss(Batch(examples(data))).value.backward()
        for name, parameter in update.module.named_parameters():
            assert parameter.grad is not None, name
            last = model is WGANGP and update.player == "critic" and name in ("score.bias", "layers.6.bias")
            if not last:  # the critic's last bias cancels between real and made, exactly
                assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(("model", "data"), BUILDS)
def test_opponents_get_no_gradient_from_a_move_that_is_not_theirs(model: type[Model], data: DataSpec) -> None:
    made = build(model, data)
    opponent, generator = made.updates()
    opponent.loss(Batch(examples(data))).value.backward()
    assert all(p.grad is None for p in generator.module.parameters())


@pytest.mark.parametrize(("model", "data"), BUILDS)
def test_building_on_the_meta_device_draws_no_random_numbers(model: type[Model], data: DataSpec) -> None:
    before = torch.get_rng_state()
    with torch.device("meta"):
        model(make(model.recipe_type, {"width": 6}), data)
    assert torch.equal(before, torch.get_rng_state())


def test_capabilities_are_told_of_class_and_instance_alike() -> None:
    assert capabilities(WGANGP) == ["decode latent", "criticise"] == capabilities(build(WGANGP, PICTURES))
    assert capabilities(DCGAN) == ["decode latent"]
    assert isinstance(build(DCGAN, PICTURES), DecodesLatent)
    assert isinstance(build(WGANGP, POINTS), Criticises)


@pytest.mark.parametrize("name", catalog.names())
def test_a_recipe_survives_fields_flags_and_toml(name: str) -> None:
    kind = catalog.load(name).recipe_type
    about = fields(kind)
    assert len({f.flag for f in about}) == len(about)
    assert 4 <= sum(f.essential for f in about) <= 8
    values = {f.name: f.default for f in about}
    assert values == values_of(kind())
    again = from_toml(to_toml(name, values))
    assert again == (name, values)
    assert make(kind, again[1]) == kind()


@pytest.mark.parametrize("name", catalog.names())
@pytest.mark.parametrize("side", [8, 12, 28, 32, 64, 128])
def test_what_suits_makes_a_recipe_without_problems(name: str, side: int) -> None:
    model = catalog.load(name)
    data = DataSpec("d", "images", (3, side, side), 1000)
    assert model.problems(make(model.recipe_type, model.suits(data)), data) == []


def test_points_suit_the_toy_of_the_paper() -> None:
    recipe = make(WGANGPRecipe, WGANGP.suits(POINTS))
    assert (recipe.latent, recipe.width, recipe.penalty, recipe.batch) == (2, 512, 0.1, 256)
    made = WGANGP(recipe, POINTS)
    shapes = [tuple(m.weight.shape) for m in made.generator.modules() if isinstance(m, nn.Linear)]
    assert shapes == [(512, 2), (512, 512), (512, 512), (2, 512)]
    assert WGANGP.problems(recipe, POINTS) == []


def test_all_misfits_are_named_at_once() -> None:
    assert "points" in str(DCGAN.problems(DCGANRecipe(), POINTS)[0])
    odd = DataSpec("holiday", "images", (4, 300, 5), 1)
    said = "\n".join(map(str, WGANGP.problems(WGANGPRecipe(), odd)))
    assert "5×300" in said
    assert "4 channels" in said
    assert "1 example" in said
    mirrored = WGANGP.problems(WGANGPRecipe(mirror=True), POINTS)
    assert [p.field for p in mirrored] == ["mirror"]


def test_the_papers_hyperparameters_are_the_defaults() -> None:
    gp, dc = WGANGPRecipe(), DCGANRecipe()
    assert (gp.penalty, gp.critic_steps, gp.critic_rate, gp.generator_rate) == (10, 5, 1e-4, 1e-4)
    assert (gp.beta1, gp.beta2, gp.batch, gp.latent) == (0.5, 0.9, 64, 128)
    assert (dc.latent, dc.width, dc.batch, dc.generator_rate, dc.discriminator_rate, dc.beta1) == (
        100, 128, 128, 2e-4, 2e-4, 0.5,
    )  # fmt: skip
    assert issubclass(DCGANRecipe, AdversarialRecipe)


# --- DCGAN: the value of the game


def test_the_loss_at_the_best_discriminator_is_minus_log_four_plus_two_jensen_shannon() -> None:
    """On finite supports D* = p/(p+q), and −loss is V(D*) = −log 4 + 2 JSD(p‖q); papers.md 2.1(e)."""
    random = np.random.default_rng(0)
    for p, q in [(random.dirichlet(np.ones(7)), random.dirichlet(np.ones(7))), (np.full(7, 1 / 7),) * 2]:
        logits = torch.from_numpy(np.log(p / q))
        value = -(
            (torch.from_numpy(p) * nn.functional.softplus(-logits)).sum()
            + (torch.from_numpy(q) * nn.functional.softplus(logits)).sum()
        )
        middle = (p + q) / 2
        jsd = (p * np.log(p / middle)).sum() / 2 + (q * np.log(q / middle)).sum() / 2
        assert value.item() == pytest.approx(-math.log(4) + 2 * jsd, abs=1e-12)
        if (p == q).all():
            assert value.item() == pytest.approx(-1.3862943611198906, abs=1e-12)


class Constant(nn.Module):
    """Gives the same logit to everything."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.tensor(logit))

    def forward(self, x: Tensor) -> Tensor:
        return self.logit.expand(len(x))


@pytest.mark.parametrize("logit", [0.0, 3.0, -200.0, 200.0])
def test_the_losses_are_finite_and_right_for_any_logit(logit: float) -> None:
    made = build(DCGAN, PICTURES)
    assert isinstance(made, DCGAN)
    made.discriminator = Constant(logit)  # type: ignore[assignment]
    on_both = made.discriminator_loss(Batch(examples(PICTURES)))
    exact = torch.tensor(logit, dtype=torch.float64)
    expected = nn.functional.softplus(-exact) + nn.functional.softplus(exact)
    assert on_both.value.item() == pytest.approx(expected.item(), rel=1e-6)
    assert on_both.shows["discriminator/D(x)"].item() == pytest.approx(exact.sigmoid().item(), abs=1e-6)
    generator = made.generator_loss(Batch(examples(PICTURES))).value
    assert generator.item() == pytest.approx(nn.functional.softplus(-exact).item(), rel=1e-6)
    if logit == 0:
        assert -on_both.value.item() == pytest.approx(-math.log(4), abs=1e-6)


def test_real_and_made_images_are_normalised_apart() -> None:
    made = build(DCGAN, PICTURES)
    assert isinstance(made, DCGAN)
    seen: list[int] = []
    made.discriminator.register_forward_hook(lambda module, inputs, output: seen.append(len(inputs[0])))
    made.discriminator_loss(Batch(examples(PICTURES)))
    assert seen == [6, 6]


# --- WGAN-GP: the gradient penalty


class Linear(nn.Module):
    """a·x."""

    def __init__(self, a: Tensor) -> None:
        super().__init__()
        self.a = nn.Parameter(a)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.a


def test_the_penalty_of_a_linear_critic_is_exact() -> None:
    made = build(WGANGP, POINTS, penalty=7.0)
    assert isinstance(made, WGANGP)
    a = torch.tensor([3.0, -4.0])
    made.critic = Linear(a)
    loss = made.critic_loss(Batch(examples(POINTS)))
    gap = loss.shows["wasserstein/critic estimate"]
    assert (loss.value + gap).item() == pytest.approx(7 * (5 - 1) ** 2, rel=1e-6)
    assert loss.shows["gradient norm/critic"].item() == pytest.approx(5, rel=1e-6)


def cross_talk(critic: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """The largest |∂critic(x)ᵢ/∂xⱼ| of i ≠ j."""
    jacobian = torch.autograd.functional.jacobian(critic, x).flatten(2).abs().amax(2)
    return float((jacobian - torch.diag(jacobian.diagonal())).max())


def test_the_score_of_an_example_does_not_depend_on_the_others() -> None:
    made = build(WGANGP, PICTURES)
    assert isinstance(made, WGANGP)
    assert cross_talk(made.critic.train(), examples(PICTURES)) == 0
    normed = build(DCGAN, PICTURES)
    assert isinstance(normed, DCGAN)
    wide = DataSpec("d", "images", (1, 16, 16), 100)  # two convolutions: the second is normalised
    normed = build(DCGAN, wide)
    assert isinstance(normed, DCGAN)
    assert cross_talk(normed.discriminator.train(), examples(wide)) > 0


def test_pixels_get_noise_below_one_grey_level_and_points_none() -> None:
    images, points = build(WGANGP, PICTURES), build(WGANGP, POINTS)
    assert isinstance(images, WGANGP)
    assert isinstance(points, WGANGP)
    x = torch.zeros(50, 1, 8, 8)
    noise = images.dequantised(x)
    assert 0 <= noise.min() < noise.max() < 1 / 128
    assert noise.mean().item() == pytest.approx(1 / 256, rel=0.05)
    assert points.dequantised(x) is x


def test_a_critic_in_one_dimension_finds_the_distance_of_two_blocks() -> None:
    """Real at 1, made at −1: the best 1-Lipschitz critic has slope 1 along the line and estimates W₁ = 2."""
    torch.manual_seed(0)
    made = build(WGANGP, POINTS, width=32, penalty=10.0)
    assert isinstance(made, WGANGP)
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
