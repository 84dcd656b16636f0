"""The GAN of 2014 against the exact facts of its paper (papers.md 2.1e), through the losses that train it."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core import classic
from studio.models.core.adversarial import game_shows
from studio.models.core.model import Batch, Scheduled
from studio.models.core.recipe import Value, make
from studio.models.gan import GAN, GANRecipe
from studio.nn.dense import Dense
from studio.nn.maxout import Maxout
from tests.models.every import PICTURES, POINTS, batch, examples

MNIST = DataSpec("m", "images", (1, 28, 28), 60_000, held_out=10_000)


def build(data: DataSpec = PICTURES, **values: Value) -> GAN:
    torch.manual_seed(0)
    return GAN(make(GANRecipe, {"width": 12, "units": 6, "pieces": 3, "latent": 4, **values}), data)


# --- a finite X, where D is a table of logits and a batch holds each x as often as it is likely

P = np.array([4, 3, 2, 1])
Q = np.array([1, 1, 3, 5])


def on(table: Tensor, counts: np.ndarray) -> Tensor:  # type: ignore[type-arg]
    """The logits of a batch in which x occurs counts[x] times."""
    return table.repeat_interleave(torch.from_numpy(counts))


def jsd(p: np.ndarray, q: np.ndarray) -> float:  # type: ignore[type-arg]
    m = (p + q) / 2
    return sum(float((x[x > 0] * np.log(x[x > 0] / m[x > 0])).sum()) / 2 for x in (p, q))


def value(on_real: Tensor, on_fake: Tensor) -> float:
    """V(D) by the loss that D descends."""
    return -2 * classic.discriminator_loss(on_real, on_fake).item()


@pytest.mark.parametrize("q", [Q, P], ids=["different", "the same"])
def test_the_best_discriminator_is_the_share_of_the_real_and_its_value_is_the_divergence(q: np.ndarray) -> None:  # type: ignore[type-arg]
    table = torch.from_numpy(np.log(P / q)).requires_grad_()  # logit p/(p+q)
    classic.discriminator_loss(on(table, P), on(table, q)).backward()  # type: ignore[no-untyped-call]
    assert table.grad is not None
    assert table.grad.abs().max() < 1e-12, "the loss is convex in the table: nothing is better"
    found = value(on(table, P), on(table, q))
    assert found == pytest.approx(-math.log(4) + 2 * jsd(P / 10, q / 10), abs=1e-12)
    shown = game_shows(on(table, P), on(table, q))
    assert shown["divergence/Jensen–Shannon that D implies"].item() == pytest.approx(jsd(P / 10, q / 10), abs=1e-6)
    if q is P:
        assert found == pytest.approx(-1.3862943611198906, abs=1e-12)
        assert shown["discriminator/D(x)"].item() == shown["discriminator/D(G(z))"].item() == 0.5


def test_any_other_discriminator_finds_less() -> None:
    random = np.random.default_rng(0)
    best = -math.log(4) + 2 * jsd(P / 10, Q / 10)
    for _ in range(50):
        table = torch.from_numpy(random.normal(0, 2, 4))
        assert value(on(table, P), on(table, Q)) < best


def test_without_overlap_the_divergence_is_log_two_and_the_value_zero() -> None:
    table = torch.tensor([60.0, 60.0, -60.0, -60.0], dtype=torch.float64)
    real, made = on(table, np.array([2, 1, 0, 0])), on(table, np.array([0, 0, 1, 4]))
    assert value(real, made) == pytest.approx(0, abs=1e-12)
    shown = game_shows(real, made)["divergence/Jensen–Shannon that D implies"]
    assert shown.item() == pytest.approx(0.6931471805599453, abs=1e-6)


@pytest.mark.parametrize("kind", ["non-saturating", "minimax"])
def test_at_the_best_discriminator_the_generator_descends_the_divergence_of_its_loss(
    kind: Literal["non-saturating", "minimax"],
) -> None:
    """E over made of the loss at D* of now has the slope of KL(q‖p) − 2 JSD, or of 2 JSD for the game itself."""
    p = torch.from_numpy(P / 10)
    theta = torch.tensor([0.3, -0.5, 0.1, 0.9], dtype=torch.float64, requires_grad=True)
    q = theta.softmax(0)
    best = (p / q.detach()).log()
    losses = torch.stack([classic.generator_loss(a[None], kind) for a in best])
    (found,) = torch.autograd.grad((q * losses).sum(), theta, retain_graph=True)
    m = (p + q) / 2
    twice_jsd = (p * (p / m).log()).sum() + (q * (q / m).log()).sum()
    divergence = (q * (q / p).log()).sum() - twice_jsd if kind == "non-saturating" else twice_jsd
    (expected,) = torch.autograd.grad(divergence, theta)
    assert torch.allclose(found, expected, rtol=0, atol=1e-12)


def test_the_slopes_of_the_two_losses_are_sigma_to_one_minus_sigma_apart() -> None:
    a = torch.tensor([-8.0, -1.0, 0.0, 2.5], dtype=torch.float64, requires_grad=True)
    slopes = {}
    for kind in ("non-saturating", "minimax"):
        (slopes[kind],) = torch.autograd.grad(classic.generator_loss(a, kind) * len(a), a)  # type: ignore[arg-type]
    sigma = a.detach().sigmoid()
    assert torch.allclose(slopes["minimax"], -sigma, atol=1e-15)
    assert torch.allclose(slopes["non-saturating"], -(1 - sigma), atol=1e-15)
    assert torch.allclose(slopes["minimax"] / slopes["non-saturating"], sigma / (1 - sigma), atol=1e-15)


@pytest.mark.parametrize("logit", [-300.0, 0.0, 300.0])
def test_losses_and_slopes_are_finite_however_sure_the_discriminator_is(logit: float) -> None:
    a = torch.full((3,), logit, requires_grad=True)
    losses = [classic.generator_loss(a, "non-saturating"), classic.generator_loss(a, "minimax")]
    losses.append(classic.discriminator_loss(a, a))
    for loss in losses:
        (slope,) = torch.autograd.grad(loss, a)
        assert bool(torch.isfinite(loss))
        assert bool(torch.isfinite(slope).all())
    assert losses[0].item() == pytest.approx(max(-logit, 0) if logit else math.log(2), abs=1e-6)
    assert losses[1].item() == pytest.approx(-max(logit, 0) if logit else -math.log(2), abs=1e-6)


@pytest.mark.parametrize("kind", ["non-saturating", "minimax"])
def test_the_recipe_chooses_the_generators_loss(kind: Literal["non-saturating", "minimax"]) -> None:
    made = build(loss=kind, dropout=0.0, input_dropout=0.0)
    torch.manual_seed(3)
    found = made.generator_loss(batch(PICTURES)).value
    torch.manual_seed(3)
    logits = made.discriminator(made.generator(made.noise(examples(PICTURES))))
    assert torch.equal(found, classic.generator_loss(logits, kind))


# --- the networks and the schedule of the published settings


def test_the_networks_on_mnist_are_the_published_ones() -> None:
    recipe = GANRecipe()
    assert (recipe.batch, recipe.latent, recipe.optimiser) == (100, 100, "sgd")
    assert (recipe.generator_rate, recipe.discriminator_rate) == (0.1, 0.1)
    made = GAN(recipe, MNIST)
    linear = [tuple(m.weight.shape) for m in made.generator.modules() if isinstance(m, nn.Linear)]
    assert linear == [(1200, 100), (1200, 1200), (784, 1200)]
    linear = [tuple(m.weight.shape) for m in made.discriminator.modules() if isinstance(m, nn.Linear)]
    assert linear == [(240 * 5, 784), (240 * 5, 240), (1, 240)]
    assert [m.p for m in made.discriminator.modules() if isinstance(m, nn.Dropout)] == [0.2, 0.5, 0.5]
    for player, reach in ((made.generator, 0.05), (made.discriminator, 0.005)):
        for name, weights in player.named_parameters():
            if name.endswith("bias"):
                assert not weights.any(), name
            else:
                assert 0.98 * reach < weights.abs().max() <= reach, name


def test_a_sample_is_twice_the_sigmoid_less_one_and_a_latent_has_variance_one() -> None:
    made = build().eval()
    z = torch.rand(9, 4) * 2 - 1
    with torch.no_grad():
        a = made.generator.layers(z * math.sqrt(3))
        assert torch.allclose(made.decode(z).flatten(1), 2 * a.sigmoid() - 1, atol=1e-6)
    assert np.allclose(made.prior.sigmas * made.generator.spread, 1)
    assert np.allclose(build(noise="normal").prior.sigmas * build(noise="normal").generator.spread, 1)


def test_pictures_begin_as_the_mean_of_the_first_batch_and_never_again() -> None:
    made = build()
    first, later = torch.full((60, 1, 8, 8), -1.0), batch(PICTURES)
    first[:15] = 1.0
    made.updates()[1].loss(Batch(first))
    bias = made.generator.layers.last.bias.detach().clone()
    assert torch.allclose(bias.sigmoid(), torch.full((64,), 0.25))
    made.updates()[0].loss(later)
    assert torch.equal(made.generator.layers.last.bias, bias)
    again = build()
    again.load_state_dict(made.state_dict())
    again.updates()[0].loss(later)
    assert torch.equal(again.generator.layers.last.bias, bias), "nor after a resume"
    black = build()
    black.generator.begin(torch.full((1, 1, 8, 8), -1.0))
    assert bool(torch.isfinite(black.generator.layers.last.bias).all())


def test_the_discriminator_sees_black_as_nothing_so_that_dropout_leaves_out_to_black() -> None:
    made = build(input_dropout=0.9, dropout=0.0)
    black = -torch.ones(50, *PICTURES.shape)
    assert torch.equal(made.discriminator.train()(black), made.discriminator.eval()(black))
    grey = torch.zeros(50, *PICTURES.shape)
    assert not torch.equal(made.discriminator.train()(grey), made.discriminator.eval()(grey))


def test_the_rate_decays_move_by_move_and_the_momentum_rises_epoch_by_epoch() -> None:
    made = GAN(make(GANRecipe, {"width": 8, "units": 4}), MNIST)  # 50,000 examples: 500 cycles are an epoch
    assert made.simultaneous
    for update in made.updates():
        assert (update.optimiser.name, update.optimiser.rate) == ("sgd", 0.1)
        at = update.schedule
        assert at is not None
        assert at(0) == Scheduled(1.0, 0.5)
        assert at(1).rate == pytest.approx(1 / 1.000004, abs=1e-15)
        assert at(100_000).rate == pytest.approx(1.000004**-100_000, rel=1e-12)
        assert at(499).momentum == at(0).momentum
        assert at(500).momentum == pytest.approx(0.5 + 0.2 / 250, abs=1e-15)
        assert at(125 * 500).momentum == pytest.approx(0.6, abs=1e-15)
        assert at(250 * 500).momentum == at(10**7).momentum == pytest.approx(0.7, abs=1e-15)
        # 0.1 falls to 1e-6 after ln(1e5)/ln(1.000004) = 2,878,237 cycles, and no further
        assert at(2_878_000).rate > 1e-5
        assert at(2_879_000).rate == at(10**7).rate == pytest.approx(1e-5, rel=1e-12)


def test_adam_keeps_its_rate() -> None:
    for update in build(optimiser="adam", generator_rate=2e-4, discriminator_rate=1e-4).updates():
        assert update.schedule is None
        assert update.optimiser.name == "adam"
        assert update.optimiser.rate == (1e-4 if update.player == "discriminator" else 2e-4)


def test_points_suit_the_networks_on_which_mode_collapse_is_counted() -> None:
    made = GAN(make(GANRecipe, GAN.suits(POINTS)), POINTS)
    assert made.prior.parts[0].kind == "normal"
    linear = [tuple(m.weight.shape) for m in made.generator.modules() if isinstance(m, nn.Linear)]
    assert linear == [(400, 2), (400, 400), (400, 400), (400, 400), (2, 400)]
    assert sum(isinstance(m, nn.BatchNorm1d) for m in made.generator.modules()) == 4
    assert [m.linear.out_features for m in made.discriminator.modules() if isinstance(m, Maxout)] == [1000] * 3
    with torch.no_grad():
        made.generator.layers.last.bias.fill_(5.0)
        assert made.decode(torch.randn(9, 2)).mean() > 1, "points are not squeezed into −1..1"


def test_a_generator_meets_a_single_far_point() -> None:
    """The whole game, at once: made points go to where the real ones are."""
    made = build(POINTS, noise="normal", dropout=0.0, input_dropout=0.0, units=8, width=16).train()
    target = torch.tensor([1.5, -0.5])
    real = Batch(target + 0.05 * torch.randn(64, 2, generator=torch.Generator().manual_seed(0)))
    updates = made.updates()
    adams = [torch.optim.Adam(u.module.parameters(), 5e-3, (0.5, 0.999)) for u in updates]
    for _ in range(250):
        gradients = []
        for update in updates:
            parameters = list(update.module.parameters())
            gradients.append(torch.autograd.grad(update.loss(real).value, parameters))
        for update, found, adam in zip(updates, gradients, adams, strict=True):
            for parameter, gradient in zip(update.module.parameters(), found, strict=True):
                parameter.grad = gradient
            adam.step()
    with torch.no_grad():
        mean = made.decode(torch.randn(500, 4, generator=torch.Generator().manual_seed(1))).mean(0)
    assert torch.linalg.vector_norm(mean - target) < 0.3


# --- layers


def test_a_maxout_unit_is_the_largest_of_its_linear_pieces() -> None:
    torch.manual_seed(0)
    layer = Maxout(3, 4, 5)
    x = torch.randn(7, 3)
    weights, biases = layer.linear.weight.view(4, 5, 3), layer.linear.bias.view(4, 5)
    for unit in range(4):
        expected = torch.stack([x @ weights[unit, j] + biases[unit, j] for j in range(5)]).max(0).values
        assert torch.allclose(layer(x)[:, unit], expected, atol=1e-6)


def test_a_dense_network_is_normalised_before_each_relu_and_not_at_the_end() -> None:
    kinds = [type(m) for m in Dense(2, 8, 8, 3, norm="batch").layers]
    assert kinds == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    assert [type(m) for m in Dense(2, 8, 3).layers] == [nn.Linear, nn.ReLU, nn.Linear]
