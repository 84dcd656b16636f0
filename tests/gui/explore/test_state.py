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
    from_plain,
)
from studio.models.core.latents import Part, Prior

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


def test_a_temperature_scales_all_that_is_drawn_by_seed_and_of_old_sessions_it_is_one(state: Latents) -> None:
    cool = beginning(Prior.of("normal", 8), temperature=0.5)
    np.testing.assert_allclose(cool.samples(), 0.5 * state.samples())
    np.testing.assert_allclose(cool.z, 0.5 * state.z)
    np.testing.assert_allclose(cool.pad.corners, 0.5 * state.pad.corners)
    np.testing.assert_allclose(cool.randomised(3, NONE).z, 0.5 * state.randomised(3, NONE).z)
    np.testing.assert_array_equal(cool.redrawn(temperature=1.0).samples(), state.samples())
    plain = as_plain(cool)
    del plain["temperature"]
    back = from_plain(plain)
    assert back is not None
    assert back.temperature == 1


def test_one_key_is_no_walk(state: Latents) -> None:
    assert len(Walk(state.samples()[:1]).path(Prior.of("normal", 8))) == 0


def test_a_state_survives_json(state: Latents) -> None:
    z = state.samples()
    full = replace(
        state.picked(4).moved("dim:1", 0.5, NONE).with_slot("B", z[:2]).with_lock("dim:1", True),
        walk=Walk(z[:3], "linear", 7, 12, False),
        truncation=1.5,
        temperature=0.75,
        dims=(1, 4),
    )
    back = from_plain(orjson.loads(orjson.dumps(as_plain(full))))
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
        {"prior": None},
        {"prior": [{"name": "noise"}]},
        {"prior": [3]},
        {"walk": {}},
        {"pad": None},
        {"locked": ["dim:99"]},
        {"count": None},
        {"temperature": float("nan")},
    ],
)
def test_a_damaged_state_counts_as_none(state: Latents, damage: dict[str, object]) -> None:
    assert from_plain({**as_plain(state), **damage}) is None


# --- a latent with parts

PARTS = Prior(
    (
        Part("noise", "normal", 4),
        Part("c1", "categorical", 3, "code"),
        Part("c2", "uniform", 1, "code"),
        Part("class", "categorical", 2, "class", ("cat", "dog")),
    )
)


@pytest.fixture
def parted() -> Latents:
    return beginning(PARTS)


def whole(z: np.ndarray) -> bool:
    """Whether every category has one value."""
    return all(sorted(z[w]) == [0.0] * (p.size - 1) + [1.0] for p, w in PARTS.placed() if p.kind == "categorical")


def test_a_latent_with_parts_begins_with_sliders_for_codes_then_noise(parted: Latents) -> None:
    assert parted.dims == (7, 0, 1, 2, 3)
    assert [c.name for c in parted.categories] == ["c1", "class"]
    assert whole(parted.z)


def test_a_category_is_chosen_whole_and_nothing_else_moves(parted: Latents) -> None:
    c1, kind = parted.categories
    blend = replace(parted, z=np.array([*parted.z[:4], 0.2, 0.5, 0.3, *parted.z[7:]], np.float32))
    new = blend.chosen(c1, 2)
    assert np.array_equal(new.z[4:7], [0, 0, 1])
    assert np.array_equal(np.delete(new.z, [4, 5, 6]), np.delete(blend.z, [4, 5, 6]))
    assert np.array_equal(new.chosen(kind, 1).z[8:], [0, 1])


def test_randomise_draws_whole_categories_and_leaves_locked_ones(parted: Latents) -> None:
    none = np.zeros((0, 10), np.float32)
    drawn = [parted.randomised(seed, none).z for seed in range(40)]
    assert all(whole(z) for z in drawn)
    assert {int(z[4:7].argmax()) for z in drawn} == {0, 1, 2}
    held = replace(parted, locked=frozenset({"cat:c1", "dim:2", "dim:7"}))
    drawn = [held.randomised(seed, none).z for seed in range(40)]
    assert all(whole(z) for z in drawn)
    assert all(np.array_equal(z[4:7], parted.z[4:7]) for z in drawn)
    assert all(z[[2, 7]] == pytest.approx(parted.z[[2, 7]], abs=1e-6) for z in drawn)
    assert {int(z[8:].argmax()) for z in drawn} == {0, 1}, "the other category goes on"


def test_sliders_move_beside_a_locked_category(parted: Latents) -> None:
    held = parted.with_lock("cat:c1", True).with_lock("dim:0", True)
    new = held.moved("dim:7", 1.5, np.zeros((0, 10), np.float32))
    assert new.z[7] == 1.5
    assert np.array_equal(np.delete(new.z, 7), np.delete(parted.z, 7))


def test_averages_have_the_category_of_most_picks_and_the_result_one_of_its_own(parted: Latents) -> None:
    def pick(c1: int, kind: int) -> np.ndarray:
        return parted.chosen(parted.categories[0], c1).chosen(parted.categories[1], kind).z

    state = parted.with_slot("A", np.stack([pick(1, 0), pick(2, 0), pick(1, 1)]))
    assert np.array_equal(state.averages()["A"][4:7], [0, 1, 0])
    state = state.with_slot("B", pick(1, 0)[None]).with_slot("C", pick(2, 1)[None])
    result = state.result()
    assert result is not None
    assert whole(result)
    assert np.array_equal(result[4:7], [0, 0, 1]), "what A and B share is gone"
    assert np.array_equal(result[8:], [0, 1]), "in doubt C decides"


def test_a_walk_between_two_categories_blends(parted: Latents) -> None:
    keys = np.stack([parted.chosen(parted.categories[0], v).z for v in (0, 2)])
    path = Walk(keys, frames=4, loop=False).path(PARTS)
    assert path[:, 4:7] == pytest.approx(np.array([[1 - t, 0, t] for t in (0, 0.25, 0.5, 0.75, 1)]), abs=1e-6)


def test_locked_categories_come_back_and_unknown_ones_do_not(parted: Latents) -> None:
    held = parted.with_lock("cat:class", True).with_lock("dim:7", True)
    again = from_plain(orjson.loads(orjson.dumps(as_plain(held))))
    assert again is not None
    assert again.locked == held.locked
    for wrong in ("cat:c9", "dim:5", "cat:noise"):
        assert from_plain({**as_plain(held), "locked": [wrong]}) is None
