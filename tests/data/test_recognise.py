from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data import resolve
from studio.data.errors import Unrecognised
from studio.data.sources import ACCEPTED, recognise
from studio.data.watch import Cancelled, Watch
from tests.data.made import class_images, encoded, idx, noise, npy, put


@pytest.mark.parametrize("content", [b"", b"hello, this is text\nof two lines\n", bytes(range(256)) * 4])
def test_an_unknown_file_says_what_is_accepted(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, {"thing.dat": content})
    with pytest.raises(Unrecognised) as told:
        recognise(tmp_path / "thing.dat")
    assert all(form in str(told.value) for form in ACCEPTED)
    assert str(told.value).startswith("thing.dat: ")


@pytest.mark.parametrize(
    ("start", "what"),
    [(b"\x89HDF\r\n\x1a\n", "HDF5"), (b"PAR1", "Parquet"), (b"%PDF-1.4", "PDF"), (b"\0\0\0\x18ftypmp42", "video")],
)
def test_a_known_but_unread_format_is_called_by_its_name(tmp_path: Path, start: bytes, what: str) -> None:
    put(tmp_path, {"thing": start + bytes(100)})
    with pytest.raises(Unrecognised, match=what):
        recognise(tmp_path / "thing")


def test_an_empty_folder_says_what_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "none" / "deeper").mkdir(parents=True)
    with pytest.raises(Unrecognised, match=r"is empty\. Accepted: a folder of images"):
        recognise(tmp_path / "none")
    with pytest.raises(Unrecognised, match="no such file"):
        recognise(tmp_path / "nowhere")


def test_the_form_that_fills_a_folder_wins(tmp_path: Path) -> None:
    put(
        tmp_path / "images",
        class_images(per_class=20) | {"stray.npy": npy(np.zeros((4, 2))), "list.csv": b"1,2\n3,4\n"},
    )
    assert recognise(tmp_path / "images").kind_of == "image folder"
    put(tmp_path / "arrays", {"preview.png": encoded(noise(8, 8)), "x.npy": npy(noise(50, 16, 16))})
    assert recognise(tmp_path / "arrays").kind_of == "NumPy arrays"
    put(tmp_path / "idx", {"preview.png": encoded(noise(8, 8)), "images-idx3-ubyte": idx(noise(50, 16, 16))})
    assert recognise(tmp_path / "idx").kind_of == "IDX"


def test_names_and_paths_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "digits", class_images())
    assert resolve("digits").origin == "builtin:digits"  # the name wins over a folder that happens to be here
    assert resolve("builtin:digits").origin == "builtin:digits"
    assert resolve("./digits").kind_of == "image folder"
    assert resolve("Two_Moons").origin == "builtin:two-moons"
    assert resolve("cifar10").origin == "standard:cifar10"
    with pytest.raises(Unrecognised, match=r"nothing: .*Built in: digits, .*Downloaded on request: mnist"):
        resolve("nothing")


def test_inspecting_reports_progress_and_can_be_cancelled(tmp_path: Path) -> None:
    put(tmp_path, class_images(per_class=50))
    seen: list[tuple[int, int, str]] = []
    recognise(tmp_path).inspect(Watch(lambda *now: seen.append(now)))
    assert seen[-1] == (100, 100, "Looking at the images")
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        recognise(tmp_path).inspect(watch)
