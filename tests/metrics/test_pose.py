from __future__ import annotations

import numpy as np
import pytest

from studio.data.skeleton import PARTS
from studio.metrics.pose import centroids, distances, iou, pose_error

HEAD, TORSO = PARTS.index("head"), PARTS.index("torso")


def body(head: tuple[int, int] = (4, 6), torso: tuple[int, int] = (16, 6)) -> np.ndarray:
    """A head of 4×4 and a torso of 8×4 at these rows and columns of 32×24."""
    parts = np.zeros((1, 32, 24), np.uint8)
    parts[0, torso[0] : torso[0] + 8, torso[1] : torso[1] + 4] = TORSO
    parts[0, head[0] : head[0] + 4, head[1] : head[1] + 4] = HEAD
    return parts


def test_centroids_are_the_middles_of_parts() -> None:
    found = centroids(body())
    assert found[0, HEAD - 1].tolist() == [8, 6]
    assert found[0, TORSO - 1].tolist() == [8, 20]
    assert np.isnan(found[0, PARTS.index("left shin") - 1]).all()


def test_the_error_is_how_far_parts_were_moved() -> None:
    still, moved = centroids(body()), centroids(body(head=(8, 9)))
    assert distances(moved, still)[0, HEAD - 1] == 5
    mean, missed = pose_error(moved, still)
    assert mean.tolist() == [2.5]  # the torso stayed
    assert missed.tolist() == [0]
    assert pose_error(still, still)[0].tolist() == [0]


def test_what_is_missing_is_counted_and_has_no_distance() -> None:
    headless = body()
    headless[headless == HEAD] = 0
    mean, missed = pose_error(centroids(headless), centroids(body()))
    assert (mean.tolist(), missed.tolist()) == ([0], [0.5])
    nobody = centroids(np.zeros((1, 32, 24), np.uint8))
    mean, missed = pose_error(nobody, centroids(body()))
    assert np.isnan(mean).all()
    assert missed.tolist() == [1]
    assert np.isnan(pose_error(centroids(body()), nobody)[1]).all()


def test_a_few_stray_pixels_are_no_part() -> None:
    parts = np.zeros((2, 64, 64), np.uint8)
    parts[0, 3, 3] = HEAD
    parts[1, 3, 3:8] = HEAD
    assert np.isfinite(centroids(parts)[:, HEAD - 1]).all(1).tolist() == [False, True]


def test_overlap_is_intersection_over_union() -> None:
    found = iou(body(head=(6, 6)), body())[0]
    assert found[HEAD] == pytest.approx(8 / 24)
    assert found[TORSO] == 1
    assert np.isnan(found[PARTS.index("left shin")])
