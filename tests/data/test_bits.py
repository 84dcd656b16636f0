from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from studio.data import store
from studio.data.errors import Refused, Unreadable, Unrecognised
from studio.data.pictures import to_pictures
from studio.data.readers import bit_rows
from studio.data.reading import Preparation
from studio.data.sources import recognise
from tests.data.made import everything, noise, npy, npz, put

ROWS = np.random.default_rng(0).integers(0, 2, (9, 12), dtype=np.uint8)
SHARE = Preparation(held_out=5 / 9)


def text(rows: np.ndarray, parting: str = " ") -> bytes:
    return "\n".join(parting.join(str(value) for value in row) for row in rows).encode()


@pytest.mark.parametrize("kind", ["?", "u1", "i1", "i8", "f2", "f4", ">f8", "255"])
def test_rows_of_bits_of_any_type_are_binary_vectors(tmp_path: Path, kind: str) -> None:
    rows = ROWS * np.uint8(255) if kind == "255" else ROWS.astype(kind)
    put(tmp_path, {"rows.npy": npy(rows), "columns.npy": npy(np.asfortranarray(rows))})
    for name in ("rows.npy", "columns.npy"):
        source = recognise(tmp_path / name)
        found = source.inspect()
        assert (source.kind, found.kind, found.count, found.natural_held_out) == ("vectors", "vectors", 9, 0)
        assert found.thumbnails.shape == (9, 3, 4, 3)
        assert np.array_equal(everything(source).values, ROWS * 255)


@pytest.mark.parametrize("parting", [" ", ",", "\t", ";", ", ", ""])
def test_text_is_read_with_or_without_names_of_columns(tmp_path: Path, parting: str) -> None:
    names = ",".join("abcdefghijkl").encode()
    put(tmp_path, {"a.amat": text(ROWS, parting), "b.csv.gz": gzip.compress(names + b"\n" + text(ROWS, parting))})
    for name in ("a.amat", "b.csv.gz"):
        assert np.array_equal(everything(recognise(tmp_path / name)).values, ROWS * 255)


def test_other_ways_to_write_one_are_read_and_broken_lines_are_listed(tmp_path: Path) -> None:
    put(tmp_path, {"a.txt": text(ROWS.astype(float)) + b"\n\n# a remark\n0 1\nyes no\n" + text(ROWS[:1])})
    block = everything(recognise(tmp_path / "a.txt"))
    assert np.array_equal(block.values, np.concatenate([ROWS, ROWS[:1]]) * 255)
    assert [s.name for s in block.skipped] == ["a.txt, line 12", "a.txt, line 13"]


@pytest.mark.parametrize("form", ["npz", "MADE's npz", "npy files", "text files"])
def test_three_parts_are_kept_and_exactly_the_last_two_held_out(tmp_path: Path, form: str) -> None:
    train, valid, test = ROWS[:4], ROWS[4:6], ROWS[6:]
    if form == "npz":
        put(tmp_path, {"m.npz": npz(test=test, train=train, valid=valid)})
    elif form == "MADE's npz":
        put(tmp_path, {"m.npz": npz(test_data=test, train_data=train, valid_data=valid, length=np.array(4))})
    elif form == "npy files":
        put(tmp_path, {"m_test.npy": npy(test), "m_train.npy": npy(train), "m_valid.npy": npy(valid)})
    else:
        put(tmp_path, {"m_test.amat": text(test), "m_train.amat": text(train), "m_val.amat": text(valid)})
    source = recognise(tmp_path / "m.npz" if "npz" in form else tmp_path)
    found = source.inspect()
    assert found.natural_held_out == 5
    assert "4 to train on, 2 for validation, 3 to test, as the source has them" in found.notes
    data = store.prepare(source)
    assert (data.spec.kind, data.spec.shape, data.spec.size, data.spec.carries) == ("vectors", (12,), (3, 4), ("part",))
    assert data.columns["part"].tolist() == [0] * 4 + [1] * 2 + [2] * 3
    assert data.held_out.tolist() == [4, 5, 6, 7, 8]
    assert np.array_equal(data.values, ROWS * 255)


def test_another_share_is_drawn_from_all_and_forgets_the_parts(tmp_path: Path) -> None:
    put(tmp_path, {"m.npz": npz(train=ROWS[:4], test=ROWS[4:])})
    data = store.prepare(recognise(tmp_path / "m.npz"), Preparation(held_out=0.2))
    assert (len(data.held_out), data.spec.carries) == (2, ())


def test_labels_of_rows_are_found_part_by_part(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"m.npz": npz(x_train=ROWS[:6], y_train=np.arange(6) % 3, x_test=ROWS[6:], y_test=np.array([[1], [0], [1]]))},
    )
    data = store.prepare(recognise(tmp_path / "m.npz"))
    assert data.labels is not None
    assert data.labels.tolist() == [0, 1, 2, 0, 1, 2, 1, 0, 1]
    assert data.spec.classes == ("0", "1", "2")


def test_rows_of_a_square_number_of_bits_are_images_with_their_parts(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).integers(0, 2, (9, 64), dtype=np.uint8)
    put(tmp_path, {"m.npz": npz(train=rows[:4], test=rows[4:]), "t.amat": text(rows), "one.npy": npy(rows)})
    data = store.prepare(recognise(tmp_path / "m.npz"))
    assert (data.spec.kind, data.spec.shape, data.spec.carries) == ("images", (1, 8, 8), ("part",))
    assert data.held_out.tolist() == [4, 5, 6, 7, 8]
    for name in ("m.npz", "t.amat", "one.npy"):
        assert np.array_equal(everything(recognise(tmp_path / name)).values, rows.reshape(9, 1, 8, 8) * 255)
    assert store.prepare(recognise(tmp_path / "m.npz"), Preparation(held_out=0.2)).spec.carries == ()


def test_flat_grey_images_stay_images_and_few_bits_are_no_picture(tmp_path: Path) -> None:
    put(tmp_path, {"grey.npy": npy(noise(5, 784)), "votes.npy": npy(ROWS[:, :4].repeat(4, 1))})
    assert recognise(tmp_path / "grey.npy").kind == "images"
    assert recognise(tmp_path / "votes.npy").kind == "vectors"


def test_labels_in_bits_beside_other_arrays_are_not_the_data(tmp_path: Path) -> None:
    one_hot = np.eye(10, dtype=np.uint8)[:5]
    put(tmp_path, {"m.npz": npz(images=noise(5, 8, 8), y=one_hot), "n.npz": npz(images=noise(5, 8, 8), told=one_hot)})
    assert recognise(tmp_path / "m.npz").kind == recognise(tmp_path / "n.npz").kind == "images"


@pytest.mark.parametrize("wrong", [2, -1, 0.5, float("nan")])
def test_what_is_not_binary_is_refused_in_words(tmp_path: Path, wrong: float) -> None:
    rows = ROWS.astype(float)
    rows[3, 5] = wrong
    put(tmp_path, {"m.npy": npy(rows), "m.csv": text(rows, ",")})
    with pytest.raises(Unrecognised, match=r"no binary vectors \(N×D of 0 and 1 alone\).*9×12"):
        recognise(tmp_path / "m.npy")
    with pytest.raises(Unrecognised, match=r"m.csv: has 12 columns of numbers, and not of 0 and 1 alone"):
        recognise(tmp_path / "m.csv")


def test_a_value_far_behind_that_is_no_bit_is_named_by_its_row(tmp_path: Path) -> None:
    rows = np.zeros((150_000, 12), np.uint8)
    rows[140_000, 3] = 7
    lines = text(rows[:9000]) + b"\n" + text(rows[139_999:140_001])
    put(tmp_path, {"m.npy": npy(rows), "m.txt": lines})
    with pytest.raises(Unreadable, match=r"m.npy: row 140,001 holds 7"):
        recognise(tmp_path / "m.npy").inspect()
    with pytest.raises(Unreadable, match=r"m.txt: line 9,002 holds 7"):
        recognise(tmp_path / "m.txt").inspect()


def test_parts_of_different_width_giants_and_cut_files_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"m.npz": npz(train=ROWS, test=ROWS[:, :7]), "cut.npy": npy(np.zeros((200_000, 12), np.uint8))[:-9]})
    with pytest.raises(Unreadable, match=r"7 values.*12"):
        recognise(tmp_path / "m.npz")
    with pytest.raises(Unreadable, match="is cut short"):
        recognise(tmp_path / "cut.npy").inspect()
    monkeypatch.setattr(bit_rows, "MOST_VALUES", 8)
    put(tmp_path, {"wide.npy": npy(ROWS), "wide.txt": text(ROWS)})
    for name in ("wide.npy", "wide.txt"):
        with pytest.raises(Refused, match="12 values; at most 8"):
            recognise(tmp_path / name)


def test_vectors_are_seen_as_the_grid_that_they_nearly_fill(tmp_path: Path) -> None:
    put(tmp_path, {"m.npy": npy(ROWS[:, :11])})
    spec = store.prepare(recognise(tmp_path / "m.npy")).spec
    shown = to_pictures(ROWS[:2, :11] * np.uint8(255), spec)
    assert shown.shape == (2, *spec.size, 3)
    assert shown[0, :, :, 0].reshape(-1)[:11].tolist() == (ROWS[0, :11] * 255).tolist()
    assert store.thumbnail(spec.fingerprint).read_bytes().startswith(b"\x89PNG")


def test_the_mushrooms_come_with_their_three_parts(test_data: Path) -> None:
    data = store.prepare(recognise(test_data / "mushrooms.npz"))
    assert (data.spec.shape, data.spec.count, data.spec.held_out) == ((112,), 8124, 6124)
    assert np.bincount(data.columns["part"]).tolist() == [2000, 500, 5624]
    assert np.flatnonzero(data.columns["part"]).tolist() == data.held_out.tolist()
