"""NICE: couplings that keep the volume, a scale for each value, a logistic prior."""

from __future__ import annotations

from typing import Any

import nflows.transforms.coupling as nflows_coupling
import pytest
import torch
from torch import Tensor, nn

from studio.data.dataset import DataSpec
from studio.models.core.model import Batch
from studio.models.core.recipe import Value, make
from studio.models.nice import NICE, NICERecipe
from studio.nn.flows.levels import Dequantised
from studio.nn.flows.masked import Coupling
from studio.nn.flows.scaling import Scaling
from tests.models.every import PICTURES, POINTS
from tests.nn.flows.jacobians import log_volume
from tests.nn.flows.weights import shaken

SMALL = DataSpec("small", "images", (2, 4, 4), 100)
ODD = DataSpec("odd", "images", (1, 5, 3), 100)


def build(data: DataSpec, **values: Value) -> NICE:
    """At random weights, in evaluation and float64."""
    torch.manual_seed(0)
    return shaken(NICE(make(NICERecipe, {"width": 20, "layers": 2, **values}), data).double(), spread=0.05)


def pictures(data: DataSpec, n: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (n, *data.shape), generator=generator).double() / 127.5 - 1


@pytest.mark.parametrize("prior", ["logistic", "normal"])
@pytest.mark.parametrize("data", [SMALL, ODD, PICTURES])
def test_pictures_come_back(data: DataSpec, prior: str) -> None:
    made, x = build(data, prior=prior), pictures(data)
    assert (made.decode(made.invert(x).z) - x).abs().max() < 1e-10
    made = made.float()
    assert (made.decode(made.invert(x.float()).z) - x.float()).abs().max() < 1e-5


@pytest.mark.parametrize("prior", ["logistic", "normal"])
def test_points_come_back(prior: str) -> None:
    made, x = build(POINTS, prior=prior), torch.randn(50, 2, dtype=torch.float64)
    assert (made.decode(made.invert(x).z) - x).abs().max() < 1e-10
    assert torch.allclose(made.trace(made.invert(x).z)[-1].points, x)


def test_couplings_have_no_volume_at_all_and_the_rest_is_autograds() -> None:
    made, x = build(SMALL), pictures(SMALL, 2)
    found = made.invert(x)
    couplings = [v for name, v in found.log_dets.items() if name.endswith("coupling")]
    assert len(couplings) == 4
    assert all(torch.equal(v, torch.zeros(2, dtype=torch.float64)) for v in couplings)

    def flat(values: Tensor) -> Tensor:
        (part,), _ = made.scales(made.before(values)[0])
        return part.flatten(1)

    volume = log_volume(flat, Dequantised(8).values(x, None))
    assert torch.allclose(sum(found.log_dets.values(), torch.zeros(2)), volume, atol=1e-4)


def test_the_density_of_points_sums_to_one() -> None:
    made = build(POINTS)
    side = (torch.arange(600) + 0.5).double() / 300 - 1
    with torch.no_grad():
        drawn = made.decode(torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
        middle, reach = drawn.mean(0), 3 * (drawn - drawn.mean(0)).abs().quantile(0.999, dim=0)
        grid = torch.cartesian_prod(side, side) * reach + middle
        mass = made.log_likelihood(grid).exp().sum() * reach.prod() / 300**2
    assert mass.item() == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("prior", ["logistic", "normal"])
def test_the_density_is_the_papers_sum_over_couplings_of_nflows(prior: str) -> None:
    made, x = build(SMALL, prior=prior), pictures(SMALL)
    h = (Dequantised(8).values(x, None) / 256 - 0.5).flatten(1)
    for _, step in made.scales.chain(0).single():
        if isinstance(step, Coupling):
            h, _ = theirs(step)(h)
    (ends,) = (step.values for _, step in made.scales.chain(0).single() if isinstance(step, Scaling))
    scale = ends.log_scale()
    y = (h + ends.bias) * scale.exp()
    normal = torch.distributions.Normal(0, 1).log_prob(y)
    each = normal if prior == "normal" else -y.abs() - 2 * torch.log1p(torch.exp(-y.abs()))
    expected = (each + scale).sum(1) - 32 * torch.log(torch.tensor(256.0, dtype=torch.float64))
    assert torch.allclose(made.invert(x).log_likelihood, expected, atol=1e-8)


def theirs(of: Coupling) -> Any:
    class Given(nn.Module):
        def forward(self, kept: Tensor, context: object) -> Tensor:
            return of.network(kept)  # type: ignore[no-any-return]

    values = torch.arange(32)[None]
    changed = [int(i not in of.mask.kept(values)) for i in range(32)]
    return nflows_coupling.AdditiveCouplingTransform(changed, lambda *_: Given())


def test_each_value_is_changed_by_every_second_coupling() -> None:
    made = build(SMALL)
    values = torch.arange(32)[None]
    kept = [s.mask.kept(values).flatten().tolist() for _, s in made.scales.chain(0).single() if isinstance(s, Coupling)]
    assert kept == [list(range(0, 32, 2)), list(range(1, 32, 2))] * 2


@pytest.mark.parametrize("data", [SMALL, POINTS])
def test_one_example_is_a_batch(data: DataSpec) -> None:
    made = build(data).train()
    x = pictures(data, 1) if data is SMALL else torch.randn(1, 2, dtype=torch.float64)
    assert made.loss(Batch(x)).value.isfinite()


def test_dequantisation_is_drawn_in_evaluation_too() -> None:
    made, x = build(SMALL), pictures(SMALL)

    def scored(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return made.log_likelihood(x)

    assert torch.equal(scored(0), scored(0))
    assert not torch.equal(scored(0), scored(1))


def test_its_latent_is_one_picture() -> None:
    ((part),) = build(SMALL).prior.parts
    assert (part.name, part.kind, part.shape) == ("level 1", "normal", (2, 4, 4))


@pytest.mark.parametrize("prior", ["logistic", "normal"])
def test_a_picture_comes_back_that_is_white_where_those_of_training_are_always_black(prior: str) -> None:
    torch.manual_seed(0)
    made = NICE(make(NICERecipe, {"width": 20, "layers": 2, "prior": prior}), SMALL).train()
    x = pictures(SMALL, 64).float()
    x[:, :, 0] = -1
    made.loss(Batch(x))
    made.eval()
    white = torch.ones_like(x[:1])
    back = made.decode(made.invert(white).z)
    assert torch.equal(((back + 1) * 127.5).round(), torch.full_like(back, 255))
    assert made.invert(white).log_likelihood < made.invert(x).log_likelihood.min()
