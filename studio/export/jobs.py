"""What a person can take away, as questions to the engine. The answer is the list of files that were written.

Every file carries its provenance (see :mod:`studio.export.provenance`): dropped back on the window it restores
the model, the checkpoint, the latent and the settings that made it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from studio.data.skeleton import Joints
from studio.explore.flow_pictures import Layers
from studio.explore.questions import Question, Where
from studio.explore.warping import Window


@dataclass(frozen=True)
class Written:
    paths: tuple[str, ...]


@dataclass(frozen=True)
class ExportSamples(Question[Written]):
    """``count`` samples of one seed. ``sheet``: one picture at ``out``; ``files``: a folder ``out`` of single ones.

    ``truncation`` bounds |z| (σ of a normal prior, share of the range of a uniform one); None: not truncated.
    ``temperature`` is what normal noise is multiplied by, 1 as it was trained; None: as on the model's sample sheet.
    """

    where: Where
    out: str
    count: int = 64
    seed: int = 0
    truncation: float | None = None
    layout: Literal["sheet", "files"] = "sheet"
    format: Literal["png", "webp", "npz"] = "png"
    temperature: float | None = None


@dataclass(frozen=True, eq=False)
class ExportLatents(Question[Written]):
    """The pictures of given latents N×size (what a person picked or steered to), as one sheet or single files.

    ``columns`` of the sheet; None: about square. ``panel``: what the panel that asks needs to come back to where it
    was, as plain JSON; it travels in the settings.
    """

    where: Where
    out: str
    z: npt.NDArray[np.float32]
    layout: Literal["sheet", "files"] = "sheet"
    format: Literal["png", "webp", "npz"] = "png"
    columns: int | None = None
    panel: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ExportWalk(Question[Written]):
    """An animation through ``keys`` (K×size, K ≥ 2), ``frames`` between each two; ``loop`` returns to the first."""

    where: Where
    out: str
    keys: npt.NDArray[np.float32]
    path: Literal["linear", "spherical"] = "spherical"
    frames: int = 30
    fps: int = 25
    loop: bool = True
    format: Literal["gif", "mp4", "webp"] = "mp4"


@dataclass(frozen=True, eq=False)
class ExportFilm(Question[Written]):
    """An animation whose frames are given: latents F×T×size, of which each frame shows T as a sheet of ``columns``.

    Attributes:
        held: K×size, the latents that the file carries: those that a person steered to and that the frames came of.
        panel: as in :class:`ExportLatents`.
    """

    where: Where
    out: str
    z: npt.NDArray[np.float32]
    held: npt.NDArray[np.float32]
    columns: int = 1
    fps: int = 12
    format: Literal["gif", "mp4", "webp"] = "mp4"
    panel: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ExportComparison(Question[Written]):
    """Real examples beside what latents N×size decode to.

    Attributes:
        originals: uint8 N×H×W×3, or points float32 N×2.
        gain: of the difference that is drawn.
        panel: as in :class:`ExportLatents`.
    """

    where: Where
    out: str
    originals: npt.NDArray[np.uint8] | npt.NDArray[np.float32]
    z: npt.NDArray[np.float32]
    gain: int = 1
    format: Literal["png", "webp"] = "png"
    panel: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ExportFlow(Question[Written]):
    """A flow of points in the plane after some of its steps.

    Attributes:
        at: after how many steps, 0..K and between: one for a picture, several side by side, or a film's frames.
        layers: what is seen.
        count, seed: of the samples.
        x, z: the point whose path is drawn, by its place in the data or by its latent; at most one of them.
        window: of the plane; None: around the data and the prior.
        side: pixels of one frame.
        dark: on a dark ground.
        panel: as in :class:`ExportLatents`.
    """

    where: Where
    out: str
    at: tuple[float, ...]
    layers: Layers
    count: int = 1000
    seed: int = 0
    x: tuple[float, float] | None = None
    z: tuple[float, float] | None = None
    window: Window | None = None
    side: int = 640
    fps: int = 25
    dark: bool = False
    format: Literal["png", "webp", "gif", "mp4"] = "png"
    film: bool = False
    panel: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ExportPoses(Question[Written]):
    """One person in K poses: a row of pictures for each, as one sheet or as the frames of a film.

    Attributes:
        source: the picture of the person, uint8 H×W×3, as the model sees it; its joints 18×3, all missing where nobody
            knows them.
        joints: of the poses, K×18×3; for a film one for each frame.
        shows: "result": the finished picture; "pose": source, skeleton and finished picture; "stages": those with all
            that the model makes on the way.
        beside: other weights, whose finished pictures stand beside those of ``where``, and what to call each.
        name: what to call those of ``where`` then; empty: by the run's title.
        side: about so many pixels is one picture enlarged to, by a whole factor.
        panel: as in :class:`ExportLatents`.
    """

    where: Where
    out: str
    source: npt.NDArray[np.uint8]
    source_joints: Joints
    joints: Joints
    shows: Literal["result", "pose", "stages"] = "pose"
    beside: tuple[tuple[str, Where], ...] = ()
    name: str = ""
    side: int = 192
    fps: int = 25
    format: Literal["png", "webp", "gif", "mp4"] = "png"
    film: bool = False
    panel: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ExportFrames(Question[Written]):
    """Pictures that a panel has put together itself, of answers that it shows: one, or the frames of a film.

    Attributes:
        step: of the weights that made them.
        frames: uint8 F×H×W×3, F ≥ 1; of a picture the first alone.
        times: each pixel is enlarged to so many a side.
        panel: as in :class:`ExportLatents`.
    """

    where: Where
    out: str
    step: int
    frames: npt.NDArray[np.uint8]
    times: int = 1
    fps: int = 25
    format: Literal["png", "webp", "gif", "mp4"] = "png"
    film: bool = False
    panel: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportWeights(Question[Written]):
    """The decoder as ONNX (checked against the model after writing) or all weights as safetensors."""

    where: Where
    out: str
    format: Literal["safetensors", "onnx"] = "safetensors"


def no_onnx(capabilities: Collection[str]) -> str:
    """Why a model with these capabilities cannot be written as ONNX, in words; empty: nothing known against it."""
    if "draw in order" in capabilities:
        return "It draws value by value, a pass each; ONNX holds one pass from latents to examples."
    return ""


@dataclass(frozen=True)
class ExportBundle(Question[Written]):
    """The whole run as one file (a zip), to be imported elsewhere. ``history``: older checkpoints and sheets too."""

    run: str
    out: str
    history: bool = True
