from __future__ import annotations

import numpy as np
import pytest

from studio.data import builtin, sprites, store, toys
from studio.data.errors import Unrecognised
from studio.data.potentials import POTENTIALS


def test_every_built_in_dataset_is_found_and_prepared() -> None:
    assert set(builtin.NAMES) >= {
        "digits",
        "sprites",
        "8gaussians",
        "25gaussians",
        "two-moons",
        "spirals",
        "checkerboard",
        "u1",
        "u2",
        "u3",
        "u4",
    }
    for name in builtin.NAMES:
        source = builtin.source(name)
        found = source.inspect()
        data = store.prepare(source, found.suggested)
        assert (len(data), data.spec.kind, data.spec.classes) == (found.count, found.kind, found.classes)
        assert data.spec.source == f"builtin:{name}"
        assert store.known(builtin.source(name)) == data.spec
        assert len(found.thumbnails) in (1, 24)
        assert set(data.factors) == (set(sprites.FACTORS) if name == "sprites" else set())
        if data.factors:
            assert data.labels is not None
            assert np.array_equal(data.labels, data.factors["shape"])
    with pytest.raises(Unrecognised, match="digits"):
        builtin.source("nothing")


def test_digits_are_the_ones_of_uci() -> None:
    data = store.prepare(builtin.source("digits"))
    assert data.labels is not None
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.values.shape == (1797, 1, 8, 8)
    first = np.array([[0, 0, 5, 13, 9, 1, 0, 0], [0, 0, 13, 15, 10, 15, 5, 0]])  # as printed in scikit-learn's guide
    assert np.array_equal(data.values[0, 0, :2], np.rint(first * 255 / 16))


def test_sprites_are_the_same_each_time_and_their_factors_describe_them() -> None:
    images, factors = next(sprites.draw(400, seed=3, at_a_time=400))
    again = np.concatenate([block for block, _ in sprites.draw(400, seed=3, at_a_time=150)])
    assert np.array_equal(images, again)
    assert not np.array_equal(images, next(sprites.draw(400, seed=4, at_a_time=400))[0])
    assert set(factors) == set(sprites.FACTORS)
    lit = np.abs(images.astype(int) - sprites.GROUND).max(axis=3) > 40
    rows, columns = np.arange(32)[None, :, None] + 0.5, np.arange(32)[None, None, :] + 0.5
    area = lit.sum(axis=(1, 2))
    round_ones = factors["shape"] != sprites.SHAPES.index("heart")  # a heart's middle is not its centre of mass
    assert np.abs((lit * columns).sum(axis=(1, 2)) / area - factors["x"])[round_ones].max() < 0.6
    assert np.abs((lit * rows).sum(axis=(1, 2)) / area - factors["y"])[round_ones].max() < 0.6
    for kind in range(3):
        chosen = factors["shape"] == kind
        assert np.corrcoef(area[chosen], factors["size"][chosen] ** 2)[0, 1] > 0.99
    assert lit[:, 0].sum() + lit[:, -1].sum() + lit[:, :, 0].sum() + lit[:, :, -1].sum() < 40  # they stay inside


def test_a_sprite_turns_counter_clockwise_and_has_soft_edges() -> None:
    upright = {name: np.array([0.0]) for name in sprites.FACTORS} | {
        "shape": np.array([1.0]),
        "size": np.array([10.0]),
        "x": np.array([16.0]),
        "y": np.array([16.0]),
    }
    lying = sprites.render(upright)[0].max(axis=2) > 128
    assert np.ptp(np.nonzero(lying)[1]) > 1.5 * np.ptp(np.nonzero(lying)[0])
    turned = sprites.render(upright | {"rotation": np.array([np.pi / 4])})[0].max(axis=2) > 128
    rows, columns = np.nonzero(turned)
    assert np.corrcoef(-rows, columns)[0, 1] > 0.5  # y is down in the array: up and to the right
    assert len(np.unique(sprites.render(upright)[0, ..., 0])) > 8


@pytest.mark.parametrize("name", list(toys.TOYS))
def test_points_are_about_unit_scale_and_the_same_each_time(name: str) -> None:
    points, modes = toys.draw(name, 4000)
    assert np.array_equal(points, toys.draw(name, 4000)[0])
    assert not np.array_equal(points, toys.draw(name, 4000, seed=1)[0])
    assert len(np.unique(modes)) == max(1, len(toys.TOYS[name][2]))
    if name in POTENTIALS:  # where their paper has them
        return
    assert 0.6 < points.std() < 1.3
    assert np.abs(points.mean(axis=0)).max() < 0.3


def test_gaussians_have_the_modes_of_the_paper() -> None:
    points, modes = toys.draw("8gaussians")
    for mode in range(8):
        cluster = points[modes == mode]
        centre = np.array([np.cos(mode * np.pi / 4), np.sin(mode * np.pi / 4)]) * 2 / 1.414
        assert np.allclose(cluster.mean(axis=0), centre, atol=0.003)
        assert abs(cluster.std(axis=0).mean() - 0.02 / 1.414) < 0.001
    points, modes = toys.draw("25gaussians")
    assert np.allclose(points[modes == 13].mean(axis=0), np.array([0, 2]) / 2.828, atol=0.01)
    assert np.allclose(points[modes == 13].std(axis=0), 0.05 / 2.828, atol=0.001)


def test_the_checkerboard_fills_its_own_squares_only() -> None:
    points, _ = toys.draw("checkerboard")
    column, row = np.floor(points).astype(int).T
    assert ((column + row) % 2 == 0).all()
    assert len(np.unique(column * 10 + row)) == 8


def test_each_of_the_four_points_is_there_as_often_in_either_part() -> None:
    data = store.prepare(builtin.source("four-points"))
    assert (data.spec.kind, data.spec.shape, data.spec.held_out) == ("vectors", (4,), 200)
    assert data.labels is not None
    for part in (data.train, data.held_out):
        assert np.bincount(data.labels[part]).tolist() == [len(part) // 4] * 4
        assert np.array_equal(data.values[part] // 255, np.eye(4)[data.labels[part]])
