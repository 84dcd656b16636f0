"""Maximum mean discrepancy against closed forms, brute force and finite differences."""

import numpy as np
import pytest
import torch

from studio.data.watch import Cancelled, Watch
from studio.metrics.mmd import ROWS, discrepancy, scaled
from studio.nn.mmd import GaussianMixture, mmd2

random = np.random.default_rng(0)
KERNEL = GaussianMixture((2.0, 5.0, 10.0, 20.0, 40.0, 80.0))


def gaussian_mean(sigma: float, spread: float, shift: float, d: int) -> float:
    """E exp(−‖a‖²/(2σ)) for a ~ N((shift, 0, …), spread·I), spread a variance."""
    return (sigma / (sigma + spread)) ** (d / 2) * np.exp(-(shift**2) / (2 * (sigma + spread)))


def test_of_two_gaussians_it_is_the_closed_form() -> None:
    n, d, shift = 6000, 3, 1.5
    x = random.standard_normal((n, d)).astype(np.float32)
    y = random.standard_normal((n, d)).astype(np.float32) * 2
    y[:, 0] += shift
    kernel = GaussianMixture((0.7, 3.0))
    closed = sum(
        gaussian_mean(s, 2, 0, d) - 2 * gaussian_mean(s, 5, shift, d) + gaussian_mean(s, 8, 0, d) for s in (0.7, 3.0)
    )
    found = discrepancy(x, y, kernel)
    assert found.unbiased == pytest.approx(closed, rel=0.05)
    assert found.biased - found.unbiased == pytest.approx((2 / n) * (2 - closed), rel=0.5)
    assert found.biased > found.unbiased


def test_block_by_block_is_the_statistic_itself() -> None:
    x, y = random.random((ROWS + 37, 4)).astype(np.float32), random.random((ROWS - 5, 4)).astype(np.float32)
    found = discrepancy(x, y, KERNEL)
    a, b = torch.from_numpy(x).double(), torch.from_numpy(y).double()
    assert found.biased == pytest.approx(float(mmd2(a, b, KERNEL)), abs=2e-6)
    assert found.unbiased == pytest.approx(float(mmd2(a, b, KERNEL, unbiased=True)), abs=2e-6)


def test_biased_is_never_below_zero_and_zero_for_equal_sets() -> None:
    for n in (2, 3, 17):
        x, y = torch.from_numpy(random.standard_normal((2, n, 5)))
        assert float(mmd2(x, y, KERNEL)) > 0
        assert float(mmd2(x, x.flip(0), KERNEL)) == pytest.approx(0, abs=1e-12)


def test_unbiased_averages_to_zero_for_one_distribution_and_goes_below_it() -> None:
    kernel = GaussianMixture((1.0,))
    found = [
        float(mmd2(*torch.from_numpy(random.standard_normal((2, 10, 2))), kernel, unbiased=True)) for _ in range(800)
    ]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 4 * error
    assert min(found) < 0
    biased = [float(mmd2(*torch.from_numpy(random.standard_normal((2, 10, 2))), kernel)) for _ in range(100)]
    assert np.mean(biased) > 0.05  # the V-statistic is not


def test_its_gradient_is_that_of_finite_differences() -> None:
    x = torch.from_numpy(random.standard_normal((6, 3))).requires_grad_()
    y = torch.from_numpy(random.standard_normal((5, 3)))
    for unbiased in (False, True):
        assert torch.autograd.gradcheck(lambda a, u=unbiased: mmd2(a, y, KERNEL, unbiased=u), (x,))


def test_the_kernel_is_that_of_the_paper() -> None:
    x, y = torch.zeros(1, 2), torch.tensor([[3.0, 4.0]])
    assert float(GaussianMixture((10.0,))(x, y)) == pytest.approx(np.exp(-25 / 20))
    assert float(KERNEL(x, x)) == KERNEL.at_zero == 6


def test_bandwidths_follow_the_unit_of_the_data() -> None:
    x = random.standard_normal((300, 4)).astype(np.float32)
    y = x + 1
    one = discrepancy(x, y, scaled(x)).unbiased
    assert discrepancy(10 * x, 10 * y, scaled(10 * x)).unbiased == pytest.approx(one, rel=1e-3)
    assert scaled(np.zeros((5, 2), np.float32)).bandwidths[2] == 1


def test_sets_that_cannot_be_compared_are_refused_in_words() -> None:
    x = np.zeros((3, 2), np.float32)
    with pytest.raises(ValueError, match="one dimension"):
        discrepancy(x, np.zeros((3, 4), np.float32), KERNEL)
    with pytest.raises(ValueError, match="two examples"):
        discrepancy(x[:1], x, KERNEL)
    with pytest.raises(ValueError, match="too few"):
        mmd2(torch.zeros(1, 2), torch.zeros(3, 2), KERNEL, unbiased=True)
    with pytest.raises(ValueError, match="one dimension"):
        mmd2(torch.zeros(1, 2), torch.zeros(3), KERNEL)


def test_it_can_be_cancelled() -> None:
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        discrepancy(np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32), KERNEL, watch)
