"""What a page has to take away right now, as plain data: the export sheet is filled from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.explore.questions import Where

Vectors = npt.NDArray[np.float32]


def _none() -> Vectors:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Offer:
    """See the module.

    Attributes:
        where: whose weights; an export of the newest weights of a run in training takes those of its moment.
        name: short, for file names ("digits-wgan_gp-1").
        decodes: whether the model turns latents into examples at all.
        seed, count, truncation: of the samples on screen.
        current: the current latent, 1×size; empty for none.
        chosen: latents of the selected samples, N×size.
        walk: keys K×size of the walk; fewer than two: there is none.
    """

    where: Where
    name: str
    decodes: bool = True
    seed: int = 0
    count: int = 64
    truncation: float | None = None
    uniform: bool = False
    current: Vectors = field(default_factory=_none)
    chosen: Vectors = field(default_factory=_none)
    walk: Vectors = field(default_factory=_none)
    path: Literal["linear", "spherical"] = "spherical"
    frames: int = 24
    fps: int = 25
    loop: bool = True
