from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data import store
from studio.data.errors import Unreadable, Unrecognised
from studio.data.sources import recognise
from tests.data.made import everything, noise, npy, npz, put

ROWS = [(0.5, -1.25), (1.0, 2.0), (-0.75, 0.0), (0.125, 1.5)]


@pytest.mark.parametrize("parting", [",", ";", "\t", " ", ", "])
@pytest.mark.parametrize("header", ["", "x,y", "first,second"])
def test_text_tables_are_read_with_or_without_a_header(tmp_path: Path, parting: str, header: str) -> None:
    lines = ([header.replace(",", parting)] if header else []) + [f"{x}{parting}{y}" for x, y in ROWS]
    put(tmp_path, {"points.txt": "\n".join(lines).encode()})
    source = recognise(tmp_path / "points.txt")
    found = source.inspect()
    assert (found.kind, found.count, found.labelled) == ("points", 4, False)
    assert found.thumbnails.shape == (1, 192, 192, 3)
    values = everything(source).values
    assert values.dtype == np.float32
    assert np.array_equal(values, np.array(ROWS, np.float32))


def test_a_decimal_comma_is_read_between_semicolons(tmp_path: Path) -> None:
    lines = ["x;y", *(f"{x};{y}".replace(".", ",") for x, y in ROWS)]
    put(tmp_path, {"p.csv": "\r\n".join(lines).encode()})
    assert np.array_equal(everything(recognise(tmp_path / "p.csv")).values, np.array(ROWS, np.float32))


@pytest.mark.parametrize(("words", "classes"), [("abab", ("a", "b")), (("10", "2", "10", "2"), ("2", "10"))])
def test_a_third_column_of_words_or_whole_numbers_is_a_label(
    tmp_path: Path, words: tuple[str, ...], classes: tuple[str, ...]
) -> None:
    lines = ["x,y,kind", *(f"{x},{y},{w}" for (x, y), w in zip(ROWS, words, strict=True))]
    put(tmp_path, {"p.csv": "\n".join(lines).encode()})
    source = recognise(tmp_path / "p.csv")
    assert source.inspect().classes == classes
    labels = everything(source).labels
    assert labels is not None
    assert [classes[i] for i in labels] == list(words)


def test_lines_that_are_no_points_are_listed_by_number(tmp_path: Path) -> None:
    put(tmp_path, {"p.csv": b"x,y\n1,2\nbroken\n# a remark\n\n1,nan\n0,1\n1,2,3\n"})
    found = recognise(tmp_path / "p.csv").inspect()
    assert found.count == 2
    assert {s.name for s in found.skipped} == {"p.csv, line 3", "p.csv, line 8", "p.csv, point 2"}


@pytest.mark.parametrize("form", ["npy", "npz"])
def test_arrays_of_two_columns_are_points(tmp_path: Path, form: str) -> None:
    rows = np.array(ROWS)
    put(tmp_path, {"p": npy(rows) if form == "npy" else npz(points=rows, other=noise(3, 5))})
    assert np.allclose(everything(recognise(tmp_path / "p")).values, rows)


def test_points_far_from_unit_scale_are_standardised_and_keep_their_units(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal((1000, -5), (200, 0.01), (500, 2))
    put(tmp_path, {"p.npy": npy(rows)})
    source = recognise(tmp_path / "p.npy")
    assert "standardised" in source.inspect().notes[0]
    data = store.prepare(source)
    assert np.allclose(data.values.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(data.values.std(axis=0), 1, atol=1e-5)
    extra = store.details(data.spec.fingerprint).extra
    assert np.allclose(data.values * extra["scale"] + extra["mean"], rows, rtol=1e-4)


def test_a_table_without_points_is_told(tmp_path: Path) -> None:
    put(tmp_path, {"p.npy": npy(np.full((3, 2), np.nan)), "words.txt": b"once upon a time\nthere was a word\n"})
    with pytest.raises(Unreadable, match="no points"):
        recognise(tmp_path / "p.npy").inspect()
    with pytest.raises(Unrecognised, match="Accepted"):
        recognise(tmp_path / "words.txt")
