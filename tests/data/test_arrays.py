from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.data.errors import DataError, Refused, Unreadable, Unrecognised
from studio.data.reading import Preparation
from studio.data.sources import recognise
from tests.data.made import everything, noise, npy, npz, put


@pytest.mark.parametrize(
    ("shape", "channels"),
    [((6, 8, 10), 1), ((6, 8, 10, 1), 1), ((6, 8, 10, 3), 3), ((6, 1, 8, 10), 1), ((6, 3, 8, 10), 3)],
)
@pytest.mark.parametrize("key", ["", "images", "x_train", "arr_0", "data", "whatever"])
def test_images_are_found_in_every_layout_and_under_every_key(
    tmp_path: Path, shape: tuple[int, ...], channels: int, key: str
) -> None:
    images = noise(*shape)
    put(tmp_path, {"x.bin": npz(**{key: images}) if key else npy(images)})
    source = recognise(tmp_path / "x.bin")
    found = source.inspect()
    assert (found.count, found.sizes, found.channels) == (6, {"10×8": 6}, channels)
    planar = (
        images if len(shape) == 4 and shape[1] in (1, 3) else images.reshape(6, 8, 10, channels).transpose(0, 3, 1, 2)
    )
    assert np.array_equal(everything(source, Preparation()).values, planar)


def test_flat_rows_that_are_squares_are_images(tmp_path: Path) -> None:
    put(tmp_path, {"grey.npy": npy(noise(5, 784)), "colour.npy": npy(noise(5, 3072))})
    assert recognise(tmp_path / "grey.npy").inspect().sizes == {"28×28": 5}
    assert recognise(tmp_path / "colour.npy").inspect().channels == 3


def test_keras_files_bring_labels_and_a_split(tmp_path: Path) -> None:
    arrays = {
        "x_train": noise(8, 8, 8),
        "y_train": np.arange(8) % 3,
        "x_test": noise(2, 8, 8),
        "y_test": np.zeros(2, int),
    }
    put(tmp_path, {"mnist.npz": npz(**arrays)})
    source = recognise(tmp_path / "mnist.npz")
    found = source.inspect()
    assert (found.count, found.natural_held_out, found.classes) == (10, 2, ("0", "1", "2"))
    block = everything(source)
    assert block.labels is not None
    assert block.labels.tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 0, 0]
    assert block.held is not None
    assert block.held.tolist() == [False] * 8 + [True] * 2


@pytest.mark.parametrize(
    ("low", "high", "kind"), [(0, 1, "f4"), (-1, 1, "f8"), (0, 16, "u1"), (0, 1, "?"), (0, 65535, "u2"), (0, 255, "f2")]
)
def test_the_range_of_values_is_brought_to_bytes(tmp_path: Path, low: float, high: float, kind: str) -> None:
    images = np.full((3, 8, 8), low).astype(kind)
    images[0, 0, 0] = high
    put(tmp_path, {"x.npy": npy(images)})
    source = recognise(tmp_path / "x.npy")
    values = everything(source).values
    assert (int(values.min()), int(values.max())) == (0, 255)
    assert bool(source.notes()) == (high != 255)


def test_values_that_are_no_image_are_told(tmp_path: Path) -> None:
    put(tmp_path, {"x.npy": npy(np.linspace(-500, 900, 192).reshape(3, 8, 8))})
    with pytest.raises(Unreadable, match=r"values from -500 to 900 are no image"):
        recognise(tmp_path / "x.npy").inspect()


def test_images_with_nan_are_skipped_and_named(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((5, 8, 8))
    images[3, 2, 2] = np.nan
    put(tmp_path, {"x.npz": npz(images=images, labels=np.arange(5))})
    block = everything(recognise(tmp_path / "x.npz"))
    assert len(block.values) == 4
    assert block.labels is not None
    assert block.labels.tolist() == [0, 1, 2, 4]
    assert [(s.name, s.reason) for s in block.skipped] == [("x.npz: images[3]", "holds NaN or infinity")]


def test_arrays_of_python_objects_are_refused(tmp_path: Path) -> None:
    objects = np.array([{"a": 1}, None], dtype=object)
    put(tmp_path, {"x.npy": npy(objects), "y.npz": npz(images=objects)})
    for name in ("x.npy", "y.npz"):
        with pytest.raises(Refused, match="Python objects"):
            recognise(tmp_path / name)


def test_arrays_that_are_no_images_are_described(tmp_path: Path) -> None:
    put(tmp_path, {"x.npz": npz(train=noise(5, 112))})
    with pytest.raises(Unrecognised, match=r"train is uint8 5×112"):
        recognise(tmp_path / "x.npz")


def test_a_file_that_lies_about_its_length_is_cut_short(tmp_path: Path) -> None:
    put(tmp_path, {"x.npy": npy(noise(1000, 8, 8))[:5000]})
    with pytest.raises(Unreadable, match="should hold 1,000 examples"):
        recognise(tmp_path / "x.npy").inspect()


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_to_an_npz_ends_in_words(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray(npz(images=noise(5, 8, 8), labels=np.arange(5)))
    for at in rng.integers(0, len(content), rng.choice((1, 8))):
        content[at] = rng.integers(256)
    put(tmp_path, {"x.npz": bytes(content)})
    try:
        everything(recognise(tmp_path / "x.npz"))
    except DataError as told:
        assert "x" in str(told)  # noqa: PT017 - damage may also be harmless


def test_frey_faces_keep_their_native_size(test_data: Path) -> None:
    found = recognise(test_data / "frey.npz").inspect()
    assert (found.count, found.sizes, found.suggested.size) == (1965, {"20×28": 1965}, (28, 20))
