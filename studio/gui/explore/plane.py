"""Single points as small pictures: a dot among the real data, always in the same window of the plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from studio.data.pictures import MADE, points_picture
from studio.explore.questions import Pictures

SIZE = 96
SHOWN_REAL = 3000
_RADIUS = 5.0


def of_dataset(fingerprint: str) -> Plane:
    """The plane of a dataset of points. Opens files: for a worker thread.

    Raises:
        DataError: when the dataset is not at hand any more.
    """
    from studio.data import store  # here: the window is on screen before it

    values = np.asarray(store.open(fingerprint).values)
    return Plane(values[np.random.default_rng(0).permutation(len(values))[:SHOWN_REAL]])


class Plane:
    """Draws points before ``real`` (N×2); the window is that of :func:`studio.data.pictures.points_picture`."""

    def __init__(self, real: npt.NDArray[Any]) -> None:
        plane = np.asarray(real, np.float64).reshape(-1, 2)
        self.real = plane[np.isfinite(plane).all(axis=1)]
        if len(self.real):
            low, high = np.percentile(self.real, [0.5, 99.5], axis=0)
            self.centre = (low + high) / 2
            self.reach = max(float((high - low).max()) / 2 * 1.25, 1e-9)
        else:
            self.centre, self.reach = np.zeros(2), 2.0
        self._ground = points_picture(np.zeros((0, 2)), self.real, SIZE)

    def pictures(self, points: npt.NDArray[Any]) -> Pictures:
        """uint8 N×SIZE×SIZE×3, one for each point; one beyond the window sits at its edge, one that is no number is
        left out."""
        made = np.repeat(self._ground[None], len(points), axis=0)
        y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
        for picture, point in zip(made, np.asarray(points, np.float64), strict=True):
            if not np.isfinite(point).all():
                continue
            at = ((point - self.centre) / self.reach * (0.5, -0.5) + 0.5) * SIZE
            at = np.clip(at, _RADIUS, SIZE - _RADIUS)
            distance = np.hypot(x - at[0], y - at[1])
            for radius, colour in ((_RADIUS, (255, 255, 255)), (_RADIUS - 1.5, MADE)):
                cover = np.clip(radius + 0.5 - distance, 0, 1)[..., None]
                picture[:] = np.rint(picture + cover * (np.array(colour) - picture))
        return made
