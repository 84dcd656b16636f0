"""Poses by hand: lengths are kept to 1e-4 px, chains reach what they can, films end where their keyframes are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from studio.data.skeleton import JOINTS, PARENTS, SWAPPED, J, Joints, mirrored
from studio.explore import pose
from studio.explore.pose import BENDS, ROOT, below, known, lengths, moved
from studio.explore.pose_bodies import PRESETS, fitted, height_of, including, preset, standing
from studio.explore.pose_films import between, frames, place_at, pose_at, seconds_of

CLOSE = 1e-4


def person(seed: int = 0, missing: tuple[str, ...] = ()) -> Joints:
    """Somebody in a pose of their own, in 64 px."""
    random = np.random.default_rng(seed)
    like = np.zeros((18, 3), np.float32)
    like[[ROOT, J["right hip"], J["left hip"]]] = (32, 18, 1), (28, 34, 1), (36, 34, 1)
    made = standing(like)
    made[:, :2] += random.normal(0, 2.0, (18, 2)).astype(np.float32)
    for name in missing:
        made[J[name]] = 0
    return made


def apart(a: Joints, b: Joints) -> npt.NDArray[np.float64]:
    gone: npt.NDArray[np.float64] = np.abs(a.astype(np.float64) - b).max(axis=-1)
    return gone


@pytest.mark.parametrize("joint", range(18), ids=JOINTS)
@pytest.mark.parametrize("missing", [(), ("right elbow",), ("neck",), ("nose", "left hip")])
def test_a_joint_that_is_dragged_keeps_every_limbs_length(joint: int, missing: tuple[str, ...]) -> None:
    for seed in range(5):
        before = person(seed, missing)
        if not known(before)[joint]:
            continue
        goal = np.random.default_rng(100 + seed).uniform(0, 64, 2)
        after = moved(before, joint, (goal[0], goal[1]))
        there = np.isfinite(lengths(before))
        assert np.array_equal(known(before), known(after))
        assert np.abs(lengths(before) - lengths(after))[there].max() < CLOSE


@pytest.mark.parametrize("end", BENDS)
@pytest.mark.parametrize("flip", [False, True])
def test_a_wrist_or_an_ankle_goes_just_where_it_is_asked_to_within_reach(end: int, flip: bool) -> None:
    middle, start = BENDS[end]
    for seed in range(20):
        before = person(seed)
        upper, lower = lengths(before)[[middle, end]]
        random = np.random.default_rng(seed)
        far = random.uniform(abs(upper - lower) + 0.01, upper + lower - 0.01)
        turn = random.uniform(0, 2 * np.pi)
        x, y = before[start, :2] + far * np.array([np.cos(turn), np.sin(turn)])
        after = moved(before, end, (float(x), float(y)), flip=flip)
        assert np.hypot(after[end, 0] - x, after[end, 1] - y) < CLOSE
        assert apart(before, after)[start] == 0
        others = [j for j in range(18) if j not in (end, middle)]
        assert apart(before, after)[others].max() == 0


def test_beyond_its_reach_an_arm_is_stretched_towards_the_hand() -> None:
    before = person()
    end = J["right wrist"]
    middle, start = BENDS[end]
    after = moved(before, end, (-200.0, 18.0)).astype(np.float64)
    whole = lengths(before)[[middle, end]].sum()
    assert np.hypot(*(after[end] - after[start])[:2]) == pytest.approx(whole, abs=CLOSE)
    way = np.array([-200.0, 18.0]) - after[start, :2]
    arm = after[end, :2] - after[start, :2]
    assert np.dot(way, arm) / np.hypot(*way) / np.hypot(*arm) == pytest.approx(1.0, abs=1e-6)


def side_of(joints: Joints, end: int) -> float:
    middle, start = BENDS[end]
    a, b, c = (joints[j, :2].astype(np.float64) for j in (start, middle, end))
    return float(np.sign((c - a)[0] * (b - a)[1] - (c - a)[1] * (b - a)[0]))


@pytest.mark.parametrize("end", BENDS)
def test_an_elbow_stays_on_its_side_and_flips_to_the_other(end: int) -> None:
    before = person(3)
    place = before[end, :2] + np.array([0.5, -3.0])
    goal = float(place[0]), float(place[1])
    assert side_of(moved(before, end, goal), end) == side_of(before, end)
    assert side_of(moved(before, end, goal, flip=True), end) == -side_of(before, end)


def test_flipping_twice_is_the_identity() -> None:
    before = person(4)
    for end in BENDS:
        place = float(before[end, 0]), float(before[end, 1])
        once = moved(before, end, place, flip=True)
        assert apart(before, moved(once, end, place, flip=True)).max() < 1e-3


def test_a_straight_arm_bends_down_and_straight_legs_bend_outwards() -> None:
    before = preset("T-pose", person())
    for side in ("right", "left"):
        wrist, shoulder = J[f"{side} wrist"], J[f"{side} shoulder"]
        half = (before[wrist, :2] + before[shoulder, :2]) / 2
        after = moved(before, wrist, (float(half[0]), float(half[1])))
        assert after[J[f"{side} elbow"], 1] > half[1] + 1
    neck = before[ROOT, 0]
    for side, out in (("right", -1), ("left", 1)):
        hip, ankle, knee = (J[f"{side} {n}"] for n in ("hip", "ankle", "knee"))
        straight = before.copy()
        straight[knee, :2] = straight[hip, :2] + (0, 10)
        straight[ankle, :2] = straight[hip, :2] + (0, 20)
        after = moved(straight, ankle, (float(straight[hip, 0]), float(straight[hip, 1] + 12)))
        assert (after[knee, 0] - neck) * out > (straight[hip, 0] - neck) * out + 1


def test_a_chain_survives_a_goal_on_its_own_root_and_bones_of_no_length() -> None:
    before = person()
    end = J["left ankle"]
    middle, start = BENDS[end]
    at_root = moved(before, end, (float(before[start, 0]), float(before[start, 1])))
    assert np.isfinite(at_root).all()
    assert np.nanmax(np.abs(lengths(before) - lengths(at_root))) < CLOSE
    folded = before.copy()
    folded[middle] = folded[start]
    folded[end] = folded[start]
    assert np.isfinite(moved(folded, end, (10.0, 10.0))).all()


def test_the_neck_carries_everything_along() -> None:
    before = person()
    after = moved(before, ROOT, (float(before[ROOT, 0]) + 3, float(before[ROOT, 1]) - 2))
    assert np.allclose(after[:, :2] - before[:, :2], (3, -2), atol=CLOSE)


def test_what_hangs_from_a_joint_turns_with_it() -> None:
    before = person()
    elbow, shoulder = J["right elbow"], J["right shoulder"]
    after = moved(before, elbow, (0.0, float(before[shoulder, 1])))
    assert after[elbow, 1] == pytest.approx(before[shoulder, 1], abs=CLOSE)
    bend = [
        np.subtract(*[np.arctan2(*(j[b] - j[a])[1::-1]) for a, b in ((shoulder, elbow), (elbow, J["right wrist"]))])
        for j in (before.astype(np.float64), after.astype(np.float64))
    ]
    assert (bend[0] - bend[1]) % (2 * np.pi) in (pytest.approx(0, abs=1e-4), pytest.approx(2 * np.pi, abs=1e-4))


def test_free_the_joint_alone_moves_and_goes_just_there() -> None:
    before = person()
    for joint in set(range(18)) - {ROOT}:
        after = moved(before, joint, (5.0, 6.0), keep=False)
        assert tuple(after[joint]) == (5.0, 6.0, 1.0)
        assert apart(before, after)[[j for j in range(18) if j != joint]].max() == 0


def test_a_missing_joint_cannot_be_dragged() -> None:
    with pytest.raises(ValueError, match="missing"):
        moved(person(missing=("nose",)), J["nose"], (1.0, 1.0))


def test_nothing_changes_what_it_is_given() -> None:
    before = person()
    kept = before.copy()
    moved(before, 4, (1.0, 1.0))
    pose.scaled(before, 2.0)
    pose.shifted(before, 1.0, 1.0)
    pose.without(before, 3)
    between(before, mirrored(before, 64), 0.5)
    assert np.array_equal(before, kept)


def test_mirroring_twice_is_the_identity_and_swaps_sides_once() -> None:
    before = person(missing=("left ear",))
    once = mirrored(before, 64)
    assert np.array_equal(known(once), known(before)[list(SWAPPED)])
    assert apart(before, mirrored(once, 64)).max() < CLOSE


def test_scaling_multiplies_every_length_and_keeps_the_middle() -> None:
    before = person()
    after = pose.scaled(before, 1.5)
    assert np.nanmax(np.abs(lengths(after) - 1.5 * lengths(before))) < CLOSE
    assert pose.centre(after) == pytest.approx(pose.centre(before), abs=CLOSE)
    about = pose.scaled(before, 0.5, (0.0, 0.0))
    assert np.allclose(about[:, :2], before[:, :2] / 2, atol=CLOSE)


def test_a_pose_is_brought_into_the_picture_whole_and_smaller_only_where_it_must() -> None:
    out = pose.shifted(person(), 40, -30)
    back = pose.brought_in(out, 64, 64)
    assert pose.inside(back, 64, 64).all()
    assert np.nanmax(np.abs(lengths(back) - lengths(out))) < CLOSE
    giant = pose.brought_in(pose.scaled(person(), 4), 64, 64)
    assert pose.inside(giant, 64.001, 64.001).all()
    ratios = lengths(giant) / lengths(person())
    assert np.nanstd(ratios) < 1e-3
    fine = person()
    assert np.array_equal(pose.brought_in(fine, 64, 64), fine) == bool(pose.inside(fine, 64, 64).all())


def test_each_joint_alone_is_clamped_to_the_edge() -> None:
    out = pose.clamped(pose.shifted(person(), 40, -30), 64, 48)
    assert pose.inside(out, 64, 48).all()


def test_missing_joints_stay_missing_and_at_zero_whatever_is_done() -> None:
    before = person(missing=("right knee", "left eye"))
    gone = [J["right knee"], J["left eye"]]
    done = [moved(before, ROOT, (0.0, 0.0)), pose.scaled(before, 3), pose.shifted(before, 9, 9)]
    done += [moved(before, J["right ankle"], (3.0, 60.0)), pose.brought_in(pose.shifted(before, 99, 0), 64, 64)]
    for after in done:
        assert not after[gone].any()


def test_a_hidden_joint_comes_back_where_it_was_and_moves_with_its_limb() -> None:
    before = person()
    wrist = J["left wrist"]
    hidden = pose.without(before, wrist)
    assert not hidden[wrist].any()
    assert apart(including(hidden, wrist, before), before).max() < CLOSE
    shifted = pose.shifted(hidden, 5, -4)
    assert apart(including(shifted, wrist, before), pose.shifted(before, 5, -4)).max() < CLOSE
    assert np.array_equal(including(before, wrist), before)


def test_a_joint_that_nobody_has_seen_comes_where_a_standing_body_has_it() -> None:
    before = person(missing=("left ankle", "left knee"))
    after = including(before, J["left knee"])
    assert known(after)[J["left knee"]]
    assert not known(after)[J["left ankle"]]
    assert after[J["left knee"], 1] > before[J["left hip"], 1] + 5
    neckless = including(person(missing=("neck",)), ROOT)
    assert np.hypot(*(neckless[ROOT] - person()[ROOT])[:2]) < 12


# --- bodies


@pytest.mark.parametrize("name", PRESETS)
def test_poses_by_name_have_the_persons_own_limbs_and_neck(name: str) -> None:
    like = person(2)
    made = preset(name, like)
    assert known(made).all()
    assert np.allclose(made[ROOT], like[ROOT], atol=CLOSE)
    own = lengths(like)
    longer = np.fmax(own, own[list(SWAPPED)])
    there = [j for j, parent in enumerate(PARENTS) if parent >= 0]
    assert np.abs(lengths(made) - longer)[there].max() < CLOSE


def test_a_t_pose_stretches_both_arms_level() -> None:
    made = preset("T-pose", person())
    for side in ("right", "left"):
        assert made[J[f"{side} wrist"], 1] == pytest.approx(made[J[f"{side} shoulder"], 1], abs=CLOSE)
    assert made[J["right wrist"], 0] < made[J["neck"], 0] < made[J["left wrist"], 0]


def test_a_pose_by_name_of_a_person_whose_legs_nobody_saw_has_legs() -> None:
    made = preset("Standing", person(missing=("right knee", "right ankle", "left knee", "left ankle")))
    assert made[J["right ankle"], 1] > made[J["right hip"], 1] + 10
    with pytest.raises(KeyError):
        preset("no such pose", made)


def test_fitting_to_a_person_takes_their_place_and_size() -> None:
    like, other = person(), pose.shifted(pose.scaled(person(7), 1.8), 20, 5)
    out = fitted(other, like)
    assert np.allclose(out[ROOT], like[ROOT], atol=CLOSE)
    assert height_of(out) == pytest.approx(height_of(like), rel=1e-4)
    ratios = lengths(out) / lengths(other)
    assert np.nanstd(ratios) < 1e-5


def test_fitting_to_a_persons_limbs_keeps_the_angles_of_the_pose() -> None:
    like, other = person(), pose.scaled(person(7), 1.8)
    out = fitted(other, like, limbs=True)
    own = lengths(like)
    assert np.nanmax(np.abs(lengths(out) - np.fmax(own, own[list(SWAPPED)]))) < CLOSE
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            ways = [j[joint, :2].astype(np.float64) - j[parent, :2] for j in (other, out)]
            cosine = np.dot(*ways) / np.hypot(*ways[0]) / np.hypot(*ways[1])
            assert cosine == pytest.approx(1, abs=1e-6)


# --- films


def test_interpolation_ends_at_its_ends() -> None:
    a, b = person(0), person(1, missing=("nose",))
    assert np.array_equal(between(a, b, 0.0), a)
    assert np.array_equal(between(a, b, 1.0), b)


def test_in_between_limbs_have_lengths_between_and_do_not_shrink() -> None:
    a, b = preset("Arms up", person(1)), preset("Standing", person(1))
    for t in np.linspace(0, 1, 11):
        middle = between(a, b, float(t))
        assert np.nanmax(np.abs(lengths(middle) - ((1 - t) * lengths(a) + t * lengths(b)))) < CLOSE


def test_angles_go_the_shorter_way_round() -> None:
    a, b = preset("Standing", person()), preset("Standing", person())
    elbow, shoulder = J["left elbow"], J["left shoulder"]
    for joints, degrees in ((a, 170.0), (b, -170.0)):
        turn = np.deg2rad(degrees)
        joints[elbow, :2] = joints[shoulder, :2] + 10 * np.array([np.cos(turn), np.sin(turn)])
    middle = between(a, b, 0.5)
    assert middle[elbow, 0] == pytest.approx(a[shoulder, 0] - 10, abs=1e-3)
    assert middle[elbow, 1] == pytest.approx(a[shoulder, 1], abs=1e-3)


def test_a_joint_that_one_end_lacks_is_carried_along_in_the_other_ones_half() -> None:
    a, b = person(0), pose.shifted(person(0, missing=("left wrist", "left elbow")), 10, 0)
    early, late = between(a, b, 0.3), between(a, b, 0.7)
    wrist, elbow = J["left wrist"], J["left elbow"]
    assert known(early)[[wrist, elbow]].all()
    assert not known(late)[[wrist, elbow]].any()
    assert np.allclose(early[wrist, :2], a[wrist, :2] + (3, 0), atol=1e-3)
    assert lengths(early)[wrist] == pytest.approx(lengths(a)[wrist], abs=CLOSE)


def test_films_pass_through_their_keyframes_at_their_times() -> None:
    poses, seconds = [person(s) for s in range(3)], [1.0, 0.5, 2.0]
    assert seconds_of(seconds, loop=False) == 1.5
    assert seconds_of(seconds, loop=True) == 3.5
    assert seconds_of(seconds[:1], loop=True) == 0
    for at, expected in ((0.0, 0), (1.0, 1), (1.5, 2)):
        for loop in (False, True):
            assert apart(pose_at(poses, seconds, at, loop=loop), poses[expected]).max() < CLOSE
    assert np.array_equal(pose_at(poses, seconds, 99.0, loop=False), poses[2])
    assert apart(pose_at(poses, seconds, 3.5 + 1.0, loop=True), poses[1]).max() < CLOSE
    assert place_at(seconds, 2.5, loop=True) == (2, 0.5)
    with pytest.raises(ValueError, match="keyframe"):
        pose_at([], [], 0.0, loop=False)


def test_frames_of_an_open_film_end_with_the_last_pose_those_of_a_closed_one_do_not_repeat_the_first() -> None:
    poses, seconds = [person(0), person(1)], [1.0, 1.0]
    opened, closed = (frames(poses, seconds, 10, loop=loop) for loop in (False, True))
    assert len(opened) == 11
    assert np.array_equal(opened[-1], poses[1])
    assert len(closed) == 20
    assert apart(closed[10], poses[1]).max() < CLOSE
    assert apart(closed[-1], poses[0]).max() > 0
    assert len(frames(poses[:1], seconds[:1], 25, loop=True)) == 1


def test_every_joint_hangs_from_the_neck_in_order() -> None:
    order = below(ROOT)
    assert sorted(order) == list(range(18))
    assert all(order.index(PARENTS[j]) < order.index(j) for j in order if j != ROOT)
