"""Datasets of experiments: found where they are, remembered, and never fetched unasked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data import standard, store
from studio.data.errors import DataError, Unrecognised
from studio.experiments.core import catalog, material

DIGITS = catalog.load("infogan_mnist")
TOYS = catalog.load("mode_collapse")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something was downloaded that nobody asked for")

    monkeypatch.setattr(standard, "download", refuse)


def test_built_in_datasets_are_always_ready() -> None:
    assert material.to_bring(TOYS) == ""
    assert material.ready(TOYS)
    assert material.prepare(TOYS)["25gaussians"].shape == (2,)


def test_a_dataset_that_is_nowhere_is_asked_for_and_not_fetched() -> None:
    assert material.to_bring(DIGITS) == "mnist"
    assert not material.ready(DIGITS)
    with pytest.raises(material.NotAtHand, match=r"--data PATH.*12 MB.*--download"):
        material.prepare(DIGITS)


def test_a_path_is_read_and_remembered(digits_file: Path) -> None:
    made = material.prepare(DIGITS, digits_file)["mnist"]
    assert (made.shape, len(made.classes)) == ((1, 28, 28), 10)
    assert material.at_hand(DIGITS) == str(digits_file)
    assert material.prepare(DIGITS)["mnist"] == made
    digits_file.unlink()
    assert not material.ready(DIGITS)


def test_what_is_something_else_is_refused_and_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, images=np.zeros((60, 8, 8), np.uint8), labels=np.arange(60) % 3)
    with pytest.raises(Unrecognised, match=r"is not MNIST: 60 images of 1×8×8, 3 classes instead of images of 1×28×28"):
        material.prepare(DIGITS, path)
    assert not material.ready(DIGITS)
    with pytest.raises(DataError, match="no such file"):
        material.prepare(DIGITS, tmp_path / "none")


def test_a_path_for_an_experiment_with_its_own_data_is_refused(digits_file: Path) -> None:
    with pytest.raises(Unrecognised, match="brings its own data"):
        material.prepare(TOYS, digits_file)


def test_mnist_that_was_dropped_before_is_found(digits_file: Path) -> None:
    from studio.data.sources import recognise

    spec = store.prepare(recognise(digits_file), None).spec
    assert not material.ready(DIGITS)
    store.rename(spec.fingerprint, "MNIST")
    assert material.at_hand(DIGITS) == str(digits_file)


def test_the_same_files_prepared_at_another_size_are_prepared_as_they_are(digits_file: Path) -> None:
    from studio.data.reading import Preparation
    from studio.data.sources import recognise

    store.prepare(recognise(digits_file), Preparation((14, 14)))
    assert material.prepare(DIGITS, digits_file)["mnist"].shape == (1, 28, 28)


def test_a_damaged_memory_is_no_memory(digits_file: Path, home: Path) -> None:
    material.prepare(DIGITS, digits_file)
    (home / "experiments" / "datasets.json").write_text("{")
    assert not material.ready(DIGITS)
