from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from studio.data import places, store, writing
from studio.data.errors import Unavailable, Unreadable
from studio.data.readers.encoded import EncodedImages
from studio.data.reading import Block, Found, Preparation, Source
from studio.data.sources import recognise
from studio.data.watch import Cancelled, Watch
from tests.data.made import class_images, encoded, idx, noise, put, tarred, zipped


def _folders() -> list[str]:
    return sorted(p.name for p in places.datasets().iterdir() if not p.name.startswith("."))


def test_a_prepared_dataset_is_mapped_read_only_and_explains_itself(tmp_path: Path) -> None:
    put(tmp_path / "pets", class_images(per_class=10) | {"cat/bad.png": b"x" * 100})
    data = store.prepare(recognise(tmp_path / "pets"), Preparation((8, 8), held_out=0.2))
    assert isinstance(data.values, np.memmap)
    assert not data.values.flags.writeable
    assert (data.values.shape, data.values.dtype) == ((20, 3, 8, 8), np.uint8)
    assert (len(data.train), len(data.held_out), data.spec.held_out) == (16, 4, 4)
    assert sorted([*data.train, *data.held_out]) == list(range(20))
    spec = data.spec
    assert (spec.name, spec.classes, spec.source) == ("pets", ("cat", "dog"), str(tmp_path / "pets"))
    kept = store.details(spec.fingerprint)
    assert kept.preparation == Preparation((8, 8), held_out=0.2)
    assert [s.name for s in kept.skipped] == ["cat/bad.png"]
    with Image.open(store.thumbnail(spec.fingerprint)) as sheet:
        assert sheet.format == "PNG"
        assert min(sheet.size) >= 150


def test_what_was_read_once_opens_without_being_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "pets", class_images())
    first = store.prepare(recognise(tmp_path / "pets"))

    def refuse(*_: object) -> None:
        raise AssertionError("it was read again")

    for method in ("blocks", "inspect", "content"):
        monkeypatch.setattr(EncodedImages, method, refuse)
    again = store.prepare(recognise(tmp_path / "pets"))
    assert again.spec == first.spec
    assert store.known(recognise(tmp_path / "pets")) == first.spec


@pytest.mark.parametrize("form", ["folder", "zip", "tar.gz"])
def test_the_same_content_from_another_place_is_recognised(tmp_path: Path, form: str) -> None:
    first = store.prepare(recognise(put(tmp_path / "pets", class_images())))
    moved = {f"deeper/{name}": content for name, content in class_images().items()}
    path = {
        "folder": lambda: put(tmp_path / "elsewhere", moved),
        "zip": lambda: zipped(tmp_path / "a.zip", moved),
        "tar.gz": lambda: tarred(tmp_path / "a.tgz", moved),
    }[form]()
    again = store.prepare(recognise(path))
    assert again.spec.fingerprint == first.spec.fingerprint
    assert len(_folders()) == 1


def test_other_content_or_another_preparation_is_another_dataset(tmp_path: Path) -> None:
    put(tmp_path / "pets", class_images())
    several = (
        Preparation((8, 8)),
        Preparation((16, 16)),
        Preparation((8, 8), colour="grey"),
        Preparation((8, 8), held_out=0.5),
    )
    seen = {store.prepare(recognise(tmp_path / "pets"), p).spec.fingerprint for p in several}
    assert len(seen) == 4
    put(tmp_path / "pets", {"cat/0.png": encoded(noise(8, 8, 3, seed=99))})
    assert store.prepare(recognise(tmp_path / "pets"), Preparation((8, 8))).spec.fingerprint not in seen
    (tmp_path / "pets" / "cat" / "1.png").rename(tmp_path / "pets" / "dog" / "9.png")  # the labels changed
    assert store.prepare(recognise(tmp_path / "pets"), Preparation((8, 8))).spec.fingerprint not in seen
    assert len(_folders()) == 6


def test_the_same_source_makes_the_same_dataset_to_the_byte(tmp_path: Path, home: Path) -> None:
    put(tmp_path / "pets", class_images(per_class=100))
    first = store.prepare(recognise(tmp_path / "pets"))
    content = [np.array(first.values), first.labels, first.train]
    shutil.rmtree(home)
    again = store.prepare(recognise(tmp_path / "pets"))
    assert all(np.array_equal(a, b) for a, b in zip(content, (again.values, again.labels, again.train), strict=True))


def test_natural_test_images_give_way_to_another_share(tmp_path: Path) -> None:
    put(
        tmp_path / "pets",
        {"train-images-idx3-ubyte": idx(noise(60, 8, 8)), "t10k-images-idx3-ubyte": idx(noise(10, 8, 8))},
    )
    source = recognise(tmp_path / "pets")
    assert store.prepare(source).held_out.tolist() == list(range(60, 70))
    assert store.prepare(source, Preparation((8, 8), held_out=0.143)).held_out.tolist() == list(range(60, 70))
    drawn = store.prepare(source, Preparation((8, 8), held_out=0.3)).held_out
    assert len(drawn) == 21
    assert drawn.min() < 60
    assert len(store.prepare(source, Preparation((8, 8), held_out=0.0)).held_out) == 0


def test_cancel_leaves_nothing_behind(tmp_path: Path) -> None:
    put(tmp_path / "pets", class_images(per_class=100))
    watch = Watch(lambda _done, _total, what: watch.cancel() if what == "Reading the images" else None)
    with pytest.raises(Cancelled):
        store.prepare(recognise(tmp_path / "pets"), Preparation((8, 8)), watch)
    assert _folders() == []
    assert not list(places.datasets().glob(".making-*"))
    assert len(store.prepare(recognise(tmp_path / "pets"))) == 200


def test_a_source_that_breaks_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    put(tmp_path / "pets", {"x": idx(noise(5000, 32, 32))[:-100]})
    with pytest.raises(Unreadable, match="cut short"):
        store.prepare(recognise(tmp_path / "pets" / "x"), Preparation())
    assert _folders() == []
    assert not list(places.datasets().glob(".making-*"))


def test_a_damaged_dataset_is_told_left_out_and_mended(tmp_path: Path) -> None:
    put(tmp_path / "pets", class_images())
    fingerprint = store.prepare(recognise(tmp_path / "pets")).spec.fingerprint
    folder = places.datasets() / fingerprint
    (folder / "values.npy").write_bytes((folder / "values.npy").read_bytes()[:200])
    with pytest.raises(Unreadable, match="damaged"):
        store.open(fingerprint)
    assert store.prepare(recognise(tmp_path / "pets")).values.shape == (6, 3, 8, 8)
    (folder / "dataset.json").write_text("{")
    assert store.listed() == []
    assert store.known(recognise(tmp_path / "pets")) is None
    assert store.prepare(recognise(tmp_path / "pets")).spec.fingerprint == fingerprint
    with pytest.raises(Unreadable, match="no such dataset"):
        store.open("0" * 32)


def test_what_a_crash_left_is_cleared_away(tmp_path: Path) -> None:
    put(tmp_path / "pets", class_images())
    fingerprint = store.prepare(recognise(tmp_path / "pets")).spec.fingerprint
    shutil.rmtree(places.datasets() / fingerprint)
    stale = places.datasets() / f".making-{fingerprint}-old"
    stale.mkdir()
    (stale / "values.npy").write_bytes(b"half")
    store.prepare(recognise(tmp_path / "pets"))
    assert not stale.exists()


def test_datasets_are_listed_renamed_and_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = store.prepare(recognise(put(tmp_path / "one", class_images()))).spec
    two = store.prepare(recognise(put(tmp_path / "two", class_images(side=16)))).spec
    os.utime(places.datasets() / one.fingerprint / "values.npy", (1, 1))
    assert store.listed() == [two, one]
    assert store.rename(one.fingerprint, " Cats and dogs ").name == "Cats and dogs"
    assert store.prepare(recognise(tmp_path / "one")).spec.name == "Cats and dogs"
    with pytest.raises(ValueError, match="name"):
        store.rename(one.fingerprint, "  ")
    gone: list[str] = []

    def trash(path: str) -> None:
        gone.append(path)
        shutil.rmtree(path)

    monkeypatch.setattr("send2trash.send2trash", trash)
    store.forget(one.fingerprint)
    assert gone == [str(places.datasets() / one.fingerprint)]
    assert store.listed() == [two]
    assert (tmp_path / "one" / "cat" / "0.png").exists()
    with pytest.raises(Unreadable):
        store.forget(one.fingerprint)


def test_the_notes_of_the_index_can_be_deleted_or_spoilt(tmp_path: Path) -> None:
    put(tmp_path / "pets", class_images())
    first = store.prepare(recognise(tmp_path / "pets"))
    for note in (places.datasets() / ".known").iterdir():
        note.write_text("[1, 2")
    assert store.prepare(recognise(tmp_path / "pets")).spec == first.spec
    shutil.rmtree(places.datasets() / ".known")
    assert store.prepare(recognise(tmp_path / "pets")).spec == first.spec


def test_a_full_disk_is_told_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "pets", class_images())
    usage = shutil.disk_usage(tmp_path / "pets")
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda _: usage._replace(free=writing.SPARED + 10))
    with pytest.raises(Unavailable, match="almost full"):
        store.prepare(recognise(tmp_path / "pets"), Preparation((8, 8)))
    assert _folders() == []


def test_values_are_written_as_they_come_and_the_header_tells_their_number(tmp_path: Path) -> None:
    def blocks() -> Iterator[Block]:
        for at in range(12):
            yield Block(np.full((1000, 1, 4, 4), at, np.uint8), np.full(1000, at))

    written = writing.write_values(tmp_path, blocks())
    values = np.load(tmp_path / "values.npy", mmap_mode="r")
    assert values.shape == (written.count, 1, 4, 4) == (12_000, 1, 4, 4)
    assert np.array_equal(values[::1000, 0, 0, 0], np.arange(12))


class Carrying(Source):
    """Six pictures of three people, and what the whole has."""

    title, kind_of, path, origin = "Carrying", "made up", None, "made up"

    def inspect(self, watch: Watch | None = None) -> Found:
        raise NotImplementedError

    def signature(self) -> str:
        return "carrying"

    def content(self, watch: Watch) -> str:
        return "carrying"

    def blocks(self, preparation: Preparation, watch: Watch) -> Iterator[Block]:
        for start in (0, 4):
            many = min(4, 6 - start)
            joints = np.full((many, 18, 3), start, np.float32)
            person = np.arange(start, start + many, dtype=np.int64) // 2
            columns = {"joints": joints} if start == self.lacking else {"joints": joints, "person": person}
            yield Block(np.zeros((many, 1, 4, 4), np.uint8), columns=columns)

    def tables(self) -> dict[str, npt.NDArray[Any]]:
        return {"pairs": np.array([[0, 1], [2, 3]]), "words": np.array(["but", "naïve"])}

    def sheet(self) -> bytes:
        return b"a sheet of its own"

    lacking = -1


def test_what_examples_carry_and_what_belongs_to_the_whole_come_back() -> None:
    data = store.prepare(Carrying(), Preparation((4, 4), held_out=0.34))
    assert data.spec.carries == ("joints", "person")
    assert data.spec.vocabulary == 2
    assert data.columns["joints"].shape == (6, 18, 3)
    assert data.columns["joints"][:, 0, 0].tolist() == [0, 0, 0, 0, 4, 4]
    assert data.columns["person"].tolist() == [0, 0, 1, 1, 2, 2]
    assert data.tables["pairs"].tolist() == [[0, 1], [2, 3]]
    assert data.tables["words"].tolist() == ["but", "naïve"]
    assert len(data.held_out) == 2
    assert len(set(data.columns["person"][data.held_out].tolist())) == 1  # people are held out whole
    assert store.thumbnail(data.spec.fingerprint).read_bytes() == b"a sheet of its own"
    again = store.open(data.spec.fingerprint)
    assert again.spec == data.spec
    assert np.array_equal(again.columns["joints"], data.columns["joints"])


def test_a_column_that_is_gone_is_told(home: Path) -> None:
    data = store.prepare(Carrying(), Preparation((4, 4)))
    (places.datasets() / data.spec.fingerprint / "columns" / "joints.npy").unlink()
    with pytest.raises(Unreadable, match="damaged"):
        store.open(data.spec.fingerprint)
    assert store.prepare(Carrying(), Preparation((4, 4))).columns["joints"].shape == (6, 18, 3)


def test_a_source_that_forgets_a_column_halfway_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Carrying, "lacking", 4)
    with pytest.raises(RuntimeError, match="person"):
        store.prepare(Carrying(), Preparation((4, 4)))
    assert _folders() == []


def _prepare(home: str, path: str, answers: object) -> None:
    os.environ["GEN_STUDIO_HOME"] = home
    data = store.prepare(recognise(Path(path)), Preparation((8, 8)))
    answers.put((data.spec.fingerprint, int(np.asarray(data.values).sum())))  # type: ignore[attr-defined]


def test_two_processes_that_prepare_the_same_do_no_harm(tmp_path: Path, home: Path) -> None:
    put(tmp_path / "pets", class_images(per_class=300))
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.SimpleQueue()
    workers = [spawn.Process(target=_prepare, args=(str(home), str(tmp_path / "pets"), answers)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert answers.get() == answers.get()
    answers.close()
    assert len(_folders()) == 1
    assert json.loads((places.datasets() / _folders()[0] / "dataset.json").read_text())["spec"]["count"] == 600
