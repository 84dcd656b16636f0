"""Heat maps, discs, the pose mask and its loss: peaks, mirror images, missing joints, exact pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.data.skeleton import JOINTS, LIMBS, SWAPPED, J, mirrored
from studio.nn.pose import discs, distance, heat_maps, maps, mask, mask_l1, to_segment
from tests.nn.people import standing

SIZE = (64, 48)


def test_a_heat_map_is_float_and_peaks_at_its_joint_with_1() -> None:
    joints = standing(SIZE)
    joints[0, :, :2] = joints[0, :, :2].floor() + 0.5  # centres of pixels
    made = heat_maps(joints, SIZE, 1.5)
    assert made.shape == (1, len(JOINTS), *SIZE)
    assert made.dtype == torch.float32
    for joint in range(len(JOINTS)):
        x, y = (int(v) for v in joints[0, joint, :2])
        assert made[0, joint, y, x] == 1
        assert made[0, joint].max() == 1
        assert made[0, joint].argmax() == y * SIZE[1] + x
    assert ((made > 0) & (made < 1)).any(), "not rounded to 0 and 1"


def test_a_heat_map_falls_by_the_distance_to_a_joint_between_pixels() -> None:
    joints = torch.zeros(1, len(JOINTS), 3)
    joints[0, 0] = torch.tensor([20.2, 31.9, 1])
    made = heat_maps(joints, SIZE, 2.0)[0, 0]
    for x, y in ((20, 31), (25, 30), (0, 63)):
        d2 = (x + 0.5 - 20.2) ** 2 + (y + 0.5 - 31.9) ** 2
        assert float(made[y, x]) == pytest.approx(np.exp(-d2 / 8), abs=1e-6)


@pytest.mark.parametrize("kind", ["gaussian", "disc"])
def test_missing_joints_have_empty_maps(kind: str) -> None:
    joints = standing(SIZE)
    joints[:, J["left wrist"]] = 0
    made = maps(joints, SIZE, kind)  # type: ignore[arg-type]
    empty = [not m.any() for m in made[0]]
    assert empty == [name == "left wrist" for name in JOINTS]


@pytest.mark.parametrize("kind", ["gaussian", "disc"])
def test_maps_of_the_mirror_image_are_mirrored_maps_with_left_and_right_swapped(kind: str) -> None:
    joints = standing(SIZE)
    other = torch.from_numpy(mirrored(joints.numpy(), SIZE[1]))
    made = maps(other, SIZE, kind)  # type: ignore[arg-type]
    assert torch.allclose(made, maps(joints, SIZE, kind)[:, list(SWAPPED)].flip(3), atol=1e-4)  # type: ignore[arg-type]
    assert torch.equal(mask(other, SIZE), mask(joints, SIZE).flip(3))


def test_a_disc_covers_exactly_the_pixels_within_its_radius() -> None:
    joints = torch.zeros(1, len(JOINTS), 3)
    joints[0, 3] = torch.tensor([10.5, 12.5, 1])
    covered = {(int(x), int(y)) for y, x in discs(joints, SIZE, 2.0)[0, 3].nonzero()}
    expected = {(10 + dx, 12 + dy) for dx in range(-2, 3) for dy in range(-2, 3) if dx * dx + dy * dy <= 4}
    assert covered == expected
    assert len(expected) == 13
    assert not discs(joints, SIZE, 2.0)[0, :3].any()


def test_the_distance_to_a_line_is_that_of_its_nearest_point() -> None:
    a, b = torch.tensor([[4.0, 10.0]]), torch.tensor([[20.0, 22.0]])
    away = to_segment(a, b, SIZE)[0]
    steps = torch.linspace(0, 1, 2001).view(-1, 1)
    on = a + steps * (b - a)
    for x, y in ((0, 0), (12, 16), (40, 60), (21, 5)):
        at = torch.tensor([x + 0.5, y + 0.5])
        assert float(away[y, x]) == pytest.approx(float((on - at).norm(dim=1).min()), abs=1e-3)
    point = to_segment(a, a, SIZE)[0]
    assert float(point[10, 8]) == pytest.approx(float(torch.hypot(torch.tensor(4.5), torch.tensor(0.5))))


def test_a_line_without_one_of_its_joints_is_nowhere() -> None:
    joints = standing(SIZE)
    joints[:, J["left elbow"]] = 0
    assert torch.isinf(distance(joints, [(J["left shoulder"], J["left elbow"])], SIZE)).all()


def test_the_mask_covers_the_joints_and_the_limbs_between_them_and_no_corner() -> None:
    joints = standing(SIZE)
    made = mask(joints, SIZE)
    assert made.shape == (1, 1, *SIZE)
    assert set(made.unique().tolist()) == {0, 1}  # type: ignore[no-untyped-call]
    for a, b in LIMBS:
        middle = joints[0, [a, b], :2].mean(0)
        for x, y in (joints[0, a, :2], joints[0, b, :2], middle):
            assert made[0, 0, int(y), int(x)] == 1
    assert not made[..., :2, :2].any()
    assert 0.05 < made.mean() < 0.5


def test_the_mask_of_no_joints_is_empty() -> None:
    assert not mask(torch.zeros(2, len(JOINTS), 3), SIZE).any()


def test_the_mask_loss_is_plain_l1_without_a_mask_and_twice_that_within_it() -> None:
    made, real = _pictures(1), _pictures(2)
    plain = (made - real).abs().mean()
    nothing, all_of_it = torch.zeros(3, 1, *SIZE), torch.ones(3, 1, *SIZE)
    assert torch.equal(mask_l1(made, real, nothing), plain)
    assert torch.allclose(mask_l1(made, real, all_of_it), 2 * plain, rtol=1e-6)
    half = all_of_it.clone()
    half[:, :, : SIZE[0] // 2] = 0
    assert plain < mask_l1(made, real, half) < 2 * plain


def _pictures(seed: int) -> Tensor:
    return torch.rand(3, 3, *SIZE, generator=torch.Generator().manual_seed(seed)) * 2 - 1
