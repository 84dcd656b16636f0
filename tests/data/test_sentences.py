from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data import sentences, store
from studio.data.errors import Unreadable, Unrecognised
from studio.data.reading import Preparation
from studio.data.sources import recognise
from tests.data.made import put, zipped

TRAIN = b"1 a good film , but long\n0 dull butter and a butt joke\n1 good\n"
DEV = b"0 but dull\n"
TEST = b"1 good but good but good\n0 an unseen word but\n"
WHOLE = {"stsa.binary.train": TRAIN, "stsa.binary.dev": DEV, "stsa.binary.test": TEST}


def test_the_three_files_of_a_set_are_one_dataset_whose_dev_and_test_are_held_out(tmp_path: Path) -> None:
    source = recognise(put(tmp_path / "sst", WHOLE))
    found = source.inspect()
    assert (found.kind, found.count, found.natural_held_out) == ("sentences", 6, 3)
    assert found.thumbnails.shape[0] == 1
    data = store.prepare(source)
    assert (data.spec.kind, data.spec.classes) == ("sentences", ("negative", "positive"))
    assert data.spec.shape == (6,)  # the longest
    assert data.spec.vocabulary == len(data.tables["words"])
    assert data.train.tolist() == [0, 1, 2]
    assert data.held_out.tolist() == [3, 4, 5]
    assert data.columns["part"].tolist() == [0, 0, 0, 1, 2, 2]
    assert data.labels is not None
    assert data.labels.tolist() == [1, 0, 1, 0, 1, 0]


def test_numbers_of_words_lead_back_to_the_sentences(tmp_path: Path) -> None:
    data = store.prepare(recognise(put(tmp_path / "sst", WHOLE)))
    words = data.tables["words"]
    assert sorted(words.tolist()) == words.tolist()
    lines = [line[2:] for content in WHOLE.values() for line in content.decode().splitlines()]
    assert [sentences.text(row, words) for row in data.values] == lines
    again = sentences.numbered(map(sentences.tokens, lines), sentences.numbers(words), data.spec.shape[0])
    assert np.array_equal(again, data.values)
    assert sentences.numbered([("nobody", "good")], sentences.numbers(words), 3)[0, 0] == 0


def test_the_clause_begins_behind_the_first_whole_word_but(tmp_path: Path) -> None:
    data = store.prepare(recognise(put(tmp_path / "sst", WHOLE)))
    assert data.columns["but"].tolist() == [5, -1, -1, 1, 2, -1]
    assert sentences.clause(("But", "so")) == 1


def test_lines_that_are_no_labelled_sentences_are_told_by_number(tmp_path: Path) -> None:
    broken = b"1 a good film\n\n0\nno label here\n2 beyond the labels\n1 caf\xe9 is no utf-8\n0 dull thing\n"
    many = b"1 one more good film\n" * 20
    put(tmp_path, {"stsa.binary.train": broken + many})
    found = recognise(tmp_path / "stsa.binary.train").inspect()
    assert found.count == 22
    assert [s.name for s in found.skipped] == [f"stsa.binary.train, line {n}" for n in (3, 4, 5, 6)]
    assert [s.reason.split()[0] for s in found.skipped] == ["holds", "does", "its", "is"]
    data = store.prepare(recognise(tmp_path / "stsa.binary.train"))
    assert store.details(data.spec.fingerprint).skipped_count == 4


def test_one_file_alone_is_split_at_random_and_says_what_lies_beside_it(tmp_path: Path) -> None:
    put(tmp_path, {**WHOLE, "stsa.binary.train": b"1 a fine film\n0 a dull film\n" * 50})
    source = recognise(tmp_path / "stsa.binary.train")
    assert any("stsa.binary.dev and stsa.binary.test beside it" in note for note in source.inspect().notes)
    assert len(store.prepare(source).held_out) == 10


def test_a_zip_of_the_folder_is_the_same_dataset(tmp_path: Path) -> None:
    folder = store.prepare(recognise(put(tmp_path / "sst", WHOLE)))
    archive = store.prepare(recognise(zipped(tmp_path / "sst.zip", {f"inside/{n}": c for n, c in WHOLE.items()})))
    assert folder.spec.fingerprint == archive.spec.fingerprint


def test_of_several_sets_the_fullest_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    put(tmp_path, {**WHOLE, "stsa.binary.phrases.train": TRAIN * 40})
    found = recognise(tmp_path).inspect()
    assert found.count == 6
    assert "also there, and not read: stsa.binary.phrases.train" in found.notes


def test_labels_of_unknown_sets_go_by_their_numbers(tmp_path: Path) -> None:
    put(tmp_path, {"mine.txt": b"7\tgreat stuff\n3\tpoor stuff\n"})
    data = store.prepare(recognise(tmp_path / "mine.txt"), Preparation(held_out=0))
    assert data.spec.classes == ("3", "7")
    assert data.labels is not None
    assert data.labels.tolist() == [1, 0]


def test_the_same_lines_under_a_name_that_means_nothing_are_another_dataset(tmp_path: Path) -> None:
    known = store.prepare(recognise(put(tmp_path / "a", {"stsa.binary.train": TRAIN})))
    plain = store.prepare(recognise(put(tmp_path / "b", {"mine.train": TRAIN})))
    assert (known.spec.classes, plain.spec.classes) == (("negative", "positive"), ("0", "1"))


def test_points_and_plain_text_are_no_sentences(tmp_path: Path) -> None:
    put(tmp_path, {"p.txt": b"1 2\n3 4\n5 6\n", "t.txt": b"this is plain text\nof two lines\n"})
    assert recognise(tmp_path / "p.txt").kind == "points"
    with pytest.raises(Unrecognised, match="sentences"):
        recognise(tmp_path / "t.txt")


def test_a_file_of_nothing_but_broken_lines_says_why(tmp_path: Path) -> None:
    put(tmp_path, {"stsa.binary.train": b"5 far too great\n6 far too poor\n"})
    with pytest.raises(Unreadable, match="its label is 5"):
        recognise(tmp_path / "stsa.binary.train").inspect()


def test_sst2_has_the_counts_of_the_papers(test_data: Path) -> None:
    if not (test_data / "sst2").is_dir():
        pytest.skip("SST-2 is not among the real data here")
    data = store.prepare(recognise(test_data / "sst2"))
    part, but = data.columns["part"], data.columns["but"]
    assert [int((part == p).sum()) for p in range(3)] == [6920, 872, 1821]
    assert [int((but[part == p] >= 0).sum()) for p in range(3)] == [843, 108, 237]
    assert len(data.train) == 6920
