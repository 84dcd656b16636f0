from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from studio.data.errors import Unreadable, Unrecognised
from studio.data.sources import recognise
from tests.data.made import encoded, everything, noise, put


def _animation(form: str, count: int = 5) -> bytes:
    frames = [Image.new("RGB", (16, 16), (40 * i, 0, 255 - 40 * i)) for i in range(count)]
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=40)
    return out.getvalue()


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_its_frames(tmp_path: Path, form: str) -> None:
    put(tmp_path, {"film.bin": _animation(form)})
    source = recognise(tmp_path / "film.bin")
    assert (source.kind_of, source.inspect().count) == ("animation", 5)
    values = everything(source).values
    assert values.shape == (5, 3, 16, 16)
    assert [abs(int(v) - 40 * i) <= 3 for i, v in enumerate(values[:, 0, 8, 8])] == [True] * 5


def test_one_image_is_no_dataset_and_says_so(tmp_path: Path) -> None:
    put(tmp_path, {"one.png": encoded(noise(8, 8, 3))})
    with pytest.raises(Unrecognised, match="Drop the folder"):
        recognise(tmp_path / "one.png")


def test_a_cut_animation_keeps_its_whole_frames(tmp_path: Path) -> None:
    noisy = [Image.fromarray(noise(32, 32, 3, seed=i)) for i in range(6)]
    out = io.BytesIO()
    noisy[0].save(out, "GIF", save_all=True, append_images=noisy[1:])
    put(tmp_path, {"film.gif": out.getvalue()[: len(out.getvalue()) * 2 // 3]})
    try:
        found = recognise(tmp_path / "film.gif").inspect()
    except Unreadable as told:
        assert "film.gif" in str(told)  # noqa: PT017 - Pillow versions differ in how far they get
    else:
        assert 1 <= found.count < 6
