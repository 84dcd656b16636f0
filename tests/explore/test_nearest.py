"""The nearest training examples, against comparing with every one."""

import numpy as np
import pytest

from studio.data.dataset import Dataset, DataSpec, split
from studio.data.watch import Cancelled, Watch
from studio.explore import nearest
from studio.explore.nearest import Neighbours

random = np.random.default_rng(0)


def images(count: int = 500, shape: tuple[int, int, int] = (1, 6, 5)) -> Dataset:
    values = random.integers(0, 256, (count, *shape), np.uint8)
    return Dataset(DataSpec("noise", "images", shape, count), values, None, *split(count, 0.2))


def all_compared(data: Dataset, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    grey = np.asarray(data.values[data.train]).reshape(len(data.train), -1).astype(np.float64)
    apart = np.sqrt(((grey - (query.reshape(-1).astype(np.float64) + 1) * 127.5) ** 2).mean(axis=1))
    order = np.argsort(apart, kind="stable")[:k]
    return data.train[order], apart[order]


@pytest.mark.parametrize("kept", [1 << 30, 0])
@pytest.mark.parametrize("chunk", [1 << 30, 4 * 30 * 64])
def test_they_are_those_of_an_exhaustive_search(kept: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "KEPT", kept)
    monkeypatch.setattr(nearest, "CHUNK", chunk)
    data = images()
    queries = random.uniform(-1, 1, (7, 1, 6, 5)).astype(np.float32)
    indices, distances = Neighbours(data).find(queries, 5)
    for row, query in enumerate(queries):
        closed = all_compared(data, query, 5)
        np.testing.assert_array_equal(indices[row], closed[0])
        np.testing.assert_allclose(distances[row], closed[1], rtol=1e-5)


def test_a_training_example_is_nearest_to_itself_at_distance_zero_and_held_out_ones_are_never_found() -> None:
    data = images()
    mine = data.train[[3, 99]]
    indices, distances = Neighbours(data).find(data.values[mine].astype(np.float32) / 127.5 - 1, 1)
    np.testing.assert_array_equal(indices[:, 0], mine)
    np.testing.assert_allclose(distances, 0, atol=1e-3)
    indices, distances = Neighbours(data).find(data.values[data.held_out].astype(np.float32) / 127.5 - 1, 3)
    assert not np.isin(indices, data.held_out).any()
    assert (distances > 1).all()


def test_of_equally_near_ones_the_first_comes_first() -> None:
    values = np.zeros((20, 1, 2, 2), np.uint8)
    data = Dataset(DataSpec("same", "images", (1, 2, 2), 20), values, None, np.arange(20), np.arange(0))
    indices, _ = Neighbours(data).find(np.zeros((1, 1, 2, 2), np.float32), 4)
    np.testing.assert_array_equal(indices, [[0, 1, 2, 3]])


def test_points_are_compared_in_their_own_units_and_k_is_cut_to_what_there_is() -> None:
    values = np.array([[0, 0], [3, 4], [100, 0]], np.float32)
    data = Dataset(DataSpec("three", "points", (2,), 3), values, None, np.arange(3), np.arange(0))
    indices, distances = Neighbours(data).find(np.zeros((1, 2), np.float32), 9)
    np.testing.assert_array_equal(indices, [[0, 1, 2]])
    np.testing.assert_allclose(distances, [[0, 5, 100]])


def test_a_search_can_be_cancelled() -> None:
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        Neighbours(images()).find(np.zeros((1, 30), np.float32), 1, watch)
