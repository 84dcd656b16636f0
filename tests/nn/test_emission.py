"""What decoders say are distributions, and the noise of dequantisation bounds their probability."""

from __future__ import annotations

import math

import pytest
import torch

from studio.nn.emission import Bits, Gaussian, Logistic

FLOOR = 0.01


def test_the_two_values_of_a_bit_sum_to_one_and_its_mean_is_theirs() -> None:
    said = torch.linspace(-30, 30, 7).view(-1, 1, 1)
    one, other = (Bits().log_probability(torch.full((7, 1), v), said).exp() for v in (1.0, -1.0))
    assert torch.allclose(one + other, torch.ones(7))
    assert torch.allclose(Bits().mean(said)[:, 0], one - other)


def test_a_gaussian_of_points_is_the_density_in_their_own_unit() -> None:
    emission = Gaussian("predicted", 0.3, FLOOR, images=False)
    x, said = torch.randn(5, 2), torch.randn(5, 2, 2)
    truth = torch.distributions.Normal(said[:, 0], emission.width(said)).log_prob(x).sum(1)
    assert torch.allclose(emission.log_probability(x, said), truth, atol=1e-5)
    assert not emission.noisy


def test_a_gaussian_of_images_is_of_grey_levels_and_its_mean_over_the_noise_a_bound() -> None:
    emission = Gaussian("fixed", 0.02, FLOOR, images=True)
    mean = torch.tensor(0.1)
    said = mean.atanh().expand(20_000, 1, 1, 1, 1)
    level = 140
    x = torch.full((20_000, 1, 1, 1), level / 127.5 - 1)
    drawn = emission.log_probability(x, said, torch.Generator().manual_seed(0)).double()
    edges = torch.distributions.Normal(mean, 0.02).cdf(torch.tensor([level, level + 1]) / 128 - 1).double()
    truth = float(edges.diff().log())
    assert float(drawn.logsumexp(0)) - math.log(len(drawn)) == pytest.approx(truth, abs=0.01)
    assert float(drawn.mean()) < truth


@pytest.mark.parametrize("kind", [Gaussian, Logistic])
def test_a_learned_width_begins_where_it_is_told_and_stays_above_its_floor(kind: type[Gaussian | Logistic]) -> None:
    more = {"images": True} if kind is Gaussian else {}
    emission = kind("learned", 0.2, FLOOR, **more)  # type: ignore[arg-type]
    said = torch.zeros(2, 1, 1, 4, 4)
    assert float(emission.width(said).detach()) == pytest.approx(0.2)
    for parameter in emission.parameters():
        torch.nn.init.constant_(parameter, -50)
    assert float(emission.width(said).detach()) == pytest.approx(FLOOR)
    predicted = kind("predicted", 0.2, FLOOR, **more)  # type: ignore[arg-type]
    assert predicted.width(torch.zeros(2, 2, 1, 4, 4)) == pytest.approx(0.2)
    assert predicted.width(torch.full((2, 2, 1, 4, 4), -50.0)).min() >= FLOOR
