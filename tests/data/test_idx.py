from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from studio.data import store
from studio.data.errors import Refused, Unreadable, Unrecognised
from studio.data.sources import recognise
from tests.data.made import everything, idx, noise, put, tarred, zipped


def _mnist(packed: bool) -> dict[str, bytes]:
    end = ".gz" if packed else ""
    return {
        f"train-images-idx3-ubyte{end}": idx(noise(50, 12, 12), packed),
        f"train-labels-idx1-ubyte{end}": idx(np.arange(50, dtype=np.uint8) % 10, packed),
        f"t10k-images-idx3-ubyte{end}": idx(noise(10, 12, 12, seed=1), packed),
        f"t10k-labels-idx1-ubyte{end}": idx(np.arange(10, dtype=np.uint8), packed),
    }


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", ["folder", "zip", "tar.gz"])
def test_a_folder_of_canonical_files_is_one_source_with_its_own_test_images(
    tmp_path: Path, packed: bool, form: str
) -> None:
    contents = {f"raw/{n}": c for n, c in _mnist(packed).items()} | {"raw/readme.txt": b"hello"}
    path = {
        "folder": lambda: put(tmp_path / "m", contents),
        "zip": lambda: zipped(tmp_path / "m.zip", contents),
        "tar.gz": lambda: tarred(tmp_path / "m.tgz", contents),
    }[form]()
    source = recognise(path)
    found = source.inspect()
    assert (source.kind_of, source.title) == ("IDX", "m")
    assert (found.count, found.natural_held_out, found.sizes) == (60, 10, {"12×12": 60})
    assert found.classes == tuple("0123456789")
    block = everything(source)
    assert np.array_equal(block.values[:50, 0], noise(50, 12, 12))
    assert np.array_equal(block.values[50:, 0], noise(10, 12, 12, seed=1))
    assert block.held is not None
    assert block.labels is not None
    assert np.array_equal(block.held, np.arange(60) >= 50)
    assert np.array_equal(block.labels[50:], np.arange(10))
    data = store.prepare(source)
    assert data.held_out.tolist() == list(range(50, 60))


def test_a_single_file_finds_its_labels_beside(tmp_path: Path) -> None:
    put(tmp_path, _mnist(True))
    found = recognise(tmp_path / "t10k-images-idx3-ubyte.gz").inspect()
    assert (found.count, found.labelled, found.natural_held_out) == (10, True, 0)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    assert not recognise(tmp_path / "t10k-images-idx3-ubyte.gz").inspect().labelled
    put(tmp_path, {"t10k-labels.idx1-ubyte": idx(np.arange(10, dtype=np.uint8))})  # a common other spelling
    assert recognise(tmp_path / "t10k-images-idx3-ubyte.gz").inspect().labelled


def test_names_do_not_matter_to_a_single_file(tmp_path: Path) -> None:
    put(tmp_path, {"thing.png": idx(noise(5, 8, 8), packed=True)})
    assert recognise(tmp_path / "thing.png").kind_of == "IDX"


@pytest.mark.parametrize(("kind", "top"), [("i2", 4095), ("i4", 200), ("f4", 1.0), ("f8", 255.0)])
def test_numbers_of_every_type_become_bytes(tmp_path: Path, kind: str, top: float) -> None:
    array = np.zeros((4, 8, 8), kind)
    array[2, 3, 4] = top
    put(tmp_path, {"x": idx(array)})
    values = everything(recognise(tmp_path / "x")).values
    assert values.max() == values[2, 0, 3, 4] == {4095: 16, 200: 200, 1.0: 255, 255.0: 255}[top]


def test_a_range_is_told_by_all_of_the_numbers_not_the_first(tmp_path: Path) -> None:
    array = np.zeros((600, 32, 32), np.float64)  # more than one block
    array[-1, 0, 0] = 255.0
    array[0, 0, 0] = 1.0
    put(tmp_path, {"x": idx(array)})
    values = everything(recognise(tmp_path / "x")).values
    assert (int(values[0, 0, 0, 0]), int(values[-1, 0, 0, 0])) == (1, 255)


def test_a_file_cut_short_says_after_how_many_examples(tmp_path: Path) -> None:
    put(tmp_path, {"cut": idx(noise(10, 8, 8))[: 16 + 64 * 7 + 3]})
    with pytest.raises(Unreadable, match=r"should hold 10 examples, and ends after 7"):
        recognise(tmp_path / "cut").inspect()
    put(tmp_path, {"cut.gz": gzip.compress(idx(noise(10, 8, 8)))[:-200]})
    with pytest.raises(Unreadable, match=r"cut\.gz: is damaged or cut short"):
        recognise(tmp_path / "cut.gz").inspect()


def test_a_header_that_promises_the_moon_is_refused(tmp_path: Path) -> None:
    head = bytes([0, 0, 8, 3]) + (1).to_bytes(4, "big") + (60_000).to_bytes(4, "big") * 2
    put(tmp_path, {"x": head})
    with pytest.raises(Refused, match="60,000×60,000"):
        recognise(tmp_path / "x")
    many = bytes([0, 0, 8, 3]) + (2**32 - 1).to_bytes(4, "big") + (28).to_bytes(4, "big") * 2
    put(tmp_path, {"y": many})
    with pytest.raises(Unreadable, match="ends after 0"):
        recognise(tmp_path / "y").inspect()


def test_several_sets_in_one_folder_are_not_guessed_at(tmp_path: Path) -> None:
    put(tmp_path, {f"emnist-{k}-train-images-idx3-ubyte": idx(noise(5, 8, 8)) for k in ("letters", "digits")})
    with pytest.raises(Unrecognised, match="several sets"):
        recognise(tmp_path)


def test_real_mnist_is_read_with_its_ten_thousand_test_images(test_data: Path) -> None:
    data = store.prepare(recognise(test_data / "mnist"))
    assert data.values.shape == (70_000, 1, 28, 28)
    assert data.held_out.tolist() == list(range(60_000, 70_000))
    assert data.labels is not None
    assert np.bincount(data.labels[60_000:]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
