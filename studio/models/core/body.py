"""What systems that know bodies share: the part parser, which is a constraint too, and the data they can be built for.

The parser tells which part of a body each pixel shows. As the constraint function of pose-guided generation (Hu et al.
2018, arXiv:1806.09764, section 4.1) it scores how well the parsed parts of a picture agree with the pose it was made
for (:func:`studio.nn.parts.agreement`).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from studio.data.body_pictures import coloured, with_skeleton
from studio.data.dataset import DataSpec
from studio.data.skeleton import PARTS
from studio.models.core.constraint import Constraint
from studio.models.core.model import Batch
from studio.models.core.recipe import Problem
from studio.nn.parts import agreement, parsing_loss, wanted
from studio.nn.unet import UNet, levels

SMALLEST, LARGEST = 16, 256
"""Sides of images, in pixels, that the networks are made for."""


class Parser(Constraint):
    """f_φ: a fully convolutional U-Net from images B×C×H×W in −1..1 to the parts of a body.

    Args:
        width: channels of the level next to the image.
    """

    unit = "nats per pixel"
    taught = True

    def __init__(self, data: DataSpec, width: int) -> None:
        super().__init__()
        self.net = UNet(data.channels, len(PARTS), data.size, width, levels(data.size))

    def parse(self, x: Tensor) -> Tensor:
        """Log-probabilities B×P×H×W of :data:`~studio.data.skeleton.PARTS`."""
        return log_softmax(self.net(x), 1)

    def score(self, batch: Batch) -> Tensor:
        """The agreement of the parsed pictures with the pose in ``batch.columns["joints"]``, B, in nats per pixel."""
        return agreement(self.parse(batch.x), wanted(batch.columns["joints"], self._size(batch)))[1]

    def lesson(self, batch: Batch) -> Tensor:
        """Cross-entropy against the true parts, in nats per pixel: over all pixels, and besides over those of each part
        by itself, of which limbs have few and the score asks as much as of the background."""
        logits, parts = self.net(batch.x), true_parts(batch)
        return parsing_loss(logits, parts) - agreement(log_softmax(logits, 1), parts)[1].mean()

    @staticmethod
    def _size(batch: Batch) -> tuple[int, int]:
        return batch.x.shape[2], batch.x.shape[3]


def true_parts(batch: Batch) -> Tensor:
    """Which part each pixel of real examples shows, uint8 B×H×W: as the dataset knows it, else as far as the joints
    tell it."""
    if "parts" in batch.columns:
        return batch.columns["parts"]
    return wanted(batch.columns["joints"], (batch.x.shape[2], batch.x.shape[3]))


def parts_drawn(parts: Tensor) -> Tensor:
    """Maps of parts uint8 B×H×W as pictures B×3×H×W in −1..1."""
    return _pictures(coloured(parts.to(torch.uint8).cpu().numpy()), parts.device)


def poses_drawn(joints: Tensor, size: tuple[int, int]) -> Tensor:
    """Skeletons of joints B×18×3 as pictures B×3×H×W in −1..1."""
    black = np.zeros((*size, 3), np.uint8)
    return _pictures(np.stack([with_skeleton(black, j, dimmed=0) for j in joints.float().cpu().numpy()]), joints.device)


def _pictures(drawn: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], device: torch.device) -> Tensor:
    return torch.from_numpy(drawn).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1


def posed_problems(model: str, data: DataSpec, *, pairs: bool) -> list[Problem]:
    """What keeps a system from being built for this dataset, in words; empty when nothing does.

    Args:
        pairs: it needs several pictures of each person.
    """
    if data.kind != "images" or "joints" not in data.carries:
        needs = "images of people with their joints"
        has = f"images without joints (it carries {', '.join(data.carries) or 'nothing besides'})"
        has = has if data.kind == "images" else data.kind
        return [
            Problem(
                "",
                f"{model} needs {needs}; {data.name} holds {has}. Choose the built-in figures, "
                "or add people with keypoints (PATN annotations, COCO or OpenPose JSON)",
            )
        ]
    found = []
    if pairs and "person" not in data.carries:
        found.append(
            Problem(
                "",
                f"{model} turns one picture of a person into another of the same one; "
                f"{data.name} does not say which pictures show the same person. Add it with its pairs or names",
            )
        )
    height, width = data.size
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        found.append(
            Problem(
                "",
                f"{model} takes images of {SMALLEST} to {LARGEST} px a side; those of {data.name} are "
                f"{width}×{height}. Add the dataset again at another size",
            )
        )
    if data.channels not in (1, 3):
        found.append(
            Problem("", f"{model} takes grey or colour images; those of {data.name} have {data.channels} channels")
        )
    return found
