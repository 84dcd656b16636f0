"""The state of the latent panel: arithmetic that holds whatever the window does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import orjson
import pytest

from studio.explore import latents
from studio.gui.explore.state import (
    Latents,
    Pad,
    Walk,
    as_plain,
    beginning,
    constrained,
    corners,
    dimensions_text,
    from_plain,
    parse_dimensions,
)
from studio.models.core.latents import Prior

NONE = np.zeros((0, 8), np.float32)


@pytest.fixture
def state() -> Latents:
    return beginning(Prior.of("normal", 8))


def _directions() -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0][:3].astype(np.float32)


def test_a_dimension_moves_alone(state: Latents) -> None:
    new = state.moved("dim:3", 1.25, NONE)
    assert new.z[3] == pytest.approx(1.25)
    rest = [i for i in range(8) if i != 3]
    assert np.array_equal(new.z[rest], state.z[rest])
    assert new.edited
    assert not state.edited


def test_a_direction_moves_along_itself_alone(state: Latents) -> None:
    rows = _directions()
    new = state.moved("dir:1", 2.0, rows)
    assert rows @ new.z == pytest.approx([rows[0] @ state.z, 2.0, rows[2] @ state.z], abs=1e-5)
    across = new.z - state.z
    assert np.allclose(across - (across @ rows[1]) * rows[1], 0, atol=1e-5)


def test_locked_coordinates_stay_when_another_slider_moves(state: Latents) -> None:
    rows = _directions()
    held = state.with_lock("dim:2", True).with_lock("dir:0", True)
    new = held.moved("dir:1", 1.5, rows)
    assert new.z[2] == pytest.approx(state.z[2], abs=1e-5)
    assert rows[0] @ new.z == pytest.approx(rows[0] @ state.z, abs=1e-5)
    assert rows[1] @ new.z == pytest.approx(1.5, abs=1e-5)


def test_randomise_keeps_what_is_locked_and_moves_the_rest(state: Latents) -> None:
    rows = _directions()
    held = state.with_lock("dim:5", True).with_lock("dir:2", True)
    new = held.randomised(99, rows)
    assert new.z[5] == pytest.approx(state.z[5], abs=1e-5)
    assert rows[2] @ new.z == pytest.approx(rows[2] @ state.z, abs=1e-5)
    assert np.abs(np.delete(new.z - state.z, 5)).min() > 1e-3
    assert np.array_equal(state.randomised(99, rows).z, latents.draw(Prior.of("normal", 8), 1, 99)[0])


def test_constrained_is_the_nearest_point_that_fulfils() -> None:
    rows = np.array([[1.0, 0, 0], [1, 1, 0], [2, 1, 0]])  # the last one depends on the others
    found = constrained(np.array([0.0, 0, 7]), rows, np.array([1.0, 3, 4]))
    assert found == pytest.approx([1, 2, 7])


def test_an_unedited_pick_follows_a_new_seed_and_an_edited_one_stays(state: Latents) -> None:
    followed = state.picked(5).redrawn(seed=7)
    assert np.array_equal(followed.z, latents.draw(Prior.of("normal", 8), 64, 7)[5])
    edited = state.picked(5).moved("dim:0", 2.0, NONE)
    kept = edited.redrawn(seed=7)
    assert np.array_equal(kept.z, edited.z)
    assert kept.pick is None
    assert kept.name == "sample 6 of seed 0"


def test_fewer_samples_than_the_pick_take_the_last_one(state: Latents) -> None:
    assert state.picked(60).redrawn(count=10).pick == 9


def test_truncation_changes_the_drawn_latents_smoothly(state: Latents) -> None:
    bounds = np.linspace(0.2, 4.0, 96)
    drawn = np.stack([state.redrawn(truncation=float(b)).samples() for b in bounds])
    assert all(np.abs(z).max() <= b + 1e-5 for z, b in zip(drawn, bounds, strict=True))
    assert np.abs(np.diff(drawn, axis=0)).max() < 0.06, "no jump from one bound to the next"
    assert np.abs(drawn[-1] - state.samples()).max() < 0.3, "and none at the end, where it is off"
    assert state.redrawn(truncation=1.0).redrawn(truncation=None).truncation is None


def test_result_is_of_the_averages(state: Latents) -> None:
    z = state.samples()
    full = state.with_slot("A", z[:3]).with_slot("B", z[3:5]).with_slot("C", z[5:6])
    result = full.result()
    assert result is not None
    assert np.allclose(result, z[:3].mean(0) - z[3:5].mean(0) + z[5], atol=1e-6)
    assert state.with_slot("A", z[:3]).result() is None


def test_a_pad_is_its_seeds_at_the_corners() -> None:
    for side in (2, 3):
        seeds = corners(Prior.of("normal", 8), side, 3)
        pad = Pad(seeds, side)
        ends = [i / (side - 1) for i in range(side)]
        found = [pad.latent(Prior.of("normal", 8), (x, y)) for y in ends for x in ends]
        assert np.allclose(found, seeds, atol=1e-5)
        tiles = pad.tiles(5, Prior.of("normal", 8))
        assert tiles.shape == (25, 8)
        assert np.allclose(tiles[[0, 4, 20, 24]], seeds[[0, side - 1, -side, -1]], atol=1e-5)


def test_a_spherical_walk_keeps_the_length_between_keys_of_one_length(state: Latents) -> None:
    a, b = np.eye(8, dtype=np.float32)[:2] * 2
    path = Walk(np.stack([a, b]), "spherical", frames=10, loop=False).path(Prior.of("normal", 8))
    assert np.allclose(np.linalg.norm(path, axis=1), 2, atol=1e-5)
    assert np.allclose(path[[0, -1]], [a, b], atol=1e-6)
    straight = Walk(np.stack([a, b]), "linear", frames=10, loop=False).path(Prior.of("normal", 8))
    assert np.linalg.norm(straight[5]) == pytest.approx(2**0.5, abs=1e-5)


def test_one_key_is_no_walk(state: Latents) -> None:
    assert len(Walk(state.samples()[:1]).path(Prior.of("normal", 8))) == 0


def test_a_state_survives_json(state: Latents) -> None:
    z = state.samples()
    full = replace(
        state.picked(4).moved("dim:1", 0.5, NONE).with_slot("B", z[:2]).with_lock("dim:1", True),
        walk=Walk(z[:3], "linear", 7, 12, False),
        truncation=1.5,
        dims=(1, 4),
    )
    back = from_plain(orjson.loads(orjson.dumps(as_plain(full))), Prior.of("normal", 8))
    assert back is not None
    assert orjson.dumps(as_plain(back)) == orjson.dumps(as_plain(full))
    assert np.array_equal(back.z, full.z)


@pytest.mark.parametrize(
    "damage",
    [
        {"z": [1.0]},
        {"z": ["x"] * 8},
        {"z": [float("nan")] * 8},
        {"prior": "uniform"},
        {"walk": {}},
        {"pad": None},
        {"locked": ["dim:99"]},
        {"count": None},
    ],
)
def test_a_damaged_state_counts_as_none(state: Latents, damage: dict[str, object]) -> None:
    assert from_plain({**as_plain(state), **damage}, Prior.of("normal", 8)) is None


def test_dimensions_are_read_as_people_write_them() -> None:
    assert parse_dimensions("0-2, 5; 7–7", 8) == (0, 1, 2, 5, 7)
    assert dimensions_text((0, 1, 2, 5, 7)) == "0–2, 5, 7"
    assert parse_dimensions(dimensions_text((3, 1, 2)), 8) == (3, 1, 2)


@pytest.mark.parametrize("text", ["8", "3-1", "a", "1-2-3", "-1"])
def test_what_is_no_dimension_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="dimension"):
        parse_dimensions(text, 8)
