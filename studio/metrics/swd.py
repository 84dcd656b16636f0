"""The sliced Wasserstein distance of ProGAN: of small patches, on each level of a Laplacian pyramid.

Karras et al. 2018, arXiv:1710.10196, section 5. For each level down to 16 pixels: 128 random patches of 7×7 pixels of
each image; each channel of a set of patches brought to mean 0 and standard deviation 1; 4×128 random directions, along
each of which the sorted projections of the two sets are compared by their mean absolute difference. Printed times 10³.
An image smaller than 32 pixels has one level, itself; one smaller than 7 has no patch.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import pad

from studio.data.watch import Watch

Pictures = npt.NDArray[np.uint8]
PATCH = 7
PATCHES = 128
"""Of each image and level."""
COARSEST = 16
"""Pixels: no level is smaller."""
REPEATS, DIRECTIONS = 4, 128
BLOCK = 128 << 20
"""Bytes of projections of one set that are held at once."""
CHUNK = 256
"""Images whose patches are cut at once."""


def levels(size: tuple[int, int]) -> list[tuple[int, int]]:
    """(height, width) of each level, the finest first; at least the image itself."""
    found = [size]
    while min(found[-1]) // 2 >= COARSEST:
        found.append(((found[-1][0] + 1) // 2, (found[-1][1] + 1) // 2))
    return found


def pyramid(images: Tensor, count: int) -> list[Tensor]:
    """A Laplacian pyramid of float images N×C×H×W (Burt and Adelson 1983): ``count`` levels, each what the next
    coarser one lacks, and last the coarsest image itself. Summed up again from there they are the images."""
    made = [images]
    for _ in range(count - 1):
        coarse = down(made[-1])
        made[-1] = made[-1] - up(coarse, (made[-1].shape[2], made[-1].shape[3]))
        made.append(coarse)
    return made


def down(images: Tensor) -> Tensor:
    """Smoothed by the 5×5 binomial filter, then every other pixel."""
    return _smooth(images)[:, :, ::2, ::2]


def up(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Every other pixel of ``size``, zeros between, smoothed by four times the filter."""
    wide = images.new_zeros(*images.shape[:2], *size)
    wide[:, :, ::2, ::2] = images
    return _smooth(wide) * 4


def _smooth(images: Tensor) -> Tensor:
    """By (1 4 6 4 1)/16 along rows and columns, the edges mirrored."""
    wide = pad(images, (2, 2, 2, 2), mode="reflect")
    return _along(_along(wide, 2), 3)


def _along(images: Tensor, dim: int) -> Tensor:
    # sums of shifted pictures: a convolution with one channel in and out takes torch several times as long
    n = images.shape[dim] - 4
    a, b, c, d, e = (images.narrow(dim, start, n) for start in range(5))
    return ((a + e) + 4 * (b + d) + 6 * c) / 16


def patch_distances(x: Pictures, y: Pictures, *, seed: int = 0, watch: Watch | None = None) -> dict[int, float]:
    """The distance ×10³ by level, named by its smaller side in pixels, the finest first.

    Args:
        x, y: uint8 N×C×H×W, as many of each: the papers take 16,384.

    Raises:
        ValueError: for sets of other shapes, or images smaller than a patch.
    """
    if x.shape != y.shape or x.ndim != 4:
        raise ValueError(f"as many images of one shape are compared, not {x.shape} and {y.shape}")
    if min(x.shape[2:]) < PATCH:
        raise ValueError(f"patches are {PATCH}×{PATCH} pixels; the images have only {x.shape[3]}×{x.shape[2]}")
    watch = watch or Watch()
    sizes = levels((x.shape[2], x.shape[3]))
    found = {}
    for number, size in enumerate(sizes):
        watch.advance(number, len(sizes), f"patches at {min(size)} pixels")
        found[min(size)] = 1e3 * _distance(x, y, number, len(sizes), seed, watch)
    watch.advance(len(sizes), len(sizes), "patches")
    return found


def _distance(x: Pictures, y: Pictures, level: int, count: int, seed: int, watch: Watch) -> float:
    width = PATCH * PATCH * x.shape[1]
    at_once = max(1, min(DIRECTIONS, BLOCK // (4 * PATCHES * len(x))))
    random = np.random.default_rng([seed, level])
    costs: list[float] = []
    with torch.inference_mode():
        sets = [_Patches(images, level, count, seed + side) for side, images in enumerate((x, y))]
        wanted = torch.from_numpy(random.standard_normal((width, REPEATS * DIRECTIONS)).astype(np.float32))
        wanted /= wanted.norm(dim=0)
        for part in torch.split(wanted, at_once, dim=1):
            watch.advance(level, count, "projecting patches")
            one, two = (s.projected(part) for s in sets)
            for projections in (one, two):
                projections.sort(axis=1)  # several times as fast as torch's, and in place
            costs += np.abs(one - two).mean(axis=1, dtype=np.float64).tolist()
    return float(np.mean(costs))


class _Patches:
    """The patches of one set on one level, cut again whenever they are wanted: kept, those of 16,384 images in colour
    would take 1.2 GB."""

    def __init__(self, images: Pictures, level: int, count: int, seed: int) -> None:
        self._images, self._level, self._count, self._seed = images, level, count, seed
        total = square = torch.zeros(images.shape[1], dtype=torch.float64)
        size = 0
        for patches in self._cut():
            wide = patches.double()
            total, square = total + wide.sum(dim=(0, 2)), square + (wide * wide).sum(dim=(0, 2))
            size += patches.shape[0] * patches.shape[2]
        self._mean = total / size
        spread = (square / size - self._mean**2).clamp_min(0).sqrt()
        self._spread = torch.where(spread > 0, spread, 1.0)  # all of one value: nothing to compare, not NaN

    def projected(self, directions: Tensor) -> npt.NDArray[np.float32]:
        """K×(N·128)."""
        # normalising the patches is scaling the directions, and a shift
        scaled = directions.double().reshape(len(self._mean), -1, directions.shape[1]) / self._spread[:, None, None]
        shift = (scaled * self._mean[:, None, None]).sum(dim=(0, 1)).float()[:, None]
        along = scaled.flatten(0, 1).float().T.contiguous()
        made = np.empty((directions.shape[1], len(self._images) * PATCHES), np.float32)
        at = 0
        for patches in self._cut():
            flat = patches.flatten(1)
            made[:, at : at + len(flat)] = (along @ flat.T - shift).numpy()
            at += len(flat)
        return made

    def _cut(self) -> Iterator[Tensor]:
        """Patches (n·128)×C×49 of some images at a time, at places that depend on the seed alone."""
        for start in range(0, len(self._images), CHUNK):
            part = torch.from_numpy(self._images[start : start + CHUNK].astype(np.float32))
            level = pyramid(part, self._count)[self._level]
            n, channels, height, width = level.shape
            random = np.random.default_rng([self._seed, self._level, start])
            top = random.integers(0, height - PATCH + 1, (n, PATCHES))
            left = random.integers(0, width - PATCH + 1, (n, PATCHES))
            inside = (np.arange(PATCH)[:, None] * width + np.arange(PATCH)[None, :]).reshape(-1)
            places = (top * width + left)[:, :, None] + inside  # n×128×49 into the flattened picture
            flat = level.flatten(2)
            index = torch.from_numpy(places.reshape(n, 1, -1)).expand(-1, channels, -1)
            cut = flat.gather(2, index).reshape(n, channels, PATCHES, -1)
            yield cut.transpose(1, 2).reshape(n * PATCHES, channels, -1)
