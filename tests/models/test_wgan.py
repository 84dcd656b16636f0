"""WGAN against the exact facts of its paper (papers.md 2.6e), through the engine that trains it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import Dataset, DataSpec, split
from studio.metrics.exact import exact_wasserstein
from studio.metrics.measure import measure
from studio.models.core.model import Batch, Gauge
from studio.models.core.recipe import Value, make
from studio.models.wgan import WGAN, WGANRecipe
from studio.training.cycle import Cycle
from tests.models.every import PICTURES, POINTS, batch, examples

CPU = torch.device("cpu")


def build(data: DataSpec = POINTS, **values: Value) -> WGAN:
    torch.manual_seed(0)
    return WGAN(make(WGANRecipe, {"width": 6, "latent": 5, **values}), data)


def dataset(spec: DataSpec, n: int = 64) -> Dataset:
    random = np.random.default_rng(0)
    values = random.integers(0, 256, (n, *spec.shape), np.uint8) if spec.kind == "images" else random.normal(
        size=(n, *spec.shape)
    ).astype(np.float32)  # fmt: skip
    return Dataset(spec, values, None, *split(n, 0.25))


def cycle(spec: DataSpec, **values: Value) -> Cycle:
    small = {"width": 6, "latent": 5, "batch": 8, "precision": "float32", **values}
    return Cycle(WGAN, make(WGANRecipe, small), dataset(spec), CPU)


def test_algorithm_ones_numbers_are_the_defaults() -> None:
    r = WGANRecipe()
    assert (r.critic_rate, r.generator_rate, r.clip, r.batch, r.critic_steps) == (5e-5, 5e-5, 0.01, 64, 5)
    assert not r.thorough
    assert [u.optimiser.name for u in build().updates()] == ["rmsprop", "rmsprop"]
    assert [u.optimiser.momentum for u in build().updates()] == [0, 0]


@pytest.mark.parametrize("spec", [PICTURES, POINTS], ids=["pictures", "points"])
def test_after_every_move_of_the_critic_no_weight_is_beyond_the_clip(spec: DataSpec) -> None:
    training = cycle(spec)
    assert isinstance(training.model, WGAN)
    critic = training.model.critic
    assert max(float(p.detach().abs().max()) for p in critic.parameters()) > 0.01, "it starts beyond"
    bound = float(torch.tensor(0.01))
    for _ in range(12):
        moved = training.move()
        if moved.player == "critic":
            assert all(float(p.detach().abs().max()) <= bound for p in critic.parameters())
    if spec is PICTURES:
        norms = [m for m in critic.modules() if isinstance(m, nn.BatchNorm2d)]
        assert norms, "its normalisation is clipped with the rest"
        assert all(float(m.weight.detach().max()) <= bound for m in norms)


def test_the_gauge_shows_the_share_of_weights_that_the_last_move_left_at_the_clip() -> None:
    training = cycle(POINTS, clip=0.05)
    assert isinstance(training.model, WGAN)
    (gauge,) = training.model.gauges
    assert isinstance(gauge, Gauge)
    assert float(training.move().values[gauge.curve]) == 0, "nothing has been clipped yet"
    weights = torch.cat([p.detach().flatten() for p in training.model.critic.parameters()])
    counted = float((weights.abs() >= float(torch.tensor(0.05))).float().mean())
    assert 0.3 < counted < 1
    assert float(training.move().values[gauge.curve]) == pytest.approx(counted)


def test_each_cycle_is_five_moves_of_the_critic_then_one_of_the_generator() -> None:
    training = cycle(POINTS)
    moved = [training.move() for _ in range(12)]
    assert [m.player for m in moved] == (["critic"] * 5 + ["generator"]) * 2
    assert [m.cycle for m in moved] == ([False] * 5 + [True]) * 2


def test_the_authors_code_begins_with_a_hundred_moves_and_takes_them_again_every_500_cycles() -> None:
    made = build(thorough=True)
    critic, generator = made.updates()
    hundred = [i for i in range(1601) if critic.moves(i) == 100]
    assert hundred == [*range(25), 500, 1000, 1500]
    assert {critic.moves(i) for i in range(25, 500)} == {5}
    assert generator.moves(0) == 1
    training = cycle(POINTS, thorough=True)
    assert training.examples == 8 * 100
    moved = [training.move() for _ in range(101)]
    assert [m.player for m in moved] == ["critic"] * 100 + ["generator"]
    training.step, training.position = 30, 0
    assert [training.move().player for _ in range(6)][-1] == "generator"


def test_a_stopped_cycle_of_many_moves_goes_on_where_it_was() -> None:
    one = cycle(POINTS, thorough=True)
    for _ in range(130):
        one.move()
    other = cycle(POINTS, thorough=True)
    for _ in range(70):
        other.move()
    kept = other.model.state_dict(), other.average.state(), other.tensors(), other.plain()
    again = cycle(POINTS, thorough=True, seed=0)
    again.load(*kept)
    for _ in range(60):
        again.move()
    assert (again.step, again.position) == (one.step, one.position) == (1, 29)
    for name, tensor in one.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name


# --- the bound of the critic's slope, and what its gap estimates


def bound(critic: nn.Module) -> tuple[float, float]:
    """Π ‖W‖₂, and Π c √(inputs · outputs), over the dense layers; c = 0.01."""
    layers = [m for m in critic.modules() if isinstance(m, nn.Linear)]
    exact = math.prod(float(torch.linalg.matrix_norm(m.weight.detach(), 2)) for m in layers)
    return exact, math.prod(0.01 * math.sqrt(m.in_features * m.out_features) for m in layers)


def test_the_slope_of_a_clipped_dense_critic_is_within_its_bound() -> None:
    training = cycle(POINTS, width=32)
    for _ in range(30):
        training.move()
    assert isinstance(training.model, WGAN)
    critic = training.model.critic
    a, b = torch.randn(2, 4000, 2).unbind()
    with torch.no_grad():
        slopes = (critic(a) - critic(b)).abs() / (a - b).norm(dim=1)
    exact, crude = bound(critic)
    assert 0 < float(slopes.max()) <= exact <= crude


def test_the_bound_is_met_when_every_weight_is_at_the_clip() -> None:
    """All weights c: each layer has rank one and norm c √(inputs · outputs); the slope along (1, 1) is the product."""
    made = build(width=32)
    with torch.no_grad():
        for weight in made.critic.parameters():
            weight.fill_(1.0 if weight.dim() > 1 else 0.0)
        made.clip()
    exact, crude = bound(made.critic)
    assert exact == pytest.approx(crude, rel=1e-5)
    x = torch.tensor([[1.0, 1.0], [2.0, 2.0]])
    with torch.no_grad():
        low, high = made.critic(x)
    assert float(high - low) / math.sqrt(2) == pytest.approx(exact, rel=1e-5)


def test_the_gap_of_any_clipped_critic_is_at_most_k_times_the_exact_distance() -> None:
    training = cycle(POINTS, width=32)
    for _ in range(60):
        training.move()
    assert isinstance(training.model, WGAN)
    made = training.model
    real, fake = torch.randn(200, 2) + 3, torch.randn(200, 2)
    with torch.no_grad():
        gap = float(made.critic(real).mean() - made.critic(fake).mean())
    assert abs(gap) <= bound(made.critic)[0] * exact_wasserstein(real.numpy(), fake.numpy())


class Shift(nn.Module):
    """Puts every latent on the line x = (θ, U(0, 1))."""

    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta))

    def forward(self, z: Tensor) -> Tensor:
        height = torch.linspace(0, 1, len(z))
        return torch.stack([self.theta.expand(len(z)), height], 1)


def test_parallel_lines_give_the_generator_a_gradient_however_far_apart() -> None:
    """π = (0, U), p = (θ, U): W = |θ| (example 1 of the paper). JSD is ln 2 for every θ ≠ 0, without a slope in θ."""
    real = torch.stack([torch.zeros(64), torch.linspace(0, 1, 64)], 1)
    for theta in (1.0, -5.0):
        made = build(width=16)
        made.generator = Shift(theta)
        fake = made.generator(torch.zeros(64, 5)).detach()
        assert exact_wasserstein(fake.numpy(), real.numpy()) == pytest.approx(abs(theta), rel=1e-6)
        rmsprop = torch.optim.RMSprop(made.critic.parameters(), 1e-3)
        for _ in range(60):
            rmsprop.zero_grad()
            made.critic_loss(Batch(real)).value.backward()  # type: ignore[no-untyped-call]
            rmsprop.step()
            with torch.no_grad():
                made.clip()
        made.generator_loss(Batch(real)).value.backward()  # type: ignore[no-untyped-call]
        assert made.generator.theta.grad is not None
        assert float(made.generator.theta.grad) * theta > 0, "descending it moves the line to the real one"


def test_one_mass_on_a_grid_costs_what_the_prefix_sums_say() -> None:
    """P = (3, 2, 1, 4), Q = (1, 2, 4, 3): 5 units of mass times distance."""
    line = np.arange(4)[:, None].astype(np.float32)
    p, q = line.repeat([3, 2, 1, 4], 0), line.repeat([1, 2, 4, 3], 0)
    assert exact_wasserstein(p, q) * 10 == pytest.approx(5, rel=1e-6)


def test_its_estimate_is_never_drawn_as_a_wasserstein_distance() -> None:
    made = build().eval()
    found = measure(made, dataset(POINTS), samples=16)
    (curve,) = [key for key in found if "critic" in key]
    assert curve == "critic gap/K·W₁ (critic estimate, K unknown), held-out"
    live = {key for u in build().updates() for key in u.loss(batch(POINTS)).shows}
    assert not any(key.startswith("wasserstein/") for key in live)
    assert curve.removesuffix(", held-out") in live


def test_real_and_made_pictures_are_normalised_apart() -> None:
    made = build(PICTURES)
    seen: list[int] = []
    made.critic.register_forward_hook(lambda module, inputs, output: seen.append(len(inputs[0])))
    made.critic_loss(Batch(examples(PICTURES)))
    assert seen == [6, 6]
