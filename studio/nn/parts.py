"""What a pose says of the parts of a body in the picture, and how well a parsed picture agrees with it.

The constraint function of pose-guided generation (Hu et al. 2018, arXiv:1806.09764, section 4.1: the parsed parts of
the made picture against those that are wanted), from joints alone, so that any pose that a person drags has one.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from studio.data.skeleton import BONES, JOINTS, LIMBS, PARENTS, PARTS, PARTS_SWAPPED, UNKNOWN, J
from studio.nn.pose import Size, distance, pixels, to_segment

_FACE = [J[name] for name in ("nose", "right eye", "left eye", "right ear", "left ear")]
_CORNERS = [J[name] for name in ("right shoulder", "left shoulder", "left hip", "right hip")]
_USUAL = {
    "shoulder": 0.38,
    "elbow": 0.6,
    "wrist": 0.5,
    "hip": 1.05,
    "knee": 0.85,
    "ankle": 0.85,
    "nose": 0.45,
    "eye": 0.12,
    "ear": 0.2,
}
"""Length of the line to a joint from the one that it hangs from, of the torso's (neck to the middle of the hips)."""
_LENGTHS = [_USUAL[name.split()[-1]] if name != "neck" else 1.0 for name in JOINTS]

_SURE = {"upper arm": (0.3, 0.6), "forearm": (0.15, 1.0), "thigh": (0.35, 0.75), "shin": (0.2, 1.0)}
"""From where to where a limb is surely itself, of its length: no torso any more, and not yet what is drawn over it."""

CORE = 0.055
"""Half the width of what is surely a limb, of the torso's length,"""
REACH = 0.4
"""and how far from the skeleton everything is surely background."""


def mirrored_parts(parts: Tensor) -> Tensor:
    """Maps of parts uint8 N×H×W as a mirror shows them: left and right change places, in the picture and in name."""
    table = torch.arange(256, dtype=torch.uint8, device=parts.device)
    table[: len(PARTS_SWAPPED)] = torch.tensor(PARTS_SWAPPED, dtype=torch.uint8)
    return table[parts.flip(2).long()]


def body_scale(joints: Tensor) -> Tensor:
    """The length of a person's torso in px, B, as their longest line beside the usual lengths tells it (a line that
    points at the viewer looks short, none looks long); 0 where no line is known."""
    hips = joints[:, [J["right hip"], J["left hip"]]]
    known = hips[:, :, 2].prod(1) * joints[:, J["neck"], 2]
    found = [known * torch.linalg.vector_norm(hips[:, :, :2].mean(1) - joints[:, J["neck"], :2], dim=1)]
    for a, b in BONES.values():
        both = joints[:, a, 2] * joints[:, b, 2]
        found.append(both * torch.linalg.vector_norm(joints[:, a, :2] - joints[:, b, :2], dim=1) / _LENGTHS[b])
    return torch.stack(found).amax(0)


def wanted(joints: Tensor, size: Size) -> Tensor:
    """The parts that poses ask for, uint8 B×H×W: numbers of :data:`~studio.data.skeleton.PARTS`, and
    :data:`~studio.data.skeleton.UNKNOWN` where a pose does not say.

    Along the middle of each limb is surely that limb, inside the shoulders and hips the torso, about the face the
    head; far from every line, and from where limbs with missing joints could be, is background. Where two of these
    meet (an arm before the chest) a skeleton does not say which is in front.
    """
    s = body_scale(joints).view(-1, 1, 1)
    names: list[str] = []
    claims: list[Tensor] = []
    for name, (a, b) in BONES.items():
        names.append(name)
        claims.append(_limb(joints, a, b, _SURE[name.split(" ", 1)[1]], size) <= (CORE * s).clamp_min(0.71))
    names.append("torso")
    claims.append(_torso(joints, s, size))
    names.append("head")
    claims.append(_head(joints, s, size))
    many = torch.stack(claims).sum(0)
    found = torch.full((len(joints), *size), UNKNOWN, dtype=torch.uint8, device=joints.device)
    for name, claim in zip(names, claims, strict=True):
        found[claim & (many == 1)] = PARTS.index(name)
    found[_background(joints, s, size) & (many == 0)] = 0
    return found


def agreement(parsed: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """How well parsed parts agree with a pose: by part, and in total, the constraint f.

    Args:
        parsed: log-probabilities B×P×H×W of each part at each pixel.
        wanted: uint8 B×H×W, as :func:`wanted` has it.

    Returns:
        By part B×P, the mean of log p(part) over the pixels where it is wanted, in nats per pixel, ≤ 0; NaN for a part
        that is wanted nowhere. And f, B: their mean over the parts that are wanted somewhere, of which the background
        is one; 0 where nothing is.
    """
    at = (wanted.unsqueeze(1) == torch.arange(parsed.shape[1], device=wanted.device).view(1, -1, 1, 1)).float()
    count = at.sum((2, 3))
    mean = (parsed.float() * at).sum((2, 3)) / count.clamp_min(1)
    there = count > 0
    total = mean.sum(1) / there.sum(1).clamp_min(1)
    return torch.where(there, mean, torch.nan), total


def parsing_loss(logits: Tensor, parts: Tensor) -> Tensor:
    """Cross-entropy per pixel, in nats, of logits B×P×H×W against parts B×H×W, whose unknown pixels count for
    nothing; 0 where none is known."""
    known = (parts != UNKNOWN).sum()
    summed = cross_entropy(logits.float(), parts.long(), ignore_index=UNKNOWN, reduction="sum")
    return summed / known.clamp_min(1)


def right(parsed: Tensor, parts: Tensor) -> Tensor:
    """The share of the known pixels whose likeliest part is the true one, a scalar 0..1."""
    known = parts != UNKNOWN
    return ((parsed.argmax(1) == parts) & known).sum() / known.sum().clamp_min(1)


def _limb(joints: Tensor, a: int, b: int, sure: tuple[float, float], size: Size) -> Tensor:
    """From each pixel to the line between two joints, to this stretch of it; infinite where one is missing."""
    known = joints[:, a, 2] * joints[:, b, 2] > 0
    ends = [torch.lerp(joints[:, a, :2], joints[:, b, :2], at) for at in sure]
    away = to_segment(ends[0], ends[1], size)
    return torch.where(known.view(-1, 1, 1), away, torch.inf)


def _torso(joints: Tensor, s: Tensor, size: Size) -> Tensor:
    """Inside of what shoulders and hips span, a little drawn in, and along its middle, which is all that is left of it
    from the side; bool B×H×W."""
    corners = joints[:, _CORNERS]
    middle = corners[..., :2].mean(1, keepdim=True)
    at = middle + (corners[..., :2] - middle) * 0.8
    x, y = pixels(size, joints.device)
    turns = []
    for i in range(4):
        a, b = at[:, i], at[:, (i + 1) % 4]
        ax, ay, vx, vy = (v.view(-1, 1, 1) for v in (a[:, 0], a[:, 1], b[:, 0] - a[:, 0], b[:, 1] - a[:, 1]))
        turns.append(vx * (y - ay) - vy * (x - ax))
    sides = torch.stack(turns)
    inside = (sides > 0).all(0) | (sides < 0).all(0)
    along = to_segment(at[:, :2].mean(1), at[:, 2:].mean(1), size) <= (2 * CORE * s).clamp_min(0.71)
    return (inside | along) & (corners[..., 2].prod(1) > 0).view(-1, 1, 1)


def _head(joints: Tensor, s: Tensor, size: Size) -> Tensor:
    """About the middle of the face; bool B×H×W."""
    face = joints[:, _FACE]
    count = face[..., 2:].sum(1)
    middle = (face[..., :2] * face[..., 2:]).sum(1) / count.clamp_min(1)
    return (to_segment(middle, middle, size) <= (0.13 * s).clamp_min(0.71)) & (count > 0).view(-1, 1, 1)


def _background(joints: Tensor, s: Tensor, size: Size) -> Tensor:
    """Farther than :data:`REACH` from every line and from all that missing joints could reach; bool B×H×W."""
    hips = [(J["right hip"], J["left hip"]), (J["right shoulder"], J["right hip"]), (J["left shoulder"], J["left hip"])]
    clear = distance(joints, [*LIMBS, *hips], size) - REACH * s > 0
    known = joints[..., 2] > 0
    for joint in range(len(JOINTS)):
        lost = ~known[:, joint]
        above, length = joint, torch.zeros(len(joints), device=joints.device)
        while bool(lost.any()) and above >= 0:  # up to a joint that is known, all that hangs from it is within reach
            length = length + _LENGTHS[above]
            above = PARENTS[above]
            if above < 0:
                clear = clear & ~lost.view(-1, 1, 1)
                break
            here = lost & known[:, above]
            near = to_segment(joints[:, above, :2], joints[:, above, :2], size) <= (length.view(-1, 1, 1) + REACH) * s
            clear = clear & ~(near & here.view(-1, 1, 1))
            lost = lost & ~known[:, above]
    return clear & (s > 0)
