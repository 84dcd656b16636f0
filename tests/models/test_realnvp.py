"""RealNVP: the paper's order of couplings, and a density that is exact both ways."""

from __future__ import annotations

import itertools
from typing import Any

import normflows
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.likelihood import bits_per_dim
from studio.models.core.model import Batch, capabilities
from studio.models.core.recipe import Value, make
from studio.models.realnvp import RealNVP, RealNVPRecipe
from studio.nn.flows.levels import Dequantised
from studio.nn.flows.masked import Checkerboard, Coupling
from studio.nn.residual import Residual, WeightNormed
from tests.models.every import POINTS
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken

SMALL = DataSpec("small", "images", (1, 4, 4), 100)
COLOURED = DataSpec("small, in colour", "images", (3, 4, 4), 100)
GREY = DataSpec("grey", "images", (1, 8, 8), 100)
COLOUR = DataSpec("colour", "images", (3, 8, 8), 100)
MNIST = DataSpec("digits", "images", (1, 28, 28), 100)
NORMS = ("batch", "actnorm", "none")


def build(data: DataSpec, **values: Value) -> RealNVP:
    """At random weights, in evaluation and float64."""
    torch.manual_seed(0)
    small = {"width": 8, "blocks": 1, "levels": 2, "couplings": 3}
    made = shaken(RealNVP(make(RealNVPRecipe, {**small, **values}), data).double(), spread=0.2)
    for part in made.modules():
        if isinstance(part, Coupling):
            assert part.scale is not None
            nn.init.uniform_(part.scale, 0.2, 0.6)
    return made


def pictures(data: DataSpec, n: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (n, *data.shape), generator=generator).double() / 127.5 - 1


def points(n: int = 6) -> Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


# --- both ways


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("data", "levels"), [(SMALL, 2), (COLOUR, 1), (COLOUR, 3), (MNIST, 3)])
def test_pictures_come_back(data: DataSpec, levels: int, norm: str) -> None:
    made, x = build(data, levels=levels, norm=norm), pictures(data)
    assert (made.decode(made.invert(x).z) - x).abs().max() < 1e-10
    found = made.float().invert(x.float())
    assert (made.decode(found.z) - x.float()).abs().max() < 1e-5
    assert torch.equal(((made.decode(found.z) + 1) * 127.5).round(), ((x.float() + 1) * 127.5).round()), "every byte"


@pytest.mark.parametrize("norm", NORMS)
def test_points_come_back(norm: str) -> None:
    made, x = build(POINTS, norm=norm, couplings=8), points(50)
    assert (made.decode(made.invert(x).z) - x).abs().max() < 1e-10
    made = made.float()
    own = made.decode(torch.randn(200, 2, generator=torch.Generator().manual_seed(2)))  # where its density is
    assert ((made.decode(made.invert(own).z) - own) / own.abs().clamp(min=1)).abs().max() < 1e-5


def flat(made: RealNVP, values: Tensor) -> Tensor:
    """Latents of dequantised grey levels, by another way than the model's own."""
    parts, _ = made.scales(made.before(values)[0])
    return torch.cat([p.flatten(1) for p in parts], dim=1)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("data", "levels"), [(SMALL, 2), (COLOURED, 2), (GREY, 3)])
def test_the_log_dets_of_all_steps_sum_to_autograds(data: DataSpec, levels: int, norm: str) -> None:
    made, x = build(data, levels=levels, norm=norm), pictures(data, 1)
    within = torch.rand(x.shape, dtype=torch.float64)
    found = made.invert(x, within)
    volume = log_volume(lambda v: flat(made, v), Dequantised(8).values(x, within))
    assert torch.allclose(sum(found.log_dets.values(), torch.zeros(1)), volume, atol=1e-4)
    normal = torch.distributions.Normal(0, 1).log_prob(found.z).sum(1)
    assert torch.allclose(found.log_likelihood, normal + volume, atol=1e-4)


@pytest.mark.parametrize("norm", NORMS)
def test_of_points_too(norm: str) -> None:
    made, x = build(POINTS, norm=norm, couplings=6), points()
    volume = log_volume(lambda v: made.invert(v).z, x)
    assert torch.allclose(sum(made.invert(x).log_dets.values(), torch.zeros(6)), volume, atol=1e-4)


def test_the_density_of_points_sums_to_one() -> None:
    made = build(POINTS, norm="actnorm", couplings=6)
    with torch.no_grad():
        drawn = made.decode(torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
        middle, reach = drawn.mean(0), 3 * (drawn - drawn.mean(0)).abs().quantile(0.999, dim=0)
        side = (torch.arange(700) + 0.5).double() / 350 - 1
        grid = torch.cartesian_prod(side, side) * reach + middle
        mass = made.log_likelihood(grid).exp().sum() * reach.prod() / 350**2
    assert mass.item() == pytest.approx(1, abs=1e-2)


def test_points_are_followed_step_by_step_to_where_decode_puts_them() -> None:
    made, z = build(POINTS, norm="actnorm", couplings=4), points()
    traced = made.trace(z)
    assert [t.name for t in traced][:3] == ["prior", "step 4/coupling", "step 4/actnorm"]
    assert len(traced) == 9
    assert torch.allclose(traced[-1].points, made.decode(z))
    assert torch.allclose(traced[-1].log_density, made.log_likelihood(traced[-1].points))


def test_with_the_same_weights_normflows_gives_points_the_same_density() -> None:
    made = build(POINTS, norm="none", couplings=5)
    theirs: list[Any] = []
    for _, step in made.scales.chain(0).single():
        assert isinstance(step, Coupling)
        b = torch.tensor([1.0, 0.0] if step.mask.kept(torch.tensor([[1.0, 0.0]])).item() else [0.0, 1.0]).double()
        theirs.append(normflows.flows.Reverse(normflows.flows.MaskedAffineFlow(b, Told(step, 0, b), Told(step, 1, b))))
    base = normflows.distributions.DiagGaussian(2, trainable=False)
    whole = normflows.NormalizingFlow(base.double(), theirs[::-1])
    x = points(40)
    assert torch.allclose(made.log_likelihood(x), whole.log_prob(x), atol=1e-10)


class Told(nn.Module):
    """t or s of a coupling of points, for all coordinates."""

    def __init__(self, of: Coupling, which: int, b: Tensor) -> None:
        super().__init__()
        self.of, self.which, self.b = of, which, b

    def forward(self, kept: Tensor) -> Tensor:
        t, raw = self.of.network(kept[:, self.b.bool()]).chunk(2, dim=1)
        assert self.of.scale is not None
        told = (t, self.of.scale * torch.tanh(raw))[self.which]
        return told * (1 - self.b)


# --- the paper's order


def test_couplings_stand_in_the_papers_order() -> None:
    made = build(MNIST, levels=3)
    steps = [name for name in made.invert(pictures(MNIST, 1)).log_dets if name.endswith("coupling")]
    three = ["checkerboard 1", "checkerboard 2", "checkerboard 3", "channels 1", "channels 2", "channels 3"]
    last = ["checkerboard 1", "checkerboard 2", "checkerboard 3", "checkerboard 4"]
    expected = [f"level {i}/{s}/coupling" for i, named in ((1, three), (2, three), (3, last)) for s in named]
    assert steps == expected
    assert [p.shape for p in made.prior.parts] == [(2, 14, 14), (4, 7, 7), (4, 7, 7)]


def test_each_coupling_changes_what_the_one_before_it_passed_on() -> None:
    made = build(MNIST, levels=2)
    for chain in made.scales.levels:
        for kind in ("checkerboard", "channels"):
            steps = [step for name, step in chain.single() if name.startswith(kind) and isinstance(step, Coupling)]
            changed = [changed_by(step) for step in steps]
            assert all(torch.equal(a, 1 - b) for a, b in itertools.pairwise(changed))


def changed_by(step: Coupling) -> Tensor:
    """1 for each of its pixels or of its channels that a coupling changes."""
    mask = step.mask
    if isinstance(mask, Checkerboard):
        return mask.spread(torch.ones(1, 1, *mask.b.shape[2:]), torch.ones(1))
    return mask.spread(torch.ones(1, mask.changes, 1, 1), torch.ones(1, mask.reads + mask.changes, 1, 1))


def test_networks_are_twice_as_wide_after_each_squeeze() -> None:
    made = build(MNIST, levels=3, width=5)
    wide = [m.first.out_channels for m in made.modules() if isinstance(m, Residual)]
    assert wide == [5] * 3 + [10] * 3 + [10] * 3 + [20] * 3 + [20] * 4


def test_what_is_factored_out_is_a_checkerboard_of_the_pixels() -> None:
    made = build(SMALL, levels=2, norm="none")
    for part in made.modules():
        if isinstance(part, Coupling):
            assert part.scale is not None
            nn.init.zeros_(part.scale)
        if isinstance(part, Residual):
            assert part.last.gain is not None
            assert part.last.bias is not None
            nn.init.zeros_(part.last.gain)
            nn.init.zeros_(part.last.bias)
    values = torch.arange(16, dtype=torch.float64).view(1, 1, 4, 4)
    (finest, _), _ = made.scales(values)
    rows, columns = finest.flatten().long() // 4, finest.flatten().long() % 4
    assert ((rows + columns) % 2 == 1).all()


# --- training


@pytest.mark.parametrize("data", [SMALL, POINTS])
def test_the_penalty_is_of_gains_and_scales(data: DataSpec) -> None:
    x = pictures(SMALL) if data is SMALL else points()
    losses = []
    for penalty in (0.0, 0.5):
        made = build(data, penalty=penalty)
        torch.manual_seed(2)
        losses.append(made.loss(Batch(x)))
    gains = [m.gain for m in made.modules() if isinstance(m, WeightNormed) and m.gain is not None]
    scales = [m.scale for m in made.modules() if isinstance(m, Coupling) and m.scale is not None]
    assert bool(gains) == (data is SMALL)
    expected = sum(float((p.detach() ** 2).sum()) for p in [*gains, *scales])
    assert (losses[1].value - losses[0].value).item() == pytest.approx(0.5 * expected)
    shown = "bits per dim/training" if data is SMALL else "log-likelihood/training"
    assert torch.equal(losses[0].shows[shown], losses[1].shows[shown]), "what is shown is the density's alone"


@pytest.mark.parametrize(("data", "x"), [(COLOUR, pictures(COLOUR, 1)), (POINTS, points(1))], ids=["picture", "point"])
@pytest.mark.parametrize("norm", NORMS)
def test_one_example_is_a_batch(data: DataSpec, x: Tensor, norm: str) -> None:
    torch.manual_seed(0)
    made = RealNVP(make(RealNVPRecipe, {"width": 8, "blocks": 1, "norm": norm}), data).double().train()
    for _ in range(3):
        loss = made.loss(Batch(x)).value
        loss.backward()
        assert loss.isfinite()
    made.eval()
    assert (made.decode(made.invert(x).z) - x).abs().max() < 1e-8


def test_in_evaluation_an_example_has_the_density_that_it_has_alone() -> None:
    torch.manual_seed(0)
    made = RealNVP(make(RealNVPRecipe, {"width": 8, "blocks": 1, "levels": 2}), COLOUR).double().train()
    x = pictures(COLOUR, 6)
    for _ in range(3):
        made.loss(Batch(x))
    made.eval()
    assert torch.allclose(made.invert(x).log_likelihood[:1], made.invert(x[:1]).log_likelihood)


def test_dequantisation_is_drawn_in_evaluation_too() -> None:
    made, x = build(COLOUR), pictures(COLOUR)

    def scored(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return made.log_likelihood(x)

    assert torch.equal(scored(0), scored(0))
    assert not torch.equal(scored(0), scored(1))


def test_rounded_networks_leave_the_density_in_float32() -> None:
    made, x = build(COLOUR).float(), pictures(COLOUR).float()
    with torch.autocast("cpu", torch.bfloat16):
        found = made.invert(x)
        back = made.decode(found.z)
        loss = made.loss(Batch(x)).value
    assert {t.dtype for t in (found.z, found.log_likelihood, back, loss)} == {torch.float32}
    assert (back - x).abs().max() < 1e-5
    assert not torch.equal(found.z, made.invert(x).z)


@pytest.mark.parametrize("norm", NORMS)
def test_it_learns(norm: str) -> None:
    torch.manual_seed(0)
    made = RealNVP(
        make(RealNVPRecipe, {"width": 16, "blocks": 2, "couplings": 4, "norm": norm, "lag": 0.5}), POINTS
    ).train()
    optimiser = torch.optim.Adam(made.parameters(), 1e-2)
    angle = torch.rand(256) * 2 * torch.pi
    x = torch.stack([torch.cos(angle), torch.sin(angle)], dim=1) + 0.1 * torch.randn(256, 2)
    for _ in range(60):
        optimiser.zero_grad()
        made.loss(Batch(x)).value.backward()
        optimiser.step()
    gaussian = -torch.linalg.slogdet(x.T.cov()).logabsdet / 2 - 1 - torch.log(torch.tensor(2 * torch.pi))
    assert made.eval().log_likelihood(x).mean() > gaussian + 0.3, "better than any Gaussian"


# --- for whom


def test_it_is_exact_for_everybody() -> None:
    assert set(capabilities(build(SMALL))) >= {"decode latent", "encode", "invert exactly", "score likelihood"}


def test_what_stands_in_the_way_is_said() -> None:
    said = RealNVP.problems(RealNVPRecipe(levels=4), DataSpec("d", "images", (1, 28, 28), 100))
    assert [p.field for p in said] == ["levels"]
    said = RealNVP.problems(RealNVPRecipe(levels=4), DataSpec("d", "images", (1, 8, 8), 100))
    assert "1 px" in str(said[0])
    assert RealNVP.problems(RealNVPRecipe(levels=1), DataSpec("d", "images", (1, 9, 7), 100)) == []


@pytest.mark.parametrize(("side", "levels"), [(8, 3), (9, 1), (12, 3), (28, 3), (32, 3), (64, 3)])
def test_as_many_scales_as_suit(side: int, levels: int) -> None:
    assert RealNVP.suits(DataSpec("d", "images", (1, side, side), 100))["levels"] == levels


def test_a_picture_of_equally_likely_levels_has_about_eight_bits_at_first() -> None:
    made, x = build(COLOUR, levels=2), pictures(COLOUR, 8)
    assert 7 < bits_per_dim(made.log_likelihood(x).mean(), 192) < 14


def test_what_its_normalisations_have_seen_is_part_of_a_checkpoint() -> None:
    values = make(RealNVPRecipe, {"width": 8, "blocks": 1, "levels": 2})
    torch.manual_seed(0)
    made, x = RealNVP(values, COLOUR).train(), pictures(COLOUR).float()
    made.loss(Batch(x))
    again = RealNVP(values, COLOUR).train()
    again.load_state_dict(made.state_dict())
    losses = []
    for model in (made, again):
        torch.manual_seed(1)
        losses += [model.loss(Batch(x)).value for _ in range(2)]
    assert torch.equal(losses[0], losses[2])
    assert torch.equal(losses[1], losses[3])
