"""Nearest neighbours against scikit-learn, Parzen windows against closed forms, and what real digits give."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.neighbors import KNeighborsClassifier

from studio.metrics.nearest import ROWS, class_accuracy, two_sample
from studio.metrics.parzen import VALIDATION, WIDTHS, log_densities, parzen

random = np.random.default_rng(0)
MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"


def normal(*shape: int) -> np.ndarray:
    return random.standard_normal(shape).astype(np.float32)


def digits(which: str) -> tuple[np.ndarray, np.ndarray]:
    if not MNIST.is_dir():
        pytest.skip(f"the digits of MNIST are not at {MNIST}")
    arrays = []
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        packed = next(p for p in MNIST.iterdir() if p.name.startswith(f"{which}-{kind}"))
        raw = gzip.decompress(packed.read_bytes()) if packed.suffix == ".gz" else packed.read_bytes()
        arrays.append(np.frombuffer(raw, np.uint8, offset=header))
    return arrays[0].reshape(-1, 784).astype(np.float32) / 255, arrays[1].astype(np.int64)


def test_class_accuracy_is_that_of_scikit_learn() -> None:
    train, test = normal(ROWS + 300, 6), normal(200, 6)
    names, labels = (random.integers(0, 3, len(s)) + (s[:, 0] > 0) for s in (train, test))
    parts = [(train[i : i + 500], names[i : i + 500]) for i in range(0, len(train), 500)]
    theirs = KNeighborsClassifier(1).fit(train, names).score(test, labels)
    assert class_accuracy(parts, test, labels) == pytest.approx(theirs)
    assert class_accuracy([(test, labels)], test, labels) == 1
    with pytest.raises(ValueError, match="no example"):
        class_accuracy(parts, test[:0], labels[:0])


def test_raw_pixels_tell_digits_as_well_as_is_known() -> None:
    train, names = digits("train")
    test, labels = digits("t10k")
    # 96.91 % of all 10,000; these 1,000 have a standard error of half a percent
    assert class_accuracy([(train, names)], test[:1000], labels[:1000]) == pytest.approx(0.969, abs=0.012)


def test_two_samples_of_one_distribution_are_told_apart_half_the_time() -> None:
    found = two_sample(normal(1500, 5), normal(1500, 5))
    assert found.all == pytest.approx(0.5, abs=0.04)
    assert found.all == pytest.approx((found.real + found.samples) / 2)


def test_far_sets_are_always_told_apart_and_copies_never() -> None:
    real = normal(200, 3)
    assert two_sample(normal(200, 3) + 50, real).all == 1
    assert two_sample(real + 1e-4, real).all == 0  # each one's nearest is its copy on the other side
    few = np.repeat(real[:1], 200, axis=0) + 1e-2 * normal(200, 3)
    found = two_sample(few, real)
    assert found.samples > 0.95
    with pytest.raises(ValueError, match="as many"):
        two_sample(real, real[:5])


def test_two_sample_accuracy_is_that_of_scikit_learns_second_neighbour() -> None:
    x, y = normal(150, 4) * 1.3, normal(150, 4)
    pooled, names = np.concatenate([y, x]), np.repeat([0, 1], 150)
    near = KNeighborsClassifier(2).fit(pooled, names).kneighbors(pooled, return_distance=False)[:, 1]
    assert two_sample(x, y).all == pytest.approx((names[near] == names).mean())


def test_the_widths_and_the_validation_images_are_those_of_2014() -> None:
    np.testing.assert_allclose(WIDTHS, 10 ** np.linspace(-1, 0, 10), rtol=1e-12)
    assert VALIDATION == 1000


def test_log_density_is_the_sum_written_out() -> None:
    samples, at = random.random((400, 9)).astype(np.float32), random.random((300, 9)).astype(np.float32)
    found = log_densities(samples, at, (0.1, 0.4))
    apart = ((at[:, None].astype(np.float64) - samples[None]) ** 2).sum(axis=2)
    for row, width in zip(found, (0.1, 0.4), strict=True):
        written = logsumexp(-apart / (2 * width**2), axis=1) - np.log(400) - 4.5 * np.log(2 * np.pi * width**2)
        np.testing.assert_allclose(row, written, atol=1e-4)


def test_log_density_of_one_sample_is_the_closed_form() -> None:
    found = log_densities(np.zeros((1, 2), np.float32), np.array([[0.3, 0.4]], np.float32), (0.5,))
    assert found[0, 0] == pytest.approx(-0.25 / (2 * 0.25) - np.log(2 * np.pi * 0.25))


def test_the_width_is_the_validation_images_choice_and_the_error_that_of_a_mean() -> None:
    samples, kept, test = (0.5 + 0.2 * normal(n, 3) for n in (500, 200, 100))
    by_width = log_densities(samples, kept, WIDTHS).mean(axis=1)
    found = parzen(samples, kept, test)
    assert found.width == WIDTHS[by_width.argmax()]
    each = log_densities(samples, test, (found.width,))[0]
    assert (found.value, found.error) == (pytest.approx(each.mean()), pytest.approx(each.std() / 10))
    with pytest.raises(ValueError, match="one dimension"):
        parzen(samples, kept[:, :2], test)
    with pytest.raises(ValueError, match="empty"):
        parzen(samples[:0], kept, test)


def test_real_digits_as_samples_give_what_is_known() -> None:
    test, _ = digits("t10k")
    test = test[np.random.default_rng(0).permutation(10_000)]
    found = log_densities(test[:9000], test[9000:], WIDTHS[:5])
    assert found.mean(axis=1) == pytest.approx([-78, 183, 259.9, 225, 124], abs=0.6)
    assert found[2].std() / np.sqrt(1000) == pytest.approx(6.4, abs=0.05)
