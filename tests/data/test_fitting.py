from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from studio.data.fitting import Fitting, Size, grey, suggest, usable
from studio.data.reading import Preparation
from tests.data.made import noise


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        *(((8, 8), True), ((28, 28), True), ((32, 32), True), ((28, 20), True), ((96, 96), True), ((112, 96), True)),
        *(((128, 128), True), ((64, 48), False), ((96, 128), False), ((7, 7), False), ((4, 4), False)),
        ((256, 256), False),
    ],
)
def test_sizes_that_models_can_double_up_to_are_usable(size: Size, fits: bool) -> None:
    assert usable(size) is fits


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        *(({(28, 28): 9}, 28), ({(45, 45): 9}, 32), ({(218, 178): 9}, 128), ({(600, 800): 5, (100, 100): 1}, 128)),
        *(({(3, 3): 1}, 8), ({(50, 70): 1}, 64), ({(33, 32): 9}, 32)),
    ],
)
def test_the_suggested_size_is_native_or_the_nearest_power_of_two(sizes: dict[Size, int], wanted: int) -> None:
    assert suggest(sizes, 0.1).size == (wanted, wanted)


def test_crop_keeps_the_middle_and_pad_keeps_all() -> None:
    wide = np.zeros((1, 20, 40, 1), np.uint8)
    wide[:, :, 10:30] = 255
    assert (Fitting((20, 20), "crop", 1).array(wide) == 255).all()
    padded = Fitting((20, 20), "pad", 1).array(wide)[0, 0]
    assert padded[:5].max() == 0
    assert padded[8:12, 10].min() > 250
    stretched = Fitting((20, 20), "stretch", 1).array(wide)[0, 0]
    assert stretched[:, 9].min() > 250
    assert stretched[:, 0].max() < 5


def test_pad_leaves_pixels_alone_when_they_nearly_fill_the_frame() -> None:
    images = noise(2, 28, 28, 1)
    padded = Fitting((32, 32), "pad", 1).array(images)
    assert np.array_equal(padded[:, 0, 2:30, 2:30], images[..., 0])
    assert padded[:, 0, :2].max() == 0
    lost = np.full((1, 8, 8, 1), 255, np.uint8)
    assert (Fitting((32, 32), "pad", 1).array(lost) == 255).all()


def test_grey_is_what_pillow_makes_of_colour() -> None:
    image = noise(9, 9, 3)
    assert np.array_equal(grey(image)[..., 0], np.asarray(Image.fromarray(image).convert("L")))
    assert Fitting((9, 9), "crop", 1).array(image[None]).shape == (1, 1, 9, 9)
    assert Fitting((9, 9), "crop", 3).array(image[None, ..., :1]).shape == (1, 3, 9, 9)


@pytest.mark.parametrize(
    ("more", "word"), [({"size": (0, 8)}, "size"), ({"held_out": 0.95}, "share"), ({"fit": "x"}, "fit")]
)
def test_a_preparation_outside_its_range_is_refused(more: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Preparation(**more)  # type: ignore[arg-type]


def test_a_preparation_survives_a_trip_through_plain_data() -> None:
    for one in (Preparation(), Preparation((28, 20), "pad", "grey", 0.25)):
        assert Preparation.from_dict(one.as_dict()) == one
