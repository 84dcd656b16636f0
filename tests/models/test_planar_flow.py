"""Planar and radial flows: both directions are one density, its free energy has a floor, and more steps come nearer."""

from __future__ import annotations

import math

import normflows
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from studio.data import toys
from studio.data.dataset import DataSpec
from studio.data.potentials import POTENTIALS
from studio.models.core.model import Batch, capabilities
from studio.models.core.recipe import Value, make
from studio.models.planar_flow import PlanarFlow, PlanarFlowRecipe
from studio.nn.flows.base import Reversed
from studio.nn.flows.planar import Planar
from studio.nn.flows.radial import Radial
from tests.nn.flows.jacobians import log_volume

MOONS = DataSpec("Two moons", "points", (2,), 20_000, 2000, source="builtin:two-moons")
BOTH = pytest.mark.parametrize("data", ["u1", "two-moons"])
KINDS = pytest.mark.parametrize("kind", ["planar", "radial"])


def spec(name: str) -> DataSpec:
    return DataSpec(name, "points", (2,), 20_000, 2000, source=f"builtin:{name}")


def flow(
    data: str, seed: int = 0, dtype: torch.dtype = torch.float64, spread: float = 0.6, **values: Value
) -> PlanarFlow:
    """Away from where it begins: parameters from N(0, spread²), directions of unit length or so."""
    torch.manual_seed(seed)
    made = PlanarFlow(make(PlanarFlowRecipe, {"length": 6, **values}), spec(data)).to(dtype).eval()
    for name, parameter in made.named_parameters():
        nn.init.normal_(parameter, std=1 if name.endswith((".w", ".centre")) else spread)
    return made


def cloud(n: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(7), dtype=torch.float64).to(dtype)


# --- both directions


@BOTH
@KINDS
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
@torch.no_grad()
def test_points_come_back_from_their_latents(data: str, kind: str, dtype: torch.dtype, close: float) -> None:
    for seed in range(5):
        made = flow(data, seed, dtype, kind=kind, prior="learned")
        x = cloud(300, dtype)
        assert (made.decode(made.invert(x).z) - x).abs().max() < close
        assert (made.invert(made.decode(x)).z - x).abs().max() < 10 * close


@BOTH
@KINDS
def test_the_log_likelihood_is_that_of_the_change_of_variables(data: str, kind: str) -> None:
    made = flow(data, kind=kind, prior="learned")
    x = cloud(20)
    found = made.invert(x)
    log_prior = -found.z.square().sum(1) / 2 - math.log(2 * math.pi)
    assert torch.allclose(found.log_prior, log_prior)
    assert torch.allclose(found.log_likelihood, log_prior + log_volume(lambda v: made.invert(v).z, x), atol=1e-8)
    assert torch.equal(made.log_likelihood(x), found.log_likelihood)
    assert list(found.log_dets) == [*(f"step {k}" for k in range(6, 0, -1)), "top/prior"]


@BOTH
@KINDS
def test_on_the_way_to_the_data_the_density_is_known_at_every_step(data: str, kind: str) -> None:
    made = flow(data, kind=kind)
    z = cloud(50)
    stations = made.trace(z)
    assert [s.name for s in stations] == ["prior", *(f"step {k}" for k in range(1, 7))]
    assert torch.equal(stations[-1].points, made.decode(z))
    assert torch.allclose(stations[-1].log_density, made.log_likelihood(stations[-1].points), atol=1e-8)
    for station in stations[1:]:
        part = flow(data, kind=kind, length=6)
        last = int(station.name.removeprefix("step "))
        for name, step in part.scales.chain(0).single():
            if int(name.removeprefix("step ")) > last:  # such a step does nothing
                _switch_off(step.step if isinstance(step, Reversed) else step)
        assert torch.allclose(station.points, part.decode(z), atol=1e-9)
        assert torch.allclose(station.log_density, part.log_likelihood(station.points), atol=1e-8)


@torch.no_grad()
def _switch_off(step: nn.Module) -> None:
    if isinstance(step, Radial):
        step.beta.copy_(step.alpha)
    else:
        assert isinstance(step, Planar)
        step.w.zero_()
        step.u.zero_()


@BOTH
@KINDS
@torch.no_grad()
def test_the_density_integrates_to_one(data: str, kind: str) -> None:
    for seed in range(3):
        made = flow(data, seed, kind=kind)
        drawn = made.decode(torch.randn(20_000, 2, dtype=torch.float64))
        low, high = drawn.amin(0) - 1, drawn.amax(0) + 1
        side = [torch.linspace(float(a), float(b), 500, dtype=torch.float64) for a, b in zip(low, high, strict=True)]
        across, up = torch.meshgrid(*side, indexing="ij")
        density = made.log_likelihood(torch.stack([across.flatten(), up.flatten()], dim=1)).exp()
        cell = float((side[0][1] - side[0][0]) * (side[1][1] - side[1][0]))
        assert float(density.sum()) * cell == pytest.approx(1, abs=1e-2)


@torch.no_grad()
def test_samples_lie_where_the_density_says() -> None:
    made = flow("u1", 1)
    drawn = made.decode(cloud(100_000)).numpy()
    edges = [np.linspace(*np.quantile(drawn[:, i], [0.01, 0.99]), 21) for i in range(2)]
    counts, _, _ = np.histogram2d(drawn[:, 0], drawn[:, 1], bins=edges)
    fine = [(e[:-1, None] + np.diff(e)[:, None] * (np.arange(8) + 0.5) / 8).ravel() for e in edges]
    grid = np.stack(np.meshgrid(*fine, indexing="ij"), axis=-1).reshape(-1, 2)
    density = made.log_likelihood(torch.from_numpy(grid)).exp().numpy().reshape(20, 8, 20, 8).mean((1, 3))
    expected = density * np.diff(edges[0])[:, None] * np.diff(edges[1])[None] * len(drawn)
    seen = expected > 20
    assert ((counts - expected)[seen] ** 2 / expected[seen]).mean() == pytest.approx(1, abs=0.35)


@KINDS
@torch.no_grad()
def test_the_density_is_the_one_that_normflows_has_with_the_same_weights(kind: str) -> None:
    """Of samples on their way from the latent, as it has no inverse of a planar step."""
    made = flow("u1", kind=kind)
    steps = []
    for _, reversed_ in reversed(list(made.scales.chain(0).single())):
        assert isinstance(reversed_, Reversed)
        steps.append(_theirs(reversed_.step))
    other = normflows.NormalizingFlow(normflows.distributions.DiagGaussian(2, trainable=False), steps).double()
    z = cloud(200)
    points, log_density = z, other.q0.log_prob(z)
    for step in steps:
        points, log_det = step(points)
        log_density = log_density - log_det
    assert torch.allclose(made.decode(z), points, atol=1e-9)
    assert torch.allclose(made.log_likelihood(points), log_density, atol=1e-8)


def _theirs(step: nn.Module) -> nn.Module:
    own = dict(step.named_parameters())
    if isinstance(step, Planar):
        return normflows.flows.Planar((2,), u=own["u"][None], w=own["w"][None], b=own["b"][None]).double()
    made = normflows.flows.Radial((2,), z_0=own["centre"][None]).double()
    made.alpha.fill_(float(softplus(own["alpha"])))
    made.beta.fill_(float(own["beta"]))
    return made


@BOTH
@torch.no_grad()
def test_without_steps_it_is_a_gaussian(data: str) -> None:
    made = flow(data, length=0, prior="learned")
    assert made.top is not None
    mean, log_sigma = made.top.shared.chunk(2)
    x = cloud(30)
    gaussian = torch.distributions.Normal(mean, log_sigma.exp()).log_prob(x).sum(1)
    assert torch.allclose(made.log_likelihood(x), gaussian)
    assert torch.allclose(made.decode(made.invert(x).z), x)


@BOTH
def test_one_example_is_enough(data: str) -> None:
    made = flow(data).train()
    x = cloud(1)
    assert made.loss(Batch(x)).value.isfinite()
    assert torch.allclose(made.decode(made.invert(x).z), x, atol=1e-10)


# --- what is descended


def test_the_energy_is_fitted_where_there_is_one_and_points_anywhere() -> None:
    assert flow("u1").potential is POTENTIALS["u1"]
    assert flow("u1", target="points").potential is None
    assert flow("two-moons").potential is None
    assert capabilities(PlanarFlow) == [
        "decode latent",
        "encode",
        "score likelihood",
        "invert exactly",
        "flow in steps",
    ]


def test_the_likelihood_of_points_is_descended_in_nats() -> None:
    made = flow("two-moons")
    x = cloud(40)
    loss = made.loss(Batch(x))
    assert torch.allclose(loss.value, -made.log_likelihood(x).mean())
    assert torch.allclose(loss.shows["log-likelihood/training"], -loss.value)


@KINDS
def test_the_free_energy_is_the_mean_of_ln_q_plus_u(kind: str) -> None:
    made = flow("u2", kind=kind, anneal=0)
    torch.manual_seed(3)
    loss = made.loss(Batch(cloud(64)))
    torch.manual_seed(3)
    points = made.decode(torch.randn_like(cloud(64)))
    energy = POTENTIALS["u2"].energy(points, torch)
    assert torch.allclose(loss.value, (made.log_likelihood(points) + energy).mean(), atol=1e-8)
    assert torch.allclose(loss.shows["free energy/at β = 1, of a minibatch"], loss.value)
    found = loss.shows["kl/KL(q‖p), of a minibatch"] - loss.value.detach()
    assert float(found) == pytest.approx(2.112941, abs=1e-6), "ln Z, tails beyond the box included"


@pytest.mark.parametrize("name", list(POTENTIALS))
@KINDS
@torch.no_grad()
def test_the_free_energy_never_falls_below_its_floor(name: str, kind: str) -> None:
    """−ln Z, −1.8775 of U1, but for the noise of an estimate by 20,000 draws; whatever the flow."""
    for seed in range(8):
        made = flow(name, seed, kind=kind, spread=0.4, prior="learned")
        last = made.trace(torch.randn(20_000, 2, dtype=torch.float64))[-1]
        each = last.log_density + POTENTIALS[name].energy(last.points, torch)
        error = float(each.std()) / math.sqrt(len(each))
        assert float(each.mean()) >= -POTENTIALS[name].log_z - 4 * error


@torch.no_grad()
def test_a_flow_that_is_the_density_has_a_kl_of_zero() -> None:
    """So that the test above is no wide miss: of a potential that a Gaussian is, the KL comes out as 0."""
    made = flow("u2", length=0, prior="learned", anneal=0)
    made.potential = _Gaussian()  # type: ignore[assignment]
    assert made.top is not None
    made.top.shared.copy_(torch.tensor([1.0, -2.0, math.log(0.5), math.log(3.0)]))
    loss = made.loss(Batch(cloud(500)))
    assert float(loss.shows["kl/KL(q‖p), of a minibatch"]) == pytest.approx(0, abs=1e-6)


class _Gaussian:
    log_z = math.log(2 * math.pi * 0.5 * 3)

    def energy(self, z: Tensor, xp: object) -> Tensor:
        return ((z - torch.tensor([1.0, -2.0])) / torch.tensor([0.5, 3.0])).square().sum(1) / 2


def test_the_energy_is_turned_on_over_the_finished_steps_and_resumes_where_it_was() -> None:
    made = flow("u1", anneal=10_000)
    (update,) = made.updates()
    assert update.after is not None
    assert float(made.beta) == pytest.approx(0.01)
    for _ in range(100):
        update.after()
    assert float(made.beta) == pytest.approx(0.02)
    again = flow("u1", seed=1, anneal=10_000)
    again.load_state_dict(made.state_dict())
    assert torch.equal(again.beta, made.beta)
    made.taken.fill_(9900)
    assert float(made.beta) == 1
    made.taken.fill_(10**6)
    assert float(made.beta) == 1
    assert float(flow("u1", anneal=0).beta) == 1


def test_a_half_turned_on_energy_counts_half() -> None:
    made = flow("u1", anneal=100)
    made.taken.fill_(49)
    torch.manual_seed(0)
    loss = made.loss(Batch(cloud(64)))
    torch.manual_seed(0)
    last = made.trace(torch.randn_like(cloud(64)))[-1]
    energy = POTENTIALS["u1"].energy(last.points, torch)
    assert torch.allclose(loss.value, (last.log_density + 0.5 * energy).mean())


# --- what is shown


@pytest.mark.parametrize(("length", "curves"), [(3, 3), (8, 8), (9, 5), (16, 8), (32, 8), (100, 8)])
@BOTH
def test_the_log_det_is_split_by_step_and_by_neighbours_where_there_are_many(
    data: str, length: int, curves: int
) -> None:
    made = flow(data, length=length)
    shows = made.loss(Batch(cloud(16))).shows
    parts = {name: value for name, value in shows.items() if name.startswith("log-det/")}
    assert len(parts) == curves + 1
    torch.manual_seed(0)
    if data == "two-moons":
        assert torch.allclose(sum(parts.values(), torch.zeros(())), shows["log-likelihood/training"])
    if length == 9:
        assert set(parts) == {
            f"log-det/{s}" for s in ("log N(z)", "step 9", "steps 7–8", "steps 5–6", "steps 3–4", "steps 1–2")
        }
    if length == 16:
        assert sorted(parts)[1:3] == ["log-det/steps 01–02", "log-det/steps 03–04"], "sorted by name, in order"


@BOTH
@KINDS
@torch.no_grad()
def test_a_person_is_told_how_near_a_step_is_to_its_limit(data: str, kind: str) -> None:
    made = flow(data, kind=kind)
    _, step = list(made.scales.chain(0).single())[2]
    inner = step.step if isinstance(step, Reversed) else step
    if isinstance(inner, Planar):
        inner.u.copy_(-7 * inner.w / inner.w.square().sum())
        expected = math.log1p(math.exp(-7))
    else:
        assert isinstance(inner, Radial)
        inner.alpha.fill_(0.0)
        inner.beta.fill_(-7.0)
        expected = math.log1p(math.exp(-7)) / math.log(2)
    (curve,) = (gauge.curve for gauge in PlanarFlow.gauges)
    assert float(made.loss(Batch(cloud(8))).shows[curve]) == pytest.approx(expected, rel=1e-6)


# --- which data


def test_what_does_not_fit_is_said_in_words() -> None:
    def said(data: DataSpec, **values: Value) -> str:
        return "\n".join(map(str, PlanarFlow.problems(make(PlanarFlowRecipe, values), data)))

    assert "holds images" in said(DataSpec("digits", "images", (1, 8, 8), 100))
    assert said(MOONS) == said(spec("u3")) == said(spec("u3"), target="points") == ""
    assert said(MOONS, target="energy").startswith("target: no energy is known of Two moons")
    assert "Potential U4" in said(MOONS, target="energy")
    assert said(MOONS, length=0).startswith("length: ")
    assert said(MOONS, length=0, prior="learned") == ""


def test_the_papers_own_training_can_be_asked_for() -> None:
    (update,) = flow("u1", optimiser="rmsprop", rate=1e-5).updates()
    asked = update.optimiser
    assert (asked.name, asked.rate, asked.momentum) == ("rmsprop", 1e-5, 0.9)
    assert update.averaged


# --- it learns


def test_more_planar_steps_come_nearer_to_u1() -> None:
    """For a few seconds; in earnest: the experiment."""
    found = {length: _trained("u1", length) for length in (1, 6)}
    assert found[6] < 0.75 * found[1]


def _trained(name: str, length: int) -> float:
    """KL(q‖p) in nats after a short training."""
    torch.manual_seed(0)
    made = PlanarFlow(make(PlanarFlowRecipe, {"length": length, "anneal": 150, "rate": 1e-2}), spec(name))
    (update,) = made.updates()
    assert update.after is not None
    adam = torch.optim.Adam(made.parameters(), update.optimiser.rate)
    batch = Batch(torch.zeros(128, 2))
    for _ in range(300):
        adam.zero_grad()
        update.loss(batch).value.backward()
        adam.step()
        update.after()
    return float(made.loss(Batch(torch.zeros(20_000, 2))).shows["kl/KL(q‖p), of a minibatch"])


def test_points_that_are_learned_by_likelihood_become_likelier() -> None:
    points = torch.from_numpy(toys.draw("two-moons", 4000)[0]).float()
    torch.manual_seed(0)
    made = PlanarFlow(make(PlanarFlowRecipe, {"length": 8, "rate": 1e-2}), MOONS)
    before = float(made.log_likelihood(points).detach().mean())
    adam = torch.optim.Adam(made.parameters(), 1e-2)
    for step in range(300):
        adam.zero_grad()
        made.loss(Batch(points[step * 128 % 3840 :][:128])).value.backward()
        adam.step()
    with torch.no_grad():
        after = float(made.log_likelihood(points).mean())
        assert after > before + 0.4
        assert (made.decode(made.invert(points).z) - points).abs().max() < 1e-4
