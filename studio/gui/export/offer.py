"""What a page has to take away right now, as plain data: the export sheet is filled from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from studio.data.skeleton import Joints
from studio.explore.flow_pictures import Layers
from studio.explore.questions import Where
from studio.explore.warping import Window

Vectors = npt.NDArray[np.float32]


def _none() -> Vectors:
    return np.zeros((0, 0), np.float32)


def name_of(run: str) -> str:
    """The name of a run's folder, for file names."""
    return run.rstrip("/\\").replace("\\", "/").rpartition("/")[2]


@dataclass(frozen=True, eq=False)
class OfferedSheet:
    """A grid that a panel shows: latents N×size, row by row, and how many are in a row.

    Attributes:
        title, about: as the person reads them.
        panel: what the panel needs to come back, as plain JSON; it travels in the file.
    """

    title: str
    about: str
    z: Vectors
    columns: int | None
    panel: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class OfferedFilm:
    """An animation that a panel can make.

    Attributes:
        along: what can be played: a key and how a person reads it.
        frames_of: (key, frames, whole) → latents F×T×size and the columns of a frame; ``whole``: all that the panel's
            grid shows, rather than the current picture.
        held: K×size, the latents that it comes of.
        fixed: keys whose number of frames is given by themselves.
    """

    title: str
    about: str
    along: Mapping[str, str]
    frames_of: Callable[[str, int, bool], tuple[Vectors, int]]
    held: Vectors
    panel: Mapping[str, Any]
    frames: int = 48
    fps: int = 12
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class OfferedComparison:
    """Real examples (uint8 N×H×W×3, or points N×2) and the latents N×size found for them; ``gain`` of the difference
    that is drawn; ``panel`` as in :class:`OfferedSheet`."""

    originals: npt.NDArray[np.uint8] | Vectors
    z: Vectors
    gain: int
    panel: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class OfferedFlow:
    """A flow of points in the plane as it is on screen.

    Attributes:
        layers: what is seen.
        at, steps: after how many steps it stands, and how many there are.
        seed, count: of the samples.
        x, z: the point whose path is drawn, as in :class:`studio.export.jobs.ExportFlow`.
        pace: of the player, in steps a second.
        panel: as in :class:`OfferedSheet`.
    """

    layers: Layers
    at: float
    steps: int
    seed: int
    count: int
    x: tuple[float, float] | None
    z: tuple[float, float] | None
    window: Window
    pace: float
    panel: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class OfferedPoses:
    """A person in poses.

    Attributes:
        source, source_joints: as in :class:`studio.export.jobs.ExportPoses`.
        joints: the pose on screen, 18×3.
        keys: the keyframes of a film, K×18×3.
        film: frames a second → poses F×18×3 of the film.
        seconds: that it takes; 0: there is none.
        beside: other runs that stand beside: what to call each, and whose weights.
        name: what to call this one then.
        panel: as in :class:`OfferedSheet`.
    """

    source: npt.NDArray[np.uint8]
    source_joints: Joints
    joints: Joints
    keys: Joints
    film: Callable[[float], Joints]
    seconds: float
    beside: tuple[tuple[str, Where], ...]
    name: str
    panel: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class OfferedFrames:
    """What a panel has put together itself.

    Attributes:
        title, about: as the person reads them; the title is part of the file's name.
        step: of the weights that made it.
        picture: as it is on screen, H×W×3, a pixel for a pixel of the examples.
        tile: pixels of the longer side of one example in it.
        film: frames at most → F×H×W×3; None: nothing moves.
        frames: so many, unless a person says otherwise; fps: at this speed.
        panel: as in :class:`OfferedSheet`.
    """

    title: str
    about: str
    step: int
    picture: npt.NDArray[np.uint8]
    tile: int
    film: Callable[[int], npt.NDArray[np.uint8]] | None
    frames: int
    fps: int
    panel: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Offer:
    """See the module.

    Attributes:
        where: whose weights; an export of the newest weights of a run in training takes those of its moment.
        name: short, for file names ("digits-wgan_gp-1").
        decodes: whether the model turns latents into examples at all.
        no_onnx: why its decoder cannot be written as ONNX, in words; empty when it can.
        seed, count, truncation: of the samples on screen.
        temperature: of the same; None: of a model whose samples are drawn at none.
        current: the current latent, 1×size; empty for none.
        panel: of the current picture, as in :class:`OfferedSheet`; empty: its latent says it all.
        chosen: latents of the selected samples, N×size.
        walk: keys K×size of the walk; fewer than two: there is none.
        sheet, film: of a panel whose pictures are a grid with a meaning; None: of one that has none.
        comparison: of one that shows real examples beside what was made of them.
        flow: of one that shows points on their way through the steps of a flow.
        poses: of one that shows a person in other poses.
        shown: of one that puts its pictures together itself.
    """

    where: Where
    name: str
    decodes: bool = True
    no_onnx: str = ""
    seed: int = 0
    count: int = 64
    truncation: float | None = None
    temperature: float | None = None
    uniform: bool = False
    current: Vectors = field(default_factory=_none)
    panel: Mapping[str, Any] = field(default_factory=dict)
    chosen: Vectors = field(default_factory=_none)
    walk: Vectors = field(default_factory=_none)
    path: Literal["linear", "spherical"] = "spherical"
    frames: int = 24
    fps: int = 25
    loop: bool = True
    sheet: OfferedSheet | None = None
    film: OfferedFilm | None = None
    comparison: OfferedComparison | None = None
    flow: OfferedFlow | None = None
    poses: OfferedPoses | None = None
    shown: OfferedFrames | None = None
