"""Figures: people drawn by a procedure, each in several poses, with their joints and exact masks of their parts.

Bodies, skin, hair, clothes and rooms vary from person to person; poses keep within the limits of joints. Nothing is
downloaded, and nothing shows a real person. A picture follows from its person, its joints and the size, so
:func:`redraw` gives the true picture of any pose, also of one that was edited by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from studio.data import parallel
from studio.data.figures import drawing, people, poses
from studio.data.skeleton import Joints

PEOPLE = people.PEOPLE
POSES = 8
"""Pictures of each person."""
COUNT = PEOPLE * POSES
SIDE = 64
AT_A_TIME = 400


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures uint8 n×H×W×3, joints n×18×3, persons n, parts n×H×W."""

    images: npt.NDArray[np.uint8]
    joints: Joints
    person: npt.NDArray[np.int64]
    parts: npt.NDArray[np.uint8]


def draw(count: int = COUNT, size: tuple[int, int] = (SIDE, SIDE), seed: int = 0) -> Iterator[Drawn]:
    """The first pictures of the dataset, up to 10,000, in blocks: person 0 in eight poses, person 1, ... On all cores;
    the same seed and size give the same pictures, however many of them."""
    joints = _joints(size, seed)
    pieces = (slice(start, min(start + AT_A_TIME, count)) for start in range(0, count, AT_A_TIME))

    def drawn(piece: slice) -> Drawn:
        person = np.arange(piece.start, piece.stop, dtype=np.int64) // POSES
        images, parts = drawing.draw(people.everybody(seed).take(person), joints[piece], size)
        return Drawn(images, joints[piece], person, parts)

    yield from parallel.ordered(drawn, pieces)


def some(count: int, size: tuple[int, int] = (SIDE, SIDE), seed: int = 0) -> npt.NDArray[np.uint8]:
    """Pictures count×H×W×3 that are spread over the dataset: thumbnails."""
    rows = np.arange(count) * COUNT // count + np.arange(count) % POSES  # other poses, not only the first ones
    return drawing.draw(people.everybody(seed).take(rows // POSES), _joints(size, seed)[rows], size)[0]


def redraw(
    person: int, joints: Joints, size: tuple[int, int] = (SIDE, SIDE), seed: int = 0
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """A person of the dataset in other poses, before the same background.

    Args:
        joints: 18×3, or K×18×3 for K pictures, in pixels of pictures of that size.

    Returns:
        Pictures H×W×3 and parts H×W, or K of them, uint8.

    Raises:
        IndexError: there is no such person.
    """
    if not 0 <= person < PEOPLE:
        raise IndexError(f"there is no person {person}: they are numbered 0 to {PEOPLE - 1}")
    many = np.asarray(joints, np.float32).reshape(-1, *joints.shape[-2:])
    who = people.everybody(seed).take(np.full(len(many), person))
    images, parts = drawing.draw(who, many, size)
    return (images[0], parts[0]) if joints.ndim == 2 else (images, parts)


@cache
def _joints(size: tuple[int, int], seed: int) -> Joints:
    """Of all pictures."""
    rng = np.random.default_rng([seed, 2])
    who = people.everybody(seed).take(np.arange(COUNT) // POSES)
    return poses.placed(who, poses.draw(COUNT, rng), size, rng)
