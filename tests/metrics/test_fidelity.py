"""Fréchet distance, kernel distance, score, precision and recall, against closed forms and scikit-learn."""

import numpy as np
import pytest
import torch
from scipy import linalg
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors

from studio.data.watch import Cancelled, Watch
from studio.metrics import fidelity
from studio.metrics.fidelity import covered, frechet, kernel_distance, score

random = np.random.default_rng(0)


def normal(*shape: int) -> torch.Tensor:
    return torch.from_numpy(random.standard_normal(shape).astype(np.float32))


def white(n: int, d: int) -> torch.Tensor:
    """A set whose mean and covariance are exactly 0 and I."""
    x = random.standard_normal((n, d))
    x -= x.mean(axis=0)
    return torch.from_numpy(x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T)


def test_frechet_of_a_set_to_itself_is_zero() -> None:
    x = normal(300, 12)
    assert frechet(x, x.flip(0)) == pytest.approx(0, abs=1e-4)


def test_frechet_of_a_shift_is_its_square() -> None:
    x = white(200, 7)
    shift = torch.from_numpy(random.standard_normal(7))
    assert frechet(x + shift, x) == pytest.approx(float((shift**2).sum()), rel=1e-8)


def test_frechet_of_commuting_covariances_is_the_difference_of_their_roots() -> None:
    x = white(200, 4)
    a, b = torch.tensor([1.0, 2.0, 3.0, 0.5]), torch.tensor([2.0, 0.1, 3.0, 1.0])
    assert frechet(x * a, x * b) == pytest.approx(float(((a - b) ** 2).sum()), rel=1e-6)


def test_frechet_agrees_with_the_matrix_root_of_scipy() -> None:
    x, y = normal(500, 6) @ normal(6, 6), normal(400, 6) @ normal(6, 6) + 1
    one, two = (np.cov(s.double().numpy(), rowvar=False) for s in (x, y))
    gap = x.double().mean(dim=0) - y.double().mean(dim=0)
    theirs = float((gap**2).sum()) + np.trace(one + two - 2 * linalg.sqrtm(one @ two).real)
    assert frechet(x, y) == pytest.approx(theirs, rel=1e-6)


def test_kernel_distance_is_the_unbiased_statistic_of_the_cubic_kernel() -> None:
    x, y = normal(60, 5), normal(60, 5) + 0.4
    # fewer than a subset: each of them is all
    k = [polynomial_kernel(a, b, degree=3, gamma=1 / 5, coef0=1) for a, b in ((x, x), (y, y), (x, y))]
    off = [(g.sum() - np.trace(g)) / (60 * 59) for g in k[:2]]
    found = kernel_distance(x, y)
    assert found.value == pytest.approx(off[0] + off[1] - 2 * k[2].mean(), rel=1e-6)
    assert (found.of, found.size) == (1, 60)
    assert found.sd == pytest.approx(0, abs=1e-9)


def test_kernel_distance_of_one_distribution_is_zero_on_average_and_can_be_negative() -> None:
    found = [kernel_distance(normal(30, 3), normal(30, 3)).value for _ in range(60)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
    assert min(found) < 0


def test_the_protocols_numbers_are_the_published_ones() -> None:
    """100 subsets of 1,000 (kernel distance), 10 splits (score), three neighbours beside itself (precision, recall)."""
    assert (fidelity.SUBSETS, fidelity.SUBSET, fidelity.SPLITS) == (100, 1000, 10)
    line = torch.arange(6, dtype=torch.float64)[:, None].repeat(1, 2) * torch.tensor([1.0, 0.0])
    # the third neighbour of the point at 0 is 3 away: what is 2.9 beyond the end is within, 3.1 is not
    for beyond, inside in ((2.9, 1.0), (3.1, 0.0)):
        assert covered(torch.tensor([[-beyond, 0.0]]).double().repeat(4, 1), line).precision == inside


def test_score_lies_between_one_and_the_number_of_classes() -> None:
    for scale in (0.0, 0.5, 3.0, 50.0):
        assert 1 - 1e-9 <= score(scale * normal(100, 7)).value <= 7 + 1e-9


def test_kernel_distance_says_how_much_subsets_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "SUBSET", 40)
    x, y = normal(150, 4), normal(150, 4) + 1
    found = kernel_distance(x, y)
    assert (found.of, found.size) == (100, 40)
    assert 0 < found.sd < found.value
    assert kernel_distance(x, y) == found


def test_score_of_equal_answers_is_one() -> None:
    assert score(torch.zeros(100, 10)).value == pytest.approx(1)
    assert score(torch.full((100, 10), 3.0).log()).sd == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="10 samples"):
        score(torch.zeros(9, 10))


def test_score_of_even_splits_of_sure_answers_is_exactly_the_number_of_classes() -> None:
    rows = np.random.RandomState(2020).permutation(100)
    answers = torch.empty(100, dtype=torch.int64)
    answers[rows] = torch.arange(100) % 10  # after the library's shuffle each split has each class once
    sure = torch.full((100, 10), -1e4)
    sure[torch.arange(100), answers] = 0
    assert score(sure).value == pytest.approx(10, rel=1e-9)


def test_precision_and_recall_of_equal_sets_are_one_and_of_far_ones_zero() -> None:
    x = normal(50, 3)
    assert (covered(x, x).precision, covered(x, x).recall) == (1, 1)
    far = covered(x + 100, x)
    assert (far.precision, far.recall) == (0, 0)
    few = covered(x[:1] + 1e-3 * normal(20, 3), x)  # good samples of one kind
    assert few.precision == 1
    assert few.recall < 0.2
    with pytest.raises(ValueError, match="4 examples"):
        covered(x[:3], x)


def test_precision_and_recall_are_those_of_scikit_learns_balls() -> None:
    x, y = normal(80, 4) * 1.5, normal(70, 4)

    def inside(points: torch.Tensor, of: torch.Tensor) -> float:
        radii = NearestNeighbors(n_neighbors=4).fit(of).kneighbors(of)[0][:, 3]  # itself, and three others
        return float((np.linalg.norm(points[:, None] - of[None], axis=2) <= radii).any(axis=1).mean())

    found = covered(x, y)
    assert found.precision == pytest.approx(inside(x, y), abs=0.02)
    assert found.recall == pytest.approx(inside(y, x), abs=0.02)


def test_features_that_cannot_be_compared_are_refused_in_words() -> None:
    for of in (frechet, kernel_distance, covered):
        with pytest.raises(ValueError, match="one kind"):
            of(normal(5, 3), normal(5, 4))
        with pytest.raises(ValueError, match="or more"):
            of(normal(1, 3), normal(1, 3))
        with pytest.raises(ValueError, match="finite"):
            of(torch.full((5, 3), torch.nan), normal(5, 3))
    with pytest.raises(ValueError, match="two features"):
        frechet(normal(5, 1), normal(5, 1))
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        kernel_distance(normal(5, 3), normal(5, 3), watch=watch)
