from __future__ import annotations

import collections
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.data.errors import DataError, Refused, Unreadable
from studio.data.readers.pickled import load
from studio.data.sources import recognise
from tests.data.made import cifar_batches, everything, noise, put, tarred


@pytest.mark.parametrize("packed", [False, True])
def test_the_python_version_is_read_with_names_and_test_batch(tmp_path: Path, packed: bool) -> None:
    made = cifar_batches()
    path = tarred(tmp_path / "cifar-10-python.tar.gz", made) if packed else put(tmp_path, made) / "cifar-10-batches-py"
    source = recognise(path)
    found = source.inspect()
    assert source.kind_of == "CIFAR, Python version"
    assert (found.count, found.natural_held_out, found.channels) == (72, 12, 3)
    assert found.classes[:3] == ("airplane", "automobile", "bird")
    block = everything(source)
    assert np.array_equal(block.values[12].reshape(-1), noise(12, 3072, seed=1)[0])  # planar as it was
    assert block.labels is not None
    assert block.labels[:3].tolist() == [0, 1, 2]
    assert block.held is not None
    assert block.held[60:].all()


def test_cifar_100_takes_the_fine_labels(tmp_path: Path) -> None:
    kinds = [f"kind {i}" for i in range(100)]
    batch = {b: {"data": noise(5, 3072), "fine_labels": [99, 1, 2, 3, 4], "coarse_labels": [0] * 5} for b in ("train",)}
    put(tmp_path, {n: pickle.dumps(b, protocol=2) for n, b in batch.items()})
    put(tmp_path, {"meta": pickle.dumps({"fine_label_names": kinds, "coarse_label_names": ["x"]}, protocol=2)})
    found = recognise(tmp_path).inspect()
    assert found.classes == tuple(kinds)
    labels = everything(recognise(tmp_path)).labels
    assert labels is not None
    assert labels[0] == 99


def test_a_single_batch_can_be_dropped(tmp_path: Path) -> None:
    put(tmp_path, cifar_batches())
    found = recognise(tmp_path / "cifar-10-batches-py" / "data_batch_1").inspect()
    assert (found.count, len(found.classes)) == (12, 10)


@pytest.mark.parametrize("lead", [1, 2])
def test_binary_records_are_read(tmp_path: Path, lead: int) -> None:
    records = noise(20, 3072 + lead)
    records[:, 0] = np.arange(20) % 10
    if lead == 2:
        records[:, 1] = 80 + np.arange(20)
    put(tmp_path, {"data_batch_1.bin": records.tobytes(), "test_batch.bin": records[:10].tobytes()})
    source = recognise(tmp_path)
    found = source.inspect()
    assert source.kind_of == "CIFAR, binary version"
    assert (found.count, found.natural_held_out, len(found.classes)) == (30, 10, 10 if lead == 1 else 100)
    block = everything(source)
    assert block.labels is not None
    assert block.labels[3] == (3 if lead == 1 else 83)
    assert np.array_equal(block.values[3].reshape(-1), records[3, lead:])


class _Runs:
    def __init__(self, how: tuple[Any, ...]) -> None:
        self.how = how

    def __reduce__(self) -> tuple[Any, ...]:
        return self.how


_MARK = "never-made"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (pickle.dumps(_Runs((os.system, (f"touch {_MARK}",))), protocol=2), r"(posix|nt)\.system"),
        (pickle.dumps(_Runs((os.system, (f"touch {_MARK}",))), protocol=4), r"(posix|nt)\.system"),
        (pickle.dumps({"data": _Runs((eval, ("1+1",)))}, protocol=5), r"builtins\.eval|__builtin__\.eval"),
        (b"cos\nsystem\n(S'touch never-made'\ntR.", r"os\.system"),
        (pickle.dumps(collections.OrderedDict(), protocol=2), r"collections\.OrderedDict"),
        (b"\x80\x02cnumpy\nload\nX\x01\x00\x00\x00x\x85R.", r"numpy\.load"),
        (b"\x80\x04\x8c\x0cnumpy.random_\x8c\x01x\x93.", "damaged|call"),
    ],
)
def test_a_pickle_with_code_is_refused_naming_what_it_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, wanted: str
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, {"data_batch_1": content})
    with pytest.raises(DataError, match=wanted):
        recognise(tmp_path / "data_batch_1")
    assert not (tmp_path / _MARK).exists()


def test_arrays_of_objects_in_a_pickle_are_refused() -> None:
    with pytest.raises(Refused, match="objects"):
        load(pickle.dumps(np.array([None, {}], dtype=object), protocol=2), "x")
    # bytes that claim to be an array of objects: pointers to anywhere, were NumPy to build it
    evil = pickle.dumps(np.zeros(4, np.int64), protocol=2).replace(b"X\x02\x00\x00\x00i8", b"X\x02\x00\x00\x00O8")
    with pytest.raises(Refused, match="objects"):
        load(evil, "x")


def test_a_pickle_that_reserves_memory_is_refused() -> None:
    with pytest.raises(Refused, match="more places"):
        load(b"\x80\x02Nr\xff\xff\xff\x7f.", "x")


def test_arrays_from_newer_pickles_and_fortran_order_are_read() -> None:
    array = np.asfortranarray(np.arange(12, dtype=np.int32).reshape(3, 4))
    for protocol in (2, 3, 4):
        assert np.array_equal(load(pickle.dumps({"a": array}, protocol=protocol), "x")["a"], array)


@pytest.mark.parametrize("seed", range(60))
def test_any_damage_to_a_pickle_ends_in_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray(pickle.dumps({"data": noise(2, 30), "labels": [1, 2], "names": ["a", "b"]}, protocol=2))
    for at in rng.integers(0, len(content), 4):
        content[at] = rng.integers(256)
    try:
        load(bytes(content), "x")
    except DataError as told:
        assert "x: " in str(told)  # noqa: PT017 - damage may also be harmless


def test_a_pickle_that_is_no_batch_says_what_a_batch_is(tmp_path: Path) -> None:
    put(tmp_path, {"x.pkl": pickle.dumps({"something": [1, 2, 3]}, protocol=4)})
    with pytest.raises(Unreadable, match="not a CIFAR batch"):
        recognise(tmp_path / "x.pkl")
