"""Whether a person stands as they should: parts of the body in one picture against those in another.

**Pose error**: the distance in pixels between the centroids of a part here and there, averaged over the parts that are
found in both. A part with fewer than :data:`LEAST` of the picture's pixels is taken for absent. A part that is wanted
and not found has no distance, so it is counted apart, as *missed*: a low error with many parts missed is no good pose.

**IoU**: pixels that are this part in both, over pixels that are in either; NaN for a part that is in neither.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.data.skeleton import PARTS

Parts = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]
BODY = range(1, len(PARTS))
"""All but the background."""
LEAST = 0.0005
"""Of the picture's pixels: 2 of 64×64."""


def centroids(parts: Parts) -> Numbers:
    """Of each part of the body but for the background, N×10×2 (x, y in pixels from the picture's corner), of maps of
    parts N×H×W; NaN for absent ones."""
    count, height, width = parts.shape
    found = np.full((count, len(BODY), 2), np.nan)
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    for part in BODY:
        here = parts == part
        pixels = here.sum((1, 2))
        there = pixels >= max(1, LEAST * height * width)
        many = pixels[there]
        found[there, part - 1, 0] = (here.sum(1) @ x)[there] / many
        found[there, part - 1, 1] = (here.sum(2) @ y)[there] / many
    return found


def distances(found: Numbers, wanted: Numbers) -> Numbers:
    """Between centroids N×10×2, in pixels, N×10; NaN where one of the two is absent."""
    return np.asarray(np.linalg.norm(found - wanted, axis=2))


def pose_error(found: Numbers, wanted: Numbers) -> tuple[Numbers, Numbers]:
    """Of centroids N×10×2 against those that are wanted.

    Returns:
        The mean distance over the parts that are in both, in pixels, N (NaN where no part is), and the share of the
        wanted parts that were not found, 0..1, N (NaN where none is wanted).
    """
    away = distances(found, wanted)
    both = np.isfinite(away).sum(1)
    mean = np.where(both > 0, np.nansum(away, axis=1) / np.maximum(both, 1), np.nan)
    asked = np.isfinite(wanted).all(2)
    missed = (asked & ~np.isfinite(found).all(2)).sum(1)
    many = asked.sum(1)
    return mean, np.where(many > 0, missed / np.maximum(many, 1), np.nan)


def iou(found: Parts, wanted: Parts) -> Numbers:
    """Intersection over union of each part, background first, N×11, of maps of parts N×H×W."""
    values = np.full((len(found), len(PARTS)), np.nan)
    for part in range(len(PARTS)):
        a, b = found == part, wanted == part
        either = (a | b).sum((1, 2))
        values[:, part] = np.where(either > 0, (a & b).sum((1, 2)) / np.maximum(either, 1), np.nan)
    return values
