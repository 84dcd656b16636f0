"""ProGAN's sliced Wasserstein distance, against scipy's filters and closed forms."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from studio.metrics import swd
from studio.metrics.swd import PATCHES, down, levels, patch_distances, pyramid, up

random = np.random.default_rng(0)


def images(n: int, channels: int = 3, size: int = 32) -> np.ndarray:
    """Blurred noise: neighbours alike, as in pictures."""
    raw = random.random((n, channels, size, size))
    smooth = ndimage.gaussian_filter(raw, (0, 0, 1.5, 1.5))
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)


def test_the_pyramid_sums_up_to_the_image() -> None:
    for size in (32, 33, 64):
        x = torch.from_numpy(images(2, 3, size).astype(np.float32))
        made = pyramid(x, len(levels((size, size))))
        back = made[-1]
        for level in reversed(made[:-1]):
            back = up(back, (level.shape[2], level.shape[3])) + level
        torch.testing.assert_close(back, x, rtol=0, atol=1e-3)


def test_its_filter_is_binomial_with_mirrored_edges() -> None:
    x = images(2).astype(np.float32)
    row = np.array([1, 4, 6, 4, 1]) / 16
    theirs = ndimage.convolve(x, (row[:, None] * row)[None, None], mode="mirror")[:, :, ::2, ::2]
    np.testing.assert_allclose(down(torch.from_numpy(x)).numpy(), theirs, rtol=1e-5, atol=1e-3)
    wide = np.zeros_like(x)
    wide[:, :, ::2, ::2] = theirs
    back = ndimage.convolve(wide, (row[:, None] * row)[None, None] * 4, mode="mirror")
    np.testing.assert_allclose(up(torch.from_numpy(theirs), (32, 32)).numpy(), back, rtol=1e-5, atol=1e-3)


def test_levels_go_down_to_sixteen_pixels() -> None:
    assert levels((64, 64)) == [(64, 64), (32, 32), (16, 16)]
    assert levels((32, 32)) == [(32, 32), (16, 16)]
    assert levels((28, 28)) == [(28, 28)]  # half of it is below 16: one level, the image itself
    assert levels((8, 8)) == [(8, 8)]


def test_two_halves_of_one_set_are_near_and_other_images_far() -> None:
    many = images(120, 1)
    near = patch_distances(many[:60], many[60:])
    far = patch_distances(many[:60], random.integers(0, 256, (60, 1, 32, 32), dtype=np.uint8))
    assert list(near) == [32, 16]
    for level, distance in near.items():
        assert 0 < distance < 60
        assert far[level] > 1.4 * distance


def test_a_set_against_itself_is_zero_where_the_patches_are_the_same() -> None:
    whole = images(64, 1, 7)  # of 7×7 pixels there is one patch, and it is the image
    assert patch_distances(whole, whole) == {7: pytest.approx(0, abs=1e-4)}
    assert patch_distances(whole, whole[::-1].copy())[7] == pytest.approx(0, abs=1e-3)


def test_the_distance_is_that_of_sorted_projections_of_normalised_patches() -> None:
    x, y = images(30, 2, 7), images(30, 2, 7) // 2
    found = patch_distances(x, y, seed=3)[7]

    def normal(a: np.ndarray) -> np.ndarray:
        a = a.astype(np.float64)
        a = (a - a.mean(axis=(0, 2, 3), keepdims=True)) / a.std(axis=(0, 2, 3), keepdims=True)
        return np.repeat(a.reshape(len(a), -1), PATCHES, axis=0)

    directions = np.random.default_rng([3, 0]).standard_normal((98, 512))
    directions /= np.linalg.norm(directions, axis=0)
    one, two = (np.sort(normal(a) @ directions, axis=0) for a in (x, y))
    assert found == pytest.approx(1e3 * np.abs(one - two).mean(), rel=1e-4)


def test_patches_and_directions_are_as_many_as_the_paper_has() -> None:
    assert (PATCHES, swd.PATCH, swd.REPEATS * swd.DIRECTIONS) == (128, 7, 4 * 128)


def test_brightness_and_contrast_do_not_count() -> None:
    x = images(30, 1, 20) // 2
    assert patch_distances(x, x + 100) == pytest.approx(patch_distances(x, x), rel=1e-3)


def test_memory_is_bounded_by_blocks_and_the_result_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = images(20, 1), images(20, 1)
    whole = patch_distances(x, y)
    monkeypatch.setattr(swd, "BLOCK", 4 * PATCHES * 20 * 100)  # 100 directions at a time, which does not divide 512
    assert patch_distances(x, y) == pytest.approx(whole, rel=1e-5)


def test_the_same_seed_gives_the_same_distance() -> None:
    x, y = images(10, 1), images(10, 1)
    assert patch_distances(x, y, seed=1) == patch_distances(x, y, seed=1) != patch_distances(x, y, seed=2)


def test_flat_images_are_no_nan() -> None:
    flat = np.full((10, 1, 8, 8), 7, np.uint8)
    assert patch_distances(flat, flat) == {8: 0}


def test_what_has_no_patches_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="only 6×6"):
        patch_distances(np.zeros((4, 1, 6, 6), np.uint8), np.zeros((4, 1, 6, 6), np.uint8))
    with pytest.raises(ValueError, match="as many images"):
        patch_distances(np.zeros((4, 1, 8, 8), np.uint8), np.zeros((5, 1, 8, 8), np.uint8))
