"""The classifier of a dataset: right, honest about how right, the same again, and no bother to a training beside it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.data import places, toys
from studio.data.dataset import Dataset, DataSpec, split
from studio.data.watch import Cancelled, Watch
from studio.metrics import classifier as classifiers
from studio.metrics.classifier import classifier
from studio.nn.classifying import FEATURES


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "SEEN", 1500)


def bars(
    count: int = 400, shape: tuple[int, int, int] = (1, 12, 12), held_out: float = 0.3, fingerprint: str = "bars"
) -> Dataset:
    """Noise with a bright upper, lower or left half."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, count)
    values = random.integers(0, 128, (count, *shape), dtype=np.uint8)
    height, width = shape[1:]
    values[labels == 0, :, : height // 2] += 100
    values[labels == 1, :, height // 2 :] += 100
    values[labels == 2, :, :, : width // 2] += 100
    train, kept = split(count, held_out)
    spec = DataSpec("bars", "images", shape, count, len(kept), ("up", "down", "left"), fingerprint)
    return Dataset(spec, values, labels, train, kept)


def kept() -> list[Path]:
    return list((places.cache() / "classifiers").glob("*"))


def held(data: Dataset) -> torch.Tensor:
    return torch.from_numpy(data.values[data.held_out].astype(np.float32) / 127.5 - 1)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (1, 20, 28), (3, 128, 96)])
def test_it_learns_images_of_many_shapes(shape: tuple[int, int, int]) -> None:
    data = bars(160 if shape[1] > 64 else 400, shape)
    made = classifier(data)
    assert made.accuracy > 0.9
    found = made.probabilities(held(data))
    assert found.shape == (len(data.held_out), 3)
    torch.testing.assert_close(found.sum(1), torch.ones(len(found)))
    assert made.features(held(data)).shape == (len(data.held_out), FEATURES)


def test_it_learns_points() -> None:
    points, labels = toys.draw("8gaussians", 3000)
    spec = DataSpec("ring", "points", (2,), 3000, 300, tuple("abcdefgh"), "ring")
    data = Dataset(spec, points.astype(np.float32), labels, *split(3000, 0.1))
    made = classifier(data)
    assert made.accuracy > 0.95
    assert made.features(torch.from_numpy(data.values[:7])).shape == (7, FEATURES)


def test_its_accuracy_is_that_on_examples_it_was_not_trained_on() -> None:
    data = bars()
    assert data.labels is not None
    made = classifier(data)
    right = (made.classify(held(data)) == data.labels[data.held_out]).mean()
    assert made.accuracy == pytest.approx(right)
    assert made.checked == len(data.held_out)
    lied = data.labels.copy()
    lied[data.held_out] = np.random.default_rng(1).integers(0, 3, len(data.held_out))
    spec = DataSpec(**{**vars(data.spec), "fingerprint": "lied"})
    assert classifier(Dataset(spec, data.values, lied, data.train, data.held_out)).accuracy < 0.6


def test_without_held_out_examples_some_are_kept_back() -> None:
    made = classifier(bars(300, held_out=0.0))
    assert made.checked == 30
    assert made.accuracy > 0.85


def test_the_same_seed_gives_the_same_and_no_random_number_of_torch_is_used() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    data = bars(fingerprint="")  # never kept
    one, two, other = (classifier(data, seed=seed).network.state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["0.weight"], other["0.weight"])
    assert not kept()


def test_it_computes_on_its_own_thread_alone_and_others_keep_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    seen: list[tuple[int, int]] = []

    def look(done: int, total: int, what: str) -> None:
        if not seen:
            others: list[int] = []
            thread = threading.Thread(target=lambda: others.append(torch.get_num_threads()))
            thread.start()
            thread.join()
            seen.append((torch.get_num_threads(), others[0]))

    try:
        classifier(bars(), Watch(look))
        assert seen == [(1, 2)]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_it_is_kept_and_a_damaged_one_is_trained_again() -> None:
    data = bars()
    first = classifier(data)
    (file,) = kept()
    again = classifiers.cached(data.spec)
    assert again is not None
    assert (again.accuracy, again.checked, again.classes) == (first.accuracy, first.checked, first.classes)
    assert torch.equal(again.probabilities(held(data)), first.probabilities(held(data)))
    whole = file.read_bytes()
    for damaged in (b"", b"no tensors", whole[: len(whole) // 2], whole.replace(b"running_mean", b"running_mope")):
        file.write_bytes(damaged)
        assert classifiers.cached(data.spec) is None
    assert torch.equal(classifier(data).probabilities(held(data)), first.probabilities(held(data)))
    assert file.read_bytes() == whole


def test_another_dataset_has_another() -> None:
    classifier(bars())
    assert classifiers.cached(bars(fingerprint="other").spec) is None


def test_cancelled_nothing_is_kept() -> None:
    watch = Watch()

    def report(done: int, total: int, what: str) -> None:
        assert done <= total
        if done > 100:
            watch.cancel()

    watch._report = report
    with pytest.raises(Cancelled):
        classifier(bars(), watch)
    assert not kept()


def test_without_labels_there_is_none() -> None:
    data = bars()
    plain = Dataset(data.spec, data.values, None, data.train, data.held_out)
    with pytest.raises(ValueError, match="bars has no labels"):
        classifier(plain)
