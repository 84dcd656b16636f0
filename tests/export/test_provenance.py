"""What a file says of itself, and what happens with files that lie."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from studio.data.watch import Watch
from studio.export import carriers, provenance
from studio.export.bundle import pack
from studio.export.provenance import Provenance
from studio.runs.folder import RunFolder

ORIGIN = Provenance(
    model="wgan_gp",
    run_id="abc",
    run_path="/somewhere/σ-run",
    checkpoint=1200,
    recipe={"latent": 4, "penalty": 10.0, "mirror": True, "precision": "auto"},
    title="Ziffern für später = ; # \\ 1",
    settings={"seed": 7, "truncation": 1.5},
    latents=np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32),
    dataset={"name": "digits", "fingerprint": "f00"},
)
PICTURE = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)


def same(a: Provenance | None, b: Provenance) -> bool:
    return a is not None and a.text() == b.text()


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_text_and_back_is_the_same() -> None:
    again = provenance.parse(ORIGIN.text())
    assert again is not None
    assert again.as_dict() == ORIGIN.as_dict()
    assert np.array_equal(again.latents, ORIGIN.latents)


def test_png_carries_its_provenance_and_its_pixels(tmp_path: Path) -> None:
    provenance.write_png(tmp_path / "a.png", PICTURE, ORIGIN)
    assert same(provenance.read(tmp_path / "a.png"), ORIGIN)
    assert np.array_equal(pixels(tmp_path / "a.png"), PICTURE)


def test_webp_carries_its_provenance_and_its_pixels(tmp_path: Path) -> None:
    provenance.save_image(tmp_path / "a.webp", PICTURE, "webp", ORIGIN)
    assert same(provenance.read(tmp_path / "a.webp"), ORIGIN)
    assert np.array_equal(pixels(tmp_path / "a.webp"), PICTURE)


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    provenance.write_png(tmp_path / "a.mp4", PICTURE, ORIGIN)
    assert same(provenance.read(tmp_path / "a.mp4"), ORIGIN)


def test_a_bundle_says_which_run_it_is(tmp_path: Path, trained: Callable[..., RunFolder]) -> None:
    run = trained()
    pack(run, tmp_path / "run.zip", Watch())
    found = provenance.read(tmp_path / "run.zip")
    assert found is not None
    assert (found.kind, found.run_id, found.checkpoint) == ("run", run.info().id, 20)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty", b""),
        ("text", b"hello"),
        ("png of nothing", b"\x89PNG\r\n\x1a\n"),
        ("gif of nothing", b"GIF89a"),
        ("webp of nothing", b"RIFF\x00\x00\x00\x00WEBP"),
        ("zip of nothing", b"PK\x05\x06" + bytes(18)),
        ("zip cut short", b"PK\x03\x04" + bytes(30)),
        ("mp4 of nothing", b"\x00\x00\x00\x18ftypisom"),
        ("mp4 with a box beyond the end", b"\x00\x00\x00\x10ftypisom" + bytes(4) + b"\xff\xff\xff\xffmoov"),
        ("mp4 with a box of no size", b"\x00\x00\x00\x10ftypisom" + bytes(4) + b"\x00\x00\x00\x01moov" + bytes(8)),
        ("safetensors without an end", (1 << 40).to_bytes(8, "little") + b"{"),
        ("safetensors with a header of junk", (10).to_bytes(8, "little") + b"{" + b"x" * 9),
        ("onnx with a field beyond the end", b"\x08\x07\x72\xff\xff\xff\xff\x0f"),
        ("onnx with a number without an end", b"\x08" + b"\xff" * 40),
        ("onnx of groups", b"\x08\x07\x73\x73\x73"),
    ],
)
def test_broken_files_say_nothing_and_raise_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    assert provenance.read(tmp_path / "f") is None


@pytest.mark.parametrize("kind", ["png", "webp", "gif", "npz"])
def test_no_damage_to_a_real_file_raises(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "f"
    if kind == "gif":
        Image.fromarray(PICTURE).save(path, "GIF", comment=provenance.comment(ORIGIN).encode())
    elif kind == "npz":
        np.savez(path.with_suffix(".npz"), a=PICTURE)
        path.with_suffix(".npz").rename(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(carriers.MEMBER, ORIGIN.text())
    else:
        provenance.save_image(path, PICTURE, kind, ORIGIN)  # type: ignore[arg-type]
    whole = path.read_bytes()
    assert same(provenance.read(path), ORIGIN)
    dice = random.Random(0)
    for _ in range(150):
        hurt = bytearray(whole[: dice.choice([len(whole), dice.randrange(len(whole))])])
        for _ in range(dice.choice([1, 8])):
            if hurt:
                hurt[dice.randrange(len(hurt))] = dice.randrange(256)
        path.write_bytes(bytes(hurt))
        provenance.read(path)


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint": -1},
        {"checkpoint": "10"},
        {"model": 3},
        {"run": None},
        {"run": {"id": "a", "path": "/x\0y"}},
        {"recipe": {"a": [1]}},
        {"kind": "virus"},
        {"latents": {"shape": [1 << 20, 1 << 20], "float32": ""}},
        {"latents": {"shape": [2, 2], "float32": "AAAA"}},
        {"latents": {"shape": [1, 1], "float32": "AADAfw=="}},  # NaN
        {"settings": []},
        {"format": 0},
    ],
)
def test_a_text_with_one_lie_in_it_is_refused(change: dict[str, object]) -> None:
    assert provenance.parse(json.dumps({**ORIGIN.as_dict(), **change})) is None


def test_deep_and_long_texts_are_refused() -> None:
    assert provenance.parse("[" * 100_000) is None
    assert provenance.parse(" " * (carriers.MAX_TEXT + 1)) is None


def test_a_compressed_text_that_unpacks_without_end_is_not_read(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(carriers.KEY, "x" * (40 << 20), zip=True)
    Image.fromarray(PICTURE).save(tmp_path / "a.png", pnginfo=info)
    assert (tmp_path / "a.png").stat().st_size < 1 << 20
    assert provenance.read(tmp_path / "a.png") is None


def test_a_picture_that_claims_to_be_huge_is_not_decoded(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.fromarray(PICTURE).save(out, "PNG")
    content = bytearray(out.getvalue())
    content[16:24] = struct.pack(">II", 60_000, 60_000)
    (tmp_path / "a.png").write_bytes(content)
    assert provenance.read(tmp_path / "a.png") is None


def test_what_others_write_is_not_taken_for_ours(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a cat")
    Image.fromarray(PICTURE).save(tmp_path / "a.png", pnginfo=info)
    Image.fromarray(PICTURE).save(tmp_path / "a.gif", comment=b"made with love")
    assert provenance.read(tmp_path / "a.png") is None
    assert provenance.read(tmp_path / "a.gif") is None


def test_a_missing_file_is_an_error_and_not_silence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        provenance.read(tmp_path / "none.png")
