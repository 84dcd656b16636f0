from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from studio.data import store, vectors
from studio.data.errors import Unreadable, Unrecognised
from studio.data.reading import Preparation
from studio.data.sources import recognise
from studio.data.watch import Cancelled, Watch
from tests.data.made import put, zipped

WORDS = np.array(["dull", "film", "good", "unseen"])
TABLE = {"good": (1.0, -0.5, 0.25), "of": (9.0, 9.0, 9.0), "film": (0.0, 2.0, -3.5), "dull": (-1.0, 0.5, 8.0)}


def glove() -> bytes:
    return b"".join(f"{word} {' '.join(map(str, v))}\n".encode() for word, v in TABLE.items())


def binary(newlines: bool = True) -> bytes:
    rows = [w.encode() + b" " + np.array(v, "<f4").tobytes() + b"\n" * newlines for w, v in TABLE.items()]
    return f"{len(TABLE)} 3\n".encode() + b"".join(rows)


@pytest.mark.parametrize(
    "content",
    [glove(), b"4 3\n" + glove(), binary(), binary(newlines=False), gzip.compress(glove()), gzip.compress(binary())],
    ids=["glove", "word2vec text", "word2vec", "word2vec without newlines", "glove packed", "word2vec packed"],
)
def test_vectors_of_the_wanted_words_are_read_from_every_form(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, {"v": content})
    assert vectors.check(tmp_path / "v") == 3
    found = vectors.read(tmp_path / "v", WORDS, Watch())
    assert found.known == 3
    assert np.array_equal(found.table[:3], np.array([TABLE[w] for w in WORDS[:3]], np.float32))
    assert np.isnan(found.table[3]).all()


def test_a_word_with_spaces_is_no_other_word_and_the_first_of_equals_counts(tmp_path: Path) -> None:
    put(tmp_path, {"v": glove() + b"good night 5 5 5\ngood 7 7 7\n"})
    found = vectors.read(tmp_path / "v", WORDS, Watch())
    assert found.table[2].tolist() == [1.0, -0.5, 0.25]
    assert not found.skipped


def test_broken_lines_of_wanted_words_are_told_by_number(tmp_path: Path) -> None:
    put(tmp_path, {"v": b"of 1 2 3\ngood 1 2\nfilm 1 two 3\ndull 1 2 nan\nunseen 1 2 3\n"})
    found = vectors.read(tmp_path / "v", WORDS, Watch())
    assert found.known == 1
    assert {s.name for s in found.skipped} == {"v, line 2", "v, line 3", "v, “dull”"}


@pytest.mark.parametrize("cut", [30, 60])
def test_a_binary_file_that_was_cut_says_so(tmp_path: Path, cut: int) -> None:
    put(tmp_path, {"v": binary()[:cut]})
    with pytest.raises(Unreadable, match="cut short"):
        vectors.read(tmp_path / "v", WORDS, Watch())


@pytest.mark.parametrize("content", [b"hello\n", b"", b"\x80\x02}q\x00.", b"word 1\n", b"\0" * 100, b"3 5\n"])
def test_what_holds_no_vectors_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, {"v": content})
    with pytest.raises(Unrecognised, match="word vectors v: "):
        vectors.check(tmp_path / "v")


def test_zips_and_missing_files_say_what_to_do(tmp_path: Path) -> None:
    zipped(tmp_path / "v.zip", {"glove.txt": glove()})
    with pytest.raises(Unrecognised, match="unpack it"):
        vectors.check(tmp_path / "v.zip")
    with pytest.raises(Unrecognised, match="there is no such file"):
        vectors.content(tmp_path / "none", Watch())
    with pytest.raises(Unrecognised, match="is a folder"):
        vectors.check(tmp_path)


def test_no_word_in_common_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, {"v": b"la 1 2 3\nle 1 2 3\n"})
    with pytest.raises(Unreadable, match="none of the 4 words"):
        vectors.read(tmp_path / "v", WORDS, Watch())


def test_reading_can_be_cancelled(tmp_path: Path) -> None:
    put(tmp_path, {"v": glove()})
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        vectors.read(tmp_path / "v", WORDS, watch)


def test_a_dataset_with_vectors_keeps_them_and_is_known_by_their_content(tmp_path: Path) -> None:
    put(tmp_path, {"sst/stsa.binary.train": b"1 good film\n0 dull film\n1 unseen good\n", "v.txt": glove()})
    source = recognise(tmp_path / "sst")
    plain = store.prepare(source, Preparation(held_out=0))
    data = store.prepare(source, Preparation(held_out=0, vectors=str(tmp_path / "v.txt")))
    assert (plain.spec.vectors, data.spec.vectors) == (0, 3)
    assert "vectors" not in plain.tables
    assert data.tables["words"].tolist() == ["dull", "film", "good", "unseen"]
    assert np.isnan(data.tables["vectors"]).all(axis=1).tolist() == [False, False, False, True]
    assert any("3 dimensions for 3 of the 4 words" in note for note in store.details(data.spec.fingerprint).notes)
    put(tmp_path, {"same.txt": glove(), "other.txt": glove().replace(b"9.0", b"8.0")})
    same = store.prepare(source, Preparation(held_out=0, vectors=str(tmp_path / "same.txt")))
    other = store.prepare(source, Preparation(held_out=0, vectors=str(tmp_path / "other.txt")))
    assert same.spec.fingerprint == data.spec.fingerprint
    assert other.spec.fingerprint != data.spec.fingerprint != plain.spec.fingerprint
