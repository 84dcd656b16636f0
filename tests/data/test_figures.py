from __future__ import annotations

import numpy as np
import pytest

from studio.data import builtin, figures, store
from studio.data.figures import people, poses
from studio.data.reading import Preparation
from studio.data.skeleton import BONES, PARTS, J, Joints, rescaled
from studio.data.watch import Watch


def some(count: int, size: tuple[int, int] = (64, 64), seed: int = 0) -> figures.Drawn:
    blocks = list(figures.draw(count, size, seed))
    return figures.Drawn(*(np.concatenate([getattr(b, name) for b in blocks]) for name in vars(blocks[0])))


def standing(size: int = 128) -> Joints:
    """Somebody who faces the viewer, arms a little out, legs apart."""
    places = {
        "nose": (0.5, 0.2),
        "neck": (0.5, 0.3),
        "right shoulder": (0.42, 0.31),
        "right elbow": (0.36, 0.41),
        "right wrist": (0.31, 0.51),
        "left shoulder": (0.58, 0.31),
        "left elbow": (0.64, 0.41),
        "left wrist": (0.69, 0.51),
        "right hip": (0.46, 0.53),
        "right knee": (0.43, 0.71),
        "right ankle": (0.41, 0.89),
        "left hip": (0.54, 0.53),
        "left knee": (0.57, 0.71),
        "left ankle": (0.59, 0.89),
        "right eye": (0.475, 0.175),
        "left eye": (0.525, 0.175),
        "right ear": (0.44, 0.19),
        "left ear": (0.56, 0.19),
    }
    joints = np.ones((18, 3), np.float32)
    for name, (x, y) in places.items():
        joints[J[name], :2] = x * size, y * size
    return joints


def test_the_same_seed_draws_the_same_people_however_many_at_once() -> None:
    few, more = some(40), some(450)
    for name, values in vars(few).items():
        assert np.array_equal(values, getattr(more, name)[:40])
    assert not np.array_equal(few.images, some(40, seed=1).images)
    assert np.array_equal(few.person, np.arange(40) // figures.POSES)


def test_a_pose_of_the_dataset_redrawn_is_its_picture() -> None:
    drawn = some(64, (64, 48))
    for i in range(64):
        image, parts = figures.redraw(i // figures.POSES, drawn.joints[i], (64, 48))
        assert np.array_equal(image, drawn.images[i])
        assert np.array_equal(parts, drawn.parts[i])


def test_poses_are_the_same_at_every_size() -> None:
    small, large = some(80).joints, some(80, (256, 256)).joints
    assert np.allclose(rescaled(small, (4, 4)), large, atol=0.02)
    assert np.array_equal(small[..., 2], large[..., 2])


def test_joints_lie_in_the_parts_that_they_end() -> None:
    """Of all people, but for what an arm hides; of one whom nothing hides, every one."""
    drawn = some(800)
    x, y = (np.clip(drawn.joints[..., i].astype(int), 0, 63) for i in (0, 1))
    seen = drawn.parts[np.arange(800)[:, None], y, x]
    known = drawn.joints[..., 2] > 0
    for name, joint in J.items():
        mine = [part for part, ends in BONES.items() if joint in ends] or ["head"]
        mine += ["torso"] if name.split()[-1] in ("neck", "shoulder", "hip") else []
        right = np.isin(seen[:, joint], [PARTS.index(part) for part in mine])[known[:, joint]]
        assert right.mean() > (0.8 if name == "neck" else 0.87), name
    pose = standing()
    for person in range(30):
        _, parts = figures.redraw(person, pose, (128, 128))
        shown = {name: PARTS[parts[int(pose[j, 1]), int(pose[j, 0])]] for name, j in J.items()}
        assert shown["nose"] == "head"
        assert shown["neck"] == "torso"
        for side in ("right", "left"):
            assert shown[f"{side} wrist"] == f"{side} forearm"
            assert shown[f"{side} ankle"] == f"{side} shin"
            assert shown[f"{side} shoulder"] in (f"{side} upper arm", "torso")


def test_masks_agree_with_the_picture_to_the_pixel() -> None:
    """What is no part of a body is what is there without anybody but for the soft edge; what is, is not."""
    nobody = np.zeros((18, 3), np.float32)
    for person in range(12):
        empty, none = figures.redraw(person, nobody, (128, 128))
        image, parts = figures.redraw(person, standing(), (128, 128))
        assert not none.any()
        assert set(np.unique(parts)) == set(range(len(PARTS)))
        away = np.abs(image.astype(int) - empty).max(axis=2)
        body = parts > 0
        near = np.zeros_like(body)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                near |= np.roll(body, (dy, dx), (0, 1))
        near[108:] = True  # the shadow on the ground
        assert away[~near].max() == 0
        assert (away[body] > 0).mean() > 0.97


def test_edges_are_soft() -> None:
    joints = standing(64)
    moved = joints.copy()
    moved[:, 0] += 0.25
    first, second = (figures.redraw(3, j)[0].astype(int) for j in (joints, moved))
    changed = np.abs(first - second)[..., 0]
    assert 0 < changed.max() < 128  # a quarter of a pixel to the right changes edges by about a quarter


def test_a_limb_follows_its_joint_and_leaves_the_rest() -> None:
    pose, raised = standing(), standing()
    raised[J["left elbow"], :2] = 96, 35
    raised[J["left wrist"], :2] = 100, 12
    before, before_parts = figures.redraw(7, pose, (128, 128))
    after, after_parts = figures.redraw(7, raised, (128, 128))
    forearm = PARTS.index("left forearm")
    assert (
        np.argwhere(before_parts == forearm)[:, 0].mean() > 50 > 30 > np.argwhere(after_parts == forearm)[:, 0].mean()
    )
    assert np.array_equal(before[:, :60], after[:, :60])


def test_missing_joints_take_their_limbs_along_and_nothing_else() -> None:
    pose = standing()
    pose[J["right wrist"]] = 0
    _, parts = figures.redraw(5, pose, (128, 128))
    assert not (parts == PARTS.index("right forearm")).any()
    assert (parts == PARTS.index("right upper arm")).any()
    cut = standing()
    cut[:, 1] += 30  # the knees are in the picture, the ankles are below it
    cut[cut[:, 1] > 128] = 0
    _, parts = figures.redraw(5, cut, (128, 128))
    assert (parts[-1] == PARTS.index("right shin")).any()  # it runs on out of the picture


def test_without_a_face_people_look_away() -> None:
    pose = standing()
    pose[[J["nose"], J["right eye"], J["left eye"]]] = 0
    bald = people.HAIR.index("bald")
    person = int(np.flatnonzero(people.everybody().hair != bald)[0])
    front, back = (figures.redraw(person, j, (128, 128))[0] for j in (standing(), pose))
    face = np.s_[20:32, 60:68]
    hair = people.everybody().hair_colour[person]
    assert np.abs(back[face] - hair).mean() < np.abs(front[face] - hair).mean()


def test_longer_limbs_and_a_larger_person_are_drawn_as_asked_for() -> None:
    long = standing()
    long[J["left ankle"], 1] += 10
    grown = figures.redraw(2, long, (128, 128))[1] == PARTS.index("left shin")
    plain = figures.redraw(2, standing(), (128, 128))[1] == PARTS.index("left shin")
    assert grown.sum() > plain.sum() * 1.15
    other = figures.redraw(2, long, (128, 128))[1] == PARTS.index("right shin")
    assert np.array_equal(other, figures.redraw(2, standing(), (128, 128))[1] == PARTS.index("right shin"))
    half = rescaled(standing(), (0.5, 0.5), (32, 50))
    small = (figures.redraw(2, half, (128, 128))[1] > 0).sum()
    assert small == pytest.approx((figures.redraw(2, standing(), (128, 128))[1] > 0).sum() / 4, rel=0.12)


def test_angles_keep_within_the_limits_of_joints() -> None:
    how = poses.draw(5000, np.random.default_rng(4))
    for name, (low, high) in poses.LIMITS.items():
        angles = getattr(how, name)
        assert angles.min() >= low, name
        assert angles.max() <= high, name


def test_the_lower_foot_stands_on_the_ground_unless_they_jump() -> None:
    who = people.everybody().take(np.arange(500))
    rng = np.random.default_rng(0)
    how = poses.draw(500, rng)
    joints = poses.placed(who, how, (64, 64), rng)
    ankles = joints[:, [J["right ankle"], J["left ankle"]]]
    whole = (ankles[..., 2] > 0).all(1)
    lowest = ankles[..., 1].max(1)[whole] / 64
    assert (lowest[how.lift[whole] == 0] > 0.88).all()
    assert (lowest < poses.GROUND + 1e-3).all()
    assert lowest[how.lift[whole] > 0].mean() < 0.9


def test_people_differ_in_body_clothes_hair_and_room() -> None:
    everybody = people.everybody()
    assert len(everybody.hair) == figures.PEOPLE
    for name, names in (("hair", people.HAIR), ("pattern", people.PATTERNS), ("bottom", people.BOTTOMS)):
        assert (np.bincount(getattr(everybody, name), minlength=len(names)) > 30).all()
    images = figures.some(24).astype(float)
    apart = np.abs(images[:, None] - images[None]).mean(axis=(2, 3, 4))
    assert apart[~np.eye(24, dtype=bool)].min() > 5


def test_the_dataset_is_drawn_at_the_size_that_is_asked_for_and_holds_out_whole_persons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(builtin.Figures, "count", 400)
    source = builtin.source("figures")
    data = store.prepare(source, Preparation((40, 32), held_out=0.2))
    assert data.values.shape == (400, 3, 40, 32)
    assert data.spec.carries == ("joints", "parts", "person")
    assert data.columns["parts"].shape == (400, 40, 32)
    held, trained = (set(data.columns["person"][rows].tolist()) for rows in (data.held_out, data.train))
    assert len(held) == 10
    assert not held & trained
    grey = next(iter(source.blocks(Preparation((32, 32), colour="grey"), Watch())))
    assert grey.values.shape[1:] == (1, 32, 32)


def test_there_is_nobody_beyond_the_last_person() -> None:
    with pytest.raises(IndexError, match="0 to 1249"):
        figures.redraw(figures.PEOPLE, standing())
