from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.data.errors import Refused, Unreadable
from studio.data.reading import Preparation
from studio.data.sources import recognise
from tests.data.made import class_images, encoded, everything, noise, put, tarred, zipped


def test_class_subfolders_become_labels_in_order_of_name(tmp_path: Path) -> None:
    source = recognise(put(tmp_path / "pets", class_images()))
    found = source.inspect()
    assert (source.title, source.kind_of) == ("pets", "image folder")
    assert (found.count, found.sizes, found.channels) == (6, {"8×8": 6}, 3)
    assert found.classes == ("cat", "dog")
    assert found.labelled
    assert found.thumbnails.shape == (6, 8, 8, 3)
    block = everything(source)
    assert block.labels is not None
    assert block.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(block.values[4], noise(8, 8, 3, seed=11).transpose(2, 0, 1))


@pytest.mark.parametrize("form", ["folder", "zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_folder_and_every_archive_of_it_read_alike(tmp_path: Path, form: str) -> None:
    contents = {f"top/{name}": content for name, content in class_images().items()}
    contents["__MACOSX/top/cat/._0.png"] = b"litter"
    contents["top/cat/.DS_Store"] = b"litter"
    if form == "folder":
        path = put(tmp_path / "x", contents)
    elif form == "zip":
        path = zipped(tmp_path / "x.zip", contents)
    else:
        path = tarred(tmp_path / "x.bin", contents, f"w:{form.partition('.')[2]}")
    block = everything(recognise(path))
    assert block.labels is not None
    assert block.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(block.values[0], noise(8, 8, 3, seed=0).transpose(2, 0, 1))
    assert not block.skipped


def test_images_without_subfolders_are_unlabelled(tmp_path: Path) -> None:
    put(tmp_path, {f"{i}.png": encoded(noise(8, 8, seed=i)) for i in range(4)})
    found = recognise(tmp_path).inspect()
    assert (found.classes, found.labelled, found.channels) == ((), False, 1)
    assert everything(recognise(tmp_path)).labels is None


def test_train_and_test_folders_above_the_classes_become_the_split(tmp_path: Path) -> None:
    images = class_images()
    put(tmp_path, {f"train/{n}": c for n, c in images.items()} | {f"test/{n}": c for n, c in images.items()})
    source = recognise(tmp_path)
    found = source.inspect()
    assert found.classes == ("cat", "dog")
    assert found.natural_held_out == 6
    assert found.suggested.held_out == 0.5
    held = everything(source).held
    assert held is not None
    assert held.sum() == 6


def test_a_few_images_outside_the_class_folders_are_listed(tmp_path: Path) -> None:
    put(tmp_path, class_images(per_class=10) | {"preview.png": encoded(noise(8, 8, 3))})
    found = recognise(tmp_path).inspect()
    assert found.count == 20
    assert [(s.name, "class folders" in s.reason) for s in found.skipped] == [("preview.png", True)]
    assert [s.name for s in everything(recognise(tmp_path)).skipped] == ["preview.png"]


def test_contents_decide_not_endings(tmp_path: Path) -> None:
    put(tmp_path, {f"{i}.dat": encoded(noise(8, 8, seed=i)) for i in range(3)})
    put(tmp_path, {"3.png": encoded(noise(8, 8, seed=3), "BMP"), "notes.txt": b"hello"})
    assert recognise(tmp_path).inspect().count == 4


def test_broken_files_are_listed_and_skipped(tmp_path: Path) -> None:
    good = class_images()
    put(
        tmp_path,
        good
        | {
            "cat/cut.png": encoded(noise(64, 64, 3))[:3000],
            "cat/text.png": b"this is no picture at all",
            "dog/empty.png": b"",
            "dog/flipped.png": encoded(noise(8, 8, 3))[:-30] + b"x" * 30,
        },
    )
    source = recognise(tmp_path)
    block = everything(source)
    assert len(block.values) == 6
    reasons = {s.name: s.reason for s in block.skipped}
    assert set(reasons) == {"cat/cut.png", "cat/text.png", "dog/empty.png", "dog/flipped.png"}
    assert reasons["cat/text.png"] == "is no image, or its beginning is damaged"
    assert all(reasons.values())


def test_a_folder_of_broken_images_says_what_is_wrong_with_the_first(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": b"no picture here, sorry", "b.png": b"nor here, not at all"})
    with pytest.raises(Unreadable, match=r"none of its 2 images can be read. The first, a.png: is no image"):
        recognise(tmp_path).inspect()


def _giant(width: int, height: int) -> bytes:
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 10), (60_000, 60_000), (9_000, 9_000), (12_000, 12_000)])
def test_a_giant_image_is_refused_by_its_header(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "giant.png").write_bytes(_giant(*size))
    with pytest.raises(Refused, match=r"giant\.png: is .*not decoded"):
        recognise(tmp_path / "giant.png")
    put(tmp_path / "all", {"a.png": _giant(*size)})
    with pytest.raises(Refused, match="not decoded"):
        recognise(tmp_path / "all").inspect()
    put(tmp_path / "some", class_images() | {"cat/giant.png": _giant(*size)})
    block = everything(recognise(tmp_path / "some"))
    assert len(block.values) == 6
    assert [s.name for s in block.skipped] == ["cat/giant.png"]


def test_mixed_sizes_are_counted_and_cropped_to_a_common_square(tmp_path: Path) -> None:
    sizes = [(30, 40), (30, 40), (50, 36)]
    put(tmp_path, {f"{i}.png": encoded(noise(*size, 3, seed=i)) for i, size in enumerate(sizes)})
    found = recognise(tmp_path).inspect()
    assert found.sizes == {"40×30": 2, "36×50": 1}
    assert found.suggested == Preparation((32, 32), "crop", "keep", 0.1)
    assert everything(recognise(tmp_path), Preparation()).values.shape == (3, 3, 32, 32)


def test_colour_images_that_look_grey_are_suggested_as_grey(tmp_path: Path) -> None:
    put(tmp_path, {f"{i}.png": encoded(np.repeat(noise(8, 8, 1, seed=i), 3, axis=2)) for i in range(3)})
    found = recognise(tmp_path).inspect()
    assert found.channels == 3
    assert found.suggested.colour == "grey"
    assert any("grey" in note for note in found.notes)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_every_kind_of_pixel_becomes_grey_or_colour(tmp_path: Path, mode: str) -> None:
    grey = np.full((8, 8), 200, np.uint8)
    if mode == "I;16":
        picture = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode == "F":
        picture = Image.fromarray(grey.astype(np.float32))
    else:
        picture = Image.fromarray(grey).convert(mode)
    form = "TIFF" if mode in ("CMYK", "F") else "PNG"
    for i in range(2):
        out = io.BytesIO()
        picture.save(out, form)
        put(tmp_path, {f"{i}.{form.lower()}": out.getvalue()})
    values = everything(recognise(tmp_path), Preparation(colour="grey")).values
    assert values.shape == (2, 1, 8, 8)
    assert abs(int(values[0, 0, 4, 4]) - (255 if mode == "1" else 200)) <= 1
    assert everything(recognise(tmp_path), Preparation(colour="colour")).values.shape == (2, 3, 8, 8)


def test_transparency_is_seen_on_white_and_camera_rotation_is_applied(tmp_path: Path) -> None:
    clear = np.zeros((8, 8, 4), np.uint8)
    put(tmp_path / "a", {f"{i}.png": encoded(clear) for i in range(2)})
    assert (everything(recognise(tmp_path / "a")).values == 255).all()
    lying = np.zeros((8, 16), np.uint8)
    lying[:, :8] = 255  # white on the left; turned by orientation 6 it is on top
    exif = Image.Exif()
    exif[0x0112] = 6
    put(tmp_path / "b", {f"{i}.jpg": encoded(lying, "JPEG", exif=exif, quality=95) for i in range(2)})
    assert recognise(tmp_path / "b").inspect().sizes == {"8×16": 2}
    turned = everything(recognise(tmp_path / "b"), Preparation()).values[0, 0]
    assert turned.shape == (16, 8)
    assert turned[:6].min() > 200
    assert turned[10:].max() < 50


def _stylegan(labels: object, count: int = 4) -> dict[str, bytes]:
    images = {f"00000/img{i:08d}.png": encoded(noise(8, 8, 3, seed=i)) for i in range(count)}
    return images | {"dataset.json": json.dumps({"labels": labels}).encode()}


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_stylegan_dataset_takes_its_labels_from_its_json(tmp_path: Path, form: str) -> None:
    contents = _stylegan([[f"00000/img{i:08d}.png", 6 if i % 2 else 3] for i in range(4)])
    source = recognise(put(tmp_path / "d", contents) if form == "folder" else zipped(tmp_path / "d.zip", contents))
    assert source.kind_of == "StyleGAN dataset"
    assert source.inspect().classes == ("3", "6")
    labels = everything(source).labels
    assert labels is not None
    assert labels.tolist() == [0, 1, 0, 1]


def test_a_stylegan_dataset_without_class_labels_is_unlabelled(tmp_path: Path) -> None:
    assert recognise(zipped(tmp_path / "a.zip", _stylegan(None))).inspect().classes == ()
    floats = [[f"00000/img{i:08d}.png", [0.5, 1.0]] for i in range(4)]
    found = recognise(zipped(tmp_path / "b.zip", _stylegan(floats))).inspect()
    assert not found.labelled
    assert found.notes
    bare = {n: c for n, c in _stylegan(None).items() if n != "dataset.json"}
    bare["00001/img00001000.png"] = bare["00000/img00000000.png"]
    assert not recognise(put(tmp_path / "c", bare)).inspect().labelled


def test_a_broken_stylegan_json_is_named(tmp_path: Path) -> None:
    contents = _stylegan(None) | {"dataset.json": b'{"labels": [['}
    source = recognise(zipped(tmp_path / "a.zip", contents))  # still a zip of images
    assert source.kind_of == "archive of images"
