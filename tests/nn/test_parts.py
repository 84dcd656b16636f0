"""Parts that a pose asks for, and the constraint that is made of them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from studio.data.skeleton import BONES, JOINTS, PARTS, PARTS_SWAPPED, UNKNOWN, J, mirrored, mirrored_parts
from studio.nn.parts import agreement, body_scale, parsing_loss, right, wanted
from tests.nn.people import standing

SIZE = (64, 64)


def test_the_middle_of_each_limb_is_that_limb_and_corners_are_background() -> None:
    joints = standing(SIZE)
    found = wanted(joints, SIZE)
    assert found.dtype == torch.uint8
    for name, (a, b) in BONES.items():
        x, y = joints[0, [a, b], :2].mean(0)
        assert found[0, int(y), int(x)] == PARTS.index(name)
    x, y = joints[0, [J["right shoulder"], J["left hip"]], :2].mean(0)
    assert found[0, int(y), int(x)] == PARTS.index("torso")
    x, y = joints[0, J["nose"], :2]
    assert found[0, int(y), int(x)] == PARTS.index("head")
    for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        assert found[0, row, column] == 0
    assert (found == UNKNOWN).any(), "around a limb it may be clothes or not"


def test_what_is_wanted_of_the_mirror_image_is_mirrored() -> None:
    joints = standing(SIZE)
    joints[0, J["right wrist"]] = torch.tensor([12.3, 8.9, 1])
    other = torch.from_numpy(mirrored(joints.numpy(), SIZE[1]))
    assert torch.equal(wanted(other, SIZE), torch.from_numpy(mirrored_parts(wanted(joints, SIZE).numpy())))


def test_a_limb_before_the_chest_is_left_unsaid() -> None:
    joints = standing(SIZE)
    joints[0, J["right elbow"]] = torch.tensor([30.0, 22, 1])
    joints[0, J["right wrist"]] = torch.tensor([32.0, 25, 1])
    assert wanted(joints, SIZE)[0, 23, 31] == UNKNOWN


def test_a_limb_with_a_missing_joint_is_not_wanted_and_could_be_where_else_would_be_background() -> None:
    joints = standing(SIZE)
    x, y = (int(v) for v in joints[0, J["left wrist"], :2] + torch.tensor([8, 1]))
    assert wanted(joints, SIZE)[0, y, x] == 0
    joints[:, J["left wrist"]] = 0
    found = wanted(joints, SIZE)
    assert not (found == PARTS.index("left forearm")).any()
    assert found[0, y, x] == UNKNOWN
    assert (found == PARTS.index("right forearm")).any()
    assert (wanted(torch.zeros(1, len(JOINTS), 3), SIZE) == UNKNOWN).all()


def test_the_scale_of_a_body_is_its_torso_and_survives_bending_over() -> None:
    joints = standing(SIZE)
    length = float(body_scale(joints))
    assert length == pytest.approx(0.28 * 64, rel=0.25)
    joints[0, J["neck"], 1] = joints[0, J["right hip"], 1] - 2  # bent towards the viewer: the torso looks short
    assert float(body_scale(joints)) > 0.6 * length
    assert float(body_scale(torch.zeros(1, len(JOINTS), 3))) == 0


def test_agreement_is_the_mean_over_parts_of_the_mean_log_probability() -> None:
    parts = torch.full((1, 4, 4), UNKNOWN, dtype=torch.uint8)
    parts[0, 0, :] = 0  # four pixels of background
    parts[0, 1, :2] = 2  # two of torso
    p = torch.full((1, len(PARTS), 4, 4), 0.05)
    p[0, 0, 0] = torch.tensor([0.5, 0.25, 1.0, 0.125])
    p[0, 2, 1, 0], p[0, 2, 1, 1] = 0.5, 0.25
    by_part, total = agreement(p.log(), parts)
    background = math.log(0.5 * 0.25 * 0.125) / 4
    torso = math.log(0.5 * 0.25) / 2
    assert float(by_part[0, 0]) == pytest.approx(background)
    assert float(by_part[0, 2]) == pytest.approx(torso)
    assert torch.isnan(by_part[0, [1, 3, 4]]).all()
    assert float(total) == pytest.approx((background + torso) / 2)


def test_agreement_is_best_with_the_right_parser_and_nothing_wanted_is_nothing_scored() -> None:
    found = wanted(standing(SIZE, 2), SIZE)
    sure = torch.zeros(2, len(PARTS), *SIZE).scatter_(1, found.clamp_max(10).long().unsqueeze(1), 30.0).log_softmax(1)
    assert agreement(sure, found)[1] == pytest.approx(torch.zeros(2), abs=1e-6)
    even = torch.full((2, len(PARTS), *SIZE), -math.log(len(PARTS)))
    assert agreement(even, found)[1] == pytest.approx(torch.full((2,), -math.log(len(PARTS))))
    assert agreement(sure, torch.full_like(found, UNKNOWN))[1].tolist() == [0, 0]


def test_agreement_of_the_mirror_image_is_the_same() -> None:
    parsed = torch.randn(1, len(PARTS), *SIZE, generator=torch.Generator().manual_seed(0)).log_softmax(1)
    joints = standing(SIZE)
    joints[0, J["right wrist"], 1] = 10
    other = torch.from_numpy(mirrored(joints.numpy(), SIZE[1]))
    turned = parsed[:, list(PARTS_SWAPPED)].flip(3)
    here, there = agreement(parsed, wanted(joints, SIZE))[1], agreement(turned, wanted(other, SIZE))[1]
    assert torch.allclose(here, there, atol=1e-5)


def test_agreement_pulls_each_part_equally_however_many_pixels_it_has() -> None:
    found = wanted(standing(SIZE), SIZE)
    logits = torch.zeros(1, len(PARTS), *SIZE, requires_grad=True)
    agreement(logits.log_softmax(1), found)[1].sum().backward()  # type: ignore[no-untyped-call]
    gradient = logits.grad
    assert isinstance(gradient, Tensor)
    assert torch.isfinite(gradient).all()
    assert not gradient[:, :, (found == UNKNOWN)[0]].any()
    there = sorted({int(part) for part in found.flatten()} - {UNKNOWN})
    for part in there:
        pull = gradient[0, part][found[0] == part].sum()
        assert float(pull) == pytest.approx((1 - 1 / len(PARTS)) / len(there), rel=1e-4)


def test_the_parser_is_taught_nothing_by_unknown_pixels() -> None:
    parts = torch.full((1, 2, 2), UNKNOWN, dtype=torch.uint8)
    logits = torch.randn(1, len(PARTS), 2, 2, requires_grad=True)
    assert parsing_loss(logits, parts) == 0
    parts[0, 0, 1] = 3
    loss = parsing_loss(logits, parts)
    assert float(loss.detach()) == pytest.approx(float(-logits.detach().log_softmax(1)[0, 3, 0, 1]))
    sure = torch.zeros(1, len(PARTS), 2, 2)
    sure[:, 3] = 1
    assert right(sure, parts) == 1
    assert right(-sure, parts) == 0
